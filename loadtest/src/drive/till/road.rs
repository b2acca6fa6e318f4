//! How a request travels: by a call of its own, or as an item of a stream that many tills share. Custody always calls.

use tessera_proto::v1::{
    custody_service_client::CustodyServiceClient, redemption_service_client::RedemptionServiceClient, till_item::Item,
};
use tonic::{Status, transport::Channel};

use super::{
    stream::Stream,
    told::{self, Answer},
};
use crate::{error::Error, plan::mix::Request, wire::refusal};

/// One till's way to the server.
#[derive(Clone)]
pub struct Road {
    channel: Channel,
    stream: Option<Stream>,
}

/// Either an answer, or the outcome is unknown.
pub type Travelled = Result<Result<Answer, Status>, Error>;

impl Road {
    /// Over `channel`, items of tills over `stream` if there is one.
    pub fn new(channel: Channel, stream: Option<Stream>) -> Self {
        Self { channel, stream }
    }

    /// Sends once. `Ok(Err)`: the connection was lost.
    pub async fn travel(&self, request: Request) -> Travelled {
        match (request, &self.stream) {
            (Request::Till(item), Some(stream)) => match stream.ask(item).await {
                Ok(outcome) => Ok(Ok(told::of_item(outcome)?)),
                Err(status) => Ok(Err(status)),
            },
            (Request::Till(item), None) => self.call_till(item).await,
            (request, _) => Ok(self.call_custody(request).await.or_else(refused)),
        }
    }

    async fn call_till(&self, item: Item) -> Travelled {
        let mut client = RedemptionServiceClient::new(self.channel.clone());
        let answer = match item {
            Item::Validate(asked) => match client.validate(asked.validate.unwrap_or_default()).await {
                Ok(reply) => Ok(told::of_validation(reply.into_inner())?),
                Err(status) => Err(status),
            },
            Item::Hold(hold) => client.hold(hold).await.map(|reply| told::held(reply.into_inner())),
            Item::Capture(capture) => client.capture(capture).await.map(|reply| told::captured(reply.into_inner())),
            Item::Release(release) => client.release(release).await.map(|reply| told::released(reply.into_inner())),
            Item::Redeem(redeem) => client.redeem(redeem).await.map(|reply| told::redeemed(reply.into_inner())),
            Item::Refund(refund) => client.refund(refund).await.map(|reply| told::refunded(reply.into_inner())),
        };
        Ok(answer.or_else(refused))
    }

    async fn call_custody(&self, request: Request) -> Result<Answer, Status> {
        let mut client = CustodyServiceClient::new(self.channel.clone());
        match request {
            Request::FreezeCoupon(freeze) => client.freeze_coupon(freeze).await.map(|reply| told::frozen(reply.into_inner())),
            Request::UnfreezeCoupon(lift) => client.unfreeze_coupon(lift).await.map(|reply| told::unfrozen(reply.into_inner())),
            Request::FreezeUser(freeze) => client.freeze_user(freeze).await.map(|reply| told::user_frozen(reply.into_inner())),
            Request::UnfreezeUser(lift) => client.unfreeze_user(lift).await.map(|reply| told::user_unfrozen(reply.into_inner())),
            Request::VoidCoupon(void) => client.void_coupon(void).await.map(|reply| told::voided(reply.into_inner())),
            Request::Till(_) => Err(Status::internal("an item of a till is no call of custody")),
        }
    }
}

/// A status that carries a refusal is an answer.
fn refused(status: Status) -> Result<Answer, Status> {
    refusal::of(&status).map(Answer::Refused).ok_or(status)
}
