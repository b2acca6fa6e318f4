//! Templates and their stock.

use tessera_proto::v1::{self, template_spec};

use super::{currency, malformed, page_size, request_id};
use crate::{
    domain::{
        Id, Kind, RefundPolicy, Rejection, Template, TemplateSpec, Validity, Window,
        command::{CatalogCommand, Command, RaiseStock, WriteTemplate},
        money::{BasisPoints, Rounding, WHOLE_BASIS_POINTS},
        reply::StockView,
    },
    seals::Seals,
};

/// The command of a creation; an empty id is minted.
pub fn create(seals: Seals<'_>, request: v1::CreateTemplateRequest) -> Result<CatalogCommand, Rejection> {
    let request_id = request_id(request.request_id)?;
    let template = match request.template_id {
        text if text.is_empty() => seals.mint_template_id(&request_id),
        text => Id::new("template_id", text)?,
    };
    let spec = spec(request.spec)?;
    let validate_only = request.validate_only;
    Ok(CatalogCommand::Write(WriteTemplate { template, expected_version: None, spec, request_id, validate_only }))
}

/// The command of an update.
pub fn update(request: v1::UpdateTemplateRequest) -> Result<CatalogCommand, Rejection> {
    let request_id = request_id(request.request_id)?;
    let template = Id::new("template_id", request.template_id)?;
    let spec = spec(request.spec)?;
    let (expected_version, validate_only) = (Some(request.expected_version), request.validate_only);
    Ok(CatalogCommand::Write(WriteTemplate { template, expected_version, spec, request_id, validate_only }))
}

/// The command of a stop.
pub fn stop(request: v1::StopTemplateRequest) -> Result<CatalogCommand, Rejection> {
    let request_id = request_id(request.request_id)?;
    let template = Id::new("template_id", request.template_id)?;
    Ok(CatalogCommand::Stop { template, request_id, validate_only: request.validate_only })
}

/// The command that asks for one template.
pub fn get(request: v1::GetTemplateRequest) -> Result<CatalogCommand, Rejection> {
    Id::new("template_id", request.template_id).map(CatalogCommand::Get)
}

/// The command that asks for a page of templates.
pub fn list(seals: Seals<'_>, request: v1::ListTemplatesRequest) -> Result<CatalogCommand, Rejection> {
    let stopped = match v1::TemplateState::try_from(request.state) {
        Ok(v1::TemplateState::Unspecified) => None,
        Ok(v1::TemplateState::Active) => Some(false),
        Ok(v1::TemplateState::Stopped) => Some(true),
        Err(_) => return Err(malformed("state")),
    };
    let page_size = page_size(request.page_size)?;
    let from = seals.open_catalog_token(&request.page_token)?;
    Ok(CatalogCommand::List { page_size, from, stopped })
}

/// The command of a raise, and the template's home.
pub fn raise_stock(seals: Seals<'_>, request: v1::RaiseStockRequest) -> Result<(u16, Command), Rejection> {
    let request_id = request_id(request.request_id)?;
    let template = Id::new("template_id", request.template_id)?;
    let home = seals.home_of(&template);
    let v1::RaiseStockRequest { current, target, validate_only, .. } = request;
    Ok((home, Command::RaiseStock(RaiseStock { template, current, target, request_id, validate_only })))
}

/// The command that asks for a stock, and the template's home.
pub fn get_stock(seals: Seals<'_>, request: v1::GetStockRequest) -> Result<(u16, Command), Rejection> {
    let template = Id::new("template_id", request.template_id)?;
    Ok((seals.home_of(&template), Command::GetStock(template)))
}

fn spec(spec: Option<v1::TemplateSpec>) -> Result<TemplateSpec, Rejection> {
    let spec = spec.ok_or(malformed("spec"))?;
    Ok(TemplateSpec {
        display_name: spec.display_name.into(),
        currency: currency("spec.currency", &spec.currency)?,
        kind: kind(spec.kind)?,
        rounding: rounding(spec.rounding)?,
        issue: spec.issue_window.map_or(Window::default(), |window| window_of(window.from_ms, window.until_ms)),
        validity: validity(spec.validity),
        per_user_limit: spec.per_user_limit,
        stock: spec.stock,
        refund: refund_policy(spec.refund_policy)?,
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
    }
}

fn validity(validity: Option<template_spec::Validity>) -> Validity {
    match validity {
        None => Validity::Fixed(Window::default()),
        Some(template_spec::Validity::FixedValidity(fixed)) => Validity::Fixed(window_of(fixed.from_ms, fixed.until_ms)),
        Some(template_spec::Validity::DynamicValidity(dynamic)) => {
            Validity::Dynamic { wait_ms: dynamic.wait_ms, valid_ms: dynamic.valid_ms }
        }
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
        Err(_) => Err(malformed("spec.refund_policy")),
    }
}

/// A template.
pub fn template(template: &Template) -> v1::Template {
    let state = if template.stopped { v1::TemplateState::Stopped } else { v1::TemplateState::Active };
    v1::Template {
        template_id: template.terms.template_id.as_str().to_owned(),
        version: template.terms.version,
        state: state.into(),
        spec: Some(spec_of(template)),
    }
}

fn spec_of(template: &Template) -> v1::TemplateSpec {
    let terms = &template.terms;
    v1::TemplateSpec {
        display_name: template.display_name.to_string(),
        currency: terms.currency.as_str().to_owned(),
        kind: Some(kind_of(terms.kind)),
        issue_window: window_or_none(terms.issue).map(|Window { from_ms, until_ms }| v1::IssueWindow { from_ms, until_ms }),
        validity: validity_of(terms.validity),
        stock: template.stock,
        per_user_limit: terms.per_user_limit,
        rounding: rounding_of(terms.rounding).into(),
        refund_policy: refund_policy_of(terms.refund).into(),
    }
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
    }
}

fn validity_of(validity: Validity) -> Option<template_spec::Validity> {
    match validity {
        Validity::Fixed(window) => window_or_none(window)
            .map(|Window { from_ms, until_ms }| template_spec::Validity::FixedValidity(v1::FixedValidity { from_ms, until_ms })),
        Validity::Dynamic { wait_ms, valid_ms } => {
            Some(template_spec::Validity::DynamicValidity(v1::DynamicValidity { wait_ms, valid_ms }))
        }
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
    }
}

/// A stock, as its home knows it.
pub fn stock(template_id: String, stock: &StockView) -> v1::GetStockResponse {
    let StockView { opened, total, free, leased } = *stock;
    v1::GetStockResponse { template_id, opened, total, free, leased }
}
