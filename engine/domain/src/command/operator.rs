//! Commands of operators: freeze and unfreeze a coupon or an account, make a coupon void.

use super::{Instrument, Operation, User};
use crate::block::Block;
use crate::id::Id;

/// Freeze or unfreeze a coupon for one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockCoupon {
    /// `Operation::FreezeCoupon` or `Operation::UnfreezeCoupon`.
    pub operation: Operation,
    /// Which coupon.
    pub instrument: Instrument,
    /// For which reason.
    pub block: Block,
    /// When freezing: whether live holds are taken away.
    pub revoke_holds: bool,
    /// Idempotency key.
    pub request_id: Id,
}

/// Freeze or unfreeze a user's account for one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockUser {
    /// `Operation::FreezeUser` or `Operation::UnfreezeUser`.
    pub operation: Operation,
    /// Whose account.
    pub user: User,
    /// For which reason.
    pub block: Block,
    /// When freezing: whether live holds of the user's coupons are taken away.
    pub revoke_holds: bool,
    /// Idempotency key.
    pub request_id: Id,
}

/// Make a coupon void.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VoidCoupon {
    /// Which coupon.
    pub instrument: Instrument,
    /// Whether live holds are taken away; else a held coupon is refused.
    pub revoke_holds: bool,
    /// Idempotency key.
    pub request_id: Id,
}
