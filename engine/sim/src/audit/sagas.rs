//! All or nothing over partitions: what an order's home says that cards pay is what they paid, or on its way; at rest no card is held for an order
//! that has ended, and none asks.

use super::shadow::Shadow;
use crate::history::History;
use crate::violation::{Checked, broken, holds};
use tessera_engine::conservation::Pledges;

/// Home and cards agree.
pub(crate) fn check(shadow: &Shadow) -> Checked {
    let mut pledges = Pledges::default();
    let partitions = shadow.partitions.len() as u16;
    shadow.partitions.iter().for_each(|ledger| pledges.admit(ledger.state(), partitions));
    pledges.balance().map(drop).map_err(|lost| broken("I2", lost.to_string()))
}

/// In quiet times nothing asks, and nothing that was due before `now_ms` still holds.
pub(crate) fn check_at_rest(history: &History, now_ms: i64) -> Checked {
    for shelf in &history.partitions {
        let (late, asking) = (shelf.sagas().late(now_ms), shelf.sagas().asking());
        holds(late.is_none(), "I8", || format!("saga {late:?} holds cards elsewhere at {now_ms}"))?;
        holds(asking.is_none(), "I8", || format!("saga {asking:?} still asks"))?;
    }
    Ok(())
}
