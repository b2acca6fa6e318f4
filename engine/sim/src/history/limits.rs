//! What all users share of a template, in the plain model: never more on a local day than it gives out, never more reserved than its
//! budget, and what ends unused comes back once. I1.

use super::shelf::Shelf;
use crate::clients::{BUDGET, COVER, DAY_STOCK, FUNDED_STOCK};
use crate::violation::{Checked, holds};
use std::collections::BTreeMap;
use tessera_domain::event::{Event, Restocked};

/// Shanghai is so far east of the epoch's meridian.
const SHANGHAI_MS: i64 = 8 * 3_600_000;

const DAY_MS: i64 = 24 * 3_600_000;

/// Which limits a template has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Limited {
    /// None, or a stock alone.
    #[default]
    Not,
    /// So many on one day.
    ByDay,
    /// By a stock and a budget, which get back what ends unused.
    ByBudget,
}

/// The counts of all templates, over all partitions.
#[derive(Default)]
pub(crate) struct Limits {
    /// By template and local day.
    days: BTreeMap<(u32, i64), u64>,
    /// Pieces that are out, by template.
    out: BTreeMap<u32, u64>,
    /// Totals of stocks and of budgets that were raised, by template.
    stocks: BTreeMap<u32, u64>,
    budgets: BTreeMap<u32, u64>,
    /// Raises of budgets.
    pub(crate) raised: u64,
    /// Coupons that came back.
    pub(crate) restocked: u64,
    /// Days that partitions count no longer.
    pub(crate) dropped: u64,
}

/// The local day of an instant.
pub(crate) fn day_of(now_ms: i64) -> i64 {
    (now_ms + SHANGHAI_MS).div_euclid(DAY_MS)
}

impl Limits {
    /// After the event was taken in.
    pub(super) fn note(&mut self, shelf: &Shelf, event: &Event<'_>, now_ms: i64) -> Checked {
        match event {
            Event::Claimed(event) => self.claimed(shelf.sketch(event.terms).0, shelf.limited(event.terms), now_ms),
            Event::Restocked(event) => {
                let out = self.out.entry(event.template).or_default();
                holds(*out > 0, "I1", || format!("more of template {} came back than was out", event.template))?;
                *out -= 1;
                self.restocked += 1;
                Ok(())
            }
            Event::DayDropped(_) => {
                self.dropped += 1;
                Ok(())
            }
            Event::StockSet(event) => {
                self.stocks.insert(event.template, event.to);
                Ok(())
            }
            Event::BudgetSet(event) => {
                self.raised += 1;
                let before = self.budgets.insert(event.template, event.to).unwrap_or(BUDGET);
                let rises = event.from == before && event.to > before;
                holds(rises, "I1", || format!("{event:?}, and the budget was {before}"))
            }
            _ => Ok(()),
        }
    }

    fn claimed(&mut self, template: u32, limited: Limited, now_ms: i64) -> Checked {
        match limited {
            Limited::Not => Ok(()),
            Limited::ByDay => {
                let day = day_of(now_ms);
                let count = self.days.entry((template, day)).or_default();
                *count += 1;
                holds(*count <= DAY_STOCK, "I1", || format!("{count} of template {template} on day {day}"))
            }
            Limited::ByBudget => {
                let out = self.out.entry(template).or_default();
                *out += 1;
                let of = |totals: &BTreeMap<u32, u64>, at_first| totals.get(&template).copied().unwrap_or(at_first);
                let (stock, budget) = (of(&self.stocks, FUNDED_STOCK), of(&self.budgets, BUDGET));
                let reserved = *out * COVER as u64;
                holds(reserved <= budget && *out <= stock, "I1", || {
                    format!("{out} of {stock} of template {template} are out, which reserves {reserved} of {budget}")
                })
            }
        }
    }

    /// How many were given out on a day.
    pub(crate) fn on(&self, template: u32, day: i64) -> u64 {
        self.days.get(&(template, day)).copied().unwrap_or(0)
    }
}

impl Shelf {
    /// What ended unused comes back in the very next event, and nothing else does.
    pub(super) fn check_return(&mut self, event: &Event<'_>) -> Checked {
        let due = self.due_back.take();
        let told = match event {
            Event::Restocked(Restocked { coupon, pieces: 1, cover, .. }) if *cover == COVER as u64 => Some(*coupon),
            Event::Restocked(other) => return holds(false, "I1", || format!("{other:?} comes back")),
            _ => None,
        };
        holds(due == told, "I1", || format!("coupon {due:?} has to come back, {told:?} does"))
    }

    /// A coupon has ended: it comes back if its one unit was never used.
    pub(super) fn note_end(&mut self, coupon: u64) -> Checked {
        let card = self.card(coupon)?.clone();
        let is_unused = card.received == 0 && (card.now().expired == 1 || card.now().voided == 1);
        if is_unused && self.limited(card.terms as u32) == Limited::ByBudget {
            self.due_back = Some(coupon);
        }
        Ok(())
    }
}
