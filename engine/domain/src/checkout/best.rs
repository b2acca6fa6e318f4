//! The best set of coupons for an order.
//!
//! Candidates that would take nothing off the whole order take nothing off what others leave of it either, so they are set aside first.
//! Each that stands alone is a set by itself. Of the rest, up to [`CANDIDATES_EXACT_MAX`], every allowed set is weighed, depth first over
//! the order of application, leaving out what cannot come up with the best found so far; of more, one is added after the other as long as
//! that takes more off.

use super::apply::{Applied, apply, in_order, usable};
use super::left::{Left, Reach};
use super::{CANDIDATES_EXACT_MAX, CANDIDATES_MAX, INSTRUMENTS_MAX, Offer, Order, Unusable, stack};
use crate::rejection::Rejection;
use std::cmp::Reverse;

/// The coupons that take most off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Best {
    /// Their numbers, rising.
    pub chosen: Vec<u64>,
    /// What they do. Each of them has an effect.
    pub applied: Applied,
    /// Whether no allowed set is better. Otherwise only a good one was looked for.
    pub is_exact: bool,
}

/// A set and what it takes off.
#[derive(Default)]
struct Found {
    discount: i64,
    /// Rising.
    coupons: Vec<u64>,
}

/// Every allowed set, depth first.
struct Search<'s, 'a> {
    reaches: &'s [Reach<'a>],
    best: Found,
}

/// An offer that may follow those that stand.
struct Next {
    at: usize,
    /// What it takes off if it comes next.
    discount: i64,
    /// Most that it takes off if others come before it.
    most: i64,
}

/// A set that grows, one offer after the other.
struct Growth<'s, 'a> {
    reaches: &'s [Reach<'a>],
    /// Places of the chosen, rising.
    places: Vec<usize>,
    /// What each of the chosen finds left and how much is off by then; at last, after all of them.
    stages: Vec<(Left<'s>, i64)>,
    best: Found,
}

/// The best set of these candidates: see the module [`checkout`](super).
///
/// # Errors
/// INVALID_ARGUMENT naming `coupons` above [`CANDIDATES_MAX`].
///
/// # Panics
/// As [`apply`].
pub fn best(order: &Order, candidates: &[Offer<'_>]) -> Result<Best, Rejection> {
    if candidates.len() > CANDIDATES_MAX {
        return Err(Rejection::invalid("coupons", CANDIDATES_MAX as i64));
    }
    let whole = Left::new(order);
    let mut reaches = in_order(order, candidates);
    reaches.retain(|reach| whole.discount(reach).is_ok());
    let (alone, together): (Vec<_>, Vec<_>) = reaches.into_iter().partition(|reach| stack::stands_alone(reach.offer));
    let is_exact = together.len() <= CANDIDATES_EXACT_MAX;
    let mut found = if is_exact { Search::run(&whole, &together) } else { Growth::run(whole.clone(), &together) };
    for reach in &alone {
        found.improve(Found::new(whole.discount(reach).expect("it takes something off"), std::iter::once(reach.offer)));
    }
    let all = alone.iter().chain(&together).map(|reach| *reach.offer);
    let offers: Vec<Offer<'_>> = all.filter(|offer| found.has(offer)).collect();
    let applied = apply(order, &offers);
    assert_eq!((applied.discount(), applied.steps.len()), (found.discount, found.coupons.len()), "what was found applies");
    Ok(Best { chosen: found.coupons, applied, is_exact })
}

impl Found {
    fn new<'a>(discount: i64, offers: impl Iterator<Item = &'a Offer<'a>>) -> Found {
        let mut coupons: Vec<u64> = offers.map(|offer| offer.coupon).collect();
        coupons.sort_unstable();
        Found { discount, coupons }
    }

    fn has(&self, offer: &Offer<'_>) -> bool {
        self.coupons.binary_search(&offer.coupon).is_ok()
    }

    /// More comes off; then by fewer coupons; then by those whose numbers come first.
    fn is_better_than(&self, other: &Found) -> bool {
        let place = |found: &Found| (Reverse(found.discount), found.coupons.len());
        place(self).cmp(&place(other)).then_with(|| self.coupons.cmp(&other.coupons)).is_lt()
    }

    fn improve(&mut self, other: Found) {
        if other.is_better_than(self) {
            *self = other;
        }
    }
}

impl<'s, 'a> Search<'s, 'a> {
    fn run(whole: &Left<'_>, reaches: &'s [Reach<'a>]) -> Found {
        let mut search = Search { reaches, best: Found::default() };
        let all: Vec<usize> = (0..reaches.len()).collect();
        search.go(&all, whole, &mut Vec::with_capacity(reaches.len()), 0);
        search.best
    }

    /// Sets that begin with `standing`, which take `discount` off, and go on with offers of these places.
    fn go(&mut self, places: &[usize], left: &Left<'_>, standing: &mut Vec<&'s Offer<'a>>, discount: i64) {
        let next: Vec<Next> = places.iter().filter_map(|&at| self.next(at, left, standing)).collect();
        let places: Vec<usize> = next.iter().map(|next| next.at).collect();
        let mut most: i64 = next.iter().map(|next| next.most).sum();
        for (next, later) in next.into_iter().zip((1..).map(|from| &places[from..])) {
            if discount + most < self.best.discount {
                return;
            }
            most -= next.most;
            let discount = discount + next.discount;
            if next.discount == 0 || discount + most < self.best.discount {
                continue;
            }
            let reach = &self.reaches[next.at];
            standing.push(reach.offer);
            if discount >= self.best.discount {
                self.best.improve(Found::new(discount, standing.iter().copied()));
            }
            if !later.is_empty() {
                let mut left = left.clone();
                left.take(reach, next.discount);
                self.go(later, &left, standing, discount);
            }
            standing.pop();
        }
    }

    /// What the offer of a place may still do; nothing if what hinders it now always will.
    fn next(&self, at: usize, left: &Left<'_>, standing: &[&Offer<'_>]) -> Option<Next> {
        let reach = &self.reaches[at];
        match usable(left, standing, reach) {
            Ok(discount) => Some(Next { at, discount, most: left.most(reach) }),
            Err(Unusable::NoEffect) => Some(Next { at, discount: 0, most: left.most(reach) }),
            Err(_) => None,
        }
    }
}

impl<'s, 'a> Growth<'s, 'a> {
    fn run(whole: Left<'s>, reaches: &'s [Reach<'a>]) -> Found {
        let mut growth = Growth { reaches, places: Vec::new(), stages: vec![(whole, 0)], best: Found::default() };
        (0..INSTRUMENTS_MAX).take_while(|_| growth.grow()).for_each(drop);
        growth.best
    }

    /// Adds the offer with which most comes off; false if none raises the discount.
    fn grow(&mut self) -> bool {
        let standing: Vec<&Offer<'_>> = self.places.iter().map(|&at| self.reaches[at].offer).collect();
        let may_stand = |&at: &usize| !self.places.contains(&at) && stack::hindrance(&standing, self.reaches[at].offer).is_none();
        let mut best = Found::default();
        for at in (0..self.reaches.len()).filter(may_stand) {
            best.improve(self.with(at));
        }
        let is_more = best.discount > self.best.discount;
        if is_more {
            self.choose(best);
        }
        is_more
    }

    /// The chosen and the offer at `new`, as far as they have an effect then.
    fn with(&self, new: usize) -> Found {
        let before = self.places.partition_point(|&at| at < new);
        let (mut left, mut discount) = self.stages[before].clone();
        let mut places = self.places[..before].to_vec();
        let rest = || std::iter::once(new).chain(self.places[before..].iter().copied());
        let last = rest().last().expect("there is the new one");
        for at in rest() {
            let Ok(more) = left.discount(&self.reaches[at]) else { continue };
            places.push(at);
            discount += more;
            if at != last {
                left.take(&self.reaches[at], more);
            }
        }
        Found::new(discount, places.iter().map(|&at| self.reaches[at].offer))
    }

    fn choose(&mut self, best: Found) {
        self.places = (0..self.reaches.len()).filter(|&at| best.has(self.reaches[at].offer)).collect();
        self.stages.truncate(1);
        for &at in &self.places {
            let (mut left, discount) = self.stages.last().expect("the whole order is the first").clone();
            let more = left.discount(&self.reaches[at]).expect("what was found has an effect");
            left.take(&self.reaches[at], more);
            self.stages.push((left, discount + more));
        }
        self.best = best;
    }
}
