//! What a coupon takes of its template's pools when it is claimed, and which pools a template may have.
//!
//! A piece of the stock, a piece of its local day, and of the budget its cover: the most that the coupon can ever take off, or hold. The
//! cover follows from the numbers that are pinned to the coupon, so no event repeats it.

use super::rules::Rules;
use super::{Kind, RefundPolicy, STOCK_MAX, Template, TemplateSpec, Terms, within};
use crate::money::AMOUNT_MAX;
use crate::pool::{Need, Pool};
use crate::rejection::Rejection;
use arrayvec::ArrayVec;

/// Of the rules, or of what comes back.
pub(crate) type Needs = ArrayVec<Need, 2>;

impl Kind {
    /// Whether it is a balance.
    pub fn is_stored_value(self) -> bool {
        matches!(self, Kind::StoredValue { .. })
    }

    /// The most that one coupon is worth, in minor units; `None` where nothing bounds it.
    pub(crate) fn cover(self) -> Option<i64> {
        match self {
            Kind::PercentOff { cap, .. } => cap,
            Kind::AmountOff { amount, .. } | Kind::QuantityOff { amount, .. } | Kind::CashVoucher { amount } => Some(amount),
            Kind::StoredValue { face_value } => Some(face_value),
            Kind::Exchange { .. } => None,
        }
    }
}

impl Terms {
    /// The local day of an instant, where they count days: of one user, or of all.
    pub(crate) fn counted_day(&self, now_ms: i64) -> Option<i32> {
        let rules = self.rules.get().filter(|rules| rules.user_day_limit != 0 || rules.day_stock != 0)?;
        Some(rules.zone.local(now_ms).day)
    }

    /// The local day of an instant, where all users share a limit of it.
    pub(crate) fn limited_day(&self, now_ms: i64) -> Option<i32> {
        let rules = self.rules.get().filter(|rules| rules.day_stock != 0)?;
        Some(rules.zone.local(now_ms).day)
    }

    /// Whether a claim on this day takes of no day that is counted, though they limit days.
    pub(crate) fn lacks_day(&self, day: Option<i32>) -> bool {
        let is_counted = |day| Pool::of_numbers(self.template, Some(day)).is_some();
        self.rules.get().is_some_and(|rules| rules.day_stock != 0) && !day.is_some_and(is_counted)
    }

    /// Whether a budget is said that no coupon has a part in.
    pub(crate) fn lacks_cover(&self) -> bool {
        self.rules.get().is_some_and(|rules| rules.budget != 0) && self.kind.cover().is_none_or(|cover| cover < 1)
    }

    /// Whether the local day of a claim is one that its user is counted on.
    pub(crate) fn counts_user_days(&self) -> bool {
        self.rules.get().is_none_or(|rules| rules.user_day_limit != 0 || rules.day_stock == 0)
    }

    /// Tells what a coupon takes that is claimed now, in the order of its refusals: see [`Pool::exhausted`].
    #[inline]
    pub(crate) fn each_need(&self, now_ms: i64, tell: impl FnMut(Need)) {
        self.each_need_on(self.counted_day(now_ms), tell);
    }

    /// What a coupon takes that is claimed on this local day. Most take a piece of their stock and nothing else.
    #[inline]
    pub(crate) fn each_need_on(&self, day: Option<i32>, mut tell: impl FnMut(Need)) {
        if let Some(rules) = self.rules.get() {
            self.needs_by(rules, day).into_iter().for_each(&mut tell);
        }
        if self.limited {
            tell(self.piece());
        }
    }

    /// A piece of the day and the cover.
    fn needs_by(&self, rules: &Rules, day: Option<i32>) -> Needs {
        let day = day.filter(|_| rules.day_stock != 0).map(|day| Pool::day(self.template, day));
        let mut needs: Needs = day.map(|pool| Need { pool, amount: 1 }).into_iter().collect();
        needs.extend(self.cover().map(|amount| Need { pool: Pool::budget(self.template), amount }));
        needs
    }

    /// What a coupon gives back that ends without having been used: nothing of its day, which has given it out all the same.
    pub(crate) fn returns(&self) -> Needs {
        let mut returns = Needs::new();
        if self.rules.get().is_some_and(|rules| rules.restock) {
            returns.extend(self.cover().map(|amount| Need { pool: Pool::budget(self.template), amount }));
            returns.extend(self.limited.then(|| self.piece()));
        }
        returns
    }

    /// Whether a claim takes something that others may have taken before.
    pub(crate) fn has_pools(&self) -> bool {
        self.limited || self.rules.get().is_some_and(|rules| rules.day_stock != 0 || rules.budget != 0)
    }

    /// What the budget reserves for one coupon, where there is a budget.
    fn cover(&self) -> Option<u64> {
        self.rules.get().filter(|rules| rules.budget != 0)?;
        Some(self.kind.cover().expect("a template with a budget says what a coupon covers").unsigned_abs())
    }

    fn piece(&self) -> Need {
        Need { pool: Pool::stock(self.template), amount: 1 }
    }
}

impl Template {
    /// What the home of a pool opens it with; nothing where the template has no such pool.
    pub fn opens_with(&self, pool: Pool) -> Option<u64> {
        let rules = self.terms.rules();
        let is_limited = |total: &u64| *total != 0;
        match pool.local_day() {
            Some(_) => Some(rules.day_stock).filter(is_limited),
            None if pool.is_budget() => Some(rules.budget).filter(is_limited),
            None => self.stock,
        }
    }

    /// Its budget at creation, 0 = none.
    pub(crate) fn budget(&self) -> u64 {
        self.terms.rules().budget
    }

    /// Tells what a claim takes now.
    #[inline]
    pub fn each_need(&self, now_ms: i64, tell: impl FnMut(Need)) {
        self.terms.each_need(now_ms, tell);
    }
}

impl TemplateSpec {
    /// Its budget at creation, 0 = none.
    pub(crate) fn budget(&self) -> u64 {
        self.rules.get().map_or(0, |rules| rules.budget)
    }

    /// A budget bounds what is bounded for each coupon, and what comes back was taken out of something.
    pub(super) fn check_pools(&self) -> Result<(), Rejection> {
        let Some(rules) = self.rules.get() else { return Ok(()) };
        let as_number = |amount: u64| i64::try_from(amount).unwrap_or(i64::MAX);
        within("day_stock", as_number(rules.day_stock), 0, STOCK_MAX as i64)?;
        within("budget_minor", as_number(rules.budget), 0, AMOUNT_MAX)?;
        match self.kind.cover() {
            None if rules.budget != 0 && matches!(self.kind, Kind::Exchange { .. }) => {
                return Err(Rejection::invalid("budget_minor", 0));
            }
            None if rules.budget != 0 => return Err(Rejection::invalid("percent_off.cap_minor", 1)),
            _ => {}
        }
        let takes = self.stock.is_some() || rules.budget != 0;
        if rules.restock && !takes {
            return Err(Rejection::invalid("restock", 0));
        }
        // What comes back with the first fen that is refunded may take its cover off again and again, and was used when it ends.
        let is_used_again = self.refund == RefundPolicy::Any && !self.kind.is_stored_value();
        match is_used_again && (rules.budget != 0 || rules.restock) {
            true => Err(Rejection::invalid("refund_policy", 0)),
            false => Ok(()),
        }
    }
}
