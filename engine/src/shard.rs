//! A shard: one thread's share of the partitions, as a plain struct driven by messages and time.
//!
//! [`Shard::turn`] is everything it does: letters first, then a bounded number of commands, then what
//! time brings; each partition it touched seals its frames; all answers and letters ride with them.
//! It waits for nothing, reads no clock and knows no thread.

mod books;
mod command;
mod lease;
mod line;
mod report;
mod void;

use crate::ledger::Ledger;
use crate::letter::{Batch, Letter, PostOffice, Request};
use crate::owned::Owned;
use crate::planted::{self, Planted};
use crate::turn::Turn;
use arrayvec::ArrayVec;
use std::collections::VecDeque;
use std::sync::Arc;
use tessera_domain::catalog::Catalog;
use tessera_domain::command::Keys;
use tessera_domain::event::{Event, Restocked};
use tessera_domain::keyed::IdHashKey;
use tessera_domain::lease::LesseeDesk;
use tessera_domain::{Context, Need, Partition, Pool, Reason};
use tessera_wal::{FullReason, Handover, Journal};

pub use books::{Books, HomeBook};
pub(crate) use line::happen;
pub use report::{LineReport, PartitionReport, ShardReport};

/// The limits of a shard, by name.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Commands decided in one turn.
    pub turn_commands_max: usize,
    /// Commands that wait in the inbox; beyond it they are refused with OVERLOADED.
    pub inbox_commands_max: usize,
    /// Requests that a node remembers, an even share in each partition; beyond it new writes are refused
    /// with REQUEST_STORE_FULL. Each takes some 50 bytes.
    pub requests_max: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { turn_commands_max: 2_048, inbox_commands_max: 65_536, requests_max: 1 << 27 }
    }
}

/// What all shards of a node share.
pub struct Settings {
    /// Partitions of the node.
    pub partitions: u16,
    /// The keyed hashes.
    pub key: IdHashKey,
    /// The key version that seals new codes.
    pub key_version: u8,
    /// The limits.
    pub limits: Limits,
}

/// One shard.
pub struct Shard {
    number: u16,
    settings: Arc<Settings>,
    office: Arc<dyn PostOffice>,
    catalog: Arc<Catalog>,
    /// By partition number; `None` where another shard owns it.
    owned: Vec<Option<Owned>>,
    inbox: VecDeque<Waiting>,
    queued_commands: usize,
    /// Whether a partition has to hear of void templates, or the catalog's owner that all have.
    must_hear: bool,
    /// Whether a catalog came whose owner waits for word.
    is_awaited: bool,
    next_tick_ms: i64,
    decided_commands: u64,
    turns: u64,
    /// Of the frames of the turn before: those of the next will be about as many.
    usual_bytes: usize,
}

/// Room for frames that a turn asks for before it has any, at most.
const USUAL_BYTES_MAX: usize = 1024 * 1024;

/// Between two looks at what only time brings, in ms.
const TICK_MS: i64 = 10;

impl Shard {
    /// A shard that owns nothing yet: its partitions are adopted as they come up.
    pub fn new(number: u16, settings: Arc<Settings>, office: Arc<dyn PostOffice>, catalog: Arc<Catalog>) -> Shard {
        let owned = (0..settings.partitions).map(|_| None).collect();
        Shard {
            number,
            settings,
            office,
            catalog,
            owned,
            inbox: VecDeque::new(),
            queued_commands: 0,
            must_hear: false,
            is_awaited: false,
            next_tick_ms: 0,
            decided_commands: 0,
            turns: 0,
            usual_bytes: 0,
        }
    }

    /// Owns a partition from now on; its tenure is durable.
    pub fn adopt(&mut self, ledger: Ledger<Partition>, wall_ms: i64) {
        let place = &mut self.owned[usize::from(ledger.state().id())];
        assert!(place.is_none(), "a partition has one owner");
        *place = Some(Owned::new(ledger, self.settings.partitions, wall_ms));
        self.must_hear = true;
    }

    /// Takes requests; gives them back if the inbox is full. I13.
    pub fn accept(&mut self, batch: Batch) -> Result<(), Batch> {
        let queued_commands = self.queued_commands + batch.requests.len();
        if queued_commands > self.settings.limits.inbox_commands_max && !planted::is(Planted::InboxUnbounded) {
            return Err(batch);
        }
        self.queued_commands = queued_commands;
        self.inbox.push_back(Waiting { batch, begin: 0 });
        Ok(())
    }

    /// Commands that wait.
    pub fn queued_commands(&self) -> usize {
        self.queued_commands
    }

    /// One turn at this wall time. Without room in the log nothing happens that would need it:
    /// writes are refused with LOG_FULL, reads go on.
    pub fn turn(
        &mut self,
        letters: impl IntoIterator<Item = Letter>,
        wall_ms: i64,
        has_log_room: bool,
    ) -> Vec<Handover<crate::letter::Passenger>> {
        self.turns += 1;
        let mut turn = Turn::new(self.office.clone());
        if self.queued_commands > 0 {
            turn.sealed.bytes.reserve(self.usual_bytes);
        }
        let mut scene = Scene { wall_ms, has_log_room, claimed: Vec::new(), restocked: Vec::new() };
        for letter in letters {
            // A message is decided with the catalog that came before it: what that says is void has to be heard first.
            self.hear(&scene, &mut turn);
            self.read(letter, &mut scene, &mut turn);
        }
        self.hear(&scene, &mut turn);
        self.run_commands(&mut scene, &mut turn);
        if wall_ms >= self.next_tick_ms {
            self.next_tick_ms = wall_ms + TICK_MS;
            self.tick(&mut scene, &mut turn);
        }
        self.serve_restocked(&mut scene, &mut turn);
        self.settle(&mut scene, &mut turn);
        self.seal(&mut turn);
        self.usual_bytes = turn.sealed.bytes.len().min(USUAL_BYTES_MAX);
        turn.hand_over()
    }

    /// Letters between partitions that find their partition not up yet are dropped: every one is repeated.
    fn read(&mut self, letter: Letter, scene: &mut Scene, turn: &mut Turn) {
        match letter {
            Letter::Lease { to, .. } | Letter::Line { to, .. } | Letter::LineAck { to, .. } if !self.owns(to) => {}
            Letter::Partition(ledger) => self.adopt(*ledger, scene.wall_ms),
            Letter::Lease { from, to, message } => self.read_lease(from, to, message, scene, turn),
            Letter::Line { from, to, number, message } => self.read_line(from, to, number, &message, scene, turn),
            Letter::LineAck { from, to, through } => self.read_ack(from, to, through, scene, turn),
            Letter::Catalog { shard, catalog } => {
                assert_eq!(shard, self.number, "a catalog is addressed to its shard");
                self.install(catalog);
            }
            Letter::Installed { .. } => unreachable!("installations are told to the catalog's owner"),
        }
    }

    /// From now on this shard decides with `catalog`; it says so when its partitions have heard of what is void.
    fn install(&mut self, catalog: Arc<Catalog>) {
        if catalog.lsn() > self.catalog.lsn() {
            self.catalog = catalog;
        }
        (self.must_hear, self.is_awaited) = (true, true);
    }

    fn owns(&self, partition: u16) -> bool {
        self.owned.get(usize::from(partition)).is_some_and(Option::is_some)
    }

    fn run_commands(&mut self, scene: &mut Scene, turn: &mut Turn) {
        let mut left = self.settings.limits.turn_commands_max;
        let mut keys = ArrayVec::<Keys, LOOKED_AHEAD_MAX>::new();
        while left > 0 {
            let Some(Waiting { mut batch, begin }) = self.inbox.pop_front() else { return };
            let end = batch.requests.len().min(begin + left);
            let mut answers = turn.answers_of(&batch.sink);
            answers.reserve(end - begin);
            for requests in batch.requests[begin..end].chunks_mut(LOOKED_AHEAD_MAX) {
                keys.clear();
                self.find_legacy(requests);
                self.look_ahead(requests, &mut keys);
                for (request, keys) in requests.iter().zip(&keys) {
                    self.run(request, keys, &batch.sink, scene, turn, &mut answers);
                }
            }
            turn.answer(&batch.sink, answers);
            left -= end - begin;
            self.queued_commands -= end - begin;
            self.decided_commands += (end - begin) as u64;
            if end < batch.requests.len() {
                self.inbox.push_front(Waiting { batch, begin: end });
            }
        }
    }

    /// Looks up what is named by codes of another house: what a command is known by is made of what it names.
    fn find_legacy(&self, requests: &mut [Request]) {
        for Request { partition, command, .. } in requests {
            command.find_legacy(|instrument| {
                if let Some(Some(owned)) = self.owned.get(usize::from(*partition)) {
                    owned.ledger.state().find_legacy(instrument);
                }
            });
        }
    }

    /// Hashes the commands' keys, once for all that follows, and looks at what they are about before any is decided: that lies far
    /// apart, and memory serves many looks at once in the time of one.
    fn look_ahead(&self, requests: &[Request], keys: &mut ArrayVec<Keys, LOOKED_AHEAD_MAX>) {
        keys.extend(requests.iter().map(|request| Keys::of(&request.command, &self.settings.key)));
        let seen = requests.iter().zip(&*keys).filter_map(|(request, keys)| {
            let owned = self.owned.get(usize::from(request.partition))?.as_ref()?;
            Some(owned.ledger.state().touch(&request.command, keys))
        });
        std::hint::black_box(seen.fold(0, |all, seen| all ^ seen));
    }

    /// What only time brings, for every partition of this shard.
    fn tick(&mut self, scene: &mut Scene, turn: &mut Turn) {
        for partition in 0..self.settings.partitions {
            if self.owned[usize::from(partition)].is_some() {
                self.tick_leases(partition, scene, turn);
                if scene.has_log_room {
                    self.tick_time(partition, scene, turn);
                    self.tick_sagas(partition, scene, turn);
                    self.tick_lines(partition, scene, turn);
                }
            }
        }
    }

    /// What is due in a partition: holds and value that expire, and what is forgotten, as much as one tick may take.
    fn tick_time(&mut self, partition: u16, scene: &mut Scene, turn: &mut Turn) {
        let owned = enter(&mut self.owned, partition, scene.wall_ms, self.catalog.lsn());
        let mut left = TICK_WORK_MAX;
        while left > 0 {
            let Some(events) = owned.ledger.state().decide_time(owned.ledger.now_ms()) else { return };
            owned.ledger.record_all(&events, &mut turn.sealed);
            note_restock(owned, restock_in(&events), scene);
            let is_forgetting = matches!(events[..], [Event::RequestsForgotten(_) | Event::Forgotten(_) | Event::DayDropped(_)]);
            left = left.saturating_sub(if is_forgetting { FORGETTING_WORK } else { 1 });
        }
    }

    /// Sagas that nobody answered, and orders whose cards elsewhere are let go.
    fn tick_sagas(&mut self, partition: u16, scene: &Scene, turn: &mut Turn) {
        self.enter(partition, scene).settle_sagas(turn);
    }

    /// The partition, begun for this turn.
    fn enter(&mut self, partition: u16, scene: &Scene) -> &mut Owned {
        enter(&mut self.owned, partition, scene.wall_ms, self.catalog.lsn())
    }

    fn seal(&mut self, turn: &mut Turn) {
        for owned in self.owned.iter_mut().flatten().filter(|owned| owned.in_turn) {
            owned.in_turn = false;
            owned.ledger.seal(&mut turn.sealed);
        }
    }
}

/// What has come back to a lease is there for who waits, and home hears of it.
fn note_restock(owned: &mut Owned, restocked: Option<Restocked>, scene: &mut Scene) {
    let Some(Restocked { template, pieces, cover, .. }) = restocked else { return };
    let now_ms = owned.ledger.now_ms();
    for (pool, amount) in [(Pool::stock(template), pieces), (Pool::budget(template), cover)] {
        if amount > 0 {
            owned.lessee.restocked(pool, now_ms);
        }
    }
    scene.restocked.push((owned.ledger.state().id(), template));
}

/// What comes back with these events: one coupon ends in one frame.
fn restock_in(events: &[Event<'_>]) -> Option<Restocked> {
    events.iter().find_map(|event| if let Event::Restocked(restocked) = event { Some(*restocked) } else { None })
}

/// As [`Shard::enter`], beside what else is borrowed of the shard.
fn enter(owned: &mut [Option<Owned>], partition: u16, wall_ms: i64, catalog_lsn: u64) -> &mut Owned {
    let owned = owned[usize::from(partition)].as_mut().expect("the router knows who owns a partition");
    if !owned.in_turn {
        owned.in_turn = true;
        owned.ledger.begin(wall_ms, catalog_lsn);
    }
    owned
}

/// What this shard decides with.
fn context<'a>(settings: &Settings, catalog: &'a Catalog, lessee: &'a LesseeDesk, now_ms: i64) -> Context<'a> {
    let requests_max = settings.limits.requests_max / u64::from(settings.partitions);
    Context { catalog, lessee, now_ms, key_version: settings.key_version, requests_max }
}

/// Work that time brings to one partition in one tick, in events of one entity: 64 in 10 ms are 6,400 expiries in a second, so
/// a million coupons of one end in 16 partitions are written off within 10 s. Nobody waits for it: reads and decisions count
/// what is due as expired.
const TICK_WORK_MAX: usize = 64;

/// An event that forgets takes up to 1,024 entities at once: it weighs as much as so many of one.
const FORGETTING_WORK: usize = 4;

/// Commands whose entities are looked at ahead together: enough that memory's answers overlap, few enough that what was looked at is
/// still near when it is decided.
const LOOKED_AHEAD_MAX: usize = 64;

/// A batch, of which the requests from `begin` on wait.
struct Waiting {
    batch: Batch,
    begin: usize,
}

/// What one turn carries along.
struct Scene {
    wall_ms: i64,
    has_log_room: bool,
    /// Partition of every claim of this turn, and what it takes of each pool.
    claimed: Vec<(u16, Need)>,
    /// Partition and template wherever something came back in this turn.
    restocked: Vec<(u16, u32)>,
}

impl Scene {
    /// A claim takes this; of many alike, one behind the other, one is noted.
    fn note_claim(&mut self, partition: u16, need: Need) {
        if self.claimed.last() != Some(&(partition, need)) {
            self.claimed.push((partition, need));
        }
    }
}

/// Hands a turn to the journal, whole.
///
/// # Panics
/// When the journal refuses frames of a turn that began with room: the state already has them, so the
/// process must end (law 5).
pub fn hand_over(journal: &dyn Journal<crate::letter::Passenger>, handovers: Vec<Handover<crate::letter::Passenger>>) {
    for handover in handovers {
        let mut handover = handover;
        // The queue is larger than all undurable turns together; the disk's reserve holds what a turn with room began.
        while let Err(full) = journal.append(handover) {
            assert!(full.reason == FullReason::Queue, "a turn that had room is taken: {:?}", full.reason);
            handover = full.handover;
            std::thread::yield_now();
        }
    }
}

/// The refusal for commands that no shard takes now.
pub fn refuse(batch: Batch, reason: Reason) {
    let answers = batch.requests.iter().map(|request| (request.tag, Err(reason.into()))).collect();
    batch.sink.deliver(answers);
}
