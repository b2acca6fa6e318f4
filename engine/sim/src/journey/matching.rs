//! Which line of which basket a redeemed coupon of a campaign was shown for.
//!
//! The data says who used which coupon on which local day, not on what. A line can be it if it has a discount by coupon, was bought by that
//! household on that day, and is of the coupon's products. Each line is taken once, in the order of the redemptions.

use super::data::{Basket, Data, Redeemed, Sold, zone};
use super::slip::clamped;
use std::collections::BTreeMap;

/// Coupons of campaigns and their lines.
#[derive(Debug, Default)]
pub(super) struct Matched {
    /// By basket and product: campaign and coupon.
    lines: BTreeMap<(u64, u64), (u32, u64)>,
    /// What each was worth, by household, campaign and coupon, in cents.
    worth: BTreeMap<(u32, u32, u64), i64>,
    pub(super) tally: Tally,
}

/// What became of the redemptions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Shown for a line.
    pub matched: u64,
    /// On a day on which the household had no line with a coupon.
    pub no_coupon: u64,
    /// There were such lines, but none of the coupon's products that still cost something.
    pub no_product: u64,
}

impl Matched {
    pub(super) fn of(data: &Data) -> Matched {
        let mut days: BTreeMap<(u32, i32), Vec<(&Basket, &Sold)>> = BTreeMap::new();
        for basket in &data.baskets {
            let day = zone().local(basket.at_ms).day;
            let lines = basket.lines.iter().filter(|sold| sold.coupon > 0).map(|sold| (basket, sold));
            days.entry((basket.household, day)).or_default().extend(lines);
        }
        let mut matched = Matched::default();
        for redeemed in &data.redeemed {
            let lines = days.get(&(redeemed.household, redeemed.day)).map(Vec::as_slice).unwrap_or_default();
            matched.find(data, redeemed, lines);
        }
        matched
    }

    fn find(&mut self, data: &Data, redeemed: &Redeemed, lines: &[(&Basket, &Sold)]) {
        let &Redeemed { household, campaign, upc, .. } = redeemed;
        let (products, window) = (data.coupons.get(&(campaign, upc)), data.campaigns.get(&campaign));
        let is_free = |&&(basket, sold): &&(&Basket, &Sold)| {
            let is_of_it = products.is_some_and(|products| products.contains(&sold.product));
            let is_inside = window.is_some_and(|window| !window.is_before(basket.at_ms) && !window.is_over(basket.at_ms));
            is_of_it && is_inside && clamped(sold) > 0 && !self.lines.contains_key(&(basket.id, sold.product))
        };
        let is_granted = data.grants.get(&campaign).is_some_and(|households| households.contains(&household));
        let is_new = !self.worth.contains_key(&(household, campaign, upc));
        match lines.iter().find(is_free).filter(|_| is_granted && is_new) {
            Some((basket, sold)) => {
                self.lines.insert((basket.id, sold.product), (campaign, upc));
                self.worth.insert((household, campaign, upc), clamped(sold));
                self.tally.matched += 1;
            }
            None if lines.is_empty() => self.tally.no_coupon += 1,
            None => self.tally.no_product += 1,
        }
    }

    /// The campaign's coupon that this line was bought with.
    pub(super) fn coupon_of(&self, basket: u64, product: u64) -> Option<(u32, u64)> {
        self.lines.get(&(basket, product)).copied()
    }

    /// What the coupon of this household is worth, if it is used.
    pub(super) fn worth(&self, household: u32, campaign: u32, upc: u64) -> Option<i64> {
        self.worth.get(&(household, campaign, upc)).copied()
    }
}
