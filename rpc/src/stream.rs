//! A conversation: one bidirectional stream of requests and outcomes, batched both ways.
//!
//! What has arrived together goes to the engine as few bundles, and the answers of a turn return as one message. Messages pass as
//! bytes: requests are read where they arrived, outcomes are written where they leave. Each request
//! holds a slot from the moment it is read until its outcome is sent; without a free slot nothing is read. So a slow
//! reader stops its own requests, and the engine never holds more than a stream's slots for it. The stream is
//! driven by its reader: no task, no queue beside the slots. Only a stream of bulk work has one more, for the rows of one
//! message, which wait there for the [`Gate`](crate::gate::Gate).

use std::{borrow::Cow, collections::VecDeque, sync::Arc, time::Instant};

use futures_util::{FutureExt, Stream, StreamExt, stream};
use prost::bytes::Bytes;
use tessera_engine::{
    Bundle, Router,
    letter::{Answer, Request, Sink},
};
use tessera_proto::{
    v1::Refusal,
    wire::{Fields, ITEMS, Malformed},
};
use tokio::sync::{mpsc, watch};
use tonic::{Status, Streaming};

use crate::{
    convert::refusal,
    desk::{Closing, Desk, refuse},
    domain::{
        Id, Reason, Rejection, Reply,
        command::{Command, Write},
    },
    gate::Gate,
    limits::{STREAM_IN_FLIGHT_MAX, STREAM_ITEMS_MAX},
    meter::{Outcome, Tally},
    mouth,
    outbox::Outbox,
    seals::Seals,
    slots::Slots,
    status,
};

/// What differs between a stream of claims, one of redemptions and that of a till. In the messages of all three the items are field 1.
pub trait Item: 'static {
    /// What is kept of a request until its outcome: its id, which begins that, and more where it is needed.
    type Kept: AsRef<str> + Send;
    /// The method's path.
    const PATH: &'static str;
    /// Where the requests stand in a message.
    const FIELD: &'static str;
    /// Whether it is bulk work, which makes room for everything else.
    const IS_BULK: bool = false;

    /// Reads a request out of its bytes.
    fn read<'a>(seals: Seals<'_>, request: &'a [u8]) -> Result<Asked<'a, Self::Kept>, Malformed>;
    /// Writes the outcome of a request that was accepted.
    fn accepted(seals: Seals<'_>, kept: &Self::Kept, reply: &Reply, out: &mut Vec<u8>);
    /// Writes the outcome of a request that was refused.
    fn refused(request_id: &str, refusal: Refusal, out: &mut Vec<u8>);
}

/// A request as it was read.
pub struct Asked<'a, K> {
    /// Its id, as the caller wrote it.
    pub request_id: Cow<'a, str>,
    /// What is kept of it, the command and the partition that decides it; what is malformed in itself is refused.
    pub admitted: Result<(K, u16, Command), Rejection>,
}

impl<'a, K> Asked<'a, K> {
    /// A write, and what to `keep` of it beside its id.
    pub fn write<W: Write>(request_id: &'a str, asked: Result<(u16, W), Rejection>, keep: impl FnOnce(Id) -> K) -> Self {
        let admitted = asked.map(|(home, write)| (keep(write.request_id().clone()), home, write.into()));
        Asked { request_id: request_id.into(), admitted }
    }

    /// The same, that borrows nothing.
    pub fn into_owned(self) -> Asked<'static, K> {
        Asked { request_id: self.request_id.into_owned().into(), admitted: self.admitted }
    }
}

/// A bundle of so many requests goes to the engine although more of them are here.
const BUNDLE_REQUESTS_MIN: usize = 64;

/// The method's name, as the contract has it.
fn method<I: Item>() -> &'static str {
    I::PATH.rsplit_once('/').map_or(I::PATH, |(_, method)| method)
}

/// One stream's state.
struct Conversation<I: Item> {
    router: Router,
    messages: Streaming<Bytes>,
    closing: watch::Receiver<Option<Closing>>,
    /// What is kept of each request, and when it was read.
    slots: Slots<(I::Kept, Instant)>,
    tally: Tally,
    sink: Sink,
    answers: mpsc::Receiver<Vec<(u64, Answer)>>,
    outbox: Outbox,
    /// Before which bulk work waits, and what waits.
    gate: Option<Arc<Gate>>,
    waiting: VecDeque<(I::Kept, u16, Command)>,
    /// What the stream ends with once nothing is awaited; `None` while it reads.
    end: Option<Result<(), Status>>,
}

/// Answers `messages` until they end, the desk closes or one of them cannot be read.
pub fn converse<I: Item>(
    desk: &Desk,
    messages: Streaming<Bytes>,
) -> Result<impl Stream<Item = Result<Bytes, Status>> + Send + use<I>, Status> {
    let (sink, answers) = mouth::open(STREAM_IN_FLIGHT_MAX);
    let gate = I::IS_BULK.then(|| desk.gate().clone());
    let sink = gate.as_ref().map_or(sink.clone(), |gate| gate.counted(sink));
    let conversation = Conversation::<I> {
        router: desk.router()?.clone(),
        closing: desk.closing(),
        messages,
        slots: Slots::new(),
        tally: Tally::open(desk.meter().clone(), desk.meter().named(method::<I>())),
        sink,
        answers,
        outbox: Outbox::default(),
        gate,
        waiting: VecDeque::new(),
        end: None,
    };
    Ok(stream::unfold(conversation, |mut conversation| async move {
        let next = conversation.next().await?;
        Some((next, conversation))
    }))
}

/// What a conversation wakes up for.
enum Event {
    Answers(Vec<(u64, Answer)>),
    /// So many rows may pass the gate.
    Passage(usize),
    Message(Option<Result<Bytes, Status>>),
    Closing,
}

impl<I: Item> Conversation<I> {
    /// The next message of outcomes, or the end.
    async fn next(&mut self) -> Option<Result<Bytes, Status>> {
        loop {
            if let Some(response) = self.respond() {
                return Some(Ok(response));
            }
            if self.slots.is_empty() && self.waiting.is_empty() && self.end.is_some() {
                // The end is said once: an error is sent, then the stream is over.
                let end = self.end.replace(Ok(()))?;
                return end.err().map(Err);
            }
            match self.event().await {
                Event::Answers(answers) => self.take(answers),
                Event::Passage(rows) => self.pass(rows),
                Event::Message(message) => self.read(message),
                Event::Closing => self.close(),
            }
        }
    }

    async fn event(&mut self) -> Event {
        let (reading, may_read) = (self.end.is_none(), self.reads());
        let may_pass = !self.waiting.is_empty() && self.slots.have_room(self.waiting.len());
        tokio::select! {
            biased;
            Some(answers) = self.answers.recv() => Event::Answers(answers),
            _ = self.closing.wait_for(Option::is_some), if reading => Event::Closing,
            rows = passage(self.gate.as_deref(), self.waiting.len()), if may_pass => Event::Passage(rows),
            message = self.messages.next(), if may_read => Event::Message(message),
        }
    }

    /// Whether another message is read: each of its items finds a slot, and none of the last one waits.
    fn reads(&self) -> bool {
        self.end.is_none() && self.waiting.is_empty() && self.slots.have_room(STREAM_ITEMS_MAX)
    }

    /// Nothing more is asked, and what waits is refused.
    fn close(&mut self) {
        let (draining, now) = (Rejection::from(Reason::Draining), Instant::now());
        for (kept, ..) in self.waiting.drain(..) {
            self.tally.end(Outcome::Refused(draining.reason), now, now);
            self.outbox.push(|out| I::refused(kept.as_ref(), refusal::of(&draining), out));
        }
        self.tally.settle(now);
        self.end = Some(Err(refuse(&draining)));
    }

    /// The first that wait go to the engine.
    fn pass(&mut self, rows: usize) {
        let (mut bundle, now) = (self.router.bundle(), Instant::now());
        for (kept, partition, command) in self.waiting.drain(..rows) {
            let tag = self.slots.take((kept, now));
            bundle.push(Request { partition, tag, command });
        }
        self.router.submit(bundle, &self.sink);
    }

    /// One message of what is ready, with the answers that came meanwhile.
    fn respond(&mut self) -> Option<Bytes> {
        while !self.outbox.has_full() {
            let Ok(answers) = self.answers.try_recv() else { break };
            self.take(answers);
        }
        self.outbox.pop()
    }

    fn take(&mut self, answers: Vec<(u64, Answer)>) {
        let (seals, now) = (Seals::of(&self.router), Instant::now());
        self.outbox.reserve(answers.len());
        let mut sent = None;
        for (tag, answer) in &answers {
            let (kept, began) = self.slots.free(*tag);
            sent.get_or_insert(began);
            self.tally.end(Outcome::of(answer), began, now);
            self.outbox.push(|out| match answer {
                Ok(reply) => I::accepted(seals, &kept, reply, out),
                Err(rejection) => I::refused(kept.as_ref(), refusal::of(rejection), out),
            });
        }
        if let Some((gate, sent)) = self.gate.as_ref().zip(sent) {
            gate.note(sent, now);
        }
        self.tally.settle(now);
    }

    /// Submits this message and every further one that is here already: small ones together, others each by itself, so that no bundle
    /// is moved as it grows.
    fn read(&mut self, first: Option<Result<Bytes, Status>>) {
        let (mut bundle, began) = (self.router.bundle(), Instant::now());
        let mut next = Some(first);
        while let Some(message) = next {
            match message {
                Some(Ok(message)) => {
                    if let Err(Malformed(what)) = self.admit(&message, began, &mut bundle) {
                        self.end = Some(Err(status::malformed(what)));
                    }
                }
                Some(Err(fault)) => self.end = Some(Err(status::unreadable(&fault).unwrap_or(fault))),
                None => self.end = Some(Ok(())),
            }
            if bundle.len() >= BUNDLE_REQUESTS_MIN {
                self.router.submit(std::mem::replace(&mut bundle, self.router.bundle()), &self.sink);
            }
            let more = self.reads() && !self.outbox.has_full();
            next = if more { self.messages.next().now_or_never() } else { None };
        }
        self.tally.settle(Instant::now());
        self.router.submit(bundle, &self.sink);
    }

    /// Gives each request a slot; what is malformed in itself has its outcome already. Bytes that are no message end the stream, and
    /// what stood before them is answered.
    fn admit(&mut self, message: &[u8], began: Instant, bundle: &mut Bundle) -> Result<(), Malformed> {
        let requests = items(message)?;
        let too_many = requests.len() > STREAM_ITEMS_MAX;
        let seals = Seals::of(&self.router);
        self.tally.begin(requests.len());
        bundle.reserve(requests.len());
        for request in requests {
            let Asked { request_id, admitted } = I::read(seals, request)?;
            match admitted {
                Ok(asked) if !too_many && I::IS_BULK => self.waiting.push_back(asked),
                Ok((kept, partition, command)) if !too_many => {
                    let tag = self.slots.take((kept, began));
                    bundle.push(Request { partition, tag, command });
                }
                admitted => {
                    let many = Rejection::invalid(I::FIELD, STREAM_ITEMS_MAX as i64);
                    let rejection = admitted.err().filter(|_| !too_many).unwrap_or(many);
                    self.tally.end(Outcome::Refused(rejection.reason), began, began);
                    self.outbox.push(|out| I::refused(&request_id, refusal::of(&rejection), out));
                }
            }
        }
        Ok(())
    }
}

/// How many of those that wait may pass; where there is no gate nothing waits.
async fn passage(gate: Option<&Gate>, waiting: usize) -> usize {
    match gate {
        Some(gate) => gate.enter(waiting).await,
        None => std::future::pending().await,
    }
}

/// The items of a message.
fn items(message: &[u8]) -> Result<Vec<&[u8]>, Malformed> {
    let (mut fields, mut items) = (Fields::of(message), Vec::new());
    while let Some(field) = fields.read()? {
        if field.number == ITEMS {
            items.push(field.value.bytes()?);
        }
    }
    Ok(items)
}
