//! ClaimService: a coupon for a user.

use std::sync::Arc;

use futures_util::stream::{BoxStream, StreamExt};
use tessera_proto::v1::{self, claim_service_server::ClaimService};
use tonic::{Request, Response, Status, Streaming, async_trait};

use super::mismatched;
use crate::{
    convert::claim,
    desk::Desk,
    domain::{Rejection, Reply, command::Command},
    seals::Seals,
    stream::{Item, converse},
};

/// The service.
#[derive(Clone)]
pub struct Claims(pub Arc<Desk>);

#[async_trait]
impl ClaimService for Claims {
    async fn claim(&self, request: Request<v1::ClaimRequest>) -> Result<Response<v1::ClaimResponse>, Status> {
        let seals = self.0.seals()?;
        match self.0.ask(claim::claim(seals, request.into_inner())).await? {
            (_, Reply::Claimed(claimed)) => Ok(Response::new(claim::claimed(seals, &claimed))),
            (_, reply) => mismatched("a claim", &reply),
        }
    }

    async fn issue(&self, request: Request<v1::IssueRequest>) -> Result<Response<v1::IssueResponse>, Status> {
        let seals = self.0.seals()?;
        match self.0.ask(claim::issue(seals, request.into_inner())).await? {
            (_, Reply::Claimed(issued)) => Ok(Response::new(claim::issued(seals, &issued))),
            (_, reply) => mismatched("an issue", &reply),
        }
    }

    type ClaimStreamStream = BoxStream<'static, Result<v1::ClaimStreamResponse, Status>>;

    async fn claim_stream(
        &self,
        request: Request<Streaming<v1::ClaimStreamRequest>>,
    ) -> Result<Response<Self::ClaimStreamStream>, Status> {
        let outcomes = converse::<OneClaim>(&self.0, request.into_inner())?;
        Ok(Response::new(outcomes.boxed()))
    }
}

/// A claim within a stream.
enum OneClaim {}

impl Item for OneClaim {
    type Message = v1::ClaimStreamRequest;
    type Request = v1::ClaimRequest;
    type Kept = String;
    type Outcome = v1::ClaimOutcome;
    type Response = v1::ClaimStreamResponse;
    const FIELD: &'static str = "claims";

    fn requests(message: v1::ClaimStreamRequest) -> Vec<v1::ClaimRequest> {
        message.claims
    }

    fn kept(request: &v1::ClaimRequest) -> String {
        request.request_id.clone()
    }

    fn command(seals: Seals<'_>, request: v1::ClaimRequest) -> Result<(u16, Command), Rejection> {
        claim::claim(seals, request)
    }

    fn accepted(seals: Seals<'_>, request_id: String, reply: Reply) -> v1::ClaimOutcome {
        let Reply::Claimed(claimed) = reply else { mismatched("a claim", &reply) };
        let accepted = v1::claim_outcome::Outcome::Accepted(claim::claimed(seals, &claimed));
        v1::ClaimOutcome { request_id, outcome: Some(accepted) }
    }

    fn refused(request_id: String, refusal: v1::Refusal) -> v1::ClaimOutcome {
        v1::ClaimOutcome { request_id, outcome: Some(v1::claim_outcome::Outcome::Refused(refusal)) }
    }

    fn response(outcomes: Vec<v1::ClaimOutcome>) -> v1::ClaimStreamResponse {
        v1::ClaimStreamResponse { outcomes }
    }
}
