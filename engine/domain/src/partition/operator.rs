//! How coupons and accounts are frozen and unfrozen, coupons made void, and live holds taken away with it.

use super::Partition;
use crate::block::Blocks;
use crate::event;
use crate::hold::HoldState;
use crate::partition::Divergence;
use crate::request::{Operation, pack_blocked, pack_voided};

impl Partition {
    pub(super) fn coupon_blocked(&mut self, event: &event::CouponBlocked<'_>) -> Result<(), Divergence> {
        let Some(operation @ (Operation::FreezeCoupon | Operation::UnfreezeCoupon)) = Operation::from_number(event.operation)
        else {
            return self.unexpected("an operation that freezes no coupon");
        };
        let Some(blocks) = Blocks::from_number(event.blocks) else {
            return self.unexpected("a block that is not known");
        };
        let before = self.coupons.get(event.coupon).expect("I9: a frozen coupon exists").blocks();
        assert!(before.may_become(blocks, operation == Operation::FreezeCoupon), "I9: one block is set or taken away");
        self.about(event.coupon, event.previous, |partition| {
            let revoked = if event.revoked_holds > 0 { partition.revoke(event.coupon) } else { (0, 0) };
            assert_eq!(revoked, (event.revoked_holds, event.revoked_value), "I2: what is revoked was held");
            partition.coupons.change(event.coupon, |coupon| coupon.set_blocks(blocks));
        });
        let value = pack_blocked(blocks, event.revoked_holds);
        self.remember(operation, u128::from(event.coupon), &event.request, 0, value);
        Ok(())
    }

    /// An account's block is no event of any coupon; holds that it takes away end all the same.
    pub(super) fn user_blocked(&mut self, event: &event::UserBlocked<'_>) -> Result<(), Divergence> {
        let Some(operation @ (Operation::FreezeUser | Operation::UnfreezeUser)) = Operation::from_number(event.operation) else {
            return self.unexpected("an operation that freezes no account");
        };
        let Some(blocks) = Blocks::from_number(event.blocks) else {
            return self.unexpected("a block that is not known");
        };
        let key = self.user_key(event.user);
        let before = self.users.block(key, blocks);
        assert!(before.may_become(blocks, operation == Operation::FreezeUser), "I9: one block is set or taken away");
        let wallet: Vec<u64> = if event.revoked_holds > 0 { self.wallet(key).collect() } else { Vec::new() };
        let mut revoked = (0, 0);
        for coupon in wallet {
            self.move_value(coupon, |partition| {
                let (holds, value) = partition.revoke(coupon);
                revoked = (revoked.0 + holds, revoked.1 + value);
            });
        }
        assert_eq!(revoked, (event.revoked_holds, event.revoked_value), "I2: what is revoked was held");
        self.remember(operation, key.0, &event.request, 0, pack_blocked(blocks, event.revoked_holds));
        Ok(())
    }

    pub(super) fn voided(&mut self, event: &event::Voided<'_>) {
        self.about(event.coupon, event.previous, |partition| {
            let revoked = partition.revoke(event.coupon);
            assert_eq!(revoked, (event.revoked_holds, event.revoked_value), "I2: what is revoked was held");
            partition.coupons.make_void(event.coupon, event.amount);
        });
        let value = pack_voided(event.amount, event.revoked_holds);
        self.remember(Operation::VoidCoupon, u128::from(event.coupon), &event.request, 0, value);
    }

    /// Ends every live hold of a coupon; gives how many and what they held. Bounded by what a coupon may hold.
    pub(super) fn revoke(&mut self, coupon: u64) -> (u32, i64) {
        let (value, count) = self.holds.held(coupon);
        let live: Vec<u64> = self.holds.live_of(coupon).map(|(number, _)| number).collect();
        for number in live {
            self.end_hold(number, HoldState::Revoked);
        }
        assert_eq!(self.holds.held(coupon), (0, 0), "I8: every live hold was revoked");
        (count, value)
    }
}
