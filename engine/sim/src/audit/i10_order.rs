//! I10: replies respect real time. What is asked after an acknowledgement happens after it, and obeys it.
//!
//! For the catalog that is the barrier: a change is acknowledged when every shard decides with it.

use crate::clients::{Attempt, Floor};
use crate::violation::{Checked, holds};
use tessera_domain::Reply;
use tessera_domain::reply::Written;
use tessera_engine::letter::Answer;
use tessera_wal::Frame;

/// A write that happened now has a higher lsn than every one acknowledged before it was sent.
pub(crate) fn check_write(journal: u16, attempt: Attempt, written: Written) -> Checked {
    let (op, lsn, floor) = (attempt.op, written.lsn, attempt.floor.lsn);
    holds(written.partition == journal, "I10", || format!("journal {journal} was asked, {} answered", written.partition))?;
    holds(written.replayed || lsn > floor, "I10", || {
        format!("operation {op} happened at lsn {lsn}, and {floor} was acknowledged before it was sent")
    })
}

/// No frame is of a time that no clock of the node can have read: a step of the system's clock is not followed (rule 13).
pub(crate) fn check_time(frame: &Frame<'_>, latest_ms: i64) -> Checked {
    let (number, journal, now_ms) = (frame.header.number, frame.header.journal, frame.header.now_ms);
    holds(now_ms <= latest_ms, "I10", || {
        format!("frame {number} of journal {journal} is of {now_ms} ms, {} after any time it can be", now_ms - latest_ms)
    })
}

/// A claim after an acknowledged change is under the new terms, and after an acknowledged stop it is refused.
pub(crate) fn check_catalog(op: usize, floor: Floor, answer: &Answer) -> Checked {
    let Ok(Reply::Claimed(claimed)) = answer else { return Ok(()) };
    let (version, is_new) = (claimed.offer.version, !claimed.written.replayed);
    holds(!is_new || version >= floor.version, "I10", || {
        format!("operation {op} was claimed under version {version}, sent after version {} was acknowledged", floor.version)
    })?;
    holds(!is_new || !floor.is_stopped, "I10", || format!("operation {op} was claimed, sent after its stop was acknowledged"))
}

/// What the next attempts for a template may rely on.
pub(crate) fn raise_floor(floor: &mut Floor, reply: &Reply) {
    match reply {
        Reply::StockRaised { total, .. } => floor.raised = floor.raised.max(*total),
        Reply::Template { template, .. } => {
            floor.version = floor.version.max(template.terms.version);
            floor.is_stopped |= template.stopped;
        }
        _ => {}
    }
}
