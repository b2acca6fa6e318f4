//! Events of a gift 转赠: its beginning and its ends in the sender's partition, its arrival in the receiver's.

use super::Request;
use crate::codec::{BorrowDecode, Encode};

/// A coupon was offered to whoever shows the token. The gift is named by the lsn of this event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct GiftOffered<'a> {
    /// Which coupon.
    pub coupon: u64,
    /// Lsn of the coupon's previous event.
    pub previous: u64,
    /// When it ends by itself, ms.
    pub deadline_ms: i64,
    /// The request.
    pub request: Request<'a>,
}

/// A gift ended without being accepted: the coupon is its owner's as before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct GiftEnded<'a> {
    /// The gift: lsn of its event.
    pub gift: u64,
    /// Its coupon.
    pub coupon: u64,
    /// Lsn of the coupon's previous event.
    pub previous: u64,
    /// 1 cancelled, 2 expired.
    pub how: u8,
    /// Who cancelled it.
    pub request: Option<Request<'a>>,
}

/// [`GiftEnded::how`]: its owner took it back.
pub const GIFT_CANCELLED: u8 = 1;

/// [`GiftEnded::how`]: its deadline passed.
pub const GIFT_EXPIRED: u8 = 2;

/// A gift was accepted: the coupon is final here, and what was available of it is on its way to the receiver's partition, by
/// the message that was sent with this event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct GiftAccepted<'a> {
    /// The gift: lsn of its event.
    pub gift: u64,
    /// Its coupon.
    pub coupon: u64,
    /// Lsn of the coupon's previous event.
    pub previous: u64,
    /// Who accepted it.
    pub user: &'a str,
    /// The receiver's partition.
    pub to: u16,
    /// All that was available: money, or the one unit of a one-use coupon.
    pub amount: i64,
    /// The request.
    pub request: Request<'a>,
}

/// What was given has arrived: the receiver has a new coupon of the same terms. It was claimed by nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct GiftReceived<'a> {
    /// The coupon's number in this partition, dense from 0.
    pub coupon: u64,
    /// The adopted terms.
    pub terms: u32,
    /// Whose it is.
    pub user: &'a str,
    /// The sender's partition.
    pub from: u16,
    /// The gift there: lsn of its event.
    pub gift: u64,
    /// What it holds at first: what was given.
    pub amount: i64,
    /// Use window, ms: that of the coupon that was given, as it stood.
    pub use_from_ms: i64,
    /// Use window, ms; 0 = no end.
    pub use_until_ms: i64,
    /// Version of the key that seals its code.
    pub key_version: u8,
}

/// The sender's partition heard which coupon the receiver has got. It changes nothing about the coupon that was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct GiftArrived {
    /// The gift: lsn of its event.
    pub gift: u64,
    /// The coupon's number in the receiver's partition.
    pub coupon: u64,
}
