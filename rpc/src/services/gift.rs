//! GiftService: a coupon goes from one user to another.

use std::sync::Arc;

use tessera_proto::v1::{self, gift_service_server::GiftService};
use tonic::{Request, Response, Status, async_trait};

use super::mismatched;
use crate::{convert::gift, desk::Desk, domain::Reply};

/// The service.
#[derive(Clone)]
pub struct Gifts(pub Arc<Desk>);

#[async_trait]
impl GiftService for Gifts {
    async fn offer_gift(&self, request: Request<v1::OfferGiftRequest>) -> Result<Response<v1::OfferGiftResponse>, Status> {
        let seals = self.0.seals()?;
        match self.0.ask(gift::offer(seals, &request.into_inner())).await? {
            (_, Reply::GiftOffered(offered)) => Ok(Response::new(gift::offered(seals, &offered))),
            (_, reply) => mismatched("an offer", &reply),
        }
    }

    async fn cancel_gift(&self, request: Request<v1::CancelGiftRequest>) -> Result<Response<v1::CancelGiftResponse>, Status> {
        let seals = self.0.seals()?;
        match self.0.ask(gift::cancel(seals, &request.into_inner())).await? {
            (_, Reply::GiftCancelled(cancelled)) => Ok(Response::new(gift::cancelled(seals, &cancelled))),
            (_, reply) => mismatched("a cancelling", &reply),
        }
    }

    async fn accept_gift(&self, request: Request<v1::AcceptGiftRequest>) -> Result<Response<v1::AcceptGiftResponse>, Status> {
        match self.0.ask(gift::accept(self.0.seals()?, &request.into_inner())).await? {
            (_, Reply::GiftAccepted(accepted)) => Ok(Response::new(gift::accepted(&accepted))),
            (_, reply) => mismatched("an accepting", &reply),
        }
    }

    async fn get_gift(&self, request: Request<v1::GetGiftRequest>) -> Result<Response<v1::GetGiftResponse>, Status> {
        let seals = self.0.seals()?;
        match self.0.ask(gift::get(seals, &request.into_inner())).await? {
            (_, Reply::Gift(view)) => Ok(Response::new(gift::view(seals, &view))),
            (_, reply) => mismatched("a question for a gift", &reply),
        }
    }
}
