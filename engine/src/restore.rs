//! Restore: a directory rebuilt into a new one, whole or up to an instant.
//!
//! The new directory has the keys of the old one, an empty log of its own, and one image of every
//! journal, so it starts as any other does. It is made under a temporary name and gets its own when
//! everything in it is durable: a restore that dies leaves nothing that could be mistaken for a directory.
//! One clock serves all partitions of a node, so cutting them at one instant never keeps an effect
//! without its cause; lines and stock are checked all the same, and a contradiction refuses.

use crate::conservation::{self, Gifts, Imbalance, LostGifts, LostPledge, Pledges};
use crate::directory::{self, Directory};
use crate::ledger::{Ledger, State};
use crate::lines::{BrokenLine, LineCheck};
use crate::node;
use crate::rebuild::{self, From, Keys, Rebuilder, Until};
use crate::snapshotter::{self, Snapshotter};
use std::io;
use std::path::{Path, PathBuf};
use tessera_domain::Partition;
use tessera_domain::catalog::CatalogState;
use tessera_snapshot::Images;
use tessera_wal::storage::Storage;
use tessera_wal::storage::disk::DiskStorage;
use tessera_wal::{GroupSeq, JournalId};

/// What came out.
#[derive(Clone, Debug)]
pub struct Restored {
    /// The new directory.
    pub dir: PathBuf,
    /// The time of its newest frame, ms; 0 if it has none.
    pub at_ms: i64,
    /// Coupons in it.
    pub coupons: u64,
    /// Frames replayed.
    pub frames: u64,
}

/// Why there is no new directory.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is something under that name, or no room for it.
    #[error("{dir}: {source}")]
    Dir {
        /// The new directory.
        dir: PathBuf,
        /// The disk's answer.
        #[source]
        source: io::Error,
    },
    /// It cannot be made.
    #[error(transparent)]
    Node(#[from] node::Error),
    /// A journal cannot be rebuilt.
    #[error(transparent)]
    Rebuild(#[from] rebuild::Error),
    /// An image cannot be written.
    #[error(transparent)]
    Image(#[from] snapshotter::Error),
    /// A line's ends contradict each other at that instant.
    #[error(transparent)]
    Line(#[from] BrokenLine),
    /// A stock does not add up at that instant.
    #[error(transparent)]
    Stock(#[from] Imbalance),
    /// What was given is neither here nor on its way at that instant.
    #[error(transparent)]
    Gifts(#[from] LostGifts),
    /// What cards pay for orders of other partitions does not add up.
    #[error(transparent)]
    Pledges(#[from] LostPledge),
    /// Asked to end early.
    #[error("the restore was cancelled; nothing was left behind")]
    Cancelled,
}

/// Restores into `dir`, which must not exist. `tell` hears of each journal that is done and may end it.
///
/// # Errors
/// See [`Error`]; then nothing is left behind.
pub fn restore<D: Storage>(
    source: &Directory,
    rebuilder: &mut Rebuilder<D>,
    dir: &Path,
    until: Until,
    created_ms: i64,
    tell: &mut dyn FnMut(u64) -> bool,
) -> Result<Restored, Error> {
    let failed = |source| Error::Dir { dir: dir.into(), source };
    if dir.exists() {
        return Err(failed(io::ErrorKind::AlreadyExists.into()));
    }
    let partial = partial_of(dir).ok_or_else(|| failed(io::ErrorKind::InvalidInput.into()))?;
    // Whatever is under the temporary name already is somebody else's: another restore's, or an operator's.
    make_new(&partial).map_err(|source| Error::Dir { dir: partial.clone(), source })?;
    let restored = fill(source, rebuilder, &partial, until, created_ms, tell);
    let renamed = restored.and_then(|restored| {
        std::fs::rename(&partial, dir).map_err(failed)?;
        directory::sync_parent(dir).map_err(failed)?;
        Ok(Restored { dir: dir.into(), ..restored })
    });
    if renamed.is_err() {
        // What is left under the temporary name is named by nobody; the error that is told is the first one.
        let _ = std::fs::remove_dir_all(&partial);
    }
    renamed
}

/// The temporary name: the whole name goes on, so that no other directory has the same.
fn partial_of(dir: &Path) -> Option<PathBuf> {
    let mut name = dir.file_name()?.to_owned();
    name.push(".partial");
    Some(dir.with_file_name(name))
}

/// Makes a directory that does not exist yet, and those above it.
fn make_new(dir: &Path) -> io::Result<()> {
    dir.parent().map_or(Ok(()), std::fs::create_dir_all)?;
    std::fs::create_dir(dir)
}

fn fill<D: Storage>(
    source: &Directory,
    rebuilder: &mut Rebuilder<D>,
    partial: &Path,
    until: Until,
    created_ms: i64,
    tell: &mut dyn FnMut(u64) -> bool,
) -> Result<Restored, Error> {
    let uuid = directory::init_like(partial, source)?;
    let storage =
        DiskStorage::new(partial.join(directory::IMAGES_NAME)).map_err(|source| Error::Dir { dir: partial.into(), source })?;
    let images = Images::open(storage, uuid).map_err(snapshotter::Error::from)?;
    let mut hand = Hand {
        keys: source.rebuild_keys(),
        images,
        created_ms,
        restored: Restored { dir: partial.into(), at_ms: 0, coupons: 0, frames: 0 },
    };
    hand.carry::<CatalogState, D>(rebuilder, JournalId::CATALOG, until, tell)?;
    let mut lines = LineCheck::new(source.partitions());
    let (mut stocks, mut gifts, mut pledges) = (Vec::new(), Gifts::default(), Pledges::default());
    for partition in 0..source.partitions() {
        let ledger = hand.carry::<Partition, D>(rebuilder, JournalId(partition), until, tell)?;
        lines.admit(ledger.state())?;
        gifts.admit(ledger.state(), source.partitions());
        pledges.admit(ledger.state(), source.partitions());
        hand.restored.coupons += ledger.state().counts()[0];
        stocks.push((partition, ledger.into_state().into_stock()));
    }
    conservation::balances(&stocks.iter().map(|(partition, stock)| (*partition, stock)).collect::<Vec<_>>())?;
    gifts.balance()?;
    pledges.balance()?;
    Ok(hand.restored)
}

/// Carries journals over, one by one.
struct Hand {
    keys: Keys,
    images: Images<DiskStorage>,
    created_ms: i64,
    restored: Restored,
}

impl Hand {
    fn carry<S: State, D: Storage>(
        &mut self,
        rebuilder: &mut Rebuilder<D>,
        journal: JournalId,
        until: Until,
        tell: &mut dyn FnMut(u64) -> bool,
    ) -> Result<Ledger<S>, Error> {
        let rebuilt = rebuilder.rebuild::<S>(journal, From::NewestImage, until)?;
        Snapshotter::new(self.images.clone(), self.keys).keep(&rebuilt.ledger, GroupSeq(0), self.created_ms)?;
        self.restored.at_ms = self.restored.at_ms.max(rebuilt.ledger.cursor().now_ms);
        self.restored.frames += rebuilt.frames;
        if tell(rebuilt.frames) { Ok(rebuilt.ledger) } else { Err(Error::Cancelled) }
    }
}
