//! Batches of gift cards 卡密: opened at their home, made run by run, complete, and taken once.
//!
//! Whoever makes a batch asks for each run by how many were made before, so that a run is made once however often it is asked for,
//! and goes on after a restart where it was. The template has to let it be issued when the batch is opened and with each partition's first run;
//! what is begun is made to its end, unless the template is made void.

use super::claim::check_not_stopped;
use super::{Context, Decision, Events};
use crate::batch::{BATCH_CARDS_MAX, Batch, BatchShare, RUN_CARDS_MAX};
use crate::command::{CompleteBatch, Keys, ListCards, MakeCards, OpenBatch, TakeBatch};
use crate::event::{BatchMarked, BatchOpened, CardsMade, Event, Request};
use crate::id::Id;
use crate::partition::Partition;
use crate::planted::{self, Planted};
use crate::rejection::{Reason, Rejection};
use crate::reply::{BatchView, CardPage, Reply, ShareView, Written};
use crate::terms::{Template, Terms, Validity, within};
use std::sync::Arc;

impl Partition {
    pub(super) fn decide_open_batch<'a>(&self, context: &Context<'a>, open: &'a OpenBatch, keys: &Keys) -> Decision<'a> {
        if let Err(refusal) = within_u64("count", open.count, BATCH_CARDS_MAX) {
            return refusal.into();
        }
        if let Some(batch) = self.batch(&open.batch) {
            let terms = self.terms.of(batch.terms());
            let is_same = terms.template_id == open.template && batch.count == open.count;
            return if is_same { Decision::Answer(self.batch_reply(&batch, None)) } else { Reason::BatchExists.into() };
        }
        let fingerprint = self.key().fingerprint(&[open.template.as_str()], &[open.count]);
        if let Some(known) = self.known_request(context, keys.request, fingerprint) {
            return known;
        }
        let template = match batched(context, &open.template) {
            Ok(template) => template,
            Err(refusal) => return refusal.into(),
        };
        let mut events = Events::new();
        let terms = self.adopting(template, &mut events);
        let batch = open.batch.as_str();
        events.push(Event::BatchOpened(BatchOpened {
            batch,
            terms,
            count: open.count,
            request: Request { id: batch, fingerprint },
        }));
        Decision::Happen(events)
    }

    pub(super) fn decide_make_cards<'a>(&self, context: &Context<'a>, make: &'a MakeCards, keys: &Keys) -> Decision<'a> {
        if let Err(refusal) = check_run(make) {
            return refusal.into();
        }
        let numbers = [make.version.into(), make.share, make.made, make.count.into()];
        let fingerprint = self.key().fingerprint(&[make.template.as_str()], &numbers);
        let is_again = planted::is(Planted::RunMadeAgain);
        if let Some(known) = self.known_request(context, keys.request, fingerprint).filter(|_| !is_again) {
            return known;
        }
        let share = self.share(&make.batch);
        let mut events = Events::new();
        let begun = match share.terms() {
            Some(terms) => self.go_on(make, &share, terms),
            None => self.begin(context, make, &mut events),
        };
        let terms = match begun {
            Ok(terms) => terms,
            Err(refusal) => return refusal.into(),
        };
        if make.made != share.made && !is_again {
            return Rejection::invalid("made", share.made as i64).into();
        }
        let batch = make.batch.as_str();
        events.push(Event::CardsMade(CardsMade {
            batch,
            terms,
            share: make.share,
            made: share.made,
            first: self.coupons.next(),
            count: make.count,
            key_version: context.key_version,
            request: Request { id: batch, fingerprint },
        }));
        Decision::Happen(events)
    }

    /// The terms of a share that was begun, if that is what is asked for.
    fn go_on(&self, make: &MakeCards, share: &BatchShare, terms: u32) -> Result<u32, Rejection> {
        let begun = self.terms.of(terms);
        let is_same = begun.template_id == make.template && begun.version == make.version && share.wanted == make.share;
        match is_same {
            true if begun.void.is_some() => Err(Reason::TemplateVoid.into()),
            true => Ok(terms),
            false => Err(Reason::BatchExists.into()),
        }
    }

    /// The terms of a share that nothing was made of, adopted if they are not yet.
    fn begin<'a>(&self, context: &Context<'a>, make: &MakeCards, events: &mut Events<'a>) -> Result<u32, Rejection> {
        let template = batched(context, &make.template)?;
        let version = template.terms.version;
        if version != make.version {
            return Err(Rejection::new(Reason::VersionMismatch, version.into()));
        }
        Ok(self.adopting(template, events))
    }

    pub(super) fn decide_complete_batch<'a>(
        &self,
        context: &Context<'_>,
        complete: &'a CompleteBatch,
        keys: &Keys,
    ) -> Decision<'a> {
        let Some(batch) = self.batch(&complete.batch) else {
            return Reason::BatchNotFound.into();
        };
        if batch.completed_ms != 0 {
            return Decision::Answer(self.batch_reply(&batch, None));
        }
        let fingerprint = self.key().fingerprint(&[], &[complete.made]);
        if let Some(known) = self.known_request(context, keys.request, fingerprint) {
            return known;
        }
        if complete.made != batch.count && !planted::is(Planted::CompletedShort) {
            return Rejection::new(Reason::BatchNotComplete, complete.made as i64).into();
        }
        let id = complete.batch.as_str();
        Decision::happen([Event::BatchCompleted(BatchMarked { batch: id, request: Request { id, fingerprint } })])
    }

    pub(super) fn decide_take_batch<'a>(&self, context: &Context<'_>, take: &'a TakeBatch, keys: &Keys) -> Decision<'a> {
        let fingerprint = self.key().fingerprint(&[], &[]);
        if let Some(known) = self.known_request(context, keys.request, fingerprint) {
            return known;
        }
        let Some(batch) = self.batch(&take.batch) else {
            return Reason::BatchNotFound.into();
        };
        if batch.completed_ms == 0 {
            return Reason::BatchNotComplete.into();
        }
        if batch.taken_ms != 0 && !planted::is(Planted::TakenAgain) {
            return Rejection::new(Reason::BatchTaken, batch.taken_ms).into();
        }
        let request = Request { id: take.request_id.as_str(), fingerprint };
        Decision::happen([Event::BatchTaken(BatchMarked { batch: take.batch.as_str(), request })])
    }

    /// How a batch stands, at its home.
    pub(super) fn batch_view(&self, batch: &Id) -> Result<Reply, Rejection> {
        let batch = self.batch(batch).ok_or(Reason::BatchNotFound)?;
        Ok(self.batch_reply(&batch, None))
    }

    /// What this partition made of a batch.
    pub(super) fn share_view(&self, batch: &Id) -> Reply {
        share_reply(&self.share(batch), None)
    }

    /// Walks a share from its newest card, or from where the last page ended.
    pub(super) fn list_cards(&self, list: &ListCards) -> Result<Reply, Rejection> {
        within("page_size", list.page_size.into(), 1, RUN_CARDS_MAX.into())?;
        let mut next = list.from.or(self.share(&list.batch).newest.checked_sub(1));
        let mut cards = Vec::new();
        while let Some(number) = next.filter(|_| cards.len() < list.page_size as usize) {
            let card = self.coupons.get(number).filter(|card| card.owner().is_none());
            let card = card.ok_or(Rejection::invalid("page_token", 0))?;
            cards.push((number, card.key_version));
            next = card.older().checked_sub(1);
        }
        Ok(Reply::Cards(CardPage { cards, next }))
    }

    /// A batch of this hash as its request is answered.
    pub(super) fn recall_batch(&self, key: u64, written: Written) -> Reply {
        self.batch_reply(&self.batches.get(key).expect("I3: a remembered batch is here"), Some(written))
    }

    /// A share of this hash as its run is answered.
    pub(super) fn recall_share(&self, key: u64, written: Written) -> Reply {
        share_reply(&self.batches.share(key), Some(written))
    }

    fn batch(&self, id: &Id) -> Option<Batch> {
        self.batches.get(self.key().batch(id.as_str()))
    }

    fn share(&self, id: &Id) -> BatchShare {
        self.batches.share(self.key().batch(id.as_str()))
    }

    fn batch_reply(&self, batch: &Batch, written: Option<Written>) -> Reply {
        let &Batch { count, opened_ms, completed_ms, taken_ms, .. } = batch;
        let terms = self.terms.of(batch.terms()).clone();
        Reply::Batch(BatchView { written, terms, count, opened_ms, completed_ms, taken_ms })
    }
}

fn share_reply(share: &BatchShare, written: Option<Written>) -> Reply {
    Reply::Share(ShareView { written, wanted: share.wanted, made: share.made })
}

/// The template, if cards of it may be made now: it holds a balance, is not sold from a stock, a day or a budget, and says itself when a card may be used.
fn batched<'a>(context: &Context<'a>, id: &Id) -> Result<&'a Arc<Template>, Rejection> {
    let template = context.catalog.find(id).ok_or(Reason::TemplateNotFound)?;
    let terms = &template.terms;
    check_no_stock(terms)?;
    if terms.validity == Validity::AtIssue {
        return Err(Rejection::invalid("template_id", 0));
    }
    check_not_stopped(template)?;
    if terms.issue.is_over(context.now_ms) {
        return Err(Rejection::new(Reason::IssueEnded, terms.issue.until_ms));
    }
    if !terms.is_stored_value() {
        return Err(Reason::NotACard.into());
    }
    Ok(template)
}

/// Whether there are as many as are made: no card is taken from a stock, a day or a budget.
pub(super) fn check_no_stock(terms: &Terms) -> Result<(), Rejection> {
    if terms.has_pools() { Err(Rejection::invalid("template_id", 0)) } else { Ok(()) }
}

fn check_run(make: &MakeCards) -> Result<(), Rejection> {
    within_u64("share", make.share, BATCH_CARDS_MAX)?;
    within("count", make.count.into(), 1, RUN_CARDS_MAX.into())?;
    let left = make.share.saturating_sub(make.made);
    if u64::from(make.count) > left { Err(Rejection::invalid("count", left as i64)) } else { Ok(()) }
}

fn within_u64(field: &'static str, value: u64, most: u64) -> Result<(), Rejection> {
    within(field, i64::try_from(value).unwrap_or(i64::MAX), 1, most as i64)
}
