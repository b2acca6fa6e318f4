//! Recovery: every journal replayed from the full log, partitions in parallel, each frame checked.
//!
//! One pass reads the log in order; frames go to workers by partition, in batches, and each worker lets
//! them through its ledgers: continuity, hash chain, state digest. The catalog is replayed by the
//! reader itself. Nothing is served from here: the owners begin their tenures first. I6, I16.

use crate::ledger::{Ledger, ReplayError};
use crate::lines::{self, BrokenLine};
use crossbeam::channel::{Receiver, Sender, bounded};
use std::thread::JoinHandle;
use tessera_domain::Partition;
use tessera_domain::catalog::CatalogState;
use tessera_domain::keyed::IdHashKey;
use tessera_wal::storage::Storage;
use tessera_wal::{Frame, JournalId, Options, Progress, Recovery, ReplayStop, Writer};

/// Bytes of frames that go to a worker at once.
const BATCH_BYTES: usize = 256 * 1024;

/// Batches that wait for a worker.
const BATCHES_MAX: usize = 8;

/// Everything that a node was.
pub struct Recovered<S: Storage> {
    /// The log, ready to go on.
    pub writer: Writer<S>,
    /// What the log found.
    pub log: Recovery,
    /// The catalog.
    pub catalog: Ledger<CatalogState>,
    /// Every partition, by number.
    pub partitions: Vec<Ledger<Partition>>,
}

impl<S: Storage> Recovered<S> {
    /// The time of the newest frame, if there is any.
    pub fn last_ms(&self) -> Option<i64> {
        let cursors = self.partitions.iter().map(|ledger| ledger.cursor()).chain([self.catalog.cursor()]);
        cursors.filter(|cursor| cursor.number.0 > 0).map(|cursor| cursor.now_ms).max()
    }
}

/// Why a node cannot be what it was.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The log refuses.
    #[error(transparent)]
    Log(#[from] tessera_wal::Error),
    /// A frame does not lead to the state that was recorded with it.
    #[error(transparent)]
    Replay(#[from] ReplayError),
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

/// Replays the whole log. `workers` threads apply partitions; with 0 the calling thread does.
pub fn recover<S: Storage>(
    storage: S,
    options: &Options,
    key: IdHashKey,
    partitions: u16,
    workers: u16,
    progress: &mut dyn FnMut(Progress),
) -> Result<Recovered<S>, Error> {
    let mut catalog = Ledger::new(JournalId::CATALOG, CatalogState::new(key));
    let mut crew = Crew::hire(key, partitions, workers.min(partitions));
    let mut replay = |frame: Frame<'_>, _address| match frame.header.journal {
        JournalId::CATALOG => catalog.replay(&frame).map_err(stop),
        JournalId(journal) if journal >= partitions => Err(stop(NoSuchJournal { journal, partitions })),
        JournalId(partition) => crew.take(partition, &frame).map_err(stop),
    };
    let opened = tessera_wal::open(storage, options, &mut replay, progress);
    // A worker's reason first: of it the reader only saw that the worker had ended.
    let partitions = crew.finish()?;
    let (writer, log) = opened?;
    lines::check(&partitions.iter().map(Ledger::state).collect::<Vec<_>>())?;
    Ok(Recovered { writer, log, catalog, partitions })
}

fn stop(error: impl std::error::Error + Send + Sync + 'static) -> ReplayStop {
    ReplayStop(Box::new(error))
}

/// The workers, each with its share of the partitions; or the calling thread alone.
enum Crew {
    Alone(Vec<Ledger<Partition>>),
    Many(Vec<Worker>),
}

struct Worker {
    batch: Vec<u8>,
    sender: Sender<Vec<u8>>,
    thread: JoinHandle<Result<Vec<Ledger<Partition>>, ReplayError>>,
}

impl Crew {
    fn hire(key: IdHashKey, partitions: u16, workers: u16) -> Crew {
        let ledger = |partition| Ledger::new(JournalId(partition), Partition::new(partition, key));
        if workers == 0 {
            return Crew::Alone((0..partitions).map(ledger).collect());
        }
        let share = |worker| (worker..partitions).step_by(usize::from(workers)).map(ledger).collect();
        Crew::Many((0..workers).map(|worker| Worker::hire(share(worker), workers)).collect())
    }

    fn take(&mut self, partition: u16, frame: &Frame<'_>) -> Result<(), TakeError> {
        match self {
            Crew::Alone(ledgers) => Ok(ledgers[usize::from(partition)].replay(frame)?),
            Crew::Many(workers) => {
                let share = usize::from(partition) % workers.len();
                workers[share].take(frame)
            }
        }
    }

    /// Every partition, by number.
    fn finish(self) -> Result<Vec<Ledger<Partition>>, ReplayError> {
        let mut ledgers = match self {
            Crew::Alone(ledgers) => ledgers,
            Crew::Many(workers) => {
                workers.into_iter().map(Worker::finish).collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect()
            }
        };
        ledgers.sort_by_key(|ledger| ledger.state().id());
        Ok(ledgers)
    }
}

impl Worker {
    fn hire(ledgers: Vec<Ledger<Partition>>, workers: u16) -> Worker {
        let (sender, receiver) = bounded(BATCHES_MAX);
        let work = move || replay_batches(ledgers, workers, &receiver);
        let thread = std::thread::Builder::new()
            .name("tessera-replay".into())
            .spawn(work)
            .expect("a machine that starts a server has a thread for it");
        Worker { batch: Vec::with_capacity(BATCH_BYTES), sender, thread }
    }

    fn take(&mut self, frame: &Frame<'_>) -> Result<(), TakeError> {
        self.batch.extend_from_slice(frame.bytes());
        if self.batch.len() < BATCH_BYTES {
            return Ok(());
        }
        let batch = std::mem::replace(&mut self.batch, Vec::with_capacity(BATCH_BYTES));
        self.sender.send(batch).map_err(|_| TakeError::Ended)
    }

    fn finish(self) -> Result<Vec<Ledger<Partition>>, ReplayError> {
        // A worker that has ended already says why when it is joined.
        let _ = self.sender.send(self.batch);
        drop(self.sender);
        self.thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

/// What a worker does until its sender is gone.
fn replay_batches(
    mut ledgers: Vec<Ledger<Partition>>,
    workers: u16,
    receiver: &Receiver<Vec<u8>>,
) -> Result<Vec<Ledger<Partition>>, ReplayError> {
    for batch in receiver {
        let mut rest = batch.as_slice();
        while !rest.is_empty() {
            let (frame, used) = Frame::parse(rest).expect("the reader passes on whole frames");
            ledgers[usize::from(frame.header.journal.0 / workers)].replay(&frame)?;
            rest = &rest[used..];
        }
    }
    Ok(ledgers)
}

/// Why a frame was not taken.
#[derive(Debug, thiserror::Error)]
enum TakeError {
    #[error(transparent)]
    Replay(#[from] ReplayError),
    #[error("a worker has ended before the log did")]
    Ended,
}
