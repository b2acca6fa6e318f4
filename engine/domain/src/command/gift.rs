//! Commands of gifts: an owner offers and cancels, whoever has the token looks and accepts.

use super::{Instrument, User};
use crate::id::Id;
use crate::keyed::UserKey;

/// Offer a coupon to whoever will show the token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfferGift {
    /// What is offered, named by its owner.
    pub instrument: Instrument,
    /// How long it waits, in ms; 0 = [`GIFT_TTL_DEFAULT_MS`](crate::GIFT_TTL_DEFAULT_MS).
    pub ttl_ms: i64,
    /// Idempotency key.
    pub request_id: Id,
}

/// Take an offered coupon back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CancelGift {
    /// Lsn of the gift's event.
    pub gift: u64,
    /// The coupon's owner.
    pub user: UserKey,
    /// Idempotency key.
    pub request_id: Id,
}

/// Accept what is offered; decided in the sender's partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AcceptGift {
    /// Lsn of the gift's event.
    pub gift: u64,
    /// Who accepts.
    pub user: User,
    /// The receiver's partition.
    pub to: u16,
    /// Idempotency key.
    pub request_id: Id,
}

/// A gift as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetGift {
    /// Lsn of the gift's event.
    pub gift: u64,
    /// Who looks, if it is said: the receiver alone is told which coupon it became.
    pub user: Option<UserKey>,
}
