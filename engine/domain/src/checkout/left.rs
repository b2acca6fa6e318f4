//! What is left of an order while discounts are taken off it, one after the other.
//!
//! Reckoning a discount ([`Left::discount`]) changes nothing and allocates nothing; taking it ([`Left::take`]) finds the share of each
//! line. A search reckons more often than it takes.

use super::{Basis, Layer, Offer, Order, Unusable};
use crate::money;
use crate::split;
use crate::terms::Kind;
use std::cmp::Reverse;

/// An offer, and what it is about in one order.
pub(super) struct Reach<'a> {
    pub(super) offer: &'a Offer<'a>,
    /// The lines in its scope, by number; for an exchange those of the highest unit price first.
    lines: Vec<usize>,
    /// Their amounts at first.
    initial: i64,
    /// Their units.
    pieces: u64,
    /// What the units of an exchange cost at first.
    exchanged_at_first: i64,
}

/// See the module.
#[derive(Clone)]
pub(super) struct Left<'a> {
    order: &'a Order,
    lines: Vec<i64>,
    shipping: i64,
    /// What earlier layers than `layer` have left of the lines.
    before_layer: Vec<i64>,
    /// Of each line, the units that exchanges have taken.
    exchanged: Vec<u32>,
    /// That of the last discount.
    layer: Layer,
}

/// What one discount takes off each line and off shipping.
pub(super) struct Shares {
    pub(super) lines: Vec<i64>,
    pub(super) shipping: i64,
}

impl<'a> Reach<'a> {
    pub(super) fn new(order: &Order, offer: &'a Offer<'a>) -> Reach<'a> {
        let all = order.lines();
        let covers = |&at: &usize| offer.scope.covers(all[at].goods.as_ref(), &all[at].categories, &all[at].merchant);
        let mut lines: Vec<usize> = (0..all.len()).filter(covers).collect();
        if matches!(offer.kind, Kind::Exchange { .. }) {
            lines.sort_by_key(|&at| Reverse(all[at].unit_price));
        }
        let initial = lines.iter().map(|&at| order.amounts()[at]).sum();
        let pieces = lines.iter().map(|&at| u64::from(all[at].quantity)).sum();
        let mut reach = Reach { offer, lines, initial, pieces, exchanged_at_first: 0 };
        if let Kind::Exchange { pieces } = offer.kind {
            let whole = Left::new(order);
            reach.exchanged_at_first = whole.units(&reach, pieces).map(|(.., share)| share).sum();
        }
        reach
    }

    fn sum(&self, amounts: &[i64]) -> i64 {
        self.lines.iter().map(|&at| amounts[at]).sum()
    }

    fn is_of_shipping(&self) -> bool {
        self.offer.layer == Layer::Shipping
    }
}

impl<'a> Left<'a> {
    /// All of it.
    pub(super) fn new(order: &'a Order) -> Left<'a> {
        Left {
            order,
            lines: order.amounts().to_vec(),
            shipping: order.shipping(),
            before_layer: order.amounts().to_vec(),
            exchanged: vec![0; order.lines().len()],
            layer: Layer::Item,
        }
    }

    /// By line, and of shipping.
    pub(super) fn into_parts(self) -> (Vec<i64>, i64) {
        (self.lines, self.shipping)
    }

    /// What an offer would take off now, at least 1. Offers are asked in their order of application.
    pub(super) fn discount(&self, reach: &Reach<'_>) -> Result<i64, Unusable> {
        assert!(self.layer <= reach.offer.layer, "discounts are taken off in their order");
        self.check(reach)?;
        match self.reckoned(reach) {
            0 => Err(Unusable::NoEffect),
            discount => Ok(discount),
        }
    }

    /// Most that an offer may take off now or later, after others. Every effect shrinks with what is left, but for an exchange: units
    /// that others take may lead it to dearer ones. No unit is ever worth more than its price, though.
    pub(super) fn most(&self, reach: &Reach<'_>) -> i64 {
        match reach.offer.kind {
            Kind::Exchange { .. } if !reach.is_of_shipping() => reach.exchanged_at_first.min(self.room(reach)),
            _ => self.reckoned(reach),
        }
    }

    fn reckoned(&self, reach: &Reach<'_>) -> i64 {
        let room = self.room(reach);
        let reckoned = match reach.offer.kind {
            Kind::PercentOff { pay, cap } => money::percent_off(self.base(reach, room), pay, cap, reach.offer.rounding),
            Kind::AmountOff { amount, .. } | Kind::QuantityOff { amount, .. } | Kind::CashVoucher { amount } => amount,
            Kind::Exchange { .. } if reach.is_of_shipping() => 0,
            Kind::StoredValue { .. } => 0,
            Kind::Exchange { pieces } => self.units(reach, pieces).map(|(.., share)| share).sum(),
        };
        assert!(reckoned >= 0, "a discount of {reckoned} is none");
        reckoned.min(room)
    }

    /// Takes off what was reckoned.
    pub(super) fn take(&mut self, reach: &Reach<'_>, discount: i64) -> Shares {
        if self.layer != reach.offer.layer {
            self.before_layer.clone_from(&self.lines);
            self.layer = reach.offer.layer;
        }
        let mut shares = Shares { lines: vec![0; self.lines.len()], shipping: 0 };
        match reach.offer.kind {
            _ if reach.is_of_shipping() => shares.shipping = discount,
            Kind::Exchange { pieces } => self.exchange(reach, pieces, &mut shares.lines),
            _ => self.spread(reach, discount, &mut shares.lines),
        }
        self.lines.iter_mut().zip(&shares.lines).for_each(|(left, share)| *left -= share);
        self.shipping -= shares.shipping;
        assert_eq!(shares.lines.iter().sum::<i64>() + shares.shipping, discount, "shares sum to their discount");
        assert!(self.shipping >= 0 && self.lines.iter().all(|&left| left >= 0), "no more is taken off than is left");
        shares
    }

    fn check(&self, reach: &Reach<'_>) -> Result<(), Unusable> {
        match reach.offer.kind {
            _ if reach.lines.is_empty() => Err(Unusable::OutOfScope),
            Kind::AmountOff { threshold, .. } => match threshold - self.tested(reach) {
                missing @ 1.. => Err(Unusable::BelowThreshold { missing }),
                _ => Ok(()),
            },
            Kind::QuantityOff { pieces, .. } if reach.pieces < u64::from(pieces) => {
                Err(Unusable::BelowQuantity { missing: pieces - reach.pieces as u32 })
            }
            _ => Ok(()),
        }
    }

    /// What a threshold looks at.
    fn tested(&self, reach: &Reach<'_>) -> i64 {
        match reach.offer.basis {
            Basis::Initial => reach.initial,
            Basis::Remaining if self.layer == reach.offer.layer => reach.sum(&self.before_layer),
            Basis::Remaining => reach.sum(&self.lines),
        }
    }

    /// Most that can come off.
    fn room(&self, reach: &Reach<'_>) -> i64 {
        if reach.is_of_shipping() { self.shipping } else { reach.sum(&self.lines) }
    }

    /// What a percentage is of.
    fn base(&self, reach: &Reach<'_>, room: i64) -> i64 {
        match reach.offer.basis {
            Basis::Remaining => room,
            Basis::Initial if reach.is_of_shipping() => self.order.shipping(),
            Basis::Initial => reach.initial,
        }
    }

    /// Over the lines that have something left, by how much that is.
    fn spread(&self, reach: &Reach<'_>, discount: i64, shares: &mut [i64]) {
        let lines: Vec<usize> = reach.lines.iter().copied().filter(|&at| self.lines[at] > 0).collect();
        let weights: Vec<i64> = lines.iter().map(|&at| self.lines[at]).collect();
        for (at, share) in lines.into_iter().zip(split::split(discount, &weights)) {
            shares[at] = share;
        }
    }

    fn exchange(&mut self, reach: &Reach<'_>, pieces: u32, shares: &mut [i64]) {
        let units: Vec<(usize, u32, i64)> = self.units(reach, pieces).collect();
        for (at, units, share) in units {
            self.exchanged[at] += units;
            shares[at] = share;
        }
    }

    /// The lines of which an exchange takes units, how many, and what they are worth now.
    fn units(&self, reach: &Reach<'_>, mut pieces: u32) -> impl Iterator<Item = (usize, u32, i64)> {
        reach.lines.iter().filter_map(move |&at| {
            let line = &self.order.lines()[at];
            let free = line.quantity - self.exchanged[at];
            let units = free.min(pieces);
            pieces -= units;
            let worth = match reach.offer.basis {
                _ if units == 0 => return None,
                Basis::Remaining => i128::from(self.lines[at]) * i128::from(units) / i128::from(free),
                Basis::Initial => i128::from(line.unit_price) * i128::from(units),
            };
            let worth = i64::try_from(worth).expect("units of a line cost no more than the line");
            Some((at, units, worth.min(self.lines[at])))
        })
    }
}
