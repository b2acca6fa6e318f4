//! Snapshots as a node takes them: one thread, one round at a time, by itself or on demand.
//!
//! A round folds every journal, the one with the longest tail first, and lets the log be trimmed after
//! each. The thread has the lowest priority, so that it takes what busy shards leave. Whoever asks while
//! a round is under way is told of that round. A failed journal is told, and the round goes on.
//!
//! When a round is due is counted across starts: the tail that a start replayed counts like what is written
//! after it, and the time runs from the newest image. Otherwise a node that is killed again and again before
//! a round is due would never take one, and every start would replay more than the one before.

use crate::actor::AbortOnPanic;
use crate::clock::{Clock, WallClock};
use crate::letter::Passenger;
use crate::snapshotter::{Error, Folded, Snapshotter};
use parking_lot::{Condvar, Mutex};
use std::collections::VecDeque;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;
use tessera_domain::Partition;
use tessera_domain::catalog::CatalogState;
use tessera_snapshot::Image;
use tessera_wal::storage::disk::DiskStorage;
use tessera_wal::{Archived, Journal, JournalId, Log};

/// Rounds that are remembered.
const ROUNDS_MAX: usize = 64;

/// How often the thread looks whether a round is due.
const LOOK_INTERVAL: Duration = Duration::from_millis(500);

/// When snapshots are taken by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// After so many bytes of frames, those that the start replayed included; 0 = never for this reason.
    pub log_bytes: u64,
    /// After this time, if anything was written; 0 = never for this reason.
    pub interval: Duration,
}

impl Default for Policy {
    fn default() -> Policy {
        Policy { log_bytes: 1 << 30, interval: Duration::from_secs(3_600) }
    }
}

/// One round over all journals.
#[derive(Clone, Debug)]
pub struct Round {
    /// Its number since the start of the node, from 1.
    pub number: u64,
    /// When it began, ms.
    pub began_ms: i64,
    /// How long it has taken, or took.
    pub took: Duration,
    /// Whether it is over.
    pub is_over: bool,
    /// Journals done.
    pub journals_done: u32,
    /// Journals of the round.
    pub journals: u32,
    /// New images.
    pub images: u32,
    /// Their bytes.
    pub image_bytes: u64,
    /// Frames that were folded in, those of the journal that is being folded included.
    pub frames: u64,
    /// Segments that left the log.
    pub segments_trimmed: u64,
    /// Journal and reason of what failed.
    pub failed: Vec<(u16, String)>,
}

impl Round {
    /// One that begins now.
    pub(crate) fn begin(number: u64, began_ms: i64, journals: u32) -> Round {
        Round {
            number,
            began_ms,
            took: Duration::ZERO,
            is_over: false,
            journals_done: 0,
            journals,
            images: 0,
            image_bytes: 0,
            frames: 0,
            segments_trimmed: 0,
            failed: Vec::new(),
        }
    }

    /// What became of one journal, and how many segments left the log after it.
    pub(crate) fn note(&mut self, journal: JournalId, result: Result<(Folded, u64), String>) {
        self.journals_done += 1;
        match result {
            Ok((Folded::Image(image), segments)) => {
                self.images += 1;
                self.image_bytes += image.file_bytes();
                self.segments_trimmed += segments;
            }
            Ok((Folded::UpToDate, segments)) => self.segments_trimmed += segments,
            Err(error) => self.failed.push((journal.0, error)),
        }
    }
}

/// An image, as an operator is told of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageReport {
    /// Its number in the directory.
    pub id: u64,
    /// The journal.
    pub journal: u16,
    /// The last event in it.
    pub lsn: u64,
    /// The last frame in it.
    pub frame: u64,
    /// The digest of the state.
    pub digest: u64,
    /// The time of that frame, ms.
    pub at_ms: i64,
    /// When it was made, ms.
    pub created_ms: i64,
    /// Bytes of its file.
    pub bytes: u64,
}

impl ImageReport {
    /// Of this image.
    pub fn of(image: &Image) -> ImageReport {
        let subject = &image.subject;
        ImageReport {
            id: image.id.0,
            journal: subject.journal.0,
            lsn: subject.cursor.lsn.0,
            frame: subject.cursor.number.0,
            digest: subject.digest,
            at_ms: subject.cursor.now_ms,
            created_ms: subject.created_ms,
            bytes: image.file_bytes(),
        }
    }
}

/// Snapshots as a whole, since the start of the node.
#[derive(Clone, Debug, Default)]
pub struct Overview {
    /// Rounds that are over.
    pub rounds: u64,
    /// Journals that a round failed on, in all of them.
    pub failures: u64,
    /// The newest round that is over.
    pub last: Option<Round>,
    /// How long ago that was, ms.
    pub last_age_ms: i64,
    /// The one that is under way.
    pub running: Option<Round>,
    /// Images that the manifest names.
    pub images: u32,
    /// Bytes of their files.
    pub image_bytes: u64,
    /// The archive, as counted after the last round.
    pub archived: Archived,
}

/// The snapshots of a running node.
pub struct Snapshots {
    snapshotter: Snapshotter<DiskStorage>,
    partitions: u16,
    log: Arc<Log<Passenger>>,
    clock: Arc<WallClock>,
    policy: Policy,
    state: Mutex<Desk>,
    wake: Condvar,
    thread: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Default)]
struct Desk {
    rounds: VecDeque<Round>,
    numbered: u64,
    finished: u64,
    failures: u64,
    archived: Archived,
    /// Bytes of frames that the start replayed, for no image has them.
    carried: u64,
    is_wanted: bool,
    is_stopping: bool,
}

impl Snapshots {
    pub(crate) fn start(
        snapshotter: Snapshotter<DiskStorage>,
        partitions: u16,
        log: Arc<Log<Passenger>>,
        clock: Arc<WallClock>,
        policy: Policy,
    ) -> Arc<Snapshots> {
        let (state, wake, thread) = (Mutex::default(), Condvar::new(), Mutex::default());
        let snapshots = Arc::new(Snapshots { snapshotter, partitions, log, clock, policy, state, wake, thread });
        let run = snapshots.clone();
        let thread = std::thread::Builder::new()
            .name("tessera-snapshot".into())
            .spawn(move || {
                // Without its thread there would be no image any more, and whoever asked for one would wait for ever.
                let _guard = AbortOnPanic;
                run.run();
            })
            .expect("a machine that starts a server has a thread for it");
        *snapshots.thread.lock() = Some(thread);
        snapshots
    }

    /// Asks for a round; gives its number. If one is under way, it is that one.
    pub fn save(&self) -> u64 {
        let mut state = self.state.lock();
        if let Some(round) = state.rounds.back().filter(|round| !round.is_over) {
            return round.number;
        }
        state.is_wanted = true;
        self.wake.notify_all();
        state.numbered + 1
    }

    /// The rounds that are remembered, oldest first.
    pub fn rounds(&self) -> Vec<Round> {
        self.state.lock().rounds.iter().cloned().collect()
    }

    /// What there is to watch of them.
    pub fn overview(&self) -> Overview {
        let images = self.snapshotter.images().list();
        let state = self.state.lock();
        let find = |is_over| state.rounds.iter().rev().find(|round| round.is_over == is_over).cloned();
        let (last, now_ms) = (find(true), self.clock.now_ms());
        let ended_ms = |round: &Round| round.began_ms + round.took.as_millis() as i64;
        Overview {
            rounds: state.finished,
            failures: state.failures,
            last_age_ms: last.as_ref().map_or(0, |last| (now_ms - ended_ms(last)).max(0)),
            last,
            running: find(false),
            images: images.len() as u32,
            image_bytes: images.iter().map(Image::file_bytes).sum(),
            archived: state.archived,
        }
    }

    /// The images that there are: by journal, newest first.
    pub fn images(&self) -> Vec<ImageReport> {
        self.snapshotter.images().list().iter().map(ImageReport::of).collect()
    }

    /// Says how many bytes of frames the start replayed, once all is served: what they delay from then on is the next start.
    pub(crate) fn carry(&self, tail_bytes: u64) {
        self.state.lock().carried = tail_bytes;
        self.wake.notify_all();
    }

    /// Whether the node is being stopped.
    pub(crate) fn is_stopping(&self) -> bool {
        self.state.lock().is_stopping
    }

    /// Ends the thread; a round that is under way ends after its journal.
    pub(crate) fn stop(&self) {
        self.state.lock().is_stopping = true;
        self.wake.notify_all();
        if let Some(thread) = self.thread.lock().take() {
            thread.join().expect("the snapshotter ends without a panic");
        }
    }

    fn run(&self) {
        // Where the system refuses, it runs like any other thread.
        let _ = rustix::process::setpriority_process(None, 19);
        let (mut written, mut since_ms) = (0, self.newest_image_ms());
        self.count_archive();
        while self.await_round(written, since_ms) {
            (written, since_ms) = (self.log.stats().frame_bytes, self.clock.now_ms());
            self.state.lock().carried = 0;
            self.round();
        }
    }

    /// When the newest image was made; a node without one begins to count now.
    fn newest_image_ms(&self) -> i64 {
        let now_ms = self.clock.now_ms();
        let images = self.snapshotter.images().list();
        images.iter().map(|image| image.subject.created_ms).max().map_or(now_ms, |newest_ms| newest_ms.min(now_ms))
    }

    /// False when the node stops.
    fn await_round(&self, written: u64, since_ms: i64) -> bool {
        let mut state = self.state.lock();
        loop {
            if state.is_stopping {
                return false;
            }
            if std::mem::take(&mut state.is_wanted) || self.is_due(state.carried, written, since_ms) {
                return true;
            }
            self.wake.wait_for(&mut state, LOOK_INTERVAL);
        }
    }

    fn is_due(&self, carried: u64, written: u64, since_ms: i64) -> bool {
        let new_bytes = carried + self.log.stats().frame_bytes.saturating_sub(written);
        let elapsed = Duration::from_millis((self.clock.now_ms() - since_ms).max(0) as u64);
        let by_bytes = self.policy.log_bytes > 0 && new_bytes >= self.policy.log_bytes;
        let by_time = !self.policy.interval.is_zero() && elapsed >= self.policy.interval && new_bytes > 0;
        by_bytes || by_time
    }

    fn round(&self) {
        let journals = self.by_tail();
        self.begin_round(journals.len() as u32);
        for journal in journals {
            if self.state.lock().is_stopping {
                break;
            }
            let folded = self.fold(journal).map_err(|error| error.to_string());
            self.note(journal, folded.and_then(|folded| Ok((folded, self.trim()?))));
        }
        // Whoever is told that the round is over finds it counted.
        self.count_archive();
        self.count_round();
        self.change(|round| round.is_over = true);
    }

    fn count_round(&self) {
        let mut state = self.state.lock();
        let failed = state.rounds.back().map_or(0, |round| round.failed.len());
        state.finished += 1;
        state.failures += failed as u64;
    }

    /// Counts the archive; a disk that does not tell leaves the count before.
    fn count_archive(&self) {
        match self.log.reader().archived() {
            Ok(archived) => self.state.lock().archived = archived,
            Err(error) => tracing::error!(%error, "the archive is not counted"),
        }
    }

    /// All journals, the one with the longest tail first.
    fn by_tail(&self) -> Vec<JournalId> {
        let tail = |journal: &JournalId| {
            let covered =
                self.snapshotter.images().newest_first(*journal).first().map_or(0, |image| image.subject.cursor.number.0);
            self.log.position(*journal).map_or(0, |position| position.number.0.saturating_sub(covered))
        };
        let mut journals: Vec<JournalId> = (0..self.partitions).map(JournalId).chain([JournalId::CATALOG]).collect();
        journals.sort_by_cached_key(|journal| std::cmp::Reverse(tail(journal)));
        journals
    }

    fn fold(&self, journal: JournalId) -> Result<Folded, Error> {
        let (history, now_ms) = (self.log.history(), self.clock.now_ms());
        let mut tell = |frames| self.change(|round| round.frames += frames);
        match journal {
            JournalId::CATALOG => self.snapshotter.fold::<CatalogState>(journal, history, now_ms, &mut tell),
            journal => self.snapshotter.fold::<Partition>(journal, history, now_ms, &mut tell),
        }
    }

    /// A disk that fails here ends the process, by the log's own rule; whatever else keeps the log from being trimmed is told.
    fn trim(&self) -> Result<u64, String> {
        let trimmed = self.log.trim(&self.snapshotter.images().keep_from());
        trimmed.map(|trimmed| trimmed.segments).map_err(|error| format!("the log is not trimmed: {error}"))
    }

    fn begin_round(&self, journals: u32) {
        let mut state = self.state.lock();
        state.numbered += 1;
        if state.rounds.len() == ROUNDS_MAX {
            state.rounds.pop_front();
        }
        let round = Round::begin(state.numbered, self.clock.now_ms(), journals);
        state.rounds.push_back(round);
    }

    fn note(&self, journal: JournalId, result: Result<(Folded, u64), String>) {
        if let Err(error) = &result {
            tracing::error!(journal = journal.0, %error, "a snapshot failed; the log stays as long as it is");
        }
        self.change(|round| round.note(journal, result));
    }

    fn change(&self, change: impl FnOnce(&mut Round)) {
        let mut state = self.state.lock();
        let round = state.rounds.back_mut().expect("a round is under way");
        change(round);
        round.took = Duration::from_millis((self.clock.now_ms() - round.began_ms).max(0) as u64);
    }
}
