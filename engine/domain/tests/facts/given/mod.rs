//! Given: one partition and one catalog with the journals that made them, driven like a shard drives them.
//!
//! Every decision is applied and kept as an encoded frame with its digest, so that any world can be
//! rebuilt from its bytes at any moment; [`World::restart`] does it and compares every digest (I6).

pub mod asked;
pub mod cards;
pub mod ordered;
pub mod post;
pub mod ruled;
pub mod story;
pub mod told;

use post::happened;
use std::convert::Infallible;
use tessera_domain::catalog::{CatalogState, Limits};
use tessera_domain::command::{CatalogCommand, Command};
use tessera_domain::event::Event;
use tessera_domain::image::{CatalogLoader, NotAnImage, NotTheState, PartitionCheck, PartitionLoader};
use tessera_domain::keyed::IdHashKey;
use tessera_domain::lease::{Effects, LesseeDesk, Message};
use tessera_domain::{Context, Decision, Happening, Need, Partition, Pool, Rejection, Reply, codec};

/// The number of the partition.
pub const PARTITION: u16 = 3;

/// Encoded events, when they happened, and the digest of the state after them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    pub time_ms: i64,
    pub payload: Vec<u8>,
    pub digest: u64,
}

/// What a partition said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    Told(Reply),
    Refused(Rejection),
    Parked(Need),
    /// The answer comes when this saga ends.
    Waits(u64),
}

pub struct World {
    pub partition: Partition,
    pub catalog: CatalogState,
    pub desk: LesseeDesk,
    pub frames: Vec<Frame>,
    pub catalog_frames: Vec<Frame>,
    pub now_ms: i64,
    pub key_version: u8,
    pub requests_max: u64,
    pub catalog_limits: Limits,
    /// What those heard who waited, in the order of their answers.
    pub heard: Vec<Answer>,
    /// The lsn of the checkout that was told last.
    pub last_checkout: u64,
}

pub fn key() -> IdHashKey {
    IdHashKey::new(*b"tessera's facts!")
}

impl World {
    pub fn new() -> World {
        let partition = Partition::new(PARTITION, key());
        World {
            desk: LesseeDesk::start(partition.stock(), 0),
            partition,
            catalog: CatalogState::new(key()),
            frames: Vec::new(),
            catalog_frames: Vec::new(),
            now_ms: 1_000,
            key_version: 1,
            requests_max: 1_000,
            catalog_limits: Limits::default(),
            heard: Vec::new(),
            last_checkout: 0,
        }
    }

    /// Records what is due for what it is about, decides, applies and answers.
    pub fn ask(&mut self, command: &Command) -> Answer {
        let mut command = command.clone();
        command.find_legacy(|instrument| self.partition.find_legacy(instrument));
        let command = &command;
        while let Some(events) = self.partition.due(command, self.now_ms) {
            self.happen(&events);
        }
        let context = Context {
            catalog: self.catalog.catalog(),
            lessee: &self.desk,
            now_ms: self.now_ms,
            key_version: self.key_version,
            requests_max: self.requests_max,
        };
        let happening = match self.partition.decide(&context, command) {
            Decision::Answer(reply) => return Answer::Told(reply),
            Decision::Refuse(rejection) => return Answer::Refused(rejection),
            Decision::Park(need) => return Answer::Parked(need),
            Decision::HappenTogether(group) => {
                let events: Vec<_> = group.parts().chain([group.closing()]).collect();
                let frame = frame_of(&mut self.partition, self.now_ms, &events);
                self.frames.push(frame);
                return self.partition.latest_answer().map_or_else(Answer::Refused, Answer::Told);
            }
            Decision::Happen(events) => Happening { events, ..Happening::default() },
            Decision::Send(happening) => *happening,
            Decision::Open(happening) => {
                let frame = happened(&mut self.partition, self.now_ms, None, &happening);
                self.frames.push(frame);
                return Answer::Waits(self.partition.newest_saga());
            }
            Decision::Wait(saga) => return Answer::Waits(saga),
        };
        let frame = happened(&mut self.partition, self.now_ms, None, &happening);
        self.frames.push(frame);
        self.partition.latest_answer().map_or_else(Answer::Refused, Answer::Told)
    }

    /// Decides, applies and answers, in the catalog.
    pub fn ask_catalog(&mut self, command: &CatalogCommand) -> Answer {
        let payload = match self.catalog.decide(&self.catalog_limits, command) {
            Decision::Answer(reply) => return Answer::Told(reply),
            Decision::Refuse(rejection) => return Answer::Refused(rejection),
            Decision::Park(need) => return Answer::Parked(need),
            Decision::Happen(events) => encoded(&events),
            Decision::HappenTogether(_) => panic!("the catalog checks nothing out"),
            Decision::Send(_) | Decision::Open(_) | Decision::Wait(_) => panic!("a catalog has no lines"),
        };
        self.happen_in_catalog(payload);
        self.catalog.latest_answer().map_or_else(Answer::Refused, Answer::Told)
    }

    /// Events that no command caused.
    pub fn happen(&mut self, events: &[Event<'_>]) {
        let frame = frame_of(&mut self.partition, self.now_ms, events);
        self.frames.push(frame);
    }

    /// Time alone: forgets what is due, in the partition and in the catalog; gives how many events that took.
    pub fn forget(&mut self) -> usize {
        let mut events = self.forget_in_partition();
        while let Some(event) = self.catalog.decide_time(self.now_ms) {
            self.happen_in_catalog(encoded(&[event]));
            events += 1;
        }
        events
    }

    /// Time alone, in the partition only.
    pub fn forget_in_partition(&mut self) -> usize {
        let mut events = 0;
        while let Some(brought) = self.partition.decide_time(self.now_ms) {
            self.happen(&brought);
            events += brought.len();
        }
        events
    }

    /// What the catalog says is void, as a shard records it before it decides with that catalog.
    pub fn hear_voids(&mut self) {
        let catalog = self.catalog.catalog();
        let void = catalog.void().iter().map(|&template| catalog.get(template).expect("a void template").clone());
        for template in void.collect::<Vec<_>>() {
            for terms in self.partition.unheard(&template) {
                self.happen(&[Event::TermsVoided(terms)]);
            }
        }
    }

    /// Home says that a total is sold, for who needs so much.
    pub fn hear_sold_out(&mut self, pool: Pool, total: u64, need: u64) {
        let message = Message::SoldOut { pool, total, need, asked_ms: self.now_ms };
        let mut effects = Effects::default();
        self.desk.handle(self.partition.stock(), message, self.now_ms, &mut effects);
        assert!(effects.events.is_empty(), "a sold-out flag is soft");
    }

    /// Forgets everything but the journals, and makes the state from them again, and once more from its image.
    pub fn restart(&mut self) {
        let (partition, catalog) = (rebuilt(&self.frames), rebuilt_catalog(&self.catalog_frames));
        self.partition = from_image_and_tail(&self.frames);
        self.catalog = loaded_catalog(&saved_catalog(&catalog), catalog.digest()).expect("I6: an image is read back");
        let totals = |partition: &Partition| partition.value_totals().collect::<Vec<_>>();
        assert_eq!(totals(&self.partition), totals(&partition), "I2: what is derived from an image is what was derived live");
        self.desk = LesseeDesk::start(self.partition.stock(), self.now_ms);
    }

    /// The same, in the catalog.
    pub fn happen_in_catalog(&mut self, payload: Vec<u8>) {
        for event in codec::events(&payload) {
            let event = event.expect("what was just encoded decodes");
            self.catalog.apply(self.now_ms, &event).expect("what was just decided applies");
        }
        self.catalog_frames.push(Frame { time_ms: self.now_ms, payload, digest: self.catalog.digest() });
    }
}

/// I6: the partition that these frames make, every recorded digest compared.
pub fn rebuilt(frames: &[Frame]) -> Partition {
    replayed(Partition::new(PARTITION, key()), frames)
}

/// The same by an image, of all of the journal, or of half of it, or of nearly all, and the frames after it.
fn from_image_and_tail(frames: &[Frame]) -> Partition {
    let tail = [0, frames.len() / 2, frames.len() / 16][frames.len() % 3];
    let (covered, tail) = frames.split_at(frames.len() - tail);
    let covered = rebuilt(covered);
    replayed(loaded(&saved(&covered), covered.digest()).expect("I6: an image is read back"), tail)
}

/// What these frames make of a partition, while nobody asks it.
fn replayed(mut partition: Partition, frames: &[Frame]) -> Partition {
    partition.put_off();
    for frame in frames {
        partition.replay(&frame.payload, frame.time_ms, frame.digest).expect("I6: a journal replays to its digests");
    }
    partition.catch_up().expect("I5: a journal of ours has one effect for a key");
    partition
}

/// I6: the catalog that these frames make, every recorded digest compared.
pub fn rebuilt_catalog(frames: &[Frame]) -> CatalogState {
    let mut catalog = CatalogState::new(key());
    for frame in frames {
        catalog.replay(&frame.payload, frame.time_ms, frame.digest).expect("I6: a journal replays to its digests");
    }
    catalog
}

/// The chunks of a partition's image.
pub fn saved(partition: &Partition) -> Vec<Vec<u8>> {
    let mut chunks = Vec::new();
    let Ok(()) = partition.save(&mut |chunk| -> Result<(), Infallible> {
        chunks.push(chunk.to_vec());
        Ok(())
    });
    chunks
}

/// The chunks of a catalog's image.
pub fn saved_catalog(catalog: &CatalogState) -> Vec<Vec<u8>> {
    let mut chunks = Vec::new();
    let Ok(()) = catalog.save(&mut |chunk| -> Result<(), Infallible> {
        chunks.push(chunk.to_vec());
        Ok(())
    });
    chunks
}

/// Why chunks are not a state.
#[derive(Debug, PartialEq, Eq)]
pub enum Unloaded {
    /// They are no image.
    Refused(NotAnImage),
    /// They are the image of another state.
    OtherDigest(u64),
}

impl From<NotTheState> for Unloaded {
    fn from(why: NotTheState) -> Unloaded {
        match why {
            NotTheState::Digest(found) => Unloaded::OtherDigest(found),
            NotTheState::Content(why) => Unloaded::Refused(why),
        }
    }
}

/// The partition of an image, which is found whole without being loaded exactly when it can be loaded.
pub fn loaded(chunks: &[Vec<u8>], digest: u64) -> Result<Partition, Unloaded> {
    let mut loader = PartitionLoader::new(PARTITION, key());
    let taken = chunks.iter().try_for_each(|chunk| loader.take(chunk)).map_err(Unloaded::Refused);
    let loaded = taken.and_then(|()| loader.finish(digest).map_err(Unloaded::from));
    assert_eq!(is_whole(chunks, digest), loaded.is_ok(), "I6: what is found whole can be loaded, and nothing else");
    loaded
}

fn is_whole(chunks: &[Vec<u8>], digest: u64) -> bool {
    let mut check = PartitionCheck::new(PARTITION, key());
    chunks.iter().all(|chunk| check.take(chunk).is_ok()) && check.finish(digest).is_ok()
}

/// The catalog of an image.
pub fn loaded_catalog(chunks: &[Vec<u8>], digest: u64) -> Result<CatalogState, Unloaded> {
    let mut loader = CatalogLoader::new(key());
    chunks.iter().try_for_each(|chunk| loader.take(chunk)).map_err(Unloaded::Refused)?;
    loader.finish(digest).map_err(Unloaded::from)
}

/// The bytes of these events.
pub fn encoded(events: &[Event<'_>]) -> Vec<u8> {
    let mut payload = Vec::new();
    for event in events {
        codec::encode(event, &mut payload);
    }
    payload
}

fn frame_of(partition: &mut Partition, time_ms: i64, events: &[Event<'_>]) -> Frame {
    for event in events {
        partition.apply(time_ms, event).expect("what was just decided applies");
        hold_totals(partition);
    }
    Frame { time_ms, payload: encoded(events), digest: partition.digest() }
}

/// I2: the sums follow every event, and are those of a recount.
pub fn hold_totals(partition: &Partition) {
    let totals: Vec<_> = partition.value_totals().map(|(_, _, totals)| totals).collect();
    assert!(totals.iter().all(|totals| totals.are_whole()), "I2: {totals:?}");
    if partition.counts()[0] < 100 {
        assert_eq!(totals, partition.recount_value(), "I2: the totals are the sums of the coupons");
    }
}
