//! The owner's side of the catalog: every write ever made, the latest of each template, what was asked.
//!
//! All writes are kept, because the replay of a write answers with the template as that write left it;
//! they are small, and [`TEMPLATE_WRITES_MAX`](super::TEMPLATE_WRITES_MAX) bounds them. The digest covers the writes; the [`Catalog`] is derived from them.

use super::Catalog;
use crate::codec;
use crate::container::Entities;
use crate::digest::{self, Clock, Entity, EntityKind, contribution};
use crate::event::{Event, Request, TemplateResumed, TemplateStopped, TemplateVoided, TemplateWritten, TemplateWrittenV1};
use crate::image::{Chunks, Twins};
use crate::keyed::IdHashKey;
use crate::partition::Divergence;
use crate::planted::{self, Planted};
use crate::rejection::Rejection;
use crate::reply::{CATALOG_PARTITION, Reply, Written};
use crate::request::{Operation, Remembered, Requests};
use crate::terms::display::Display;
use crate::terms::void::LiveHolds;
use crate::terms::{Template, Terms};
use std::sync::Arc;

/// The catalog with what only its owner needs.
pub struct CatalogState {
    pub(super) catalog: Catalog,
    time_ms: i64,
    pub(super) writes: Entities<Arc<Template>>,
    pub(crate) requests: Requests,
}

impl Entity for Arc<Template> {
    const KIND: EntityKind = EntityKind::Template;
    fn fields(&self, visit: &mut impl FnMut(u16, u64)) {
        visit(1, contribution(u64::from(self.terms.template), &self.terms));
        visit(2, digest::text(self.display.name().as_bytes()));
        visit(3, self.stock.map_or(0, |stock| stock + 1));
        visit(4, u64::from(self.stopped));
        visit(5, self.display.digest_of_fields());
        visit(6, self.void.map_or(0, |holds| holds as u64));
    }
}

impl CatalogState {
    /// An empty catalog.
    pub fn new(key: IdHashKey) -> CatalogState {
        CatalogState { catalog: Catalog::new(key), time_ms: 0, writes: Entities::default(), requests: Requests::default() }
    }

    /// The templates as they stand.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// The lsn of the last event applied; 0 = none.
    pub fn lsn(&self) -> u64 {
        self.catalog.lsn
    }

    /// The time of the last event, ms.
    pub fn time_ms(&self) -> i64 {
        self.time_ms
    }

    /// The digest of all state.
    pub fn digest(&self) -> u64 {
        self.digests().into_iter().fold(0, |sum, (_, digest)| sum.wrapping_add(digest))
    }

    /// What each part of the state adds to the digest, by the part's name.
    pub fn digests(&self) -> [(&'static str, u64); 3] {
        [("clock", contribution(0, &self.clock())), ("templates", self.writes.digest()), ("requests", self.requests.digest())]
    }

    /// The answer of the write just applied.
    pub fn latest_answer(&self) -> Result<Reply, Rejection> {
        Ok(self.recall(&self.requests.latest().expect("a write was just remembered"), false))
    }

    /// The answer of a remembered write: the template as it left it (I5).
    pub(super) fn recall(&self, entry: &Remembered, replayed: bool) -> Reply {
        let template = self.writes.get(entry.value as u64).expect("I3: a remembered write is here").clone();
        Reply::Template { written: Some(Written { partition: CATALOG_PARTITION, lsn: entry.lsn, replayed }), template }
    }

    /// All of it as chunks of an image; what `pass_on` refuses ends it.
    pub fn save<E>(&self, pass_on: &mut dyn FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        let mut out = Chunks::new(pass_on);
        out.one(&self.clock())?;
        for number in self.writes.first()..self.writes.next() {
            let template = self.writes.get(number).expect("every write is kept");
            out.blob(EntityKind::Template, number, &write_bytes(template))?;
        }
        out.end()?;
        self.requests.save(&mut out)
    }

    /// From now on events come from a journal that is rebuilt, and nobody asks for a request until [`CatalogState::catch_up`].
    pub fn put_off(&mut self) {
        self.requests.put_off();
    }

    /// The journal is rebuilt: every request is found from now on.
    ///
    /// # Errors
    /// When two have one key; then the state is of no use. I5.
    pub fn catch_up(&mut self) -> Result<(), Twins> {
        self.requests.catch_up().map_err(Twins::of(EntityKind::Request))
    }

    pub(crate) fn set_clock(&mut self, clock: &Clock) -> Option<()> {
        let is_new = self.lsn() == 0 && self.writes.next() == 0;
        is_new.then_some(())?;
        self.requests.begin_at(clock.forgotten)?;
        (self.catalog.lsn, self.time_ms) = (clock.lsn, clock.time_ms);
        Some(())
    }

    pub(crate) fn restore_write(&mut self, number: u64, bytes: &[u8]) -> Option<()> {
        let template = Arc::new(written_bytes(bytes)?);
        if template.terms.template as usize > self.catalog.templates.len() {
            return None;
        }
        self.writes.put_back(number, template.clone())?;
        self.catalog.put(template);
        Some(())
    }

    fn clock(&self) -> Clock {
        Clock { lsn: self.lsn(), time_ms: self.time_ms, forgotten: self.requests.forgotten(), forgotten_of: [0; 6] }
    }

    pub(super) fn request_key(&self, operation: Operation, template: &str, request_id: &str) -> u128 {
        let subject = u128::from(self.catalog.key.template(template));
        self.catalog.key.request(operation as u8, subject, request_id)
    }

    /// Applies a frame's events as recorded at `time_ms`, and compares the digest.
    pub fn replay(&mut self, payload: &[u8], time_ms: i64, recorded: u64) -> Result<(), Divergence> {
        for event in codec::events(payload) {
            let event = event.map_err(|why| Divergence::NotAnEvent { lsn: self.lsn() + 1, why })?;
            self.apply(time_ms, &event)?;
        }
        Divergence::compare(self.lsn(), recorded, self.digest())
    }

    /// Makes `event` the next fact.
    pub fn apply(&mut self, time_ms: i64, event: &Event<'_>) -> Result<(), Divergence> {
        assert!(time_ms >= self.time_ms, "I10: time does not go back");
        self.catalog.lsn += 1;
        self.time_ms = time_ms;
        match event {
            Event::TemplateCreatedV1(event) => self.written(Operation::CreateTemplate, template_of_v1(event), &event.request),
            Event::TemplateCreated(event) => self.written(Operation::CreateTemplate, template_of(event), &event.request),
            Event::TemplateUpdatedV1(event) => self.written(Operation::UpdateTemplate, template_of_v1(event), &event.request),
            Event::TemplateUpdated(event) => self.written(Operation::UpdateTemplate, template_of(event), &event.request),
            Event::TemplateStopped(event) => self.stopped(event),
            Event::TemplateResumed(event) => self.resumed(event),
            Event::TemplateVoided(event) => self.voided(event),
            Event::RequestsForgotten(event) => {
                self.requests.forget_before(event.before);
                Ok(())
            }
            _ => self.unexpected("an event of a partition in the catalog's journal"),
        }
    }

    fn unexpected(&self, what: &'static str) -> Result<(), Divergence> {
        Err(Divergence::Unexpected { lsn: self.lsn(), what })
    }

    fn written(&mut self, operation: Operation, template: Option<Template>, request: &Request<'_>) -> Result<(), Divergence> {
        let Some(template) = template else {
            return self.unexpected("terms with a number that is not known");
        };
        let terms = &template.terms;
        let latest = self.catalog.get(terms.template).map_or(0, |template| template.terms.version);
        assert_eq!(terms.version, latest + 1, "I9: a template's versions have no gaps");
        assert!(terms.template as usize <= self.catalog.templates.len(), "templates are numbered without gaps");
        self.write(operation, template, request);
        Ok(())
    }

    fn stopped(&mut self, event: &TemplateStopped<'_>) -> Result<(), Divergence> {
        let Some(template) = self.catalog.get(event.template) else {
            return self.unexpected("a template that was not created");
        };
        let template = Template { stopped: true, ..(**template).clone() };
        self.write(Operation::StopTemplate, template, &event.request);
        Ok(())
    }

    fn resumed(&mut self, event: &TemplateResumed<'_>) -> Result<(), Divergence> {
        let template = match self.catalog.get(event.template) {
            Some(template) if template.stopped && template.void.is_none() => template,
            _ => return self.unexpected("a template resumed that was not stopped"),
        };
        let template = Template { stopped: planted::is(Planted::ResumeIgnored), ..(**template).clone() };
        self.write(Operation::ResumeTemplate, template, &event.request);
        Ok(())
    }

    fn voided(&mut self, event: &TemplateVoided<'_>) -> Result<(), Divergence> {
        let Some(template) = self.catalog.get(event.template) else {
            return self.unexpected("a template that was not created");
        };
        assert!(template.void.is_none(), "I9: a template is made void once");
        let numbers = [template.terms.version.into(), event.revoke_holds.into()];
        if self.catalog.key.fingerprint(&[event.reason], &numbers) != event.request.fingerprint {
            return self.unexpected("a void that is not what was asked for");
        }
        let void = Some(LiveHolds::of(event.revoke_holds));
        let template = Template { stopped: true, void, ..(**template).clone() };
        self.write(Operation::VoidTemplate, template, &event.request);
        Ok(())
    }

    fn write(&mut self, operation: Operation, template: Template, request: &Request<'_>) {
        let key = self.request_key(operation, template.terms.template_id.as_str(), request.id);
        let template = Arc::new(template);
        let value = self.writes.push(template.clone()) as i64;
        self.catalog.put(template);
        self.requests.remember(Remembered {
            key,
            fingerprint: request.fingerprint,
            lsn: self.catalog.lsn,
            at_ms: self.time_ms,
            value,
            reason: 0,
            operation,
        });
    }
}

/// In an image a write has forgotten its request, which is remembered beside it.
const NO_REQUEST: Request<'static> = Request { id: "", fingerprint: 0 };

/// A write in an image: what became of the template (0 = it issues, 1 = stopped, 2 = void, live holds kept, 3 = void, live holds
/// revoked), then the event that would make it what it is.
fn write_bytes(template: &Template) -> Vec<u8> {
    let request = NO_REQUEST;
    let Template { terms, display, stock, .. } = template;
    let (body, rules, display, stock) = (terms.body(), terms.rule_bytes(), display.bytes(), stock.unwrap_or(0));
    let event = TemplateWritten { body, rules, display, stock, request };
    let mut bytes = vec![template.void.map_or(u8::from(template.stopped), |holds| 1 + holds as u8)];
    codec::encode(&Event::TemplateUpdated(event), &mut bytes);
    bytes
}

fn written_bytes(bytes: &[u8]) -> Option<Template> {
    let (&became, event) = bytes.split_first()?;
    let (written, used) = codec::decode(event).ok()?;
    let (template, request) = match written {
        Event::TemplateUpdatedV1(written) => (template_of_v1(&written)?, written.request),
        Event::TemplateUpdated(written) => (template_of(&written)?, written.request),
        _ => return None,
    };
    let void = match became {
        0 | 1 => None,
        more => Some(LiveHolds::from_number(more - 1)?),
    };
    let is_one = used == event.len() && request == NO_REQUEST;
    is_one.then_some(Template { stopped: became > 0, void, ..template })
}

/// The template that a write made; `None` if a number is not known.
fn template_of(written: &TemplateWritten<'_>) -> Option<Template> {
    let terms = Terms::from_body(&written.body, written.rules)?;
    let stock = terms.limited.then_some(written.stock);
    let is_one = terms.limited || written.stock == 0;
    is_one.then_some(Template { terms, display: Display::from_bytes(written.display)?, stock, stopped: false, void: None })
}

/// The same of the first version, which said nothing beside its numbers and its name.
fn template_of_v1(written: &TemplateWrittenV1<'_>) -> Option<Template> {
    let terms = Terms::from_body(&written.body, &[])?;
    Some(Template { terms, display: written.display_name.into(), stock: written.stock, stopped: false, void: None })
}
