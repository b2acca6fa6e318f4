//! I8: a hold ends in exactly one of capture, release, expiry and revocation, and in time.
//!
//! That it ends once, and when it may, is held event by event ([`crate::history`]); here the state is compared with it, and at
//! rest nothing may live past its deadline.

use super::shadow::Shadow;
use crate::history::History;
use crate::violation::{Checked, holds};

/// The state has as many live holds as the history.
pub(crate) fn check(shadow: &Shadow, history: &History) -> Checked {
    for (ledger, shelf) in shadow.partitions.iter().zip(&history.partitions) {
        let (found, told) = (ledger.state().holds()[0], shelf.promises.live().count() as u64);
        holds(found == told, "I8", || format!("partition {}: {found} holds live, {told} should", ledger.state().id()))?;
    }
    Ok(())
}

/// In quiet times nothing that was due before `now_ms` is still unwritten.
pub(crate) fn check_at_rest(history: &History, now_ms: i64) -> Checked {
    for shelf in &history.partitions {
        let late = shelf.promises.live().find(|(_, promise)| promise.deadline_ms <= now_ms);
        holds(late.is_none(), "I8", || format!("hold {late:?} lives at {now_ms}"))?;
        let is_over = |card: &crate::history::Card| card.until_ms != 0 && card.until_ms <= now_ms;
        let is_due = |card: &&crate::history::Card| (is_over(card) || card.is_doomed) && card.now().available > 0;
        let due = shelf.cards.iter().find(is_due);
        holds(due.is_none(), "I9", || format!("card {due:?} is not expired or void at {now_ms}"))?;
    }
    Ok(())
}
