//! Events that time alone brings about.

use crate::codec::{BorrowDecode, Encode};

/// Remembered requests left memory, oldest first, after their window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct RequestsForgotten {
    /// Every remembered request of a number below this one is forgotten.
    pub before: u64,
}

/// What was available of a coupon expired with its validity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct Expired {
    /// Which coupon.
    pub coupon: u64,
    /// Lsn of the coupon's previous event.
    pub previous: u64,
    /// All that was available.
    pub amount: i64,
}

/// Closed entities left memory, oldest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct Forgotten {
    /// 1 redemptions, 2 refunds, 3 holds, 4 gifts, 5 checkouts, 6 refunds of checkouts.
    pub store: u8,
    /// Every one of a number below this is forgotten.
    pub before: u64,
}

/// [`Forgotten::store`]: redemptions.
pub const REDEMPTIONS: u8 = 1;

/// [`Forgotten::store`]: refunds.
pub const REFUNDS: u8 = 2;

/// [`Forgotten::store`]: holds.
pub const HOLDS: u8 = 3;

/// [`Forgotten::store`]: gifts.
pub const GIFTS: u8 = 4;

/// [`Forgotten::store`]: checkouts.
pub const CHECKOUTS: u8 = 5;

/// [`Forgotten::store`]: refunds of checkouts.
pub const CHECKOUT_REFUNDS: u8 = 6;
