//! The actors: thin shells that feed a shard, or the catalog's owner, with mailbox, time and log room.
//!
//! Each lives on its own thread. A turn runs when a wake-up arrives; wake-ups queue behind what is
//! already in the mailbox, so that batches size themselves. Too many turns on their way to the disk
//! stop it until one has arrived. A panic inside a turn ends the process: a half-applied actor is never
//! continued (law 5).

use crate::catalog::{CatalogOwner, CatalogRequest};
use crate::clock::Clock;
use crate::lane::{Lane, Wake};
use crate::letter::{Batch, Passenger};
use crate::replay::Live;
use crate::shard::{Books, Shard, ShardReport, hand_over, refuse};
use actix::{Actor, Addr, Context, Handler, Message};
use std::collections::VecDeque;
use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use tessera_domain::Reason;
use tessera_wal::{Handover, Journal, Log};
use tokio::sync::oneshot;

/// Messages that a mailbox holds.
pub(crate) const MAILBOX_MESSAGES_MAX: usize = 16_384;

/// Turns of one actor that may be on their way to the disk.
const UNDURABLE_TURNS_MAX: usize = 8;

/// What every actor has.
pub(crate) struct Shell {
    pub(crate) lane: Arc<Lane>,
    pub(crate) journal: Arc<Log<Passenger>>,
    pub(crate) clock: Arc<dyn Clock>,
    undurable: Arc<Undurable>,
}

#[derive(Default)]
struct Undurable {
    turns: AtomicUsize,
    is_waited_for: AtomicBool,
}

impl Shell {
    pub(crate) fn new(lane: Arc<Lane>, journal: Arc<Log<Passenger>>, clock: Arc<dyn Clock>) -> Shell {
        Shell { lane, journal, clock, undurable: Arc::default() }
    }

    /// Whether a turn may begin; if not, the actor is woken when one has become durable.
    fn may_begin(&self) -> bool {
        let is_full = || self.undurable.turns.load(Ordering::Acquire) >= UNDURABLE_TURNS_MAX;
        if !is_full() {
            return true;
        }
        self.undurable.is_waited_for.store(true, Ordering::Release);
        // The last of them may have arrived in between.
        !is_full()
    }

    fn undurable_turns(&self) -> usize {
        self.undurable.turns.load(Ordering::Acquire)
    }

    fn has_log_room(&self) -> bool {
        self.journal.has_room()
    }

    /// Hands a turn over, counted until it is durable.
    fn hand_over(&self, mut handovers: Vec<Handover<Passenger>>) {
        let Some(last) = handovers.last_mut() else { return };
        self.undurable.turns.fetch_add(1, Ordering::AcqRel);
        let (undurable, lane) = (self.undurable.clone(), self.lane.clone());
        last.passengers.push(Passenger::Call(Box::new(move || {
            undurable.turns.fetch_sub(1, Ordering::AcqRel);
            if undurable.is_waited_for.swap(false, Ordering::AcqRel) {
                lane.wake();
            }
        })));
        hand_over(&*self.journal, handovers);
    }
}

/// Ends the process if the scope is left by a panic.
pub(crate) struct AbortOnPanic;

impl Drop for AbortOnPanic {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let words = b"tessera: a thread panicked; the process ends, the log has every acknowledged write\n";
            // Where nobody hears the last words, the process ends without them.
            let _ = std::io::stderr().write_all(words);
            std::process::abort();
        }
    }
}

/// A shard on its thread.
pub(crate) struct ShardActor {
    pub(crate) shard: Shard,
    pub(crate) shell: Shell,
}

impl Actor for ShardActor {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        context.set_mailbox_capacity(MAILBOX_MESSAGES_MAX);
    }
}

impl Message for Batch {
    type Result = ();
}

impl Handler<Batch> for ShardActor {
    type Result = ();

    fn handle(&mut self, batch: Batch, _: &mut Self::Context) {
        let _guard = AbortOnPanic;
        match self.shard.accept(batch) {
            Ok(()) => self.shell.lane.wake(),
            Err(batch) => refuse(batch, Reason::Overloaded),
        }
    }
}

impl Handler<Wake> for ShardActor {
    type Result = ();

    fn handle(&mut self, _: Wake, _: &mut Self::Context) {
        let _guard = AbortOnPanic;
        self.shell.lane.has_woken();
        if !self.shell.may_begin() {
            return;
        }
        let letters = self.shell.lane.take();
        let handovers = self.shard.turn(letters, self.shell.clock.now_ms(), self.shell.has_log_room());
        self.shell.hand_over(handovers);
        if self.shard.queued_commands() > 0 {
            self.shell.lane.wake();
        }
    }
}

/// A question; the answer is handed over once what it rests on is durable. A question that is dropped tells that there is none.
pub(crate) struct Ask<T>(Box<dyn FnOnce(T) + Send>);

impl<T: Send + 'static> Ask<T> {
    /// Asks; whoever has stopped or is overloaded drops the question.
    pub(crate) fn of<A>(addr: &Addr<A>) -> oneshot::Receiver<T>
    where
        A: Actor<Context = Context<A>> + Handler<Ask<T>>,
    {
        let (tell, answer) = oneshot::channel();
        let _ = addr.try_send(Ask(Box::new(move |told| drop(tell.send(told)))));
        answer
    }
}

impl<T> Message for Ask<T> {
    type Result = ();
}

impl Handler<Ask<ShardReport>> for ShardActor {
    type Result = ();

    fn handle(&mut self, ask: Ask<ShardReport>, _: &mut Self::Context) {
        let _guard = AbortOnPanic;
        let (undurable_turns, tell) = (self.shell.undurable_turns() as u64, ask.0);
        let handovers = self.shard.report(move |report| tell(ShardReport { undurable_turns, ..report }));
        self.shell.hand_over(handovers);
    }
}

impl Handler<Ask<Vec<Books>>> for ShardActor {
    type Result = ();

    fn handle(&mut self, ask: Ask<Vec<Books>>, _: &mut Self::Context) {
        let _guard = AbortOnPanic;
        let handovers = self.shard.books(ask.0);
        self.shell.hand_over(handovers);
    }
}

impl Handler<Ask<Live>> for CatalogActor {
    type Result = ();

    fn handle(&mut self, ask: Ask<Live>, _: &mut Self::Context) {
        let _guard = AbortOnPanic;
        let handovers = self.owner.report(ask.0);
        self.shell.hand_over(handovers);
    }
}

/// Asks a shard to probe its lines.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct Probe;

impl Handler<Probe> for ShardActor {
    type Result = ();

    fn handle(&mut self, _: Probe, _: &mut Self::Context) {
        let _guard = AbortOnPanic;
        if self.shell.has_log_room() {
            let handovers = self.shard.probe(self.shell.clock.now_ms());
            self.shell.hand_over(handovers);
        }
    }
}

/// The catalog's owner on its thread.
pub(crate) struct CatalogActor {
    pub(crate) owner: CatalogOwner,
    pub(crate) shell: Shell,
    pub(crate) inbox: VecDeque<CatalogRequest>,
}

impl Actor for CatalogActor {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        context.set_mailbox_capacity(MAILBOX_MESSAGES_MAX);
    }
}

impl Message for CatalogRequest {
    type Result = ();
}

impl Handler<CatalogRequest> for CatalogActor {
    type Result = ();

    fn handle(&mut self, request: CatalogRequest, _: &mut Self::Context) {
        let _guard = AbortOnPanic;
        self.inbox.push_back(request);
        self.shell.lane.wake();
    }
}

impl Handler<Wake> for CatalogActor {
    type Result = ();

    fn handle(&mut self, _: Wake, _: &mut Self::Context) {
        let _guard = AbortOnPanic;
        self.shell.lane.has_woken();
        if !self.shell.may_begin() {
            return;
        }
        let (letters, now_ms) = (self.shell.lane.take(), self.shell.clock.now_ms());
        let handovers = self.owner.turn(self.inbox.drain(..), letters, now_ms, self.shell.has_log_room());
        self.shell.hand_over(handovers);
    }
}
