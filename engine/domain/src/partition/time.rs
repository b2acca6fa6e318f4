//! What time alone changes: value expires, closed entities leave memory.

use super::Partition;
use crate::event;
use crate::partition::Divergence;

impl Partition {
    pub(super) fn expired(&mut self, event: &event::Expired) {
        let (coupon, _) = self.coupon(event.coupon).expect("I9: an expired coupon exists");
        let is_over = self.coupons.window(event.coupon, coupon).is_over(self.time_ms);
        assert!(self.gifts.open_of(event.coupon).is_none(), "I9: a gift ends before its coupon");
        assert!(is_over, "I9: a coupon expires at its end, not before");
        assert_eq!(coupon.available(), event.amount, "I2: all that was available expires, and nothing that is held");
        self.chain(event.coupon, event.previous);
        let (before, after) = self.move_value(event.coupon, |partition| {
            partition.coupons.change(event.coupon, |coupon| coupon.take(event.amount));
        });
        assert_eq!(before.expired + event.amount, after.expired, "I2: what expires is counted");
    }

    pub(super) fn forgotten(&mut self, event: &event::Forgotten) -> Result<(), Divergence> {
        match event.store {
            event::REDEMPTIONS => self.redemptions.forget_before(event.before),
            event::REFUNDS => self.redemptions.forget_refunds_before(event.before),
            event::CHECKOUTS => self.checkouts.forget_before(event.before),
            event::CHECKOUT_REFUNDS => self.checkouts.forget_refunds_before(event.before),
            event::HOLDS => self.holds.forget_before(event.before),
            event::GIFTS => self.gifts.forget_before(event.before),
            _ => return self.unexpected("a store that is not known"),
        }
        Ok(())
    }
}
