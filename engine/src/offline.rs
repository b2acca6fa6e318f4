//! What an operator does to a directory that no server holds: verify, inspect, cut a damaged tail.
//!
//! Verification is read-only and complete: every checksum, every continuity and hash chain, every state
//! digest by replaying every event, every line, the conservation of every stock.

use crate::conservation::{self, Balance, Imbalance};
use crate::keys::NodeKeys;
use crate::ledger::Ledger;
use crate::lines::{self, BrokenLine};
use crate::node::{Error, layout, storage};
use std::path::Path;
use tessera_domain::Partition;
use tessera_domain::catalog::CatalogState;
pub use tessera_wal::{ErrorKind, Item, Tail};
use tessera_wal::{JournalId, Options, Progress, Recovery, ReplayStop};

/// What a verification found.
#[derive(Debug)]
pub struct Verified {
    /// What the log says: counts, journals, its tail, its first problem if there is one.
    pub log: tessera_wal::Report,
    /// Partition, lsn and digest of every partition, as far as it is whole.
    pub partitions: Vec<(u16, u64, u64)>,
    /// Lsn and digest of the catalog.
    pub catalog: (u64, u64),
    /// A line whose ends contradict each other.
    pub broken_line: Option<BrokenLine>,
    /// The balance of every stock, or the first term below zero.
    pub stock: Result<Vec<Balance>, Imbalance>,
}

impl Verified {
    /// Whether nothing is wrong.
    pub fn is_whole(&self) -> bool {
        self.log.problem.is_none() && self.broken_line.is_none() && self.stock.is_ok()
    }
}

/// Verifies a directory.
///
/// # Errors
/// What keeps verification from beginning; what it finds is in [`Verified`].
pub fn verify(dir: &Path, progress: &mut dyn FnMut(Progress)) -> Result<Verified, Error> {
    let (keys, storage) = (NodeKeys::read(dir)?, storage(dir)?);
    let layout = layout(dir, &storage, &keys)?;
    let mut catalog = Ledger::new(JournalId::CATALOG, CatalogState::new(keys.hash));
    let partition = |number| Ledger::new(JournalId(number), Partition::new(number, keys.hash));
    let mut partitions: Vec<_> = (0..layout.partitions).map(partition).collect();
    let mut check = |frame: &tessera_wal::Frame<'_>| {
        let replayed = match frame.header.journal {
            JournalId::CATALOG => catalog.replay(frame),
            JournalId(journal) => match partitions.get_mut(usize::from(journal)) {
                Some(ledger) => ledger.replay(frame),
                None => return Err(ReplayStop("a journal that this directory does not have".into())),
            },
        };
        replayed.map_err(|error| ReplayStop(Box::new(error)))
    };
    let log = tessera_wal::verify_frames(&storage, &mut check, progress)?;
    let states: Vec<&Partition> = partitions.iter().map(Ledger::state).collect();
    Ok(Verified {
        log,
        partitions: states.iter().map(|state| (state.id(), state.lsn(), state.digest())).collect(),
        catalog: (catalog.state().lsn(), catalog.state().digest()),
        broken_line: lines::check(&states).err(),
        stock: conservation::balances(&states),
    })
}

/// Shows every group and frame of a directory's log, in order, and how it ends.
///
/// # Errors
/// As the log refuses, after everything before the damage was shown.
pub fn inspect(dir: &Path, show: &mut dyn FnMut(Item)) -> Result<Option<Tail>, Error> {
    Ok(tessera_wal::inspect(&storage(dir)?, show)?)
}

/// Leaves the damaged end of the last segment behind: an operator's decision, after a copy.
///
/// # Errors
/// As the log refuses everything else.
pub fn cut_tail(dir: &Path) -> Result<Recovery, Error> {
    Ok(tessera_wal::cut_tail(&storage(dir)?, &Options::default())?)
}
