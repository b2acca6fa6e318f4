//! What the durable journals say: every event of every journal, once, in its order.
//!
//! Fed only with frames that are durable, so it is what a crash must not change.

mod batch;
mod card;
mod fact;
mod forger;
mod gift;
mod limits;
mod orders;
mod price;
mod promise;
mod saga;
mod shelf;
mod till;

use crate::clients::op_of;
use crate::machine::hash_key;
use crate::planted::Planted;
use crate::violation::{Checked, holds};
pub(crate) use batch::{At, Batch};
pub(crate) use card::{Accounts, Card};
pub(crate) use fact::{Fact, What};
pub(crate) use gift::GiftEnd;
pub(crate) use limits::{Limits, day_of};
pub(crate) use promise::End;
pub(crate) use shelf::{Shelf, StockVersion};
use std::collections::BTreeMap;
use tessera_domain::codec;
use tessera_domain::event::{Event, TemplateResumed, TemplateStopped};
use tessera_domain::reply::CATALOG_PARTITION;
use tessera_wal::{Frame, JournalId};

/// All journals.
pub(crate) struct History {
    pub(crate) partitions: Vec<Shelf>,
    catalog: Vec<Fact>,
    /// Where the effect of an operation is.
    effects: BTreeMap<usize, (u16, u64)>,
    /// Coupons issued, by template.
    issued: BTreeMap<u32, u64>,
    pub(crate) limits: Limits,
    /// Where the catalog says that a template is void.
    voids: BTreeMap<u32, u64>,
    planted: Option<Planted>,
}

impl History {
    pub(crate) fn new(partitions: u16, planted: Option<Planted>) -> History {
        let partitions = (0..partitions).map(|_| Shelf::default()).collect();
        History {
            partitions,
            catalog: Vec::new(),
            effects: BTreeMap::new(),
            issued: BTreeMap::new(),
            limits: Limits::default(),
            voids: BTreeMap::new(),
            planted,
        }
    }

    /// Takes a durable frame in.
    pub(crate) fn note(&mut self, frame: &Frame<'_>) -> Checked {
        for event in codec::events(frame.payload) {
            let event = event.map_err(|why| crate::violation::broken("I6", why.to_string()))?;
            match frame.header.journal {
                JournalId::CATALOG => self.note_catalog(&event)?,
                JournalId(partition) => {
                    for (event, now_ms) in forger::forge(self.planted, event, frame.header.now_ms) {
                        self.check_barrier(partition, &event, frame.header.catalog_lsn)?;
                        self.check_batch(partition, &event)?;
                        self.note_partition(partition, &event, now_ms)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// The fact at a place, if it is there.
    pub(crate) fn fact(&self, journal: u16, lsn: u64) -> Option<&Fact> {
        let facts = match journal {
            CATALOG_PARTITION => &self.catalog,
            partition => &self.partitions.get(usize::from(partition))?.facts,
        };
        facts.get(lsn.checked_sub(1)? as usize)
    }

    /// Where the one effect of an operation is.
    pub(crate) fn effect(&self, op: usize) -> Option<(u16, u64)> {
        self.effects.get(&op).copied()
    }

    /// Whether a template was stopped or resumed after this lsn of the catalog.
    pub(crate) fn is_switched_after(&self, lsn: u64, number: u32) -> bool {
        let later = self.catalog.iter().skip(lsn as usize);
        later.into_iter().any(|fact| matches!(fact.what, What::TemplateSwitched { template, .. } if template == number))
    }

    /// Coupons of a template that were ever issued.
    pub(crate) fn issued(&self, template: u32) -> u64 {
        self.issued.get(&template).copied().unwrap_or(0)
    }

    /// Holds of all partitions that ended so.
    pub(crate) fn ended(&self, end: End) -> u64 {
        self.partitions.iter().map(|shelf| shelf.promises.ended(end)).sum()
    }

    /// Orders of all partitions that were checked out, and those of which units came back.
    pub(crate) fn orders(&self) -> [u64; 2] {
        let counts = self.partitions.iter().map(|shelf| shelf.orders_of.counts());
        counts.fold([0, 0], |sum, more| [sum[0] + more[0], sum[1] + more[1]])
    }

    /// Cards that were made in batches, and those of them that were activated.
    pub(crate) fn batches(&self) -> [u64; 2] {
        let made = self.partitions.iter().map(Shelf::made_in_all).sum::<u64>();
        let waiting = self.partitions.iter().flat_map(|shelf| &shelf.cards).filter(|card| card.is_unactivated);
        [made, made - waiting.count() as u64]
    }

    /// Cards that were replaced because they were lost.
    pub(crate) fn replaced(&self) -> u64 {
        let facts = self.partitions.iter().flat_map(|shelf| &shelf.facts);
        facts.filter(|fact| matches!(fact.what, What::Replaced { .. })).count() as u64
    }

    /// Batches that were complete, and those of them whose codes were taken.
    pub(crate) fn complete_batches(&self) -> [u64; 2] {
        let batches = self.partitions.iter().flat_map(|shelf| shelf.batches.values());
        let complete = batches.filter(|batch| batch.completed.is_some());
        [complete.clone().count() as u64, complete.filter(|batch| batch.taken.is_some()).count() as u64]
    }

    /// I9: a batch is opened at its home, and complete when all partitions together have made its cards.
    fn check_batch(&self, partition: u16, event: &Event<'_>) -> Checked {
        match event {
            Event::BatchOpened(event) => {
                let home = hash_key().home_of_batch(event.batch, self.partitions.len() as u16);
                holds(home == partition, "I9", || format!("{event:?} in partition {partition}, its home is {home}"))
            }
            Event::BatchCompleted(event) => {
                let made: u64 = self.partitions.iter().map(|shelf| shelf.made(event.batch)).sum();
                let wanted = self.partitions[usize::from(partition)].batches.get(event.batch).map(|batch| batch.count);
                holds(wanted == Some(made), "I9", || format!("{event:?}: {made} cards were made of {wanted:?}"))
            }
            _ => Ok(()),
        }
    }

    /// Templates that were made void, and the cards that became so with them.
    pub(crate) fn voids(&self) -> [u64; 2] {
        let cards = self.partitions.iter().flat_map(|shelf| &shelf.cards);
        [self.voids.len() as u64, cards.filter(|card| card.is_doomed && card.is_void).count() as u64]
    }

    /// Cards and coupons of another house that were imported, and those of them for one use.
    pub(crate) fn imports(&self) -> [u64; 2] {
        self.partitions.iter().map(Shelf::imports).fold([0, 0], |sum, more| [sum[0] + more[0], sum[1] + more[1]])
    }

    /// Orders with cards of other partitions that were checked out, and that were refused after these were asked.
    pub(crate) fn sagas(&self) -> [u64; 2] {
        let counts = self.partitions.iter().map(|shelf| shelf.sagas().counts());
        counts.fold([0, 0], |sum, more| [sum[0] + more[0], sum[1] + more[1]])
    }

    /// Gifts of all partitions that were accepted, and that expired.
    pub(crate) fn gifts(&self) -> [u64; 2] {
        let ended = |is_so: fn(&GiftEnd) -> bool| {
            let gifts = self.partitions.iter().flat_map(|shelf| shelf.gifts.values());
            gifts.filter(|gift| gift.end.as_ref().is_some_and(is_so)).count() as u64
        };
        [ended(|end| matches!(end, GiftEnd::Accepted { .. })), ended(|end| matches!(end, GiftEnd::Expired))]
    }

    /// What expired, on all cards.
    pub(crate) fn expired(&self) -> i64 {
        let expired = |shelf: &Shelf| shelf.cards.iter().map(|card| card.now().expired).sum::<i64>();
        self.partitions.iter().map(expired).sum()
    }

    /// Every event that answers a write.
    pub(crate) fn writes(&self) -> u64 {
        self.effects.len() as u64
    }

    /// I9: what is decided with a catalog that says that a template is void issues nothing of it, and uses none of its coupons.
    fn check_barrier(&self, partition: u16, event: &Event<'_>, catalog_lsn: u64) -> Checked {
        let shelf = &self.partitions[usize::from(partition)];
        let of_coupon = |coupon: u64| shelf.cards.get(coupon as usize).map(|card| card.template);
        let template = match event {
            Event::Claimed(event) => Some(shelf.sketch(event.terms).0),
            Event::Captured(event) if !event.reacquired => None,
            // What an order counts on already is a promise.
            Event::PartHeld(part) if shelf.sagas().counts_on(part.replaces) => None,
            Event::Redeemed(_) | Event::PartRedeemed(_) | Event::Held(_) | Event::PartHeld(_) => {
                event.coupon().and_then(of_coupon)
            }
            Event::Captured(_) | Event::PartReacquired(_) => event.coupon().and_then(of_coupon),
            Event::GiftOffered(_) | Event::GiftAccepted(_) | Event::Reloaded(_) | Event::Activated(_) | Event::Replaced(_) => {
                event.coupon().and_then(of_coupon)
            }
            _ => None,
        };
        let void_at = template.and_then(|template| self.voids.get(&template));
        let is_before = void_at.is_none_or(|&lsn| catalog_lsn < lsn);
        holds(is_before, "I9", || format!("{event:?} was decided at catalog lsn {catalog_lsn}, void since {void_at:?}"))
    }

    fn note_partition(&mut self, partition: u16, event: &Event<'_>, now_ms: i64) -> Checked {
        let shelf = &mut self.partitions[usize::from(partition)];
        shelf.note(event, now_ms)?;
        self.limits.note(shelf, event, now_ms)?;
        let (lsn, fact) = (shelf.facts.len() as u64, shelf.facts.last().copied());
        if let (Event::Claimed(_), Some(card)) = (event, shelf.cards.last()) {
            *self.issued.entry(card.template).or_default() += 1;
        }
        if let Event::GiftReceived(event) = event {
            let template = self.partitions[usize::from(partition)].sketch(event.terms).0;
            self.partitions[usize::from(event.from)].give_away(partition, event, template)?;
        }
        self.count(partition, lsn, fact.and_then(|fact| fact.op))
    }

    fn note_catalog(&mut self, event: &Event<'_>) -> Checked {
        let fact = match event {
            Event::TemplateCreated(event) | Event::TemplateUpdated(event) => {
                let what = What::TemplateWritten { template: event.body.template, version: event.body.version };
                Fact { op: op_of(event.request.id), what }
            }
            Event::TemplateStopped(TemplateStopped { template, request }) => {
                Fact { op: op_of(request.id), what: What::TemplateSwitched { template: *template, stopped: true } }
            }
            Event::TemplateResumed(TemplateResumed { template, request }) => {
                Fact { op: op_of(request.id), what: What::TemplateSwitched { template: *template, stopped: false } }
            }
            Event::TemplateVoided(event) => {
                self.voids.insert(event.template, self.catalog.len() as u64 + 1);
                Fact { op: op_of(event.request.id), what: What::TemplateVoided { template: event.template } }
            }
            _ => Fact { op: None, what: What::Other },
        };
        self.catalog.push(fact);
        self.count(CATALOG_PARTITION, self.catalog.len() as u64, fact.op)
    }

    /// I5: an operation has one effect.
    fn count(&mut self, journal: u16, lsn: u64, op: Option<usize>) -> Checked {
        let Some(op) = op else { return Ok(()) };
        let before = self.effects.insert(op, (journal, lsn));
        holds(before.is_none(), "I5", || format!("operation {op} happened at {before:?} and at {:?}", (journal, lsn)))
    }
}

/// What handovers are about.
#[derive(Default)]
pub(crate) struct Kinds {
    pub(crate) a_lease: bool,
    pub(crate) a_line: bool,
}

/// Looks at every event of these handovers.
pub(crate) fn kinds(handovers: &[Vec<u8>]) -> Checked<Kinds> {
    let mut kinds = Kinds::default();
    for handover in handovers {
        crate::audit::for_each_frame(handover, &mut |frame| {
            for event in codec::events(frame.payload).flatten() {
                use Event::*;
                kinds.a_lease |=
                    matches!(event, LeaseGranted(_) | LeaseReclaimed(_) | LeaseReceived(_) | LeaseReturned(_) | PoolLeased(_));
                kinds.a_line |= matches!(event, LineSent(_) | LineReceived(_) | LineAcknowledged(_));
            }
            Ok(())
        })?;
    }
    Ok(kinds)
}
