//! The durable state, made a second time from the frames alone (I6): what every recovery and every image is compared with.

use super::i16_chain;
use crate::machine::hash_key;
use crate::violation::{Checked, broken};
use std::collections::BTreeMap;
use tessera_domain::Partition;
use tessera_domain::catalog::CatalogState;
use tessera_engine::ledger::{Ledger, State};
use tessera_wal::{Chain, Frame, FrameNo, JournalId};

/// How one journal stands: frame number, hash chain, state digest.
pub(crate) type Mark = (FrameNo, Chain, u64);

/// How all journals stand.
pub(crate) type Marks = BTreeMap<JournalId, Mark>;

/// How a journal stood after one of its frames.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    pub(crate) chain: Chain,
    pub(crate) digest: u64,
    pub(crate) lsn: u64,
    pub(crate) now_ms: i64,
}

/// Every journal's state as its durable frames make it.
pub(crate) struct Shadow {
    pub(crate) partitions: Vec<Ledger<Partition>>,
    pub(crate) catalog: Ledger<CatalogState>,
    /// By journal, after each frame from the first.
    steps: BTreeMap<JournalId, Vec<Step>>,
}

impl Shadow {
    pub(crate) fn new(partitions: u16) -> Shadow {
        let key = hash_key();
        let ledger = |partition| Ledger::new(JournalId(partition), Partition::new(partition, key));
        let catalog = Ledger::new(JournalId::CATALOG, CatalogState::new(key));
        Shadow { partitions: (0..partitions).map(ledger).collect(), catalog, steps: BTreeMap::new() }
    }

    /// Applies a durable frame: number, chain, time and digest are compared with what it says.
    pub(crate) fn follow(&mut self, frame: &Frame<'_>) -> Checked {
        let header = &frame.header;
        let steps = self.steps.entry(header.journal).or_default();
        i16_chain::check(steps, frame)?;
        steps.push(Step { chain: frame.chain, digest: header.digest, lsn: frame.last_lsn().0, now_ms: header.now_ms });
        let followed = match header.journal {
            JournalId::CATALOG => self.catalog.replay(frame),
            JournalId(partition) => self.partitions[usize::from(partition)].replay(frame),
        };
        followed.map_err(|error| broken("I6", error.to_string()))
    }

    /// How a journal stood after this frame, if that is durable.
    pub(crate) fn step(&self, journal: JournalId, number: FrameNo) -> Option<&Step> {
        self.steps.get(&journal)?.get(number.0.checked_sub(1)? as usize)
    }

    pub(crate) fn marks(&self) -> Marks {
        marks(&self.partitions, &self.catalog)
    }
}

pub(crate) fn marks(partitions: &[Ledger<Partition>], catalog: &Ledger<CatalogState>) -> Marks {
    let partitions = partitions.iter().map(|ledger| (JournalId(ledger.state().id()), mark(ledger)));
    partitions.chain([(JournalId::CATALOG, mark(catalog))]).collect()
}

fn mark<S: State>(ledger: &Ledger<S>) -> Mark {
    (ledger.cursor().number, ledger.cursor().chain, ledger.state().digest())
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
