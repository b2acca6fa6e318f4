//! Events of batches of cards: opened at their home, made run by run in every partition, complete, taken.

use super::Request;
use crate::codec::{BorrowDecode, Encode};

/// At its home: cards of these terms are to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct BatchOpened<'a> {
    /// Id of the batch.
    pub batch: &'a str,
    /// The adopted terms.
    pub terms: u32,
    /// How many cards, in all partitions.
    pub count: u64,
    /// The request.
    pub request: Request<'a>,
}

/// A run of cards was made: they have no owner, and wait for their activation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct CardsMade<'a> {
    /// Id of the batch.
    pub batch: &'a str,
    /// The adopted terms.
    pub terms: u32,
    /// How many cards of the batch this partition makes in all.
    pub share: u64,
    /// How many it had made before.
    pub made: u64,
    /// The first one's number; the others follow without gaps.
    pub first: u64,
    /// How many are made now.
    pub count: u32,
    /// Version of the key that seals their codes.
    pub key_version: u8,
    /// The request.
    pub request: Request<'a>,
}

/// At its home: every card of the batch was made, or the one download of their codes was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct BatchMarked<'a> {
    /// Id of the batch.
    pub batch: &'a str,
    /// The request.
    pub request: Request<'a>,
}
