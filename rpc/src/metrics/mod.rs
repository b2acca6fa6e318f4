//! Metrics and health over HTTP/1, on a port of their own: for scrapers, load balancers and whoever restarts processes.
//!
//! It answers from before the log is replayed until the process ends. `/healthz` says whether the process should live,
//! `/readyz` whether it should be sent requests: a server that recovers or drains lives and is not ready. Everything is bounded: the
//! number of connections, the size of a request's head and the time it may take; bodies are not read.

mod page;
pub(crate) mod process;
mod snapshots;
mod text;

use std::{
    convert::Infallible,
    io,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use http_body_util::Full;
use hyper::{
    Method, Request, Response, StatusCode,
    body::{Bytes, Incoming},
    header::{ALLOW, CONTENT_TYPE, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tessera_proto::v1::ServingState;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinHandle,
    time::{sleep, timeout},
};

use self::{
    page::{JournalPage, Page},
    process::Process,
};
use crate::{
    convert::report,
    desk::Desk,
    limits::{METRICS_CONNECTIONS_MAX, METRICS_REQUEST_BYTES_MAX, METRICS_REQUEST_MAX},
    pulse::{STUCK_AFTER, ShardPulse},
};

/// After the system refused to accept a connection.
const ACCEPT_RETRY: Duration = Duration::from_millis(100);

/// A listening port. It is closed when this is dropped.
pub struct Metrics {
    address: SocketAddr,
    accepting: JoinHandle<()>,
}

impl Metrics {
    /// Tells at this address how the server of this desk is.
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub(crate) async fn listen(address: SocketAddr, desk: Arc<Desk>) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok(Self { address, accepting: tokio::spawn(accept(listener, desk)) })
    }

    /// The address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Metrics {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, desk: Arc<Desk>) {
    let places = Arc::new(Semaphore::new(METRICS_CONNECTIONS_MAX));
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            sleep(ACCEPT_RETRY).await;
            continue;
        };
        if let Ok(place) = places.clone().try_acquire_owned() {
            let desk = desk.clone();
            tokio::spawn(async move {
                converse(stream, desk).await;
                drop(place);
            });
        }
    }
}

/// One request, one answer.
async fn converse(stream: TcpStream, desk: Arc<Desk>) {
    let answer = service_fn(|request: Request<Incoming>| {
        let desk = desk.clone();
        async move { Ok::<_, Infallible>(answer(request.method(), request.uri().path(), &desk).await) }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(METRICS_REQUEST_MAX);
    http.max_buf_size(METRICS_REQUEST_BYTES_MAX).keep_alive(false);
    // Whoever breaks off has no answer; there is nothing to do about it.
    let _ = timeout(METRICS_REQUEST_MAX, http.serve_connection(TokioIo::new(stream), answer)).await;
}

async fn answer(method: &Method, path: &str, desk: &Desk) -> Response<Full<Bytes>> {
    if method != Method::GET {
        let mut refused = plain(StatusCode::METHOD_NOT_ALLOWED, "only GET\n".to_owned());
        refused.headers_mut().insert(ALLOW, HeaderValue::from_static("GET"));
        return refused;
    }
    match path {
        "/metrics" => metrics(desk).await,
        "/healthz" => health(&shards(desk).await, Instant::now()),
        "/readyz" => readiness(desk.state()),
        _ => plain(StatusCode::NOT_FOUND, "there are /metrics, /healthz and /readyz\n".to_owned()),
    }
}

async fn metrics(desk: &Desk) -> Response<Full<Bytes>> {
    let journal = desk.opened().map(|open| &open.journal);
    let page = Page {
        state: desk.state(),
        methods: desk.meter().read(),
        shards: shards(desk).await,
        journal: journal.map(|journal| JournalPage {
            log: journal.log(),
            recovery: journal.recovery(),
            uptime_ms: journal.uptime_ms(),
        }),
        snapshots: desk.opened().map(|open| report::snapshots(&open.maintenance.snapshots().overview())),
        process: Process::read(),
    };
    let mut response = plain(StatusCode::OK, page.text());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(text::CONTENT_TYPE));
    response
}

async fn shards(desk: &Desk) -> Vec<ShardPulse> {
    match desk.opened() {
        Some(open) => desk.pulse().recent(&open.router).await,
        None => Vec::new(),
    }
}

/// Well unless a shard is stuck: then only a restart helps.
fn health(shards: &[ShardPulse], now: Instant) -> Response<Full<Bytes>> {
    match shards.iter().position(|shard| shard.is_stuck(now)) {
        None => plain(StatusCode::OK, "alive\n".to_owned()),
        Some(shard) => {
            let said = format!("shard {shard} has not answered for {} s\n", STUCK_AFTER.as_secs());
            plain(StatusCode::SERVICE_UNAVAILABLE, said)
        }
    }
}

fn readiness(state: ServingState) -> Response<Full<Bytes>> {
    let code = match state {
        ServingState::Serving => StatusCode::OK,
        _ => StatusCode::SERVICE_UNAVAILABLE,
    };
    plain(code, format!("{}\n", name_of(state)))
}

/// A state as it is told here: "serving".
fn name_of(state: ServingState) -> String {
    state.as_str_name().trim_start_matches("SERVING_STATE_").to_lowercase()
}

fn plain(code: StatusCode, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = code;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stuck_shard_is_unhealthy() {
        let now = Instant::now();
        let silent = |since| ShardPulse { report: None, silent_since: Some(since) };
        let code = |shards: &[ShardPulse]| health(shards, now + STUCK_AFTER).status();
        assert_eq!(code(&[]), StatusCode::OK);
        assert_eq!(code(&[ShardPulse::default(), silent(now + Duration::from_millis(1))]), StatusCode::OK);
        assert_eq!(code(&[ShardPulse::default(), silent(now)]), StatusCode::SERVICE_UNAVAILABLE);
    }

    #[test]
    fn only_a_serving_server_is_ready() {
        let codes = [ServingState::Recovering, ServingState::Serving, ServingState::Draining].map(|s| readiness(s).status());
        assert_eq!(codes, [503, 200, 503].map(|code| StatusCode::from_u16(code).unwrap()));
    }
}
