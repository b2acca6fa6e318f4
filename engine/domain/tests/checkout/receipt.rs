//! What a checkout was answered with, looked at: its sums, what of it belongs to some of its units, and what only the places of its
//! lines have decided.

use crate::audit::that;
use tessera_domain::checkout::Order;
use tessera_domain::command::Units;
use tessera_domain::reply::{CheckedOut, Part};
use tessera_domain::{Kind, Terms};

/// Units of each line, and whether shipping is with them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Basket {
    pub lines: Vec<u32>,
    pub shipping: bool,
}

/// A checkout, and what was delivered by it.
pub struct Receipt {
    pub checkout: CheckedOut,
    pub basket: Basket,
    /// What its lines and shipping cost.
    amounts: Vec<i64>,
    shipping: i64,
}

impl Basket {
    /// All of an order.
    pub fn of(order: &Order) -> Basket {
        Basket { lines: order.lines().iter().map(|line| line.quantity).collect(), shipping: order.shipping() > 0 }
    }

    /// Nothing of what is here.
    pub fn emptied(&self) -> Basket {
        Basket { lines: vec![0; self.lines.len()], shipping: false }
    }

    /// Every unit alone, by its line; none is shipping.
    pub fn units(&self) -> Vec<Option<usize>> {
        let lines = self.lines.iter().enumerate().flat_map(|(line, &units)| vec![Some(line); units as usize]);
        lines.chain(self.shipping.then_some(None)).collect()
    }

    pub fn put(&mut self, unit: Option<usize>) {
        match unit {
            Some(line) => self.lines[line] += 1,
            None => self.shipping = true,
        }
    }

    /// As a request says it.
    pub fn said(&self) -> Units {
        let lines = (0..).zip(self.lines.iter().copied()).filter(|&(_, units)| units > 0).collect();
        Units { lines, shipping: self.shipping }
    }

    /// What belongs to these units of what `of` has: of each line's share its part, rounded down.
    fn part_of(&self, of: &Basket, shares: &[i64], shipping_share: i64) -> i64 {
        let lines = (0..shares.len()).filter(|&line| of.lines[line] > 0);
        let of_lines = lines.map(|line| share_of(shares[line], self.lines[line], of.lines[line])).sum::<i64>();
        of_lines + if self.shipping { shipping_share } else { 0 }
    }
}

fn share_of(share: i64, units: u32, of: u32) -> i64 {
    (i128::from(share) * i128::from(units) / i128::from(of)) as i64
}

impl Receipt {
    /// With sums that are exact: of each discount, of each line, and of all.
    pub fn new(order: &Order, basket: Basket, checkout: CheckedOut) -> Result<Receipt, String> {
        let prices = order.lines().iter().map(|line| line.unit_price);
        let amounts: Vec<i64> = prices.zip(&basket.lines).map(|(price, &units)| price * i64::from(units)).collect();
        let shipping = if basket.shipping { order.shipping() } else { 0 };
        let receipt = Receipt { checkout, basket, amounts, shipping };
        receipt.check()?;
        Ok(receipt)
    }

    pub fn discounts(&self) -> impl Iterator<Item = &Part> {
        self.checkout.parts.iter().filter(|part| !part.is_card)
    }

    pub fn cards(&self) -> impl Iterator<Item = &Part> {
        self.checkout.parts.iter().filter(|part| part.is_card)
    }

    fn check(&self) -> Result<(), String> {
        let (mut left, mut shipping_left) = (self.amounts.clone(), self.shipping);
        let mut total = left.iter().sum::<i64>() + shipping_left;
        that(self.checkout.amount == total, "an order does not cost what its lines cost")?;
        that(self.checkout.parts.is_sorted_by_key(|part| part.is_card), "a card pays before a discount")?;
        for part in &self.checkout.parts {
            that(part.applied >= 1, "an instrument does nothing")?;
            that(part.amount == if part.is_card { part.applied } else { total }, "a part is not of what those before it left")?;
            total -= part.applied;
            that(total >= 0, "the total falls below zero")?;
            if part.is_card {
                continue;
            }
            that(part.line_shares.len() == left.len(), "a discount does not say what comes off each line")?;
            that(part.line_shares.iter().all(|&share| share >= 0) && part.shipping_share >= 0, "a share is below zero")?;
            that(part.line_shares.iter().sum::<i64>() + part.shipping_share == part.applied, "shares are not their discount")?;
            left.iter_mut().zip(&part.line_shares).for_each(|(left, share)| *left -= share);
            shipping_left -= part.shipping_share;
            that(left.iter().all(|&left| left >= 0) && shipping_left >= 0, "a line gives more than it costs")?;
        }
        that(total == self.checkout.payable, "what is payable is not what is left")
    }

    /// Whether this is what is kept of `held` when only this basket of it is delivered.
    pub fn check_kept(&self, held: &Receipt) -> Result<(), String> {
        let discounts =
            held.discounts().map(|part| (part.coupon, self.basket.part_of(&held.basket, &part.line_shares, part.shipping_share)));
        let kept: Vec<(u64, i64)> = discounts.filter(|&(_, kept)| kept > 0).collect();
        let told: Vec<(u64, i64)> = self.discounts().map(|part| (part.coupon, part.applied)).collect();
        that(told == kept, "a discount keeps something else than belongs to what is delivered")?;
        let of_held = |card: &&Part| held.cards().any(|before| before.coupon == card.coupon && before.applied >= card.applied);
        that(self.cards().all(|card| of_held(&card)), "a card pays more than was held")
    }

    /// What a discount has given back when so much is back.
    pub fn given_by(&self, discount: &Part, back: &Basket) -> i64 {
        back.part_of(&self.basket, &discount.line_shares, discount.shipping_share)
    }

    /// What was paid of the units that are back, by cards and beside them.
    pub fn paid_for(&self, back: &Basket) -> i64 {
        let (mut paid, mut shipping) = (self.amounts.clone(), self.shipping);
        for part in self.discounts() {
            paid.iter_mut().zip(&part.line_shares).for_each(|(paid, share)| *paid -= share);
            shipping -= part.shipping_share;
        }
        back.part_of(&self.basket, &paid, shipping)
    }

    /// Whether a discount served one of two lines first only because it comes first: those have the same left of them, or, for who
    /// takes whole units, the same price.
    pub fn is_decided_by_place<'a>(&self, order: &Order, terms: impl Fn(u64) -> &'a Terms) -> bool {
        let mut left = self.amounts.clone();
        self.discounts().any(|part| {
            let (terms, lines) = (terms(part.coupon), order.lines());
            let covers = |line: &usize| {
                let line = &lines[*line];
                terms.rules().scope.covers(line.goods.as_ref(), &line.categories, &line.merchant)
            };
            let shares = &part.line_shares;
            let is_tie = |one: usize, other: usize| match terms.kind {
                Kind::Exchange { .. } => lines[one].unit_price == lines[other].unit_price,
                _ => left[one] == left[other] && shares[one] != shares[other],
            };
            let covered: Vec<usize> = (0..lines.len()).filter(covers).collect();
            let is_decided = covered.iter().enumerate().any(|(at, &one)| covered[..at].iter().any(|&other| is_tie(one, other)));
            left.iter_mut().zip(shares).for_each(|(left, share)| *left -= share);
            is_decided
        })
    }

    /// What it says of money.
    pub fn told_in_place(&self) -> Vec<Told> {
        self.told(&(0..self.amounts.len()).collect::<Vec<_>>())
    }

    /// The same with its lines where they stand in another order: line n of that is `places[n]` of this.
    pub fn told(&self, places: &[usize]) -> Vec<Told> {
        let told = |part: &Part| Told {
            coupon: part.coupon,
            amount: part.amount,
            applied: part.applied,
            shares: if part.is_card { Vec::new() } else { places.iter().map(|&line| part.line_shares[line]).collect() },
        };
        self.checkout.parts.iter().map(told).collect()
    }
}

/// What one coupon or card does.
#[derive(Debug, PartialEq, Eq)]
pub struct Told {
    coupon: u64,
    amount: i64,
    applied: i64,
    shares: Vec<i64>,
}
