//! Requests that never become one: too long, or no message at all.

use std::time::Duration;

use futures_util::{future::ready, stream};
use prost::{Message as _, bytes::Bytes};
use tessera_proto::{
    Raw,
    v1::{ClaimStreamRequest, ClaimStreamResponse},
};
use tessera_rpc::client::method_paths;
use tokio::time::timeout;
use tonic::{Code, Request, Response, Status, client::Grpc, codegen::http::uri::PathAndQuery, transport::Channel};

use crate::{
    house::{House, channel, claim},
    refusal::check,
};

#[tokio::test]
async fn a_unary_message_over_the_limit_is_refused() {
    let answer = House::open().await.claims.claim(claim(&"u".repeat(64 * 1024), "t")).await;
    check(answer, Code::InvalidArgument, "INVALID_ARGUMENT", "message.length", 0);
}

async fn send(path: &'static str, bytes: Vec<u8>) -> Result<Response<Bytes>, Status> {
    send_on(channel().await, path, bytes).await
}

pub async fn send_on(channel: Channel, path: &'static str, bytes: Vec<u8>) -> Result<Response<Bytes>, Status> {
    let mut grpc = Grpc::new(channel);
    grpc.ready().await.expect("the channel is ready");
    grpc.unary(Request::new(bytes.into()), PathAndQuery::from_static(path), Raw::unary()).await
}

#[tokio::test]
async fn bytes_that_are_no_message_are_refused() {
    let answer = send("/tessera.v1.ClaimService/Claim", vec![0xff; 16]).await;
    check(answer, Code::InvalidArgument, "INVALID_ARGUMENT", "message", 0);
}

/// Generated servers answer a method that nobody wrote with UNIMPLEMENTED. `Drain` would end the server that all tests share, and is
/// called by a test of its own.
#[tokio::test]
async fn every_method_of_the_contract_is_served() {
    let channel = channel().await;
    let mut asked = 0;
    for path in method_paths().filter(|method| method.name != "Drain").map(|method| method.path) {
        let mut grpc = Grpc::new(channel.clone());
        grpc.ready().await.expect("the channel is ready");
        let path_and_query = PathAndQuery::try_from(path.as_str()).expect("a method's name is a path");
        let call = grpc.unary(Request::new(Bytes::new()), path_and_query, Raw::unary());
        // A watch may stay open without a word.
        let code = timeout(Duration::from_secs(2), call).await.map(|answer| answer.err().map(|status| status.code()));
        assert_ne!(code, Ok(Some(Code::Unimplemented)), "{path}");
        asked += 1;
    }
    assert!(asked > 40, "{asked} methods");
}

#[tokio::test]
async fn bytes_that_are_no_message_end_a_stream() {
    for path in ["/tessera.v1.ClaimService/ClaimStream", "/tessera.v1.RedemptionService/TillStream"] {
        for bytes in [vec![0xff; 16], vec![0x0a, 2, 0xff, 0xff]] {
            check(send(path, bytes).await, Code::InvalidArgument, "INVALID_ARGUMENT", "message", 0);
        }
    }
}

#[tokio::test]
async fn what_stands_before_a_break_in_a_streams_message_is_answered() {
    let whole = ClaimStreamRequest { claims: vec![claim("u", "t")] };
    let bytes = [whole.encode_to_vec(), vec![0x0a, 2, 0xff, 0xff]].concat();
    let mut grpc = Grpc::new(channel().await);
    grpc.ready().await.expect("the channel is ready");
    let path = PathAndQuery::from_static("/tessera.v1.ClaimService/ClaimStream");
    let asked = Request::new(stream::once(ready(Bytes::from(bytes))));
    let mut answers = grpc.streaming(asked, path, Raw::stream()).await.expect("the stream opens").into_inner();
    let first = answers.message().await.expect("it answers").expect("it does not end");
    let first = ClaimStreamResponse::decode(first).expect("it is a message");
    assert_eq!(first.outcomes.iter().map(|outcome| &outcome.request_id).collect::<Vec<_>>(), [&whole.claims[0].request_id]);
    let end = answers.message().await.map(Response::new);
    check(end, Code::InvalidArgument, "INVALID_ARGUMENT", "message", 0);
}

#[tokio::test]
async fn a_method_that_does_not_exist_is_unimplemented() {
    for path in ["/tessera.v1.ClaimService/Steal", "/tessera.v1.ClaimService/StealStream"] {
        assert_eq!(send(path, Vec::new()).await.unwrap_err().code(), Code::Unimplemented);
    }
}
