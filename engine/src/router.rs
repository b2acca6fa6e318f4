//! The router: from a command to the shard that owns its partition. Cheap to clone, shared by all callers.
//!
//! It never waits: a full mailbox is answered with OVERLOADED, a closing node with DRAINING, and both
//! mean that nothing was logged.

use crate::actor::{Ask, CatalogActor, Probe, ShardActor};
use crate::catalog::CatalogRequest;
use crate::keys::NodeKeys;
use crate::letter::{Batch, Request, Sink};
use crate::replay::Live;
use crate::shard::{Books, ShardReport, refuse};
use actix::Addr;
use actix::prelude::SendError;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tessera_domain::command::CatalogCommand;
use tessera_domain::keyed::UserKey;
use tessera_domain::{Id, Reason};
use tokio::sync::oneshot;

/// The way to all shards.
#[derive(Clone)]
pub struct Router(Arc<Routes>);

/// Requests of one caller, sorted by the shards that will decide them: each is written once, where its shard reads it.
pub struct Bundle {
    shares: Vec<Vec<Request>>,
}

impl Bundle {
    /// Makes room for so many more, which spread about evenly.
    pub fn reserve(&mut self, more: usize) {
        let even = more.div_ceil(self.shares.len());
        let each = if self.shares.len() > 1 { even + even / 4 } else { even };
        self.shares.iter_mut().for_each(|share| share.reserve(each));
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.shares.iter().map(Vec::len).sum()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds a request to its shard's share.
    #[inline]
    pub fn push(&mut self, request: Request) {
        let shard = owner(request.partition, self.shares.len() as u16);
        self.shares[usize::from(shard)].push(request);
    }
}

impl Extend<Request> for Bundle {
    fn extend<I: IntoIterator<Item = Request>>(&mut self, requests: I) {
        requests.into_iter().for_each(|request| self.push(request));
    }
}

/// Which of so many shards owns a partition.
#[inline]
fn owner(partition: u16, shards: u16) -> u16 {
    partition % shards
}

pub(crate) struct Routes {
    pub(crate) keys: NodeKeys,
    pub(crate) partitions: u16,
    pub(crate) shards: Vec<Addr<ShardActor>>,
    pub(crate) catalog: Addr<CatalogActor>,
    pub(crate) is_draining: AtomicBool,
}

impl Router {
    pub(crate) fn new(routes: Routes) -> Router {
        Router(Arc::new(routes))
    }

    /// The keys of this directory: for codes, ids and users.
    pub fn keys(&self) -> &NodeKeys {
        &self.0.keys
    }

    /// How many partitions there are.
    pub fn partitions(&self) -> u16 {
        self.0.partitions
    }

    /// How many shards there are.
    pub fn shards(&self) -> u16 {
        self.0.shards.len() as u16
    }

    /// The partition of a user.
    pub fn partition_of(&self, user: UserKey) -> u16 {
        user.partition(self.0.partitions)
    }

    /// The home partition of a template's stock.
    pub fn home_of(&self, template: &Id) -> u16 {
        self.0.keys.hash.home_of(template.as_str(), self.0.partitions)
    }

    /// The home partition of a batch of cards.
    pub fn home_of_batch(&self, batch: &Id) -> u16 {
        self.0.keys.hash.home_of_batch(batch.as_str(), self.0.partitions)
    }

    /// The shard that owns a partition.
    pub fn shard_of(&self, partition: u16) -> u16 {
        owner(partition, self.shards())
    }

    /// A bundle without requests yet.
    pub fn bundle(&self) -> Bundle {
        Bundle { shares: (0..self.shards()).map(|_| Vec::new()).collect() }
    }

    /// Sends each request to its shard, one message a shard. Every one is answered through `sink`, those
    /// that no shard takes before this returns.
    pub fn submit(&self, bundle: Bundle, sink: &Sink) {
        let is_draining = self.0.is_draining.load(Ordering::Relaxed);
        for (shard, requests) in (0..).zip(bundle.shares).filter(|(_, requests)| !requests.is_empty()) {
            let batch = Batch { requests, sink: sink.clone() };
            if is_draining { refuse(batch, Reason::Draining) } else { self.send(shard, batch) }
        }
    }

    /// Sends one request to its shard.
    pub fn submit_one(&self, request: Request, sink: &Sink) {
        let mut bundle = self.bundle();
        bundle.push(request);
        self.submit(bundle, sink);
    }

    fn send(&self, shard: u16, batch: Batch) {
        match self.0.shards[usize::from(shard)].try_send(batch) {
            Ok(()) => {}
            Err(SendError::Full(batch)) => refuse(batch, Reason::Overloaded),
            Err(SendError::Closed(batch)) => refuse(batch, Reason::Draining),
        }
    }

    /// Sends a command to the catalog's owner.
    pub fn submit_catalog(&self, tag: u64, command: CatalogCommand, sink: &Sink) {
        let refuse = |reason: Reason| sink.deliver(vec![(tag, Err(reason.into()))]);
        if self.0.is_draining.load(Ordering::Relaxed) {
            return refuse(Reason::Draining);
        }
        match self.0.catalog.try_send(CatalogRequest { tag, command, sink: sink.clone() }) {
            Ok(()) => {}
            Err(SendError::Full(_)) => refuse(Reason::Overloaded),
            Err(SendError::Closed(_)) => refuse(Reason::Draining),
        }
    }

    /// Every shard's report, by number; a shard that has stopped or is overloaded is left out.
    pub async fn reports(&self) -> Vec<ShardReport> {
        let mut reports = Vec::new();
        for answer in self.ask_reports() {
            reports.extend(answer.await.ok());
        }
        reports
    }

    /// As [`Router::reports`], for a thread that may wait.
    pub fn reports_blocking(&self) -> Vec<ShardReport> {
        self.ask_reports().into_iter().filter_map(|answer| answer.blocking_recv().ok()).collect()
    }

    /// Where the catalog stands, for a thread that may wait; nothing if its owner has stopped or is overloaded.
    pub(crate) fn catalog_blocking(&self) -> Option<Live> {
        Ask::of(&self.0.catalog).blocking_recv().ok()
    }

    /// Asks every shard for its report, by number. A shard that has stopped or is overloaded drops the question.
    pub fn ask_reports(&self) -> Vec<oneshot::Receiver<ShardReport>> {
        self.0.shards.iter().map(Ask::of).collect()
    }

    /// The books of every partition that is served; a shard that has stopped or is overloaded is left out.
    pub async fn books(&self) -> Vec<Books> {
        let mut books = Vec::new();
        for answer in self.0.shards.iter().map(Ask::<Vec<Books>>::of).collect::<Vec<_>>() {
            books.extend(answer.await.unwrap_or_default());
        }
        books
    }

    /// Sends a probe over every line; [`Router::reports`] shows when they have arrived.
    pub fn probe_lines(&self) {
        for shard in &self.0.shards {
            // A full mailbox means that this shard's lines are not probed now; its counters say so.
            let _ = shard.try_send(Probe);
        }
    }

    pub(crate) fn drain(&self) {
        self.0.is_draining.store(true, Ordering::Relaxed);
    }
}
