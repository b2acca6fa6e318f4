//! Drives the mix: many tills at once, each taking one step at a time.
//!
//! A till owns some users and is the only one at their coupons, so that what they are told in a row happened in a row. A few
//! coupons are everybody's: there the server decides the order. What is asked again, during the run and after it, is asked here too.

mod again;
mod post;
mod road;
mod stream;
mod told;
mod worker;

pub use again::ask_again;

use std::sync::{Arc, atomic::AtomicU64};

use tokio::task::JoinSet;
use tonic::transport::Channel;

use super::{Load, Measured, Mode, Source, pace::Pacer, settle::Postponed, tally::Tally, watch};
use crate::{
    clock::Clock,
    error::Error,
    link::Link,
    plan::mix::{Act, Deck},
    record::{Record, Retry},
};
use road::Road;
use stream::Stream;
use worker::Worker;

/// What the mix is made of.
#[derive(Clone, Copy, Debug)]
pub struct Mix {
    /// Operations in all.
    pub operations: u64,
    /// How long a hold lives that is left to expire, in ms.
    pub hold_ttl_ms: i64,
    /// The first so many users' coupons are everybody's.
    pub hot_users: u64,
}

/// A run of the mix: what was asked and told, by operation.
#[derive(Debug)]
pub struct Played {
    /// As of every other run.
    pub measured: Measured,
    /// What was asked, and what the accepted replies said; one for each record.
    pub acts: Vec<Act>,
}

/// What all tills of a run share.
struct Shared {
    deck: Arc<Deck>,
    mix: Mix,
    load: Load,
    link: Link,
    clock: Clock,
    source: Source,
    tally: Arc<Tally>,
    pacer: Option<Pacer>,
}

/// What one till brings home.
struct Share {
    acts: Vec<(u64, Record, Act)>,
    retries: Vec<Retry>,
    latency_ns: hdrhistogram::Histogram<u64>,
    resent: u64,
    postponed: Postponed,
    lost: u64,
}

/// Plays `mix` with the coupons of `deck`.
pub async fn play(deck: Arc<Deck>, mix: Mix, link: &Link, load: Load, clock: Clock, tally: Arc<Tally>) -> Result<Played, Error> {
    let start_ns = clock.now_ns();
    let pacer = load.rate.map(|rate| Pacer::start(clock, start_ns, rate));
    let source = Source { next: AtomicU64::new(0), end: mix.operations };
    let shared = Arc::new(Shared { deck, mix, load, link: link.clone(), clock, source, tally, pacer });
    let mut tills = JoinSet::new();
    for (number, road) in roads(link, &load).enumerate() {
        tills.spawn(Worker::new(shared.clone(), number as u64, road)?.run());
    }
    let shares = watch::until_done(&shared.tally, mix.operations, tills).await?;
    gather(shares, start_ns, load.rate)
}

/// One road for each till, spread over the connections.
fn roads(link: &Link, load: &Load) -> impl Iterator<Item = Road> {
    let lane = |_| {
        let channel: Channel = link.channel();
        let stream = (load.mode == Mode::Stream).then(|| Stream::new(channel.clone(), load.batch));
        Road::new(channel, stream)
    };
    let lanes: Vec<_> = (0..load.connections).map(lane).collect();
    let tills = load.in_flight;
    (0..tills).map(move |till| lanes[till % lanes.len()].clone())
}

fn gather(shares: Vec<Share>, start_ns: u64, rate: Option<f64>) -> Result<Played, Error> {
    let mut measured = Measured::empty(start_ns, rate)?;
    let mut all = Vec::new();
    for share in shares {
        all.extend(share.acts);
        measured.retries.extend(share.retries);
        measured.latency_ns.add(&share.latency_ns).map_err(|_| Error::Histogram("cannot be merged"))?;
        measured.resent += share.resent;
        share.postponed.into_iter().for_each(|(reason, count)| *measured.postponed.entry(reason).or_default() += count);
        measured.lost += share.lost;
    }
    all.sort_unstable_by_key(|(operation, ..)| *operation);
    assert!((0..).zip(&all).all(|(number, (operation, ..))| number == *operation), "every operation was performed once");
    let mut acts = Vec::with_capacity(all.len());
    for (_, record, act) in all {
        measured.records.push(record);
        acts.push(act);
    }
    measured.end_at_last_answer();
    Ok(Played { measured, acts })
}
