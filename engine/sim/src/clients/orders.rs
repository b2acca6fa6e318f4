//! What checkouts ask: several cards and coupons on an order of lines, held or redeemed at once, captured, let go, and refunded by unit.

use super::known::{Card, Checkout, Known};
use super::op::{Ask, id, request_id};
use super::workload::{MERCHANT, cny, instrument, place};
use crate::dice::Dice;
use tessera_domain::checkout::{Line, Order};
use tessera_domain::command::*;

/// Cards and coupons of one order, at most.
const INSTRUMENTS_MAX: i64 = 4;

/// Lines of an order, at most.
const LINES_MAX: i64 = 3;

/// Most units of a line, and most that one costs.
const UNITS_MAX: i64 = 4;
const PRICE_MAX: i64 = 6_000;

/// So many of the newest cards are looked at for some of one partition.
const RECENT: usize = 64;

/// So many of the newest cards elsewhere are looked at.
const NEWEST: usize = 8;

/// An order is placed, or what became of an earlier one goes on.
pub(super) fn next(known: &Known, dice: &mut Dice, op: usize) -> Option<Ask> {
    match dice.pick(&known.checkouts).copied().filter(|_| dice.chance(550)) {
        Some(before) => Some(go_on(before, dice, op)),
        None => place_order(known, dice, op),
    }
}

fn place_order(known: &Known, dice: &mut Dice, op: usize) -> Option<Ask> {
    let first = *dice.pick(&known.cards)?;
    let beside: Vec<Card> =
        known.cards.iter().rev().take(RECENT).copied().filter(|card| card.partition == first.partition).collect();
    let mut cards = vec![first];
    let apart = apart(known, first.partition, dice);
    for _ in 1..dice.between(1, INSTRUMENTS_MAX) {
        cards.extend(dice.pick(&beside));
    }
    // Now and then one is named twice, which is refused.
    if !dice.chance(50) {
        cards.sort_by_key(|card| card.coupon);
        cards.dedup_by_key(|card| card.coupon);
    }
    order_of(&cards, &apart, dice, op)
}

/// An order of another partition that names this one.
pub(super) fn naming(card: Card, known: &Known, dice: &mut Dice, op: usize) -> Option<Ask> {
    let is_one = |other: &Card| other.is_card && other.partition != card.partition;
    let elsewhere: Vec<Card> = known.cards.iter().rev().copied().filter(is_one).take(NEWEST).collect();
    let home = *dice.pick(&elsewhere)?;
    order_of(&[home], &[card], dice, op)
}

/// An order of these cards of one partition and these of others.
fn order_of(cards: &[Card], apart: &[Card], dice: &mut Dice, op: usize) -> Option<Ask> {
    let home = cards.first()?.partition;
    let (merchant, channel) = place(dice);
    let line = |dice: &mut Dice| Line {
        goods: None,
        categories: Vec::new(),
        merchant: id(MERCHANT.into()),
        quantity: dice.between(1, UNITS_MAX) as u32,
        unit_price: dice.between(1, PRICE_MAX),
    };
    let lines = (0..dice.between(1, LINES_MAX)).map(|_| line(dice)).collect();
    let order = Order::new(lines, 0).ok()?;
    let checkout = tessera_domain::command::Checkout {
        operation: if dice.chance(600) { Operation::HoldOrder } else { Operation::RedeemOrder },
        instruments: cards.iter().map(|&card| instrument(card, dice)).collect(),
        apart: (cards.len() as u8..).zip(apart).map(|(place, &card)| apart_of(place, card, dice)).collect(),
        merchant,
        // Now and then an order holds again.
        order_id: id(format!("o{}", if dice.chance(150) { op / 8 } else { op })),
        order,
        currency: cny(),
        channel: channel.map(|channel| *channel),
        ttl_ms: dice.pick(&[0, 0, 5_000, 12_000]).copied().unwrap_or(0),
        request_id: request_id(op),
    };
    Some(Ask::Partition(home, Command::Checkout(Box::new(checkout))))
}

/// Cards of other partitions, or coupons, which are refused.
fn apart(known: &Known, home: u16, dice: &mut Dice) -> Vec<Card> {
    if !dice.chance(300) {
        return Vec::new();
    }
    let any = dice.chance(100);
    let is_one = |card: &Card| card.partition != home && (card.is_card || any);
    // The newest still have something.
    let elsewhere: Vec<Card> = known.cards.iter().rev().copied().filter(is_one).take(NEWEST).collect();
    let mut cards: Vec<Card> = (0..dice.between(1, 2)).filter_map(|_| dice.pick(&elsewhere).copied()).collect();
    cards.dedup_by_key(|card| (card.partition, card.coupon));
    cards
}

fn apart_of(place: u8, card: Card, dice: &mut Dice) -> Apart {
    Apart { place, partition: card.partition, instrument: instrument(card, dice) }
}

fn go_on(before: Checkout, dice: &mut Dice, op: usize) -> Ask {
    let Checkout { partition, lsn: checkout, is_held, lines } = before;
    let request_id = request_id(op);
    let units = dice.chance(600).then(|| {
        let line = |line: u32| (line, dice.between(1, UNITS_MAX) as u32);
        Units { lines: (0..lines).map(line).collect(), shipping: false }
    });
    let units = units.map(|mut units| {
        units.lines.retain(|_| dice.chance(700));
        units
    });
    // Not drawn, so that worlds of old seeds stay what they are.
    let reacquire = op.is_multiple_of(3);
    let command = match is_held {
        true if dice.chance(300) => Command::ReleaseOrder(Box::new(ReleaseOrder { checkout, request_id })),
        true => Command::CaptureOrder(Box::new(CaptureOrder { checkout, kept: units, reacquire, request_id })),
        false => Command::RefundOrder(Box::new(RefundOrder { checkout, returned: units, request_id })),
    };
    Ask::Partition(partition, command)
}
