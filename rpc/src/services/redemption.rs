//! RedemptionService: a coupon meets an order, at once or in two steps, and may come back.

use std::sync::Arc;

use tessera_proto::v1::{self, redemption_service_server::RedemptionService};
use tokio::sync::Semaphore;
use tonic::{Request, Response, Status, async_trait};

use super::{merchant::WALKS_MAX, mismatched};
use crate::{
    convert::{by_time, hold, redemption, refund},
    desk::{Desk, refuse},
    domain::Reply,
};

/// The service, but for its streams.
#[derive(Clone)]
pub struct Redemptions {
    pub(super) desk: Arc<Desk>,
    pub(super) walks: Arc<Semaphore>,
}

impl Redemptions {
    /// Redemptions of the desk's engine.
    pub fn new(desk: Arc<Desk>) -> Self {
        Self { desk, walks: Arc::new(Semaphore::new(WALKS_MAX)) }
    }

    /// One page of the redemptions of some time, whoever's merchant.
    pub(super) async fn page(&self, asked: &by_time::Asked) -> Result<v1::ListRedemptionsByTimeResponse, Status> {
        let replies = match asked.partition {
            Some(partition) => vec![self.desk.ask(Ok((partition, asked.command()))).await?],
            None => self.desk.ask_all(Ok(asked.command())).await?,
        };
        let pages = replies.into_iter().map(|(partition, reply)| match reply {
            Reply::RedemptionPage(page) => (partition, page),
            reply => mismatched("a question for redemptions of some time", &reply),
        });
        Ok(asked.listed(self.desk.seals()?, &pages.collect::<Vec<_>>()))
    }
}

#[async_trait]
impl RedemptionService for Redemptions {
    async fn validate(&self, request: Request<v1::ValidateRequest>) -> Result<Response<v1::ValidateResponse>, Status> {
        let asked = redemption::validate(self.desk.seals()?, request.into_inner());
        let outcome = match self.desk.would(asked).await? {
            Ok(Reply::Quote(quote)) => v1::validate_response::Outcome::Accepted(redemption::amounts(&quote)),
            Ok(reply) => mismatched("a validation", &reply),
            Err(refusal) => v1::validate_response::Outcome::Refused(refusal),
        };
        Ok(Response::new(v1::ValidateResponse { outcome: Some(outcome) }))
    }

    async fn redeem(&self, request: Request<v1::RedeemRequest>) -> Result<Response<v1::RedeemResponse>, Status> {
        let seals = self.desk.seals()?;
        match self.desk.ask(redemption::redeem(seals, (&request.into_inner()).into())).await? {
            (_, Reply::Redeemed(redeemed)) => Ok(Response::new(redemption::redeemed(seals, &redeemed))),
            (_, reply) => mismatched("a redemption", &reply),
        }
    }

    async fn refund(&self, request: Request<v1::RefundRequest>) -> Result<Response<v1::RefundResponse>, Status> {
        let seals = self.desk.seals()?;
        match self.desk.ask(refund::refund(seals, &request.into_inner())).await? {
            (_, Reply::Refunded(refunded)) => Ok(Response::new(refund::refunded(seals, &refunded))),
            (_, reply) => mismatched("a refund", &reply),
        }
    }

    async fn hold(&self, request: Request<v1::HoldRequest>) -> Result<Response<v1::HoldResponse>, Status> {
        let seals = self.desk.seals()?;
        match self.desk.ask(hold::hold(seals, (&request.into_inner()).into())).await? {
            (_, Reply::Held(held)) => Ok(Response::new(hold::held(seals, &held))),
            (_, reply) => mismatched("a hold", &reply),
        }
    }

    async fn capture(&self, request: Request<v1::CaptureRequest>) -> Result<Response<v1::CaptureResponse>, Status> {
        let seals = self.desk.seals()?;
        match self.desk.ask(hold::capture(seals, (&request.into_inner()).into())).await? {
            (_, Reply::Redeemed(captured)) => Ok(Response::new(hold::captured(seals, &captured))),
            (_, reply) => mismatched("a capture", &reply),
        }
    }

    async fn release(&self, request: Request<v1::ReleaseRequest>) -> Result<Response<v1::ReleaseResponse>, Status> {
        let seals = self.desk.seals()?;
        match self.desk.ask(hold::release(seals, &request.into_inner())).await? {
            (_, Reply::Released(released)) => Ok(Response::new(hold::released(seals, &released))),
            (_, reply) => mismatched("a release", &reply),
        }
    }

    async fn list_redemptions(
        &self,
        request: Request<v1::ListRedemptionsRequest>,
    ) -> Result<Response<v1::ListRedemptionsResponse>, Status> {
        let seals = self.desk.seals()?;
        let replies = self.desk.ask_all(redemption::list(request.into_inner())).await?;
        let found = replies.into_iter().map(|(partition, reply)| match reply {
            Reply::Redemptions(views) => (partition, views),
            reply => mismatched("a question for redemptions", &reply),
        });
        Ok(Response::new(redemption::listed(seals, &found.collect::<Vec<_>>())))
    }

    async fn list_redemptions_by_time(
        &self,
        request: Request<v1::ListRedemptionsByTimeRequest>,
    ) -> Result<Response<v1::ListRedemptionsByTimeResponse>, Status> {
        let asked = by_time::Asked::of(self.desk.seals()?, request.into_inner()).map_err(|rejection| refuse(&rejection))?;
        match asked.merchant.clone() {
            Some(merchant) => self.walk(asked, &merchant).await.map(Response::new),
            None => self.page(&asked).await.map(Response::new),
        }
    }
}
