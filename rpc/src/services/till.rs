//! The items of a till's two streams: everything that it does, and redemptions alone.

use prost::Message as _;
use tessera_proto::{
    v1::{self, till_item::Item as Asks, till_outcome::Outcome},
    wire::Malformed,
};

use super::mismatched;
use crate::{
    convert::{hold, malformed, redemption, refund, write_accepted, write_refused},
    domain::{Rejection, Reply, command::Command},
    seals::Seals,
    stream::{Asked, Item},
};

/// A redemption within a stream.
pub enum OneRedemption {}

impl Item for OneRedemption {
    type Kept = Box<str>;
    const PATH: &'static str = "/tessera.v1.RedemptionService/RedeemStream";
    const FIELD: &'static str = "redemptions";

    fn read(seals: Seals<'_>, request: &[u8]) -> Result<Asked<Box<str>>, Malformed> {
        let asked = redemption::Asked::read(request)?;
        Ok((asked.request_id.into(), redemption::redeem(seals, asked)))
    }

    fn accepted(seals: Seals<'_>, request_id: Box<str>, reply: Reply, out: &mut Vec<u8>) {
        let Reply::Redeemed(redeemed) = reply else { mismatched("a redemption", &reply) };
        write_accepted(&request_id, out, |out| redemption::write_redeemed(seals, &redeemed, out));
    }

    fn refused(request_id: Box<str>, refusal: v1::Refusal, out: &mut Vec<u8>) {
        write_refused(&request_id, &refusal, out);
    }
}

/// Anything a till asks.
pub enum AnyStep {}

/// What is kept of an item: a redemption and a capture are answered by the same reply of the engine.
pub struct Waiting {
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

impl Waiting {
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
    type Kept = Waiting;
    const PATH: &'static str = "/tessera.v1.RedemptionService/TillStream";
    const FIELD: &'static str = "items";

    fn read(seals: Seals<'_>, request: &[u8]) -> Result<Asked<Waiting>, Malformed> {
        let item = v1::TillItem::decode(request).map_err(|_| Malformed("an item of a till"))?.item;
        let waiting = item.as_ref().map_or(Waiting { request_id: String::new(), step: None }, Waiting::of);
        Ok((waiting, command(seals, item)))
    }

    fn accepted(seals: Seals<'_>, kept: Waiting, reply: Reply, out: &mut Vec<u8>) {
        let outcome = match (kept.step, reply) {
            (Some(Step::Validate), Reply::Quote(quote)) => Outcome::Validated(redemption::amounts(&quote)),
            (Some(Step::Hold), Reply::Held(held)) => Outcome::Held(hold::held(seals, &held)),
            (Some(Step::Capture), Reply::Redeemed(captured)) => Outcome::Captured(hold::captured(seals, &captured)),
            (Some(Step::Release), Reply::Released(released)) => Outcome::Released(hold::released(seals, &released)),
            (Some(Step::Redeem), Reply::Redeemed(redeemed)) => Outcome::Redeemed(redemption::redeemed(seals, &redeemed)),
            (Some(Step::Refund), Reply::Refunded(refunded)) => Outcome::Refunded(refund::refunded(seals, &refunded)),
            (_, reply) => mismatched("an item of a till", &reply),
        };
        write(kept, outcome, out);
    }

    fn refused(kept: Waiting, refusal: v1::Refusal, out: &mut Vec<u8>) {
        write(kept, Outcome::Refused(refusal), out);
    }
}

/// The command of an item, and the partition that decides it.
fn command(seals: Seals<'_>, item: Option<Asks>) -> Result<(u16, Command), Rejection> {
    match item.ok_or(malformed("item"))? {
        Asks::Validate(item) => redemption::validate(seals, item.validate.ok_or(malformed("validate"))?),
        Asks::Hold(item) => hold::hold(seals, item),
        Asks::Capture(item) => hold::capture(seals, item),
        Asks::Release(item) => hold::release(seals, item),
        Asks::Redeem(item) => redemption::redeem(seals, (&item).into()),
        Asks::Refund(item) => refund::refund(seals, item),
    }
}

fn write(kept: Waiting, outcome: Outcome, out: &mut Vec<u8>) {
    let outcome = v1::TillOutcome { request_id: kept.request_id, outcome: Some(outcome) };
    outcome.encode(out).expect("a vector grows as needed");
}
