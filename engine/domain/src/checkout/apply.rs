//! A chosen set of coupons, applied to an order one after the other.

use super::left::{Left, Reach};
use super::stack;
use super::{Offer, Order, Unusable};

/// What one coupon takes off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The coupon.
    pub coupon: u64,
    /// In all, at least 1.
    pub discount: i64,
    /// Off each line, by its number.
    pub shares: Vec<i64>,
    /// Off shipping.
    pub shipping_share: i64,
}

/// What a set of coupons does to an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// The coupons that take something off, in the order of application.
    pub steps: Vec<Step>,
    /// Those that do not, in the same order, and why.
    pub unusable: Vec<(u64, Unusable)>,
    /// What is left of each line, by its number.
    pub left: Vec<i64>,
    /// What is left of shipping.
    pub shipping_left: i64,
    /// What is left to pay.
    pub payable: i64,
}

/// Applies each coupon that has an effect and may stand beside those before it.
///
/// # Panics
/// If a number of an effect is not an amount.
pub fn apply(order: &Order, offers: &[Offer<'_>]) -> Applied {
    let (mut left, mut standing) = (Left::new(order), Vec::new());
    let (mut steps, mut unusable) = (Vec::new(), Vec::new());
    for reach in in_order(order, offers) {
        match usable(&left, &standing, &reach) {
            Ok(discount) => {
                let shares = left.take(&reach, discount);
                steps.push(Step { coupon: reach.offer.coupon, discount, shares: shares.lines, shipping_share: shares.shipping });
                standing.push(reach.offer);
            }
            Err(reason) => unusable.push((reach.offer.coupon, reason)),
        }
    }
    let (left, shipping_left) = left.into_parts();
    let payable = left.iter().sum::<i64>() + shipping_left;
    let applied = Applied { steps, unusable, left, shipping_left, payable };
    assert_eq!(applied.discount() + payable, order.total(), "what is taken off and what is left are the order");
    applied
}

/// The offers in the order of application, each coupon once.
pub(super) fn in_order<'a>(order: &Order, offers: &'a [Offer<'a>]) -> Vec<Reach<'a>> {
    let mut offers: Vec<&Offer<'_>> = offers.iter().collect();
    offers.sort_by_key(|offer| offer.place());
    offers.dedup_by_key(|offer| offer.place());
    offers.into_iter().map(|offer| Reach::new(order, offer)).collect()
}

/// What an offer takes off beside those that stand, or the first reason why it takes nothing.
pub(super) fn usable(left: &Left<'_>, standing: &[&Offer<'_>], reach: &Reach<'_>) -> Result<i64, Unusable> {
    let discount = left.discount(reach);
    match stack::hindrance(standing, reach.offer) {
        Some(with) if discount != Err(Unusable::OutOfScope) => Err(Unusable::NotCombinable { with }),
        _ => discount,
    }
}

impl Applied {
    /// What comes off in all.
    pub fn discount(&self) -> i64 {
        self.steps.iter().map(|step| step.discount).sum()
    }
}
