//! Recovery: the log is opened and judged, then every journal is rebuilt from its image and its tail.
//!
//! Opening reads the whole log once, for its structure alone: checksums, groups, the tail. Rebuilding
//! reads each journal by itself, so partitions come up in parallel and are served one by one ([`node`]
//! does that); [`recover`] does the same on the calling thread, for the simulator. I6, I16.
//!
//! [`node`]: crate::node

use crate::ledger::{Ledger, State};
use crate::lines::{BrokenLine, LineCheck};
use crate::rebuild::{self, From, Keys, Rebuilder, Rebuilt, Until};
use tessera_domain::Partition;
use tessera_domain::catalog::CatalogState;
use tessera_snapshot::Images;
use tessera_wal::storage::Storage;
use tessera_wal::{Frame, GroupSeq, Identity, JournalId, Options, Progress, Reader, Recovery, ReplayStop, Writer};

/// A log that is open, and nothing rebuilt yet.
pub struct Opened<S: Storage> {
    /// The log, ready to go on.
    pub writer: Writer<S>,
    /// What the log found.
    pub log: Recovery,
    /// The time of the newest frame in the log, ms.
    pub last_ms: Option<i64>,
}

/// Everything that a node was.
pub struct Recovered<S: Storage> {
    /// The log, ready to go on.
    pub writer: Writer<S>,
    /// What the log found.
    pub log: Recovery,
    /// The images.
    pub images: Images<S>,
    /// The catalog.
    pub catalog: Ledger<CatalogState>,
    /// Every partition, by number.
    pub partitions: Vec<Ledger<Partition>>,
}

/// Why a node cannot be what it was.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The log refuses.
    #[error(transparent)]
    Log(#[from] tessera_wal::Error),
    /// The images refuse.
    #[error(transparent)]
    Images(#[from] tessera_snapshot::Error),
    /// A journal cannot be rebuilt.
    #[error(transparent)]
    Rebuild(#[from] rebuild::Error),
    /// A line's ends contradict each other.
    #[error(transparent)]
    Line(#[from] BrokenLine),
}

/// A frame of a journal that this node does not have.
#[derive(Debug, thiserror::Error)]
#[error("the log has a journal {journal}, this directory has {partitions} partitions")]
struct NoSuchJournal {
    journal: u16,
    partitions: u16,
}

/// Opens the log of a directory with so many partitions, unless its images prove that more of it was durable (I12).
pub fn open<S: Storage, D: Storage>(
    storage: S,
    images: &D,
    options: &Options,
    partitions: u16,
    progress: &mut dyn FnMut(Progress),
) -> Result<Opened<S>, Error> {
    let (proven, mut last_ms) = (proven(&storage, images)?, None);
    let mut look = |frame: Frame<'_>, _address| {
        check_journal(frame.header.journal, partitions)?;
        last_ms = last_ms.max(Some(frame.header.now_ms));
        Ok(())
    };
    let (writer, log) = tessera_wal::open_proven(storage, options, proven, &mut look, progress)?;
    Ok(Opened { writer, log, last_ms })
}

/// Opens the log of a directory with so many partitions for reading alone; as [`open`] refuses.
pub fn look<S: Storage, D: Storage>(
    storage: S,
    images: &D,
    partitions: u16,
    progress: &mut dyn FnMut(Progress),
) -> Result<(Reader, Recovery), Error> {
    let proven = proven(&storage, images)?;
    let mut check = |frame: Frame<'_>, _address| check_journal(frame.header.journal, partitions);
    Ok(tessera_wal::look(storage, proven, &mut check, progress)?)
}

/// The highest group of a log that the images beside it prove durable (decision 17). Asked before the log is opened, which cuts a torn tail.
fn proven<S: Storage, D: Storage>(storage: &S, images: &D) -> Result<GroupSeq, Error> {
    let uuid = Identity::load(storage)?.uuid;
    Ok(tessera_snapshot::proven(images, uuid)?)
}

fn check_journal(journal: JournalId, partitions: u16) -> Result<(), ReplayStop> {
    match journal {
        JournalId::CATALOG => Ok(()),
        JournalId(number) if number < partitions => Ok(()),
        JournalId(journal) => Err(ReplayStop(Box::new(NoSuchJournal { journal, partitions }))),
    }
}

/// The time of the newest image, ms.
pub fn last_image_ms<S: Storage>(images: &Images<S>) -> Option<i64> {
    images.list().iter().map(|image| image.subject.cursor.now_ms).max()
}

/// Recovers everything on the calling thread. The images are on the log's own storage.
pub fn recover<S: Storage>(
    storage: S,
    options: &Options,
    keys: Keys,
    partitions: u16,
    progress: &mut dyn FnMut(Progress),
) -> Result<Recovered<S>, Error> {
    let Opened { writer, log, .. } = open(storage.clone(), &storage, options, partitions, progress)?;
    let images = Images::open(storage, log.identity.uuid)?;
    let mut rebuilder = Rebuilder::new(images.clone(), writer.reader().history(), keys);
    let catalog = rebuild_whole::<CatalogState, S>(&mut rebuilder, JournalId::CATALOG)?.ledger;
    let mut lines = LineCheck::new(partitions);
    let mut ledgers = Vec::new();
    for partition in 0..partitions {
        let rebuilt: Rebuilt<Partition> = rebuild_whole(&mut rebuilder, JournalId(partition))?;
        lines.admit(rebuilt.ledger.state())?;
        ledgers.push(rebuilt.ledger);
    }
    Ok(Recovered { writer, log, images, catalog, partitions: ledgers })
}

/// A journal to its durable end, as every start needs it.
pub(crate) fn rebuild_whole<T: State, S: Storage>(
    rebuilder: &mut Rebuilder<S>,
    journal: JournalId,
) -> Result<Rebuilt<T>, rebuild::Error> {
    rebuilder.rebuild(journal, From::NewestImage, Until::Durable)
}
