//! One stream of a lane, from its opening to its loss or its end.

use std::time::Duration;

use futures_util::FutureExt as _;
use prost::bytes::Bytes;
use tessera_proto::Raw;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Request, Status, Streaming, client::Grpc, codegen::http::uri::PathAndQuery};

use super::{lane::Lane, settle};
use crate::{
    error::Error,
    wire::{answer::Kind, refusal},
};

/// Most messages read before the lane looks whether it can send.
const READS_MAX: usize = 32;

/// How long the server may take to end a stream whose client has finished.
const GOODBYE_MAX: Duration = Duration::from_secs(5);

/// Pause before a refused operation is looked at again.
const PAUSE: Duration = Duration::from_nanos(settle::PAUSE_NS);

/// Largest message taken, in bytes.
const MESSAGE_BYTES_MAX: usize = 16 << 20;

type Sender = mpsc::Sender<Bytes>;

impl Lane {
    /// Works over one stream. `Ok(Ok)`: everything is answered. `Ok(Err)`: the stream was lost, outcomes are unknown.
    pub(super) async fn session(&mut self) -> Result<Result<(), Status>, Error> {
        // One place for each operation in flight: a send never waits, so reading never waits for sending.
        let (requests, body) = mpsc::channel(self.window);
        self.send_all(&requests);
        let mut replies = match self.open(body).await {
            Ok(replies) => replies,
            Err(status) => return lost(status),
        };
        while !self.is_done() {
            let next = tokio::select! {
                biased;
                next = replies.message() => next,
                () = self.wake() => Ok(Some(Bytes::new())),
            };
            match next {
                Ok(Some(message)) => self.receive(&message)?,
                Ok(None) => return lost(Status::unavailable("the server ended the stream")),
                Err(status) => return lost(status),
            }
            self.receive_ready(&mut replies)?;
            self.send_all(&requests);
        }
        drop(requests);
        // Everything is answered; how the stream ends changes nothing.
        let _ = tokio::time::timeout(GOODBYE_MAX, replies.message()).await;
        Ok(Ok(()))
    }

    async fn open(&mut self, body: mpsc::Receiver<Bytes>) -> Result<Streaming<Bytes>, Status> {
        let path = match self.shared.plan.kind() {
            Kind::Claim => PathAndQuery::from_static("/tessera.v1.ClaimService/ClaimStream"),
            Kind::Issue => PathAndQuery::from_static("/tessera.v1.ClaimService/IssueStream"),
            Kind::Redeem => PathAndQuery::from_static("/tessera.v1.RedemptionService/RedeemStream"),
            Kind::Till => PathAndQuery::from_static("/tessera.v1.RedemptionService/TillStream"),
        };
        let mut grpc = Grpc::new(self.channel.clone()).max_decoding_message_size(MESSAGE_BYTES_MAX);
        grpc.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
        let request = Request::new(ReceiverStream::new(body));
        grpc.streaming(request, path, Raw::stream()).await.map(tonic::Response::into_inner)
    }

    /// Reads what has already arrived.
    fn receive_ready(&mut self, replies: &mut Streaming<Bytes>) -> Result<(), Error> {
        for _ in 0..READS_MAX {
            match replies.message().now_or_never() {
                Some(Ok(Some(message))) => self.receive(&message)?,
                // An end or an error is met again by the next read.
                Some(Ok(None) | Err(_)) | None => break,
            }
        }
        Ok(())
    }

    fn send_all(&mut self, requests: &Sender) {
        while let Some(message) = self.next_message() {
            // A closed channel is a lost stream: the reading side says so.
            if requests.try_send(message).is_err() {
                break;
            }
        }
    }

    /// Waits for time rather than for an answer.
    async fn wake(&self) {
        match &self.shared.pacer {
            Some(pacer) if self.is_paced() => pacer.tick().await,
            _ if self.has_later() => tokio::time::sleep(PAUSE).await,
            _ => std::future::pending().await,
        }
    }
}

/// A refusal of the whole stream ends the run; anything else leaves outcomes unknown.
fn lost(status: Status) -> Result<Result<(), Status>, Error> {
    let is_final = refusal::of(&status).is_some_and(|refused| !settle::is_transient(refused));
    if is_final || matches!(status.code(), Code::Unimplemented | Code::InvalidArgument | Code::PermissionDenied) {
        return Err(Error::Stream { code: status.code(), message: status.message().to_owned() });
    }
    Ok(Err(status))
}
