//! Commands of whoever makes a batch of cards: open it at its home, make its runs in every partition, complete it, take its codes.

use crate::id::Id;

/// Order a batch; the same again is answered with how it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenBatch {
    /// Its id, which is its idempotency key, too.
    pub batch: Id,
    /// The template of its cards.
    pub template: Id,
    /// How many: 1 to [`BATCH_CARDS_MAX`](crate::BATCH_CARDS_MAX).
    pub count: u64,
}

/// Make a run of cards in one partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MakeCards {
    /// Of which batch.
    pub batch: Id,
    /// Its template.
    pub template: Id,
    /// The version of the template that its home opened it with.
    pub version: u32,
    /// How many cards of the batch this partition makes in all.
    pub share: u64,
    /// How many it has made.
    pub made: u64,
    /// How many more: 1 to [`RUN_CARDS_MAX`](crate::RUN_CARDS_MAX).
    pub count: u32,
}

/// Say at its home that every card of a batch was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompleteBatch {
    /// Which.
    pub batch: Id,
    /// How many were made in all partitions.
    pub made: u64,
}

/// Take the one download of a batch's codes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakeBatch {
    /// Which.
    pub batch: Id,
    /// Idempotency key: under it a download that broke off may be asked for again.
    pub request_id: Id,
}

/// A page of the cards that one partition made of a batch, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListCards {
    /// Which batch.
    pub batch: Id,
    /// 1 to [`RUN_CARDS_MAX`](crate::RUN_CARDS_MAX).
    pub page_size: u32,
    /// Where the page before ended: the next card's number.
    pub from: Option<u64>,
}
