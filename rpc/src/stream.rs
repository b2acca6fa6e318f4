//! A conversation: one bidirectional stream of requests and outcomes, batched both ways.
//!
//! What has arrived together goes to the engine as one batch, and the answers of a turn return as one message. Each request
//! holds a slot from the moment it is read until its outcome is sent; without a free slot nothing is read. So a slow
//! reader stops its own requests, and the engine never holds more than a stream's slots for it. The stream is
//! driven by its reader: no task, no queue beside the slots.

use std::time::Instant;

use futures_util::{FutureExt, Stream, StreamExt, stream};
use tessera_engine::{
    Router,
    letter::{Answer, Request, Sink},
};
use tessera_proto::v1::Refusal;
use tokio::sync::{mpsc, watch};
use tonic::{Status, Streaming};

use crate::{
    convert::refusal,
    desk::{Closing, Desk, refuse},
    domain::{Reason, Rejection, Reply, command::Command},
    limits::{STREAM_IN_FLIGHT_MAX, STREAM_ITEMS_MAX},
    meter::{Outcome, Tally},
    mouth,
    seals::Seals,
    slots::Slots,
    status,
};

/// What differs between a stream of claims, one of redemptions and that of a till.
pub trait Item: Send + 'static {
    /// A message of requests.
    type Message: Send;
    /// One request.
    type Request: Send;
    /// What is kept of a request until its outcome: its id at least.
    type Kept: Send;
    /// One outcome.
    type Outcome: Send;
    /// A message of outcomes.
    type Response: Send;
    /// The method, as the contract names it.
    const METHOD: &'static str;
    /// Where the requests stand in a message.
    const FIELD: &'static str;

    /// The requests of a message.
    fn requests(message: Self::Message) -> Vec<Self::Request>;
    /// What is kept of a request.
    fn kept(request: &Self::Request) -> Self::Kept;
    /// A request as a command, and the partition that decides it.
    fn command(seals: Seals<'_>, request: Self::Request) -> Result<(u16, Command), Rejection>;
    /// The outcome of a request that was accepted.
    fn accepted(seals: Seals<'_>, kept: Self::Kept, reply: Reply) -> Self::Outcome;
    /// The outcome of a request that was refused.
    fn refused(kept: Self::Kept, refusal: Refusal) -> Self::Outcome;
    /// A message of these outcomes.
    fn response(outcomes: Vec<Self::Outcome>) -> Self::Response;
}

/// One stream's state.
struct Conversation<I: Item> {
    router: Router,
    messages: Streaming<I::Message>,
    closing: watch::Receiver<Option<Closing>>,
    /// What is kept of each request, and when it was read.
    slots: Slots<(I::Kept, Instant)>,
    tally: Tally,
    sink: Sink,
    answers: mpsc::Receiver<Vec<(u64, Answer)>>,
    ready: Vec<I::Outcome>,
    /// What the stream ends with once nothing is awaited; `None` while it reads.
    end: Option<Result<(), Status>>,
}

/// Answers `messages` until they end, the desk closes or one of them cannot be read.
pub fn converse<I: Item>(
    desk: &Desk,
    messages: Streaming<I::Message>,
) -> Result<impl Stream<Item = Result<I::Response, Status>> + Send + use<I>, Status> {
    let (sink, answers) = mouth::open(STREAM_IN_FLIGHT_MAX);
    let conversation = Conversation::<I> {
        router: desk.router()?.clone(),
        closing: desk.closing(),
        messages,
        slots: Slots::new(),
        tally: Tally::open(desk.meter().clone(), desk.meter().named(I::METHOD)),
        sink,
        answers,
        ready: Vec::new(),
        end: None,
    };
    Ok(stream::unfold(conversation, |mut conversation| async move {
        let next = conversation.next().await?;
        Some((next, conversation))
    }))
}

/// What a conversation wakes up for.
enum Event<M> {
    Answers(Vec<(u64, Answer)>),
    Message(Option<Result<M, Status>>),
    Closing,
}

impl<I: Item> Conversation<I> {
    /// The next message of outcomes, or the end.
    async fn next(&mut self) -> Option<Result<I::Response, Status>> {
        loop {
            if let Some(response) = self.respond() {
                return Some(Ok(response));
            }
            if self.slots.is_empty() && self.end.is_some() {
                // The end is said once: an error is sent, then the stream is over.
                let end = self.end.replace(Ok(()))?;
                return end.err().map(Err);
            }
            match self.event().await {
                Event::Answers(answers) => self.take(answers),
                Event::Message(message) => self.read(message),
                Event::Closing => self.end = Some(Err(refuse(&Reason::Draining.into()))),
            }
        }
    }

    async fn event(&mut self) -> Event<I::Message> {
        let (reading, may_read) = (self.end.is_none(), self.reads());
        tokio::select! {
            biased;
            Some(answers) = self.answers.recv() => Event::Answers(answers),
            _ = self.closing.wait_for(Option::is_some), if reading => Event::Closing,
            message = self.messages.next(), if may_read => Event::Message(message),
        }
    }

    /// Whether another message is read: each of its items finds a slot.
    fn reads(&self) -> bool {
        self.end.is_none() && self.slots.have_room(STREAM_ITEMS_MAX)
    }

    /// One message of what is ready, with the answers that came meanwhile.
    fn respond(&mut self) -> Option<I::Response> {
        while self.ready.len() < STREAM_ITEMS_MAX {
            let Ok(answers) = self.answers.try_recv() else { break };
            self.take(answers);
        }
        if self.ready.is_empty() {
            return None;
        }
        let rest = self.ready.split_off(self.ready.len().min(STREAM_ITEMS_MAX));
        Some(I::response(std::mem::replace(&mut self.ready, rest)))
    }

    fn take(&mut self, answers: Vec<(u64, Answer)>) {
        let (seals, now) = (Seals::of(&self.router), Instant::now());
        self.ready.reserve(answers.len());
        for (tag, answer) in answers {
            let (kept, began) = self.slots.free(tag);
            self.tally.end(Outcome::of(&answer), began, now);
            self.ready.push(match answer {
                Ok(reply) => I::accepted(seals, kept, reply),
                Err(rejection) => I::refused(kept, refusal::of(&rejection)),
            });
        }
        self.tally.settle(now);
    }

    /// Submits this message and every further one that is here already, as one batch.
    fn read(&mut self, first: Option<Result<I::Message, Status>>) {
        let (mut batch, began) = (Vec::new(), Instant::now());
        let mut next = Some(first);
        while let Some(message) = next {
            match message {
                Some(Ok(message)) => self.admit(I::requests(message), began, &mut batch),
                Some(Err(fault)) => self.end = Some(Err(status::unreadable(&fault).unwrap_or(fault))),
                None => self.end = Some(Ok(())),
            }
            let more = self.reads() && self.ready.len() < STREAM_ITEMS_MAX;
            next = if more { self.messages.next().now_or_never() } else { None };
        }
        self.tally.settle(Instant::now());
        if !batch.is_empty() {
            self.router.submit(batch, &self.sink);
        }
    }

    /// Gives each request a slot; what is malformed in itself has its outcome already.
    fn admit(&mut self, requests: Vec<I::Request>, began: Instant, batch: &mut Vec<Request>) {
        self.tally.begin(requests.len());
        let too_many = requests.len() > STREAM_ITEMS_MAX;
        batch.reserve(requests.len());
        for request in requests {
            let kept = I::kept(&request);
            let command = match too_many {
                true => Err(Rejection::invalid(I::FIELD, STREAM_ITEMS_MAX as i64)),
                false => I::command(Seals::of(&self.router), request),
            };
            match command {
                Ok((partition, command)) => {
                    let tag = self.slots.take((kept, began));
                    batch.push(Request { partition, tag, command });
                }
                Err(rejection) => {
                    self.tally.end(Outcome::Refused(rejection.reason), began, began);
                    self.ready.push(I::refused(kept, refusal::of(&rejection)));
                }
            }
        }
    }
}
