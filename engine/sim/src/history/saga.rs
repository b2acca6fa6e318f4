//! What orders with cards of other partitions do to the plain model: which holds are counted on, and how each of them ended.

use super::fact::{Fact, What};
use super::shelf::Shelf;
use crate::clients::op_of;
use crate::violation::{Checked, broken, holds};
use std::collections::{BTreeMap, BTreeSet};
use tessera_domain::codec;
use tessera_domain::event::{self, Event};

/// One such order, at its home.
#[derive(Debug)]
struct Saga {
    op: Option<usize>,
    /// Before cards.
    amount: i64,
    body: Vec<u8>,
    /// When its cards must be free; 0 = it is redeemed at once.
    until_ms: i64,
    /// Whether cards elsewhere are held for it.
    holds: bool,
    is_asking: bool,
    /// The held checkout that it became.
    held: u64,
}

/// All of them, by lsn.
#[derive(Default)]
pub(crate) struct Sagas {
    by_lsn: BTreeMap<u64, Saga>,
    /// Holds of this partition that an order here or elsewhere counts on.
    counted_on: BTreeSet<u64>,
    /// Those for orders elsewhere, and what they became.
    pledged: BTreeSet<u64>,
    checked_out: u64,
    refused: u64,
}

impl Sagas {
    /// Whether an order counts on this hold.
    pub(super) fn counts_on(&self, hold: u64) -> bool {
        self.counted_on.contains(&hold)
    }

    /// Whether this hold or redemption is for an order elsewhere.
    pub(super) fn is_pledged(&self, lsn: u64) -> bool {
        self.pledged.contains(&lsn)
    }

    /// A hold became a redemption.
    pub(super) fn capture(&mut self, hold: u64, redemption: u64) {
        if self.pledged.contains(&hold) {
            self.pledged.insert(redemption);
        }
    }

    /// How many were checked out, and how many were refused.
    pub(super) fn counts(&self) -> [u64; 2] {
        [self.checked_out, self.refused]
    }

    /// One that holds cards elsewhere though it had to end before `now_ms`.
    pub(crate) fn late(&self, now_ms: i64) -> Option<u64> {
        let is_late = |saga: &Saga| saga.holds && !saga.is_asking && saga.until_ms <= now_ms;
        self.by_lsn.iter().find(|(_, saga)| is_late(saga)).map(|(&lsn, _)| lsn)
    }

    /// One that still asks.
    pub(crate) fn asking(&self) -> Option<u64> {
        self.by_lsn.iter().find(|(_, saga)| saga.is_asking).map(|(&lsn, _)| lsn)
    }
}

impl Shelf {
    pub(crate) fn sagas(&self) -> &Sagas {
        &self.orders_of.sagas
    }

    /// The event that answers a saga's request; none if it is another one.
    pub(super) fn saga_outcome(&mut self, event: &Event<'_>, lsn: u64) -> Checked<Option<Fact>> {
        let fact = match event {
            Event::SagaCheckedOut(whole) => self.saga_checked_out(whole, lsn)?,
            Event::SagaRefused(event) => {
                let sagas = &mut self.orders_of.sagas;
                let saga = sagas.by_lsn.get_mut(&event.saga).filter(|saga| saga.is_asking);
                let saga = saga.ok_or_else(|| broken("I8", format!("saga {} is refused and does not ask", event.saga)))?;
                (saga.is_asking, saga.holds) = (false, false);
                sagas.refused += 1;
                Fact { op: saga.op, what: What::Refused { reason: event.reason, value: event.value } }
            }
            _ => return Ok(None),
        };
        Ok(Some(fact))
    }

    fn saga_checked_out(&mut self, whole: &event::SagaCheckedOut<'_>, lsn: u64) -> Checked<Fact> {
        let parts = self.take_parts();
        let missing = || broken("I8", format!("saga {} is checked out and does not ask", whole.saga));
        let saga = self.orders_of.sagas.by_lsn.get_mut(&whole.saga).filter(|saga| saga.is_asking).ok_or_else(missing)?;
        let tender = codec::decode_tender(whole.tender).ok_or_else(missing)?;
        let (op, amount, body) = (saga.op, saga.amount, saga.body.clone());
        (saga.is_asking, saga.holds, saga.held) = (false, whole.deadline_ms != 0, lsn);
        saga.until_ms = whole.deadline_ms;
        self.orders_of.sagas.checked_out += 1;
        let charged = |one: &event::TenderedBody| one.charge;
        let all = together(whole.parts, parts, &tender, charged).ok_or_else(missing)?;
        check_sum(lsn, amount, whole.payable, &all)?;
        let what = What::CheckedOut { parts: all.len(), amount, payable: whole.payable };
        self.place(lsn, &body, all)?;
        Ok(Fact { op, what })
    }

    pub(super) fn captured_apart(&mut self, whole: &event::CapturedApart<'_>, lsn: u64) -> Checked<What> {
        let parts = self.take_parts();
        let missing = || broken("I8", format!("order {} is captured and not held", whole.hold));
        let saga = self.orders_of.sagas.by_lsn.values_mut().find(|saga| saga.held == whole.hold && saga.holds);
        saga.ok_or_else(missing)?.holds = false;
        let tender = codec::decode_tender(whole.tender).ok_or_else(missing)?;
        let all = together(whole.parts, parts, &tender, |one| one.captured).ok_or_else(missing)?;
        check_sum(lsn, whole.amount, whole.payable, &all)?;
        let what = What::CheckedOut { parts: all.len(), amount: whole.amount, payable: whole.payable };
        self.place(lsn, whole.body, all)?;
        Ok(what)
    }

    /// What begins and ends them beside their outcome, here and where cards are.
    pub(super) fn of_saga(&mut self, event: &Event<'_>, lsn: u64) -> Checked {
        let parts = match event {
            Event::SagaOpened(_) | Event::Pledged(_) | Event::PledgeEnded(_) => self.take_parts(),
            _ => Vec::new(),
        };
        let sagas = &mut self.orders_of.sagas;
        match event {
            Event::SagaOpened(opened) => {
                let (op, amount, body, until_ms) = (op_of(opened.request.id), opened.amount, opened.body.to_vec(), opened.ttl_ms);
                holds(parts.len() == usize::from(opened.parts), "I4", || format!("saga {lsn} holds {parts:?}"))?;
                let saga = Saga { op, amount, body, until_ms, holds: true, is_asking: true, held: 0 };
                sagas.by_lsn.insert(lsn, saga);
            }
            Event::Pledged(pledged) => {
                holds(parts.len() == usize::from(pledged.parts), "I4", || format!("a pledge at lsn {lsn} holds {parts:?}"))?;
                sagas.pledged.extend(parts.iter().map(|&(hold, _)| hold));
            }
            Event::SagaEnded(ended) if ended.how == event::LET_GO => {
                let saga = sagas.by_lsn.get_mut(&ended.saga).filter(|saga| saga.holds && !saga.is_asking);
                saga.ok_or_else(|| broken("I8", format!("saga {} lets go and holds nothing", ended.saga)))?.holds = false;
            }
            _ => {}
        }
        sagas.counted_on.extend(parts.into_iter().map(|(hold, _)| hold));
        Ok(())
    }
}

/// Discounts, then cards as they are drained, those elsewhere without an lsn; `None` if there are not as many as was said.
fn together(
    count: u8,
    parts: Vec<(u64, i64)>,
    tender: &event::TenderBody,
    paid: impl Fn(&event::TenderedBody) -> i64,
) -> Option<Vec<(u64, i64)>> {
    let paying: Vec<&event::TenderedBody> = tender.all.iter().filter(|one| paid(one) > 0).collect();
    let here = paying.iter().filter(|one| one.role == HERE).count();
    let discounts = parts.len().checked_sub(here).filter(|_| parts.len() == usize::from(count))?;
    let mut parts = parts.into_iter();
    let mut all: Vec<(u64, i64)> = parts.by_ref().take(discounts).collect();
    for one in paying {
        all.push(if one.role == HERE { parts.next()? } else { (0, paid(one)) });
    }
    Some(all)
}

/// A card of home.
const HERE: u8 = 2;

fn check_sum(lsn: u64, amount: i64, payable: i64, parts: &[(u64, i64)]) -> Checked {
    let applied: i64 = parts.iter().map(|(_, applied)| applied).sum();
    let is_sum = applied == amount - payable && payable >= 0;
    holds(is_sum, "I2", || format!("order at lsn {lsn} takes {applied} off {amount} and leaves {payable}"))
}
