//! What a template says, from the wire and to it: what it is worth, when it is valid, how it is rounded. Its rules are beside.

use tessera_proto::v1::{self, template_spec};

use super::{
    currency, malformed,
    rules::{rules, write_rules},
};
use crate::domain::{
    Kind, RefundPolicy, Rejection, Template, TemplateSpec, Validity, Window,
    display::{Display, Field},
    money::{BasisPoints, Rounding, WHOLE_BASIS_POINTS},
    rules::KeptRules,
};

/// What a request says of a template.
pub(super) fn spec(spec: Option<v1::TemplateSpec>) -> Result<TemplateSpec, Rejection> {
    let spec = spec.ok_or(malformed("spec"))?;
    let rules = rules(&spec)?;
    let fields = spec.display_fields.into_iter().map(|field| Field { name: field.name.into(), text: field.text.into() });
    Ok(TemplateSpec {
        display: Display::new(spec.display_name, fields.collect()),
        currency: currency("spec.currency", &spec.currency)?,
        kind: kind(spec.kind)?,
        rounding: rounding(spec.rounding)?,
        issue: spec.issue_window.map_or(Window::default(), |window| window_of(window.from_ms, window.until_ms)),
        validity: validity(spec.validity),
        per_user_limit: spec.per_user_limit,
        stock: spec.stock,
        refund: refund_policy(spec.refund_policy)?,
        rules: KeptRules::new(rules),
    })
}

fn kind(kind: Option<template_spec::Kind>) -> Result<Kind, Rejection> {
    match kind.ok_or(malformed("spec.kind"))? {
        template_spec::Kind::PercentOff(percent) => {
            let pay = u16::try_from(percent.pay_basis_points).ok().and_then(BasisPoints::new);
            let whole = i64::from(WHOLE_BASIS_POINTS);
            let pay = pay.ok_or(Rejection::invalid("spec.percent_off.pay_basis_points", whole))?;
            Ok(Kind::PercentOff { pay, cap: percent.cap_minor })
        }
        template_spec::Kind::AmountOff(off) => Ok(Kind::AmountOff { threshold: off.threshold_minor, amount: off.amount_minor }),
        template_spec::Kind::StoredValue(card) => Ok(Kind::StoredValue { face_value: card.face_value_minor }),
        template_spec::Kind::QuantityOff(off) => Ok(Kind::QuantityOff { pieces: off.pieces, amount: off.amount_minor }),
        template_spec::Kind::CashVoucher(cash) => Ok(Kind::CashVoucher { amount: cash.amount_minor }),
        template_spec::Kind::Exchange(exchange) => Ok(Kind::Exchange { pieces: exchange.pieces }),
    }
}

fn validity(validity: Option<template_spec::Validity>) -> Validity {
    match validity {
        None => Validity::Fixed(Window::default()),
        Some(template_spec::Validity::FixedValidity(fixed)) => Validity::Fixed(window_of(fixed.from_ms, fixed.until_ms)),
        Some(template_spec::Validity::DynamicValidity(dynamic)) => {
            Validity::Dynamic { wait_ms: dynamic.wait_ms, valid_ms: dynamic.valid_ms }
        }
        Some(template_spec::Validity::DaysValidity(days)) => Validity::Days { wait_ms: days.wait_ms, days: days.days },
        Some(template_spec::Validity::AtIssueValidity(v1::AtIssueValidity {})) => Validity::AtIssue,
    }
}

fn window_of(from_ms: i64, until_ms: i64) -> Window {
    Window { from_ms, until_ms }
}

fn rounding(rounding: i32) -> Result<Rounding, Rejection> {
    match v1::Rounding::try_from(rounding) {
        Ok(v1::Rounding::Unspecified | v1::Rounding::HalfUp) => Ok(Rounding::HalfUp),
        Ok(v1::Rounding::Floor) => Ok(Rounding::Floor),
        Ok(v1::Rounding::Ceil) => Ok(Rounding::Ceil),
        Ok(v1::Rounding::HalfEven) => Ok(Rounding::HalfEven),
        Err(_) => Err(malformed("spec.rounding")),
    }
}

fn refund_policy(policy: i32) -> Result<RefundPolicy, Rejection> {
    match v1::RefundPolicy::try_from(policy) {
        Ok(v1::RefundPolicy::Unspecified | v1::RefundPolicy::Full) => Ok(RefundPolicy::Full),
        Ok(v1::RefundPolicy::Never) => Ok(RefundPolicy::Never),
        Ok(v1::RefundPolicy::Any) => Ok(RefundPolicy::Any),
        Err(_) => Err(malformed("spec.refund_policy")),
    }
}

/// What a template says.
pub(super) fn spec_of(template: &Template) -> v1::TemplateSpec {
    let (terms, display) = (&template.terms, &template.display);
    let fields =
        display.fields().iter().map(|field| v1::DisplayField { name: field.name.to_string(), text: field.text.to_string() });
    let mut spec = v1::TemplateSpec {
        display_name: display.name().to_owned(),
        display_fields: fields.collect(),
        currency: terms.currency.as_str().to_owned(),
        kind: Some(kind_of(terms.kind)),
        issue_window: window_or_none(terms.issue).map(|Window { from_ms, until_ms }| v1::IssueWindow { from_ms, until_ms }),
        validity: validity_of(terms.validity),
        stock: template.stock,
        per_user_limit: terms.per_user_limit,
        rounding: rounding_of(terms.rounding).into(),
        refund_policy: refund_policy_of(terms.refund).into(),
        ..v1::TemplateSpec::default()
    };
    write_rules(terms.rules(), &mut spec);
    spec
}

fn kind_of(kind: Kind) -> template_spec::Kind {
    match kind {
        Kind::PercentOff { pay, cap } => {
            template_spec::Kind::PercentOff(v1::PercentOff { pay_basis_points: u32::from(pay.get()), cap_minor: cap })
        }
        Kind::AmountOff { threshold, amount } => {
            template_spec::Kind::AmountOff(v1::AmountOff { threshold_minor: threshold, amount_minor: amount })
        }
        Kind::StoredValue { face_value } => template_spec::Kind::StoredValue(v1::StoredValue { face_value_minor: face_value }),
        Kind::QuantityOff { pieces, amount } => {
            template_spec::Kind::QuantityOff(v1::QuantityOff { pieces, amount_minor: amount })
        }
        Kind::CashVoucher { amount } => template_spec::Kind::CashVoucher(v1::CashVoucher { amount_minor: amount }),
        Kind::Exchange { pieces } => template_spec::Kind::Exchange(v1::Exchange { pieces }),
    }
}

fn validity_of(validity: Validity) -> Option<template_spec::Validity> {
    match validity {
        Validity::Fixed(window) => window_or_none(window)
            .map(|Window { from_ms, until_ms }| template_spec::Validity::FixedValidity(v1::FixedValidity { from_ms, until_ms })),
        Validity::Dynamic { wait_ms, valid_ms } => {
            Some(template_spec::Validity::DynamicValidity(v1::DynamicValidity { wait_ms, valid_ms }))
        }
        Validity::Days { wait_ms, days } => Some(template_spec::Validity::DaysValidity(v1::DaysValidity { wait_ms, days })),
        Validity::AtIssue => Some(template_spec::Validity::AtIssueValidity(v1::AtIssueValidity {})),
    }
}

/// A window without ends is said by saying none.
fn window_or_none(window: Window) -> Option<Window> {
    (window != Window::default()).then_some(window)
}

fn rounding_of(rounding: Rounding) -> v1::Rounding {
    match rounding {
        Rounding::HalfUp => v1::Rounding::HalfUp,
        Rounding::Floor => v1::Rounding::Floor,
        Rounding::Ceil => v1::Rounding::Ceil,
        Rounding::HalfEven => v1::Rounding::HalfEven,
    }
}

fn refund_policy_of(policy: RefundPolicy) -> v1::RefundPolicy {
    match policy {
        RefundPolicy::Full => v1::RefundPolicy::Full,
        RefundPolicy::Never => v1::RefundPolicy::Never,
        RefundPolicy::Any => v1::RefundPolicy::Any,
    }
}
