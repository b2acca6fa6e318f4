//! I14: within 10 s of the last fault's end at least 95 % of what is asked is answered.

use crate::violation::{Checked, holds};

/// After so long, in ms.
const WITHIN_MS: i64 = 10_000;

/// So many of a hundred.
const GOODPUT_PERCENT: usize = 95;

/// What was open when the last fault ended.
#[derive(Default)]
pub(crate) struct Goodput {
    ended_ms: i64,
    open: Vec<usize>,
}

impl Goodput {
    /// The last fault ends now, with these operations unanswered.
    pub(crate) fn begin(now_ms: i64, open: &[usize]) -> Goodput {
        Goodput { ended_ms: now_ms, open: open.to_vec() }
    }

    /// Looks once the time has come.
    pub(crate) fn check(&mut self, now_ms: i64, is_open: impl Fn(usize) -> bool) -> Checked {
        if now_ms < self.ended_ms + WITHIN_MS || self.open.is_empty() {
            return Ok(());
        }
        let (asked, waiting) = (self.open.len(), self.open.drain(..).filter(|&op| is_open(op)).count());
        let is_good = (asked - waiting) * 100 >= asked * GOODPUT_PERCENT;
        holds(is_good, "I14", || format!("{waiting} of {asked} requests wait {WITHIN_MS} ms after the last fault"))
    }
}
