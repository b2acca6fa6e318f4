//! I6, I16: the durable state, made a second time from the frames alone, and compared with what every recovery makes.
//!
//! A recovery may show the durable frames and any number of handovers that were under way, from the front: nothing else, and
//! with the same numbers, hash chain and digest in every journal.

use crate::machine::hash_key;
use crate::violation::{Checked, Violation, broken};
use std::collections::BTreeMap;
use tessera_domain::Partition;
use tessera_domain::catalog::CatalogState;
use tessera_engine::ledger::{Ledger, State};
use tessera_engine::recovery::Recovered;
use tessera_wal::storage::Storage;
use tessera_wal::{Chain, Frame, FrameNo, JournalId};

/// How one journal stands: frame number, hash chain, state digest.
pub(crate) type Mark = (FrameNo, Chain, u64);

/// How all journals stand.
pub(crate) type Marks = BTreeMap<JournalId, Mark>;

/// Every journal's state as its durable frames make it.
pub(crate) struct Shadow {
    pub(crate) partitions: Vec<Ledger<Partition>>,
    pub(crate) catalog: Ledger<CatalogState>,
}

impl Shadow {
    pub(crate) fn new(partitions: u16) -> Shadow {
        let key = hash_key();
        let ledger = |partition| Ledger::new(JournalId(partition), Partition::new(partition, key));
        let catalog = Ledger::new(JournalId::CATALOG, CatalogState::new(key));
        Shadow { partitions: (0..partitions).map(ledger).collect(), catalog }
    }

    /// Applies a durable frame: number, chain, time and digest are compared with what it says.
    pub(crate) fn follow(&mut self, frame: &Frame<'_>) -> Checked {
        let followed = match frame.header.journal {
            JournalId::CATALOG => self.catalog.replay(frame),
            JournalId(partition) => self.partitions[usize::from(partition)].replay(frame),
        };
        followed.map_err(|error| broken("I6", error.to_string()))
    }

    pub(crate) fn marks(&self) -> Marks {
        marks(&self.partitions, &self.catalog)
    }
}

fn marks(partitions: &[Ledger<Partition>], catalog: &Ledger<CatalogState>) -> Marks {
    let partitions = partitions.iter().map(|ledger| (JournalId(ledger.state().id()), mark(ledger)));
    partitions.chain([(JournalId::CATALOG, mark(catalog))]).collect()
}

fn mark<S: State>(ledger: &Ledger<S>) -> Mark {
    (ledger.cursor().number, ledger.cursor().chain, ledger.state().digest())
}

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
    let journal = differs.map_or(JournalId::CATALOG, |(journal, _)| *journal);
    broken("I6", format!("journal {journal} recovers to a state that no part of what was handed over makes"))
}

/// Every frame of a handover, in order.
pub(crate) fn for_each_frame(mut bytes: &[u8], visit: &mut dyn FnMut(Frame<'_>) -> Checked) -> Checked {
    while !bytes.is_empty() {
        let (frame, used) = Frame::parse(bytes).map_err(|error| broken("I12", error.to_string()))?;
        visit(frame)?;
        bytes = &bytes[used..];
    }
    Ok(())
}
