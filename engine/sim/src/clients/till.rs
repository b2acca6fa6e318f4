//! What tills and operators ask beside redemptions: holds and their ends, blocks, reloads and adjustments, voids.

use super::known::{Card, Held, Known};
use super::op::{Ask, id, request_id};
use super::orders;
use super::workload::{FACE_VALUE, PART_MAX, cny, instrument, place, redeem};
use crate::dice::Dice;
use crate::machine::hash_key;
use crate::plan::Plan;
use tessera_domain::Block;
use tessera_domain::command::*;

/// An end is waited for so long at most, in ms.
const BRINK_MS_MAX: i64 = 30_000;

/// So many of the newest holds and cards are looked at for one that ends soon.
const RECENT: usize = 64;

/// Of a thousand ends, so many are releases.
const RELEASES: u32 = 350;

/// Of a thousand freezes and unfreezes, so many freeze.
const FREEZES: u32 = 300;

/// Of a thousand operators' asks, so many change a balance.
const LOADS: u32 = 250;

/// Of a thousand operators' asks, so many make a coupon void.
const VOIDS: u32 = 250;

/// Of a thousand operators' asks, so many put a new card in the place of a lost one.
const REPLACEMENTS: u32 = 100;

pub(super) fn hold(card: Card, dice: &mut Dice, op: usize) -> Ask {
    let (merchant, channel) = place(dice);
    let hold = Hold {
        instrument: instrument(card, dice),
        merchant,
        order: id(format!("o{op}")),
        amount: dice.between(1, FACE_VALUE / 3),
        currency: cny(),
        ttl_ms: dice.pick(&[0, 0, 5_000, 12_000]).copied().unwrap_or(0),
        request_id: request_id(op),
        channel,
    };
    Ask::Partition(card.partition, Command::Hold(hold))
}

/// A hold is captured, mostly as held, or let go; also one that has ended.
pub(super) fn end(known: &Known, dice: &mut Dice, op: usize) -> Option<Ask> {
    dice.pick(&known.holds).copied().map(|held| end_of(held, dice, op))
}

/// A capture or a release of this hold.
pub(super) fn end_of(held: Held, dice: &mut Dice, op: usize) -> Ask {
    let Held { partition, lsn: hold, amount: held, .. } = held;
    let request_id = request_id(op);
    if dice.chance(RELEASES) {
        return Ask::Partition(partition, Command::Release(Release { hold, request_id }));
    }
    let amount = dice.chance(400).then(|| dice.between(1, held.max(PART_MAX)));
    let capture = Capture { hold, amount, reacquire: dice.chance(300), request_id };
    Ask::Partition(partition, Command::Capture(capture))
}

/// Something that ends after `wall_ms` and is to be used in that very millisecond, or beside it: when, and what is asked.
pub(super) fn brink(known: &Known, plan: &Plan, wall_ms: i64, dice: &mut Dice, op: usize) -> Option<(i64, Ask)> {
    let is_near = |end_ms: i64| end_ms > wall_ms + 1 && end_ms < wall_ms + BRINK_MS_MAX;
    let beside_ms = dice.between(-1, 1);
    if dice.chance(600) {
        let near: Vec<Held> = known.holds.iter().rev().take(RECENT).copied().filter(|held| is_near(held.deadline_ms)).collect();
        return dice.pick(&near).copied().map(|held| (held.deadline_ms + beside_ms, end_of(held, dice, op)));
    }
    let near: Vec<Card> = known.cards.iter().rev().take(RECENT).copied().filter(|card| is_near(card.until_ms)).collect();
    let card = *dice.pick(&near)?;
    let ask = if plan.limits { orders::naming(card, known, dice, op)? } else { redeem(card, dice, op) };
    Some((card.until_ms + beside_ms, ask))
}

/// A customer reloads, or an operator adjusts; also what is no card.
fn load(card: Card, dice: &mut Dice, op: usize) -> Ask {
    let (request_id, currency) = (request_id(op), cny());
    let command = match dice.chance(500) {
        true => {
            let (instrument, amount, sale) = (instrument(card, dice), dice.between(1, PART_MAX), Box::default());
            Command::ReloadCard(ReloadCard { instrument, sale, amount, currency, request_id })
        }
        false => {
            let amount = dice.between(1, PART_MAX) * if dice.chance(500) { -1 } else { 1 };
            let (instrument, reason) = (Instrument::Known { coupon: card.coupon }, Box::new(id("audit".into())));
            Command::AdjustCard(AdjustCard { instrument, amount, currency, reason, request_id })
        }
    };
    Ask::Partition(card.partition, command)
}

/// Operators freeze, unfreeze, change balances, replace, and make void.
pub(super) fn operate(known: &Known, plan: &Plan, dice: &mut Dice, op: usize) -> Option<Ask> {
    let (request_id, revoke_holds) = (request_id(op), dice.chance(400));
    let block = *dice.pick(&[Block::Risk, Block::Risk, Block::Operator])?;
    if dice.chance(200) {
        let user = format!("u{}", dice.between(0, plan.users));
        let key = hash_key().user(&user);
        let operation = if dice.chance(FREEZES) { Operation::FreezeUser } else { Operation::UnfreezeUser };
        let user = User { id: id(user), key };
        let command = Command::BlockUser(BlockUser { operation, user, block, revoke_holds, request_id });
        return Some(Ask::Partition(key.partition(plan.partitions), command));
    }
    let card = dice.pick(&known.cards)?;
    if dice.chance(LOADS) {
        return Some(load(*card, dice, op));
    }
    let instrument = Instrument::Known { coupon: card.coupon };
    if dice.chance(REPLACEMENTS) {
        let replace = ReplaceCard { instrument, revoke_holds, request_id };
        return Some(Ask::Partition(card.partition, Command::ReplaceCard(replace)));
    }
    let command = match dice.chance(VOIDS) {
        true => Command::VoidCoupon(VoidCoupon { instrument, revoke_holds, request_id }),
        false => {
            let operation = if dice.chance(FREEZES) { Operation::FreezeCoupon } else { Operation::UnfreezeCoupon };
            Command::BlockCoupon(BlockCoupon { operation, instrument, block, revoke_holds, request_id })
        }
    };
    Some(Ask::Partition(card.partition, command))
}
