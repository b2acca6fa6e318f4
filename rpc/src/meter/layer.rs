//! Counts calls as they pass: from a request's headers to the reply that is handed over to the transport.
//!
//! A call of a stream is not one operation but many, which the stream counts itself; here it is counted only if it was refused
//! before it opened.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Instant,
};

use pin_project_lite::pin_project;
use tonic::{
    Code, Status,
    codegen::{Service, http},
};
use tower::Layer;

use super::{Known, Meter, Method, Outcome};

/// Puts a meter before a service.
#[derive(Clone)]
pub struct MeterLayer(pub Arc<Meter>);

impl<S> Layer<S> for MeterLayer {
    type Service = Metered<S>;

    fn layer(&self, service: S) -> Metered<S> {
        Metered { service, meter: self.0.clone() }
    }
}

/// A service whose calls are counted.
#[derive(Clone)]
pub struct Metered<S> {
    service: S,
    meter: Arc<Meter>,
}

impl<S, B, R> Service<http::Request<B>> for Metered<S>
where
    S: Service<http::Request<B>, Response = http::Response<R>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Call<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.service.poll_ready(cx)
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        let known = self.meter.by_path.get(request.uri().path()).copied();
        let Known { method, is_stream } = known.unwrap_or(Known { method: Method(0), is_stream: false });
        let running = (!is_stream).then(|| Running::begin(self.meter.clone(), method));
        let meter = self.meter.clone();
        Call { future: self.service.call(request), meter, method, running }
    }
}

pin_project! {
    /// A call under way.
    pub struct Call<F> {
        #[pin]
        future: F,
        meter: Arc<Meter>,
        method: Method,
        running: Option<Running>,
    }
}

impl<F, R, E> Future for Call<F>
where
    F: Future<Output = Result<http::Response<R>, E>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let reply = ready!(this.future.poll(cx));
        let outcome = reply.as_ref().map_or(Outcome::Failed(Code::Internal), outcome_of);
        match this.running.take() {
            Some(running) => running.end(outcome),
            None if outcome != Outcome::Accepted => {
                this.meter.begin(*this.method, 1);
                this.meter.end(*this.method, outcome.index(), 1);
            }
            None => {}
        }
        Poll::Ready(reply)
    }
}

/// One operation between its begin and its end. Dropped before its end it has failed: the client has gone.
struct Running {
    meter: Arc<Meter>,
    method: Method,
    began: Instant,
    has_ended: bool,
}

impl Running {
    fn begin(meter: Arc<Meter>, method: Method) -> Self {
        meter.begin(method, 1);
        Self { meter, method, began: Instant::now(), has_ended: false }
    }

    fn end(mut self, outcome: Outcome) {
        self.has_ended = true;
        self.meter.time(self.method, self.began.elapsed(), 1);
        self.meter.end(self.method, outcome.index(), 1);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.has_ended {
            self.meter.end(self.method, Outcome::Failed(Code::Cancelled).index(), 1);
        }
    }
}

/// What became of a call, by its reply. A status of ours stands whole in the extensions, one of the library in a header.
fn outcome_of<R>(reply: &http::Response<R>) -> Outcome {
    if let Some(status) = reply.extensions().get::<Status>() {
        return if status.code() == Code::Ok { Outcome::Accepted } else { Outcome::of_status(status) };
    }
    let code = reply.headers().get("grpc-status").map(|code| Code::from_bytes(code.as_bytes()));
    code.filter(|code| *code != Code::Ok).map_or(Outcome::Accepted, Outcome::Failed)
}
