//! One usable copy: of what was given, the sender's coupon has nothing left to use, and the receiver has exactly one that came of it.
//!
//! That each gift ends once and in time, and that it is received once, as it was given and by whom it was given to, is held event by
//! event ([`crate::history`]); here the states are compared with that, and at rest nothing may be on its way.

use super::shadow::Shadow;
use crate::history::{GiftEnd, History};
use crate::violation::{Checked, holds};

/// What was given is of no use any more where it was; at rest it has arrived.
pub(crate) fn check(shadow: &Shadow, history: &History, at_rest: bool) -> Checked {
    for (ledger, shelf) in shadow.partitions.iter().zip(&history.partitions) {
        let partition = ledger.state().id();
        let open = shelf.gifts.values().filter(|gift| gift.end.is_none()).count() as u64;
        let found = ledger.state().gifts()[0];
        holds(found == open, "I9", || format!("partition {partition}: {found} gifts are open, {open} should"))?;
        for (lsn, gift) in shelf.gifts.iter().filter(|(_, gift)| matches!(gift.end, Some(GiftEnd::Accepted { .. }))) {
            let now = shelf.cards[gift.coupon as usize].now();
            let is_gone = now.available == 0 && now.held == 0;
            holds(is_gone, "I2", || format!("partition {partition}, gift {lsn}: what was given is still there: {now:?}"))?;
            let has_come = gift.received.is_some() && gift.is_heard;
            holds(has_come || !at_rest, "I3", || format!("partition {partition}, gift {lsn} is lost: {gift:?}"))?;
        }
    }
    Ok(())
}

/// In quiet times no gift that was due before `now_ms` is still open.
pub(crate) fn check_at_rest(history: &History, now_ms: i64) -> Checked {
    for shelf in &history.partitions {
        let late = shelf.gifts.iter().find(|(_, gift)| gift.end.is_none() && gift.deadline_ms <= now_ms);
        holds(late.is_none(), "I9", || format!("gift {late:?} is open at {now_ms}"))?;
    }
    Ok(())
}
