//! What checkouts do to the plain model of a partition: each part as if it stood alone, then the event that makes them one.
//!
//! Parts without it, or with another sum than it says, break I4 and I2. What units bring back is reckoned here a second time, by the
//! rule of the semantics: of a share, floor(share · back / units), each time the difference.

use super::fact::What;
use super::promise::End;
use super::saga::Sagas;
use super::shelf::Shelf;
use crate::clients::MERCHANT;
use crate::violation::{Checked, broken, holds};
use std::collections::BTreeMap;
use tessera_domain::codec;
use tessera_domain::event::{self, Event, Request};

/// A redeemed order.
#[derive(Debug, Default)]
struct Order {
    /// Units and cost of each line.
    lines: Vec<(u32, i64)>,
    /// Of each discount, its share of each line.
    shares: Vec<Vec<i64>>,
    /// The redemptions of the discounts, then of the cards, with what each applied.
    parts: Vec<(u64, i64)>,
    /// Units back, of each line.
    back: Vec<u32>,
    /// What each part gave back.
    refunded: Vec<i64>,
    /// What was paid back beside them.
    outside: i64,
}

/// All orders of a partition, and the parts that wait for theirs.
#[derive(Default)]
pub(crate) struct Orders {
    by_lsn: BTreeMap<u64, Order>,
    /// Lsn and what was applied or given back.
    parts: Vec<(u64, i64)>,
    /// Redemption and amount of each refunded part.
    back: Vec<(u64, i64)>,
    /// What of that came back to cards of void templates: it is paid outside as well.
    lost: i64,
    /// Those with cards of other partitions.
    pub(super) sagas: Sagas,
}

impl Orders {
    /// How many there are, and of how many units came back.
    pub(super) fn counts(&self) -> [u64; 2] {
        let returned = self.by_lsn.values().filter(|order| order.back.iter().any(|&back| back > 0));
        [self.by_lsn.len() as u64, returned.count() as u64]
    }
}

/// Stands where an event answers no request of its own.
const NOBODY: Request<'static> = Request { id: "", fingerprint: 0 };

impl Shelf {
    /// An event of a checkout; none if it is another one.
    pub(super) fn of_order<'a>(
        &mut self,
        event: &Event<'a>,
        lsn: u64,
        now_ms: i64,
    ) -> Checked<Option<(Option<Request<'a>>, What)>> {
        let what = match event {
            Event::PartHeld(part) => {
                let is_counted_on = self.orders_of.sagas.counts_on(part.replaces);
                self.held_for(&alone_held(part), is_counted_on, lsn, now_ms)?;
                self.orders_of.parts.push((lsn, part.applied));
                (None, What::Other)
            }
            Event::PartRedeemed(part) => {
                self.redeemed(&alone_redeemed(part), lsn, now_ms)?;
                self.orders_of.parts.push((lsn, part.applied));
                (None, What::Other)
            }
            Event::PartCaptured(part) => {
                self.captured(&alone_captured(part, false), lsn, now_ms)?;
                self.orders_of.sagas.capture(part.hold, lsn);
                self.orders_of.parts.push((lsn, part.applied));
                (None, What::Other)
            }
            Event::PartReacquired(part) => {
                self.captured(&alone_captured(part, true), lsn, now_ms)?;
                self.orders_of.parts.push((lsn, part.applied));
                (None, What::Other)
            }
            Event::PartReleased(part) => {
                self.end_hold(part.hold, part.coupon, End::Released, lsn, now_ms)?;
                (None, What::Other)
            }
            Event::PartRefunded(part) if self.orders_of.sagas.is_pledged(part.redemption) => {
                self.refunded_by_word(&part.asked_by(NOBODY), lsn)?;
                (None, What::Other)
            }
            Event::PartRefunded(part) => {
                self.refunded(&part.asked_by(NOBODY), lsn)?;
                self.orders_of.back.push((part.redemption, part.amount));
                let (is_card, terms) = self.card(part.coupon).map(|card| (card.is_stored_value, card.terms))?;
                self.orders_of.lost += if is_card && self.is_of_void(terms) { part.amount } else { 0 };
                (None, What::Other)
            }
            Event::CheckedOut(whole) => (Some(whole.request), self.checked_out(whole, lsn)?),
            Event::CheckoutReleased(whole) => (Some(whole.request), What::CheckoutReleased { checkout: whole.checkout }),
            Event::CheckoutRefunded(whole) => (Some(whole.request), self.order_refunded(whole)?),
            Event::RefundedApart(whole) => (Some(whole.request), self.order_refunded_apart(whole)?),
            Event::CapturedApart(whole) => (Some(whole.request), self.captured_apart(whole, lsn)?),
            Event::SagaOpened(_) | Event::Pledged(_) | Event::SagaEnded(_) | Event::PledgeEnded(_) => {
                self.of_saga(event, lsn)?;
                (None, What::Other)
            }
            _ => {
                let is_whole = self.orders_of.parts.is_empty() && self.orders_of.back.is_empty();
                holds(is_whole, "I4", || format!("parts of an order before lsn {lsn}, and nothing makes them one"))?;
                return Ok(None);
            }
        };
        Ok(Some(what))
    }

    fn checked_out(&mut self, whole: &event::CheckedOut<'_>, lsn: u64) -> Checked<What> {
        let parts = std::mem::take(&mut self.orders_of.parts);
        let applied: i64 = parts.iter().map(|(_, applied)| applied).sum();
        let is_sum = applied == whole.amount - whole.payable && parts.len() == usize::from(whole.parts) && whole.payable >= 0;
        holds(is_sum, "I2", || format!("order at lsn {lsn} takes {applied} off {} and leaves {}", whole.amount, whole.payable))?;
        let body = codec::decode_order(whole.body).ok_or_else(|| broken("I6", format!("no order at lsn {lsn}")))?;
        let lines: Vec<(u32, i64)> = body.lines.iter().map(|line| (line.quantity, line.amount)).collect();
        let costs: i64 = lines.iter().map(|(_, amount)| amount).sum();
        holds(costs + body.shipping == whole.amount, "I2", || format!("order at lsn {lsn} costs {costs}"))?;
        for (shares, &(_, applied)) in body.shares.iter().zip(&parts) {
            let sum: i64 = shares.iter().sum();
            holds(sum == applied, "I2", || format!("shares of {sum} of a discount of {applied} at lsn {lsn}"))?;
        }
        let shares = body.shares.iter().map(|shares| shares[..lines.len()].to_vec()).collect();
        let (back, refunded) = (vec![0; lines.len()], vec![0; parts.len()]);
        self.orders_of.by_lsn.insert(lsn, Order { lines, shares, parts, back, refunded, outside: 0 });
        Ok(What::CheckedOut { parts: whole.parts.into(), amount: whole.amount, payable: whole.payable })
    }

    /// An order of these parts, those elsewhere without an lsn, is known from now on.
    pub(super) fn place(&mut self, lsn: u64, body: &[u8], parts: Vec<(u64, i64)>) -> Checked {
        let body = codec::decode_order(body).ok_or_else(|| broken("I6", format!("no order at lsn {lsn}")))?;
        let lines: Vec<(u32, i64)> = body.lines.iter().map(|line| (line.quantity, line.amount)).collect();
        let shares = body.shares.iter().map(|shares| shares[..lines.len()].to_vec()).collect();
        let (back, refunded) = (vec![0; lines.len()], vec![0; parts.len()]);
        self.orders_of.by_lsn.insert(lsn, Order { lines, shares, parts, back, refunded, outside: 0 });
        Ok(())
    }

    /// The parts of this partition that wait for what makes them one.
    pub(super) fn take_parts(&mut self) -> Vec<(u64, i64)> {
        std::mem::take(&mut self.orders_of.parts)
    }

    fn order_refunded_apart(&mut self, whole: &event::RefundedApart<'_>) -> Checked<What> {
        let event::RefundedApart { checkout, request, parts, outside, body, mut apart, lost } = *whole;
        if let Some(order) = self.orders_of.by_lsn.get_mut(&checkout) {
            let mut elsewhere: Vec<_> =
                order.refunded.iter_mut().zip(&order.parts).filter(|(_, (lsn, _))| *lsn == 0).enumerate().collect();
            // The last drained first.
            for (at, (refunded, (_, paid))) in elsewhere.iter_mut().rev() {
                let more = apart.min(paid - **refunded);
                **refunded += more;
                apart -= more;
                self.orders_of.lost += if lost >> *at & 1 == 1 { more } else { 0 };
            }
        }
        holds(apart == 0, "I2", || format!("order {checkout} gives {apart} too much back to cards elsewhere"))?;
        self.order_refunded(&event::CheckoutRefunded { checkout, request, parts, outside, body })
    }

    fn order_refunded(&mut self, whole: &event::CheckoutRefunded<'_>) -> Checked<What> {
        let (given, lost) = (std::mem::take(&mut self.orders_of.back), std::mem::take(&mut self.orders_of.lost));
        let missing = || broken("I9", format!("a refund of order {}", whole.checkout));
        let order = self.orders_of.by_lsn.get_mut(&whole.checkout).ok_or_else(missing)?;
        let units = codec::decode_returns(whole.body).ok_or_else(missing)?;
        for (back, more) in order.back.iter_mut().zip(&units.units) {
            *back += more;
        }
        for (redemption, amount) in given {
            let part = order.parts.iter().position(|&(lsn, _)| lsn == redemption).ok_or_else(missing)?;
            order.refunded[part] += amount;
        }
        order.outside += whole.outside - lost;
        order.check(whole.checkout)?;
        Ok(What::CheckoutRefunded { checkout: whole.checkout, outside: whole.outside, parts: whole.parts.into() })
    }
}

impl Order {
    /// Everything given back so far is what the units back so far bring, to the last fen.
    fn check(&self, lsn: u64) -> Checked {
        let is_bought = self.lines.iter().zip(&self.back).all(|((units, _), back)| back <= units);
        holds(is_bought, "I9", || format!("more units of order {lsn} came back than there were: {self:?}"))?;
        let floor = |share: i64, line: usize| {
            let exact = i128::from(share) * i128::from(self.back[line]) / i128::from(self.lines[line].0.max(1));
            exact as i64
        };
        let sum = |share: &dyn Fn(usize) -> i64| (0..self.lines.len()).map(|line| floor(share(line), line)).sum::<i64>();
        let rest = |line: usize| self.lines[line].1 - self.shares.iter().map(|shares| shares[line]).sum::<i64>();
        let mut expected: Vec<i64> = self.shares.iter().map(|shares| sum(&|line| shares[line])).collect();
        let mut money = sum(&rest);
        let cards = &self.parts[expected.len()..];
        let mut of_cards: Vec<i64> = Vec::new();
        for &(_, paid) in cards.iter().rev() {
            of_cards.push(money.min(paid));
            money -= money.min(paid);
        }
        expected.extend(of_cards.into_iter().rev());
        let is_exact = self.refunded == expected && self.outside == money;
        holds(is_exact, "I2", || format!("order {lsn} should have given back {expected:?} and {money}: {self:?}"))
    }
}

/// What a coupon is for is asked of an order's lines, all of which this merchant sells.
fn alone_held<'a>(part: &event::PartHeld<'a>) -> event::Held<'a> {
    let event::PartHeld { coupon, previous, order, amount, applied, held, deadline_ms, replaces, .. } = *part;
    let (merchant, request) = (MERCHANT, NOBODY);
    event::Held { coupon, previous, merchant, order, request, amount, applied, held, deadline_ms, replaces }
}

fn alone_redeemed<'a>(part: &event::PartRedeemed<'a>) -> event::Redeemed<'a> {
    let event::PartRedeemed { coupon, previous, order, amount, applied, captured, .. } = *part;
    event::Redeemed { coupon, previous, merchant: MERCHANT, order, request: NOBODY, amount, applied, captured }
}

fn alone_captured(part: &event::PartCaptured, reacquired: bool) -> event::Captured<'static> {
    let event::PartCaptured { hold, coupon, previous, amount, applied, captured } = *part;
    event::Captured { hold, coupon, previous, request: NOBODY, amount, applied, captured, reacquired }
}
