//! Sagas: checkouts of this partition with cards of others, from the first question to the last refund.
//!
//! A saga is named by the lsn of its first event. While it asks, its order belongs to it; when all have answered it becomes a checkout, and is
//! kept beside that for what its cards elsewhere paid. What they hold ends by a word of this partition alone, so the deadline is kept here.

use crate::checkout::{Card, tender};
use crate::codec::{self, decode_saga, encode_saga};
use crate::digest::{self, Entity, EntityKind, contribution};
use crate::event::{SagaBody, TenderBody, TenderedBody};
use crate::image::Chunks;
use crate::money::is_amount;
use crate::planted::{self, Planted};
use crate::rejection::{Reason, Rejection};
use std::collections::{BTreeMap, BTreeSet};

/// Sagas of one partition that may wait for answers at once.
pub const SAGAS_OPEN_MAX: u64 = 1024;

/// How long a saga waits for answers: 30 seconds.
pub const SAGA_MS_MAX: i64 = 30_000;

/// Held orders past their deadline that are looked at for one whose lines have room for the word of it.
pub const SAGA_LOOKS_MAX: usize = 256;

/// [`SagaBody::state`]: it waits for answers.
const ASKING: u8 = 1;
/// [`SagaBody::state`]: its cards are held for a checkout.
const HELD: u8 = 2;
/// [`SagaBody::state`]: its cards have paid.
const REDEEMED: u8 = 3;
/// [`SagaBody::state`]: its checkout holds no cards elsewhere any more.
const GONE: u8 = 4;

/// [`TenderedBody::role`]: a discount of home.
pub(crate) const DISCOUNT: u8 = 1;
/// [`TenderedBody::role`]: a card of home.
pub(crate) const HERE: u8 = 2;
/// [`TenderedBody::role`]: a card elsewhere that was asked for.
pub(crate) const ASKED: u8 = 3;
/// [`TenderedBody::role`]: one that is held.
pub(crate) const PLEDGED: u8 = 4;
/// [`TenderedBody::role`]: one that was declined.
pub(crate) const DECLINED: u8 = 5;

impl TenderedBody {
    /// Whether it lies in another partition.
    pub(crate) fn is_apart(&self) -> bool {
        matches!(self.role, ASKED | PLEDGED | DECLINED)
    }

    /// One that is held, of this template.
    pub(crate) fn pledged(template: u32) -> TenderedBody {
        TenderedBody { role: PLEDGED, value: i64::from(template) + 1, ..TenderedBody::default() }
    }

    /// The template of one that is held elsewhere, as its partition has told; older ones did not.
    pub(crate) fn template(&self) -> Option<u32> {
        if self.role == PLEDGED { u32::try_from(self.value - 1).ok() } else { None }
    }
}

/// Instruments that an event or a message names, if no number of theirs is out of its range.
pub(crate) fn read_tender(bytes: &[u8]) -> Option<TenderBody> {
    codec::decode_tender(bytes).filter(|tender| tender.all.iter().all(is_tendered))
}

/// Whether the card elsewhere of this place, in the order in which they are drained, is one of those that lose what goes back to them.
pub(crate) fn is_lost(lost: u16, at: u32) -> bool {
    lost.checked_shr(at).is_some_and(|lost| lost & 1 == 1)
}

fn is_tendered(one: &TenderedBody) -> bool {
    let is_role = (DISCOUNT..=DECLINED).contains(&one.role);
    let declined =
        (one.role == DECLINED) == Reason::from_number(one.reason).is_some() && (one.role == DECLINED || one.reason == 0);
    let amounts = [one.available, one.charge, one.captured, one.until_ms];
    is_role && declined && amounts.into_iter().all(|amount| amount >= 0) && is_amount(one.charge) && one.captured <= one.charge
}

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Saga {
    pub(crate) lsn: u64,
    pub(crate) body: SagaBody,
}

impl Entity for Saga {
    const KIND: EntityKind = EntityKind::Saga;
    fn fields(&self, visit: &mut impl FnMut(u16, u64)) {
        visit(1, digest::text(&encode_saga(&self.body)));
    }
}

impl Saga {
    /// A new one, that asks.
    pub(crate) fn asking(lsn: u64, body: SagaBody) -> Saga {
        Saga { lsn, body: SagaBody { state: ASKING, held: 0, redeemed: 0, refunded: 0, ..body } }
    }

    pub(crate) fn is_asking(&self) -> bool {
        self.body.state == ASKING
    }

    /// Whether its cards are held for a checkout.
    pub(crate) fn is_held(&self) -> bool {
        self.body.state == HELD
    }

    /// Whether its cards have paid, and may get something back.
    pub(crate) fn is_redeemed(&self) -> bool {
        self.body.state == REDEEMED
    }

    /// Its cards elsewhere.
    pub(crate) fn apart(&self) -> impl DoubleEndedIterator<Item = &TenderedBody> {
        self.body.tender.all.iter().filter(|one| one.is_apart())
    }

    /// The partitions that were asked, each once, with their cards in the order in which they were asked for.
    pub(crate) fn asked(&self) -> BTreeMap<u16, Vec<&TenderedBody>> {
        let mut asked: BTreeMap<u16, Vec<&TenderedBody>> = BTreeMap::new();
        for one in self.apart() {
            asked.entry(one.partition).or_default().push(one);
        }
        asked.values_mut().for_each(|cards| cards.sort_by_key(|one| one.place));
        asked
    }

    /// The holds of this partition, by number, with the instruments that they are of.
    pub(crate) fn holds(&self) -> impl Iterator<Item = (u64, &TenderedBody)> {
        (self.body.first..).zip(self.body.tender.all.iter().filter(|one| !one.is_apart()))
    }

    /// Whether this partition has still to answer.
    pub(crate) fn awaits(&self, from: u16) -> bool {
        self.is_asking() && self.apart().any(|one| one.role == ASKED && one.partition == from)
    }

    /// Whether somebody has still to answer.
    pub(crate) fn is_waiting(&self) -> bool {
        self.apart().any(|one| one.role == ASKED)
    }

    /// Takes an answer; `None` if it is none to what was asked.
    pub(crate) fn answer(&mut self, from: u16, answer: &TenderBody) -> Option<()> {
        let mut answers = answer.all.iter();
        for one in self.body.tender.all.iter_mut().filter(|one| one.is_apart() && one.partition == from) {
            let answer = answers.next()?;
            let is_of_it = (answer.partition, answer.place, answer.coupon) == (one.partition, one.place, one.coupon);
            let is_answer =
                matches!(answer.role, PLEDGED | DECLINED) && answer.charge <= self.body.wanted && answer.captured == 0;
            (one.role == ASKED && is_of_it && is_answer).then_some(())?;
            *one = *answer;
        }
        answers.next().is_none().then_some(())
    }

    /// The refusal of the instrument that the request names first, if one was declined.
    pub(crate) fn declined(&self) -> Option<(usize, Rejection)> {
        if planted::is(Planted::DeclineIgnored) {
            return None;
        }
        let one = self.apart().filter(|one| one.role == DECLINED).min_by_key(|one| one.place)?;
        Some((one.place.into(), Rejection::new(Reason::from_number(one.reason)?, one.value)))
    }

    /// The digest of its instruments.
    pub(crate) fn said(&self) -> u64 {
        digest::text(&codec::encode_tender(&self.body.tender))
    }

    /// What each card pays, in the order in which they are drained; or the place of the first that would pay nothing.
    pub(crate) fn drained(&self) -> Result<Vec<TenderedBody>, usize> {
        let mut all: Vec<TenderedBody> = self.body.tender.all.iter().copied().filter(|one| one.role != DISCOUNT).collect();
        // Of two alike the one at home pays first.
        all.sort_by_key(|one| (one.is_apart(), one.coupon, one.partition));
        let available = |one: &TenderedBody| if one.role == DECLINED { self.body.wanted } else { one.available };
        let cards = (0..).zip(&all).map(|(at, one)| Card { coupon: at, available: available(one), until_ms: one.until_ms });
        let paid = tender(self.body.wanted, &cards.collect::<Vec<_>>());
        let idle = (0..).zip(&all).filter(|(at, _)| !paid.iter().any(|(paying, _)| paying == at));
        match idle.map(|(_, one)| one.place).min() {
            Some(place) => Err(place.into()),
            None => Ok(paid.into_iter().map(|(at, charge)| TenderedBody { charge, ..all[at as usize] }).collect()),
        }
    }

    /// How much each card elsewhere has got back when all of them have got so much: the last drained first.
    pub(crate) fn given_back(&self, mut refunded: i64) -> Vec<(&TenderedBody, i64)> {
        let mut given: Vec<_> = self
            .apart()
            .rev()
            .map(|one| {
                let amount = refunded.min(one.captured);
                refunded -= amount;
                (one, amount)
            })
            .collect();
        assert_eq!(refunded, 0, "I2: no more goes back to cards than they have paid");
        given.reverse();
        given
    }

    /// How much each card elsewhere gets back, in the order in which they are drained, when `more` goes back to them after `before`.
    pub(crate) fn given_after(&self, before: i64, more: i64) -> Vec<(&TenderedBody, i64)> {
        let (had, has) = (self.given_back(before), self.given_back(before + more));
        had.into_iter().zip(has).map(|((one, had), (_, has))| (one, has - had)).collect()
    }

    /// When it ends something by itself.
    fn due_ms(&self) -> Option<i64> {
        match self.body.state {
            ASKING => Some(self.body.deadline_ms),
            HELD if !planted::is(Planted::SagaDeadlineIgnored) => Some(self.body.until_ms),
            _ => None,
        }
    }
}

/// All sagas of one partition that are known.
#[derive(Default)]
pub(crate) struct Sagas {
    all: BTreeMap<u64, Saga>,
    digest: u64,
    /// Those that ask, by their orders; derived.
    asking: BTreeMap<u128, u64>,
    /// The holds of this partition, by number, that those have which ask; derived.
    held_by: BTreeSet<u64>,
    /// By the checkouts that they became; derived.
    by_checkout: BTreeMap<u64, u64>,
    /// Those that end by themselves: whether they hold, when, and their lsns; derived.
    due: BTreeSet<(bool, i64, u64)>,
}

impl Sagas {
    pub(crate) fn get(&self, lsn: u64) -> Option<&Saga> {
        self.all.get(&lsn)
    }

    /// The one that asks for this order.
    pub(crate) fn of_order(&self, order: u128) -> Option<&Saga> {
        self.get(*self.asking.get(&order)?)
    }

    /// The one that became this checkout.
    pub(crate) fn of_checkout(&self, checkout: u64) -> Option<&Saga> {
        self.get(*self.by_checkout.get(&checkout)?)
    }

    /// Whether one that asks holds, meanwhile, by the hold of this number.
    pub(crate) fn has_hold(&self, number: u64) -> bool {
        self.held_by.contains(&number)
    }

    /// How many ask.
    pub(crate) fn asking(&self) -> u64 {
        self.asking.len() as u64
    }

    /// The newest.
    pub(crate) fn newest(&self) -> Option<&Saga> {
        self.all.values().next_back()
    }

    /// All of them, from the newest on.
    pub(crate) fn newest_first(&self) -> impl Iterator<Item = &Saga> {
        self.all.values().rev()
    }

    /// The oldest.
    pub(crate) fn oldest(&self) -> Option<&Saga> {
        self.all.values().next()
    }

    /// Those whose deadlines have passed: first those that ask, then those that hold, each by its deadline.
    pub(crate) fn due(&self, now_ms: i64) -> impl Iterator<Item = &Saga> {
        let passed = |holds| self.due.range((holds, i64::MIN, 0)..=(holds, now_ms, u64::MAX));
        passed(false).chain(passed(true)).filter_map(|&(.., lsn)| self.get(lsn))
    }

    /// `None` if there is one of its name, or of its order.
    pub(crate) fn add(&mut self, saga: Saga) -> Option<()> {
        let is_asked = saga.is_asking() && self.asking.contains_key(&saga.body.order);
        let is_known = self.all.contains_key(&saga.lsn) || is_asked;
        (!is_known).then(|| self.put(saga))
    }

    fn put(&mut self, saga: Saga) {
        let (lsn, body) = (saga.lsn, &saga.body);
        self.digest = self.digest.wrapping_add(contribution(lsn, &saga));
        if saga.is_asking() {
            self.asking.insert(body.order, lsn);
            self.held_by.extend(saga.holds().map(|(hold, _)| hold));
        }
        for checkout in [body.held, body.redeemed].into_iter().filter(|&checkout| checkout != 0) {
            self.by_checkout.insert(checkout, lsn);
        }
        self.due.extend(saga.due_ms().map(|due_ms| (saga.is_held(), due_ms, lsn)));
        self.all.insert(lsn, saga);
    }

    /// All that is known of it leaves memory.
    pub(crate) fn remove(&mut self, lsn: u64) -> Saga {
        let saga = self.all.remove(&lsn).expect("I9: a saga that ends exists");
        self.digest = self.digest.wrapping_sub(contribution(lsn, &saga));
        if saga.is_asking() {
            self.asking.remove(&saga.body.order);
            for (hold, _) in saga.holds() {
                self.held_by.remove(&hold);
            }
        }
        for checkout in [saga.body.held, saga.body.redeemed] {
            self.by_checkout.remove(&checkout);
        }
        if let Some(due_ms) = saga.due_ms() {
            self.due.remove(&(saga.is_held(), due_ms, lsn));
        }
        saga
    }

    /// Changes one.
    pub(crate) fn change<R>(&mut self, lsn: u64, change: impl FnOnce(&mut Saga) -> R) -> R {
        let mut saga = self.remove(lsn);
        let result = change(&mut saga);
        self.put(saga);
        result
    }

    /// It became the checkout of this lsn, held until a deadline or redeemed, with what its cards pay.
    pub(crate) fn become_checkout(&mut self, lsn: u64, checkout: u64, held_until_ms: Option<i64>, tender: TenderBody) {
        self.change(lsn, |saga| {
            let body = &mut saga.body;
            assert!(matches!(body.state, ASKING | HELD), "I8: what a saga holds is captured once");
            // What the order says is kept by the checkout.
            (body.merchant, body.order_id, body.body) = Default::default();
            body.tender = tender;
            match held_until_ms {
                Some(until_ms) => (body.state, body.until_ms, body.held) = (HELD, until_ms, checkout),
                None => (body.state, body.redeemed) = (REDEEMED, checkout),
            }
        });
    }

    /// Its cards elsewhere are free.
    pub(crate) fn let_go(&mut self, lsn: u64) {
        self.change(lsn, |saga| {
            assert_eq!(saga.body.state, HELD, "I8: what a saga holds is let go once");
            saga.body.state = GONE;
        });
    }

    pub(crate) fn save<E>(&self, out: &mut Chunks<'_, E>) -> Result<(), E> {
        for saga in self.all.values() {
            out.blob(EntityKind::Saga, saga.lsn, &encode_saga(&saga.body))?;
        }
        out.end()
    }

    pub(crate) fn restore(&mut self, lsn: u64, bytes: &[u8]) -> Option<()> {
        let body = decode_saga(bytes)?;
        let is_known = (ASKING..=GONE).contains(&body.state) && body.tender.all.iter().all(is_tendered);
        let rises = self.all.last_key_value().is_none_or(|(&last, _)| last < lsn);
        (is_known && rises && encode_saga(&body) == bytes).then(|| self.add(Saga { lsn, body }))?
    }

    pub(crate) fn digest(&self) -> u64 {
        self.digest
    }

    /// Bytes of memory that they hold.
    pub(crate) fn memory_bytes(&self) -> u64 {
        let heap = |saga: &Saga| {
            let body = &saga.body;
            body.merchant.len() + body.order_id.len() + body.body.len() + body.tender.all.len() * size_of::<TenderedBody>()
        };
        self.all.values().map(|saga| (size_of::<(u64, Saga)>() + heap(saga)) as u64).sum()
    }
}
