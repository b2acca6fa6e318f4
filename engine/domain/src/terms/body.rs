//! Terms as the journal has them, and as the digest sees them.

use super::rules::KeptRules;
use super::{Kind, RefundPolicy, Terms, Validity, Window, number_in};
use crate::digest::{self, Entity, EntityKind};
use crate::event::TermsBody;
use crate::id::Id;
use crate::money::{BasisPoints, Currency, Rounding};

/// By their numbers in the journal.
const ROUNDINGS: [Rounding; 4] = [Rounding::HalfUp, Rounding::Floor, Rounding::Ceil, Rounding::HalfEven];

/// By their numbers in the journal.
const REFUNDS: [RefundPolicy; 3] = [RefundPolicy::Full, RefundPolicy::Never, RefundPolicy::Any];

impl Kind {
    /// From its number and its two.
    fn from_numbers(kind: u8, first: i64, second: i64) -> Option<Kind> {
        match kind {
            1 => {
                let pay = BasisPoints::new(u16::try_from(first).ok()?)?;
                Some(Kind::PercentOff { pay, cap: (second != 0).then_some(second) })
            }
            2 => Some(Kind::AmountOff { threshold: first, amount: second }),
            3 => Some(Kind::StoredValue { face_value: first }),
            4 => Some(Kind::QuantityOff { pieces: u32::try_from(first).ok()?, amount: second }),
            5 => Some(Kind::CashVoucher { amount: first }),
            6 => Some(Kind::Exchange { pieces: u32::try_from(first).ok()? }),
            _ => None,
        }
    }

    fn numbers(self) -> (u8, i64, i64) {
        match self {
            Kind::PercentOff { pay, cap } => (1, i64::from(pay.get()), cap.unwrap_or(0)),
            Kind::AmountOff { threshold, amount } => (2, threshold, amount),
            Kind::StoredValue { face_value } => (3, face_value, 0),
            Kind::QuantityOff { pieces, amount } => (4, i64::from(pieces), amount),
            Kind::CashVoucher { amount } => (5, amount, 0),
            Kind::Exchange { pieces } => (6, i64::from(pieces), 0),
        }
    }
}

impl Validity {
    /// From its number and its two.
    fn from_numbers(validity: u8, first_ms: i64, second: i64) -> Option<Validity> {
        match validity {
            1 => Some(Validity::Fixed(Window { from_ms: first_ms, until_ms: second })),
            2 => Some(Validity::Dynamic { wait_ms: first_ms, valid_ms: second }),
            3 => Some(Validity::Days { wait_ms: first_ms, days: u32::try_from(second).ok()? }),
            4 => Some(Validity::AtIssue),
            _ => None,
        }
    }

    fn numbers(self) -> (u8, i64, i64) {
        match self {
            Validity::Fixed(window) => (1, window.from_ms, window.until_ms),
            Validity::Dynamic { wait_ms, valid_ms } => (2, wait_ms, valid_ms),
            Validity::Days { wait_ms, days } => (3, wait_ms, i64::from(days)),
            Validity::AtIssue => (4, 0, 0),
        }
    }
}

impl Terms {
    /// From the journal; `None` if a number is not known, or not one that this version would write.
    pub(crate) fn from_body(body: &TermsBody<'_>, rules: &[u8]) -> Option<Terms> {
        let terms = Terms {
            template: body.template,
            version: body.version,
            template_id: Id::new("template_id", body.template_id).ok()?,
            kind: Kind::from_numbers(body.kind, body.first, body.second)?,
            currency: Currency::from_bytes(body.currency)?,
            rounding: *ROUNDINGS.get(usize::from(body.rounding))?,
            issue: Window { from_ms: body.issue_from_ms, until_ms: body.issue_until_ms },
            validity: Validity::from_numbers(body.validity, body.validity_first_ms, body.validity_second_ms)?,
            per_user_limit: body.per_user_limit,
            limited: body.limited,
            refund: *REFUNDS.get(usize::from(body.refund))?,
            rules: KeptRules::from_bytes(rules)?,
            void: None,
        };
        (terms.body() == *body && !terms.lacks_cover()).then_some(terms)
    }

    /// For the journal, beside [`Terms::rule_bytes`].
    pub(crate) fn body(&self) -> TermsBody<'_> {
        self.body_named(self.template_id.as_str())
    }

    /// For the journal: the rules, or nothing.
    pub(crate) fn rule_bytes(&self) -> &[u8] {
        self.rules.bytes()
    }

    /// For the journal, with the template's id borrowed from elsewhere.
    pub(crate) fn body_named<'a>(&self, template_id: &'a str) -> TermsBody<'a> {
        let (kind, first, second) = self.kind.numbers();
        let (validity, validity_first_ms, validity_second_ms) = self.validity.numbers();
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
        visit(17, digest::optional_text(self.rule_bytes()));
    }
}
