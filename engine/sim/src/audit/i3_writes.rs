//! I3: every acknowledged write is present exactly once, with the acknowledged outcome.
//!
//! Asked after each recovery for everything that was acknowledged since the one before; what was once found durable is held
//! by I6 from then on.

use crate::history::{Fact, History, What};
use crate::violation::{Checked, broken, holds};
use tessera_domain::Reply;
use tessera_engine::letter::Answer;

/// Whether the journals hold what this answer promised.
pub(crate) fn check(history: &History, op: usize, answer: &Answer) -> Checked {
    let effect = history.effect(op);
    let lost = || broken("I3", format!("operation {op} was answered {answer:?} and is nowhere"));
    let place = effect.ok_or_else(lost)?;
    let fact = history.fact(place.0, place.1).ok_or_else(lost)?;
    if let Some(written) = answer.as_ref().ok().and_then(Reply::written) {
        let acknowledged = (written.partition, written.lsn);
        if let (What::Joined { redemption: hold }, Ok(Reply::Released(released))) = (fact.what, answer) {
            let same = released.hold == hold && place == acknowledged;
            return holds(same, "I5", || format!("operation {op} released hold {hold} again and was answered {answer:?}"));
        }
        let of_gift = match answer {
            Ok(Reply::GiftCancelled(cancelled)) => Some(cancelled.gift),
            Ok(Reply::GiftAccepted(accepted)) => Some(accepted.gift),
            _ => None,
        };
        if let (What::Joined { redemption: gift }, Some(told)) = (fact.what, of_gift) {
            let same = told == gift && place == acknowledged;
            return holds(same, "I5", || format!("operation {op} ended gift {gift} again and was answered {answer:?}"));
        }
        if let What::Joined { redemption } = fact.what {
            let first = history.fact(place.0, redemption).ok_or_else(lost)?;
            let same = (place.0, redemption) == acknowledged && is_outcome(first, answer);
            return holds(same, "I5", || format!("operation {op} joined {first:?} and was answered {answer:?}"));
        }
        holds(place == acknowledged, "I3", || {
            format!("operation {op} was acknowledged at {acknowledged:?} and is at {place:?}")
        })?;
    }
    holds(is_outcome(fact, answer), "I3", || format!("operation {op} was answered {answer:?}, the journal has {fact:?}"))
}

fn is_outcome(fact: &Fact, answer: &Answer) -> bool {
    match (fact.what, answer) {
        (What::Claimed { coupon }, Ok(Reply::Claimed(claimed))) => claimed.coupon == coupon,
        (What::Redeemed { coupon, amount, applied, balance_after }, Ok(Reply::Redeemed(redeemed))) => {
            let quote = &redeemed.quote;
            (quote.coupon, quote.amount, quote.applied, quote.balance_after) == (coupon, amount, applied, balance_after)
        }
        (What::Refunded { redemption, coupon, amount, balance_after }, Ok(Reply::Refunded(refunded))) => {
            let told = (refunded.redemption, refunded.coupon, refunded.amount, refunded.balance_after);
            told == (redemption, coupon, amount, balance_after)
        }
        (What::Held { coupon, amount, applied, deadline_ms }, Ok(Reply::Held(held))) => {
            (held.coupon, held.amount, held.applied, held.deadline_ms) == (coupon, amount, applied, deadline_ms)
        }
        (What::Released { hold }, Ok(Reply::Released(released))) => released.hold == hold,
        (What::Blocked { blocks, revoked_holds }, Ok(Reply::Blocked(blocked))) => {
            (blocked.blocks.number(), blocked.revoked_holds) == (blocks, revoked_holds)
        }
        (What::Voided { amount, revoked_holds }, Ok(Reply::Voided(voided))) => {
            (voided.amount, voided.revoked_holds) == (amount, revoked_holds)
        }
        (What::CheckedOut { parts, amount, payable }, Ok(Reply::CheckedOut(checkout))) => {
            let applied: i64 = checkout.parts.iter().map(|part| part.applied).sum();
            (checkout.parts.len(), checkout.amount, checkout.payable) == (parts, amount, payable) && applied == amount - payable
        }
        (What::CheckoutReleased { checkout }, Ok(Reply::CheckoutReleased(released))) => released.checkout == checkout,
        (What::CheckoutRefunded { checkout, outside, parts }, Ok(Reply::CheckoutRefunded(refund))) => {
            (refund.checkout, refund.outside, refund.parts.len()) == (checkout, outside, parts)
        }
        (What::GiftOffered { coupon, deadline_ms }, Ok(Reply::GiftOffered(offered))) => {
            (offered.coupon, offered.deadline_ms) == (coupon, deadline_ms)
        }
        (What::GiftEnded { gift }, Ok(Reply::GiftCancelled(cancelled))) => cancelled.gift == gift,
        (What::GiftAccepted { gift, amount }, Ok(Reply::GiftAccepted(accepted))) => {
            (accepted.gift, accepted.amount) == (gift, amount)
        }
        (What::Activated, Ok(Reply::Activated(_))) => true,
        (What::Replaced { replacement }, Ok(Reply::Replaced(replaced))) => replaced.replacement.coupon == replacement,
        (What::BatchTaken { count, taken_ms }, Ok(Reply::Batch(view))) => (view.count, view.taken_ms) == (count, taken_ms),
        (What::Loaded { balance_after }, Ok(Reply::Loaded(loaded))) => loaded.balance_after == balance_after,
        (What::Imported { coupon }, Ok(Reply::Imported(imported))) => imported.coupon == coupon,
        (What::StockSet { to, .. }, Ok(Reply::StockRaised { total, .. })) => *total == to,
        (What::TemplateWritten { template, version }, Ok(Reply::Template { template: told, .. })) => {
            (told.terms.template, told.terms.version) == (template, version)
        }
        (What::TemplateSwitched { template, stopped }, Ok(Reply::Template { template: told, .. })) => {
            (told.terms.template, told.stopped) == (template, stopped)
        }
        (What::TemplateVoided { template }, Ok(Reply::Template { template: told, .. })) => {
            told.terms.template == template && told.void.is_some()
        }
        // The journal has an instrument's place above the number of a refusal of an order.
        (What::Refused { reason, value }, Err(refusal)) if !refusal.field.is_empty() => {
            refusal.reason as u16 == reason && refusal.value == value & ((1 << 50) - 1) && value >> 50 > 0
        }
        (What::Refused { reason, value }, Err(refusal)) => (refusal.reason as u16, refusal.value) == (reason, value),
        _ => false,
    }
}
