//! A lane: one connection, one stream, one task. It owns its records, its window and its retries.

use std::{collections::VecDeque, ops::Range, sync::Arc};

use hdrhistogram::Histogram;
use prost::bytes::{Bytes, BytesMut};
use tonic::transport::Channel;

use super::{
    Records, Share, Shared,
    book::{BLOCK_OPERATIONS, Book},
    histogram,
    retries::Retries,
    settle,
};
use crate::{
    error::Error,
    link::RECOVERY_MAX,
    wire::{
        answer::{Answer, Outcome},
        write,
    },
};

/// Connections lost in a row without an answer before the run is given up.
const LOSSES_MAX: u32 = 20;

/// Something to send.
#[derive(Clone, Copy, Debug)]
enum Item {
    /// An operation, for the first time or because its outcome is unknown.
    First(u64),
    /// The retry at this place.
    Retry(usize),
}

/// See the module.
pub(super) struct Lane {
    pub(super) shared: Arc<Shared>,
    pub(super) channel: Channel,
    pub(super) in_flight: usize,
    window: usize,
    fresh: Range<u64>,
    exhausted: bool,
    later: VecDeque<(u64, Item)>,
    book: Book,
    retries: Retries,
    latency_ns: Histogram<u64>,
    request: Vec<u8>,
    message: BytesMut,
    resent: u64,
    lost: u64,
    strays: u64,
    answered: u64,
}

impl Lane {
    /// Lane number `number` of the run.
    pub fn new(shared: Arc<Shared>, number: usize) -> Result<Self, Error> {
        let load = &shared.load;
        let lanes = load.connections.min(load.in_flight);
        // The window of the whole run, to the last operation.
        let window = load.in_flight / lanes + usize::from(number < load.in_flight % lanes);
        Ok(Self {
            channel: shared.link.channel(),
            in_flight: 0,
            window,
            fresh: 0..0,
            exhausted: false,
            later: VecDeque::new(),
            book: Book::new(shared.plan.operations()),
            retries: Retries::new(load.retry_every, load.seed.wrapping_add(number as u64)),
            latency_ns: histogram()?,
            request: Vec::new(),
            message: BytesMut::new(),
            resent: 0,
            lost: 0,
            strays: 0,
            answered: 0,
            shared,
        })
    }

    /// Runs sessions until everything that this lane took is answered.
    pub async fn run(mut self) -> Result<Share, Error> {
        let mut losses = 0;
        while !self.is_done() {
            let before = self.answered;
            let Err(status) = self.session().await? else { continue };
            losses = if self.answered == before { losses + 1 } else { 1 };
            if losses >= LOSSES_MAX {
                return Err(Error::LosesConnections { losses, last: status.to_string() });
            }
            self.forget_session();
            self.shared.link.serving(RECOVERY_MAX).await?;
        }
        Ok(Share {
            records: Records::Book(self.book),
            retries: self.retries.into_all(),
            latency_ns: self.latency_ns,
            resent: self.resent,
            lost: self.lost,
            strays: self.strays,
        })
    }

    /// Whether nothing is left to send or to wait for.
    pub(super) fn is_done(&self) -> bool {
        self.exhausted && self.fresh.is_empty() && self.later.is_empty() && self.in_flight == 0
    }

    /// Whether something waits for its time rather than for an answer.
    pub(super) fn has_later(&self) -> bool {
        self.in_flight < self.window && !self.later.is_empty()
    }

    /// Whether the next operation is not yet due.
    pub(super) fn is_paced(&self) -> bool {
        self.shared.pacer.is_some() && self.in_flight < self.window && !(self.exhausted && self.fresh.is_empty())
    }

    /// The window: most items that can be in flight.
    pub(super) fn window(&self) -> usize {
        self.window
    }

    /// The next message; `None` when the window is full or nothing is due.
    pub(super) fn next_message(&mut self) -> Option<Bytes> {
        let now_ns = self.shared.clock.now_ns();
        let room = (self.window - self.in_flight).min(self.shared.load.batch);
        let mut items = 0;
        while items < room
            && let Some(item) = self.next_item(now_ns)
        {
            self.write(item, now_ns);
            items += 1;
        }
        self.in_flight += items;
        (items > 0).then(|| self.message.split().freeze())
    }

    fn next_item(&mut self, now_ns: u64) -> Option<Item> {
        if self.later.front().is_some_and(|&(due_ns, _)| due_ns <= now_ns) {
            self.resent += 1;
            return self.later.pop_front().map(|(_, item)| item);
        }
        if let Some(place) = self.retries.open(&self.book) {
            return Some(Item::Retry(place));
        }
        if self.fresh.is_empty() && !self.exhausted {
            self.take_block();
        }
        let operation = self.fresh.clone().next().filter(|&next| self.shared.intended_ns(next) <= now_ns)?;
        self.fresh.start += 1;
        self.retries.count_first_send();
        Some(Item::First(operation))
    }

    fn take_block(&mut self) {
        match self.shared.source.take(BLOCK_OPERATIONS) {
            Some(block) => {
                self.book.open(block.start);
                self.fresh = block;
            }
            None => self.exhausted = true,
        }
    }

    fn write(&mut self, item: Item, now_ns: u64) {
        let operation = match item {
            Item::First(operation) => {
                if let Some(record) = self.book.get_mut(operation) {
                    record.send(now_ns);
                }
                operation
            }
            Item::Retry(place) => {
                let retry = self.retries.get_mut(place);
                retry.record.send(now_ns);
                retry.operation
            }
        };
        self.request.clear();
        self.shared.plan.write_request(operation, &mut self.request);
        write::item(&self.request, &mut self.message);
    }

    /// Notes every outcome of a message.
    pub(super) fn receive(&mut self, message: &Bytes) -> Result<(), Error> {
        let now_ns = self.shared.clock.now_ns();
        let (before, mut accepted) = (self.answered, 0);
        Answer::read_all(self.shared.plan.kind(), message, |answer| {
            accepted += u64::from(matches!(answer.outcome, Outcome::Accepted(_)));
            self.note(&answer, now_ns);
            Ok::<_, Error>(())
        })?;
        self.shared.tally.add(self.answered - before, accepted);
        Ok(())
    }

    #[inline]
    fn note(&mut self, answer: &Answer<'_>, now_ns: u64) {
        let Some(operation) = self.shared.plan.operation_of(answer.request_id) else {
            self.strays += 1;
            return;
        };
        let is_first = self.book.get_mut(operation).is_some_and(|record| record.is_sent() && !record.is_answered());
        // Only an operation that has its own answer can have an open retry.
        let place = if is_first { None } else { self.retries.open_place(operation) };
        let (item, record) = match place {
            Some(place) => (Item::Retry(place), Some(&mut self.retries.get_mut(place).record)),
            None => (Item::First(operation), self.book.get_mut(operation).filter(|_| is_first)),
        };
        let Some(record) = record else {
            self.strays += 1;
            return;
        };
        self.in_flight = self.in_flight.saturating_sub(1);
        if settle::is_worth_another(&answer.outcome, record.sends, &self.shared.load) {
            self.later.push_back((now_ns + settle::PAUSE_NS, item));
            return;
        }
        record.answer(&answer.outcome, now_ns);
        self.answered += 1;
        let since_ns = match item {
            Item::First(_) => {
                self.shared.intended_ns(operation).max(if self.shared.pacer.is_some() { 0 } else { record.sent_ns })
            }
            Item::Retry(_) => record.sent_ns,
        };
        self.latency_ns.saturating_record(now_ns.saturating_sub(since_ns));
        match (item, &answer.outcome) {
            (Item::First(_), Outcome::Accepted(accepted)) => self.shared.plan.accepted(operation, accepted),
            (Item::First(_), Outcome::Refused(_)) => {}
            (Item::Retry(_), _) => self.retries.close(operation),
        }
    }

    /// After a lost connection: what was in flight has an unknown outcome and is sent again under its own request id.
    fn forget_session(&mut self) {
        self.lost += 1;
        self.in_flight = 0;
        self.later.clear();
        self.later.extend(self.book.unanswered().into_iter().map(|operation| (0, Item::First(operation))));
        self.later.extend(self.retries.open_places().into_iter().map(|place| (0, Item::Retry(place))));
    }
}
