//! Plans: what operation number n of a run is. A plan is a pure function of n, so nothing is generated ahead or kept.

pub mod again;
pub mod bulk;
pub mod cards;
pub mod checkout;
pub mod claims;
pub mod dealt;
pub mod mix;
pub mod pairs;
pub mod prefix;
pub mod redeems;
pub mod rows;
pub mod skew;

use crate::wire::answer::{Accepted, Kind};

/// The operations of a run.
pub trait Plan: Send + Sync {
    /// Which write they are.
    fn kind(&self) -> Kind;

    /// How many there are.
    fn operations(&self) -> u64;

    /// How many operations in a row are the steps of one errand: each but the first waits for the answer to the one before it, and
    /// is asked only if that was accepted. Divides their number.
    fn steps(&self) -> u64 {
        1
    }

    /// Appends the encoded request of `operation`: the same bytes every time.
    fn write_request(&self, operation: u64, out: &mut Vec<u8>);

    /// The operation with this request id; `None` for ids of nobody.
    fn operation_of(&self, request_id: &[u8]) -> Option<u64>;

    /// Shows an accepted reply as it arrives, to plans that need its texts later.
    fn accepted(&self, _operation: u64, _reply: &Accepted<'_>) {}
}
