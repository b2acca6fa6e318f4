//! Books kept from the journals alone: which orders were redeemed when, for how much, and by whose coupons.
//!
//! They know nothing of the data and nothing of what was asked: lines, prices and discounts are what the durable events say.

use super::Error;
use super::column::{Column, Sums};
use super::machine::PARTITIONS;
use super::promotion::Class;
use super::standing::Standing;
use crate::violation::{Checked, broken, holds};
use std::collections::{BTreeMap, BTreeSet};
use tessera_domain::Window;
use tessera_domain::codec::{decode_order, decode_returns};
use tessera_domain::command::Operation;
use tessera_domain::event::{CheckedOut, CheckoutRefunded, Event};
use tessera_engine::history::{self, Fact};
use tessera_wal::{History, JournalId};

/// Events read at once.
const EVENTS_AT_ONCE: usize = 4_096;

/// A coupon: partition and number.
pub(super) type CouponAt = (u16, u64);

/// A part of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Part {
    lsn: u64,
    coupon: u64,
    applied: i64,
}

/// An order that was redeemed and not returned.
#[derive(Debug)]
struct Sale {
    at_ms: i64,
    basket: String,
    household: String,
    quantities: Vec<u32>,
    amount: i64,
    parts: Vec<(Class, Part)>,
}

/// What all coupons of a kind were loaded with, and what was taken from them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Account {
    loaded: i128,
    captured: i128,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Books {
    /// By partition: the last event that was read.
    read_to: BTreeMap<u16, u64>,
    terms: BTreeMap<(u16, u32), Class>,
    coupons: BTreeMap<CouponAt, (Class, String)>,
    /// Of each partition: parts that no closing event has followed yet.
    open: BTreeMap<u16, Vec<Part>>,
    /// Orders held, by the lsn of their event.
    held: BTreeMap<(u16, u64), String>,
    sales: BTreeMap<(u16, u64), Sale>,
    accounts: BTreeMap<Class, Account>,
    pub(super) captured_orders: u64,
    pub(super) returned_orders: u64,
}

impl Books {
    /// Reads on in all journals.
    pub(super) fn read(&mut self, mut history: History) -> Result<(), Error> {
        for partition in 0..PARTITIONS {
            loop {
                let from = self.read_to.get(&partition).map_or(1, |last| last + 1);
                let facts = history::from(&mut history, JournalId(partition), from, EVENTS_AT_ONCE);
                let facts = facts.map_err(|error| broken("I6", error.to_string()))?;
                let Some(last) = facts.last() else { break };
                self.read_to.insert(partition, last.lsn);
                facts.iter().try_for_each(|fact| self.note(partition, fact))?;
            }
        }
        Ok(())
    }

    fn note(&mut self, partition: u16, fact: &Fact) -> Checked {
        match fact.event() {
            Event::TermsAdopted(adopted) => {
                let class = Class::of(adopted.body.template_id);
                let class = class.ok_or_else(|| broken("I9", format!("no such template: {}", adopted.body.template_id)))?;
                self.terms.insert((partition, adopted.terms), class);
            }
            Event::Claimed(claimed) => {
                let class = self.terms.get(&(partition, claimed.terms)).copied();
                let class = class.ok_or_else(|| broken("I6", "a coupon of terms that were not adopted"))?;
                self.coupons.insert((partition, claimed.coupon), (class, claimed.user.to_owned()));
                self.accounts.entry(class).or_default().loaded += i128::from(claimed.loaded);
            }
            Event::Reloaded(reloaded) => {
                let class = self.class_of((partition, reloaded.coupon))?;
                self.accounts.entry(class).or_default().loaded += i128::from(reloaded.amount);
            }
            Event::PartHeld(part) => self.part(partition, fact.lsn, part.coupon, part.applied),
            Event::PartRedeemed(part) => self.part(partition, fact.lsn, part.coupon, part.applied),
            Event::PartCaptured(part) | Event::PartReacquired(part) => self.part(partition, fact.lsn, part.coupon, part.applied),
            Event::PartRefunded(part) => self.part(partition, part.redemption, part.coupon, part.amount),
            Event::CheckedOut(order) => self.check_out(partition, fact, &order)?,
            Event::CheckoutRefunded(refund) => self.refund(partition, &refund)?,
            _ => {}
        }
        Ok(())
    }

    fn part(&mut self, partition: u16, lsn: u64, coupon: u64, applied: i64) {
        self.open.entry(partition).or_default().push(Part { lsn, coupon, applied });
    }

    fn close(&mut self, partition: u16, parts: u8) -> Checked<Vec<Part>> {
        let open = self.open.remove(&partition).unwrap_or_default();
        holds(open.len() == usize::from(parts), "I4", || format!("{parts} parts are said, {} are there", open.len()))?;
        Ok(open)
    }

    fn check_out(&mut self, partition: u16, fact: &Fact, order: &CheckedOut<'_>) -> Checked {
        let parts = self.close(partition, order.parts)?;
        if order.operation == Operation::HoldOrder as u8 {
            self.held.insert((partition, fact.lsn), order.order.to_owned());
            return Ok(());
        }
        let is_capture = order.operation == Operation::CaptureOrder as u8;
        let name = match is_capture {
            true => self.held.remove(&(partition, order.hold)).ok_or_else(|| broken("I8", "a capture without its hold"))?,
            false => order.order.to_owned(),
        };
        self.captured_orders += u64::from(is_capture);
        let body = decode_order(order.body).ok_or_else(|| broken("I6", "an order that cannot be read"))?;
        let amounts: i64 = body.lines.iter().map(|line| line.amount).sum();
        let applied: i64 = parts.iter().map(|part| part.applied).sum();
        let adds_up = amounts == order.amount && applied + order.payable == order.amount;
        holds(adds_up, "I7", || format!("order {name} of {}: lines {amounts}, parts {applied}", order.amount))?;
        holds(order.payable == 0, "I7", || format!("order {name}: {} is not paid", order.payable))?;
        let household = parts.first().and_then(|part| self.coupons.get(&(partition, part.coupon)));
        let household = household.map(|(_, household)| household.clone()).unwrap_or_default();
        let classed = |part: Part| Ok((self.class_of((partition, part.coupon))?, part));
        let parts = parts.into_iter().map(classed).collect::<Checked<Vec<_>>>()?;
        parts.iter().for_each(|&(class, part)| self.take(class, part.applied, 1));
        let sale = Sale {
            at_ms: fact.at_ms,
            basket: name.split('-').next().unwrap_or_default().to_owned(),
            household,
            quantities: body.lines.iter().map(|line| line.quantity).collect(),
            amount: order.amount,
            parts,
        };
        self.sales.insert((partition, fact.lsn), sale);
        Ok(())
    }

    /// What a part takes from its coupon, or gives back: cents of a purse, the one piece of anything else.
    fn take(&mut self, class: Class, cents: i64, sign: i64) {
        let taken = if class == Class::Purse { cents } else { 1 };
        self.accounts.entry(class).or_default().captured += i128::from(sign * taken);
    }

    /// An order comes back whole, and then it never was.
    fn refund(&mut self, partition: u16, refund: &CheckoutRefunded<'_>) -> Checked {
        let back = self.close(partition, refund.parts)?;
        let sale = self.sales.remove(&(partition, refund.checkout));
        let sale = sale.ok_or_else(|| broken("I9", "a refund of what was not redeemed"))?;
        let units = decode_returns(refund.body).map(|returns| returns.units);
        holds(units.as_ref() == Some(&sale.quantities), "I7", || format!("{units:?} of {:?} came back", sale.quantities))?;
        let sorted = |parts: &mut dyn Iterator<Item = &Part>| {
            let mut cents: Vec<(u64, i64)> = parts.map(|part| (part.lsn, part.applied)).collect();
            cents.sort_unstable();
            cents
        };
        let given = sorted(&mut sale.parts.iter().map(|(_, part)| part));
        let back = sorted(&mut back.iter());
        holds(given == back, "I7", || format!("given {given:?}, given back {back:?}"))?;
        sale.parts.iter().for_each(|&(class, part)| self.take(class, part.applied, -1));
        self.returned_orders += 1;
        Ok(())
    }

    fn class_of(&self, coupon: CouponAt) -> Checked<Class> {
        let found = self.coupons.get(&coupon).map(|(class, _)| *class);
        found.ok_or_else(|| broken("I6", format!("coupon {coupon:?} is used and was never issued")))
    }

    /// The columns of all orders of this time.
    pub(super) fn sums(&self, window: &Window) -> Sums {
        let (mut sums, mut baskets, mut households) = (Sums::default(), BTreeSet::new(), BTreeSet::new());
        for sale in self.sales_of(window) {
            let cents = |class| sale.parts.iter().filter(|(other, _)| *other == class).map(|(_, part)| part.applied).sum::<i64>();
            baskets.insert(&sale.basket);
            households.insert(&sale.household);
            sums[Column::Lines] += sale.quantities.len() as i64;
            sums[Column::Sales] += sale.amount - cents(Class::Loyalty) - cents(Class::Matched);
            sums[Column::RetailDisc] += cents(Class::Loyalty);
            sums[Column::CouponDisc] += cents(Class::Campaign) + cents(Class::Paper);
            sums[Column::CouponMatch] += cents(Class::Matched);
            let is_coupon = |(class, _): &&(Class, Part)| matches!(class, Class::Campaign | Class::Paper);
            sums[Column::CouponLines] += sale.parts.iter().filter(is_coupon).count() as i64;
        }
        (sums[Column::Baskets], sums[Column::Households]) = (baskets.len() as i64, households.len() as i64);
        sums
    }

    /// What the parts of all orders of this time applied, by kind, in cents.
    pub(super) fn applied(&self, window: &Window) -> BTreeMap<Class, i64> {
        let mut applied = BTreeMap::new();
        for (class, part) in self.sales_of(window).flat_map(|sale| &sale.parts) {
            *applied.entry(*class).or_default() += part.applied;
        }
        applied
    }

    /// The kind of a coupon.
    pub(super) fn class(&self, coupon: CouponAt) -> Result<Class, Error> {
        Ok(self.class_of(coupon)?)
    }

    fn sales_of<'a>(&'a self, window: &'a Window) -> impl Iterator<Item = &'a Sale> {
        self.sales.values().filter(|sale| !window.is_before(sale.at_ms) && !window.is_over(sale.at_ms))
    }

    /// Whether the accounts of the partitions are what the events make of them (I2, I6), and every stock is sold to the last piece (I1).
    pub(super) fn compare(&self, standing: &Standing) -> Result<(), Error> {
        for class in Class::ALL {
            let (account, value) = (self.accounts.get(&class).copied().unwrap_or_default(), standing.value(class));
            let found = Account { loaded: value.loaded, captured: value.captured };
            holds(account == found, "I2", || format!("{class:?}: journals say {account:?}, accounts {found:?}"))?;
            holds(value.voided + value.given + value.received == 0, "I9", || format!("{class:?}: {value:?}"))?;
        }
        let Standing { pieces, issued, .. } = standing;
        holds(pieces == issued, "I1", || format!("{issued} of {pieces} pieces are issued"))?;
        Ok(())
    }
}
