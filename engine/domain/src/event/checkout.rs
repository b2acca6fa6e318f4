//! Events of a checkout: coupons and cards of one partition, used together on one order.
//!
//! What becomes of each is an event of its own, in the coupon's history like any other; the event after them closes them: it says what the
//! order was and whose request it answers, and names the checkout by its lsn. All of them stand in one frame, so a crash leaves all or none.

use super::Request;
use crate::codec::{BorrowDecode, Encode};

/// Value was set aside for an order, as a part of a checkout. The hold is named by the lsn of this event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct PartHeld<'a> {
    /// Which coupon.
    pub coupon: u64,
    /// Lsn of the coupon's previous event.
    pub previous: u64,
    /// At which merchant.
    pub merchant: &'a str,
    /// For which order.
    pub order: &'a str,
    /// What the parts before it have left of the order, or what is to be charged.
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

/// A coupon was used or a card charged at once, as a part of a checkout. The redemption is named by the lsn of this event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct PartRedeemed<'a> {
    /// Which coupon.
    pub coupon: u64,
    /// Lsn of the coupon's previous event.
    pub previous: u64,
    /// At which merchant.
    pub merchant: &'a str,
    /// For which order.
    pub order: &'a str,
    /// What the parts before it have left of the order, or what was to be charged.
    pub amount: i64,
    /// Discount given, or charge made.
    pub applied: i64,
    /// What left the coupon: the charge, or the one unit of a one-use coupon.
    pub captured: i64,
}

/// A hold of a checkout became a redemption, which is named by the lsn of this event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct PartCaptured {
    /// The hold: lsn of its event.
    pub hold: u64,
    /// Its coupon.
    pub coupon: u64,
    /// Lsn of the coupon's previous event.
    pub previous: u64,
    /// What the parts before it have left of the order, or what was charged.
    pub amount: i64,
    /// Discount given, or charge made.
    pub applied: i64,
    /// What left the coupon: the charge, or the one unit of a one-use coupon.
    pub captured: i64,
}

/// A live hold of a checkout was let go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct PartReleased {
    /// The hold: lsn of its event.
    pub hold: u64,
    /// Its coupon.
    pub coupon: u64,
    /// Lsn of the coupon's previous event.
    pub previous: u64,
}

/// A redemption of a checkout gave something back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct PartRefunded {
    /// The redemption: lsn of its event.
    pub redemption: u64,
    /// Its coupon.
    pub coupon: u64,
    /// Lsn of the coupon's previous event.
    pub previous: u64,
    /// What of `applied` was given back.
    pub amount: i64,
    /// What came back to the coupon: money, the one unit of a one-use coupon, or nothing.
    pub restored: i64,
    /// New end of a card that had expired, ms; 0 = unchanged.
    pub reopened_until_ms: i64,
    /// The coupon that stands for a void one from now on: number + 1, 0 = none.
    pub replacement: u64,
    /// Its use window, ms.
    pub use_from_ms: i64,
    /// Its use window, ms.
    pub use_until_ms: i64,
    /// Version of the key that seals its code.
    pub key_version: u8,
}

/// An order was held, redeemed, or captured by the parts right before. The checkout is named by the lsn of this event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct CheckedOut<'a> {
    /// Hold, redeem or capture of an order.
    pub operation: u8,
    /// The held checkout that was captured: its lsn; 0 = none.
    pub hold: u64,
    /// At which merchant; empty for a capture, whose hold has it.
    pub merchant: &'a str,
    /// Which order; empty for a capture.
    pub order: &'a str,
    /// The request.
    pub request: Request<'a>,
    /// How many parts it has.
    pub parts: u8,
    /// What the order costs before them.
    pub amount: i64,
    /// What is left to pay after them.
    pub payable: i64,
    /// When the holds end by themselves, ms; 0 if it holds nothing.
    pub deadline_ms: i64,
    /// An [`OrderBody`].
    pub body: &'a [u8],
}

/// A held checkout was let go: the parts right before, which may be none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct CheckoutReleased<'a> {
    /// The checkout: lsn of its event.
    pub checkout: u64,
    /// The request.
    pub request: Request<'a>,
}

/// Units of an order's lines came back, and with them what the parts right before say, which may be none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct CheckoutRefunded<'a> {
    /// The checkout: lsn of its event.
    pub checkout: u64,
    /// The request.
    pub request: Request<'a>,
    /// How many parts it has.
    pub parts: u8,
    /// What is to be paid back to who paid the order beside coupons and cards.
    pub outside: i64,
    /// A [`ReturnsBody`]: what came back.
    pub body: &'a [u8],
}

/// One line of an order, in primitives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct LineBody<'a> {
    /// Which goods; empty = not said, or not kept.
    pub goods: &'a str,
    /// Who sells them; empty = not kept.
    pub merchant: &'a str,
    /// Units.
    pub quantity: u32,
    /// What all of them cost.
    pub amount: i64,
}

/// An order and what each discount takes off it, in primitives: bytes with a kind and a version of their own.
#[derive(Clone, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct OrderBody<'a> {
    /// Three letters.
    pub currency: [u8; 3],
    /// Its lines.
    pub lines: Vec<LineBody<'a>>,
    /// What shipping costs.
    pub shipping: i64,
    /// Of each discount among the parts, in their order: its share of each line, then of shipping.
    pub shares: Vec<Vec<i64>>,
}

/// Units of an order, in primitives: bytes with a kind and a version of their own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, BorrowDecode)]
pub struct ReturnsBody {
    /// Of each line.
    pub units: Vec<u32>,
    /// Whether shipping too.
    pub shipping: bool,
}

/// A checkout as an image holds it: bytes with a kind and a version of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct CheckoutBody<'a> {
    /// Lsn of its event.
    pub lsn: u64,
    /// 1 held, 2 redeemed.
    pub stage: u8,
    /// Keyed hash of its order.
    pub order: u128,
    /// Of what was asked.
    pub fingerprint: u64,
    /// The number of its first hold or redemption.
    pub first: u64,
    /// How many there are.
    pub parts: u32,
    /// What the order costs.
    pub amount: i64,
    /// What is left to pay.
    pub payable: i64,
    /// When its holds end by themselves, ms.
    pub deadline_ms: i64,
    /// When, ms.
    pub at_ms: i64,
    /// Lsn of the redeemed checkout that a held one became; 0 = none.
    pub became: u64,
    /// The digest of the [`OrderBody`] in its event.
    pub said: u64,
    /// An [`OrderBody`] without its texts.
    pub goods: &'a [u8],
    /// A [`ReturnsBody`]; empty = nothing came back.
    pub returned: &'a [u8],
}
