//! How holds begin and end: every end of a hold passes here or through a revocation. I8.

use super::Partition;
use crate::event;
use crate::hold::{HoldState, NewHold};
use crate::partition::Divergence;
use crate::request::Operation;

impl Partition {
    pub(super) fn held(&mut self, event: &event::Held<'_>) {
        let number = self.hold(&event.part());
        self.remember(Operation::Hold, u128::from(event.coupon), &event.request, 0, number as i64);
    }

    /// A new hold; gives its number.
    #[inline]
    pub(super) fn hold(&mut self, event: &event::PartHeld<'_>) -> u64 {
        let (lsn, now_ms) = (self.lsn, self.time_ms);
        let order = self.order_key(event.merchant, event.order, event.coupon);
        let own = self.holds.of_order(order.natural).filter(|(_, hold)| hold.state == HoldState::Live);
        let own = own.map(|(number, hold)| (number, hold.lsn));
        assert_eq!(own.map_or(0, |(_, lsn)| lsn), event.replaces, "I8: an order has one live hold of a coupon");
        assert!(event.deadline_ms > now_ms, "I8: a hold begins before its deadline");
        let event::PartHeld { coupon, amount, applied, held, deadline_ms, .. } = *event;
        let mut number = 0;
        self.about(coupon, event.previous, |partition| {
            if let Some((own, _)) = own {
                partition.end_hold(own, HoldState::Released);
            }
            partition.coupons.change(coupon, |coupon| coupon.take(held));
            number = partition.holds.add(NewHold { lsn, coupon, order, amount, applied, held, deadline_ms });
        });
        number
    }

    pub(super) fn captured(&mut self, event: &event::Captured<'_>) {
        let redemption = self.capture(&event.part(), event.reacquired);
        self.remember(Operation::Capture, u128::from(event.hold), &event.request, 0, redemption as i64);
    }

    /// A hold becomes a redemption; gives its number.
    #[inline]
    pub(super) fn capture(&mut self, event: &event::PartCaptured, reacquired: bool) -> u64 {
        let (number, hold) = self.holds.at_lsn(event.hold).expect("I9: a captured hold exists");
        let hold = *hold;
        let may_capture = if reacquired { hold.state != HoldState::Live } else { hold.is_live(self.time_ms) };
        assert!(may_capture, "I8: a live hold is captured, an ended one reacquired");
        assert_eq!(hold.coupon, event.coupon, "I9: a hold is captured of its own coupon");
        assert!(event.captured <= hold.held, "I2: no more is captured than was held");
        self.about(event.coupon, event.previous, |partition| {
            if !reacquired {
                partition.end_hold(number, HoldState::Captured);
            }
            partition.coupons.change(event.coupon, |coupon| coupon.capture(event.captured));
        });
        self.holds.become_redemption(number, self.lsn);
        self.add_redemption(event.coupon, hold.order_key(), event.amount, event.applied)
    }

    /// A live hold is let go.
    pub(super) fn release_part(&mut self, event: &event::PartReleased) {
        let (number, hold) = self.holds.at_lsn(event.hold).expect("I9: a hold that ends exists");
        assert_eq!(hold.coupon, event.coupon, "I9: a hold ends on its own coupon");
        assert!(hold.is_live(self.time_ms), "I8: a live hold is let go");
        self.about(event.coupon, event.previous, |partition| partition.end_hold(number, HoldState::Released));
    }

    pub(super) fn hold_ended(&mut self, event: &event::HoldEnded<'_>) -> Result<(), Divergence> {
        let state = match (event.how, event.request) {
            (event::RELEASED, Some(_)) => HoldState::Released,
            (event::EXPIRED, None) => HoldState::Expired,
            _ => return self.unexpected("a hold that ends in a way that is not known"),
        };
        let (number, hold) = self.holds.at_lsn(event.hold).expect("I9: a hold that ends exists");
        assert_eq!(hold.coupon, event.coupon, "I9: a hold ends on its own coupon");
        assert!(hold.is_live(self.time_ms) == (state == HoldState::Released), "I8: a hold expires at its deadline, not before");
        self.about(event.coupon, event.previous, |partition| partition.end_hold(number, state));
        if let Some(request) = &event.request {
            self.remember(Operation::Release, u128::from(event.hold), request, 0, number as i64);
        }
        Ok(())
    }
}
