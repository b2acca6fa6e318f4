//! Discounts on an order, once more, from the words of the contract: by layer, then priority, then the age of the coupon; each shared
//! out over its lines, so that no line goes below zero.

use tessera_proto::v1::{Basis, Layer, Order, OrderLine, Reason, Scope, StackingClass, TemplateSpec, template_spec::Kind};

use super::split;

/// A coupon that is to be applied.
#[derive(Clone, Copy, Debug)]
pub struct Offer<'a> {
    /// Its place in the request.
    pub place: usize,
    /// Which of its user's coupons.
    pub coupon: usize,
    /// Its template.
    pub spec: &'a TemplateSpec,
    /// Which template that is.
    pub template: u64,
    /// The older coupon has the lower one.
    pub age: u64,
}

/// What one takes off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Off {
    /// Which of its user's coupons.
    pub coupon: usize,
    /// Of each line.
    pub lines: Vec<i64>,
    /// Of shipping.
    pub shipping: i64,
}

/// Why one takes nothing off: reason and value.
type No = (Reason, i64);

/// What is left of an order.
struct Left<'a> {
    order: &'a Order,
    lines: Vec<i64>,
    shipping: i64,
    /// What earlier layers than that of the last discount left.
    of_earlier_layers: Vec<i64>,
    last: Layer,
    /// Units that exchanges took.
    exchanged: Vec<u32>,
}

/// What all of them take off, in the order of application; or the first that takes nothing off, by its place, and why.
pub fn apply(order: &Order, offers: &[Offer<'_>]) -> Result<Vec<Off>, (usize, Reason, i64)> {
    let mut offers = offers.to_vec();
    offers.sort_by_key(|offer| (layer(offer.spec) as i32, offer.spec.priority, offer.age));
    let mut left = Left::of(order);
    let mut all = Vec::new();
    for (standing, offer) in offers.iter().enumerate() {
        let shares = left.shares(offer.spec);
        let hindered = hindrance(&offers[..standing], offer).filter(|_| shares != Err((Reason::OutOfScope, 0)));
        let shares = match hindered {
            Some(with) => Err((Reason::NotCombinable, with.place as i64)),
            None => shares,
        };
        let (lines, shipping) = shares.map_err(|(reason, value)| (offer.place, reason, value))?;
        left.take(offer.spec, &lines, shipping);
        all.push(Off { coupon: offer.coupon, lines, shipping });
    }
    Ok(all)
}

/// Whether a line is in a scope.
pub fn is_about(scope: Option<&Scope>, line: &OrderLine) -> bool {
    let Some(scope) = scope else { return true };
    let names = |ids: &[String], id: &String| !id.is_empty() && ids.contains(id);
    let has_category = |ids: &[String]| line.category_ids.iter().any(|id| ids.contains(id));
    let is_any = scope.include_goods_ids.is_empty() && scope.include_category_ids.is_empty();
    let let_in = is_any || names(&scope.include_goods_ids, &line.goods_id) || has_category(&scope.include_category_ids);
    let kept_out = names(&scope.exclude_goods_ids, &line.goods_id) || has_category(&scope.exclude_category_ids);
    let is_sold = scope.include_merchant_ids.is_empty() || scope.include_merchant_ids.contains(&line.merchant_id);
    let_in && !kept_out && is_sold && !scope.exclude_merchant_ids.contains(&line.merchant_id)
}

/// What a line costs.
pub fn cost(line: &OrderLine) -> i64 {
    i64::from(line.quantity) * line.unit_price_minor
}

fn layer(spec: &TemplateSpec) -> Layer {
    if spec.layer() == Layer::Unspecified { Layer::Order } else { spec.layer() }
}

/// The first coupon beside which another cannot stand.
fn hindrance<'a, 'b>(standing: &'a [Offer<'b>], offer: &Offer<'_>) -> Option<&'a Offer<'b>> {
    let class = |offer: &Offer<'_>| offer.spec.stacking.as_ref().map_or(StackingClass::Never, |stacking| stacking.class());
    let is_alone = |offer: &Offer<'_>| matches!(class(offer), StackingClass::Never | StackingClass::Unspecified);
    let stacking = |offer: &Offer<'_>| offer.spec.stacking.clone().unwrap_or_default();
    let of_group = |other: &Offer<'_>| {
        class(other) == StackingClass::Grouped
            && class(offer) == StackingClass::Grouped
            && stacking(other).group == stacking(offer).group
    };
    let of_template = |other: &Offer<'_>| other.template == offer.template;
    let too_many = |alike: &dyn Fn(&Offer<'_>) -> bool, most: &dyn Fn(&Offer<'_>) -> usize| {
        let count = standing.iter().filter(|other| alike(other)).count() + 1;
        count > most(offer) || standing.iter().any(|other| alike(other) && count > most(other))
    };
    let of_one_group = too_many(&of_group, &|offer| match class(offer) {
        StackingClass::Grouped => stacking(offer).max_per_group.max(1) as usize,
        _ => usize::MAX,
    });
    let of_one_template = too_many(&of_template, &|offer| match stacking(offer).max_per_order {
        0 => usize::MAX,
        most => most as usize,
    });
    let hinders = |other: &&Offer<'_>| {
        is_alone(other) || is_alone(offer) || of_one_group && of_group(other) || of_one_template && of_template(other)
    };
    standing.iter().find(hinders)
}

impl<'a> Left<'a> {
    fn of(order: &'a Order) -> Self {
        let lines: Vec<i64> = order.lines.iter().map(cost).collect();
        let (of_earlier_layers, exchanged) = (lines.clone(), vec![0; lines.len()]);
        Self { order, lines, shipping: order.shipping_minor, of_earlier_layers, last: Layer::Item, exchanged }
    }

    /// What a discount takes off each line and off shipping.
    fn shares(&self, spec: &TemplateSpec) -> Result<(Vec<i64>, i64), No> {
        let places = self.places(spec);
        if places.is_empty() {
            return Err((Reason::OutOfScope, 0));
        }
        self.check_minimum(spec, &places)?;
        let of_shipping = layer(spec) == Layer::Shipping;
        let mut lines = vec![0; self.lines.len()];
        if let Some(Kind::Exchange(exchange)) = &spec.kind {
            let taken = if of_shipping { Vec::new() } else { self.units(spec, &places, exchange.pieces) };
            taken.into_iter().for_each(|(place, _, worth)| lines[place] = worth);
            return if lines.iter().all(|&share| share == 0) { Err((Reason::NoEffect, 0)) } else { Ok((lines, 0)) };
        }
        match self.off(spec, &places) {
            0 => Err((Reason::NoEffect, 0)),
            off if of_shipping => Ok((lines, off)),
            off => {
                let weights: Vec<i64> = places.iter().map(|&place| self.lines[place]).collect();
                let shares = split::shares(off, &weights);
                places.iter().zip(shares).for_each(|(&place, share)| lines[place] = share);
                Ok((lines, 0))
            }
        }
    }

    fn take(&mut self, spec: &TemplateSpec, lines: &[i64], shipping: i64) {
        let places = self.places(spec);
        if let Some(Kind::Exchange(exchange)) = &spec.kind {
            for (place, units, _) in self.units(spec, &places, exchange.pieces) {
                self.exchanged[place] += units;
            }
        }
        if self.last != layer(spec) {
            self.of_earlier_layers.clone_from(&self.lines);
            self.last = layer(spec);
        }
        self.lines.iter_mut().zip(lines).for_each(|(left, share)| *left -= share);
        self.shipping -= shipping;
    }

    /// The lines that it is about.
    fn places(&self, spec: &TemplateSpec) -> Vec<usize> {
        let lines = self.order.lines.iter().enumerate();
        lines.filter(|(_, line)| is_about(spec.scope.as_ref(), line)).map(|(place, _)| place).collect()
    }

    /// Whether what it is about is dear enough, or enough.
    fn check_minimum(&self, spec: &TemplateSpec, places: &[usize]) -> Result<(), No> {
        let (reason, missing) = match &spec.kind {
            Some(Kind::AmountOff(off)) => {
                let tested = match spec.basis() {
                    Basis::Initial => self.initial(places),
                    _ if self.last == layer(spec) => places.iter().map(|&place| self.of_earlier_layers[place]).sum(),
                    _ => self.rest(places),
                };
                (Reason::BelowThreshold, off.threshold_minor - tested)
            }
            Some(Kind::QuantityOff(off)) => {
                let pieces: i64 = places.iter().map(|&place| i64::from(self.order.lines[place].quantity)).sum();
                (Reason::BelowQuantity, i64::from(off.pieces) - pieces)
            }
            _ => return Ok(()),
        };
        if missing > 0 { Err((reason, missing)) } else { Ok(()) }
    }

    /// What it takes off in all.
    fn off(&self, spec: &TemplateSpec, places: &[usize]) -> i64 {
        let of_shipping = layer(spec) == Layer::Shipping;
        let room = if of_shipping { self.shipping } else { self.rest(places) };
        let off = match &spec.kind {
            Some(Kind::PercentOff(off)) => {
                let of = match spec.basis() {
                    Basis::Initial if of_shipping => self.order.shipping_minor,
                    Basis::Initial => self.initial(places),
                    _ => room,
                };
                split::percent(of, off.pay_basis_points, spec.rounding()).min(off.cap_minor.unwrap_or(i64::MAX))
            }
            Some(Kind::AmountOff(off)) => off.amount_minor,
            Some(Kind::QuantityOff(off)) => off.amount_minor,
            Some(Kind::CashVoucher(off)) => off.amount_minor,
            Some(Kind::Exchange(_) | Kind::StoredValue(_)) | None => 0,
        };
        off.min(room)
    }

    /// Units that cost nothing, the dearest first: of which line, how many, what they are worth.
    fn units(&self, spec: &TemplateSpec, places: &[usize], mut pieces: u32) -> Vec<(usize, u32, i64)> {
        let mut dearest = places.to_vec();
        dearest.sort_by_key(|&place| std::cmp::Reverse(self.order.lines[place].unit_price_minor));
        let mut taken = Vec::new();
        for place in dearest {
            let line = &self.order.lines[place];
            let free = line.quantity - self.exchanged[place];
            let units = free.min(pieces);
            pieces -= units;
            let worth = match spec.basis() {
                Basis::Initial => i64::from(units) * line.unit_price_minor,
                _ => split::part(self.lines[place], units, free),
            };
            taken.push((place, units, worth.min(self.lines[place])));
        }
        taken
    }

    fn initial(&self, places: &[usize]) -> i64 {
        places.iter().map(|&place| cost(&self.order.lines[place])).sum()
    }

    fn rest(&self, places: &[usize]) -> i64 {
        places.iter().map(|&place| self.lines[place]).sum()
    }
}
