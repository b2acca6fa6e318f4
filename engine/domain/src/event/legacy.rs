//! The event of a card or coupon of another house that is taken over.
//!
//! Of its code there is a keyed hash and no text. Batch and reference are only told: the request's fingerprint is made of them and of what
//! the row asked for, and `apply` compares.

use super::Request;
use crate::codec::{BorrowDecode, Encode};

/// A card, or a one-use coupon, was imported: whoever has its code has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct CardImported<'a> {
    /// The new card's number.
    pub coupon: u64,
    /// The adopted terms.
    pub terms: u32,
    /// Keyed hash of its code.
    pub code: u128,
    /// What the other house calls it; may be empty.
    pub reference: &'a str,
    /// The balance that its row says; 0 = the face value of the terms, or a one-use coupon.
    pub asked: i64,
    /// The end of its validity that its row says, ms; 0 = as the terms say.
    pub asked_until_ms: i64,
    /// What is on it: minor units, or one unit of a one-use coupon.
    pub loaded: i64,
    /// Use window, ms.
    pub use_from_ms: i64,
    /// Use window, ms; 0 = no end.
    pub use_until_ms: i64,
    /// Version of the key that seals the code that it gets here.
    pub key_version: u8,
    /// The request; its id is that of the batch.
    pub request: Request<'a>,
}
