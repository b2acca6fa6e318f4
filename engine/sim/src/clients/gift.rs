//! What friends ask: offers, their ends, and what became of them.

use super::known::{Card, Gift, Known};
use super::op::{Ask, id, request_id};
use crate::dice::Dice;
use crate::machine::hash_key;
use crate::plan::Plan;
use tessera_domain::command::*;

/// So many of the newest gifts are looked at: older ones have ended.
const RECENT: usize = 12;

/// An offer, or something about one of the newest.
pub(super) fn next(card: Option<Card>, known: &Known, plan: &Plan, dice: &mut Dice, op: usize) -> Option<Ask> {
    let recent = &known.gifts[known.gifts.len().saturating_sub(RECENT)..];
    let gift = dice.pick(recent).copied();
    match (dice.below(10), gift) {
        (0..=3, _) | (_, None) => card.filter(|card| !card.is_bearer).map(|card| offer(card, dice, op)),
        (4..=6, Some(gift)) => Some(accept(gift, plan, dice, op)),
        (7, Some(gift)) => {
            let cancel = CancelGift { gift: gift.lsn, user: gift.giver, request_id: request_id(op) };
            Some(Ask::Partition(gift.partition, Command::CancelGift(cancel)))
        }
        (_, Some(Gift { partition, lsn, receiver, .. })) => {
            Some(Ask::Partition(partition, Command::GetGift(GetGift { gift: lsn, user: receiver })))
        }
    }
}

fn offer(card: Card, dice: &mut Dice, op: usize) -> Ask {
    let instrument = Instrument::Owned { user: card.user, coupon: card.coupon };
    let ttl_ms = dice.pick(&[0, 60_000, 60_000]).copied().unwrap_or(0);
    Ask::Partition(card.partition, Command::OfferGift(OfferGift { instrument, ttl_ms, request_id: request_id(op) }))
}

/// By anybody, now and then its giver.
fn accept(gift: Gift, plan: &Plan, dice: &mut Dice, op: usize) -> Ask {
    let name = format!("u{}", dice.between(0, plan.users));
    let key = hash_key().user(&name);
    let user = User { id: id(name), key };
    let accept = AcceptGift { gift: gift.lsn, user, to: key.partition(plan.partitions), request_id: request_id(op) };
    Ask::Partition(gift.partition, Command::AcceptGift(accept))
}
