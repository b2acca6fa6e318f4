//! The ceiling: a bare tonic server that accepts everything with one constant reply. No engine, no disk, no state.
//!
//! It decodes the same requests and encodes replies of the same size as a real server would, and answers a message of n items
//! with a message of n outcomes. What it reaches is what the transport leaves to an engine, streams a little more than that: it
//! knows the generated types only, and a real server reads and writes the messages of streams in place.

use futures_util::StreamExt as _;
use tessera_proto::v1::{
    self,
    claim_service_server::{ClaimService, ClaimServiceServer},
    redemption_service_server::{RedemptionService, RedemptionServiceServer},
    till_item::Item,
    till_outcome,
};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status, Streaming, codegen::BoxStream, transport::Server};

use crate::{error::Error, link};

/// Largest request message, in bytes.
const MESSAGE_BYTES_MAX: usize = 4 << 20;

/// See the module.
#[derive(Clone, Copy, Debug)]
struct Echo;

/// Serves on `listener` until SIGTERM.
pub async fn serve(listener: TcpListener) -> Result<(), Error> {
    let mut stop = signal(SignalKind::terminate()).map_err(Error::file("the signal SIGTERM"))?;
    let (health, health_service) = tonic_health::server::health_reporter();
    health.set_service_status("", tonic_health::ServingStatus::Serving).await;
    let address = listener.local_addr().map(|address| address.to_string()).unwrap_or_default();
    let server = Server::builder()
        .tcp_nodelay(true)
        .initial_stream_window_size(link::STREAM_WINDOW_BYTES)
        .initial_connection_window_size(link::CONNECTION_WINDOW_BYTES)
        .add_service(health_service)
        .add_service(ClaimServiceServer::new(Echo).max_decoding_message_size(MESSAGE_BYTES_MAX))
        .add_service(RedemptionServiceServer::new(Echo).max_decoding_message_size(MESSAGE_BYTES_MAX))
        .serve_with_incoming(TcpListenerStream::new(listener));
    tokio::select! {
        served = server => served.map_err(|source| Error::Endpoint { endpoint: address, source }),
        // Nothing is kept here: there is nothing to drain.
        _ = stop.recv() => Ok(()),
    }
}

fn claimed() -> v1::ClaimResponse {
    v1::ClaimResponse {
        coupon_id: "01ARZ3NDEKTSV4RRFFQ69G5FAV".to_owned(),
        code: "7KQ2M4XN90TRABCD".to_owned(),
        template_id: "00000t0000000000".to_owned(),
        template_version: 1,
        use_from_ms: 1_790_000_000_000,
        use_until_ms: 0,
        face_value: None,
        position: Some(v1::Position { partition: 7, lsn: 1_000_000 }),
        replayed: false,
    }
}

fn amounts(balance_after_minor: Option<i64>) -> Option<v1::Amounts> {
    let currency = "CNY".to_owned();
    Some(v1::Amounts { currency, amount_minor: 150, applied_minor: 150, payable_minor: 0, balance_after_minor })
}

fn redeemed() -> v1::RedeemResponse {
    v1::RedeemResponse {
        redemption_id: "01ARZ3NDEKTSV4RRFFQ69G5FAV".to_owned(),
        coupon_id: "01ARZ3NDEKTSV4RRFFQ69G5FAV".to_owned(),
        amounts: amounts(Some(1_000_000)),
        at_ms: 1_790_000_000_000,
        position: Some(v1::Position { partition: 7, lsn: 1_000_000 }),
        replayed: false,
    }
}

fn held() -> v1::HoldResponse {
    v1::HoldResponse {
        hold_id: "01ARZ3NDEKTSV4RRFFQ69G5FAV".to_owned(),
        coupon_id: "01ARZ3NDEKTSV4RRFFQ69G5FAV".to_owned(),
        amounts: amounts(None),
        deadline_ms: 1_790_000_900_000,
        at_ms: 1_790_000_000_000,
        position: Some(v1::Position { partition: 7, lsn: 1_000_000 }),
        replayed: false,
    }
}

fn captured() -> v1::CaptureResponse {
    let v1::RedeemResponse { redemption_id, coupon_id, amounts, at_ms, position, replayed } = redeemed();
    v1::CaptureResponse { redemption_id, coupon_id, amounts, at_ms, position, replayed, reacquired: false }
}

fn claim_outcome(claim: v1::ClaimRequest) -> v1::ClaimOutcome {
    v1::ClaimOutcome { request_id: claim.request_id, outcome: Some(v1::claim_outcome::Outcome::Accepted(claimed())) }
}

fn redeem_outcome(redeem: v1::RedeemRequest) -> v1::RedeemOutcome {
    v1::RedeemOutcome { request_id: redeem.request_id, outcome: Some(v1::redeem_outcome::Outcome::Accepted(redeemed())) }
}

/// Of what a load of tills is made of.
fn till_outcome(item: v1::TillItem) -> Result<v1::TillOutcome, Status> {
    let (request_id, outcome) = match item.item {
        Some(Item::Hold(hold)) => (hold.request_id, till_outcome::Outcome::Held(held())),
        Some(Item::Capture(capture)) => (capture.request_id, till_outcome::Outcome::Captured(captured())),
        _ => return Err(Status::unimplemented("only holds and captures are echoed")),
    };
    Ok(v1::TillOutcome { request_id, outcome: Some(outcome) })
}

#[tonic::async_trait]
impl ClaimService for Echo {
    async fn claim(&self, _: Request<v1::ClaimRequest>) -> Result<Response<v1::ClaimResponse>, Status> {
        Ok(Response::new(claimed()))
    }

    async fn claim_stream(
        &self,
        request: Request<Streaming<v1::ClaimStreamRequest>>,
    ) -> Result<Response<BoxStream<v1::ClaimStreamResponse>>, Status> {
        let replies = request.into_inner().map(|message| {
            let outcomes = message?.claims.into_iter().map(claim_outcome).collect();
            Ok(v1::ClaimStreamResponse { outcomes })
        });
        Ok(Response::new(Box::pin(replies)))
    }
}

#[tonic::async_trait]
impl RedemptionService for Echo {
    async fn redeem(&self, _: Request<v1::RedeemRequest>) -> Result<Response<v1::RedeemResponse>, Status> {
        Ok(Response::new(redeemed()))
    }

    async fn redeem_stream(
        &self,
        request: Request<Streaming<v1::RedeemStreamRequest>>,
    ) -> Result<Response<BoxStream<v1::RedeemStreamResponse>>, Status> {
        let replies = request.into_inner().map(|message| {
            let outcomes = message?.redemptions.into_iter().map(redeem_outcome).collect();
            Ok(v1::RedeemStreamResponse { outcomes })
        });
        Ok(Response::new(Box::pin(replies)))
    }

    async fn hold(&self, _: Request<v1::HoldRequest>) -> Result<Response<v1::HoldResponse>, Status> {
        Ok(Response::new(held()))
    }

    async fn capture(&self, _: Request<v1::CaptureRequest>) -> Result<Response<v1::CaptureResponse>, Status> {
        Ok(Response::new(captured()))
    }

    async fn till_stream(
        &self,
        request: Request<Streaming<v1::TillStreamRequest>>,
    ) -> Result<Response<BoxStream<v1::TillStreamResponse>>, Status> {
        let replies = request.into_inner().map(|message| {
            let outcomes = message?.items.into_iter().map(till_outcome).collect::<Result<_, _>>()?;
            Ok(v1::TillStreamResponse { outcomes })
        });
        Ok(Response::new(Box::pin(replies)))
    }
}
