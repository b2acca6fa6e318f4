//! Commands of the two-step road: hold, then capture or release.

use super::Instrument;
use crate::id::Id;
use crate::money::Currency;

/// Set value aside for an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// What is held.
    pub instrument: Instrument,
    /// At which merchant.
    pub merchant: Id,
    /// For which order.
    pub order: Id,
    /// Order amount, or what is to be charged; minor units.
    pub amount: i64,
    /// Its currency.
    pub currency: Currency,
    /// Through which channel, if it is said. Apart, because most do not say it and commands are moved.
    pub channel: Option<Box<Id>>,
    /// How long it lives, in ms; 0 = [`HOLD_TTL_DEFAULT_MS`](crate::HOLD_TTL_DEFAULT_MS).
    pub ttl_ms: i64,
    /// Idempotency key.
    pub request_id: Id,
}

/// Make a hold a redemption; what is not captured is released.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capture {
    /// Lsn of the hold's event.
    pub hold: u64,
    /// The final order amount, or what is charged; `None` = as held.
    pub amount: Option<i64>,
    /// Whether a hold that has ended is tried again, as a redemption would be.
    pub reacquire: bool,
    /// Idempotency key.
    pub request_id: Id,
}

/// Let a hold go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// Lsn of the hold's event.
    pub hold: u64,
    /// Idempotency key.
    pub request_id: Id,
}
