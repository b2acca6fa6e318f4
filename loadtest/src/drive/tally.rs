//! Live counts of a run, for the progress line and the watchdog alone: figures come from the records.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Counts that only grow. Lanes add once for each message.
#[derive(Debug, Default)]
pub struct Tally {
    answered: AtomicU64,
    accepted: AtomicU64,
}

impl Tally {
    /// Adds what one message answered.
    pub fn add(&self, answered: u64, accepted: u64) {
        self.answered.fetch_add(answered, Relaxed);
        self.accepted.fetch_add(accepted, Relaxed);
    }

    /// Operations answered so far.
    pub fn answered(&self) -> u64 {
        self.answered.load(Relaxed)
    }

    /// Operations accepted so far.
    pub fn accepted(&self) -> u64 {
        self.accepted.load(Relaxed)
    }
}
