//! Templates and their terms: what a coupon is worth, when it may be issued and when used.
//!
//! [`Terms`] are the part that a partition adopts into its journal once and pins to every coupon
//! issued under it; a [`Template`] is the catalog's entry around them. Both are plain values;
//! [`TemplateSpec::check`] is the one place that says which numbers are allowed.

mod allow;
mod body;
pub mod display;
pub mod hours;
mod needs;
pub mod rules;
pub mod scope;
pub mod void;

use crate::calendar::Zone;
use crate::id::Id;
use crate::money::{AMOUNT_MAX, BasisPoints, Currency, Rounding};
use crate::planted::{self, Planted};
use crate::rejection::Rejection;
use display::Display;
use rules::{KeptRules, Layer, Rules};
use std::sync::LazyLock;
use void::{LiveHolds, Void};

/// Latest instant that is counted, in ms since the epoch (year 9999), so that sums of times cannot overflow.
pub const TIME_MS_MAX: i64 = 253_402_300_800_000;

/// Largest stock of one template, in pieces.
pub const STOCK_MAX: u64 = 1_000_000_000_000;

/// What a coupon does, with its numbers in minor units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// 折扣券: pay `pay` of the subtotal (8,000 bp = 打8折), the discount at most `cap`.
    PercentOff {
        /// What remains to be paid, in basis points.
        pay: BasisPoints,
        /// 最高抵扣.
        cap: Option<i64>,
    },
    /// 满减券: `amount` off an order of at least `threshold`.
    AmountOff {
        /// Smallest order.
        threshold: i64,
        /// What comes off.
        amount: i64,
    },
    /// 礼品卡: a balance that is spent in as many pieces as one likes.
    StoredValue {
        /// The balance at issue.
        face_value: i64,
    },
    /// 满件减券: `amount` off an order of at least `pieces` pieces.
    QuantityOff {
        /// Fewest pieces.
        pieces: u32,
        /// What comes off.
        amount: i64,
    },
    /// 代金券: `amount` to pay with, on any order.
    CashVoucher {
        /// What comes off.
        amount: i64,
    },
    /// 礼品券: so many pieces of the goods in its scope cost nothing.
    Exchange {
        /// Most pieces.
        pieces: u32,
    },
}

/// Half-open time [from, until) in ms; `until` = 0 means no end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// First instant inside.
    pub from_ms: i64,
    /// First instant after, or 0.
    pub until_ms: i64,
}

/// When a coupon may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Validity {
    /// The same window for all.
    Fixed(Window),
    /// From `wait_ms` after the claim for `valid_ms`.
    Dynamic {
        /// From claim to first use.
        wait_ms: i64,
        /// From first use to expiry.
        valid_ms: i64,
    },
    /// From `wait_ms` after the claim to the end of the `days`-th local day, the day it begins on being the first.
    Days {
        /// From claim to first use.
        wait_ms: i64,
        /// Natural days 自然日.
        days: u32,
    },
    /// Each issue says when its coupon may be used.
    AtIssue,
}

/// Whether a refund gives a one-use coupon back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RefundPolicy {
    /// A whole refund gives it back.
    #[default]
    Full,
    /// It stays used.
    Never,
    /// The first refund that gives back anything of its discount gives it back.
    Any,
}

/// What is pinned to every coupon of one template version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The catalog's dense number of the template.
    pub template: u32,
    /// The version, from 1.
    pub version: u32,
    /// The template's id.
    pub template_id: Id,
    /// What the coupon does.
    pub kind: Kind,
    /// In which currency.
    pub currency: Currency,
    /// How a percentage is rounded.
    pub rounding: Rounding,
    /// When it may be issued.
    pub issue: Window,
    /// When it may be used.
    pub validity: Validity,
    /// Most that one user may get; 0 = no limit.
    pub per_user_limit: u32,
    /// Whether it is sold from a stock.
    pub limited: bool,
    /// What a refund does.
    pub refund: RefundPolicy,
    /// What else they say.
    pub(crate) rules: KeptRules,
    /// Since when their template is void where they were adopted. It is no part of what they say: state has it beside them.
    pub(crate) void: Option<Void>,
}

/// What an operator writes when creating or updating a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateSpec {
    /// For people; opaque.
    pub display: Display,
    /// What the coupon does.
    pub kind: Kind,
    /// In which currency.
    pub currency: Currency,
    /// How a percentage is rounded.
    pub rounding: Rounding,
    /// When it may be issued.
    pub issue: Window,
    /// When it may be used.
    pub validity: Validity,
    /// Most that one user may get; 0 = no limit.
    pub per_user_limit: u32,
    /// Pieces at creation; `None` = unlimited. Later changes go through raising the stock.
    pub stock: Option<u64>,
    /// What a refund does.
    pub refund: RefundPolicy,
    /// What else it says.
    pub rules: KeptRules,
}

/// A template as the catalog keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// Its terms: number, version, id and rules.
    pub terms: Terms,
    /// For people; opaque.
    pub display: Display,
    /// Pieces at creation; `None` = unlimited.
    pub stock: Option<u64>,
    /// Whether it is stopped: nothing more is issued.
    pub stopped: bool,
    /// Whether it is void, which is stopped for ever, and what becomes of live holds then.
    pub void: Option<LiveHolds>,
}

impl Window {
    /// Whether `now` lies before the window.
    pub fn is_before(&self, now_ms: i64) -> bool {
        now_ms < self.from_ms
    }

    /// Whether `now` lies behind the window.
    pub fn is_over(&self, now_ms: i64) -> bool {
        let first_ms = self.until_ms.saturating_add(i64::from(planted::is(Planted::WindowEndInclusive)));
        self.until_ms != 0 && now_ms >= first_ms
    }
}

impl Validity {
    /// The use window of a coupon claimed at `now`, by the days of this zone; `None` if the issue has to say it.
    fn window_at(&self, zone: impl FnOnce() -> Zone, now_ms: i64) -> Option<Window> {
        match *self {
            Validity::Fixed(window) => Some(window),
            Validity::Dynamic { wait_ms, valid_ms } => {
                Some(Window { from_ms: now_ms + wait_ms, until_ms: now_ms + wait_ms + valid_ms })
            }
            Validity::Days { wait_ms, days } => {
                let (zone, from_ms) = (zone(), now_ms + wait_ms);
                Some(Window { from_ms, until_ms: zone.begin_of(zone.local(from_ms).day + days as i32) })
            }
            Validity::AtIssue => None,
        }
    }
}

/// Of terms that say nothing beside their numbers.
static NO_RULES: LazyLock<Rules> = LazyLock::new(Rules::default);

impl Terms {
    /// The balance of a new card; 0 for a one-use coupon.
    pub fn face_value(&self) -> i64 {
        match self.kind {
            Kind::StoredValue { face_value } => face_value,
            _ => 0,
        }
    }

    /// What they say beside their numbers.
    pub fn rules(&self) -> &Rules {
        self.rules.get().unwrap_or_else(|| &NO_RULES)
    }

    /// The use window of a coupon that is issued at `now`; `None` where the issue has to say it.
    #[inline(always)]
    pub(crate) fn window_at(&self, now_ms: i64) -> Option<Window> {
        self.validity.window_at(|| self.rules().zone, now_ms)
    }

    /// Whether it holds a balance.
    pub fn is_stored_value(&self) -> bool {
        self.kind.is_stored_value()
    }
}

impl TemplateSpec {
    /// Refuses numbers outside their limits, naming the field.
    pub fn check(&self) -> Result<(), Rejection> {
        self.display.check()?;
        self.check_kind()?;
        check_window("issue_window", &self.issue)?;
        match &self.validity {
            Validity::Fixed(window) => check_window("fixed_validity", window)?,
            Validity::Dynamic { wait_ms, valid_ms } => {
                within("dynamic_validity.wait_ms", *wait_ms, 0, VALID_MS_MAX)?;
                within("dynamic_validity.valid_ms", *valid_ms, 1, VALID_MS_MAX)?;
            }
            Validity::Days { wait_ms, days } => {
                within("days_validity.wait_ms", *wait_ms, 0, VALID_MS_MAX)?;
                within("days_validity.days", i64::from(*days), 1, VALID_DAYS_MAX)?;
            }
            Validity::AtIssue => {}
        }
        self.rules.check()?;
        self.check_pools()?;
        if let Some(stock) = self.stock {
            within("stock", i64::try_from(stock).unwrap_or(i64::MAX), 0, STOCK_MAX as i64)?;
        }
        Ok(())
    }

    fn check_kind(&self) -> Result<(), Rejection> {
        match self.kind {
            Kind::PercentOff { cap, .. } => within("percent_off.cap_minor", cap.unwrap_or(1), 1, AMOUNT_MAX),
            Kind::AmountOff { threshold, amount } => {
                within("amount_off.threshold_minor", threshold, 0, AMOUNT_MAX)?;
                within("amount_off.amount_minor", amount, 1, AMOUNT_MAX)
            }
            Kind::StoredValue { face_value } => {
                within("stored_value.face_value_minor", face_value, 1, AMOUNT_MAX)?;
                self.rules.get().map_or(Ok(()), check_tender)
            }
            Kind::QuantityOff { pieces, amount } => {
                within("quantity_off.pieces", i64::from(pieces), 1, PIECES_MAX)?;
                within("quantity_off.amount_minor", amount, 1, AMOUNT_MAX)
            }
            Kind::CashVoucher { amount } => within("cash_voucher.amount_minor", amount, 1, AMOUNT_MAX),
            Kind::Exchange { pieces } => {
                within("exchange.pieces", i64::from(pieces), 1, PIECES_MAX)?;
                self.check_exchange()
            }
        }
    }

    /// What is exchanged is goods, and which has to be said.
    fn check_exchange(&self) -> Result<(), Rejection> {
        match self.rules.get() {
            Some(rules) if rules.layer == Layer::Shipping => Err(Rejection::invalid("layer", 0)),
            Some(rules) if rules.scope.names_goods() => Ok(()),
            _ => Err(Rejection::invalid("scope", 1)),
        }
    }

    /// The terms of this spec as version `version` of template `number`.
    pub fn terms(&self, number: u32, version: u32, id: Id) -> Terms {
        Terms {
            template: number,
            version,
            template_id: id,
            kind: self.kind,
            currency: self.currency,
            rounding: self.rounding,
            issue: self.issue,
            validity: self.validity,
            per_user_limit: self.per_user_limit,
            limited: self.stock.is_some(),
            refund: self.refund,
            rules: self.rules.clone(),
            void: None,
        }
    }
}

/// Longest wait and longest validity: 100 years.
const VALID_MS_MAX: i64 = 100 * 366 * 86_400_000;

/// The same in days.
const VALID_DAYS_MAX: i64 = 100 * 366;

/// Most pieces that a template can name.
const PIECES_MAX: i64 = 1_000_000;

/// Refuses what an issue says of when its coupon may be used, if that is no window.
pub(crate) fn check_use_window(window: &Window) -> Result<(), Rejection> {
    check_window("use_window", window)
}

/// Stored value pays, after every discount and beside any: it has no place among them.
fn check_tender(rules: &Rules) -> Result<(), Rejection> {
    let plain = Rules::default();
    let said = [
        ("layer", rules.layer != plain.layer),
        ("priority", rules.priority != plain.priority),
        ("basis", rules.basis != plain.basis),
        ("stacking", rules.stacking != plain.stacking),
    ];
    said.into_iter().find(|(_, is_said)| *is_said).map_or(Ok(()), |(field, _)| Err(Rejection::invalid(field, 0)))
}

fn check_window(field: &'static str, window: &Window) -> Result<(), Rejection> {
    within(field, window.from_ms, 0, TIME_MS_MAX)?;
    within(field, window.until_ms, 0, TIME_MS_MAX)?;
    if window.until_ms != 0 && window.until_ms <= window.from_ms {
        return Err(Rejection::invalid(field, window.from_ms));
    }
    Ok(())
}

/// The place of a value among all there are: its number in the journal.
fn number_in<T: PartialEq>(list: &[T], value: &T) -> u8 {
    list.iter().position(|other| other == value).expect("every value has a number") as u8
}

/// Refuses a number outside `least..=most`, naming the bound that it breaks.
pub(crate) fn within(field: &'static str, value: i64, least: i64, most: i64) -> Result<(), Rejection> {
    if value < least {
        return Err(Rejection::invalid(field, least));
    }
    if value > most {
        return Err(Rejection::invalid(field, most));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_half_open_and_zero_means_no_end() {
        let window = Window { from_ms: 10, until_ms: 20 };
        assert_eq!(
            [9, 10, 19, 20].map(|now| (window.is_before(now), window.is_over(now))),
            [(true, false), (false, false), (false, false), (false, true)]
        );
        assert!(!Window::default().is_over(i64::MAX) && !Window::default().is_before(0));
    }

    #[test]
    fn a_dynamic_window_begins_after_its_wait() {
        let validity = Validity::Dynamic { wait_ms: 5, valid_ms: 10 };
        assert_eq!(validity.window_at(Zone::default, 100), Some(Window { from_ms: 105, until_ms: 115 }));
    }

    #[test]
    fn natural_days_end_at_the_local_midnight() {
        const HOUR_MS: i64 = 3_600_000;
        let zone = Zone::default();
        // The epoch is eight o'clock in the morning there.
        let window = |wait_ms, days, now_ms| Validity::Days { wait_ms, days }.window_at(|| zone, now_ms).unwrap();
        assert_eq!(window(0, 1, 0), Window { from_ms: 0, until_ms: 16 * HOUR_MS });
        assert_eq!(window(0, 1, 16 * HOUR_MS - 1).until_ms, 16 * HOUR_MS);
        assert_eq!(window(0, 1, 16 * HOUR_MS).until_ms, 40 * HOUR_MS);
        assert_eq!(window(16 * HOUR_MS, 3, 0), Window { from_ms: 16 * HOUR_MS, until_ms: 88 * HOUR_MS });
    }
}
