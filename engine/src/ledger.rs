//! A ledger: one journal's state with the frame that is being written.
//!
//! [`Ledger::record`] is the only way an event becomes a fact while the engine runs: it is encoded into
//! the open frame and applied to the state in one step, so that journal and memory cannot differ. A
//! frame is sealed when the turn ends, or earlier when it grows large, with the digest of the state
//! right after it. I6, I10.

use crate::letter::Passenger;
use crate::planted::{self, Planted};
use tessera_domain::catalog::CatalogState;
use tessera_domain::codec;
use tessera_domain::command::Keys;
use tessera_domain::event::Event;
use tessera_domain::image::{CatalogLoader, NotAnImage, NotTheState, PartitionCheck, PartitionLoader, Twins};
use tessera_domain::keyed::IdHashKey;
use tessera_domain::{Divergence, Group, Partition};
use tessera_wal::{Beginning, Cursor, Frame, FrameHeader, FrameKind, FrameNo, FullReason, Journal, JournalId, Lsn, seal};

/// Payload bytes at which a frame is sealed before its turn ends.
pub const FRAME_SPLIT_BYTES: usize = 256 * 1024;

/// Most bytes that one event takes.
const EVENT_BYTES_MAX: usize = codec::BODY_BYTES_MAX + codec::HEADER_BYTES;

const _: () = assert!(FRAME_SPLIT_BYTES + EVENT_BYTES_MAX <= tessera_wal::FRAME_PAYLOAD_BYTES_MAX);

/// State that is made from a journal, or from an image of it.
pub trait State: Sized {
    /// Makes it from an image.
    type Loader: Loader<State = Self>;
    /// Finds the digest of an image.
    type Check: Loader;
    /// The state of an empty journal.
    fn blank(journal: JournalId, key: IdHashKey) -> Self;
    /// Begins to make it from an image.
    fn loader(journal: JournalId, key: IdHashKey) -> Self::Loader;
    /// Begins to find the digest of an image, whose state nobody needs.
    fn check(journal: JournalId, key: IdHashKey) -> Self::Check;
    /// All of it as chunks of an image; what `pass_on` refuses ends it.
    fn save<E>(&self, pass_on: &mut dyn FnMut(&[u8]) -> Result<(), E>) -> Result<(), E>;
    /// Makes an event the next fact.
    fn apply(&mut self, time_ms: i64, event: &Event<'_>) -> Result<(), Divergence>;
    /// Applies a recorded frame and compares the digest.
    fn replay(&mut self, payload: &[u8], time_ms: i64, recorded: u64) -> Result<(), Divergence>;
    /// From now on a journal is rebuilt, and nobody asks for requests and orders until [`State::catch_up`].
    fn put_off(&mut self);
    /// The journal is rebuilt: requests and orders are found from now on, unless two have one key.
    fn catch_up(&mut self) -> Result<(), Twins>;
    /// The digest of all of it.
    fn digest(&self) -> u64;
    /// What each of its parts adds to that, by the part's name.
    fn digests(&self) -> Vec<(&'static str, u64)>;
    /// The lsn of the last event.
    fn lsn(&self) -> u64;
}

/// Makes a state from the chunks of its image.
pub trait Loader {
    /// What comes out.
    type State;
    /// Takes the next chunk.
    fn take(&mut self, chunk: &[u8]) -> Result<(), NotAnImage>;
    /// The state, if it is the one that was recorded by its digest.
    fn finish(self, recorded: u64) -> Result<Self::State, NotTheState>;
}

macro_rules! delegate_loader {
    ($loader:ty, $type:ty) => {
        impl Loader for $loader {
            type State = $type;
            fn take(&mut self, chunk: &[u8]) -> Result<(), NotAnImage> {
                <$loader>::take(self, chunk)
            }
            fn finish(self, recorded: u64) -> Result<$type, NotTheState> {
                <$loader>::finish(self, recorded)
            }
        }
    };
}
delegate_loader!(PartitionLoader, Partition);
delegate_loader!(PartitionCheck, ());
delegate_loader!(CatalogLoader, CatalogState);

macro_rules! delegate_state {
    ($type:ty, $loader:ident, $check:ident, |$journal:ident, $key:ident| $blank:expr, $begin:expr, $begin_check:expr) => {
        impl State for $type {
            type Loader = $loader;
            type Check = $check;
            fn blank($journal: JournalId, $key: IdHashKey) -> $type {
                $blank
            }
            fn loader($journal: JournalId, $key: IdHashKey) -> $loader {
                $begin
            }
            fn check($journal: JournalId, $key: IdHashKey) -> $check {
                $begin_check
            }
            fn save<E>(&self, pass_on: &mut dyn FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
                <$type>::save(self, pass_on)
            }
            fn apply(&mut self, time_ms: i64, event: &Event<'_>) -> Result<(), Divergence> {
                <$type>::apply(self, time_ms, event)
            }
            fn replay(&mut self, payload: &[u8], time_ms: i64, recorded: u64) -> Result<(), Divergence> {
                <$type>::replay(self, payload, time_ms, recorded)
            }
            fn put_off(&mut self) {
                <$type>::put_off(self)
            }
            fn catch_up(&mut self) -> Result<(), Twins> {
                <$type>::catch_up(self)
            }
            fn digest(&self) -> u64 {
                <$type>::digest(self)
            }
            fn digests(&self) -> Vec<(&'static str, u64)> {
                <$type>::digests(self).into()
            }
            fn lsn(&self) -> u64 {
                <$type>::lsn(self)
            }
        }
    };
}
delegate_state!(
    Partition,
    PartitionLoader,
    PartitionCheck,
    |journal, key| Partition::new(journal.0, key),
    PartitionLoader::new(journal.0, key),
    PartitionCheck::new(journal.0, key)
);
// A catalog is small: its image is checked by being loaded.
delegate_state!(
    CatalogState,
    CatalogLoader,
    CatalogLoader,
    |_journal, key| CatalogState::new(key),
    CatalogLoader::new(key),
    CatalogLoader::new(key)
);

/// Frames sealed and not yet handed over.
#[derive(Default)]
pub struct Sealed {
    /// Each one's bytes, back to back.
    pub bytes: Vec<u8>,
    /// Where each one ends.
    pub ends: Vec<usize>,
}

/// One journal's state and its open frame.
pub struct Ledger<S> {
    journal: JournalId,
    state: S,
    cursor: Cursor,
    payload: Vec<u8>,
    count: u32,
    now_ms: i64,
    catalog_lsn: u64,
}

/// Why a recorded frame cannot be taken.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// It does not follow the frame before.
    #[error("journal {journal}: {source}")]
    Continuity {
        /// The journal.
        journal: u16,
        /// What is wrong.
        #[source]
        source: tessera_wal::ContinuityError,
    },
    /// It does not lead to the state that was recorded with it.
    #[error("journal {journal}: {source}")]
    Divergence {
        /// The journal.
        journal: u16,
        /// What is wrong.
        #[source]
        source: Divergence,
    },
    /// Two of its events have one key.
    #[error("journal {journal}: {twins}")]
    Twins {
        /// The journal.
        journal: u16,
        /// What they made.
        twins: Twins,
    },
}

impl<S: State> Ledger<S> {
    /// An empty journal with its empty state.
    pub fn new(journal: JournalId, state: S) -> Ledger<S> {
        assert_eq!(state.lsn(), 0, "an empty journal has made nothing");
        Ledger { journal, state, cursor: Cursor::START, payload: Vec::new(), count: 0, now_ms: 0, catalog_lsn: 0 }
    }

    /// A journal as an image of it says that it stands.
    pub fn resume(journal: JournalId, state: S, cursor: Cursor, catalog_lsn: u64) -> Ledger<S> {
        assert_eq!(state.lsn(), cursor.lsn.0, "I10: the journal is where its state is");
        Ledger { journal, state, cursor, payload: Vec::new(), count: 0, now_ms: 0, catalog_lsn }
    }

    /// Which journal.
    pub fn journal(&self) -> JournalId {
        self.journal
    }

    /// The lsn of the catalog that its last frame was decided with.
    pub fn catalog_lsn(&self) -> u64 {
        self.catalog_lsn
    }

    /// The state with every recorded event applied.
    pub fn state(&self) -> &S {
        &self.state
    }

    /// The state alone.
    pub fn into_state(self) -> S {
        assert!(self.count == 0, "nothing is written any more");
        self.state
    }

    /// Where the journal stands after its last sealed frame.
    pub fn cursor(&self) -> &Cursor {
        &self.cursor
    }

    /// The time of this turn in this journal, ms.
    pub fn now_ms(&self) -> i64 {
        self.now_ms
    }

    /// From now on frames are replayed one after the other, and nobody asks the state for requests and orders until
    /// [`Ledger::catch_up`].
    pub fn put_off(&mut self) {
        self.state.put_off();
    }

    /// The last frame was replayed: the state is asked from now on.
    ///
    /// # Errors
    /// When two events of the journal have one key; then the state is of no use. I5.
    pub fn catch_up(&mut self) -> Result<(), ReplayError> {
        self.state.catch_up().map_err(|twins| ReplayError::Twins { journal: self.journal.0, twins })
    }

    /// Takes the next recorded frame.
    pub fn replay(&mut self, frame: &Frame<'_>) -> Result<(), ReplayError> {
        assert!(self.count == 0, "nothing is written while a journal is replayed");
        let journal = self.journal.0;
        self.cursor.accept(frame).map_err(|source| ReplayError::Continuity { journal, source })?;
        let header = &frame.header;
        self.state
            .replay(frame.payload, header.now_ms, header.digest)
            .map_err(|source| ReplayError::Divergence { journal, source })?;
        assert_eq!(self.state.lsn(), self.cursor.lsn.0, "a frame holds as many events as it says");
        self.catalog_lsn = header.catalog_lsn;
        Ok(())
    }

    /// Applies the events of the next frame up to `lsn`. From then on the state is only looked at: it
    /// stands inside a frame, and the cursor before it.
    pub fn replay_part(&mut self, frame: &Frame<'_>, lsn: u64) -> Result<(), ReplayError> {
        let journal = self.journal.0;
        self.cursor.clone().accept(frame).map_err(|source| ReplayError::Continuity { journal, source })?;
        apply_part(&mut self.state, frame, lsn).map_err(|source| ReplayError::Divergence { journal, source })
    }

    /// Begins a turn at this wall time: the journal's time never goes back.
    pub fn begin(&mut self, wall_ms: i64, catalog_lsn: u64) {
        assert!(self.count == 0, "the turn before has sealed its frames");
        let least_ms = if planted::is(Planted::TimeGoesBack) { 0 } else { self.cursor.now_ms.max(0) };
        self.now_ms = wall_ms.max(least_ms);
        self.catalog_lsn = catalog_lsn;
    }

    /// Makes an event a fact: into the frame and into the state.
    pub fn record(&mut self, event: &Event<'_>, sealed: &mut Sealed) {
        self.add(event);
        self.split(sealed);
    }

    /// Makes events facts that no crash comes between: all of them stand in one frame.
    pub fn record_all(&mut self, events: &[Event<'_>], sealed: &mut Sealed) {
        events.iter().for_each(|event| self.add(event));
        self.split(sealed);
    }

    /// Makes an event a fact in the same frame as the one that is made next: no crash comes between them. [`Ledger::split`] ends it.
    pub fn add(&mut self, event: &Event<'_>) {
        let applied = self.state.apply(self.now_ms, event);
        self.write(event, applied);
    }

    /// Seals the frame if it has grown large. What is added between two splits takes no more than one event may.
    pub fn split(&mut self, sealed: &mut Sealed) {
        if self.payload.len() >= FRAME_SPLIT_BYTES {
            self.seal(sealed);
        }
    }

    /// Writes an event that the state has taken.
    fn write(&mut self, event: &Event<'_>, applied: Result<(), Divergence>) {
        applied.expect("I6: what was decided on a state applies to it");
        codec::encode(event, &mut self.payload);
        self.count += 1;
    }

    /// Seals what was recorded; does nothing if nothing was.
    pub fn seal(&mut self, sealed: &mut Sealed) {
        if self.count == 0 {
            return;
        }
        let header = FrameHeader {
            journal: self.journal,
            number: FrameNo(self.cursor.number.0 + 1),
            tenure: self.cursor.tenure,
            first_lsn: Lsn(self.cursor.lsn.0 + 1),
            count: self.count,
            now_ms: self.now_ms,
            catalog_lsn: self.catalog_lsn,
            digest: self.state.digest(),
            kind: FrameKind::Events,
        };
        let chain = seal(&header, &self.payload, &self.cursor.chain, &mut sealed.bytes);
        sealed.ends.push(sealed.bytes.len());
        self.cursor.advance_sealed(&header, chain);
        assert_eq!(self.cursor.lsn.0, self.state.lsn(), "I10: the journal is where its state is");
        self.payload.clear();
        self.count = 0;
    }

    /// Appends the tenure record: the first frame of an owner. Nothing is served before `passenger` is released.
    ///
    /// # Errors
    /// When the journal takes nothing; then nothing has changed.
    pub fn begin_tenure(
        &mut self,
        journal: &dyn Journal<Passenger>,
        wall_ms: i64,
        catalog_lsn: u64,
        passenger: Passenger,
    ) -> Result<(), FullReason> {
        self.begin(wall_ms, catalog_lsn);
        let beginning = Beginning { journal: self.journal, now_ms: self.now_ms, catalog_lsn, digest: self.state.digest() };
        journal.begin_tenure(beginning, &mut self.cursor, passenger).map_err(|full| full.reason)
    }
}

impl Ledger<Partition> {
    /// As [`Ledger::add`], of an event that was decided by these keys.
    pub fn add_by(&mut self, event: &Event<'_>, keys: &Keys) {
        let applied = self.state.apply_by(self.now_ms, event, keys);
        self.write(event, applied);
    }

    /// Makes events facts that no crash may separate: all of them stand in one frame. The keys are those of the command that the last
    /// one answers.
    pub fn record_together(&mut self, group: &Group<'_>, keys: &Keys, sealed: &mut Sealed) {
        self.add_together(group, Some(keys));
        self.split(sealed);
    }

    /// The same, in one frame with what is added next; without keys where no command is answered. [`Ledger::split`] ends it.
    pub fn add_together(&mut self, group: &Group<'_>, keys: Option<&Keys>) {
        let before = self.payload.len();
        group.parts().for_each(|event| self.add(&event));
        match keys {
            Some(keys) => self.add_by(&group.closing(), keys),
            None => self.add(&group.closing()),
        }
        assert!(self.payload.len() - before <= EVENT_BYTES_MAX, "what happens together fits into a frame that is nearly full");
    }
}

fn apply_part<S: State>(state: &mut S, frame: &Frame<'_>, lsn: u64) -> Result<(), Divergence> {
    for event in codec::events(frame.payload) {
        if state.lsn() >= lsn {
            break;
        }
        let event = event.map_err(|why| Divergence::NotAnEvent { lsn: state.lsn() + 1, why })?;
        state.apply(frame.header.now_ms, &event)?;
    }
    Ok(())
}
