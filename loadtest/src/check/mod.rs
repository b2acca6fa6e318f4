//! The checker: recomputes from the client's own record what must have happened, and lists what did not.
//!
//! It takes records and the plan's facts, never a server's counts, so it is the same against any server. What the server shows
//! afterwards (wallets, balances, stock) is compared by [`crate::verify`] with what is derived here. Cost: the records
//! (64 bytes an operation, 72 a retry) and one sorted index at a time of at most 24 bytes an operation; n log n comparisons.

pub mod answers;
pub mod balances;
pub mod checkout;
pub mod gifts;
pub mod holdings;
pub mod order;
pub mod pairs;
pub mod retries;
pub mod stock;
pub mod till;
pub mod violation;

use crate::record::{Record, Retry};
pub use violation::{Findings, Violation};

/// Everything that a client knows about one run.
#[derive(Clone, Copy, Debug)]
pub struct History<'a> {
    /// One record for each operation.
    pub records: &'a [Record],
    /// Repeated requests, those after the run included; sorted by operation, then by answer.
    pub retries: &'a [Retry],
}

/// The one attempt of a request that was accepted first, as far as the client can tell.
#[derive(Clone, Copy, Debug)]
pub struct Decision<'a> {
    /// The operation.
    pub operation: u64,
    /// What was answered; `sent_ns` bounds the instant of the decision from below.
    pub record: &'a Record,
}

/// Sorts retries as [`History`] wants them.
pub fn sort_retries(retries: &mut [Retry]) {
    retries.sort_unstable_by_key(|retry| (retry.operation, retry.record.answered_ns));
}

impl<'a> History<'a> {
    /// Every accepted request, once: by its own record, or by the first retry that was accepted after a refusal.
    pub fn decisions(self) -> impl Iterator<Item = Decision<'a>> {
        let own = (0_u64..).zip(self.records).filter(|(_, record)| record.is_accepted());
        let own = own.map(|(operation, record)| Decision { operation, record });
        let late = self.retries.chunk_by(|a, b| a.operation == b.operation).filter_map(move |attempts| {
            let operation = attempts.first()?.operation;
            let refused = !self.records.get(operation as usize)?.is_accepted();
            let accepted = attempts.iter().find(|attempt| attempt.record.is_accepted())?;
            refused.then_some(Decision { operation, record: &accepted.record })
        });
        own.chain(late)
    }
}
