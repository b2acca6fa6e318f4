//! RedemptionService: a coupon meets an order, and may come back.

use std::sync::Arc;

use futures_util::stream::{BoxStream, StreamExt};
use tessera_proto::v1::{self, redemption_service_server::RedemptionService};
use tonic::{Request, Response, Status, Streaming, async_trait};

use super::mismatched;
use crate::{
    convert::redemption,
    desk::Desk,
    domain::{Rejection, Reply, command::Command},
    seals::Seals,
    stream::{Item, converse},
};

/// The service.
#[derive(Clone)]
pub struct Redemptions(pub Arc<Desk>);

#[async_trait]
impl RedemptionService for Redemptions {
    async fn validate(&self, request: Request<v1::ValidateRequest>) -> Result<Response<v1::ValidateResponse>, Status> {
        let asked = redemption::validate(self.0.seals()?, request.into_inner());
        let outcome = match self.0.would(asked).await? {
            Ok(Reply::Quote(quote)) => v1::validate_response::Outcome::Accepted(redemption::amounts(&quote)),
            Ok(reply) => mismatched("a validation", &reply),
            Err(refusal) => v1::validate_response::Outcome::Refused(refusal),
        };
        Ok(Response::new(v1::ValidateResponse { outcome: Some(outcome) }))
    }

    async fn redeem(&self, request: Request<v1::RedeemRequest>) -> Result<Response<v1::RedeemResponse>, Status> {
        let seals = self.0.seals()?;
        match self.0.ask(redemption::redeem(seals, request.into_inner())).await? {
            (_, Reply::Redeemed(redeemed)) => Ok(Response::new(redemption::redeemed(seals, &redeemed))),
            (_, reply) => mismatched("a redemption", &reply),
        }
    }

    async fn refund(&self, request: Request<v1::RefundRequest>) -> Result<Response<v1::RefundResponse>, Status> {
        let seals = self.0.seals()?;
        match self.0.ask(redemption::refund(seals, request.into_inner())).await? {
            (_, Reply::Refunded(refunded)) => Ok(Response::new(redemption::refunded(seals, &refunded))),
            (_, reply) => mismatched("a refund", &reply),
        }
    }

    type RedeemStreamStream = BoxStream<'static, Result<v1::RedeemStreamResponse, Status>>;

    async fn redeem_stream(
        &self,
        request: Request<Streaming<v1::RedeemStreamRequest>>,
    ) -> Result<Response<Self::RedeemStreamStream>, Status> {
        let outcomes = converse::<OneRedemption>(&self.0, request.into_inner())?;
        Ok(Response::new(outcomes.boxed()))
    }
}

/// A redemption within a stream.
enum OneRedemption {}

impl Item for OneRedemption {
    type Message = v1::RedeemStreamRequest;
    type Request = v1::RedeemRequest;
    type Outcome = v1::RedeemOutcome;
    type Response = v1::RedeemStreamResponse;
    const METHOD: &'static str = "RedeemStream";
    const FIELD: &'static str = "redemptions";

    fn requests(message: v1::RedeemStreamRequest) -> Vec<v1::RedeemRequest> {
        message.redemptions
    }

    fn request_id(request: &v1::RedeemRequest) -> &str {
        &request.request_id
    }

    fn command(seals: Seals<'_>, request: v1::RedeemRequest) -> Result<(u16, Command), Rejection> {
        redemption::redeem(seals, request)
    }

    fn accepted(seals: Seals<'_>, request_id: String, reply: Reply) -> v1::RedeemOutcome {
        let Reply::Redeemed(redeemed) = reply else { mismatched("a redemption", &reply) };
        let accepted = v1::redeem_outcome::Outcome::Accepted(redemption::redeemed(seals, &redeemed));
        v1::RedeemOutcome { request_id, outcome: Some(accepted) }
    }

    fn refused(request_id: String, refusal: v1::Refusal) -> v1::RedeemOutcome {
        v1::RedeemOutcome { request_id, outcome: Some(v1::redeem_outcome::Outcome::Refused(refusal)) }
    }

    fn response(outcomes: Vec<v1::RedeemOutcome>) -> v1::RedeemStreamResponse {
        v1::RedeemStreamResponse { outcomes }
    }
}
