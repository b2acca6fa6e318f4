//! Events of a hold: its beginning, and the ends that are events of their own.

use super::{PartCaptured, PartHeld, Request};
use crate::codec::{BorrowDecode, Encode};

/// Value was set aside for an order. The hold is named by the lsn of this event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct Held<'a> {
    /// Which coupon.
    pub coupon: u64,
    /// Lsn of the coupon's previous event.
    pub previous: u64,
    /// At which merchant.
    pub merchant: &'a str,
    /// For which order.
    pub order: &'a str,
    /// The request.
    pub request: Request<'a>,
    /// Order amount, or what is to be charged.
    pub amount: i64,
    /// The discount it fixes, or the charge.
    pub applied: i64,
    /// What left what is available: the charge, or the one unit of a one-use coupon.
    pub held: i64,
    /// When it ends by itself, ms.
    pub deadline_ms: i64,
    /// The same order's own live hold that it ends: its lsn; 0 = none.
    pub replaces: u64,
}

/// A hold became a redemption, which is named by the lsn of this event. What was held and not captured is available again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct Captured<'a> {
    /// The hold: lsn of its event.
    pub hold: u64,
    /// Its coupon.
    pub coupon: u64,
    /// Lsn of the coupon's previous event.
    pub previous: u64,
    /// The request.
    pub request: Request<'a>,
    /// The final order amount, or what was charged.
    pub amount: i64,
    /// Discount given, or charge made.
    pub applied: i64,
    /// What left the coupon: the charge, or the one unit of a one-use coupon.
    pub captured: i64,
    /// The hold had ended before; what was captured was still available.
    pub reacquired: bool,
}

/// A hold ended without a redemption: what it held is available again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct HoldEnded<'a> {
    /// The hold: lsn of its event.
    pub hold: u64,
    /// Its coupon.
    pub coupon: u64,
    /// Lsn of the coupon's previous event.
    pub previous: u64,
    /// 1 released, 2 expired.
    pub how: u8,
    /// Who released it.
    pub request: Option<Request<'a>>,
}

/// [`HoldEnded::how`]: it was let go.
pub const RELEASED: u8 = 1;

/// [`HoldEnded::how`]: its deadline passed.
pub const EXPIRED: u8 = 2;

impl<'a> Held<'a> {
    /// What happens, without whose request it answers.
    #[inline]
    pub(crate) fn part(&self) -> PartHeld<'a> {
        let Held { coupon, previous, merchant, order, amount, applied, held, deadline_ms, replaces, .. } = *self;
        PartHeld { coupon, previous, merchant, order, amount, applied, held, deadline_ms, replaces }
    }
}

impl Captured<'_> {
    /// What happens, without whose request it answers.
    #[inline]
    pub(crate) fn part(&self) -> PartCaptured {
        let Captured { hold, coupon, previous, amount, applied, captured, .. } = *self;
        PartCaptured { hold, coupon, previous, amount, applied, captured }
    }
}
