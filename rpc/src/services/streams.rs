//! The streams of the contract, whose messages pass as bytes: what a generated server does for a method, without its types.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    marker::PhantomData,
    sync::Arc,
    task::{Context, Poll},
};

use futures_util::stream::{BoxStream, StreamExt};
use prost::bytes::Bytes;
use tessera_proto::Raw;
use tonic::{
    Request, Response, Status, Streaming,
    body::Body,
    codegen::{Body as HttpBody, BoxFuture, Service, StdError, http},
    server::{Grpc, StreamingService},
};

use super::{
    claim::{OneClaim, OneIssue},
    legacy::OneImport,
    till::{AnyStep, OneRedemption},
};
use crate::{
    desk::Desk,
    limits::{RESPONSE_BYTES_MAX, STREAM_BUFFER_BYTES, STREAM_MESSAGE_BYTES_MAX},
    status,
    stream::{Item, converse},
};

/// The streams of all services.
#[derive(Clone)]
pub struct Streams(pub Arc<Desk>);

impl<B> Service<http::Request<B>> for Streams
where
    B: HttpBody + Send + 'static,
    B::Error: Into<StdError> + Send + 'static,
{
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        let desk = self.0.clone();
        match request.uri().path() {
            OneClaim::PATH => open::<OneClaim, B>(desk, request),
            OneIssue::PATH => open::<OneIssue, B>(desk, request),
            OneImport::PATH => open::<OneImport, B>(desk, request),
            OneRedemption::PATH => open::<OneRedemption, B>(desk, request),
            AnyStep::PATH => open::<AnyStep, B>(desk, request),
            _ => Box::pin(ready(Ok(status::no_such_method().into_http()))),
        }
    }
}

fn open<I, B>(desk: Arc<Desk>, request: http::Request<B>) -> BoxFuture<http::Response<Body>, Infallible>
where
    I: Item,
    B: HttpBody + Send + 'static,
    B::Error: Into<StdError> + Send + 'static,
{
    let (longest, longest_reply) = (Some(STREAM_MESSAGE_BYTES_MAX), Some(RESPONSE_BYTES_MAX));
    Box::pin(async move {
        let mut grpc = Grpc::new(Raw::buffered(STREAM_BUFFER_BYTES)).apply_max_message_size_config(longest, longest_reply);
        Ok(grpc.streaming(Opening::<I>(desk, PhantomData), request).await)
    })
}

/// A stream that a client opens.
struct Opening<I>(Arc<Desk>, PhantomData<fn() -> I>);

impl<I: Item> StreamingService<Bytes> for Opening<I> {
    type Response = Bytes;
    type ResponseStream = BoxStream<'static, Result<Bytes, Status>>;
    type Future = Ready<Result<Response<Self::ResponseStream>, Status>>;

    fn call(&mut self, request: Request<Streaming<Bytes>>) -> Self::Future {
        let outcomes = converse::<I>(&self.0, request.into_inner());
        ready(outcomes.map(|outcomes| Response::new(outcomes.boxed())))
    }
}
