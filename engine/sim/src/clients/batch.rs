//! What makers and sellers of gift cards ask: runs of a batch, the cards that were made, their activation.

use super::known::{Known, Share};
use super::op::{Ask, id, request_id};
use crate::dice::Dice;
use crate::plan::Plan;
use tessera_domain::RUN_CARDS_MAX;
use tessera_domain::command::*;

/// Of which template cards are made.
const TEMPLATE: &str = "card";

/// Most cards of a share.
const SHARE_MAX: i64 = 9;

/// Cards of a run.
const RUN: u64 = 3;

/// So many of the newest cards are looked at for one to sell.
const RECENT: usize = 40;

/// A share is begun, made on or listed, or a card of one is activated.
pub(super) fn next(known: &Known, plan: &Plan, dice: &mut Dice, op: usize) -> Option<Ask> {
    let version = *known.templates.get(TEMPLATE)?;
    let share = dice.pick(&known.shares).cloned();
    match (dice.below(10), share) {
        (0..=1, _) | (_, None) => {
            let (partition, wanted) = (dice.below(plan.partitions.into()) as u16, dice.between(1, SHARE_MAX) as u64);
            Some(run(&Share { batch: format!("b{op}"), partition, wanted, made: 0 }, version))
        }
        (2..=4, Some(share)) if share.made < share.wanted => Some(run(&share, version)),
        (2..=6, Some(share)) => {
            let list = ListCards { batch: id(share.batch), page_size: RUN_CARDS_MAX, from: None };
            Some(Ask::Partition(share.partition, Command::ListCards(list)))
        }
        _ => activate(known, dice, op),
    }
}

/// Whoever asks for the same run asks for the same.
fn run(share: &Share, version: u32) -> Ask {
    let &Share { ref batch, partition, wanted, made } = share;
    let count = RUN.min(wanted - made) as u32;
    let make = MakeCards { batch: id(batch.clone()), template: id(TEMPLATE.into()), version, share: wanted, made, count };
    Ask::Partition(partition, Command::MakeCards(make))
}

fn activate(known: &Known, dice: &mut Dice, op: usize) -> Option<Ask> {
    let made: Vec<_> = known.cards.iter().rev().filter(|card| card.is_bearer).take(RECENT).collect();
    let card = dice.pick(&made)?;
    let instrument = Instrument::Bearer { coupon: card.coupon, key_version: card.key_version };
    let activate = ActivateCard { instrument, sale: Box::default(), channel: None, request_id: request_id(op) };
    Some(Ask::Partition(card.partition, Command::ActivateCard(activate)))
}
