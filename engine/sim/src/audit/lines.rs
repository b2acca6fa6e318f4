//! Law 4: a line's ends agree. Nothing is received that was not sent, nothing acknowledged that was not received; at rest all
//! three are equal and no outbox holds anything.

use super::shadow::Shadow;
use crate::violation::{Checked, holds};

/// Every ordered pair of partitions, as it is durable.
pub(crate) fn check(shadow: &Shadow, at_rest: bool) -> Checked {
    for source in shadow.partitions.iter().map(|ledger| ledger.state()) {
        for destination in shadow.partitions.iter().map(|ledger| ledger.state()) {
            let (out, received) = (source.lines().out(destination.id()), destination.lines().into(source.id()).received);
            let ends = (out.sent, received, out.acknowledged);
            let agree = ends.0 >= ends.1 && ends.1 >= ends.2 && (!at_rest || ends.0 == ends.2);
            let (from, to) = (source.id(), destination.id());
            holds(agree, "law 4", || format!("line {from} to {to}: sent, received, acknowledged = {ends:?}"))?;
        }
        let waiting = source.lines().waiting().count() as u64;
        let sent = shadow.partitions.iter().map(|ledger| source.lines().out(ledger.state().id()));
        let owed: u64 = sent.map(|out| out.sent - out.acknowledged).sum();
        holds(waiting == owed, "law 4", || format!("the outbox of {} holds {waiting}, its lines owe {owed}", source.id()))?;
    }
    Ok(())
}
