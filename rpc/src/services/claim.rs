//! ClaimService: a coupon for a user.

use std::sync::Arc;

use tessera_proto::{
    v1::{self, claim_service_server::ClaimService},
    wire::Malformed,
};
use tonic::{Request, Response, Status, async_trait};

use super::mismatched;
use crate::{
    convert::{claim, write_accepted, write_refused},
    desk::Desk,
    domain::{Reply, command::Operation},
    seals::Seals,
    stream::{Asked, Item},
};

/// The service, but for its stream.
#[derive(Clone)]
pub struct Claims(pub Arc<Desk>);

#[async_trait]
impl ClaimService for Claims {
    async fn claim(&self, request: Request<v1::ClaimRequest>) -> Result<Response<v1::ClaimResponse>, Status> {
        let seals = self.0.seals()?;
        match self.0.ask(claim::command(seals, Operation::Claim, (&request.into_inner()).into())).await? {
            (_, Reply::Claimed(claimed)) => Ok(Response::new(claim::claimed(seals, &claimed))),
            (_, reply) => mismatched("a claim", &reply),
        }
    }

    async fn issue(&self, request: Request<v1::IssueRequest>) -> Result<Response<v1::IssueResponse>, Status> {
        let seals = self.0.seals()?;
        match self.0.ask(claim::command(seals, Operation::Issue, (&request.into_inner()).into())).await? {
            (_, Reply::Claimed(issued)) => Ok(Response::new(claim::issued(seals, &issued))),
            (_, reply) => mismatched("an issue", &reply),
        }
    }
}

/// A claim within a stream.
pub enum OneClaim {}

impl Item for OneClaim {
    type Kept = Box<str>;
    const PATH: &'static str = "/tessera.v1.ClaimService/ClaimStream";
    const FIELD: &'static str = "claims";

    fn read(seals: Seals<'_>, request: &[u8]) -> Result<Asked<Box<str>>, Malformed> {
        let asked = claim::Asked::read(request)?;
        Ok((asked.request_id.into(), claim::command(seals, Operation::Claim, asked)))
    }

    fn accepted(seals: Seals<'_>, request_id: Box<str>, reply: Reply, out: &mut Vec<u8>) {
        let Reply::Claimed(claimed) = reply else { mismatched("a claim", &reply) };
        write_accepted(&request_id, out, |out| claim::write_claimed(seals, &claimed, out));
    }

    fn refused(request_id: Box<str>, refusal: v1::Refusal, out: &mut Vec<u8>) {
        write_refused(&request_id, &refusal, out);
    }
}
