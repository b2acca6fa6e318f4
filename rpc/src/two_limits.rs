//! One gRPC service with two message limits: its unary methods take small messages, its streams large ones.
//!
//! The generated servers know one limit for all methods of a service. Here two of them, with one limit each, share the work by
//! the method's name: those that end in `Stream` are streams (the contract's tests keep that so).

use std::task::{Context, Poll};

use tonic::{
    codegen::{Service, http},
    server::NamedService,
};

/// Ends the path of every streaming method.
const STREAM_SUFFIX: &str = "Stream";

/// The same service twice, under a small limit and under a large one.
#[derive(Clone)]
pub struct TwoLimits<S> {
    /// Answers unary methods.
    pub unary: S,
    /// Answers streams.
    pub stream: S,
}

impl<S: NamedService> NamedService for TwoLimits<S> {
    const NAME: &'static str = S::NAME;
}

impl<S, B> Service<http::Request<B>> for TwoLimits<S>
where
    S: Service<http::Request<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        let unary = self.unary.poll_ready(cx)?;
        let stream = self.stream.poll_ready(cx)?;
        if unary.is_ready() && stream.is_ready() { Poll::Ready(Ok(())) } else { Poll::Pending }
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        if request.uri().path().ends_with(STREAM_SUFFIX) { self.stream.call(request) } else { self.unary.call(request) }
    }
}
