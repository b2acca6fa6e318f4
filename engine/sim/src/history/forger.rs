//! Planted faults of the record: events as a faulty engine would have written them, forged in what the auditors read.
//!
//! `apply` refuses such events, so no journal of ours can hold them; this proves that the plain model would notice without it.

use crate::planted::Planted;
use tessera_domain::event::{Captured, Event, Expired};

/// The events that stand in the place of one, and when they are said to have happened.
pub(super) fn forge<'a>(planted: Option<Planted>, event: Event<'a>, now_ms: i64) -> Vec<(Event<'a>, i64)> {
    match (planted, event) {
        (Some(Planted::CaptureAfterDeadline), Event::Captured(Captured { reacquired: false, .. })) => {
            vec![(event, now_ms + tessera_domain::HOLD_TTL_MS_MAX)]
        }
        (Some(Planted::ReleaseTwice), Event::HoldEnded(_)) => vec![(event, now_ms), (event, now_ms)],
        (Some(Planted::ExpiryTakesHeld), Event::Expired(expired)) => {
            let more = Expired { amount: expired.amount + 1, ..expired };
            vec![(Event::Expired(more), now_ms)]
        }
        _ => vec![(event, now_ms)],
    }
}
