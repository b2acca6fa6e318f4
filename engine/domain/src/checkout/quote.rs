//! A quote: what the coupons of a wallet would do to an order, each by itself, some chosen ones together, and the best of them.
//!
//! It promises nothing and changes nothing, so it is reckoned where it is asked for, from coupons as a partition showed them, and no
//! shard waits for it. A card pays for an order that lies in its scope as a whole.

use super::{Applied, CANDIDATES_MAX, Card, INSTRUMENTS_MAX, Offer, Order, Unusable, apply, best, tender};
use crate::id::Id;
use crate::money::Currency;
use crate::rejection::{Reason, Rejection};
use crate::reply::CouponView;
use std::cmp::Reverse;
use std::collections::BTreeSet;

/// What is bought, where and when.
pub struct Purchase<'a> {
    /// The order.
    pub order: &'a Order,
    /// The currency of all of it.
    pub currency: Currency,
    /// Through which channel, if it is said.
    pub channel: Option<&'a Id>,
    /// The instant at which the hours of the week are asked, ms.
    pub at_ms: i64,
}

/// Discounts and cards together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Combination {
    /// What the discounts do.
    pub applied: Applied,
    /// What each card pays of the rest, in the order in which they are drained.
    pub payments: Vec<(u64, i64)>,
    /// Chosen coupons that do nothing, and why.
    pub unusable: Vec<(u64, Rejection)>,
}

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quoted {
    /// Of each coupon of the wallet, in its order: what it would take off by itself, or of a card what it has; or why it may not be used.
    pub alone: Vec<Result<i64, Rejection>>,
    /// What the chosen ones do together.
    pub chosen: Combination,
    /// The discounts that take most off, without cards.
    pub best: Combination,
    /// Whether no allowed set is better.
    pub is_exact: bool,
}

/// A coupon, and what it could do here by itself.
enum Part<'a> {
    Offer(Offer<'a>),
    Card(Card),
}

/// What `wallet` would do to a purchase. `chosen` are coupons of it by number, at most [`INSTRUMENTS_MAX`]; one
/// that is named twice counts once.
///
/// # Panics
/// If a chosen coupon is not in the wallet, or there are more of them.
pub fn quote(purchase: &Purchase<'_>, wallet: &[CouponView], chosen: &[u64]) -> Quoted {
    assert!(chosen.len() <= INSTRUMENTS_MAX, "{} coupons are more than an order takes", chosen.len());
    let parts: Vec<(u64, Result<Part<'_>, Rejection>)> = wallet.iter().map(|view| (view.coupon, part(purchase, view))).collect();
    let alone: Vec<_> =
        parts.iter().map(|(_, part)| part.as_ref().map_err(|why| *why).and_then(|part| alone(purchase, part))).collect();
    let mut offers: Vec<(i64, Offer<'_>)> = parts
        .iter()
        .zip(&alone)
        .filter_map(|((_, part), alone)| match (part, alone) {
            (Ok(Part::Offer(offer)), Ok(worth)) => Some((*worth, *offer)),
            _ => None,
        })
        .collect();
    // What takes most off by itself is looked at first, where there are too many to look at.
    let is_cut = offers.len() > CANDIDATES_MAX;
    offers.sort_by_key(|(worth, offer)| (Reverse(*worth), offer.coupon));
    let offers: Vec<Offer<'_>> = offers.into_iter().take(CANDIDATES_MAX).map(|(_, offer)| offer).collect();
    let best = best(purchase.order, &offers).expect("no more candidates than are looked at");
    let is_exact = best.is_exact && !is_cut;
    let best = Combination { applied: best.applied, payments: Vec::new(), unusable: Vec::new() };
    let chosen: BTreeSet<u64> = chosen.iter().copied().collect();
    let chosen = combine(purchase, chosen.into_iter().map(|chosen| find(&parts, chosen)));
    Quoted { alone, chosen, best, is_exact }
}

fn find<'p, 'a>(parts: &'p [(u64, Result<Part<'a>, Rejection>)], chosen: u64) -> &'p (u64, Result<Part<'a>, Rejection>) {
    parts.iter().find(|(coupon, _)| *coupon == chosen).expect("a chosen coupon is of the wallet")
}

/// What a coupon is here, if it may be used at all.
fn part<'a>(purchase: &Purchase<'_>, view: &'a CouponView) -> Result<Part<'a>, Rejection> {
    let Purchase { order, currency, channel, at_ms } = *purchase;
    view.may_be_used?;
    view.terms.check_place(channel, at_ms)?;
    let (offer, scope) = (Offer::of(view.coupon, &view.terms), &view.terms.rules().scope);
    let is_in_scope = if offer.is_some() { order.meets(scope) } else { order.lies_in(scope) };
    if !is_in_scope {
        return Err(Reason::OutOfScope.into());
    }
    if view.terms.currency != currency {
        return Err(Reason::CurrencyMismatch.into());
    }
    let card = Card { coupon: view.coupon, available: view.available, until_ms: view.window.until_ms };
    Ok(offer.map_or(Part::Card(card), Part::Offer))
}

/// What it takes off by itself, or has.
fn alone(purchase: &Purchase<'_>, part: &Part<'_>) -> Result<i64, Rejection> {
    match part {
        Part::Card(card) if card.available == 0 => Err(Rejection::new(Reason::InsufficientBalance, 0)),
        Part::Card(card) => Ok(card.available),
        Part::Offer(offer) => {
            let applied = apply(purchase.order, std::slice::from_ref(offer));
            applied.unusable.first().map_or(Ok(applied.discount()), |(_, why)| Err(why.refusal()))
        }
    }
}

/// Discounts first, then cards.
fn combine<'p, 'a: 'p>(
    purchase: &Purchase<'_>,
    chosen: impl Iterator<Item = &'p (u64, Result<Part<'a>, Rejection>)>,
) -> Combination {
    let (mut offers, mut cards, mut unusable) = (Vec::new(), Vec::new(), Vec::new());
    for (coupon, part) in chosen {
        match part {
            Ok(Part::Offer(offer)) => offers.push(*offer),
            Ok(part @ Part::Card(card)) => match alone(purchase, part) {
                Ok(_) => cards.push(*card),
                Err(refusal) => unusable.push((*coupon, refusal)),
            },
            Err(refusal) => unusable.push((*coupon, *refusal)),
        }
    }
    let applied = apply(purchase.order, &offers);
    unusable.extend(applied.unusable.iter().map(|(coupon, why)| (*coupon, why.refusal())));
    let payments = tender(applied.payable, &cards);
    let pays = |card: &&Card| payments.iter().any(|(coupon, _)| *coupon == card.coupon);
    unusable.extend(cards.iter().filter(|card| !pays(card)).map(|card| (card.coupon, Reason::NoEffect.into())));
    Combination { applied, payments, unusable }
}

impl Combination {
    /// What is left to pay after discounts and cards.
    pub fn payable(&self) -> i64 {
        self.applied.payable - self.payments.iter().map(|(_, amount)| amount).sum::<i64>()
    }
}

impl Unusable {
    /// The refusal that a coupon gets for it. Which other coupon it cannot stand beside is the refusal's number, for who may know it.
    pub fn refusal(self) -> Rejection {
        match self {
            Unusable::OutOfScope => Reason::OutOfScope.into(),
            Unusable::NotCombinable { with } => Rejection::new(Reason::NotCombinable, with as i64),
            Unusable::BelowThreshold { missing } => Rejection::new(Reason::BelowThreshold, missing),
            Unusable::BelowQuantity { missing } => Rejection::new(Reason::BelowQuantity, i64::from(missing)),
            Unusable::NoEffect => Reason::NoEffect.into(),
        }
    }
}
