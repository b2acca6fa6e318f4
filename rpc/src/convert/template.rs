//! Templates and their stock.

use tessera_proto::v1;

use super::{
    minor, request_id,
    spec::{spec, spec_of},
};
use crate::{
    domain::{
        Id, Rejection, Template,
        command::{CatalogCommand, Command, RaiseStock, VoidTemplate, WriteTemplate},
        reply::{DayView, PoolView, StockView},
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

/// The command of a resume.
pub fn resume(request: v1::ResumeTemplateRequest) -> Result<CatalogCommand, Rejection> {
    let request_id = request_id(request.request_id)?;
    let template = Id::new("template_id", request.template_id)?;
    Ok(CatalogCommand::Resume { template, request_id, validate_only: request.validate_only })
}

/// The command of a void.
pub fn void(request: v1::VoidTemplateRequest) -> Result<CatalogCommand, Rejection> {
    let request_id = request_id(request.request_id)?;
    let template = Id::new("template_id", request.template_id)?;
    let reason = Id::new("reason", request.reason)?;
    let v1::VoidTemplateRequest { expected_version, revoke_holds, validate_only, .. } = request;
    Ok(CatalogCommand::Void(VoidTemplate { template, expected_version, reason, revoke_holds, request_id, validate_only }))
}

/// The command that asks for one template.
pub fn get(request: v1::GetTemplateRequest) -> Result<CatalogCommand, Rejection> {
    Id::new("template_id", request.template_id).map(CatalogCommand::Get)
}

/// The command of a raise, and the template's home.
pub fn raise_stock(seals: Seals<'_>, request: v1::RaiseStockRequest) -> Result<(u16, Command), Rejection> {
    let request_id = request_id(request.request_id)?;
    let template = Id::new("template_id", request.template_id)?;
    let home = seals.home_of(&template);
    let v1::RaiseStockRequest { current, target, validate_only, .. } = request;
    Ok((home, Command::RaiseStock(RaiseStock { template, current, target, request_id, validate_only })))
}

/// The command of a raise of a budget, and the template's home.
pub fn raise_budget(seals: Seals<'_>, request: v1::RaiseBudgetRequest) -> Result<(u16, Command), Rejection> {
    let request_id = request_id(request.request_id)?;
    let template = Id::new("template_id", request.template_id)?;
    let home = seals.home_of(&template);
    let amount = |field, minor: i64| u64::try_from(minor).map_err(|_| Rejection::invalid(field, 0));
    let (current, target) = (amount("current_minor", request.current_minor)?, amount("target_minor", request.target_minor)?);
    let validate_only = request.validate_only;
    Ok((home, Command::RaiseBudget(RaiseStock { template, current, target, request_id, validate_only })))
}

/// The command that asks for a stock, and the template's home.
pub fn get_stock(seals: Seals<'_>, request: v1::GetStockRequest) -> Result<(u16, Command), Rejection> {
    let template = Id::new("template_id", request.template_id)?;
    Ok((seals.home_of(&template), Command::GetStock(template)))
}

/// A template.
pub fn template(template: &Template) -> v1::Template {
    let state = match (template.void, template.stopped) {
        (Some(_), _) => v1::TemplateState::Void,
        (None, true) => v1::TemplateState::Stopped,
        (None, false) => v1::TemplateState::Active,
    };
    v1::Template {
        template_id: template.terms.template_id.as_str().to_owned(),
        version: template.terms.version,
        state: state.into(),
        spec: Some(spec_of(template)),
    }
}

/// What is left of a template, as its home knows it.
pub fn stock(template_id: String, left: &StockView) -> v1::GetStockResponse {
    let PoolView { opened, total, free, leased } = left.stock.unwrap_or_default();
    let (today, budget) = (left.day.map(day), left.budget.map(budget));
    v1::GetStockResponse { template_id, opened, total, free, leased, today, budget }
}

fn day(DayView { day, pool }: DayView) -> v1::DayLeft {
    let PoolView { opened, total, free, leased } = pool;
    v1::DayLeft { local_day: day, opened, total, free, leased }
}

fn budget(PoolView { opened, total, free, leased }: PoolView) -> v1::BudgetLeft {
    let [total_minor, free_minor, leased_minor] = [total, free, leased].map(minor);
    v1::BudgetLeft { opened, total_minor, free_minor, leased_minor }
}
