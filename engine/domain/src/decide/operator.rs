//! Freeze 冻结 and unfreeze, of a coupon or an account, and void 作废. Live holds are promises: they are taken away only on
//! explicit `revoke_holds`.

use super::{Context, Decision, refused};
use crate::block::{Block, Blocks};
use crate::command::{BlockCoupon, BlockUser, Keys, VoidCoupon};
use crate::event::{CouponBlocked, Event, Request, UserBlocked, Voided};
use crate::hold::HOLDS_PER_COUPON_MAX;
use crate::partition::Partition;
use crate::rejection::{Reason, Rejection};
use crate::request::Operation;

/// Coupons of a wallet whose holds one command takes away.
pub const REVOKED_COUPONS_MAX: usize = 2_000;

/// Holds that one command takes away.
const REVOKED_HOLDS_MAX: u32 = HOLDS_PER_COUPON_MAX;

impl Partition {
    pub(super) fn decide_block_coupon<'a>(&self, context: &Context<'_>, command: &'a BlockCoupon, keys: &Keys) -> Decision<'a> {
        if let Err(refusal) = self.instrument(&command.instrument) {
            return refusal.into();
        }
        let (operation, coupon) = (command.operation, command.instrument.coupon());
        let fingerprint = self.key().fingerprint(&[], &[command.block as u64, u64::from(command.revoke_holds)]);
        if let Some(known) = self.known_request(context, keys.request, fingerprint) {
            return known;
        }
        let request = Request { id: command.request_id.as_str(), fingerprint };
        let standing = self.standing_of(coupon, context.now_ms);
        let freezes = operation == Operation::FreezeCoupon;
        let revokes = freezes && command.revoke_holds;
        let revocable = if revokes { self.check_revocable(coupon) } else { Ok(()) };
        if let Err(refusal) = standing.check_not_final().and(revocable) {
            return Decision::happen([refused(operation, u128::from(coupon), request, refusal)]);
        }
        Decision::happen([Event::CouponBlocked(CouponBlocked {
            coupon,
            previous: standing.coupon.last(),
            operation: operation as u8,
            blocks: after(standing.coupon.blocks(), command.block, freezes).number(),
            revoked_holds: if revokes { standing.live_holds } else { 0 },
            revoked_value: if revokes { standing.value.held } else { 0 },
            request,
        })])
    }

    pub(super) fn decide_block_user<'a>(&self, context: &Context<'_>, command: &'a BlockUser, keys: &Keys) -> Decision<'a> {
        let (operation, user) = (command.operation, command.user.key);
        let fingerprint = self.key().fingerprint(&[], &[command.block as u64, u64::from(command.revoke_holds)]);
        if let Some(known) = self.known_request(context, keys.request, fingerprint) {
            return known;
        }
        let freezes = operation == Operation::FreezeUser;
        let (revoked_holds, revoked_value) = match freezes && command.revoke_holds {
            false => (0, 0),
            true => match self.revocable(command) {
                Ok(revoked) => revoked,
                Err(refusal) => return refusal.into(),
            },
        };
        let blocks = self.users.find(user).map_or(Blocks::default(), |number| self.users.blocks(number));
        Decision::happen([Event::UserBlocked(UserBlocked {
            user: command.user.id.as_str(),
            operation: operation as u8,
            blocks: after(blocks, command.block, freezes).number(),
            revoked_holds,
            revoked_value,
            request: Request { id: command.request_id.as_str(), fingerprint },
        })])
    }

    /// Count and value of the live holds in a wallet, within what one command may take away.
    fn revocable(&self, command: &BlockUser) -> Result<(u32, i64), Rejection> {
        let (mut holds, mut value) = (0, 0);
        for (looked_at, coupon) in self.wallet(command.user.key).enumerate() {
            if looked_at >= REVOKED_COUPONS_MAX {
                return Err(Rejection::invalid("revoke_holds", REVOKED_COUPONS_MAX as i64));
            }
            self.check_revocable(coupon)?;
            let (held, count) = self.holds.held(coupon);
            holds += count;
            value += held;
            if holds > REVOKED_HOLDS_MAX {
                return Err(Rejection::invalid("revoke_holds", i64::from(REVOKED_HOLDS_MAX)));
            }
        }
        Ok((holds, value))
    }

    pub(super) fn decide_void<'a>(&self, context: &Context<'_>, command: &'a VoidCoupon, keys: &Keys) -> Decision<'a> {
        if let Err(refusal) = self.instrument(&command.instrument) {
            return refusal.into();
        }
        let (operation, coupon) = (Operation::VoidCoupon, command.instrument.coupon());
        let fingerprint = self.key().fingerprint(&[], &[u64::from(command.revoke_holds)]);
        if let Some(known) = self.known_request(context, keys.request, fingerprint) {
            return known;
        }
        let request = Request { id: command.request_id.as_str(), fingerprint };
        let standing = self.standing_of(coupon, context.now_ms);
        let is_held = standing.live_holds > 0 && !command.revoke_holds;
        let held = if is_held { Err(Rejection::from(Reason::CouponHeld)) } else { self.check_revocable(coupon) };
        if let Err(refusal) = standing.check_not_final().and_then(|()| standing.check_not_gifting()).and(held) {
            return Decision::happen([refused(operation, u128::from(coupon), request, refusal)]);
        }
        let voided = Event::Voided(Voided {
            coupon,
            previous: standing.coupon.last(),
            // Past its end, what is revoked would expire next; a void takes it first.
            amount: standing.value.available + standing.value.held,
            revoked_holds: standing.live_holds,
            revoked_value: standing.value.held,
            request,
        });
        Decision::Happen(self.with_restock(coupon, standing.value.available + standing.value.held, voided))
    }
}

impl Partition {
    /// Whether no live hold of a coupon ends by the word of another partition alone.
    pub(super) fn check_revocable(&self, coupon: u64) -> Result<(), Rejection> {
        if self.pledges.is_empty() {
            return Ok(());
        }
        match self.holds.live_of(coupon).find(|(_, hold)| self.pledges.has_hold(hold.lsn)) {
            Some((_, hold)) => Err(Rejection::new(Reason::PartOfCheckout, hold.lsn as i64)),
            None => Ok(()),
        }
    }
}

fn after(blocks: Blocks, block: Block, freezes: bool) -> Blocks {
    if freezes { blocks.with(block) } else { blocks.without(block) }
}
