//! Drives checkouts: every user is one shopper who asks for one thing after the other; many shoppers are served at once.
//!
//! All of a user's coupons lie in one partition and nobody else asks about them, so that what a shopper is told in a row happened in a
//! row. So it is with the card that lies elsewhere: each of its orders is decided in the user's partition, and what that says reaches it in a row.

mod again;
mod errand;
mod post;
mod shopper;
mod worker;

pub use again::ask_again;

use std::sync::{Arc, atomic::AtomicU64};

use tokio::task::JoinSet;

use super::{Load, Measured, Source, settle::Postponed, tally::Tally, watch};
use crate::{
    clock::Clock,
    error::Error,
    link::Link,
    plan::checkout::{Act, Hands},
    record::{Record, Retry},
};
use worker::Worker;

/// What shoppers do.
#[derive(Clone, Copy, Debug)]
pub struct Shopping {
    /// Orders in all.
    pub orders: u64,
    /// How long a hold lives that is left to expire, in ms.
    pub hold_ttl_ms: i64,
    /// Of 100 orders, how many show a card of another partition.
    pub apart_percent: f64,
}

/// A run of checkouts: what was asked and told, by operation. A user's operations stand in a row.
#[derive(Debug)]
pub struct Shopped {
    /// As of every other run.
    pub measured: Measured,
    /// One for each record.
    pub acts: Vec<Act>,
}

/// What all workers of a run share.
struct Shared {
    hands: Arc<Hands>,
    shopping: Shopping,
    load: Load,
    link: Link,
    clock: Clock,
    users: Source,
    tally: Arc<Tally>,
}

/// An answered request, by its number.
struct Entry {
    number: u64,
    record: Record,
    act: Act,
}

/// An earlier request sent again.
struct Repeat {
    number: u64,
    record: Record,
}

/// What one worker brings home.
struct Share {
    entries: Vec<Entry>,
    repeats: Vec<Repeat>,
    latency_ns: hdrhistogram::Histogram<u64>,
    resent: u64,
    postponed: Postponed,
    lost: u64,
}

/// Has the users of `hands` shop.
pub async fn shop(
    hands: Arc<Hands>,
    shopping: Shopping,
    link: &Link,
    load: Load,
    clock: Clock,
    tally: Arc<Tally>,
) -> Result<Shopped, Error> {
    let start_ns = clock.now_ns();
    let users = Source { next: AtomicU64::new(0), end: hands.users() };
    let shared = Arc::new(Shared { hands, shopping, load, link: link.clone(), clock, users, tally });
    let channels: Vec<_> = (0..load.connections).map(|_| link.channel()).collect();
    let mut workers = JoinSet::new();
    for (number, channel) in (0..load.in_flight as u64).zip(channels.iter().cycle()) {
        workers.spawn(Worker::new(shared.clone(), number, channel.clone())?.run());
    }
    let shares = watch::until_done(&shared.tally, shopping.orders, workers).await?;
    gather(shares, start_ns)
}

fn gather(shares: Vec<Share>, start_ns: u64) -> Result<Shopped, Error> {
    let mut measured = Measured::empty(start_ns, None)?;
    let (mut entries, mut repeats) = (Vec::new(), Vec::new());
    for share in shares {
        entries.extend(share.entries);
        repeats.extend(share.repeats);
        measured.latency_ns.add(&share.latency_ns).map_err(|_| Error::Histogram("cannot be merged"))?;
        measured.resent += share.resent;
        share.postponed.into_iter().for_each(|(reason, count)| *measured.postponed.entry(reason).or_default() += count);
        measured.lost += share.lost;
    }
    entries.sort_unstable_by_key(|entry| entry.number);
    for Repeat { number, record } in repeats {
        let operation = entries.binary_search_by_key(&number, |entry| entry.number);
        measured.retries.extend(operation.map(|operation| Retry { operation: operation as u64, record }));
    }
    let mut acts = Vec::with_capacity(entries.len());
    for Entry { record, act, .. } in entries {
        measured.records.push(record);
        acts.push(act);
    }
    measured.end_at_last_answer();
    Ok(Shopped { measured, acts })
}
