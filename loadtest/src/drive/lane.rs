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
use crate::{error::Error, link::RECOVERY_MAX, wire::write};

/// Connections lost in a row without an answer before the run is given up.
const LOSSES_MAX: u32 = 20;

/// Something to send.
#[derive(Clone, Copy, Debug)]
pub(super) enum Item {
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
    pub(super) window: usize,
    pub(super) fresh: Range<u64>,
    pub(super) exhausted: bool,
    /// Steps whose errand has come as far as them.
    pub(super) next_steps: VecDeque<u64>,
    pub(super) later: VecDeque<(u64, Item)>,
    pub(super) book: Book,
    pub(super) retries: Retries,
    pub(super) latency_ns: Histogram<u64>,
    pub(super) request: Vec<u8>,
    pub(super) message: BytesMut,
    pub(super) message_bytes: usize,
    pub(super) resent: u64,
    pub(super) postponed: settle::Postponed,
    pub(super) lost: u64,
    pub(super) strays: u64,
    pub(super) answered: u64,
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
            next_steps: VecDeque::new(),
            later: VecDeque::new(),
            book: Book::new(shared.plan.operations()),
            retries: Retries::new(load.retry_every, load.seed.wrapping_add(number as u64)),
            latency_ns: histogram()?,
            request: Vec::new(),
            message: BytesMut::new(),
            message_bytes: 0,
            resent: 0,
            postponed: settle::Postponed::new(),
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
            postponed: self.postponed,
            lost: self.lost,
            strays: self.strays,
        })
    }

    /// Whether nothing is left to send or to wait for.
    pub(super) fn is_done(&self) -> bool {
        let is_asked = self.exhausted && self.fresh.is_empty() && self.next_steps.is_empty();
        is_asked && self.later.is_empty() && self.in_flight == 0
    }

    /// Whether something waits for its time rather than for an answer.
    pub(super) fn has_later(&self) -> bool {
        self.in_flight < self.window && !self.later.is_empty()
    }

    /// Whether the next operation is not yet due.
    pub(super) fn is_paced(&self) -> bool {
        self.shared.pacer.is_some() && self.in_flight < self.window && !(self.exhausted && self.fresh.is_empty())
    }

    /// The next message; `None` when the window is full or nothing is due.
    pub(super) fn next_message(&mut self) -> Option<Bytes> {
        let now_ns = self.shared.clock.now_ns();
        let room = (self.window - self.in_flight).min(self.shared.load.batch);
        let mut items = 0;
        // The last message left with its buffer: one allocation for this one, not one for each doubling.
        self.message.reserve(self.message_bytes);
        while items < room
            && let Some(item) = self.next_item(now_ns)
        {
            self.write(item, now_ns);
            items += 1;
        }
        self.in_flight += items;
        self.message_bytes = self.message_bytes.max(self.message.len());
        (items > 0).then(|| self.message.split().freeze())
    }

    fn next_item(&mut self, now_ns: u64) -> Option<Item> {
        if self.later.front().is_some_and(|&(due_ns, _)| due_ns <= now_ns) {
            self.resent += 1;
            return self.later.pop_front().map(|(_, item)| item);
        }
        // Errands are ended before others begin: so no more are under way than the window has operations.
        if let Some(operation) = self.next_steps.pop_front() {
            self.retries.count_first_send();
            return Some(Item::First(operation));
        }
        if let Some(place) = self.retries.open(&self.book) {
            return Some(Item::Retry(place));
        }
        if self.fresh.is_empty() && !self.exhausted {
            self.take_block();
        }
        let operation = self.fresh.clone().next().filter(|&next| self.shared.intended_ns(next) <= now_ns)?;
        self.fresh.start += self.shared.steps;
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
}
