//! One gRPC service in two parts: a generated server answers its unary methods, our own its streams.
//!
//! They share the work by the method's name: those that end in `Stream` are streams (the contract's tests keep that so).

use std::task::{Context, Poll};

use tonic::{
    codegen::{Service, http},
    server::NamedService,
};

/// Ends the path of every streaming method.
const STREAM_SUFFIX: &str = "Stream";

/// A service in two parts.
#[derive(Clone)]
pub struct Halves<U, S> {
    /// Answers unary methods.
    pub unary: U,
    /// Answers streams.
    pub streams: S,
}

impl<U: NamedService, S> NamedService for Halves<U, S> {
    const NAME: &'static str = U::NAME;
}

impl<U, S, B> Service<http::Request<B>> for Halves<U, S>
where
    U: Service<http::Request<B>>,
    S: Service<http::Request<B>, Response = U::Response, Error = U::Error, Future = U::Future>,
{
    type Response = U::Response;
    type Error = U::Error;
    type Future = U::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        let unary = self.unary.poll_ready(cx)?;
        let streams = self.streams.poll_ready(cx)?;
        if unary.is_ready() && streams.is_ready() { Poll::Ready(Ok(())) } else { Poll::Pending }
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        if request.uri().path().ends_with(STREAM_SUFFIX) { self.streams.call(request) } else { self.unary.call(request) }
    }
}
