//! I4: nothing unacknowledged is half-applied. A recovery shows the durable frames and any number of handovers that were under
//! way, whole and from the front: nothing else, and with the same numbers, hash chain and digest in every journal.

use super::shadow::{Marks, for_each_frame, marks};
use crate::violation::{Checked, Violation, broken};
use tessera_engine::recovery::Recovered;
use tessera_wal::storage::Storage;
use tessera_wal::{FrameNo, JournalId};

/// How many of the handovers under way a recovery kept; a violation if it shows anything but durable + a part of those.
pub(crate) fn kept<S: Storage>(recovered: &Recovered<S>, durable: &Marks, under_way: &[Vec<u8>]) -> Checked<usize> {
    let found = marks(&recovered.partitions, &recovered.catalog);
    let mut expected = durable.clone();
    for kept in 0..=under_way.len() {
        if found == expected {
            return Ok(kept);
        }
        if let Some(handover) = under_way.get(kept) {
            for_each_frame(handover, &mut |frame| {
                expected.insert(frame.header.journal, (frame.header.number, frame.chain, frame.header.digest));
                Ok(())
            })?;
        }
    }
    Err(difference(&found, durable))
}

fn difference(found: &Marks, durable: &Marks) -> Violation {
    let lost = durable.iter().find(|(journal, mark)| found.get(journal).is_none_or(|found| found.0 < mark.0));
    if let Some((journal, mark)) = lost {
        let found = found.get(journal).map_or(FrameNo(0), |found| found.0);
        return broken("I3", format!("journal {journal} was durable up to frame {}, recovered up to {found}", mark.0));
    }
    let differs = found.iter().find(|(journal, mark)| durable.get(journal) != Some(mark));
    let (journal, mark) = differs.map_or((JournalId::CATALOG, None), |(journal, mark)| (*journal, Some(mark)));
    let is_same_place = mark.is_some_and(|mark| durable.get(&journal).is_some_and(|durable| durable.0 == mark.0));
    match is_same_place {
        true => broken("I6", format!("journal {journal} recovers to another state than its durable frames make")),
        false => broken("I4", format!("journal {journal} recovers to a state that no part of what was handed over makes")),
    }
}
