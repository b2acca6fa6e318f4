//! JournalService: what happened, and what a coupon was.
//!
//! Reading the log blocks, so it happens on threads for that. Of the slow questions, which rebuild a partition, few run at once.

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use tessera_engine::{
    History, JournalId,
    history::{self, Fact},
    inspect as engine_inspect,
    rebuild::{From, Until},
};
use tessera_proto::v1::{self, journal_service_server::JournalService};
use tokio::sync::{Semaphore, mpsc};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, async_trait, codegen::BoxStream};

use super::mismatched;
use crate::{
    convert::{change, inspect, journal, malformed, wallet},
    desk::{Desk, refuse},
    domain::{
        Partition, Reason, Rejection, Reply,
        command::{Command, Instrument},
    },
    seals::Place,
    status,
};

/// Questions about the past that rebuild a partition at once: each takes as much memory as a partition.
const REBUILDS_MAX: usize = 2;

/// Changes in one message of a feed, about.
const CHANGES_PER_MESSAGE: usize = 512;

/// Messages of a feed that wait for its reader.
const MESSAGES_WAITING_MAX: usize = 4;

/// How often a feed looks for new events.
const LOOK_INTERVAL: Duration = Duration::from_millis(20);

/// The service.
#[derive(Clone)]
pub struct Journals {
    desk: Arc<Desk>,
    rebuilds: Arc<Semaphore>,
}

impl Journals {
    /// The journals of the desk's engine.
    pub fn new(desk: Arc<Desk>) -> Self {
        Self { desk, rebuilds: Arc::new(Semaphore::new(REBUILDS_MAX)) }
    }

    /// Where a coupon's history begins, as its shard knows it.
    async fn newest(&self, coupon: Place) -> Result<u64, Status> {
        let instrument = Instrument::Known { coupon: coupon.number };
        match self.desk.ask(Ok((coupon.partition, Command::GetCoupon(instrument)))).await? {
            (_, Reply::Coupon(view)) => Ok(view.last),
            (_, reply) => mismatched("a question for a coupon", &reply),
        }
    }
}

#[async_trait]
impl JournalService for Journals {
    async fn get_coupon_history(
        &self,
        request: Request<v1::GetCouponHistoryRequest>,
    ) -> Result<Response<v1::GetCouponHistoryResponse>, Status> {
        let request = request.into_inner();
        let asked = journal::history(self.desk.seals()?, &request).map_err(|rejection| refuse(&rejection))?;
        let newest = match asked.from {
            Some(lsn) => lsn,
            None => self.newest(asked.coupon).await?,
        };
        let mut session = self.desk.maintenance()?.history();
        let read = move || {
            history::of_coupon(&mut session, JournalId(asked.coupon.partition), asked.coupon.number, newest, asked.page_size)
        };
        let (facts, next) = blocking(read).await?.map_err(of_history)?;
        belongs(&facts, next, asked.coupon.number)?;
        let seals = self.desk.seals()?;
        let changes = facts.iter().map(|fact| change::of(seals, asked.coupon.partition, fact)).collect();
        Ok(Response::new(v1::GetCouponHistoryResponse { changes, next_page_token: seals.history_token(asked.coupon, next) }))
    }

    async fn get_coupon_at(&self, request: Request<v1::GetCouponAtRequest>) -> Result<Response<v1::GetCouponAtResponse>, Status> {
        let request = request.into_inner();
        let (coupon, at_ms) = journal::at(self.desk.seals()?, &request, now_ms()).map_err(|rejection| refuse(&rejection))?;
        let mut rebuilder = self.desk.maintenance()?.rebuilder();
        let _permit = self.rebuilds.acquire().await.expect("the semaphore is never closed");
        let look = move || {
            let until = Until::Instant(at_ms);
            let rebuilt = rebuilder.rebuild::<Partition>(JournalId(coupon.partition), From::NewestImage, until)?;
            let state = rebuilt.ledger.state();
            Ok((state.coupon_at(&Instrument::Known { coupon: coupon.number }, at_ms), state.lsn()))
        };
        let (view, lsn) = blocking(look).await?.map_err(of_rebuild)?;
        let view = view.map_err(|rejection| refuse(&rejection))?;
        let coupon_then = wallet::coupon(self.desk.seals()?, coupon.partition, &view);
        let position = v1::Position { partition: coupon.partition.into(), lsn };
        Ok(Response::new(v1::GetCouponAtResponse { coupon: Some(coupon_then), position: Some(position) }))
    }

    async fn inspect_coupon(
        &self,
        request: Request<v1::InspectCouponRequest>,
    ) -> Result<Response<v1::InspectCouponResponse>, Status> {
        let (request, now_ms) = (request.into_inner(), now_ms());
        let asked = journal::inspect(self.desk.seals()?, &request, now_ms).map_err(|rejection| refuse(&rejection))?;
        let (coupon, until) = asked;
        let mut rebuilder = self.desk.maintenance()?.rebuilder();
        let _permit = self.rebuilds.acquire().await.expect("the semaphore is never closed");
        let look = move || engine_inspect::coupon(&mut rebuilder, coupon.partition, coupon.number, until, now_ms);
        let facts = blocking(look).await?.map_err(of_rebuild)?.map_err(|rejection| refuse(&rejection))?;
        Ok(Response::new(inspect::coupon(self.desk.seals()?, coupon.partition, &facts)))
    }

    async fn watch_changes(
        &self,
        request: Request<v1::WatchChangesRequest>,
    ) -> Result<Response<BoxStream<v1::WatchChangesResponse>>, Status> {
        let request = request.into_inner();
        let partitions = self.desk.router()?.partitions();
        let (partition, from) = journal::watch(partitions, &request).map_err(|rejection| refuse(&rejection))?;
        let (tell, told) = mpsc::channel(MESSAGES_WAITING_MAX);
        let desk = self.desk.clone();
        let session = desk.maintenance()?.history();
        tokio::spawn(async move {
            if let Err(status) = feed(&desk, session, partition, from, request.to_the_end, &tell).await {
                // Nobody hears it when the reader has gone.
                let _ = tell.send(Err(status)).await;
            }
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(told))))
    }
}

/// Tells of events as they become durable, until the reader goes or the server closes; or those that are durable now.
async fn feed(
    desk: &Arc<Desk>,
    mut session: History,
    partition: u16,
    mut from: u64,
    to_the_end: bool,
    tell: &mpsc::Sender<Result<v1::WatchChangesResponse, Status>>,
) -> Result<(), Status> {
    let mut looks = tokio::time::interval(LOOK_INTERVAL);
    let mut end = None;
    if to_the_end {
        let look = move || {
            let end = history::end(&mut session, JournalId(partition));
            (session, end)
        };
        let (kept, found) = blocking(look).await?;
        (session, end) = (kept, Some(found.map_err(of_history)?));
    }
    while end.is_none_or(|end| from <= end) {
        let read = move || {
            let facts = history::from(&mut session, JournalId(partition), from, CHANGES_PER_MESSAGE);
            (session, facts)
        };
        let (kept, facts) = blocking(read).await?;
        session = kept;
        let mut facts: Vec<Fact> = facts.map_err(of_history)?;
        facts.retain(|fact| end.is_none_or(|end| fact.lsn <= end));
        let seals = desk.seals()?;
        match facts.last() {
            Some(last) => {
                from = last.lsn + 1;
                let changes = facts.iter().map(|fact| change::of(seals, partition, fact)).collect();
                if tell.send(Ok(v1::WatchChangesResponse { changes })).await.is_err() {
                    return Ok(());
                }
            }
            None if tell.is_closed() => return Ok(()),
            None => drop(looks.tick().await),
        }
    }
    Ok(())
}

pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Status> {
    tokio::task::spawn_blocking(work).await.map_err(|_| status::outcome_unknown())
}

/// Refuses a page that is not of the coupon's own history. A token names a place in the journal: one that was given
/// for another coupon, or another list, leads elsewhere, or to where nothing is yet.
pub(super) fn belongs(facts: &[Fact], next: Option<u64>, coupon: u64) -> Result<(), Status> {
    let nowhere = facts.is_empty() && next.is_some();
    let elsewhere = !facts.iter().all(|fact| fact.is_of(coupon));
    if nowhere || elsewhere { Err(refuse(&malformed("page_token"))) } else { Ok(()) }
}

pub(super) fn of_history(error: history::Error) -> Status {
    match error {
        history::Error::Trimmed { first_available, .. } => {
            refuse(&Rejection::new(Reason::HistoryTrimmed, first_available as i64))
        }
        error => status::damaged(&error),
    }
}

fn of_rebuild(error: tessera_engine::rebuild::Error) -> Status {
    match error {
        tessera_engine::rebuild::Error::HistoryTrimmed { first_lsn, .. } => {
            refuse(&Rejection::new(Reason::HistoryTrimmed, first_lsn as i64))
        }
        tessera_engine::rebuild::Error::NotYet { durable, .. } => refuse(&Rejection::invalid("at_lsn", durable as i64)),
        error => status::damaged(&error),
    }
}

#[expect(clippy::disallowed_methods, reason = "the edge compares an instant that a caller names with its own clock")]
fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64)
}
