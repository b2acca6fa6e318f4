//! One life of a node: shards and the catalog's owner on the stepped log, from the end of recovery to the next crash.

use super::harbour::{Harbour, Pier};
use super::journal::SimJournal;
use crate::audit::Load;
use crate::plan::Plan;
use crate::planted::Planted;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tessera_domain::Partition;
use tessera_domain::catalog::CatalogState;
use tessera_domain::keyed::IdHashKey;
use tessera_engine::catalog::{CatalogOwner, CatalogRequest};
use tessera_engine::letter::{Batch, Letter, Passenger, Sink};
use tessera_engine::rebuild::Keys;
use tessera_engine::recovery::Recovered;
use tessera_engine::shard::{Limits, Settings, Shard, hand_over};
use tessera_engine::snapshotter::{self, Folded, Snapshotter};
use tessera_snapshot::Image;
use tessera_wal::storage::sim::SimStorage;
use tessera_wal::{Error, FrameNo, Handover, Journal, JournalId, Log, Worker};

/// The key version that seals new codes; the world opens none.
pub(crate) const KEY_VERSION: u8 = 1;

/// Connections of the clients.
const PIERS: usize = 3;

/// Turns of one actor that may be on their way to the disk, as in a node.
const UNDURABLE_TURNS_MAX: usize = 8;

/// Small, so that turns end and inboxes fill.
const LIMITS: Limits = Limits { turn_commands_max: 16, inbox_commands_max: 64, requests_max: 1 << 20 };

/// Images of one journal at most, between two snapshots.
const IMAGES_PER_JOURNAL_MAX: usize = 2;

/// Spare segments at most: those that options ask for, and one that a start found.
const SPARES_MAX: usize = 3;

/// Planted: so many frames behind the newest image leave before the next one is there.
const FRAMES_TRIMMED_EARLY: u64 = 1_000;

/// Why there is no snapshot.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SnapshotError {
    /// No image: nothing is lost.
    #[error(transparent)]
    Fold(snapshotter::Error),
    /// The log is not trimmed: a node ends, unless the disk is only full.
    #[error(transparent)]
    Trim(Error),
}

/// The key of all identifier hashes.
pub(crate) fn hash_key() -> IdHashKey {
    IdHashKey::new(*b"tessera's dreams")
}

/// What directories are rebuilt with.
pub(crate) fn keys() -> Keys {
    Keys { hash: hash_key(), check: 7 }
}

/// A running node.
pub(crate) struct Node {
    shards: Vec<Shard>,
    owner: CatalogOwner,
    catalog_inbox: VecDeque<CatalogRequest>,
    /// Turns under way of each shard, and of the catalog's owner at the end.
    undurable: Vec<Arc<AtomicUsize>>,
    pub(crate) journal: Arc<SimJournal>,
    worker: Worker<SimStorage, Passenger>,
    pub(crate) harbour: Arc<Harbour>,
    piers: Vec<Sink>,
    snapshotter: Snapshotter<SimStorage>,
    journals: usize,
    planted: Option<Planted>,
    /// Planted by the scheduler: nothing fits into the log.
    pub(crate) is_full: bool,
}

impl Node {
    /// Makes the tenures durable, then everything that serves.
    ///
    /// The journal comes back in any case: after a crash it knows what was under way.
    pub(crate) fn start(
        recovered: Recovered<SimStorage>,
        plan: &Plan,
        now_ms: i64,
        planted: Option<Planted>,
    ) -> (Arc<SimJournal>, Result<Node, Error>) {
        let Recovered { writer, images, mut catalog, mut partitions, .. } = recovered;
        let harbour = Arc::new(Harbour::default());
        let (log, mut worker) = Log::stepped(writer);
        let journal = Arc::new(SimJournal::new(log, harbour.clone(), planted));
        let nobody = || Passenger::Call(Box::new(|| {}));
        let catalog_lsn = catalog.state().lsn();
        catalog.begin_tenure(&*journal, now_ms, catalog_lsn, nobody()).expect("a new log takes tenures");
        for ledger in &mut partitions {
            ledger.begin_tenure(&*journal, now_ms, catalog_lsn, nobody()).expect("a new log takes tenures");
        }
        let tenures_durable = drain(&mut worker);
        let settings = Settings { partitions: plan.partitions, key: hash_key(), key_version: KEY_VERSION, limits: LIMITS };
        let (settings, shared) = (Arc::new(settings), Arc::new(catalog.state().catalog().clone()));
        let shard = |number| Shard::new(number, settings.clone(), harbour.clone(), shared.clone());
        let mut shards: Vec<Shard> = (0..plan.shards).map(shard).collect();
        for ledger in partitions {
            shards[usize::from(ledger.state().id() % plan.shards)].adopt(ledger, now_ms);
        }
        let node = Node {
            shards,
            snapshotter: Snapshotter::new(images, keys()),
            owner: CatalogOwner::new(catalog, harbour.clone(), plan.shards),
            catalog_inbox: VecDeque::new(),
            undurable: (0..=plan.shards).map(|_| Arc::default()).collect(),
            piers: (0..PIERS).map(|_| Arc::new(Pier(harbour.clone())) as Sink).collect(),
            journal: journal.clone(),
            worker,
            harbour,
            journals: usize::from(plan.partitions) + 1,
            planted,
            is_full: false,
        };
        (journal, tenures_durable.map(|()| node))
    }

    /// A connection.
    pub(crate) fn pier(&self, number: usize) -> &Sink {
        &self.piers[number % PIERS]
    }

    /// Gives a batch to a shard; back if its inbox is full.
    pub(crate) fn accept(&mut self, shard: u16, batch: Batch) -> Result<(), Batch> {
        self.shards[usize::from(shard)].accept(batch)
    }

    pub(crate) fn accept_catalog(&mut self, request: CatalogRequest) {
        self.catalog_inbox.push_back(request);
    }

    /// Whether an actor may begin a turn; the catalog's owner counts as the shard after the last.
    pub(crate) fn may_begin(&self, actor: u16) -> bool {
        self.undurable[usize::from(actor)].load(Ordering::Relaxed) < UNDURABLE_TURNS_MAX
    }

    /// A shard's turn.
    pub(crate) fn turn(&mut self, shard: u16, letters: Vec<Letter>, now_ms: i64) {
        let has_room = self.has_room();
        let handovers = self.shards[usize::from(shard)].turn(letters, now_ms, has_room);
        self.hand_over(shard, handovers);
    }

    /// A turn of the catalog's owner.
    pub(crate) fn catalog_turn(&mut self, letters: Vec<Letter>, now_ms: i64) {
        let has_room = self.has_room();
        let handovers = self.owner.turn(self.catalog_inbox.drain(..), letters, now_ms, has_room);
        self.hand_over(self.shards.len() as u16, handovers);
    }

    /// An operator's question whether all lines of a shard work.
    pub(crate) fn probe(&mut self, shard: u16, now_ms: i64) {
        if self.has_room() {
            let handovers = self.shards[usize::from(shard)].probe(now_ms);
            self.hand_over(shard, handovers);
        }
    }

    /// What it has in its hands. I13.
    pub(crate) fn load(&self, names: &[String]) -> Load {
        let undurable = self.undurable.iter().map(|turns| turns.load(Ordering::Relaxed));
        let count = |prefix: &str| names.iter().filter(|name| name.starts_with(prefix)).count();
        Load {
            queued_commands: self.shards.iter().map(Shard::queued_commands).max().unwrap_or(0),
            queued_commands_max: LIMITS.inbox_commands_max,
            undurable_turns: undurable.max().unwrap_or(0),
            undurable_turns_max: UNDURABLE_TURNS_MAX,
            images: count("image-"),
            images_max: IMAGES_PER_JOURNAL_MAX * self.journals,
            spares: count("spare-"),
            spares_max: SPARES_MAX,
        }
    }

    /// The images that the manifest names.
    pub(crate) fn images(&self) -> Vec<Image> {
        self.snapshotter.images().list()
    }

    /// One group; false when nothing waits.
    pub(crate) fn commit(&mut self) -> Result<bool, Error> {
        self.worker.step()
    }

    /// What the log does when it is idle.
    pub(crate) fn idle(&mut self) -> Result<(), Error> {
        self.worker.idle()?;
        self.worker.prepare_spare()
    }

    /// The next image of a journal, and a log that is trimmed by it. True when there is a new one.
    pub(crate) fn snapshot(&self, journal: JournalId, now_ms: i64) -> Result<bool, SnapshotError> {
        let history = self.journal.history();
        if self.planted == Some(Planted::TrimmedEarly) {
            self.trim_early(journal)?;
        }
        let folded = match journal {
            JournalId::CATALOG => self.snapshotter.fold::<CatalogState>(journal, history, now_ms, &mut |_| {}),
            journal => self.snapshotter.fold::<Partition>(journal, history, now_ms, &mut |_| {}),
        };
        let folded = folded.map_err(SnapshotError::Fold)?;
        self.journal.trim(&self.snapshotter.images().keep_from()).map_err(SnapshotError::Trim)?;
        Ok(matches!(folded, Folded::Image(_)))
    }

    /// Planted: the log loses what only the image to come will have.
    fn trim_early(&self, journal: JournalId) -> Result<(), SnapshotError> {
        let mut keep_from = self.snapshotter.images().keep_from();
        if let Some(image) = self.snapshotter.images().newest_first(journal).first() {
            keep_from.insert(journal, FrameNo(image.subject.cursor.number.0 + FRAMES_TRIMMED_EARLY));
        }
        self.journal.trim(&keep_from).map_err(SnapshotError::Trim).map(drop)
    }

    fn has_room(&self) -> bool {
        !self.is_full && self.journal.has_room()
    }

    fn hand_over(&self, actor: u16, mut handovers: Vec<Handover<Passenger>>) {
        let Some(last) = handovers.last_mut() else { return };
        let undurable = self.undurable[usize::from(actor)].clone();
        undurable.fetch_add(1, Ordering::Relaxed);
        let landed = move || {
            undurable.fetch_sub(1, Ordering::Relaxed);
        };
        last.passengers.push(Passenger::Call(Box::new(landed)));
        hand_over(&*self.journal, handovers);
    }
}

fn drain(worker: &mut Worker<SimStorage, Passenger>) -> Result<(), Error> {
    while worker.step()? {}
    Ok(())
}
