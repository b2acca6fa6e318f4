//! Row 15 of the fault matrix: far more is asked than the server can do, and it refuses the rest.
//!
//! First claims in a window that the server keeps up with: its peak. Then every connection sends as much as the server reads, without
//! waiting for answers, while others send nonsense and one never reads what it is told. What is refused must say so and when to come
//! again; what is admitted must be answered at nearly the peak; memory must stay bounded; and afterwards the peak must be back.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use futures_util::{StreamExt as _, stream};
use prost::{Message as _, bytes::Bytes};
use serde::Serialize;
use tessera_proto::{
    Raw,
    v1::{
        ClaimRequest, ClaimStreamRequest, ClaimStreamResponse, Reason, claim_outcome::Outcome,
        claim_service_client::ClaimServiceClient,
    },
};
use tokio::{sync::Semaphore, task::JoinSet};
use tonic::{Code, Request, client::Grpc, codegen::http::uri::PathAndQuery};

use super::{Finished, stage::Stage, sum::Sum, templates};
use crate::{
    check::{Findings, Violation},
    error::Error,
    ids::Noun,
    link::Link,
    options::Common,
    report::Shape,
};

/// Claims in one message.
const BATCH: usize = 512;

/// Messages in flight over all connections while the peak is measured.
const PEAK_MESSAGES: usize = 32;

/// Messages of a connection that are ready before the flood begins, so that making them does not slow it: a stream's slots full.
const READY_MESSAGES: u64 = 32;

/// More connections than a server's inboxes have room for: each may have 16,384 claims under way, an inbox 65,536.
const CONNECTIONS_DEFAULT: usize = 12;

/// Connections while the peak is measured.
const PEAK_CONNECTIONS: usize = 4;

/// Largest answer taken, in bytes.
const MESSAGE_BYTES_MAX: usize = 16 << 20;

/// Larger than any message that a server takes.
const HUGE_BYTES: usize = 2 << 20;

/// Between two pieces of nonsense.
const NONSENSE_EVERY: Duration = Duration::from_millis(50);

/// What came of one phase.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Phase {
    /// Claims sent a second.
    pub offered_per_second: f64,
    /// Claims accepted a second.
    pub goodput_per_second: f64,
    /// Claims refused, by reason.
    pub refused: BTreeMap<String, u64>,
}

/// What came of all.
#[derive(Clone, Debug, Serialize)]
pub struct Overload {
    /// Before.
    pub peak: Phase,
    /// Meanwhile.
    pub overload: Phase,
    /// Afterwards, as before.
    pub after: Phase,
    /// Resident memory before, and the most that was seen.
    pub resident_bytes: (u64, u64),
    /// Malformed and huge messages that were refused as such.
    pub nonsense: u64,
}

#[derive(Default)]
struct Counts {
    sent: AtomicU64,
    accepted: AtomicU64,
    overloaded: AtomicU64,
    /// Refusals for other reasons, or without the advice to come again.
    wrong: AtomicU64,
}

struct Flood {
    link: Link,
    template_id: String,
    tag: String,
    counts: Counts,
    /// Bounds what is in flight, in messages; `None` = nothing does.
    window: Option<Arc<Semaphore>>,
    until: Instant,
}

/// Measures the peak, floods, and measures again, each for `lasting`.
pub async fn run(lasting: Duration, common: &Common) -> Result<Finished, Error> {
    let stage = Stage::open(common).await?;
    let (link, ids) = (stage.link.clone(), stage.ids(0));
    let template_id = ids.text(Noun::Template, 0);
    templates::create(&link, &template_id, templates::spec("overload", templates::card(100), None, 1)).await?;
    let flood = |name: &str, is_bounded: bool| {
        let window = is_bounded.then(|| Arc::new(Semaphore::new(PEAK_MESSAGES)));
        let (link, template_id, tag) = (link.clone(), template_id.clone(), format!("{template_id}-{name}"));
        Flood { link, template_id, tag, counts: Counts::default(), window, until: Instant::now() + lasting }
    };
    let (begin, mut findings) = (Instant::now(), Findings::default());
    let peak = flood("peak", true).flow(lasting, PEAK_CONNECTIONS, &mut findings).await?;
    let before = stage.status().await.map_or(0, |status| status.resident_bytes);

    let flooding = flood("flood", false);
    let connections = common.connections.max(CONNECTIONS_DEFAULT);
    let (watched, nonsense) =
        (tokio::spawn(watch(link.clone(), flooding.until)), tokio::spawn(talk(link.clone(), flooding.until)));
    let deaf = flood("deaf", false);
    let deaf = tokio::task::spawn_blocking(move || deaf.never_read());
    let overload = flooding.flow(lasting, connections, &mut findings).await?;
    let (most, nonsense) = (watched.await?, nonsense.await??);
    deaf.await??;
    let after = flood("after", true).flow(lasting, PEAK_CONNECTIONS, &mut findings).await?;

    let shape = Shape::of(&common.load(0.0)?, common.threads);
    let sum = Sum::new()?;
    let mut report = sum.report("overload", Shape { connections, batch: BATCH, ..shape });
    stage.close(&mut report, &mut findings).await?;
    report.enter(&findings, begin.elapsed());
    report.overload = Some(Overload { peak, overload, after, resident_bytes: (before, most), nonsense });
    Ok(Finished { report, latency_ns: sum.latency_ns })
}

impl Flood {
    /// Sends over so many connections until it is time, then waits for the answers to all of it.
    async fn flow(mut self, lasting: Duration, connections: usize, findings: &mut Findings) -> Result<Phase, Error> {
        let ready = if self.window.is_none() { READY_MESSAGES } else { 0 };
        let of_lane = |lane| (0..ready).map(|number| self.claims(lane, u64::MAX - number).encode_to_vec().into()).collect();
        let ready: Vec<Vec<Bytes>> = (0..connections).map(of_lane).collect();
        self.until = Instant::now() + lasting;
        let this = Arc::new(self);
        let (begin, mut lanes) = (Instant::now(), JoinSet::new());
        for (lane, ready) in ready.into_iter().enumerate() {
            lanes.spawn(this.clone().pour(lane, ready));
        }
        while let Some(poured) = lanes.join_next().await {
            poured??;
        }
        let seconds = begin.elapsed().as_secs_f64();
        let count = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let Counts { sent, accepted, overloaded, wrong } = &this.counts;
        let answered = count(accepted) + count(overloaded) + count(wrong);
        findings
            .check(answered == count(sent), || Violation::Overload { what: format!("{answered} of {} answered", count(sent)) });
        findings.check(count(wrong) == 0, || Violation::Overload {
            what: format!("{} refusals are not OVERLOADED, or do not say when to come again", count(wrong)),
        });
        let refused = BTreeMap::from([("OVERLOADED".to_owned(), count(overloaded))]);
        let rate = |count: u64| count as f64 / seconds;
        Ok(Phase { offered_per_second: rate(count(sent)), goodput_per_second: rate(count(accepted)), refused })
    }

    async fn pour(self: Arc<Self>, lane: usize, ready: Vec<Bytes>) -> Result<(), Error> {
        let sender = self.clone();
        let messages = stream::unfold(0_u64, move |number| {
            let flood = sender.clone();
            async move {
                if let Some(window) = &flood.window {
                    window.acquire().await.ok()?.forget();
                }
                let is_time = Instant::now() < flood.until;
                is_time.then(|| flood.counts.sent.fetch_add(BATCH as u64, Ordering::Relaxed));
                is_time.then(|| (flood.claims(lane, number), number + 1))
            }
        });
        self.counts.sent.fetch_add((ready.len() * BATCH) as u64, Ordering::Relaxed);
        let messages = stream::iter(ready).chain(messages.map(|message| message.encode_to_vec().into()));
        let mut grpc = Grpc::new(self.link.channel()).max_decoding_message_size(MESSAGE_BYTES_MAX);
        grpc.ready().await.map_err(|error| Error::call("ClaimStream")(tonic::Status::unavailable(error.to_string())))?;
        let path = PathAndQuery::from_static("/tessera.v1.ClaimService/ClaimStream");
        let replies = grpc.streaming(Request::new(messages), path, Raw::stream()).await;
        let mut replies = replies.map_err(Error::call("ClaimStream"))?.into_inner();
        let mut answered = 0;
        while let Some(reply) = replies.message().await.map_err(Error::call("ClaimStream"))? {
            let reply = ClaimStreamResponse::decode(reply).map_err(|_| Error::Usage("an answer is no message"))?;
            for outcome in &reply.outcomes {
                self.count(outcome.outcome.as_ref());
                answered += 1;
                if answered % BATCH == 0
                    && let Some(window) = &self.window
                {
                    window.add_permits(1);
                }
            }
        }
        // A lane that has ended waits for nobody; those that wait see that it is time.
        self.window.iter().for_each(|window| window.add_permits(PEAK_MESSAGES));
        Ok(())
    }

    fn claims(&self, lane: usize, number: u64) -> ClaimStreamRequest {
        let claim = |item| {
            let request_id = format!("{}-{lane}-{number}-{item}", self.tag);
            ClaimRequest {
                user_id: request_id.clone(),
                request_id,
                template_id: self.template_id.clone(),
                channel: String::new(),
            }
        };
        ClaimStreamRequest { claims: (0..BATCH).map(claim).collect() }
    }

    fn count(&self, outcome: Option<&Outcome>) {
        let Counts { accepted, overloaded, wrong, .. } = &self.counts;
        let counter = match outcome {
            Some(Outcome::Accepted(_)) => accepted,
            Some(Outcome::Refused(refused)) if refused.reason() == Reason::Overloaded && refused.retry_after_ms > 0 => overloaded,
            _ => wrong,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// A client that sends for ever and reads nothing: it holds back itself alone. On a runtime of its own, whose end closes its
    /// connection: a stream that is dropped goes on sending.
    fn never_read(self) -> Result<(), Error> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.map_err(Error::file("a runtime's thread"))?.block_on(async move {
            let mut client = ClaimServiceClient::new(self.link.channel());
            let until = self.until;
            let messages = stream::iter(0..).map(move |number| self.claims(0, number));
            let replies = client.claim_stream(messages).await;
            tokio::time::sleep(until.saturating_duration_since(Instant::now())).await;
            drop(replies);
        });
        Ok(())
    }
}

/// The most resident memory that was seen.
async fn watch(link: Link, until: Instant) -> u64 {
    let mut most = 0;
    while Instant::now() < until {
        most = crate::server::figures::status(&link).await.map_or(most, |status| status.resident_bytes.max(most));
        tokio::time::sleep(NONSENSE_EVERY).await;
    }
    most
}

/// Sends bytes that are no message, and messages that are too long; how many of them were refused as what they are.
async fn talk(link: Link, until: Instant) -> Result<u64, Error> {
    let (mut grpc, mut refused) = (Grpc::new(link.channel()), 0);
    while Instant::now() < until {
        for bytes in [vec![0xff; 16], vec![0; HUGE_BYTES]] {
            grpc.ready().await.map_err(|error| Error::call("Claim")(tonic::Status::unavailable(error.to_string())))?;
            let path = PathAndQuery::from_static("/tessera.v1.ClaimService/Claim");
            match grpc.unary(Request::new(Bytes::from(bytes)), path, Raw::unary()).await {
                Err(status) if matches!(status.code(), Code::InvalidArgument | Code::OutOfRange | Code::ResourceExhausted) => {
                    refused += 1
                }
                Err(status) => return Err(Error::call("nonsense")(status)),
                Ok(_) => return Err(Error::Usage("nonsense was accepted")),
            }
        }
        tokio::time::sleep(NONSENSE_EVERY).await;
    }
    Ok(refused)
}
