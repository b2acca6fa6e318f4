//! Replies, read into the numbers that are kept of them.
//!
//! The fingerprint is that of the reply encoded anew without `replayed`: two replies are the same iff theirs are.

use prost::Message;
use tessera_proto::{
    v1::{self, Amounts, Position, till_outcome::Outcome, validate_response},
    wire::Malformed,
};

use crate::{
    plan::mix::{Replacement, Told, ask::bits},
    wire::answer::{Refused, fingerprint},
};

/// An answer, final or not.
#[derive(Clone, Debug)]
pub enum Answer {
    /// Done, or for a validation: it would be.
    Accepted(Box<Heard>),
    /// Not done.
    Refused(Refused),
}

/// An accepted reply.
#[derive(Clone, Debug, Default)]
pub struct Heard {
    /// What it says.
    pub told: Told,
    /// The coupon that it names.
    pub coupon_id: String,
    /// Where it stands; a validation stands nowhere.
    pub position: Position,
    /// Whether it says that it was given before.
    pub replayed: bool,
    /// Of all of it but `replayed`.
    pub fingerprint: u64,
}

/// The outcome of an item of a stream.
pub fn of_item(outcome: Option<Outcome>) -> Result<Answer, Malformed> {
    Ok(match outcome.ok_or(Malformed("outcome without result"))? {
        Outcome::Refused(refusal) => Answer::Refused(Refused { reason: refusal.reason, value: refusal.value }),
        Outcome::Validated(amounts) => validated(&amounts),
        Outcome::Held(reply) => held(reply),
        Outcome::Captured(reply) => captured(reply),
        Outcome::Released(reply) => released(reply),
        Outcome::Redeemed(reply) => redeemed(reply),
        Outcome::Refunded(reply) => refunded(reply),
    })
}

/// Of a unary validation, whose refusal is no error.
pub fn of_validation(reply: v1::ValidateResponse) -> Result<Answer, Malformed> {
    use validate_response::Outcome;
    Ok(match reply.outcome.ok_or(Malformed("validation without outcome"))? {
        Outcome::Accepted(amounts) => validated(&amounts),
        Outcome::Refused(refusal) => Answer::Refused(Refused { reason: refusal.reason, value: refusal.value }),
    })
}

fn accepted(heard: Heard) -> Answer {
    Answer::Accepted(Box::new(heard))
}

fn with_amounts(amounts: &Amounts, told: Told) -> Told {
    let Amounts { amount_minor, applied_minor, payable_minor, balance_after_minor, .. } = *amounts;
    Told { amount: amount_minor, applied: applied_minor, payable: payable_minor, balance_after: balance_after_minor, ..told }
}

fn print(reply: &impl Message) -> u64 {
    fingerprint(&reply.encode_to_vec())
}

fn validated(amounts: &Amounts) -> Answer {
    let (told, fingerprint) = (with_amounts(amounts, Told::default()), print(amounts));
    accepted(Heard { told, fingerprint, ..Heard::default() })
}

/// A hold.
pub fn held(mut reply: v1::HoldResponse) -> Answer {
    let replayed = std::mem::take(&mut reply.replayed);
    let fingerprint = print(&reply);
    let told = Told { at_ms: reply.at_ms, id: reply.hold_id.into(), until_ms: reply.deadline_ms, ..Told::default() };
    let told = with_amounts(&reply.amounts.unwrap_or_default(), told);
    accepted(Heard { told, coupon_id: reply.coupon_id, position: reply.position.unwrap_or_default(), replayed, fingerprint })
}

/// A capture.
pub fn captured(mut reply: v1::CaptureResponse) -> Answer {
    let replayed = std::mem::take(&mut reply.replayed);
    let fingerprint = print(&reply);
    let told = Told { at_ms: reply.at_ms, id: reply.redemption_id.into(), is_late: reply.reacquired, ..Told::default() };
    let told = with_amounts(&reply.amounts.unwrap_or_default(), told);
    accepted(Heard { told, coupon_id: reply.coupon_id, position: reply.position.unwrap_or_default(), replayed, fingerprint })
}

/// A release.
pub fn released(mut reply: v1::ReleaseResponse) -> Answer {
    let replayed = std::mem::take(&mut reply.replayed);
    let fingerprint = print(&reply);
    let told = Told { at_ms: reply.at_ms, id: reply.hold_id.into(), is_late: reply.expired, ..Told::default() };
    accepted(Heard { told, coupon_id: reply.coupon_id, position: reply.position.unwrap_or_default(), replayed, fingerprint })
}

/// A redemption.
pub fn redeemed(mut reply: v1::RedeemResponse) -> Answer {
    let replayed = std::mem::take(&mut reply.replayed);
    let fingerprint = print(&reply);
    let told = Told { at_ms: reply.at_ms, id: reply.redemption_id.into(), ..Told::default() };
    let told = with_amounts(&reply.amounts.unwrap_or_default(), told);
    accepted(Heard { told, coupon_id: reply.coupon_id, position: reply.position.unwrap_or_default(), replayed, fingerprint })
}

/// A refund.
pub fn refunded(mut reply: v1::RefundResponse) -> Answer {
    let replayed = std::mem::take(&mut reply.replayed);
    let fingerprint = print(&reply);
    let told = Told {
        at_ms: reply.at_ms,
        id: reply.redemption_id.into(),
        amount: reply.refunded.map_or(0, |refunded| refunded.minor),
        balance_after: reply.balance_after_minor,
        until_ms: reply.use_until_ms,
        status: reply.status,
        replacement: reply.replacement.map(|card| Replacement { id: card.coupon_id.into(), until_ms: card.use_until_ms }),
        ..Told::default()
    };
    accepted(Heard { told, coupon_id: reply.coupon_id, position: reply.position.unwrap_or_default(), replayed, fingerprint })
}

/// A freeze of a coupon.
pub fn frozen(mut reply: v1::FreezeCouponResponse) -> Answer {
    let replayed = std::mem::take(&mut reply.replayed);
    let fingerprint = print(&reply);
    let told = Told { at_ms: reply.at_ms, blocks: bits(&reply.blocks), revoked: reply.revoked_holds, ..Told::default() };
    accepted(Heard { told, coupon_id: reply.coupon_id, position: reply.position.unwrap_or_default(), replayed, fingerprint })
}

/// Its end.
pub fn unfrozen(mut reply: v1::UnfreezeCouponResponse) -> Answer {
    let replayed = std::mem::take(&mut reply.replayed);
    let fingerprint = print(&reply);
    let told = Told { at_ms: reply.at_ms, blocks: bits(&reply.blocks), ..Told::default() };
    accepted(Heard { told, coupon_id: reply.coupon_id, position: reply.position.unwrap_or_default(), replayed, fingerprint })
}

/// A freeze of an account.
pub fn user_frozen(mut reply: v1::FreezeUserResponse) -> Answer {
    let replayed = std::mem::take(&mut reply.replayed);
    let fingerprint = print(&reply);
    let told = Told { at_ms: reply.at_ms, blocks: bits(&reply.blocks), revoked: reply.revoked_holds, ..Told::default() };
    accepted(Heard { told, position: reply.position.unwrap_or_default(), replayed, fingerprint, ..Heard::default() })
}

/// Its end.
pub fn user_unfrozen(mut reply: v1::UnfreezeUserResponse) -> Answer {
    let replayed = std::mem::take(&mut reply.replayed);
    let fingerprint = print(&reply);
    let told = Told { at_ms: reply.at_ms, blocks: bits(&reply.blocks), ..Told::default() };
    accepted(Heard { told, position: reply.position.unwrap_or_default(), replayed, fingerprint, ..Heard::default() })
}

/// A void.
pub fn voided(mut reply: v1::VoidCouponResponse) -> Answer {
    let replayed = std::mem::take(&mut reply.replayed);
    let fingerprint = print(&reply);
    let told = Told { at_ms: reply.at_ms, total: reply.voided_minor, revoked: reply.revoked_holds, ..Told::default() };
    accepted(Heard { told, coupon_id: reply.coupon_id, position: reply.position.unwrap_or_default(), replayed, fingerprint })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::mix::ask::bit;

    fn reply(replayed: bool, blocks: &[i32]) -> Heard {
        let position = Some(Position { partition: 3, lsn: 9 });
        let reply = v1::FreezeCouponResponse { at_ms: 5, position, blocks: blocks.to_vec(), replayed, ..Default::default() };
        match frozen(reply) {
            Answer::Accepted(heard) => *heard,
            Answer::Refused(refused) => panic!("{refused:?}"),
        }
    }

    #[test]
    fn a_replay_has_the_fingerprint_of_the_first_reply() {
        assert_eq!(reply(true, &[2]).fingerprint, reply(false, &[2]).fingerprint);
        assert_ne!(reply(true, &[2]).fingerprint, reply(true, &[3]).fingerprint);
    }

    #[test]
    fn blocks_are_a_set() {
        assert_eq!(reply(false, &[3, 2]).told.blocks, reply(false, &[2, 3]).told.blocks);
        assert_eq!(reply(false, &[3]).told.blocks, bit(3));
    }
}
