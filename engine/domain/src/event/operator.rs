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

/// The template of these terms was made void, and this partition's coupons of them with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct TermsVoided {
    /// The terms' number here.
    pub terms: u32,
    /// Whether live holds are taken away.
    pub revoke_holds: bool,
}

/// What was left on a coupon of a void template became void.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct VoidedWithTemplate {
    /// Which coupon.
    pub coupon: u64,
    /// Lsn of the coupon's previous event.
    pub previous: u64,
    /// What was available, revoked holds included; 0 where all of it is held or spent.
    pub amount: i64,
    /// Live holds that were taken away.
    pub revoked_holds: u32,
    /// What they held.
    pub revoked_value: i64,
}
