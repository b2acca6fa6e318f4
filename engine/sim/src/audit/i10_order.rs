//! I10: replies respect real time. What is asked after an acknowledgement happens after it, and obeys it.
//!
//! For the catalog that is the barrier: a change is acknowledged when every shard decides with it.

use crate::clients::{Ask, Attempt, Floor, Op, Switched};
use crate::history::History;
use crate::violation::{Checked, holds};
use tessera_domain::command::Command;
use tessera_domain::reply::Written;
use tessera_domain::{Reason, Reply};
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

/// A claim after an acknowledged change is under the new terms; after an acknowledged stop it is refused, and after an acknowledged resume
/// it is not refused as stopped, unless the catalog's journal has switched the template again since.
pub(crate) fn check_catalog(history: &History, op: &Op, attempt: Attempt, answer: &Answer) -> Checked {
    let Attempt { op: number, floor } = attempt;
    let is_stopped = match answer {
        Ok(Reply::Claimed(claimed)) if !claimed.written.replayed => {
            let version = claimed.offer.version;
            holds(version >= floor.version, "I10", || {
                format!(
                    "operation {number} was claimed under version {version}, sent after version {} was acknowledged",
                    floor.version
                )
            })?;
            false
        }
        Err(refusal) if refusal.reason == Reason::TemplateStopped && matches!(op.ask, Ask::Partition(_, Command::Claim(_))) => {
            true
        }
        _ => return Ok(()),
    };
    let Some(switched) = floor.switched else { return Ok(()) };
    let is_right = switched.is_stopped == is_stopped || history.is_switched_after(switched.lsn, switched.template);
    holds(is_right, "I10", || {
        format!("operation {number} met a template that is stopped: {is_stopped}; acknowledged was {switched:?}")
    })
}

/// What the next attempts for a template may rely on.
pub(crate) fn raise_floor(floor: &mut Floor, ask: &Ask, reply: &Reply) {
    match (ask, reply) {
        (Ask::Partition(_, Command::RaiseBudget(_)), Reply::StockRaised { total, .. }) => floor.budget = floor.budget.max(*total),
        (_, Reply::StockRaised { total, .. }) => floor.raised = floor.raised.max(*total),
        (_, Reply::Template { template, written }) => {
            floor.version = floor.version.max(template.terms.version);
            let known = floor.switched.map_or(0, |switched| switched.lsn);
            if let Some(written) = written.filter(|written| written.lsn > known) {
                let (lsn, template, is_stopped) = (written.lsn, template.terms.template, template.stopped);
                floor.switched = Some(Switched { lsn, template, is_stopped });
            }
        }
        _ => {}
    }
}
