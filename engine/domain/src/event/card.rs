//! Events of gift cards: activated at their sale, reloaded, adjusted, replaced when lost.
//!
//! What is only told of an event (at which merchant, for which order, why) is no state; the request's fingerprint is made of it, and
//! `apply` compares.

use super::Request;
use crate::codec::{BorrowDecode, Encode};

/// A card of a batch was sold: from now on it holds its face value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct Activated<'a> {
    /// Which card.
    pub coupon: u64,
    /// Lsn of the card's previous event.
    pub previous: u64,
    /// At which merchant; may be empty.
    pub merchant: &'a str,
    /// By which order; may be empty.
    pub order: &'a str,
    /// Through which channel; may be empty.
    pub channel: &'a str,
    /// Its face value.
    pub loaded: i64,
    /// Use window, ms.
    pub use_from_ms: i64,
    /// Use window, ms; 0 = no end.
    pub use_until_ms: i64,
    /// The request.
    pub request: Request<'a>,
}

/// Money was put onto a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct Reloaded<'a> {
    /// Which card.
    pub coupon: u64,
    /// Lsn of the card's previous event.
    pub previous: u64,
    /// At which merchant; may be empty.
    pub merchant: &'a str,
    /// By which order; may be empty.
    pub order: &'a str,
    /// How much.
    pub amount: i64,
    /// The request.
    pub request: Request<'a>,
}

/// An operator corrected a balance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct Adjusted<'a> {
    /// Which card.
    pub coupon: u64,
    /// Lsn of the card's previous event.
    pub previous: u64,
    /// Why.
    pub reason: &'a str,
    /// What was added; below zero: taken away.
    pub amount: i64,
    /// The request.
    pub request: Request<'a>,
}

/// A card was made void, and all that was on it moved to a new card in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct Replaced<'a> {
    /// The card that is void now.
    pub coupon: u64,
    /// Lsn of that card's previous event.
    pub previous: u64,
    /// The new card's number.
    pub replacement: u64,
    /// Its use window, ms.
    pub use_from_ms: i64,
    /// Its use window, ms; 0 = no end.
    pub use_until_ms: i64,
    /// Version of the key that seals its code.
    pub key_version: u8,
    /// What was moved: all that was available, revoked holds included.
    pub amount: i64,
    /// Live holds that were taken away.
    pub revoked_holds: u32,
    /// What they held.
    pub revoked_value: i64,
    /// The request.
    pub request: Request<'a>,
}
