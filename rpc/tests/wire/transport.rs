//! Requests that never become one: too long, or no message at all.

use tonic::{
    Code, Request, Response, Status,
    client::Grpc,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
    codegen::http::uri::PathAndQuery,
    transport::Channel,
};

use crate::{
    house::{House, channel, claim},
    refusal::check,
};

#[tokio::test]
async fn a_unary_message_over_the_limit_is_refused() {
    let answer = House::open().await.claims.claim(claim(&"u".repeat(64 * 1024), "t")).await;
    check(answer, Code::InvalidArgument, "INVALID_ARGUMENT", "message.length", 0);
}

/// Sends bytes as they are.
struct Raw;

impl Codec for Raw {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, bytes: Vec<u8>, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        use prost::bytes::BufMut;
        buffer.put_slice(&bytes);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        use prost::bytes::Buf;
        Ok(Some(buffer.copy_to_bytes(buffer.remaining()).to_vec()))
    }
}

async fn send(path: &'static str, bytes: Vec<u8>) -> Result<Response<Vec<u8>>, Status> {
    send_on(channel().await, path, bytes).await
}

pub async fn send_on(channel: Channel, path: &'static str, bytes: Vec<u8>) -> Result<Response<Vec<u8>>, Status> {
    let mut grpc = Grpc::new(channel);
    grpc.ready().await.expect("the channel is ready");
    grpc.unary(Request::new(bytes), PathAndQuery::from_static(path), Raw).await
}

#[tokio::test]
async fn bytes_that_are_no_message_are_refused() {
    let answer = send("/tessera.v1.ClaimService/Claim", vec![0xff; 16]).await;
    check(answer, Code::InvalidArgument, "INVALID_ARGUMENT", "message", 0);
}

#[tokio::test]
async fn a_method_that_does_not_exist_is_unimplemented() {
    let answer = send("/tessera.v1.ClaimService/Steal", Vec::new()).await;
    assert_eq!(answer.unwrap_err().code(), Code::Unimplemented);
}
