//! Commands of a checkout: coupons and cards of one partition, used together on an order of lines.

use super::Instrument;
use crate::checkout::Order;
use crate::id::Id;
use crate::money::Currency;
use crate::request::Operation;

/// Use several instruments on an order, or hold them for it: all or none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkout {
    /// `Operation::RedeemOrder` or `Operation::HoldOrder`.
    pub operation: Operation,
    /// What is used of this partition: with `apart` 1 to [`INSTRUMENTS_MAX`](crate::checkout::INSTRUMENTS_MAX) coupons that differ.
    pub instruments: Vec<Instrument>,
    /// Cards of other partitions.
    pub apart: Vec<Apart>,
    /// At which merchant.
    pub merchant: Id,
    /// For which order.
    pub order_id: Id,
    /// Its lines.
    pub order: Order,
    /// The currency of all of it.
    pub currency: Currency,
    /// Through which channel, if it is said.
    pub channel: Option<Id>,
    /// How long a hold lives, in ms; 0 = [`HOLD_TTL_DEFAULT_MS`](crate::HOLD_TTL_DEFAULT_MS).
    pub ttl_ms: i64,
    /// Idempotency key.
    pub request_id: Id,
}

impl Checkout {
    /// The places in the request of the instruments of this partition.
    pub(crate) fn places(&self) -> impl Iterator<Item = usize> {
        let is_here = |place: &usize| !self.apart.iter().any(|apart| usize::from(apart.place) == *place);
        (0..).filter(is_here).take(self.instruments.len())
    }
}

/// An instrument that lies in another partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Apart {
    /// Its place among all instruments of the request.
    pub place: u8,
    /// Where it lies.
    pub partition: u16,
    /// What it is there.
    pub instrument: Instrument,
}

/// Units of an order, by line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Units {
    /// Lines by their number, each once, and how many units of it.
    pub lines: Vec<(u32, u32)>,
    /// Whether shipping too.
    pub shipping: bool,
}

/// Redeem a held order, as a whole or in part; what is not captured is released.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaptureOrder {
    /// Lsn of the checkout's event.
    pub checkout: u64,
    /// What of it is delivered; `None` = all.
    pub kept: Option<Units>,
    /// Whether what is no longer held is taken anew, if all of it still can be.
    pub reacquire: bool,
    /// Idempotency key.
    pub request_id: Id,
}

/// Let a held order go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseOrder {
    /// Lsn of the checkout's event.
    pub checkout: u64,
    /// Idempotency key.
    pub request_id: Id,
}

/// Units of a redeemed order come back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundOrder {
    /// Lsn of the checkout's event.
    pub checkout: u64,
    /// What comes back; `None` = all that has not.
    pub returned: Option<Units>,
    /// Idempotency key.
    pub request_id: Id,
}
