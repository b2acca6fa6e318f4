//! The items of a till's two streams: everything that it does, and redemptions alone.

use std::borrow::Cow;

use prost::Message;
use tessera_proto::{
    v1::{self, till_outcome::Outcome},
    wire::{self, Field, Malformed},
};

use super::mismatched;
use crate::{
    convert::{hold, malformed, redemption, refund, write_accepted, write_refused},
    domain::{Id, Rejection, Reply, command::Write},
    seals::Seals,
    stream::{Asked, Item},
};

/// A redemption within a stream.
pub enum OneRedemption {}

impl Item for OneRedemption {
    type Kept = Id;
    const PATH: &'static str = "/tessera.v1.RedemptionService/RedeemStream";
    const FIELD: &'static str = "redemptions";

    fn read<'a>(seals: Seals<'_>, request: &'a [u8]) -> Result<Asked<'a, Id>, Malformed> {
        let asked = redemption::Asked::read(request)?;
        Ok(Asked::write(asked.request_id, redemption::redeem(seals, asked), |id| id))
    }

    fn accepted(seals: Seals<'_>, request_id: &Id, reply: &Reply, out: &mut Vec<u8>) {
        let Reply::Redeemed(redeemed) = reply else { mismatched("a redemption", reply) };
        write_accepted(request_id.as_str(), out, |out| redemption::write_redeemed(seals, redeemed, out));
    }

    fn refused(request_id: &str, refusal: v1::Refusal, out: &mut Vec<u8>) {
        write_refused(request_id, &refusal, out);
    }
}

/// Anything a till asks. What tills do most is read and written in place, the rest by the generated types.
pub enum AnyStep {}

/// What is kept of an item: a redemption and a capture are answered by the same reply of the engine.
pub struct Waiting {
    request_id: Name,
    step: Step,
}

/// The name of an item.
enum Name {
    /// Of a write, which is remembered under it.
    Id(Id),
    /// Of a validation: any text.
    Text(String),
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

impl AsRef<str> for Waiting {
    fn as_ref(&self) -> &str {
        match &self.request_id {
            Name::Id(id) => id.as_str(),
            Name::Text(text) => text,
        }
    }
}

impl Item for AnyStep {
    type Kept = Waiting;
    const PATH: &'static str = "/tessera.v1.RedemptionService/TillStream";
    const FIELD: &'static str = "items";

    fn read<'a>(seals: Seals<'_>, item: &'a [u8]) -> Result<Asked<'a, Waiting>, Malformed> {
        if let Some(field) = wire::only_field(item)? {
            return alternative(seals, field);
        }
        // Nothing, or more than one alternative: the generated type knows what that means, and says it in one field at most.
        let item = v1::TillItem::decode(item).map_err(|_| Malformed("an item of a till"))?.encode_to_vec();
        match wire::only_field(&item)? {
            Some(field) => alternative(seals, field).map(Asked::into_owned),
            None => Ok(NOTHING),
        }
    }

    /// By the numbers of `TillOutcome`.
    fn accepted(seals: Seals<'_>, kept: &Waiting, reply: &Reply, out: &mut Vec<u8>) {
        wire::string(1, kept.as_ref().as_bytes(), out);
        match (kept.step, reply) {
            (Step::Hold, Reply::Held(held)) => wire::message(4, out, |out| hold::write_held(seals, held, out)),
            (Step::Capture, Reply::Redeemed(captured)) => {
                wire::message(5, out, |out| hold::write_captured(seals, captured, out));
            }
            (Step::Redeem, Reply::Redeemed(redeemed)) => {
                wire::message(7, out, |out| redemption::write_redeemed(seals, redeemed, out));
            }
            (Step::Validate, Reply::Quote(quote)) => append(Outcome::Validated(redemption::amounts(quote)), out),
            (Step::Release, Reply::Released(released)) => append(Outcome::Released(hold::released(seals, released)), out),
            (Step::Refund, Reply::Refunded(refunded)) => append(Outcome::Refunded(refund::refunded(seals, refunded)), out),
            (_, reply) => mismatched("an item of a till", reply),
        }
    }

    fn refused(request_id: &str, refusal: v1::Refusal, out: &mut Vec<u8>) {
        wire::string(1, request_id.as_bytes(), out);
        append(Outcome::Refused(refusal), out);
    }
}

/// Reads the one alternative that an item has, by the numbers of `TillItem`.
fn alternative<'a>(seals: Seals<'_>, field: Field<'a>) -> Result<Asked<'a, Waiting>, Malformed> {
    match field.number {
        1 => {
            let item: v1::TillValidate = decode(field)?;
            let kept = Waiting { request_id: Name::Text(item.request_id.clone()), step: Step::Validate };
            let asked = item.validate.ok_or(malformed("validate")).and_then(|asked| redemption::validate(seals, asked));
            let admitted = asked.map(|(home, validate)| (kept, home, validate));
            Ok(Asked { request_id: item.request_id.into(), admitted })
        }
        2 => {
            let asked = hold::Asked::read(field.value.bytes()?)?;
            Ok(write(asked.of_order.request_id, Step::Hold, hold::hold(seals, asked)))
        }
        3 => {
            let asked = hold::AskedCapture::read(field.value.bytes()?)?;
            Ok(write(asked.request_id, Step::Capture, hold::capture(seals, asked)))
        }
        4 => {
            let item: v1::ReleaseRequest = decode(field)?;
            Ok(write(&item.request_id, Step::Release, hold::release(seals, &item)).into_owned())
        }
        5 => {
            let asked = redemption::Asked::read(field.value.bytes()?)?;
            Ok(write(asked.request_id, Step::Redeem, redemption::redeem(seals, asked)))
        }
        6 => {
            let item: v1::RefundRequest = decode(field)?;
            Ok(write(&item.request_id, Step::Refund, refund::refund(seals, &item)).into_owned())
        }
        _ => Ok(NOTHING),
    }
}

/// An item that asks nothing.
const NOTHING: Asked<'static, Waiting> = Asked { request_id: Cow::Borrowed(""), admitted: Err(malformed("item")) };

fn decode<M: Message + Default>(field: Field<'_>) -> Result<M, Malformed> {
    M::decode(field.value.bytes()?).map_err(|_| Malformed("an item of a till"))
}

/// A write, kept by its id.
fn write<W: Write>(request_id: &str, step: Step, asked: Result<(u16, W), Rejection>) -> Asked<'_, Waiting> {
    Asked::write(request_id, asked, |id| Waiting { request_id: Name::Id(id), step })
}

/// Appends an outcome to the request id that begins it.
fn append(outcome: Outcome, out: &mut Vec<u8>) {
    let outcome = v1::TillOutcome { request_id: String::new(), outcome: Some(outcome) };
    outcome.encode(out).expect("a vector grows as needed");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{Reason, command::Command},
        seals::{Place, tests::seals},
    };

    fn redeem(order_id: &str) -> v1::TillItem {
        let place = Place { partition: 3, number: 41 };
        let code = v1::instrument::Instrument::Code(seals(4).code(place, 1));
        let redeem = v1::RedeemRequest {
            request_id: "r1".into(),
            instrument: Some(v1::Instrument { instrument: Some(code) }),
            merchant_id: "m1".into(),
            order_id: order_id.into(),
            amount: Some(v1::Money { minor: 150, currency: "CNY".into() }),
            channel: String::new(),
        };
        v1::TillItem { item: Some(v1::till_item::Item::Redeem(redeem)) }
    }

    fn release() -> v1::TillItem {
        let hold_id = seals(4).hold_id(Place { partition: 2, number: 97 });
        let release = v1::ReleaseRequest { request_id: "r2".into(), hold_id };
        v1::TillItem { item: Some(v1::till_item::Item::Release(release)) }
    }

    /// Items one after the other, which the format takes for one that says several things.
    fn read(items: &[v1::TillItem]) -> (String, Result<Command, Reason>) {
        let bytes: Vec<u8> = items.iter().flat_map(Message::encode_to_vec).collect();
        let asked = AnyStep::read(seals(4), &bytes).unwrap();
        let command = asked.admitted.map(|(_, _, command)| command).map_err(|rejection| rejection.reason);
        (asked.request_id.into_owned(), command)
    }

    #[test]
    fn the_last_of_several_alternatives_counts() {
        let (id, command) = read(&[redeem("o1"), release()]);
        assert!(id == "r2" && matches!(command, Ok(Command::Release(_))), "{id}");
        let (id, command) = read(&[release(), redeem("o1")]);
        assert!(id == "r1" && matches!(command, Ok(Command::Redeem(_))), "{id}");
    }

    #[test]
    fn one_alternative_in_pieces_is_one() {
        let (id, command) = read(&[redeem("o1"), redeem("o2")]);
        let Ok(Command::Redeem(redeem)) = command else { panic!("a redemption is one") };
        assert_eq!((id.as_str(), redeem.order.as_str()), ("r1", "o2"));
    }

    #[test]
    fn an_item_that_asks_nothing_is_refused() {
        assert_eq!(read(&[v1::TillItem { item: None }]), (String::new(), Err(Reason::InvalidArgument)));
        // A field of a later version.
        let asked = AnyStep::read(seals(4), &[0x7a, 0]).unwrap();
        assert!(asked.request_id.is_empty() && asked.admitted.is_err());
    }
}
