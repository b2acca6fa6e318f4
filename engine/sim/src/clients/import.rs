//! What whoever moves here asks: rows of a few codes, again and again, and uses of the cards and one-use coupons by their codes.

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

/// Of a thousand rows of one-use coupons, so many say a balance.
const BALANCES_OF_ONE_USE: u32 = 100;

/// Of a thousand asks about what is imported, so many look a code up; the others use it.
const LOOKS: u32 = 200;

/// Of which templates rows are.
const CARD: &str = "card";
const ONE_USE: &str = "off";

/// A row, or a use of an imported card by its code.
pub(super) fn next(known: &Known, plan: &Plan, dice: &mut Dice, op: usize) -> Option<Ask> {
    if dice.chance(ROWS) {
        let template = if dice.chance(500) { CARD } else { ONE_USE };
        return known.templates.contains_key(template).then(|| row(template, plan, dice, op));
    }
    let imported: Vec<Card> = known.cards.iter().filter(|card| card.legacy.is_some()).copied().collect();
    let card = *dice.pick(&imported)?;
    match card.legacy.filter(|_| dice.chance(LOOKS)) {
        Some(code) => Some(Ask::Partition(card.partition, Command::FindCard(code))),
        None => Some(redeem(card, dice, op)),
    }
}

/// Each row is of a batch of its own: that of a code that is here says something else. One of a one-use coupon says a balance now and then,
/// and is refused.
fn row(template: &str, plan: &Plan, dice: &mut Dice, op: usize) -> Ask {
    let code = hash_key().legacy(&format!("OLD-{}", dice.between(0, CODES)));
    let says_balance = dice.chance(if template == CARD { 500 } else { BALANCES_OF_ONE_USE });
    let balance = says_balance.then(|| dice.between(1, FACE_VALUE));
    let (batch, template) = (request_id(op), id(template.into()));
    let import = ImportCard { code, batch, template, reference: None, balance, currency: None, until_ms: 0 };
    Ask::Partition(code.partition(plan.partitions), Command::ImportCard(Box::new(import)))
}
