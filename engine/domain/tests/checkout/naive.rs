//! Checkout once more, word by word and slowly: sets are weighed one by one, units are given away one by one, minor units are split
//! one by one. Only the scope is asked of the other side.

use crate::shop::Coupon;
use std::cmp::Reverse;
use tessera_domain::Kind;
use tessera_domain::checkout::{Basis, Class, Layer, Order};
use tessera_domain::money::Rounding;

/// What a set takes off, and by which of its coupons.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Weighed {
    pub discount: i64,
    /// Rising.
    pub coupons: Vec<u64>,
}

/// What one coupon took off.
struct Taken {
    layer: Layer,
    lines: Vec<i128>,
    shipping: i128,
}

/// An order during its coupons: nothing is remembered but what each took.
struct Desk<'a> {
    order: &'a Order,
    taken: Vec<Taken>,
    /// Of each line, whether each of its units was given away.
    given: Vec<Vec<bool>>,
}

impl Weighed {
    fn is_better_than(&self, other: &Weighed) -> bool {
        let worth = |weighed: &Weighed| (Reverse(weighed.discount), weighed.coupons.len(), weighed.coupons.clone());
        worth(self) < worth(other)
    }
}

/// Whether each coupon of a set agrees with it.
pub fn is_allowed(set: &[&Coupon]) -> bool {
    let agrees = |coupon: &&Coupon| {
        let stacking = &coupon.stacking;
        let of_template = set.iter().filter(|other| other.template == coupon.template).count() as u32;
        let of_group = set.iter().filter(|other| other.stacking.group == stacking.group).count() as u32;
        let by_class = match stacking.class {
            Class::Never => set.len() == 1,
            Class::Grouped => of_group <= if stacking.max_per_group == 0 { 1 } else { stacking.max_per_group },
            Class::Always => true,
        };
        by_class && (stacking.max_per_order == 0 || of_template <= stacking.max_per_order)
    };
    set.len() <= 16 && set.iter().all(agrees)
}

/// What each coupon of a set takes off each line and off shipping, in the order of application, whether they are allowed or not.
pub fn shares(order: &Order, set: &[&Coupon]) -> Vec<(u64, Vec<i64>, i64)> {
    let given = order.lines().iter().map(|line| vec![false; line.quantity as usize]).collect();
    let mut desk = Desk { order, taken: Vec::new(), given };
    let mut shares = Vec::new();
    let rank = |layer| [Layer::Item, Layer::Order, Layer::Shipping].iter().position(|&other| other == layer);
    let mut set = set.to_vec();
    set.sort_by_key(|coupon| (rank(coupon.layer), coupon.priority, coupon.number));
    for coupon in set {
        let taken = desk.taken_by(coupon);
        if taken.lines.iter().sum::<i128>() + taken.shipping > 0 {
            shares.push((coupon.number, taken.lines.iter().map(|&share| share as i64).collect(), taken.shipping as i64));
            desk.taken.push(taken);
        }
    }
    shares
}

/// What a set takes off, whether allowed or not.
pub fn weigh(order: &Order, set: &[&Coupon]) -> Weighed {
    let shares = shares(order, set);
    let discount = shares.iter().map(|(_, lines, shipping)| lines.iter().sum::<i64>() + shipping).sum();
    let mut coupons: Vec<u64> = shares.iter().map(|&(coupon, ..)| coupon).collect();
    coupons.sort();
    Weighed { discount, coupons }
}

/// Of all allowed sets the best.
pub fn best(order: &Order, coupons: &[Coupon]) -> Weighed {
    let mut best = Weighed::default();
    for bits in 0_u32..1 << coupons.len() {
        let set: Vec<&Coupon> = (0..coupons.len()).filter(|at| bits >> at & 1 == 1).map(|at| &coupons[at]).collect();
        if is_allowed(&set) {
            let weighed = weigh(order, &set);
            if weighed.is_better_than(&best) {
                best = weighed;
            }
        }
    }
    best
}

/// The one that raises the discount most, added again and again; or one that stands alone.
pub fn grown(order: &Order, coupons: &[Coupon]) -> Weighed {
    let (alone, together): (Vec<Coupon>, Vec<Coupon>) =
        coupons.iter().cloned().partition(|coupon| coupon.stacking.class == Class::Never);
    let mut best = grown_together(order, &together);
    for weighed in alone.iter().map(|coupon| weigh(order, &[coupon])) {
        if weighed.is_better_than(&best) {
            best = weighed;
        }
    }
    best
}

fn grown_together(order: &Order, coupons: &[Coupon]) -> Weighed {
    let mut grown = Weighed::default();
    loop {
        let with = |new: &Coupon| {
            let is_in = |coupon: &&Coupon| coupon.number == new.number || grown.coupons.contains(&coupon.number);
            let set: Vec<&Coupon> = coupons.iter().filter(is_in).collect();
            is_allowed(&set).then(|| weigh(order, &set))
        };
        let mut best = grown.clone();
        for weighed in coupons.iter().filter_map(with).filter(|weighed| weighed.discount > grown.discount) {
            if weighed.is_better_than(&best) {
                best = weighed;
            }
        }
        if best == grown {
            return grown;
        }
        grown = best;
    }
}

impl Desk<'_> {
    fn taken_by(&mut self, coupon: &Coupon) -> Taken {
        let count = self.order.lines().len();
        let mut taken = Taken { layer: coupon.layer, lines: vec![0; count], shipping: 0 };
        let lines: Vec<usize> = (0..count).filter(|&at| self.is_covered(coupon, at)).collect();
        let is_first = coupon.basis == Basis::Initial;
        let of_shipping = coupon.layer == Layer::Shipping;
        if lines.is_empty() {
            return taken;
        }
        let earlier = |other: &Taken| is_before(other.layer, coupon.layer);
        let tested: i128 = lines.iter().map(|&at| self.left(at, |taken| !is_first && earlier(taken))).sum();
        let room: Vec<i128> = lines.iter().map(|&at| self.left(at, |_| true)).collect();
        let sum: i128 = if of_shipping { self.shipping_left() } else { room.iter().sum() };
        let first: i128 =
            if of_shipping { i128::from(self.order.shipping()) } else { lines.iter().map(|&at| self.left(at, |_| false)).sum() };
        let pieces: usize = lines.iter().map(|&at| self.given[at].len()).sum();
        let discount = match coupon.kind {
            Kind::AmountOff { threshold, .. } if tested < i128::from(threshold) => 0,
            Kind::QuantityOff { pieces: least, .. } if pieces < least as usize => 0,
            Kind::AmountOff { amount, .. } | Kind::QuantityOff { amount, .. } | Kind::CashVoucher { amount } => amount.into(),
            Kind::PercentOff { pay, cap } => {
                let exact = if is_first { first } else { sum } * i128::from(10_000 - pay.get());
                rounded(exact, coupon.rounding).min(cap.map_or(i128::MAX, i128::from))
            }
            Kind::StoredValue { .. } => 0,
            Kind::Exchange { pieces } => {
                if !of_shipping {
                    self.give_units(&lines, pieces, is_first, &mut taken.lines);
                }
                return taken;
            }
        };
        let discount = discount.min(sum);
        if of_shipping {
            taken.shipping = discount;
        } else {
            one_by_one(discount, &lines, &room, &mut taken.lines);
        }
        taken
    }

    fn is_covered(&self, coupon: &Coupon, at: usize) -> bool {
        let line = &self.order.lines()[at];
        coupon.scope.covers(line.goods.as_ref(), &line.categories, &line.merchant)
    }

    /// What is left of a line after those that count.
    fn left(&self, at: usize, counts: impl Fn(&Taken) -> bool) -> i128 {
        let line = &self.order.lines()[at];
        let amount = (0..line.quantity).map(|_| i128::from(line.unit_price)).sum::<i128>();
        amount - self.taken.iter().filter(|taken| counts(taken)).map(|taken| taken.lines[at]).sum::<i128>()
    }

    fn shipping_left(&self) -> i128 {
        i128::from(self.order.shipping()) - self.taken.iter().map(|taken| taken.shipping).sum::<i128>()
    }

    /// Gives units away one by one, the dearest that was not given yet first; if that is worth nothing, takes all of them back.
    fn give_units(&mut self, lines: &[usize], pieces: u32, is_first: bool, shares: &mut [i128]) {
        let before = self.given.clone();
        for _ in 0..pieces {
            let price = |at: usize| self.order.lines()[at].unit_price;
            let free = lines.iter().copied().filter(|&at| self.given[at].contains(&false));
            let Some(at) = free.max_by_key(|&at| (price(at), Reverse(at))) else { break };
            let unit = self.given[at].iter().position(|given| !given).expect("one is free");
            self.given[at][unit] = true;
        }
        let not_given = |units: &[bool]| units.iter().filter(|given| !**given).count() as i128;
        for &at in lines {
            let (free, kept, left) = (not_given(&before[at]), not_given(&self.given[at]), self.left(at, |_| true));
            let worth = match free - kept {
                0 => 0,
                units if is_first => units * i128::from(self.order.lines()[at].unit_price),
                units => left * units / free,
            };
            shares[at] = worth.min(left);
        }
        if shares.iter().all(|&share| share == 0) {
            self.given = before;
        }
    }
}

fn is_before(one: Layer, other: Layer) -> bool {
    matches!((one, other), (Layer::Item, Layer::Order | Layer::Shipping) | (Layer::Order, Layer::Shipping))
}

/// Of the two whole numbers around so many ten-thousandths, the one that the rounding asks for.
fn rounded(exact: i128, rounding: Rounding) -> i128 {
    let low = exact.div_euclid(10_000);
    let (down, up) = (exact - low * 10_000, (low + 1) * 10_000 - exact);
    match rounding {
        _ if down == 0 => low,
        Rounding::Floor => low,
        Rounding::Ceil => low + 1,
        Rounding::HalfUp if up <= down => low + 1,
        Rounding::HalfEven if up < down || (up == down && low % 2 != 0) => low + 1,
        Rounding::HalfUp | Rounding::HalfEven => low,
    }
}

/// Whole parts first; then one minor unit each to the line that is owed most of one (then the larger, then the earlier).
fn one_by_one(discount: i128, lines: &[usize], room: &[i128], shares: &mut [i128]) {
    let sum: i128 = room.iter().sum::<i128>().max(1);
    lines.iter().zip(room).for_each(|(&at, room)| shares[at] = discount * room / sum);
    let mut waiting: Vec<usize> = (0..lines.len()).collect();
    while shares.iter().sum::<i128>() < discount {
        let owed = |&nth: &usize| (discount * room[nth] - shares[lines[nth]] * sum, room[nth], Reverse(nth));
        let next = waiting.iter().copied().max_by_key(owed).expect("fewer minor units are left than lines");
        waiting.retain(|&nth| nth != next);
        shares[lines[next]] += 1;
    }
}
