//! ClaimService: a coupon for a user.

use std::sync::Arc;

use prost::Message as _;
use tessera_proto::{
    v1::{self, claim_service_server::ClaimService},
    wire::Malformed,
};
use tonic::{Request, Response, Status, async_trait};

use super::mismatched;
use crate::{
    convert::{claim, write_accepted, write_refused},
    desk::Desk,
    domain::{Id, Reply, command::Operation},
    seals::Seals,
    stream::{Asked, Item},
};

/// The service, but for its streams.
#[derive(Clone)]
pub struct Claims(pub Arc<Desk>);

#[async_trait]
impl ClaimService for Claims {
    async fn claim(&self, request: Request<v1::ClaimRequest>) -> Result<Response<v1::ClaimResponse>, Status> {
        let seals = self.0.seals()?;
        match self.0.ask(claim::claim(seals, Operation::Claim, (&request.into_inner()).into())).await? {
            (_, Reply::Claimed(claimed)) => Ok(Response::new(claim::claimed(seals, &claimed))),
            (_, reply) => mismatched("a claim", &reply),
        }
    }

    async fn issue(&self, request: Request<v1::IssueRequest>) -> Result<Response<v1::IssueResponse>, Status> {
        let seals = self.0.seals()?;
        match self.0.ask(claim::claim(seals, Operation::Issue, (&request.into_inner()).into())).await? {
            (_, Reply::Claimed(issued)) => Ok(Response::new(claim::issued(seals, &issued))),
            (_, reply) => mismatched("an issue", &reply),
        }
    }
}

/// A claim within a stream.
pub enum OneClaim {}

impl Item for OneClaim {
    type Kept = Id;
    const PATH: &'static str = "/tessera.v1.ClaimService/ClaimStream";
    const FIELD: &'static str = "claims";

    fn read<'a>(seals: Seals<'_>, request: &'a [u8]) -> Result<Asked<'a, Id>, Malformed> {
        let asked = claim::Asked::read(request)?;
        Ok(Asked::write(asked.request_id, claim::claim(seals, Operation::Claim, asked), |id| id))
    }

    fn accepted(seals: Seals<'_>, request_id: &Id, reply: &Reply, out: &mut Vec<u8>) {
        let Reply::Claimed(claimed) = reply else { mismatched("a claim", reply) };
        write_accepted(request_id.as_str(), out, |out| claim::write_claimed(seals, claimed, out));
    }

    fn refused(request_id: &str, refusal: v1::Refusal, out: &mut Vec<u8>) {
        write_refused(request_id, &refusal, out);
    }
}

/// An issue within a stream.
pub enum OneIssue {}

impl Item for OneIssue {
    type Kept = Id;
    const PATH: &'static str = "/tessera.v1.ClaimService/IssueStream";
    const FIELD: &'static str = "issues";
    const IS_BULK: bool = true;

    fn read<'a>(seals: Seals<'_>, request: &'a [u8]) -> Result<Asked<'a, Id>, Malformed> {
        let request = v1::IssueRequest::decode(request).map_err(|_| Malformed("an issue"))?;
        let issue = claim::claim(seals, Operation::Issue, (&request).into());
        Ok(Asked::write(&request.request_id, issue, |id| id).into_owned())
    }

    /// An issue is answered as a claim is, field for field.
    fn accepted(seals: Seals<'_>, request_id: &Id, reply: &Reply, out: &mut Vec<u8>) {
        OneClaim::accepted(seals, request_id, reply, out);
    }

    fn refused(request_id: &str, refusal: v1::Refusal, out: &mut Vec<u8>) {
        write_refused(request_id, &refusal, out);
    }
}
