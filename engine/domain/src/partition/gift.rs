//! How gifts begin and end, and how what was given becomes a coupon of the receiver's.
//!
//! The copy here ends with the event that names the receiver; the message that was sent in the same frame is all that is left of
//! its value until the receiver's partition has made a coupon of it. I2, I9.

use super::Partition;
use crate::coupon::Coupon;
use crate::event;
use crate::gift::GiftState;
use crate::money::is_amount;
use crate::partition::Divergence;
use crate::planted::{self, Planted};
use crate::request::Operation;
use crate::terms::Window;

impl Partition {
    pub(super) fn gift_offered(&mut self, event: &event::GiftOffered<'_>) {
        let event::GiftOffered { coupon, previous, deadline_ms, ref request } = *event;
        assert!(deadline_ms > self.time_ms, "I9: a gift begins before its deadline");
        self.about(coupon, previous, |_| {});
        let number = self.gifts.add(self.lsn, coupon, deadline_ms);
        self.remember(Operation::OfferGift, u128::from(coupon), request, 0, number as i64);
    }

    pub(super) fn gift_ended(&mut self, event: &event::GiftEnded<'_>) -> Result<(), Divergence> {
        let state = match (event.how, event.request) {
            (event::GIFT_CANCELLED, Some(_)) => GiftState::Cancelled,
            (event::GIFT_EXPIRED, None) => GiftState::Expired,
            _ => return self.unexpected("a gift that ends in a way that is not known"),
        };
        let number = self.end_gift(event.gift, event.coupon, event.previous, state);
        if let Some(request) = &event.request {
            self.remember(Operation::CancelGift, u128::from(event.gift), request, 0, number as i64);
        }
        Ok(())
    }

    pub(super) fn gift_accepted(&mut self, event: &event::GiftAccepted<'_>) {
        let receiver = self.user_key(event.user);
        let number = self.end_gift(event.gift, event.coupon, event.previous, GiftState::Accepted);
        self.gifts.give(number, receiver, event.to, event.amount);
        if !planted::is(Planted::GiftKeepsCopy) {
            self.move_value(event.coupon, |partition| partition.coupons.give(event.coupon, event.amount));
        }
        self.remember(Operation::AcceptGift, u128::from(event.gift), &event.request, 0, number as i64);
    }

    /// The one end of an open gift, as an event of its coupon; gives the gift's number.
    fn end_gift(&mut self, gift: u64, coupon: u64, previous: u64, state: GiftState) -> u64 {
        let (number, found) = self.gifts.at_lsn(gift).expect("I9: a gift that ends exists");
        assert_eq!(found.coupon, coupon, "I9: a gift ends on its own coupon");
        assert!(found.is_open(self.time_ms) == (state != GiftState::Expired), "I9: a gift expires at its deadline, not before");
        self.about(coupon, previous, |partition| partition.gifts.end(number, state, partition.time_ms));
        number
    }

    /// A new coupon of the receiver's; neither stock nor what a user may claim has to do with it.
    pub(super) fn gift_received(&mut self, event: &event::GiftReceived<'_>) -> Result<(), Divergence> {
        let Some(terms) = self.terms.get(event.terms) else {
            return self.unexpected("terms that were not adopted");
        };
        let is_whole = terms.is_stored_value() || event.amount == Coupon::loaded(terms);
        if event.amount <= 0 || !is_amount(event.amount) || !is_whole {
            return self.unexpected("a gift of an amount that its terms do not have");
        }
        assert_eq!(event.coupon, self.coupons.next(), "coupons are numbered without gaps");
        let key = self.user_key(event.user);
        let user = self.users.admit(key);
        let older = self.users.receive_uncounted(user, event.coupon);
        let window = Window { from_ms: event.use_from_ms, until_ms: event.use_until_ms };
        self.coupons.add(Coupon::new(Some(user), event.terms, older, window, event.amount, self.lsn, event.key_version));
        self.coupons.mark_received(event.coupon, event.amount, (event.from, event.gift));
        let value = self.value(event.coupon);
        *self.terms.totals_mut(event.terms) += value;
        if self.terms.of(event.terms).void.is_some() {
            self.coupons.look_at(event.coupon);
        }
        Ok(())
    }

    pub(super) fn gift_arrived(&mut self, event: &event::GiftArrived) -> Result<(), Divergence> {
        let Some((number, _)) = self.gifts.at_lsn(event.gift) else {
            return self.unexpected("a gift that did not happen");
        };
        self.gifts.arrive(number, event.coupon);
        Ok(())
    }
}
