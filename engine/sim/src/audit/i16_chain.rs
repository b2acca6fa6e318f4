//! I16: the hash chain verifies. Each durable frame is chained to the one before it, from the journal's first on, whatever was
//! trimmed since.

use super::shadow::Step;
use crate::violation::{Checked, holds};
use tessera_wal::{Chain, Frame};

/// Whether a frame follows the steps so far.
pub(crate) fn check(steps: &[Step], frame: &Frame<'_>) -> Checked {
    let previous = steps.last().map_or(Chain::START, |step| step.chain);
    let (journal, number) = (frame.header.journal, frame.header.number);
    holds(frame.verify_chain(&previous), "I16", || format!("the chain of journal {journal} breaks at frame {number}"))?;
    holds(number.0 == steps.len() as u64 + 1, "I10", || format!("frame {number} of journal {journal} leaves a gap"))
}
