//! Templates and their terms: what a coupon is worth, when it may be issued and when used.
//!
//! [`Terms`] are the part that a partition adopts into its journal once and pins to every coupon
//! issued under it; a [`Template`] is the catalog's entry around them. Both are plain values;
//! [`TemplateSpec::check`] is the one place that says which numbers are allowed.

use crate::digest::{self, Entity, EntityKind};
use crate::event::TermsBody;
use crate::id::Id;
use crate::money::{AMOUNT_MAX, BasisPoints, Currency, Rounding};
use crate::planted::{self, Planted};
use crate::rejection::Rejection;

/// Longest display name, in bytes.
pub const DISPLAY_NAME_BYTES_MAX: usize = 256;

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
}

/// Whether a refund gives a one-use coupon back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RefundPolicy {
    /// A whole refund gives it back.
    #[default]
    Full,
    /// It stays used.
    Never,
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
}

/// What an operator writes when creating or updating a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateSpec {
    /// For people; opaque.
    pub display_name: Box<str>,
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
}

/// A template as the catalog keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// Its terms: number, version, id and rules.
    pub terms: Terms,
    /// For people; opaque.
    pub display_name: Box<str>,
    /// Pieces at creation; `None` = unlimited.
    pub stock: Option<u64>,
    /// Whether it is stopped: nothing more is issued.
    pub stopped: bool,
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
    /// The use window of a coupon claimed at `now`.
    pub fn window_at(&self, now_ms: i64) -> Window {
        match *self {
            Validity::Fixed(window) => window,
            Validity::Dynamic { wait_ms, valid_ms } => {
                Window { from_ms: now_ms + wait_ms, until_ms: now_ms + wait_ms + valid_ms }
            }
        }
    }
}

impl Terms {
    /// The balance of a new card; 0 for a one-use coupon.
    pub fn face_value(&self) -> i64 {
        match self.kind {
            Kind::StoredValue { face_value } => face_value,
            Kind::PercentOff { .. } | Kind::AmountOff { .. } => 0,
        }
    }

    /// Whether it holds a balance.
    pub fn is_stored_value(&self) -> bool {
        matches!(self.kind, Kind::StoredValue { .. })
    }
}

impl TemplateSpec {
    /// Refuses numbers outside their limits, naming the field.
    pub fn check(&self) -> Result<(), Rejection> {
        within("display_name", self.display_name.len() as i64, 0, DISPLAY_NAME_BYTES_MAX as i64)?;
        self.check_kind()?;
        check_window("issue_window", &self.issue)?;
        match &self.validity {
            Validity::Fixed(window) => check_window("fixed_validity", window)?,
            Validity::Dynamic { wait_ms, valid_ms } => {
                within("dynamic_validity.wait_ms", *wait_ms, 0, VALID_MS_MAX)?;
                within("dynamic_validity.valid_ms", *valid_ms, 1, VALID_MS_MAX)?;
            }
        }
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
            Kind::StoredValue { face_value } => within("stored_value.face_value_minor", face_value, 1, AMOUNT_MAX),
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
        }
    }
}

impl Terms {
    /// From the journal; `None` if a number is not known, or not one that this version would write.
    pub(crate) fn from_body(body: &TermsBody<'_>) -> Option<Terms> {
        let kind = match body.kind {
            1 => Kind::PercentOff {
                pay: BasisPoints::new(u16::try_from(body.first).ok()?)?,
                cap: (body.second != 0).then_some(body.second),
            },
            2 => Kind::AmountOff { threshold: body.first, amount: body.second },
            3 => Kind::StoredValue { face_value: body.first },
            _ => return None,
        };
        let validity = match body.validity {
            1 => Validity::Fixed(Window { from_ms: body.validity_first_ms, until_ms: body.validity_second_ms }),
            2 => Validity::Dynamic { wait_ms: body.validity_first_ms, valid_ms: body.validity_second_ms },
            _ => return None,
        };
        let terms = Terms {
            template: body.template,
            version: body.version,
            template_id: Id::new("template_id", body.template_id).ok()?,
            kind,
            currency: Currency::from_bytes(body.currency)?,
            rounding: *ROUNDINGS.get(usize::from(body.rounding))?,
            issue: Window { from_ms: body.issue_from_ms, until_ms: body.issue_until_ms },
            validity,
            per_user_limit: body.per_user_limit,
            limited: body.limited,
            refund: *REFUNDS.get(usize::from(body.refund))?,
        };
        (terms.body() == *body).then_some(terms)
    }

    /// For the journal.
    pub(crate) fn body(&self) -> TermsBody<'_> {
        self.body_named(self.template_id.as_str())
    }

    /// For the journal, with the template's id borrowed from elsewhere.
    pub(crate) fn body_named<'a>(&self, template_id: &'a str) -> TermsBody<'a> {
        let (kind, first, second) = match self.kind {
            Kind::PercentOff { pay, cap } => (1, i64::from(pay.get()), cap.unwrap_or(0)),
            Kind::AmountOff { threshold, amount } => (2, threshold, amount),
            Kind::StoredValue { face_value } => (3, face_value, 0),
        };
        let (validity, validity_first_ms, validity_second_ms) = match self.validity {
            Validity::Fixed(window) => (1, window.from_ms, window.until_ms),
            Validity::Dynamic { wait_ms, valid_ms } => (2, wait_ms, valid_ms),
        };
        TermsBody {
            template: self.template,
            version: self.version,
            template_id,
            kind,
            first,
            second,
            currency: self.currency.bytes(),
            rounding: number_in(&ROUNDINGS, &self.rounding),
            issue_from_ms: self.issue.from_ms,
            issue_until_ms: self.issue.until_ms,
            validity,
            validity_first_ms,
            validity_second_ms,
            per_user_limit: self.per_user_limit,
            limited: self.limited,
            refund: number_in(&REFUNDS, &self.refund),
        }
    }
}

/// By their numbers in the journal.
const ROUNDINGS: [Rounding; 4] = [Rounding::HalfUp, Rounding::Floor, Rounding::Ceil, Rounding::HalfEven];

/// By their numbers in the journal.
const REFUNDS: [RefundPolicy; 2] = [RefundPolicy::Full, RefundPolicy::Never];

fn number_in<T: PartialEq>(list: &[T], value: &T) -> u8 {
    list.iter().position(|other| other == value).expect("every value has a number") as u8
}

impl Entity for Terms {
    const KIND: EntityKind = EntityKind::Terms;
    fn fields(&self, visit: &mut impl FnMut(u16, u64)) {
        let body = self.body();
        visit(1, u64::from(body.template) + 1);
        visit(2, u64::from(body.version));
        visit(3, digest::text(body.template_id.as_bytes()));
        visit(4, u64::from(body.kind));
        visit(5, body.first as u64);
        visit(6, body.second as u64);
        visit(7, digest::text(&body.currency));
        visit(8, u64::from(body.rounding));
        visit(9, body.issue_from_ms as u64);
        visit(10, body.issue_until_ms as u64);
        visit(11, u64::from(body.validity));
        visit(12, body.validity_first_ms as u64);
        visit(13, body.validity_second_ms as u64);
        visit(14, u64::from(body.per_user_limit));
        visit(15, u64::from(body.limited));
        visit(16, u64::from(body.refund));
    }
}

/// Longest wait and longest validity: 100 years.
const VALID_MS_MAX: i64 = 100 * 366 * 86_400_000;

fn check_window(field: &'static str, window: &Window) -> Result<(), Rejection> {
    within(field, window.from_ms, 0, TIME_MS_MAX)?;
    within(field, window.until_ms, 0, TIME_MS_MAX)?;
    if window.until_ms != 0 && window.until_ms <= window.from_ms {
        return Err(Rejection::invalid(field, window.from_ms));
    }
    Ok(())
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
        assert_eq!(validity.window_at(100), Window { from_ms: 105, until_ms: 115 });
    }
}
