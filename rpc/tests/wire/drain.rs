//! Readiness from the first moment to the last, and how a server stops.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use futures_util::{StreamExt, stream};
use tessera_proto::v1::{self, claim_service_client::ClaimServiceClient};
use tessera_rpc::{cli::Error, serving::Stops};
use tonic::{Code, Streaming, transport::Endpoint};
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient};

use crate::{
    house::{House, card, claim, fresh},
    own::{check_is_whole, get, house, listening},
    refusal::{check, read},
};

/// Longer than any of these facts may take.
const LONG_MS: u32 = 60_000;

/// One message of claims whose outcomes, of at least 100 bytes each, do not fit the window of a stream that nobody reads.
const UNREAD_CLAIMS: usize = 1_000;

/// What such a client takes unread.
const WINDOW_BYTES: u32 = 64 * 1024;

fn drain(deadline_ms: u32) -> v1::DrainRequest {
    v1::DrainRequest { deadline_ms }
}

#[tokio::test]
async fn a_server_that_recovers_lives_and_is_not_ready() {
    let (listening, _dir) = listening().await;
    let (metrics, calls) = (listening.metrics_address().unwrap(), listening.address());
    let ready = get(metrics, "/readyz").await;
    assert_eq!((ready.code, ready.body.as_str()), (503, "recovering\n"));
    assert_eq!(get(metrics, "/healthz").await.code, 200);
    assert!(get(metrics, "/metrics").await.body.contains("tessera_state{state=\"recovering\"} 1"));
    check(house(calls).await.claims.claim(claim("u", "t")).await, Code::Unavailable, "DRAINING", "", 0);
    let _serving = listening.open().await.unwrap();
    let ready = get(metrics, "/readyz").await;
    assert_eq!((ready.code, ready.body.as_str()), (200, "serving\n"));
}

#[tokio::test]
async fn a_stop_before_it_serves_breaks_the_replay_off() {
    let (listening, _dir) = listening().await;
    let mut stops = Stops::listen().unwrap();
    house(listening.address()).await.operators.drain(drain(0)).await.unwrap();
    assert!(listening.open_unless(&mut stops).await.unwrap().is_none());
}

#[tokio::test]
async fn a_drain_says_so_everywhere_at_once_and_lets_streams_end() {
    let (listening, dir) = listening().await;
    let serving = listening.open().await.unwrap();
    let (metrics, mut stops) = (serving.metrics_address().unwrap(), Stops::listen().unwrap());
    let mut clients = house(serving.address()).await;
    let template = clients.template(card()).await;
    let mut watched = watch(&serving.address().to_string()).await;
    assert_eq!(watched.message().await.unwrap().unwrap().status(), ServingStatus::Serving);
    // The client never ends its side.
    let claims = v1::ClaimStreamRequest { claims: (0..100).map(|_| claim(&fresh("user"), &template)).collect() };
    let requests = stream::iter([claims]).chain(stream::pending());
    let mut outcomes = clients.claims.claim_stream(requests).await.unwrap().into_inner();
    let first = outcomes.message().await.unwrap().unwrap().outcomes.len();

    let began = Instant::now();
    let reply = clients.operators.drain(drain(LONG_MS)).await.unwrap().into_inner();
    assert!(reply.left_ms > 0 && reply.left_ms <= i64::from(LONG_MS) && reply.streams_open == 1, "{reply:?}");
    let again = clients.operators.drain(drain(1)).await.unwrap().into_inner();
    assert!(again.left_ms > 1_000, "the first deadline stands: {again:?}");
    let ready = get(metrics, "/readyz").await;
    assert_eq!((ready.code, ready.body.as_str()), (503, "draining\n"));
    assert_eq!(watched.message().await.unwrap().unwrap().status(), ServingStatus::NotServing);
    check(clients.claims.claim(claim("u", &template)).await, Code::Unavailable, "DRAINING", "", 0);
    let status = clients.operators.get_status(v1::GetStatusRequest {}).await.unwrap().into_inner();
    assert!(status.state() == v1::ServingState::Draining && status.drain.unwrap().left_ms > 0, "{status:?}");

    let run = tokio::spawn(async move { serving.run(&mut stops).await });
    let (answered, end) = read_out(&mut outcomes).await;
    assert_eq!(first + answered, 100, "what was sent is answered");
    assert_eq!(read(&end).reason, "DRAINING");
    run.await.unwrap().expect("nothing is cut, though a watcher never goes");
    assert!(began.elapsed() < Duration::from_millis(u64::from(LONG_MS) / 2), "nobody waits for the deadline");
    check_is_whole(dir.path()).await;
}

#[tokio::test]
async fn a_client_that_does_not_read_is_cut_at_the_deadline() {
    let (listening, dir) = listening().await;
    let serving = listening.open().await.unwrap();
    let (address, mut stops) = (serving.address(), Stops::listen().unwrap());
    let (mut outcomes, clients) = unread(address).await;
    drop(clients);
    let began = Instant::now();
    house(address).await.operators.drain(drain(300)).await.unwrap();
    let cut = serving.run(&mut stops).await.expect_err("the stream is cut");
    assert!(matches!(cut, Error::Cut(cut) if cut.connections == 1), "{cut}");
    assert!(began.elapsed() >= Duration::from_millis(300));
    let (answered, end) = read_out(&mut outcomes).await;
    assert!(answered < UNREAD_CLAIMS && end.code() != Code::Ok, "{answered}: {end:?}");
    assert!(tokio::net::TcpStream::connect(address).await.is_err(), "nobody listens");
    check_is_whole(dir.path()).await;
}

#[tokio::test]
async fn who_is_in_a_hurry_does_not_wait_for_the_deadline() {
    let (listening, dir) = listening().await;
    let serving = listening.open().await.unwrap();
    let (_outcomes, mut clients) = unread(serving.address()).await;
    clients.operators.drain(drain(LONG_MS)).await.unwrap();
    let began = Instant::now();
    serving.stop(std::future::ready(())).await.expect_err("the stream is cut");
    assert!(began.elapsed() < Duration::from_millis(u64::from(LONG_MS) / 2));
    check_is_whole(dir.path()).await;
}

#[tokio::test]
async fn a_deadline_is_bounded() {
    let mut house = House::open().await;
    let answer = house.operators.drain(drain(600_001)).await;
    check(answer, Code::InvalidArgument, "INVALID_ARGUMENT", "deadline_ms", 600_000);
}

async fn watch(address: &str) -> Streaming<tonic_health::pb::HealthCheckResponse> {
    let channel = tessera_rpc::client::connect(&format!("http://{address}")).await.expect("the server listens");
    let request = HealthCheckRequest { service: String::new() };
    HealthClient::new(channel).watch(request).await.expect("health is watched").into_inner()
}

/// A stream with more outcomes than its connection holds, none of which is read; all claims have been decided.
async fn unread(address: SocketAddr) -> (Streaming<v1::ClaimStreamResponse>, House) {
    let mut clients = house(address).await;
    let template = clients.template(card()).await;
    let claims: Vec<_> = (0..UNREAD_CLAIMS).map(|_| claim(&fresh("user"), &template)).collect();
    let requests = stream::iter([v1::ClaimStreamRequest { claims }]).chain(stream::pending());
    let narrow =
        Endpoint::from_shared(format!("http://{address}")).expect("an endpoint").initial_stream_window_size(WINDOW_BYTES);
    let mut reader = ClaimServiceClient::new(narrow.connect().await.expect("the server listens"));
    let outcomes = reader.claim_stream(requests).await.expect("a stream opens").into_inner();
    loop {
        let status = clients.operators.get_status(v1::GetStatusRequest {}).await.expect("a status").into_inner();
        if status.partitions.iter().map(|partition| partition.coupons).sum::<u64>() == UNREAD_CLAIMS as u64 {
            return (outcomes, clients);
        }
    }
}

/// How many outcomes there still are, and how the stream ends.
async fn read_out(outcomes: &mut Streaming<v1::ClaimStreamResponse>) -> (usize, tonic::Status) {
    let mut answered = 0;
    loop {
        match outcomes.message().await {
            Ok(Some(message)) => answered += message.outcomes.len(),
            Ok(None) => panic!("it ends with a status"),
            Err(status) => return (answered, status),
        }
    }
}
