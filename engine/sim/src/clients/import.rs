//! What whoever moves here asks: rows of a few codes, again and again, and uses of the cards by their codes.

use super::known::{Card, Known};
use super::op::{Ask, id, request_id};
use super::workload::{FACE_VALUE, redeem};
use crate::dice::Dice;
use crate::machine::hash_key;
use crate::plan::Plan;
use tessera_domain::command::*;

/// Codes that there are: few, so that most rows name one that is here.
const CODES: i64 = 60;

/// Of a thousand asks, so many are rows.
const ROWS: u32 = 500;

/// A row, or a use of an imported card by its code.
pub(super) fn next(known: &Known, plan: &Plan, dice: &mut Dice, op: usize) -> Option<Ask> {
    if dice.chance(ROWS) {
        return known.templates.contains_key("card").then(|| row(plan, dice, op));
    }
    let imported: Vec<Card> = known.cards.iter().filter(|card| card.legacy.is_some()).copied().collect();
    dice.pick(&imported).map(|&card| redeem(card, dice, op))
}

/// Each row is of a batch of its own: that of a code that is here says something else.
fn row(plan: &Plan, dice: &mut Dice, op: usize) -> Ask {
    let code = hash_key().legacy(&format!("OLD-{}", dice.between(0, CODES)));
    let balance = if dice.chance(500) { None } else { Some(dice.between(1, FACE_VALUE)) };
    let (batch, template) = (request_id(op), id("card".into()));
    let import = ImportCard { code, batch, template, reference: None, balance, currency: None, until_ms: 0 };
    Ask::Partition(code.partition(plan.partitions), Command::ImportCard(Box::new(import)))
}
