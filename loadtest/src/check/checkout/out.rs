//! Orders that are redeemed or held: which of their instruments may be used, what they do, what is left to pay.

use tessera_proto::v1::{self, HoldOrderRequest, Reason};

use crate::plan::checkout::Out;

use super::{
    Stamp, Verdict,
    discount::{self, Off, Offer},
    no,
    wallet::{Checkout, Content, Part, Stage, Wallet},
};

/// How long a hold lives if the request does not say, in ms.
const TTL_DEFAULT_MS: i64 = 900_000;

impl Wallet {
    /// A redemption, asked for as a hold that never was; or a hold.
    pub(super) fn check_out(&mut self, asked: &HoldOrderRequest, holds: bool, stamp: &Stamp) -> Verdict {
        let mut coupons = Vec::new();
        for (place, instrument) in asked.instruments.iter().enumerate() {
            let Some(coupon) = self.find(instrument) else { return Err(no(Reason::CodeNotAccepted, 0, Some(place))) };
            coupons.push(coupon);
        }
        let mut sorted = coupons.clone();
        sorted.sort_unstable();
        let order = asked.order.clone().unwrap_or_default();
        let content = Content::Order(order.clone(), sorted);
        let key = (asked.merchant_id.clone(), asked.order_id.clone());
        if let Some(&before) = self.newest.get(&key) {
            let lsn = self.lsn_of(before);
            match self.checkouts[before].stage {
                Stage::Redeemed { .. } if !holds && self.is_same(before, &content) => return self.join(before),
                Stage::Redeemed { .. } => return Err(no(Reason::OrderAlreadyRedeemed, lsn, None)),
                Stage::Held if holds => self.let_go(before, Stage::Released),
                Stage::Held => return Err(no(Reason::CouponHeld, lsn, None)),
                _ => {}
            }
        }
        let offs = self.reckon(&order, &coupons)?;
        self.has_asked = self.ask_elsewhere(&order, &offs, &coupons)?;
        self.usable(&order, &coupons, true)?;
        let payments = self.pay(&order, &offs, &coupons)?;
        let costs: Vec<i64> = order.lines.iter().map(discount::cost).chain([order.shipping_minor]).collect();
        let deadline_ms = match (holds, asked.ttl_ms) {
            (false, _) => 0,
            (true, 0) => stamp.at_ms + TTL_DEFAULT_MS,
            (true, ttl_ms) => stamp.at_ms + ttl_ms,
        };
        let mut parts: Vec<Part> = parts(offs, payments);
        for part in &mut parts {
            part.had = self.coupons[part.coupon].available;
            let taken = self.taken(part.coupon, part.applied);
            self.coupons[part.coupon].available -= taken;
            self.coupons[part.coupon].held += if holds { taken } else { 0 };
        }
        let units: Vec<u32> = order.lines.iter().map(|line| line.quantity).collect();
        let stage = if holds { Stage::Held } else { Stage::Redeemed { returned: vec![0; units.len()], shipping: false } };
        let checkout = Checkout { key, content, reply: Out::default(), units, costs, parts, stage };
        Ok(self.enter(checkout, deadline_ms, stamp))
    }

    /// Adds a checkout, and makes its reply.
    pub(super) fn enter(&mut self, mut checkout: Checkout, deadline_ms: i64, stamp: &Stamp) -> super::Told {
        let is_redeemed = matches!(checkout.stage, Stage::Redeemed { .. });
        let amount_minor: i64 = checkout.costs.iter().sum();
        let applied: i64 = checkout.parts.iter().map(|part| part.applied).sum();
        let mut ids = stamp.redemption_ids.iter();
        for part in &mut checkout.parts {
            part.redemption_id = ids.next().cloned().unwrap_or_default();
        }
        let parts = checkout.parts.iter().map(|part| {
            let coupon = &self.coupons[part.coupon];
            // Home tells what a card elsewhere had when it was held.
            let balance = if coupon.is_apart { part.had - part.applied } else { coupon.available };
            let (shipping, lines) = part.shares.split_last().map_or((0, &[][..]), |(shipping, lines)| (*shipping, lines));
            v1::CheckoutPart {
                coupon_id: coupon.id.to_string(),
                redemption_id: if is_redeemed { part.redemption_id.clone() } else { String::new() },
                applied_minor: part.applied,
                line_shares_minor: lines.to_vec(),
                shipping_share_minor: shipping,
                balance_after_minor: (is_redeemed && coupon.is_card()).then_some(balance),
            }
        });
        let told = v1::Checkout {
            checkout_id: stamp.checkout_id.clone(),
            currency: crate::scenario::templates::CURRENCY.to_owned(),
            parts: parts.collect(),
            amount_minor,
            payable_minor: amount_minor - applied,
            deadline_ms,
            at_ms: stamp.at_ms,
        };
        checkout.reply = Out { checkout: told, position: stamp.position, replayed: false };
        let reply = checkout.reply.clone();
        self.add(checkout);
        super::Told::Out(reply)
    }

    /// The first reply again.
    pub(super) fn join(&self, place: usize) -> Verdict {
        Ok(super::Told::Out(Out { replayed: true, ..self.checkouts[place].reply.clone() }))
    }

    /// Whether a redeemed order is what is asked for, and stands as it was.
    pub(super) fn is_same(&self, place: usize, content: &Content) -> bool {
        let checkout = &self.checkouts[place];
        let stands = matches!(&checkout.stage, Stage::Redeemed { returned, shipping } if !shipping && returned.iter().all(|&units| units == 0));
        stands && checkout.content == *content
    }

    pub(super) fn lsn_of(&self, place: usize) -> i64 {
        self.checkouts[place].reply.position.unwrap_or_default().lsn as i64
    }

    /// Each coupon in its turn must be there to be used; then what they do.
    fn reckon(&self, order: &v1::Order, coupons: &[usize]) -> Result<Vec<Off>, super::No> {
        self.usable(order, coupons, false)?;
        let discounts = coupons.iter().enumerate().filter(|&(_, &number)| !self.coupons[number].is_card());
        let offers: Vec<Offer<'_>> = discounts
            .map(|(place, &number)| {
                let coupon = &self.coupons[number];
                Offer { place, coupon: number, spec: &coupon.spec, template: coupon.template, age: coupon.age }
            })
            .collect();
        discount::apply(order, &offers).map_err(|(place, reason, value)| no(reason, value, Some(place)))
    }

    /// Whether another partition is asked; it is not where discounts leave nothing for its card.
    fn ask_elsewhere(&self, order: &v1::Order, offs: &[Off], coupons: &[usize]) -> Result<bool, super::No> {
        let is_apart = coupons.iter().any(|&number| self.coupons[number].is_apart);
        match is_apart && left(order, offs) == 0 {
            true => Err(no(Reason::NoEffect, 0, coupons.iter().position(|&number| self.coupons[number].is_card()))),
            false => Ok(is_apart),
        }
    }

    /// Whether those at home, or elsewhere, may be used.
    fn usable(&self, order: &v1::Order, coupons: &[usize], apart: bool) -> Result<(), super::No> {
        for (place, &number) in coupons.iter().enumerate().filter(|&(_, &number)| self.coupons[number].is_apart == apart) {
            let coupon = &self.coupons[number];
            let is_about = |line| discount::is_about(coupon.spec.scope.as_ref(), line);
            let fits = if coupon.is_card() { order.lines.iter().all(is_about) } else { order.lines.iter().any(is_about) };
            let reason = match () {
                () if !coupon.is_card() && coupon.captured() > 0 => Reason::CouponUsed,
                () if !coupon.is_card() && coupon.held > 0 => Reason::CouponHeld,
                () if !fits => Reason::OutOfScope,
                () if coupon.available == 0 => Reason::InsufficientBalance,
                () => continue,
            };
            return Err(no(reason, 0, Some(place)));
        }
        Ok(())
    }

    /// Cards pay what discounts leave: soonest to end first, then smallest, then oldest; each must pay something.
    fn pay(&self, order: &v1::Order, offs: &[Off], coupons: &[usize]) -> Result<Vec<(usize, i64)>, super::No> {
        let mut open = left(order, offs);
        let mut cards: Vec<usize> = coupons.iter().copied().filter(|&number| self.coupons[number].is_card()).collect();
        cards.sort_by_key(|&number| {
            let card = &self.coupons[number];
            (card.until_ms == 0, card.until_ms, card.available, card.age)
        });
        let mut payments = Vec::new();
        for card in cards {
            let amount = open.min(self.coupons[card].available);
            open -= amount;
            payments.push((card, amount));
        }
        let is_idle = |number: &usize| payments.contains(&(*number, 0));
        match coupons.iter().position(is_idle) {
            Some(place) => Err(no(Reason::NoEffect, 0, Some(place))),
            None => Ok(payments),
        }
    }
}

/// What discounts leave to pay.
fn left(order: &v1::Order, offs: &[Off]) -> i64 {
    let off: i64 = offs.iter().map(|off| off.lines.iter().sum::<i64>() + off.shipping).sum();
    order.lines.iter().map(discount::cost).sum::<i64>() + order.shipping_minor - off
}

fn parts(offs: Vec<Off>, payments: Vec<(usize, i64)>) -> Vec<Part> {
    let part = |coupon, applied, shares| Part { coupon, applied, shares, had: 0, refunded: 0, redemption_id: String::new() };
    let discounts = offs.into_iter().map(|Off { coupon, mut lines, shipping }| {
        lines.push(shipping);
        part(coupon, lines.iter().sum(), lines)
    });
    let cards = payments.into_iter().map(|(coupon, amount)| part(coupon, amount, Vec::new()));
    discounts.chain(cards).collect()
}
