//! The state of one partition, and `apply`, its only writer (law 2).
//!
//! The same `apply` runs live, in recovery, in the snapshotter and in the simulator. It decides
//! nothing: an event says what happened with its numbers, and what does not fit is a broken
//! invariant (`assert!`) or an event this build cannot read ([`Divergence`]). I6, I9. The files of this folder say, each for a
//! family of events, what becomes of the state.

mod batch;
mod bounds;
mod card;
mod checkout;
mod coupon;
mod gift;
mod hold;
mod keys;
mod legacy;
mod memory;
mod operator;
mod pledge;
mod pool;
mod refund;
mod replay;
mod saga;
mod tendered;
mod time;
mod void;

pub(crate) use batch::run_subject;
pub(crate) use card::load_numbers;
pub(crate) use legacy::row_numbers;
pub use tendered::{TenderBook, Tendered};

use crate::adopted::AdoptedTerms;
use crate::batch::Batches;
use crate::catalog::TEMPLATES_MAX;
use crate::checkouts::Checkouts;
use crate::codec::{self, NotAnEvent};
use crate::command::Keys;
use crate::compact::{Lsn, Ms};
use crate::coupon::{Coupon, Coupons};
use crate::digest::{Clock, EntityKind, contribution};
use crate::event::{self, Event};
use crate::gift::Gifts;
use crate::hold::Holds;
use crate::image::{Chunks, Twins};
use crate::keyed::{IdHashKey, OrderKey, UserKey};
use crate::legacy::LegacyCards;
use crate::line::Lines;
use crate::money::{Currency, is_amount};
use crate::planted::{self, Planted};
use crate::pledge::Pledges;
use crate::pool::Pool;
use crate::redemption::Redemptions;
use crate::rejection::Reason;
use crate::request::{Operation, Remembered, Requests};
use crate::saga::Sagas;
use crate::stock::Stock;
use crate::terms::Terms;
use crate::user::{User, Users};
use crate::value::ValueTotals;
use std::fmt;
use std::sync::Arc;

/// Why a journal cannot be applied to this state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Divergence {
    /// Bytes that are not an event of this build.
    NotAnEvent {
        /// The lsn it would have.
        lsn: u64,
        /// Why not.
        why: NotAnEvent,
    },
    /// An event that does not belong to a journal of this kind, or with a number out of its range.
    Unexpected {
        /// Its lsn.
        lsn: u64,
        /// What is wrong with it.
        what: &'static str,
    },
    /// The state after a frame is not the state that was recorded with it.
    Digest {
        /// The last lsn of the frame.
        lsn: u64,
        /// The digest in the frame.
        recorded: u64,
        /// The digest of the state.
        found: u64,
    },
}

impl Divergence {
    /// Whether the state is the recorded one.
    pub(crate) fn compare(lsn: u64, recorded: u64, found: u64) -> Result<(), Divergence> {
        if found == recorded { Ok(()) } else { Err(Divergence::Digest { lsn, recorded, found }) }
    }
}

impl fmt::Display for Divergence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Divergence::NotAnEvent { lsn, why } => write!(f, "lsn {lsn}: {why}"),
            Divergence::Unexpected { lsn, what } => write!(f, "lsn {lsn}: {what}"),
            Divergence::Digest { lsn, recorded, found } => {
                write!(f, "lsn {lsn}: the state's digest is {found:016x}, the frame recorded {recorded:016x}")
            }
        }
    }
}

impl std::error::Error for Divergence {}

/// Everything that one partition knows.
pub struct Partition {
    id: u16,
    key: IdHashKey,
    lsn: u64,
    time_ms: i64,
    pub(crate) terms: AdoptedTerms,
    pub(crate) users: Users,
    pub(crate) coupons: Coupons,
    pub(crate) holds: Holds,
    pub(crate) gifts: Gifts,
    pub(crate) redemptions: Redemptions,
    pub(crate) checkouts: Checkouts,
    pub(crate) sagas: Sagas,
    pub(crate) pledges: Pledges,
    pub(crate) requests: Requests,
    pub(crate) stock: Stock,
    pub(crate) lines: Lines,
    pub(crate) batches: Batches,
    pub(crate) legacy: LegacyCards,
    /// The keys of the write whose events are being applied, while they are known; derived.
    keys: Option<Keys>,
}

impl Partition {
    /// An empty partition.
    pub fn new(id: u16, key: IdHashKey) -> Partition {
        Partition {
            id,
            key,
            lsn: 0,
            time_ms: 0,
            terms: AdoptedTerms::default(),
            users: Users::default(),
            coupons: Coupons::default(),
            holds: Holds::default(),
            gifts: Gifts::default(),
            redemptions: Redemptions::default(),
            checkouts: Checkouts::default(),
            sagas: Sagas::default(),
            pledges: Pledges::default(),
            requests: Requests::default(),
            stock: Stock::default(),
            lines: Lines::default(),
            batches: Batches::default(),
            legacy: LegacyCards::default(),
            keys: None,
        }
    }

    /// Its number.
    pub fn id(&self) -> u16 {
        self.id
    }

    /// The lsn of the last event applied; 0 = none.
    pub fn lsn(&self) -> u64 {
        self.lsn
    }

    /// The time of the last event, ms; no later event is before it.
    pub fn time_ms(&self) -> i64 {
        self.time_ms
    }

    /// The keyed hashes that its state is made with.
    pub fn key(&self) -> &IdHashKey {
        &self.key
    }

    /// Stock and leases.
    pub fn stock(&self) -> &Stock {
        &self.stock
    }

    /// Stock and leases alone.
    pub fn into_stock(self) -> Stock {
        self.stock
    }

    /// Lines to and from other partitions.
    pub fn lines(&self) -> &Lines {
        &self.lines
    }

    /// Coupons, users, redemptions and remembered requests, counted.
    pub fn counts(&self) -> [u64; 4] {
        [self.coupons.len(), self.users.len(), self.redemptions.len(), self.requests.len()]
    }

    /// Holds in memory: live ones, and all.
    pub fn holds(&self) -> [u64; 2] {
        [self.holds.live(), self.holds.len()]
    }

    /// Gifts in memory: open ones, and all.
    pub fn gifts(&self) -> [u64; 2] {
        [self.gifts.open(), self.gifts.len()]
    }

    /// The instants before which no coupon expires, no hold and no gift ends by itself; nothing where there is none.
    pub fn next_deadlines_ms(&self) -> [Option<i64>; 3] {
        [self.coupons.next_expiry_ms(), self.holds.next_deadline_ms(), self.gifts.next_deadline_ms()]
    }

    /// Where the value of all coupons is: of each adopted terms the template's number, the currency and the sums, in minor
    /// units or in units of one-use coupons. I2.
    pub fn value_totals(&self) -> impl Iterator<Item = (u32, Currency, ValueTotals)> {
        self.terms.iter().map(|(terms, &totals)| (terms.template, terms.currency, totals))
    }

    /// The same sums, made anew from every coupon: what an audit compares.
    pub fn recount_value(&self) -> Vec<ValueTotals> {
        let mut totals = vec![ValueTotals::default(); self.terms.next() as usize];
        for number in 0..self.coupons.next() {
            let terms = self.coupons.get(number).expect("coupons do not leave").terms;
            totals[terms as usize] += self.value(number);
        }
        totals
    }

    /// The digest of all state.
    pub fn digest(&self) -> u64 {
        self.digests().into_iter().fold(0, |sum, (_, digest)| sum.wrapping_add(digest))
    }

    /// What each part of the state adds to the digest, by the part's name: where two digests differ, these say in what.
    pub fn digests(&self) -> [(&'static str, u64); 15] {
        [
            ("clock", contribution(u64::from(self.id) + 1, &self.clock())),
            ("terms", self.terms.digest()),
            ("users", self.users.digest()),
            ("coupons", self.coupons.digest()),
            ("holds", self.holds.digest()),
            ("gifts", self.gifts.digest()),
            ("redemptions and refunds", self.redemptions.digest()),
            ("checkouts", self.checkouts.digest()),
            ("sagas", self.sagas.digest()),
            ("pledges", self.pledges.digest()),
            ("requests", self.requests.digest()),
            ("stock and leases", self.stock.digest()),
            ("lines", self.lines.digest()),
            ("batches", self.batches.digest()),
            ("legacy cards", self.legacy.digest()),
        ]
    }

    fn clock(&self) -> Clock {
        let [redemptions, refunds] = self.redemptions.forgotten();
        let [checkouts, checkout_refunds] = self.checkouts.forgotten();
        let (holds, gifts) = (self.holds.forgotten(), self.gifts.forgotten());
        let forgotten_of = [redemptions, refunds, holds, gifts, checkouts, checkout_refunds];
        Clock { lsn: self.lsn, time_ms: self.time_ms, forgotten: self.requests.forgotten(), forgotten_of }
    }

    /// A coupon with its terms.
    pub(crate) fn coupon(&self, number: u64) -> Option<(&Coupon, &Arc<Terms>)> {
        let coupon = self.coupons.get(number)?;
        Some((coupon, self.terms.of(coupon.terms)))
    }

    /// The coupons of a user, newest first.
    pub(crate) fn wallet(&self, user: UserKey) -> impl Iterator<Item = u64> {
        let user = self.users.find(user).and_then(|number| self.users.get(number));
        let mut next = user.map_or(0, User::newest);
        std::iter::from_fn(move || {
            let number = next.checked_sub(1)?;
            next = self.coupons.get(number).expect("a coupon of a wallet is here").older();
            Some(number)
        })
    }

    /// Makes `event` the next fact; it was decided by these keys, which are not hashed again.
    pub fn apply_by(&mut self, time_ms: i64, event: &Event<'_>, keys: &Keys) -> Result<(), Divergence> {
        self.keys = Some(*keys);
        let applied = self.apply(time_ms, event);
        self.keys = None;
        applied
    }

    /// Makes `event` the next fact.
    pub fn apply(&mut self, time_ms: i64, event: &Event<'_>) -> Result<(), Divergence> {
        assert!(time_ms >= self.time_ms, "I10: time does not go back");
        self.lsn += 1;
        self.time_ms = time_ms;
        if !bounds::are_kept(self.lsn, time_ms, event) {
            return self.unexpected("a number beyond what is kept");
        }
        match event {
            Event::TermsAdoptedV1(event) => return self.adopt(&event.today()),
            Event::TermsAdopted(event) => return self.adopt(event),
            Event::ClaimedV1(event) => return self.claimed(&event.today()),
            Event::Claimed(event) => return self.claimed(event),
            Event::RedeemedV1(event) => {
                self.redeemed(event, OrderKey { order_only: 0, ..self.order_key(event.merchant, event.order, event.coupon) })
            }
            Event::Redeemed(event) => self.redeemed(event, self.order_key(event.merchant, event.order, event.coupon)),
            Event::Refused(event) => return self.refused(event),
            Event::RefundedV1(event) => return self.refunded_v1(event),
            Event::Refunded(event) => return self.refunded(event),
            Event::Held(event) => self.held(event),
            Event::Captured(event) => self.captured(event),
            Event::HoldEnded(event) => return self.hold_ended(event),
            Event::CouponBlocked(event) => return self.coupon_blocked(event),
            Event::UserBlocked(event) => return self.user_blocked(event),
            Event::Voided(event) => self.voided(event),
            Event::TermsVoided(event) => return self.terms_voided(event),
            Event::VoidedWithTemplate(event) => self.voided_with_template(event),
            Event::Expired(event) => self.expired(event),
            Event::Forgotten(event) => return self.forgotten(event),
            Event::RequestsForgotten(event) => self.requests.forget_before(event.before),
            Event::Joined(event) => return self.joined(event),
            Event::StockOpened(event) => self.stock.open(Pool::stock(event.template), event.total),
            Event::StockSet(event) => self.stock_set(event),
            Event::LeaseGranted(lease) => self.stock.grant(Pool::stock(lease.template), lease.partition, lease.count),
            Event::LeaseReclaimed(lease) => self.stock.reclaim(Pool::stock(lease.template), lease.partition, lease.count),
            Event::LeaseReceived(lease) | Event::LeaseReturned(lease) if lease.partition != 0 => {
                return self.unexpected("a lease of another partition");
            }
            Event::LeaseReceived(lease) => self.stock.receive(Pool::stock(lease.template), lease.count),
            Event::LeaseReturned(lease) => self.stock.give_back(Pool::stock(lease.template), lease.count),
            Event::PoolOpened(event) => return self.pool_opened(event),
            Event::BudgetSet(event) => return self.budget_set(event),
            Event::PoolLeased(event) => return self.pool_leased(event),
            Event::Restocked(event) => return self.restocked(event),
            Event::DayDropped(event) => return self.day_dropped(event),
            Event::PartHeld(event) => drop(self.hold(event)),
            Event::PartRedeemed(event) => {
                self.redeem(event, self.order_key(event.merchant, event.order, event.coupon));
            }
            Event::PartCaptured(event) => drop(self.capture(event, false)),
            Event::PartReacquired(event) => drop(self.capture(event, true)),
            Event::PartReleased(event) => self.release_part(event),
            Event::PartRefunded(event) => return self.refund(event).map(drop),
            Event::CheckedOut(event) => return self.checked_out(event),
            Event::CheckoutReleased(event) => return self.checkout_released(event),
            Event::CheckoutRefunded(event) => return self.checkout_refunded(event),
            Event::SagaOpened(event) => return self.saga_opened(event),
            Event::SagaAnswered(event) => return self.saga_answered(event),
            Event::SagaCheckedOut(event) => return self.saga_checked_out(event),
            Event::SagaRefused(event) => return self.saga_refused(event),
            Event::SagaEnded(event) => return self.saga_ended(event),
            Event::CapturedApart(event) => return self.captured_apart(event),
            Event::RefundedApartV1(event) => return self.refunded_apart(&event.today()),
            Event::RefundedApart(event) => return self.refunded_apart(event),
            Event::Pledged(event) => return self.pledge(event),
            Event::PledgeEnded(event) => return self.pledge_ended(event),
            Event::LineSent(event) => self.lines.send(event.to, event.number, event.message),
            Event::LineReceived(event) => self.lines.receive(event.from, event.number),
            Event::LineAcknowledged(event) => self.lines.acknowledge(event.to, event.through),
            Event::GiftOffered(event) => self.gift_offered(event),
            Event::GiftEnded(event) => return self.gift_ended(event),
            Event::GiftAccepted(event) => self.gift_accepted(event),
            Event::GiftReceived(event) => return self.gift_received(event),
            Event::GiftArrived(event) => return self.gift_arrived(event),
            Event::BatchOpened(event) => return self.batch_opened(event),
            Event::CardsMade(event) => return self.cards_made(event),
            Event::BatchCompleted(event) => self.batch_completed(event),
            Event::BatchTaken(event) => self.batch_taken(event),
            Event::Activated(event) => return self.activated(event),
            Event::Reloaded(event) => return self.reloaded(event),
            Event::Adjusted(event) => return self.adjusted(event),
            Event::Replaced(event) => self.replaced(event),
            Event::CardImported(event) => return self.card_imported(event),
            Event::TemplateCreatedV1(_)
            | Event::TemplateCreated(_)
            | Event::TemplateUpdatedV1(_)
            | Event::TemplateUpdated(_)
            | Event::TemplateStopped(_)
            | Event::TemplateResumed(_)
            | Event::TemplateVoided(_) => {
                return self.unexpected("an event of the catalog in a partition's journal");
            }
        }
        Ok(())
    }

    fn unexpected(&self, what: &'static str) -> Result<(), Divergence> {
        Err(Divergence::Unexpected { lsn: self.lsn, what })
    }

    /// All of it as chunks of an image; what `pass_on` refuses ends it.
    pub fn save<E>(&self, pass_on: &mut dyn FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        let mut out = Chunks::new(pass_on);
        out.one(&self.clock())?;
        for (number, (terms, _)) in (0..).zip(self.terms.iter()) {
            let (body, rules) = (terms.body(), terms.rule_bytes());
            let adopted = Event::TermsAdopted(event::TermsAdopted { terms: number, body, rules });
            out.blob(EntityKind::Terms, u64::from(number), &codec::encoded(&adopted))?;
        }
        out.end()?;
        out.keyed(self.terms.voids())?;
        self.users.save(&mut out)?;
        self.coupons.save(&mut out)?;
        out.numbered(self.holds.entities())?;
        out.numbered(self.gifts.entities())?;
        self.redemptions.save(&mut out)?;
        if !planted::is(Planted::CheckoutsLeftOutOfImage) {
            self.checkouts.save(&mut out)?;
            self.sagas.save(&mut out)?;
        }
        if !planted::is(Planted::PledgesLeftOutOfImage) {
            self.pledges.save(&mut out)?;
        }
        if !planted::is(Planted::RequestsLeftOutOfImage) {
            self.requests.save(&mut out)?;
        }
        self.stock.save(&mut out)?;
        self.lines.save(&mut out)?;
        if !planted::is(Planted::BatchesLeftOutOfImage) {
            self.batches.save(&mut out)?;
        }
        match planted::is(Planted::CodesLeftOutOfImage) {
            true => Ok(()),
            false => self.legacy.save(&mut out),
        }
    }

    pub(crate) fn set_clock(&mut self, clock: &Clock) -> Option<()> {
        let is_kept = Lsn::new(clock.lsn).is_some() && Ms::new_signed(clock.time_ms).is_some();
        let is_new = self.lsn == 0 && self.terms.next() == 0 && is_kept;
        is_new.then_some(())?;
        let [redemptions, refunds, holds, gifts, checkouts, checkout_refunds] = clock.forgotten_of;
        self.requests.begin_at(clock.forgotten)?;
        self.redemptions.begin_at(redemptions, refunds)?;
        self.holds.begin_at(holds)?;
        self.gifts.begin_at(gifts)?;
        self.checkouts.begin_at(checkouts, checkout_refunds)?;
        (self.lsn, self.time_ms) = (clock.lsn, clock.time_ms);
        Some(())
    }

    /// From now on events come from a journal that is rebuilt, and nobody asks for a request or an order until [`Partition::catch_up`]:
    /// what they are found by is not kept meanwhile.
    pub fn put_off(&mut self) {
        self.requests.put_off();
        self.redemptions.put_off();
    }

    /// The journal is rebuilt: every request and every order is found from now on.
    ///
    /// # Errors
    /// When two have one key; then the state is of no use. I5.
    pub fn catch_up(&mut self) -> Result<(), Twins> {
        self.requests.catch_up().map_err(Twins::of(EntityKind::Request))?;
        self.redemptions.catch_up().map_err(Twins::of(EntityKind::Redemption))
    }

    /// What follows from the entities of an image; they are proven by now.
    pub(crate) fn derive(&mut self) -> Result<(), Twins> {
        self.users.derive().map_err(Twins::of(EntityKind::User))?;
        self.legacy.derive().map_err(Twins::of(EntityKind::LegacyCard))?;
        self.coupons.derive();
        if self.terms.are_some_void() {
            self.coupons.look_at_all();
        }
        self.holds.derive();
        self.gifts.derive();
        for (number, totals) in (0..).zip(self.recount_value()) {
            *self.terms.totals_mut(number) = totals;
        }
        self.catch_up()
    }

    pub(crate) fn restore_terms(&mut self, number: u64, bytes: &[u8]) -> Option<()> {
        let event = match codec::decode(bytes) {
            Ok((Event::TermsAdoptedV1(event), used)) if used == bytes.len() => event.today(),
            Ok((Event::TermsAdopted(event), used)) if used == bytes.len() => event,
            _ => return None,
        };
        let is_next = u64::from(event.terms) == number && number == u64::from(self.terms.next());
        is_next.then(|| self.adopt(&event).ok())?
    }

    fn adopt(&mut self, event: &event::TermsAdopted<'_>) -> Result<(), Divergence> {
        let Some(terms) = Terms::from_body(&event.body, event.rules) else {
            return self.unexpected("terms with a number that is not known");
        };
        if !is_amount(terms.face_value()) {
            return self.unexpected("a face value that is no amount");
        }
        assert_eq!(event.terms, self.terms.next(), "terms are numbered without gaps");
        if event.body.template as usize >= TEMPLATES_MAX {
            return self.unexpected("a template number beyond what a catalog holds");
        }
        self.terms.push(terms);
        Ok(())
    }

    fn refused(&mut self, event: &event::Refused<'_>) -> Result<(), Divergence> {
        let Some(operation) = Operation::from_number(event.operation) else {
            return self.unexpected("an operation that is not known");
        };
        if Reason::from_number(event.reason).is_none() {
            return self.unexpected("a refusal for a reason that is not known");
        }
        self.remember(operation, event.subject, &event.request, event.reason, event.value);
        Ok(())
    }

    fn joined(&mut self, event: &event::Joined<'_>) -> Result<(), Divergence> {
        let (operation, number) = match Operation::from_number(event.operation) {
            Some(operation @ (Operation::Redeem | Operation::Capture)) => {
                let Some((number, _)) = self.redemptions.at_lsn(event.redemption) else {
                    return self.unexpected("a redemption that did not happen");
                };
                (operation, number)
            }
            Some(operation @ Operation::Release) => {
                let Some((number, _)) = self.holds.at_lsn(event.redemption) else {
                    return self.unexpected("a hold that did not happen");
                };
                (operation, number)
            }
            Some(operation @ (Operation::RedeemOrder | Operation::CaptureOrder)) => {
                let Some((number, _)) = self.checkouts.at_lsn(event.redemption) else {
                    return self.unexpected("a checkout that did not happen");
                };
                (operation, number)
            }
            Some(operation @ (Operation::CancelGift | Operation::AcceptGift)) => {
                let Some((number, _)) = self.gifts.at_lsn(event.redemption) else {
                    return self.unexpected("a gift that did not happen");
                };
                (operation, number)
            }
            _ => return self.unexpected("an operation that joins nothing"),
        };
        self.remember(operation, event.subject, &event.request, 0, number as i64);
        Ok(())
    }

    fn remember(&mut self, operation: Operation, subject: u128, request: &event::Request<'_>, reason: u16, value: i64) {
        let key = self.request_key(operation, subject, request.id);
        self.requests.remember(Remembered {
            key,
            fingerprint: request.fingerprint,
            lsn: self.lsn,
            at_ms: self.time_ms,
            value,
            reason,
            operation,
        });
    }
}
