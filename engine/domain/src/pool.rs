//! Pools: what many partitions sell from together. A template's stock 库存, what it gives out on one local day 每日限量, its budget 预算.
//!
//! All of them are leased in the same way (`lease` holds the protocol) and differ in their unit alone: pieces, or minor units. A pool
//! is one number, so that it is a key wherever it is counted: the template above, and below what of it is meant.

use crate::catalog::TEMPLATES_MAX;
use crate::rejection::Reason;
use std::fmt;

/// See the module.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pool(u64);

/// What a claim takes out of one pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Need {
    /// Out of which.
    pub pool: Pool,
    /// Pieces, or minor units; at least 1.
    pub amount: u64,
}

/// After its first instant in UTC a day is over everywhere on earth 36 hours later, and its pool is left for two days, so that whoever
/// is late is told of it.
const DAYS_KEPT: i64 = 3;

const DAY_MS: i64 = 86_400_000;

/// Bits below a template's number.
const SLOT_BITS: u32 = 24;

const STOCK: u64 = 0;
const BUDGET: u64 = 1;

/// The slot of the first day that is counted, the eve of the epoch: there are zones in the west.
const FIRST_DAY: u64 = 2;

/// Day numbers are counted from here.
const EVE: i32 = -1;

/// The last day that is counted.
const LAST_DAY: i32 = (1 << SLOT_BITS) - 1 - FIRST_DAY as i32 + EVE;

const _: () = assert!(crate::terms::TIME_MS_MAX / DAY_MS < LAST_DAY as i64, "every instant has a day");

impl Pool {
    /// The stock of a template, in pieces.
    pub const fn stock(template: u32) -> Pool {
        Pool((template as u64) << SLOT_BITS | STOCK)
    }

    /// The budget of a template, in minor units.
    pub const fn budget(template: u32) -> Pool {
        Pool((template as u64) << SLOT_BITS | BUDGET)
    }

    /// What a template gives out on a local day, in days since 1970-01-01, in pieces.
    pub const fn day(template: u32, day: i32) -> Pool {
        assert!(EVE <= day && day <= LAST_DAY, "days are counted within the calendar");
        Pool((template as u64) << SLOT_BITS | (FIRST_DAY + (day - EVE) as u64))
    }

    /// As a journal names one that is no stock; `None` for numbers that none has.
    pub(crate) fn of_numbers(template: u32, day: Option<i32>) -> Option<Pool> {
        let is_known = (template as usize) < TEMPLATES_MAX && day.is_none_or(|day| (EVE..=LAST_DAY).contains(&day));
        is_known.then(|| day.map_or(Pool::budget(template), |day| Pool::day(template, day)))
    }

    /// Whose it is.
    pub const fn template(self) -> u32 {
        (self.0 >> SLOT_BITS) as u32
    }

    /// Which local day's, if it is a day's.
    pub const fn local_day(self) -> Option<i32> {
        match self.slot() {
            STOCK | BUDGET => None,
            slot => Some((slot - FIRST_DAY) as i32 + EVE),
        }
    }

    /// The day before, if it is a day's and not the first.
    pub(crate) fn day_before(self) -> Option<Pool> {
        self.local_day().filter(|&day| day > EVE).map(|day| Pool::day(self.template(), day - 1))
    }

    /// Whether it is a stock.
    pub const fn is_stock(self) -> bool {
        self.slot() == STOCK
    }

    /// Whether it is a budget.
    pub const fn is_budget(self) -> bool {
        self.slot() == BUDGET
    }

    /// Its number: the key of what is counted of it, where it is no stock.
    pub(crate) const fn number(self) -> u64 {
        self.0
    }

    /// From its number.
    pub(crate) fn from_number(number: u64) -> Option<Pool> {
        Some(Pool(number)).filter(|pool| number >> SLOT_BITS < TEMPLATES_MAX as u64 && !pool.is_stock())
    }

    /// Why a claim is refused that it has nothing for.
    pub fn exhausted(self) -> Reason {
        match self.slot() {
            STOCK => Reason::SoldOut,
            BUDGET => Reason::BudgetExhausted,
            _ => Reason::TemplateDayLimitReached,
        }
    }

    /// Whether it is a day's that is over everywhere, so that nobody sells from it and nobody says anything of it any more.
    pub fn is_over(self, now_ms: i64) -> bool {
        self.local_day().is_some_and(|day| now_ms >= (i64::from(day) + DAYS_KEPT) * DAY_MS)
    }

    /// The pools of its template whose local day is long over where this one's has begun.
    pub(crate) fn days_before(self) -> Option<std::ops::Range<Pool>> {
        let kept_from = self.local_day()?.saturating_sub(DAYS_KEPT as i32).max(EVE);
        Some(Pool::day(self.template(), EVE)..Pool::day(self.template(), kept_from))
    }

    const fn slot(self) -> u64 {
        self.0 & ((1 << SLOT_BITS) - 1)
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let template = self.template();
        match self.local_day() {
            Some(day) => write!(f, "day {day} of template {template}"),
            None if self.is_budget() => write!(f, "budget of template {template}"),
            None => write!(f, "stock of template {template}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pool_is_told_by_its_number() {
        for template in [0, 7, TEMPLATES_MAX as u32 - 1] {
            let pools = [Pool::stock(template), Pool::budget(template)].into_iter();
            let days = [EVE, 0, 20_000, LAST_DAY].map(|day| Pool::day(template, day));
            let pools: Vec<Pool> = pools.chain(days).collect();
            assert!(pools.is_sorted() && pools.iter().all(|pool| pool.template() == template));
            for &pool in &pools[1..] {
                assert_eq!(Pool::from_number(pool.number()), Some(pool));
                assert_eq!(Pool::of_numbers(template, pool.local_day()), Some(pool));
            }
            assert_eq!(Pool::from_number(Pool::stock(template).number()), None, "a stock has numbers of its own");
        }
        assert_eq!(Pool::of_numbers(TEMPLATES_MAX as u32, None), None);
        assert_eq!([EVE - 1, LAST_DAY + 1, i32::MIN, i32::MAX].map(|day| Pool::of_numbers(0, Some(day))), [None; 4]);
        assert_eq!(Pool::from_number(u64::MAX), None);
    }

    #[test]
    fn a_day_is_counted_until_it_is_over_everywhere() {
        let (ends_ms, farthest_west_ms) = (8 * DAY_MS, 12 * 3_600_000);
        let day = Pool::day(3, 7);
        assert!(!day.is_over(ends_ms + farthest_west_ms) && !day.is_over(10 * DAY_MS - 1) && day.is_over(10 * DAY_MS));
        assert!(![Pool::stock(3), Pool::budget(3)].iter().any(|pool| pool.is_over(i64::MAX)));
    }
}
