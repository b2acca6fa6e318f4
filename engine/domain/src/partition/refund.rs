//! How refunds change a coupon: value comes back, an expired card opens again, one that is void or given gets a new coupon in its place.

use super::Partition;
use crate::coupon::Life;
use crate::event;
use crate::partition::Divergence;
use crate::redemption::Refund;
use crate::request::Operation;
use crate::terms::{RefundPolicy, Window};
use crate::value::Value;

impl Partition {
    /// The first version: it knew no replacement.
    pub(super) fn refunded_v1(&mut self, event: &event::RefundedV1<'_>) -> Result<(), Divergence> {
        let event::RefundedV1 { redemption, coupon, previous, request, amount, restored, reopened_until_ms } = *event;
        self.refunded(&event::Refunded {
            redemption,
            coupon,
            previous,
            request,
            amount,
            restored,
            reopened_until_ms,
            replacement: 0,
            use_from_ms: 0,
            use_until_ms: 0,
            key_version: 0,
        })
    }

    pub(super) fn refunded(&mut self, event: &event::Refunded<'_>) -> Result<(), Divergence> {
        let number = self.refund(&event.part())?;
        self.remember(Operation::Refund, u128::from(event.redemption), &event.request, 0, number as i64);
        Ok(())
    }

    /// Something of a redemption is given back; gives the refund's number.
    #[inline]
    pub(super) fn refund(&mut self, event: &event::PartRefunded) -> Result<u64, Divergence> {
        let window = (event.use_from_ms, event.use_until_ms, event.key_version);
        if event.replacement == 0 && window != (0, 0, 0) {
            let what = "a window of no coupon";
            return Err(Divergence::Unexpected { lsn: self.lsn, what });
        }
        self.about(event.coupon, event.previous, |partition| {
            partition.coupons.change(event.coupon, |coupon| coupon.give_back(event.restored));
            if event.reopened_until_ms != 0 {
                partition.coupons.reopen(event.coupon, event.reopened_until_ms);
            }
            if event.replacement != 0 {
                partition.move_load(event.coupon, event.amount);
            }
        });
        if event.replacement != 0 {
            let old = *self.coupons.get(event.coupon).expect("a replaced coupon is here");
            let window = Window { from_ms: event.use_from_ms, until_ms: event.use_until_ms };
            self.stand_in(&old, event.replacement - 1, window, event.amount, event.key_version);
        }
        let (coupon, terms) = self.coupon(event.coupon).expect("the coupon was just here");
        // What comes back to a card of a void template is void at that instant, whatever event says so.
        let balance_after = if terms.is_stored_value() && terms.void.is_none() { coupon.available() } else { 0 };
        let until_ms = self.coupons.window(event.coupon, coupon).until_ms;
        let is_later = terms.refund == RefundPolicy::Any && !terms.is_stored_value() && event.restored == 0;
        let life = is_later.then(|| self.life_of_one_use(event.coupon));
        let (redemption, _) = self.redemptions.at_lsn(event.redemption).expect("I9: a refunded redemption exists");
        Ok(self.redemptions.add_refund(Refund {
            redemption,
            amount: event.amount,
            restored: event.restored,
            balance_after,
            until_ms,
            at_ms: self.time_ms,
            replacement: event.replacement,
            life,
        }))
    }

    /// What a coupon that is used once is at the instant of the event of now.
    fn life_of_one_use(&self, number: u64) -> Life {
        let (coupon, terms) = self.coupon(number).expect("the coupon was just here");
        let is_over = self.coupons.window(number, coupon).is_over(self.time_ms);
        match () {
            () if self.value(number).given > 0 => Life::Given,
            () if coupon.captured() > 0 => Life::Used,
            () if coupon.is_void() || terms.void.is_some() => Life::Void,
            () if self.gifts.open_of(number).is_some_and(|gift| gift.is_open(self.time_ms)) => Life::Gifting,
            () if is_over => Life::Expired,
            () => Life::Active,
        }
    }

    /// Takes captured value off a void or a given card, and what was loaded with it: it is loaded onto the replacement.
    fn move_load(&mut self, number: u64, amount: i64) {
        let Value { loaded, given, .. } = self.value(number);
        self.coupons.change(number, |coupon| {
            assert!(coupon.is_void() || given > 0, "I9: only what is void or given is replaced");
            assert!(amount > 0, "I2: something is refunded");
            coupon.uncapture(amount);
        });
        self.coupons.load(number, loaded - amount);
    }
}
