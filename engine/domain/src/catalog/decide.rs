//! Commands to the catalog: create, update, stop, resume, void, get; a list is read where its filter is.

use super::{CatalogState, Limits};
use crate::command::{CatalogCommand, VoidTemplate, WriteTemplate};
use crate::decide::Decision;
use crate::digest::{self, contribution};
use crate::event::{Event, Request, RequestsForgotten, TemplateResumed, TemplateStopped, TemplateVoided, TemplateWritten};
use crate::id::Id;
use crate::rejection::{Reason, Rejection};
use crate::reply::Reply;
use crate::request::{Known, Operation};
use crate::terms::void::LiveHolds;
use crate::terms::{Template, TemplateSpec};
use std::sync::Arc;

impl CatalogState {
    /// Decides one command within `limits`.
    pub fn decide<'a>(&self, limits: &Limits, command: &'a CatalogCommand) -> Decision<'a> {
        match command {
            CatalogCommand::Write(write) => self.decide_write(limits, write),
            CatalogCommand::Stop { template, request_id, validate_only } => {
                self.decide_switch(limits, Operation::StopTemplate, template, request_id, *validate_only)
            }
            CatalogCommand::Resume { template, request_id, validate_only } => {
                self.decide_switch(limits, Operation::ResumeTemplate, template, request_id, *validate_only)
            }
            CatalogCommand::Void(void) => self.decide_void(limits, void),
            CatalogCommand::Get(id) => match self.catalog.find(id) {
                Some(template) => Decision::Answer(Reply::Template { written: None, template: template.clone() }),
                None => Reason::TemplateNotFound.into(),
            },
            CatalogCommand::List { page_size, from, filter } => self.catalog.list(*page_size, *from, filter).into(),
        }
    }

    /// Events that time alone brings about.
    pub fn decide_time(&self, now_ms: i64) -> Option<Event<'static>> {
        let before = self.requests.due(now_ms)?;
        Some(Event::RequestsForgotten(RequestsForgotten { before }))
    }

    fn decide_write<'a>(&self, limits: &Limits, write: &'a WriteTemplate) -> Decision<'a> {
        let operation = if write.expected_version.is_some() { Operation::UpdateTemplate } else { Operation::CreateTemplate };
        if let Err(refusal) = write.spec.check() {
            return refusal.into();
        }
        let fingerprint = self.write_fingerprint(write);
        if let Some(known) = self.known_request(limits, operation, &write.template, &write.request_id, fingerprint) {
            return known;
        }
        let (number, version) = match self.version_of(write) {
            Ok(found) => found,
            Err(refusal) => return refusal.into(),
        };
        let terms = write.spec.terms(number, version, write.template.clone());
        if write.validate_only {
            let TemplateSpec { display, stock, .. } = &write.spec;
            return would_be(Template { terms, display: display.clone(), stock: *stock, stopped: false, void: None });
        }
        let body = terms.body_named(write.template.as_str());
        let request = Request { id: write.request_id.as_str(), fingerprint };
        let TemplateSpec { display, stock, rules, .. } = &write.spec;
        let stock = stock.unwrap_or(0);
        let event = TemplateWritten { body, rules: rules.bytes(), display: display.bytes(), stock, request };
        let event =
            if operation == Operation::CreateTemplate { Event::TemplateCreated(event) } else { Event::TemplateUpdated(event) };
        Decision::Happen([event].into_iter().collect())
    }

    /// Number and version that the write would make.
    fn version_of(&self, write: &WriteTemplate) -> Result<(u32, u32), Rejection> {
        match (self.catalog.find(&write.template), write.expected_version) {
            (None, None) => Ok((self.catalog.templates.len() as u32, 1)),
            (None, Some(_)) => Err(Reason::TemplateNotFound.into()),
            (Some(_), None) => Err(Reason::TemplateExists.into()),
            (Some(template), Some(_)) if template.void.is_some() => Err(Reason::TemplateVoid.into()),
            (Some(template), Some(_)) if template.stock != write.spec.stock => {
                Err(Rejection::invalid("stock", template.stock.unwrap_or(0) as i64))
            }
            (Some(template), Some(_)) if template.budget() != write.spec.budget() => {
                Err(Rejection::invalid("budget_minor", template.budget() as i64))
            }
            (Some(template), Some(_)) if template.terms.currency != write.spec.currency => Err(Rejection::invalid("currency", 0)),
            (Some(template), Some(_)) if template.terms.is_stored_value() != write.spec.kind.is_stored_value() => {
                Err(Rejection::invalid("kind", 0))
            }
            (Some(template), Some(expected)) if template.terms.version != expected => {
                Err(Rejection::new(Reason::VersionMismatch, i64::from(template.terms.version)))
            }
            (Some(template), Some(_)) if template.stopped => Err(Reason::TemplateStopped.into()),
            (Some(template), Some(expected)) => Ok((template.terms.template, expected + 1)),
        }
    }

    /// Stops or resumes; what is void stays so.
    fn decide_switch<'a>(
        &self,
        limits: &Limits,
        operation: Operation,
        id: &'a Id,
        request_id: &'a Id,
        validate_only: bool,
    ) -> Decision<'a> {
        if let Some(known) = self.known_request(limits, operation, id, request_id, 0) {
            return known;
        }
        let stopped = operation == Operation::StopTemplate;
        let found = match self.catalog.find(id) {
            None => return Reason::TemplateNotFound.into(),
            Some(found) if found.void.is_some() => return Reason::TemplateVoid.into(),
            Some(found) if found.stopped && stopped => return Reason::TemplateStopped.into(),
            Some(found) if !found.stopped && !stopped => return Reason::TemplateNotStopped.into(),
            Some(found) => found,
        };
        if validate_only {
            return would_be(Template { stopped, ..(**found).clone() });
        }
        let (template, request) = (found.terms.template, Request { id: request_id.as_str(), fingerprint: 0 });
        Decision::happen([match stopped {
            true => Event::TemplateStopped(TemplateStopped { template, request }),
            false => Event::TemplateResumed(TemplateResumed { template, request }),
        }])
    }

    fn decide_void<'a>(&self, limits: &Limits, void: &'a VoidTemplate) -> Decision<'a> {
        let (id, reason) = (&void.template, void.reason.as_str());
        let numbers = [void.expected_version.into(), void.revoke_holds.into()];
        let fingerprint = self.catalog.key.fingerprint(&[reason], &numbers);
        if let Some(known) = self.known_request(limits, Operation::VoidTemplate, id, &void.request_id, fingerprint) {
            return known;
        }
        let template = match self.catalog.find(id) {
            None => return Reason::TemplateNotFound.into(),
            Some(template) if template.void.is_some() => return Reason::TemplateVoid.into(),
            Some(template) if template.terms.version != void.expected_version => {
                return Rejection::new(Reason::VersionMismatch, i64::from(template.terms.version)).into();
            }
            Some(template) => template,
        };
        if void.validate_only {
            let holds = Some(LiveHolds::of(void.revoke_holds));
            return would_be(Template { stopped: true, void: holds, ..(**template).clone() });
        }
        let request = Request { id: void.request_id.as_str(), fingerprint };
        let (template, revoke_holds) = (template.terms.template, void.revoke_holds);
        Decision::happen([Event::TemplateVoided(TemplateVoided { template, revoke_holds, reason, request })])
    }

    /// Refuses or replays a request that is known, and refuses one that there is no room for; `None` lets it be decided.
    fn known_request<'a>(
        &self,
        limits: &Limits,
        operation: Operation,
        template: &Id,
        request_id: &Id,
        fingerprint: u64,
    ) -> Option<Decision<'a>> {
        let key = self.request_key(operation, template.as_str(), request_id.as_str());
        let known = self.requests.look_up(key, fingerprint);
        if let Known::Same(entry) = known {
            return Some(Decision::Answer(self.recall(&entry, true)));
        }
        if let Err(refusal) = self.check_room(limits, operation, template) {
            return Some(refusal.into());
        }
        match known {
            Known::Other(entry) => Some(Rejection::new(Reason::RequestIdReused, entry.lsn as i64).into()),
            _ if self.requests.are_full(limits.requests_max) => {
                Some(Rejection::new(Reason::RequestStoreFull, limits.requests_max as i64).into())
            }
            _ => None,
        }
    }

    /// Whether one more write is kept.
    fn check_room(&self, limits: &Limits, operation: Operation, template: &Id) -> Result<(), Rejection> {
        if self.writes.len() >= limits.writes_max {
            return Err(Rejection::new(Reason::Overloaded, limits.writes_max as i64));
        }
        let makes_one = operation == Operation::CreateTemplate && self.catalog.find(template).is_none();
        if makes_one && self.catalog.templates.len() >= limits.templates_max {
            return Err(Rejection::new(Reason::Overloaded, limits.templates_max as i64));
        }
        Ok(())
    }

    /// Everything that the write says, in one number.
    fn write_fingerprint(&self, write: &WriteTemplate) -> u64 {
        let terms = write.spec.terms(0, write.expected_version.unwrap_or(0), write.template.clone());
        let display = &write.spec.display;
        let numbers = [
            contribution(0, &terms),
            digest::text(display.name().as_bytes()),
            write.spec.stock.map_or(0, |stock| stock + 1),
            display.digest_of_fields(),
        ];
        // Writes of before there were fields are told by the first three.
        let told_by = if numbers[3] == 0 { 3 } else { 4 };
        self.catalog.key.fingerprint(&[], &numbers[..told_by])
    }
}

/// The answer to who only asks what would happen.
fn would_be(template: Template) -> Decision<'static> {
    Decision::Answer(Reply::Template { written: None, template: Arc::new(template) })
}
