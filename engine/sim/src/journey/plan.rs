//! The plan of a journey: what happens when, made of the data before anything is asked.

use super::data::{Basket, Data};
use super::matching::Matched;
use super::promotion::{Promotion, Worth};
use super::slip::{Aside, Slip, slips};
use crate::dice::Dice;
use std::collections::{BTreeMap, BTreeSet};
use tessera_domain::Window;

/// So long before its payment an order is held, in ms.
const HELD_MS: i64 = 30_000;

/// Of a thousand orders, so many are held first.
const HELD: u32 = 50;

/// What a coupon is worth that nobody used, in cents: the data does not say.
const UNUSED_CENTS: i64 = 100;

const DAY_MS: i64 = 86_400_000;

/// Redemptions leave memory after 30 days, so those of the first half of a month are listed before its end.
const HALF_MS: i64 = 15 * DAY_MS;

/// How the orders of a basket come about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    AtOnce,
    /// Held, and captured when they are paid.
    Held,
    /// Returned whole, and redeemed again.
    Returned,
    /// The power fails while they are on their way.
    Torn,
}

/// A basket and its orders.
#[derive(Debug)]
pub(super) struct Planned<'a> {
    pub(super) basket: &'a Basket,
    pub(super) slips: Vec<Slip>,
    pub(super) aside: Aside,
    pub(super) manner: Manner,
}

/// What happens; of those at one instant the first of these comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    /// A month is over.
    Month(usize),
    /// Half of it is.
    Half(usize),
    /// A campaign's coupons are issued.
    Campaign(u32),
    /// The orders of a basket are held.
    Hold(usize),
    /// A basket is paid.
    Pay(usize),
}

/// See the module.
pub(super) struct Plan<'a> {
    pub(super) data: &'a Data,
    pub(super) matched: Matched,
    pub(super) baskets: Vec<Planned<'a>>,
    /// Every template of a promotion, with its pieces and when they may be used, if it has so many.
    pub(super) templates: BTreeMap<Worth, Option<(u64, Window)>>,
}

impl<'a> Plan<'a> {
    pub(super) fn new(data: &'a Data, seed: u64) -> Plan<'a> {
        let matched = Matched::of(data);
        let planned = |basket: &'a Basket| {
            let (slips, aside) = slips(basket, &matched);
            Planned { basket, slips, aside, manner: Manner::AtOnce }
        };
        let baskets = data.baskets.iter().map(planned).collect();
        let mut plan = Plan { data, matched, baskets, templates: BTreeMap::new() };
        plan.choose_manners(&mut Dice::new(seed));
        plan.name_templates();
        plan
    }

    /// Each month's first order comes back, and its last one meets a power cut.
    fn choose_manners(&mut self, dice: &mut Dice) {
        for planned in &mut self.baskets {
            let is_of_campaign = |worth: &Worth| matches!(worth.promotion, Promotion::Campaign { .. });
            let may_begin_earlier = !planned.slips.iter().flat_map(|slip| &slip.discounts).any(is_of_campaign);
            if dice.chance(HELD) && may_begin_earlier {
                planned.manner = Manner::Held;
            }
        }
        for month in &self.data.months {
            let of_month = |planned: &&mut Planned<'_>| is_in(&month.window, planned) && !planned.slips.is_empty();
            let mut orders: Vec<_> = self.baskets.iter_mut().filter(of_month).collect();
            if let Some(last) = orders.last_mut() {
                last.manner = Manner::Torn;
            }
            if let Some(first) = orders.first_mut() {
                first.manner = Manner::Returned;
            }
        }
    }

    fn name_templates(&mut self) {
        let used = self.baskets.iter().flat_map(|planned| &planned.slips).flat_map(|slip| &slip.discounts);
        self.templates = used.map(|&worth| (worth, None)).collect();
        for (&campaign, &window) in &self.data.campaigns {
            for (_, worth) in self.issues(campaign) {
                let pieces = self.templates.entry(worth).or_default().get_or_insert((0, window));
                pieces.0 += 1;
            }
        }
    }

    /// The coupons of a campaign: to whom, and what each is worth.
    pub(super) fn issues(&self, campaign: u32) -> Vec<(u32, Worth)> {
        let coupons = || self.data.coupons.range((campaign, 0)..=(campaign, u64::MAX)).map(|(&(_, upc), _)| upc);
        let households = self.data.grants.get(&campaign).into_iter().flatten();
        let worth = |household, upc| {
            let cents = self.matched.worth(household, campaign, upc).unwrap_or(UNUSED_CENTS);
            (household, Worth { promotion: Promotion::Campaign { campaign, upc }, cents })
        };
        households.flat_map(|&household| coupons().map(move |upc| worth(household, upc))).collect()
    }

    /// Everything that happens, in the order of time.
    pub(super) fn steps(&self) -> Vec<(i64, Step)> {
        let campaigns = self.data.campaigns.iter().map(|(&campaign, window)| (window.from_ms, Step::Campaign(campaign)));
        let mut steps: Vec<(i64, Step)> = campaigns.collect();
        for (number, month) in self.data.months.iter().enumerate() {
            steps.push((month.window.from_ms + HALF_MS, Step::Half(number)));
            steps.push((month.window.until_ms, Step::Month(number)));
        }
        for (number, planned) in self.baskets.iter().enumerate() {
            let at_ms = planned.basket.at_ms;
            if planned.manner == Manner::Held {
                steps.push((at_ms - HELD_MS, Step::Hold(number)));
            }
            steps.push((at_ms, Step::Pay(number)));
        }
        steps.sort_unstable();
        steps
    }

    /// When the half of a month is over, ms.
    pub(super) fn half_of(window: &Window) -> i64 {
        window.from_ms + HALF_MS
    }

    /// When nothing of it can happen any more.
    pub(super) fn end_ms(&self) -> i64 {
        let campaigns = self.data.campaigns.values().map(|window| window.until_ms);
        let months = self.data.months.iter().map(|month| month.window.until_ms);
        campaigns.chain(months).max().unwrap_or(0) + DAY_MS
    }

    /// What the engine is not asked of the baskets of this time.
    pub(super) fn aside(&self, window: &Window) -> Aside {
        let mut aside = Aside::default();
        let (mut all, mut served) = (BTreeSet::new(), BTreeSet::new());
        for planned in self.baskets.iter().filter(|planned| is_in(window, planned)) {
            aside += planned.aside;
            all.insert(planned.basket.household);
            if !planned.slips.is_empty() {
                served.insert(planned.basket.household);
            }
        }
        aside.sums[super::Column::Households] = (all.len() - served.len()) as i64;
        aside
    }
}

fn is_in(window: &Window, planned: &Planned<'_>) -> bool {
    !window.is_before(planned.basket.at_ms) && !window.is_over(planned.basket.at_ms)
}
