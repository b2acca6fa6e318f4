//! Drives a plan against a server and brings home the records.
//!
//! Stream mode: a *lane* per connection, one task that fills its window and reads what comes back; no task and no lock per
//! operation. Unary mode: a *worker* per request in flight, spread over the connections. Both take operations from one source,
//! stamp them with one clock and write records that only they own; the records meet at the end.

pub mod book;
pub mod checkout;
mod errands;
mod lane;
mod losses;
mod notes;
mod pace;
mod retries;
mod session;
mod settle;
pub use settle::{Postponed, is_transient};
pub mod tally;
pub mod till;
mod watch;
mod worker;

use std::{
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use clap::ValueEnum;
use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use crate::{
    clock::Clock,
    error::Error,
    link::Link,
    plan::Plan,
    record::{Record, Retry},
};
use pace::Pacer;
use tally::Tally;

/// How requests travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// One call for each.
    Unary,
    /// One bidirectional stream for each connection, many items in a message.
    Stream,
}

/// How the load is made.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// How requests travel.
    pub mode: Mode,
    /// Connections, at least 1.
    pub connections: usize,
    /// Operations in flight over all connections, at least 1.
    pub in_flight: usize,
    /// Most items in one message of a stream, 1 to 1,024. Fewer go when the window has no more room.
    pub batch: usize,
    /// Errands per second of an open loop, which are operations but for plans with steps; absent = closed loop.
    pub rate: Option<f64>,
    /// Of how many operations one earlier one is sent again; 0 = none.
    pub retry_every: u64,
    /// Chooses which.
    pub seed: u64,
}

/// What a run brought.
#[derive(Debug)]
pub struct Measured {
    /// One record for each operation, by its number.
    pub records: Vec<Record>,
    /// Earlier operations that were sent again while the run went on.
    pub retries: Vec<Retry>,
    /// Nanoseconds from the (intended) send to the answer.
    pub latency_ns: Histogram<u64>,
    /// From the first send to the last answer.
    pub seconds: f64,
    /// Sends repeated because a connection was lost or nothing had been logged.
    pub resent: u64,
    /// Of those, the ones after an answer that nothing had been logged, by the number of the reason.
    pub postponed: Postponed,
    /// Streams or calls that ended without an answer.
    pub lost: u64,
    /// Answers to questions that nobody had open.
    pub strays: u64,
    /// When it began.
    start_ns: u64,
    /// Between two errands of an open loop.
    interval_ns: Option<f64>,
    /// Operations in an errand.
    steps: u64,
}

impl Measured {
    /// Of nothing yet.
    pub(crate) fn empty(start_ns: u64, rate: Option<f64>) -> Result<Self, Error> {
        Ok(Self {
            records: Vec::new(),
            retries: Vec::new(),
            latency_ns: histogram()?,
            seconds: 0.0,
            resent: 0,
            postponed: Postponed::new(),
            lost: 0,
            strays: 0,
            start_ns,
            interval_ns: rate.map(pace::interval_ns),
            steps: 1,
        })
    }

    /// Of every answered operation, retries apart: when it should have left, and how long after that it was answered.
    pub fn latencies(&self) -> impl Iterator<Item = (u64, u64)> {
        let answered = (0_u64..).zip(&self.records).filter(|(_, record)| record.is_answered());
        answered.map(|(operation, record)| {
            let intended_ns = self.intended_ns(operation, record);
            (intended_ns, record.answered_ns.saturating_sub(intended_ns))
        })
    }

    /// Of what should have left from `begin_ns` on and before `end_ns`, retries apart.
    pub fn latency_between(&self, begin_ns: u64, end_ns: u64) -> Result<Histogram<u64>, Error> {
        let mut latency_ns = histogram()?;
        let inside = self.latencies().filter(|(intended_ns, _)| (begin_ns..end_ns).contains(intended_ns));
        inside.for_each(|(_, each_ns)| latency_ns.saturating_record(each_ns));
        Ok(latency_ns)
    }

    /// When the last answer came.
    pub fn end_ns(&self) -> u64 {
        self.last_answer_ns().unwrap_or(self.start_ns)
    }

    /// When it should have left: an operation that waits for an answer, and any in a closed loop, when it did.
    fn intended_ns(&self, operation: u64, record: &Record) -> u64 {
        let due = |interval_ns| pace::intended_ns(self.start_ns, interval_ns, operation / self.steps);
        self.interval_ns.filter(|_| operation.is_multiple_of(self.steps)).map_or(record.sent_ns, due)
    }

    /// When it began, on the run's clock.
    pub fn begin_ns(&self) -> u64 {
        self.start_ns
    }

    /// What was asked one after the other, apart from any plan.
    pub(crate) fn of(start_ns: u64, records: Vec<Record>) -> Result<Self, Error> {
        let mut measured = Self { records, ..Self::empty(start_ns, None)? };
        for record in &measured.records {
            measured.latency_ns.saturating_record(record.answered_ns.saturating_sub(record.sent_ns));
        }
        measured.end_at_last_answer();
        Ok(measured)
    }

    fn end_at_last_answer(&mut self) {
        self.seconds = self.end_ns().saturating_sub(self.start_ns) as f64 / 1e9;
    }

    /// Answered operations, retries included.
    pub fn operations(&self) -> u64 {
        let answered = self.records.iter().filter(|record| record.is_answered()).count();
        (answered + self.retries.len()) as u64
    }
}

/// What all lanes and workers of a run share.
struct Shared {
    plan: Arc<dyn Plan>,
    steps: u64,
    load: Load,
    link: Link,
    clock: Clock,
    source: Source,
    tally: Arc<Tally>,
    pacer: Option<Pacer>,
}

/// Where operations are taken from.
struct Source {
    next: AtomicU64,
    end: u64,
}

impl Source {
    /// The next operations, at most `wanted`; `None` when there are none left.
    fn take(&self, wanted: u64) -> Option<Range<u64>> {
        if self.next.load(Relaxed) >= self.end {
            return None;
        }
        let first = self.next.fetch_add(wanted, Relaxed);
        (first < self.end).then(|| first..(first + wanted).min(self.end))
    }
}

impl Shared {
    /// When `operation` should leave; 0 = whenever there is room: in a closed loop, and when it waits for an answer.
    #[inline]
    fn intended_ns(&self, operation: u64) -> u64 {
        let Some(pacer) = &self.pacer else { return 0 };
        if operation.is_multiple_of(self.steps) { pacer.intended_ns(operation / self.steps) } else { 0 }
    }

    /// What is to be asked once `operation` was accepted.
    #[inline]
    fn step_after(&self, operation: u64) -> Option<u64> {
        let next = operation + 1;
        (!next.is_multiple_of(self.steps)).then_some(next)
    }
}

/// What one lane or worker brings home.
struct Share {
    records: Records,
    retries: Vec<Retry>,
    latency_ns: Histogram<u64>,
    resent: u64,
    postponed: Postponed,
    lost: u64,
    strays: u64,
}

enum Records {
    Book(book::Book),
    List(Vec<(u64, Record)>),
}

/// Runs every operation of `plan` to its answer.
pub async fn run(plan: Arc<dyn Plan>, link: &Link, load: Load, clock: Clock, tally: Arc<Tally>) -> Result<Measured, Error> {
    let (operations, steps) = (plan.operations(), plan.steps());
    assert!(operations.is_multiple_of(steps) && book::BLOCK_OPERATIONS.is_multiple_of(steps), "errands are whole");
    let start_ns = clock.now_ns();
    let pacer = load.rate.map(|rate| Pacer::start(clock, start_ns, rate));
    let source = Source { next: AtomicU64::new(0), end: operations };
    let shared = Arc::new(Shared { plan, steps, load, link: link.clone(), clock, source, tally, pacer });
    let shares = watch::until_done(&shared.tally, operations, start(&shared)?).await?;
    let records = vec![Record::UNSENT; operations as usize];
    let mut measured = Measured { records, steps, ..Measured::empty(start_ns, load.rate)? };
    for share in shares {
        measured.add(share)?;
    }
    measured.end_at_last_answer();
    Ok(measured)
}

/// One future for each lane or worker.
fn start(shared: &Arc<Shared>) -> Result<tokio::task::JoinSet<Result<Share, Error>>, Error> {
    let mut tasks = tokio::task::JoinSet::new();
    let load = &shared.load;
    match load.mode {
        Mode::Stream => {
            for lane in 0..load.connections.min(load.in_flight) {
                tasks.spawn(lane::Lane::new(shared.clone(), lane)?.run());
            }
        }
        Mode::Unary => {
            let channels: Vec<_> = (0..load.connections).map(|_| shared.link.channel()).collect();
            for (worker, channel) in (0..load.in_flight).zip(channels.iter().cycle()) {
                tasks.spawn(worker::Worker::new(shared.clone(), worker, channel.clone())?.run());
            }
        }
    }
    Ok(tasks)
}

impl Measured {
    fn add(&mut self, share: Share) -> Result<(), Error> {
        match share.records {
            Records::Book(book) => book.hand_in(&mut self.records),
            Records::List(list) => list.into_iter().for_each(|(operation, record)| self.records[operation as usize] = record),
        }
        self.retries.extend(share.retries);
        self.latency_ns.add(&share.latency_ns).map_err(|_| Error::Histogram("cannot be merged"))?;
        self.resent += share.resent;
        share.postponed.into_iter().for_each(|(reason, count)| *self.postponed.entry(reason).or_default() += count);
        self.lost += share.lost;
        self.strays += share.strays;
        Ok(())
    }

    fn last_answer_ns(&self) -> Option<u64> {
        let retries = self.retries.iter().map(|retry| retry.record.answered_ns);
        self.records.iter().map(|record| record.answered_ns).chain(retries).max()
    }
}

/// Longest latency told apart: five minutes. Longer ones count as that.
const LATENCY_NS_MAX: u64 = 300_000_000_000;

/// An empty histogram of nanoseconds with three digits.
pub fn histogram() -> Result<Histogram<u64>, Error> {
    Histogram::new_with_bounds(1, LATENCY_NS_MAX, 3).map_err(|_| Error::Histogram("bad bounds"))
}
