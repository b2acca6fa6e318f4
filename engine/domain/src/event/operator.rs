//! Events of operators: freezing and unfreezing coupons and accounts, making a coupon void.

use super::Request;
use crate::codec::{BorrowDecode, Encode};

/// A coupon was frozen or unfrozen for one reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct CouponBlocked<'a> {
    /// Which coupon.
    pub coupon: u64,
    /// Lsn of the coupon's previous event.
    pub previous: u64,
    /// Freeze or unfreeze.
    pub operation: u8,
    /// Every block that it has from now on.
    pub blocks: u8,
    /// Live holds that were taken away.
    pub revoked_holds: u32,
    /// What they held.
    pub revoked_value: i64,
    /// The request.
    pub request: Request<'a>,
}

/// A user's account was frozen or unfrozen for one reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct UserBlocked<'a> {
    /// Whose account.
    pub user: &'a str,
    /// Freeze or unfreeze.
    pub operation: u8,
    /// Every block that it has from now on.
    pub blocks: u8,
    /// Live holds of the user's coupons that were taken away.
    pub revoked_holds: u32,
    /// What they held: of coupons of different currencies and of one-use coupons alike, so it only checks.
    pub revoked_value: i64,
    /// The request.
    pub request: Request<'a>,
}

/// A coupon was made void.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct Voided<'a> {
    /// Which coupon.
    pub coupon: u64,
    /// Lsn of the coupon's previous event.
    pub previous: u64,
    /// What was available, revoked holds included.
    pub amount: i64,
    /// Live holds that were taken away.
    pub revoked_holds: u32,
    /// What they held.
    pub revoked_value: i64,
    /// The request.
    pub request: Request<'a>,
}
