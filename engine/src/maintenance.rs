//! Maintenance: long operations that an operator starts, watches and may end early.
//!
//! Each runs on a thread of its own at the lowest priority and goes on when its caller goes away. What is
//! asked for while the same is under way is given that operation. None of them touches live state but as everybody does, by asking
//! shards: a replay rebuilds beside it, a verification reads, a restore writes elsewhere, a snapshot folds the log, a batch of cards is
//! made by commands, the void of a template is watched.

use crate::actor::AbortOnPanic;
use crate::batches::{self, Order};
use crate::clock::{Clock, WallClock};
use crate::directory::Directory;
use crate::rebuild::{From, Rebuilder, Until};
use crate::replay::{self, Live, Replayed};
use crate::restore::{self, Restored};
use crate::router::Router;
use crate::snapshots::{Round, Snapshots};
use crate::verification::{self, Cancelled, Step, Verified};
use crate::voids::{self, Progress, Watched};
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tessera_domain::Partition;
use tessera_domain::catalog::CatalogState;
use tessera_wal::storage::disk::DiskStorage;
use tessera_wal::{History, JournalId, Reader};

/// Operations that are remembered.
const OPERATIONS_MAX: usize = 256;

/// Operations that may be under way at once: each rebuilds a journal in memory.
const RUNNING_MAX: usize = 4;

/// Void templates that may be watched at once, beside these: it costs a question to each partition, again and again.
const WATCHED_MAX: usize = 16;

/// Between two looks at a round of snapshots.
const LOOK_INTERVAL: Duration = Duration::from_millis(20);

/// What an operation does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Task {
    /// A round of snapshots.
    Snapshot,
    /// A replay.
    Replay {
        /// Only this journal.
        journal: Option<JournalId>,
        /// What it begins with.
        from: From,
        /// How far it goes.
        until: Until,
        /// Whether it is compared with the live state; then `until` is where that stands.
        diff_live: bool,
    },
    /// A verification of everything that is durable when it begins.
    Verify,
    /// A restore into a new directory.
    Restore {
        /// Which.
        dir: PathBuf,
        /// How far.
        until: Until,
    },
    /// A batch of cards.
    MakeCards(Order),
    /// A template that is void becomes so coupon by coupon; this only watches.
    VoidTemplate(Watched),
}

/// Where an operation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Under way.
    Running,
    /// It did what was asked.
    Done,
    /// It could not.
    Failed,
    /// It was asked to end early.
    Cancelled,
}

/// What an operation came to, as far as it is.
#[derive(Clone, Debug, Default)]
pub enum Outcome {
    /// Nothing yet.
    #[default]
    Nothing,
    /// A round of snapshots.
    Snapshot(Round),
    /// A replay.
    Replay(Vec<Replayed>),
    /// A verification.
    Verify(Verified),
    /// A restore.
    Restore(Restored),
    /// A batch of cards: how many are made.
    Cards(u64),
    /// A void template: how far it is.
    Void(Progress),
}

/// A long operation.
#[derive(Clone, Debug)]
pub struct Operation {
    /// Its number since the start of the node, from 1.
    pub id: u64,
    /// What it does.
    pub task: Task,
    /// Where it is.
    pub state: State,
    /// When it began, ms.
    pub began_ms: i64,
    /// When it ended, ms; 0 = not yet.
    pub ended_ms: i64,
    /// Journals done.
    pub journals_done: u32,
    /// Journals in all.
    pub journals: u32,
    /// Frames replayed.
    pub frames: u64,
    /// Bytes of the log read by a verification.
    pub bytes: u64,
    /// Why it failed.
    pub error: String,
    /// What it came to.
    pub outcome: Outcome,
}

/// Why an operation is not started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("as many operations of this kind are under way as may be")]
pub struct Busy;

/// The long operations of a node.
pub struct Maintenance {
    dir: PathBuf,
    partitions: u16,
    router: Router,
    clock: Arc<WallClock>,
    snapshots: Arc<Snapshots>,
    rebuilder: Box<dyn Fn() -> Rebuilder<DiskStorage> + Send + Sync>,
    reader: Reader,
    operations: Mutex<VecDeque<Arc<Running>>>,
}

/// How far an operation went.
enum Went {
    /// All the way.
    Through,
    /// To the step at which it saw that it was cancelled.
    PartWay,
}

struct Running {
    operation: Mutex<Operation>,
    is_cancelled: AtomicBool,
}

impl Maintenance {
    pub(crate) fn new(
        dir: PathBuf,
        router: Router,
        clock: Arc<WallClock>,
        snapshots: Arc<Snapshots>,
        rebuilder: Box<dyn Fn() -> Rebuilder<DiskStorage> + Send + Sync>,
        reader: Reader,
    ) -> Arc<Maintenance> {
        let partitions = router.partitions();
        Arc::new(Maintenance { dir, partitions, router, clock, snapshots, rebuilder, reader, operations: Mutex::default() })
    }

    /// The node's snapshots.
    pub fn snapshots(&self) -> &Snapshots {
        &self.snapshots
    }

    /// A reading session over the log and its archive.
    pub fn history(&self) -> History {
        self.reader.history()
    }

    /// Rebuilds journals, for questions about the past.
    pub fn rebuilder(&self) -> Rebuilder<DiskStorage> {
        (self.rebuilder)()
    }

    /// Starts an operation, or joins the one that does the same; says whether it was joined.
    ///
    /// # Errors
    /// When too many are under way.
    pub fn start(self: &Arc<Self>, task: Task) -> Result<(Operation, bool), Busy> {
        let mut operations = self.operations.lock();
        let running = || operations.iter().filter(|running| running.operation.lock().state == State::Running);
        if let Some(same) = running().find(|running| running.operation.lock().task == task) {
            return Ok((same.operation.lock().clone(), true));
        }
        let watches = |task: &Task| matches!(task, Task::VoidTemplate(_));
        let alike = running().filter(|running| watches(&running.operation.lock().task) == watches(&task)).count();
        if alike >= if watches(&task) { WATCHED_MAX } else { RUNNING_MAX } {
            return Err(Busy);
        }
        let operation = Operation {
            id: operations.back().map_or(1, |last| last.operation.lock().id + 1),
            journals: self.journals(&task).len() as u32,
            task,
            state: State::Running,
            began_ms: self.clock.now_ms(),
            ended_ms: 0,
            journals_done: 0,
            frames: 0,
            bytes: 0,
            error: String::new(),
            outcome: Outcome::default(),
        };
        let running = Arc::new(Running { operation: Mutex::new(operation.clone()), is_cancelled: AtomicBool::new(false) });
        if operations.len() == OPERATIONS_MAX {
            operations.pop_front();
        }
        operations.push_back(running.clone());
        let maintenance = self.clone();
        std::thread::Builder::new()
            .name("tessera-operation".into())
            .spawn(move || {
                // Without its thread it would be running for ever.
                let _guard = AbortOnPanic;
                maintenance.run(&running);
            })
            .expect("a machine that serves has a thread for an operation");
        Ok((operation, false))
    }

    /// One operation.
    pub fn get(&self, id: u64) -> Option<Operation> {
        self.find(id).map(|running| running.operation.lock().clone())
    }

    /// All that are remembered, newest first.
    pub fn list(&self) -> Vec<Operation> {
        self.operations.lock().iter().rev().map(|running| running.operation.lock().clone()).collect()
    }

    /// Asks an operation to end early.
    pub fn cancel(&self, id: u64) -> Option<Operation> {
        let running = self.find(id)?;
        running.is_cancelled.store(true, Ordering::Release);
        Some(running.operation.lock().clone())
    }

    fn find(&self, id: u64) -> Option<Arc<Running>> {
        self.operations.lock().iter().find(|running| running.operation.lock().id == id).cloned()
    }

    /// The journals that a task is about, the catalog last.
    fn journals(&self, task: &Task) -> Vec<JournalId> {
        match task {
            Task::Replay { journal: Some(journal), .. } => vec![*journal],
            Task::MakeCards(_) | Task::VoidTemplate(_) => (0..self.partitions).map(JournalId).collect(),
            _ => (0..self.partitions).map(JournalId).chain([JournalId::CATALOG]).collect(),
        }
    }

    fn run(&self, running: &Running) {
        // Where the system refuses, it runs like any other thread.
        let _ = rustix::process::setpriority_process(None, 19);
        let task = running.operation.lock().task.clone();
        let done = match &task {
            Task::Snapshot => self.snapshot(running),
            Task::Replay { from, until, diff_live, .. } => self.replay(running, &task, *from, *until, *diff_live),
            Task::Verify => self.verify(running),
            Task::Restore { dir, until } => self.restore(running, dir, *until),
            Task::MakeCards(order) => self.make_cards(running, order),
            Task::VoidTemplate(watched) => self.watch_void(running, watched),
        };
        let mut operation = running.operation.lock();
        operation.ended_ms = self.clock.now_ms();
        (operation.state, operation.error) = match done {
            // Whoever cancels too late is told what there is now.
            Ok(Went::Through) => (State::Done, String::new()),
            Ok(Went::PartWay) => (State::Cancelled, String::new()),
            Err(error) => (State::Failed, error),
        };
    }

    /// A round cannot be taken back: cancelling it ends the watching alone.
    fn snapshot(&self, running: &Running) -> Result<Went, String> {
        let number = self.snapshots.save();
        loop {
            let round = self.snapshots.rounds().into_iter().find(|round| round.number == number);
            if let Some(round) = round {
                let is_over = round.is_over;
                let failed =
                    round.failed.iter().map(|(journal, error)| format!("journal {journal}: {error}")).collect::<Vec<_>>();
                running.note(|operation| {
                    (operation.journals_done, operation.frames) = (round.journals_done, round.frames);
                    operation.outcome = Outcome::Snapshot(round);
                });
                if is_over {
                    return if failed.is_empty() { Ok(Went::Through) } else { Err(failed.join("; ")) };
                }
            }
            if self.snapshots.is_stopping() {
                return Err("the node is stopping".into());
            }
            if running.is_cancelled() {
                return Ok(Went::PartWay);
            }
            std::thread::sleep(LOOK_INTERVAL);
        }
    }

    fn replay(&self, running: &Running, task: &Task, from: From, until: Until, diff_live: bool) -> Result<Went, String> {
        let mut rebuilder = self.rebuilder();
        for journal in self.journals(task) {
            if running.is_cancelled() {
                return Ok(Went::PartWay);
            }
            let live = if diff_live { self.live(journal) } else { None };
            let mut go_on = |frames| running.go_on(frames);
            let replayed = match journal {
                JournalId::CATALOG => replay::replay::<CatalogState, _>(&mut rebuilder, journal, from, until, live, &mut go_on),
                journal => replay::replay::<Partition, _>(&mut rebuilder, journal, from, until, live, &mut go_on),
            };
            let Some(replayed) = replayed.map_err(|error| error.to_string())? else { return Ok(Went::PartWay) };
            running.note(|operation| {
                operation.journals_done += 1;
                match &mut operation.outcome {
                    Outcome::Replay(all) => all.push(replayed),
                    outcome => *outcome = Outcome::Replay(vec![replayed]),
                }
            });
        }
        Ok(Went::Through)
    }

    /// What the owner of a journal says of it; nothing if it is too busy.
    fn live(&self, journal: JournalId) -> Option<Live> {
        if journal == JournalId::CATALOG {
            return self.router.catalog_blocking();
        }
        let reports = self.router.reports_blocking();
        let found = reports.into_iter().flat_map(|report| report.partitions).find(|report| report.partition == journal.0)?;
        Some(Live { lsn: found.lsn, digest: found.digest, digests: found.digests })
    }

    fn verify(&self, running: &Running) -> Result<Went, String> {
        let directory = Directory::open(&self.dir).map_err(|error| error.to_string())?;
        let mut go_on = |step| {
            running.note(|operation| match step {
                Step::Read(done) => operation.bytes = done.bytes,
                Step::Replayed(frames) => operation.frames += frames,
                Step::Journal => operation.journals_done += 1,
            });
            !running.is_cancelled()
        };
        match verification::verify(&directory, &self.reader, self.rebuilder(), &mut go_on) {
            Ok(verified) => {
                running.note(|operation| operation.outcome = Outcome::Verify(verified));
                Ok(Went::Through)
            }
            Err(Cancelled) => Ok(Went::PartWay),
        }
    }

    fn restore(&self, running: &Running, dir: &std::path::Path, until: Until) -> Result<Went, String> {
        let source = Directory::open(&self.dir).map_err(|error| error.to_string())?;
        // Journals are read one after the other while they grow. Everything that caused something before this instant was
        // durable before it, so all of them are cut there.
        let until = if until == Until::Durable { Until::Instant(self.clock.now_ms() - 1) } else { until };
        let mut tell = |frames| {
            running.note(|operation| operation.journals_done += 1);
            running.go_on(frames)
        };
        let restored = restore::restore(&source, &mut self.rebuilder(), dir, until, self.clock.now_ms(), &mut tell);
        match restored {
            Ok(restored) => {
                running.note(|operation| operation.outcome = Outcome::Restore(restored));
                Ok(Went::Through)
            }
            Err(restore::Error::Cancelled) => Ok(Went::PartWay),
            Err(error) => Err(error.to_string()),
        }
    }

    fn make_cards(&self, running: &Running, order: &Order) -> Result<Went, String> {
        let mut go_on = |partitions_done, made| {
            running.note(|operation| {
                operation.journals_done = partitions_done;
                operation.outcome = Outcome::Cards(made);
            });
            !running.is_cancelled()
        };
        let is_through = batches::make(&self.router, order, &mut go_on).map_err(|error| error.to_string())?;
        Ok(if is_through { Went::Through } else { Went::PartWay })
    }

    /// A void cannot be taken back: cancelling it ends the watching alone.
    fn watch_void(&self, running: &Running, watched: &Watched) -> Result<Went, String> {
        let mut go_on = |progress: Progress| {
            running.note(|operation| {
                operation.journals_done = progress.partitions_done;
                operation.outcome = Outcome::Void(progress);
            });
            !running.is_cancelled()
        };
        let is_through = voids::watch(&self.router, watched, &mut go_on).map_err(|error| error.to_string())?;
        Ok(if is_through { Went::Through } else { Went::PartWay })
    }

    /// Watches what was not through when the node ended; it goes on whether it is watched or not.
    pub(crate) fn watch_unfinished_voids(self: &Arc<Self>) {
        for watched in voids::unfinished(&self.router).into_iter().take(WATCHED_MAX) {
            // Nothing else is under way yet.
            let _ = self.start(Task::VoidTemplate(watched));
        }
    }
}

impl Running {
    fn note(&self, change: impl FnOnce(&mut Operation)) {
        change(&mut self.operation.lock());
    }

    /// More frames are replayed. False when it was asked to end.
    fn go_on(&self, frames: u64) -> bool {
        self.note(|operation| operation.frames += frames);
        !self.is_cancelled()
    }

    fn is_cancelled(&self) -> bool {
        self.is_cancelled.load(Ordering::Acquire)
    }
}
