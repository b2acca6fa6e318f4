//! What makers and sellers of gift cards ask: a batch opened at its home, its runs, its end, its one download; the cards that were made,
//! and their activation.

use super::known::{Batch, Known};
use super::op::{Ask, id, request_id};
use crate::dice::Dice;
use crate::machine::hash_key;
use crate::plan::Plan;
use tessera_domain::RUN_CARDS_MAX;
use tessera_domain::command::*;

/// Of which template cards are made.
const TEMPLATE: &str = "card";

/// Most cards of a batch.
const BATCH_MAX: i64 = 9;

/// Cards of a run.
const RUN: u64 = 3;

/// So many of the newest cards are looked at for one to sell.
const RECENT: usize = 40;

/// So many of the newest batches are worked at.
const NEWEST: usize = 6;

/// A batch is opened, or one of the newest goes on, or a card of one is activated.
pub(super) fn next(known: &Known, plan: &Plan, dice: &mut Dice, op: usize) -> Option<Ask> {
    let version = *known.templates.get(TEMPLATE)?;
    let newest = &known.batches[known.batches.len().saturating_sub(NEWEST)..];
    let batch = dice.pick(newest);
    match (dice.below(14), batch) {
        (0, _) | (_, None) => Some(open(plan, dice, op)),
        (1..=7, Some(batch)) => Some(run(batch, plan, version).unwrap_or_else(|| complete(batch))),
        (8, Some(batch)) => Some(complete(batch)),
        (9, Some(batch)) => Some(Ask::Partition(batch.home, Command::GetBatch(id(batch.name.clone())))),
        (10, Some(batch)) => {
            let take = TakeBatch { batch: id(batch.name.clone()), request_id: request_id(op) };
            Some(Ask::Partition(batch.home, Command::TakeBatch(take)))
        }
        (11, Some(batch)) => {
            let list = ListCards { batch: id(batch.name.clone()), page_size: RUN_CARDS_MAX, from: None };
            let (partition, _) = *dice.pick(&shares(batch, plan))?;
            Some(Ask::Partition(partition, Command::ListCards(list)))
        }
        _ => activate(known, dice, op),
    }
}

fn open(plan: &Plan, dice: &mut Dice, op: usize) -> Ask {
    let name = format!("b{op}");
    let home = hash_key().home_of_batch(&name, plan.partitions);
    let (batch, count) = (id(name), dice.between(1, BATCH_MAX) as u64);
    Ask::Partition(home, Command::OpenBatch(OpenBatch { batch, template: id(TEMPLATE.into()), count }))
}

/// How many cards which partition makes: the batch's home one half, the next one the other.
fn shares(batch: &Batch, plan: &Plan) -> Vec<(u16, u64)> {
    let next = (batch.home + 1) % plan.partitions;
    let half = if next == batch.home { 0 } else { batch.count / 2 };
    [(batch.home, batch.count - half), (next, half)].into_iter().filter(|&(_, wanted)| wanted > 0).collect()
}

/// The next run; nothing when every card is known to be made. Whoever asks for the same run asks for the same.
fn run(batch: &Batch, plan: &Plan, version: u32) -> Option<Ask> {
    let made = |partition: u16| batch.made.get(&partition).copied().unwrap_or(0);
    let (partition, share) = shares(batch, plan).into_iter().find(|&(partition, wanted)| made(partition) < wanted)?;
    let (made, batch, template) = (made(partition), id(batch.name.clone()), id(TEMPLATE.into()));
    let count = RUN.min(share - made) as u32;
    Some(Ask::Partition(partition, Command::MakeCards(MakeCards { batch, template, version, share, made, count })))
}

/// With as many as are known to be made: now and then too early.
fn complete(batch: &Batch) -> Ask {
    let made = batch.made.values().sum();
    Ask::Partition(batch.home, Command::CompleteBatch(CompleteBatch { batch: id(batch.name.clone()), made }))
}

fn activate(known: &Known, dice: &mut Dice, op: usize) -> Option<Ask> {
    let made: Vec<_> = known.cards.iter().rev().filter(|card| card.is_bearer).take(RECENT).collect();
    let card = dice.pick(&made)?;
    let instrument = Instrument::Bearer { coupon: card.coupon, key_version: card.key_version };
    let activate = ActivateCard { instrument, sale: Box::default(), channel: None, request_id: request_id(op) };
    Some(Ask::Partition(card.partition, Command::ActivateCard(activate)))
}
