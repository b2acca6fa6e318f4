//! How an event changes a coupon: chained to the coupon's event before, its value conserved, the totals moved with it. I2.

use super::Partition;
use crate::coupon::Coupon;
use crate::event;
use crate::hold::HoldState;
use crate::keyed::OrderKey;
use crate::partition::Divergence;
use crate::planted::{self, Planted};
use crate::redemption::Redemption;
use crate::request::Operation;
use crate::terms::Window;
use crate::value::Value;

impl Partition {
    /// The accounts of a coupon that is here.
    pub(crate) fn value(&self, number: u64) -> Value {
        let (coupon, terms) = self.coupon(number).expect("a coupon whose value is asked for is here");
        self.coupons.value(number, coupon, terms, self.holds.held(number).0)
    }

    /// The next event of a coupon, which moves its value between all accounts but one: it expires by an event of its own.
    pub(super) fn about(&mut self, number: u64, previous: u64, change: impl FnOnce(&mut Partition)) {
        self.chain(number, previous);
        let (before, after) = self.move_value(number, change);
        assert_eq!(before.expired, after.expired, "I2: value expires by its own event");
    }

    /// The same for an event that changes nothing but the coupon: both at once.
    pub(super) fn about_alone(&mut self, number: u64, previous: u64, change: impl FnOnce(&mut Coupon)) {
        let (before, after) = self.move_value(number, |partition| {
            let latest = partition.coupons.change_chained(number, partition.lsn, change);
            assert_eq!(latest, previous, "a coupon's events are chained");
        });
        assert_eq!(before.expired, after.expired, "I2: value expires by its own event");
    }

    /// Makes the event of now the coupon's latest.
    pub(super) fn chain(&mut self, number: u64, previous: u64) {
        assert_eq!(self.coupons.chain(number, self.lsn), previous, "a coupon's events are chained");
    }

    /// Lets `change` move a coupon's value, and the totals with it; gives the accounts before and after.
    pub(super) fn move_value(&mut self, number: u64, change: impl FnOnce(&mut Partition)) -> (Value, Value) {
        let terms = self.coupons.get(number).expect("I9: the coupon of an event exists").terms;
        let before = self.value(number);
        change(self);
        let after = self.value(number);
        self.terms.totals_mut(terms).follow(&before, &after);
        (before, after)
    }

    pub(super) fn claimed(&mut self, event: &event::Claimed<'_>) -> Result<(), Divergence> {
        let Some(operation @ (Operation::Claim | Operation::Issue)) = Operation::from_number(event.operation) else {
            return self.unexpected("an operation that makes no coupon");
        };
        let Some(terms) = self.terms.get(event.terms) else {
            return self.unexpected("terms that were not adopted");
        };
        assert_eq!(event.coupon, self.coupons.next(), "coupons are numbered without gaps");
        if terms.lacks_day(event.day) {
            return self.unexpected("a claim on a day that is none");
        }
        if event.loaded != Coupon::loaded(terms) {
            return self.unexpected("a coupon loaded with something else than its terms say");
        }
        let (template, counts_user_days) = (terms.template, terms.counts_user_days());
        terms.each_need_on(event.day, |need| self.stock.issue(need));
        let key = self.user_key(event.user);
        let (user, older) = self.users.receive(key, template, event.coupon);
        if let Some(day) = event.day.filter(|_| counts_user_days) {
            self.users.count_on(user, template, day);
        }
        let window = Window { from_ms: event.use_from_ms, until_ms: event.use_until_ms };
        let lsn = self.lsn;
        let new = Coupon::new(Some(user), event.terms, older, window, event.loaded, lsn, event.key_version);
        self.coupons.add(new);
        let value = self.value(event.coupon);
        *self.terms.totals_mut(event.terms) += value;
        self.terms.expect_again(event.terms);
        self.remember(operation, key.0, &event.request, 0, event.coupon as i64);
        Ok(())
    }

    /// A redemption in one step.
    pub(super) fn redeemed(&mut self, event: &event::Redeemed<'_>, order: OrderKey) {
        let number = self.redeem(&event.part(), order);
        self.remember(Operation::Redeem, u128::from(event.coupon), &event.request, 0, number as i64);
    }

    /// A coupon is used or a card charged at once; gives the redemption's number.
    #[inline]
    pub(super) fn redeem(&mut self, event: &event::PartRedeemed<'_>, order: OrderKey) -> u64 {
        self.about_alone(event.coupon, event.previous, |coupon| coupon.capture(event.captured));
        self.add_redemption(event.coupon, order, event.amount, event.applied)
    }

    /// The redemption that the event of now made of what it captured.
    pub(super) fn add_redemption(&mut self, coupon: u64, order: OrderKey, amount: i64, applied: i64) -> u64 {
        let (found, terms) = self.coupon(coupon).expect("a redeemed coupon is here");
        // What a capture gives back past the card's end, or when its template is void, is lost at that instant, whatever event says so.
        let is_lost = self.coupons.window(coupon, found).is_over(self.time_ms) || terms.void.is_some();
        let balance_after = if terms.is_stored_value() && !is_lost { found.available() } else { 0 };
        let (lsn, at_ms) = (self.lsn, self.time_ms);
        self.redemptions.add(Redemption {
            lsn,
            coupon,
            order: order.natural,
            amount,
            applied,
            balance_after,
            at_ms,
            refunded: 0,
            order_only: order.order_only,
            ..Redemption::default()
        })
    }

    /// The end of a live hold: what it held is available again.
    pub(super) fn end_hold(&mut self, number: u64, state: HoldState) {
        let hold = *self.holds.get(number).expect("I9: a hold that ends exists");
        self.holds.end(number, state, self.time_ms);
        self.coupons.change(hold.coupon, |coupon| coupon.return_held(hold.held));
        if planted::is(Planted::ReleasedTwice) {
            self.coupons.change(hold.coupon, |coupon| coupon.return_held(hold.held));
        }
    }
}
