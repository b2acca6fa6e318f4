//! The items of a till's two streams: everything that it does, and redemptions alone.

use tessera_proto::v1::{self, till_item::Item as Asks, till_outcome::Outcome};

use super::mismatched;
use crate::{
    convert::{hold, malformed, redemption, refund},
    domain::{Rejection, Reply, command::Command},
    seals::Seals,
    stream::Item,
};

/// A redemption within a stream.
pub enum OneRedemption {}

impl Item for OneRedemption {
    type Message = v1::RedeemStreamRequest;
    type Request = v1::RedeemRequest;
    type Kept = String;
    type Outcome = v1::RedeemOutcome;
    type Response = v1::RedeemStreamResponse;
    const FIELD: &'static str = "redemptions";

    fn requests(message: v1::RedeemStreamRequest) -> Vec<v1::RedeemRequest> {
        message.redemptions
    }

    fn kept(request: &v1::RedeemRequest) -> String {
        request.request_id.clone()
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

/// Anything a till asks.
pub enum AnyStep {}

/// What is kept of an item: a redemption and a capture are answered by the same reply of the engine.
pub struct Asked {
    request_id: String,
    step: Option<Step>,
}

/// Which of its alternatives an item is.
#[derive(Clone, Copy)]
enum Step {
    Validate,
    Hold,
    Capture,
    Release,
    Redeem,
    Refund,
}

impl Asked {
    fn of(item: &Asks) -> Self {
        let (request_id, step) = match item {
            Asks::Validate(item) => (&item.request_id, Step::Validate),
            Asks::Hold(item) => (&item.request_id, Step::Hold),
            Asks::Capture(item) => (&item.request_id, Step::Capture),
            Asks::Release(item) => (&item.request_id, Step::Release),
            Asks::Redeem(item) => (&item.request_id, Step::Redeem),
            Asks::Refund(item) => (&item.request_id, Step::Refund),
        };
        Self { request_id: request_id.clone(), step: Some(step) }
    }
}

impl Item for AnyStep {
    type Message = v1::TillStreamRequest;
    type Request = v1::TillItem;
    type Kept = Asked;
    type Outcome = v1::TillOutcome;
    type Response = v1::TillStreamResponse;
    const FIELD: &'static str = "items";

    fn requests(message: v1::TillStreamRequest) -> Vec<v1::TillItem> {
        message.items
    }

    fn kept(request: &v1::TillItem) -> Asked {
        request.item.as_ref().map_or(Asked { request_id: String::new(), step: None }, Asked::of)
    }

    fn command(seals: Seals<'_>, request: v1::TillItem) -> Result<(u16, Command), Rejection> {
        match request.item.ok_or(malformed("item"))? {
            Asks::Validate(item) => redemption::validate(seals, item.validate.ok_or(malformed("validate"))?),
            Asks::Hold(item) => hold::hold(seals, item),
            Asks::Capture(item) => hold::capture(seals, item),
            Asks::Release(item) => hold::release(seals, item),
            Asks::Redeem(item) => redemption::redeem(seals, item),
            Asks::Refund(item) => refund::refund(seals, item),
        }
    }

    fn accepted(seals: Seals<'_>, kept: Asked, reply: Reply) -> v1::TillOutcome {
        let outcome = match (kept.step, reply) {
            (Some(Step::Validate), Reply::Quote(quote)) => Outcome::Validated(redemption::amounts(&quote)),
            (Some(Step::Hold), Reply::Held(held)) => Outcome::Held(hold::held(seals, &held)),
            (Some(Step::Capture), Reply::Redeemed(captured)) => Outcome::Captured(hold::captured(seals, &captured)),
            (Some(Step::Release), Reply::Released(released)) => Outcome::Released(hold::released(seals, &released)),
            (Some(Step::Redeem), Reply::Redeemed(redeemed)) => Outcome::Redeemed(redemption::redeemed(seals, &redeemed)),
            (Some(Step::Refund), Reply::Refunded(refunded)) => Outcome::Refunded(refund::refunded(seals, &refunded)),
            (_, reply) => mismatched("an item of a till", &reply),
        };
        v1::TillOutcome { request_id: kept.request_id, outcome: Some(outcome) }
    }

    fn refused(kept: Asked, refusal: v1::Refusal) -> v1::TillOutcome {
        v1::TillOutcome { request_id: kept.request_id, outcome: Some(Outcome::Refused(refusal)) }
    }

    fn response(outcomes: Vec<v1::TillOutcome>) -> v1::TillStreamResponse {
        v1::TillStreamResponse { outcomes }
    }
}
