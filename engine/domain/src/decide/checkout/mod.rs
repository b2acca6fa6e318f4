//! Checkouts 下单: coupons and cards of this partition used together on an order of lines, or held for it; all of them or none.
//!
//! What they do is reckoned by the pure functions of [`checkout`](crate::checkout); here is decided whether each may be used at all. The
//! first instrument that may not, in the order in which they were given, is the refusal, and names itself by its place.

mod apart;
mod capture;
mod refund;
mod units;

pub(super) use apart::{told_fitting, told_lines};

use super::standing::Standing;
use super::{Context, Decision, Events, Happening, Outgoing, refused};
use crate::checkout::{Applied, Card, INSTRUMENTS_MAX, Line, Offer, PLACES, Unusable, apply, lie_in, meet, tender};
use crate::checkouts::{Checkout as Known, Stage};
use crate::codec;
use crate::command::{Checkout, Keys};
use crate::event::{
    CapturedApart, CheckedOut, CheckoutRefunded, Event, Joined, LET_GO, LineBody, OrderBody, PartHeld, PartRedeemed,
    PartReleased, RefundedApart, Request, SagaCheckedOut, SagaEnded, SagaOpened,
};
use crate::hold::{HOLDS_PER_COUPON_MAX, Hold};
use crate::id::Id;
use crate::keyed::OrderKey;
use crate::money::Currency;
use crate::partition::Partition;
use crate::planted::{self, Planted};
use crate::rejection::{Reason, Rejection};
use crate::request::{Operation, pack_at};
use crate::saga::Saga;
use crate::terms::void::Void;
use crate::terms::within;

/// Events that happen together, in one frame: the parts of a checkout, and the one that closes them.
#[derive(Debug)]
pub struct Group<'a> {
    parts: Vec<Event<'a>>,
    closing: Event<'a>,
    /// What the closing event says beside its numbers.
    body: Vec<u8>,
    /// Its instruments, where they are of several partitions.
    pub(super) tender: Vec<u8>,
    /// Merchant and order of its holds, where the command does not say them.
    pub(super) order: Option<[String; 2]>,
}

impl<'g> Group<'g> {
    /// These happen, and then this.
    pub(super) fn of(parts: Vec<Event<'g>>, closing: Event<'g>) -> Group<'g> {
        Group { parts, closing, body: Vec::new(), tender: Vec::new(), order: None }
    }

    /// What happens to each coupon, in order. Their keys are their own, not the command's.
    pub fn parts(&self) -> impl Iterator<Item = Event<'_>> {
        self.parts.iter().map(|&part| match (part, &self.order) {
            (Event::PartHeld(held), Some([merchant, order])) => Event::PartHeld(PartHeld { merchant, order, ..held }),
            (part, _) => part,
        })
    }

    /// What makes them one; it answers the request.
    pub fn closing(&self) -> Event<'_> {
        let (body, tender) = (&self.body[..], &self.tender[..]);
        match self.closing {
            Event::CheckedOut(event) => Event::CheckedOut(CheckedOut { body, ..event }),
            Event::CheckoutRefunded(event) => Event::CheckoutRefunded(CheckoutRefunded { body, ..event }),
            Event::SagaOpened(event) => Event::SagaOpened(SagaOpened { body, tender, ..event }),
            Event::SagaCheckedOut(event) => Event::SagaCheckedOut(SagaCheckedOut { tender, ..event }),
            Event::CapturedApart(event) => Event::CapturedApart(CapturedApart { body, tender, ..event }),
            Event::RefundedApart(event) => Event::RefundedApart(RefundedApart { body, ..event }),
            event => event,
        }
    }
}

/// A refusal that names the instrument it is about, if it is about one.
pub(super) fn named(places: &[&'static str; INSTRUMENTS_MAX], at: Option<usize>, why: Rejection) -> Rejection {
    at.map_or(why, |at| Rejection { field: places[at], ..why })
}

/// Why an order is refused, and the place of the instrument that it is about.
struct Refusal {
    at: Option<usize>,
    why: Rejection,
}

impl From<Rejection> for Refusal {
    fn from(why: Rejection) -> Refusal {
        Refusal { at: None, why }
    }
}

/// What an order that is not refused comes to.
enum Outcome<'a> {
    /// It happens.
    Group(Group<'a>),
    /// The same, and this is sent with it.
    Send(Group<'a>, Vec<Outgoing>),
    /// The same, and it is not decided before others have answered.
    Open(Group<'a>, Vec<Outgoing>),
    /// It happened already, by the event of this lsn.
    Join(u64),
}

/// An instrument as the order finds it.
struct Found<'a> {
    at: usize,
    standing: Standing<'a>,
    /// The order's own live hold of it, which a new one replaces.
    own: Option<&'a Hold>,
}

/// What the instruments do to the order, in the order of application.
struct Reckoned {
    applied: Applied,
    /// What each card pays.
    payments: Vec<(u64, i64)>,
}

impl Partition {
    pub(super) fn decide_checkout<'a>(&self, context: &Context<'_>, checkout: &'a Checkout, keys: &Keys) -> Decision<'a> {
        let ttl_ms = match self.check_form(checkout) {
            Ok(ttl_ms) => ttl_ms,
            Err(refusal) => return refusal.into(),
        };
        let fingerprint = self.checkout_fingerprint(checkout);
        if let Some(known) = self.known_request(context, keys.request, fingerprint) {
            return known;
        }
        if let Some(asking) = self.sagas.of_order(keys.order.natural) {
            return asked_again(asking, keys.request, fingerprint);
        }
        let request = Request { id: checkout.request_id.as_str(), fingerprint };
        let outcome = self.check_out(context, checkout, keys.order, context.now_ms + ttl_ms, request);
        together(checkout.operation, keys.order.natural, request, outcome)
    }

    /// Whether it is a checkout at all: how long its holds live.
    fn check_form(&self, checkout: &Checkout) -> Result<i64, Rejection> {
        let many = checkout.instruments.len() + checkout.apart.len();
        within("instruments", many as i64, 1, INSTRUMENTS_MAX as i64)?;
        self.check_apart(checkout)?;
        let ttl_ms = super::hold::ttl_ms(checkout.ttl_ms)?;
        for (at, (place, instrument)) in checkout.places().zip(&checkout.instruments).enumerate() {
            let is_twin = |other: &crate::command::Instrument| other.coupon() == instrument.coupon();
            self.instrument(instrument).map_err(|why| named(&PLACES, Some(place), why))?;
            if checkout.instruments[..at].iter().any(is_twin) {
                return Err(Rejection::invalid(PLACES[place], 1));
            }
        }
        Ok(ttl_ms)
    }

    fn checkout_fingerprint(&self, checkout: &Checkout) -> u64 {
        let text = |id: Option<&Id>| id.map_or("", Id::as_str).to_owned();
        let Checkout { operation, merchant, order_id, order, currency, channel, .. } = checkout;
        let mut texts = vec![text(Some(merchant)), text(Some(order_id)), text(channel.as_ref())];
        let currency = currency.number();
        let mut numbers = vec![*operation as u64, currency, checkout.ttl_ms as u64, order.shipping() as u64];
        for line in order.lines() {
            texts.extend([text(line.goods.as_ref()), text(Some(&line.merchant))]);
            texts.extend(line.categories.iter().map(|category| text(Some(category))));
            numbers.extend([line.categories.len() as u64, line.quantity.into(), line.unit_price as u64]);
        }
        let mut coupons: Vec<u64> = checkout.instruments.iter().map(|instrument| instrument.coupon()).collect();
        coupons.sort_unstable();
        numbers.extend(coupons);
        let mut apart: Vec<_> = checkout.apart.iter().map(|apart| (apart.partition, apart.instrument.coupon())).collect();
        apart.sort_unstable();
        numbers.extend(apart.into_iter().flat_map(|(partition, coupon)| [partition.into(), coupon]));
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        self.key().fingerprint(&texts, &numbers)
    }

    fn check_out<'a>(
        &self,
        context: &Context<'_>,
        checkout: &'a Checkout,
        key: OrderKey,
        deadline_ms: i64,
        request: Request<'a>,
    ) -> Result<Outcome<'a>, Refusal> {
        let now_ms = context.now_ms;
        let holds = checkout.operation == Operation::HoldOrder;
        let before = self.checkouts.of_order(key.natural).map(|(_, before)| before);
        let (mut parts, mut outgoing) = (Vec::new(), Vec::new());
        match before {
            Some(first) if first.stage == Stage::Redeemed => {
                let is_same = !holds && first.fingerprint == request.fingerprint && first.may_be_joined(now_ms);
                let refusal = Rejection::new(Reason::OrderAlreadyRedeemed, first.lsn as i64);
                return if is_same { Ok(Outcome::Join(first.lsn)) } else { Err(refusal.into()) };
            }
            Some(held) if holds => {
                parts.extend(self.let_go(held, checkout, now_ms));
                self.let_go_apart(held, &mut parts, &mut outgoing)?;
            }
            Some(held) if self.live_parts(held, now_ms).next().is_some() => {
                return Err(Rejection::new(Reason::CouponHeld, held.lsn as i64).into());
            }
            Some(held) => self.let_go_apart(held, &mut parts, &mut outgoing)?,
            None => {}
        }
        let found = self.find(checkout, now_ms)?;
        if !checkout.apart.is_empty() {
            return self.open(context, checkout, &found, deadline_ms, request, (parts, outgoing));
        }
        let reckoned = reckon(checkout, &found)?;
        let mut left = checkout.order.total();
        let steps = reckoned.applied.steps.iter().map(|step| (step.coupon, step.discount, false));
        let payments = reckoned.payments.iter().map(|&(coupon, charge)| (coupon, charge, true));
        let before = parts.len();
        for (coupon, applied, is_card) in steps.chain(payments) {
            let found = found.iter().find(|found| found.standing.number == coupon).expect("what is applied was found");
            let amount = if is_card { applied } else { left };
            parts.push(part(checkout, found, amount, applied, deadline_ms));
            left -= applied;
        }
        let closing = Event::CheckedOut(CheckedOut {
            operation: checkout.operation as u8,
            hold: 0,
            merchant: checkout.merchant.as_str(),
            order: checkout.order_id.as_str(),
            request,
            parts: (parts.len() - before) as u8,
            amount: checkout.order.total(),
            payable: left,
            deadline_ms: if holds { deadline_ms } else { 0 },
            body: &[],
        });
        let body = codec::encode_order(&body(checkout, &reckoned.applied));
        Ok(Outcome::Send(Group { body, ..Group::of(parts, closing) }, outgoing))
    }

    /// The same of what it held elsewhere.
    fn let_go_apart(&self, before: &Known, parts: &mut Vec<Event<'_>>, outgoing: &mut Vec<Outgoing>) -> Result<(), Refusal> {
        let Some(saga) = self.sagas.of_checkout(before.lsn).filter(|saga| saga.is_held()) else { return Ok(()) };
        self.check_room(saga.asked().into_keys())?;
        parts.push(Event::SagaEnded(SagaEnded { saga: saga.lsn, how: LET_GO }));
        outgoing.extend(self.word_to_let_go(saga));
        Ok(())
    }

    /// What the order held before and does not hold any more is let go.
    fn let_go(&self, before: &Known, checkout: &Checkout, now_ms: i64) -> Vec<Event<'static>> {
        let is_kept = |hold: &&Hold| checkout.instruments.iter().any(|instrument| instrument.coupon() == hold.coupon);
        self.live_parts(before, now_ms).filter(|hold| !is_kept(hold)).map(|hold| self.released(hold)).collect()
    }

    pub(super) fn released(&self, hold: &Hold) -> Event<'static> {
        let previous = self.coupons.get(hold.coupon).expect("a held coupon is here").last();
        Event::PartReleased(PartReleased { hold: hold.lsn, coupon: hold.coupon, previous })
    }

    /// The holds of a checkout that are live.
    fn live_parts(&self, checkout: &Known, now_ms: i64) -> impl Iterator<Item = &Hold> {
        let holds = checkout.numbers().filter_map(|number| self.holds.get(number));
        holds.filter(move |hold| hold.is_live(now_ms) && !self.is_revoked(hold))
    }

    /// Whether the void of its template takes a live hold, recorded or not.
    fn is_revoked(&self, hold: &Hold) -> bool {
        let terms = self.coupon(hold.coupon).map(|(_, terms)| terms);
        terms.is_some_and(|terms| terms.void.as_ref().is_some_and(Void::revokes))
    }

    /// Each instrument, if it may be used now and here.
    fn find(&self, checkout: &Checkout, now_ms: i64) -> Result<Vec<Found<'_>>, Refusal> {
        let found = checkout.places().zip(&checkout.instruments).map(|(at, instrument)| {
            let of_it = |why| Refusal { at: Some(at), why };
            let coupon = instrument.coupon();
            let key = self.key().order(checkout.merchant.as_str(), checkout.order_id.as_str(), coupon);
            if let Some((_, first)) = self.redemptions.of_order(key) {
                return Err(of_it(Rejection::new(Reason::OrderAlreadyRedeemed, first.lsn as i64)));
            }
            let own = self.live_hold_of(coupon, key.natural, now_ms);
            own.map_or(Ok(()), |own| self.check_not_awaited(own.lsn)).map_err(of_it)?;
            let standing = self.standing_of(coupon, now_ms);
            let standing = match checkout.operation {
                Operation::HoldOrder => standing.without(own).for_order(&Fitting::of(checkout), None),
                _ => standing.for_order(&Fitting::of(checkout), own),
            };
            Ok(Found { at, standing: standing.map_err(of_it)?, own })
        });
        found.collect()
    }
}

/// What an order asks of each of its instruments.
pub(super) struct Fitting<'a> {
    pub(super) lines: &'a [Line],
    pub(super) channel: Option<&'a Id>,
    pub(super) currency: Currency,
    /// Whether it is held, if only until others have answered.
    pub(super) is_held: bool,
}

impl<'a> Fitting<'a> {
    fn of(checkout: &'a Checkout) -> Fitting<'a> {
        Fitting {
            lines: checkout.order.lines(),
            channel: checkout.channel.as_ref(),
            currency: checkout.currency,
            is_held: checkout.operation == Operation::HoldOrder || !checkout.apart.is_empty(),
        }
    }
}

impl Standing<'_> {
    /// It, if its state, its window and its template's rules let it be used on this order; what it does there is reckoned later.
    pub(super) fn for_order(self, order: &Fitting<'_>, own: Option<&Hold>) -> Result<Self, Rejection> {
        if !planted::is(Planted::OrderUnchecked) {
            self.check_usable(own)?;
        }
        self.check_channel(order.channel)?;
        let is_card = self.terms.is_stored_value();
        let scope = &self.terms.rules().scope;
        let is_in_scope = if is_card { lie_in(order.lines, scope) } else { meet(order.lines, scope) };
        match () {
            () if !is_in_scope => Err(Reason::OutOfScope.into()),
            () if self.terms.currency != order.currency => Err(Reason::CurrencyMismatch.into()),
            () if is_card && self.value.available == 0 => Err(Rejection::new(Reason::InsufficientBalance, 0)),
            () if order.is_held && self.live_holds >= HOLDS_PER_COUPON_MAX => {
                Err(Rejection::new(Reason::TooManyHolds, i64::from(HOLDS_PER_COUPON_MAX)))
            }
            () => Ok(self),
        }
    }
}

/// What the discounts take off together: each has an effect, or the first that has none is the refusal.
fn discounted(checkout: &Checkout, found: &[Found<'_>]) -> Result<Applied, Refusal> {
    let place = |coupon: u64| place_of(found, coupon);
    let offers: Vec<Offer<'_>> =
        found.iter().filter_map(|Found { standing, .. }| Offer::of(standing.number, standing.terms)).collect();
    let applied = apply(&checkout.order, &offers);
    if let Some((coupon, why)) = applied.unusable.first() {
        let why = match why {
            Unusable::NotCombinable { with } => Rejection::new(Reason::NotCombinable, place(*with).map_or(0, |at| at as i64)),
            why => why.refusal(),
        };
        return Err(Refusal { at: place(*coupon), why });
    }
    Ok(applied)
}

/// The place of an instrument of this partition.
fn place_of(found: &[Found<'_>], coupon: u64) -> Option<usize> {
    found.iter().find(|found| found.standing.number == coupon).map(|found| found.at)
}

/// All of them have an effect, or the first that has none is the refusal.
fn reckon(checkout: &Checkout, found: &[Found<'_>]) -> Result<Reckoned, Refusal> {
    let applied = discounted(checkout, found)?;
    let cards: Vec<Card> = found
        .iter()
        .filter(|found| found.standing.terms.is_stored_value())
        .map(|Found { standing, .. }| Card {
            coupon: standing.number,
            available: standing.value.available,
            until_ms: standing.window.until_ms,
        })
        .collect();
    let payments = tender(applied.payable, &cards);
    let pays = |card: &&Card| payments.iter().any(|&(coupon, _)| coupon == card.coupon);
    match cards.iter().find(|card| !pays(card)) {
        Some(idle) => Err(Refusal { at: place_of(found, idle.coupon), why: Reason::NoEffect.into() }),
        None => Ok(Reckoned { applied, payments }),
    }
}

fn part<'a>(checkout: &'a Checkout, found: &Found<'_>, amount: i64, applied: i64, deadline_ms: i64) -> Event<'a> {
    let Found { standing, own, .. } = found;
    let (coupon, previous) = (standing.number, standing.coupon.last());
    let (merchant, order) = (checkout.merchant.as_str(), checkout.order_id.as_str());
    let taken = if standing.terms.is_stored_value() { applied } else { 1 };
    match Fitting::of(checkout).is_held {
        true => {
            let replaces = own.map_or(0, |own| own.lsn);
            Event::PartHeld(PartHeld { coupon, previous, merchant, order, amount, applied, held: taken, deadline_ms, replaces })
        }
        false => Event::PartRedeemed(PartRedeemed { coupon, previous, merchant, order, amount, applied, captured: taken }),
    }
}

fn body<'a>(checkout: &'a Checkout, applied: &Applied) -> OrderBody<'a> {
    let text = |id: Option<&'a Id>| id.map_or("", Id::as_str);
    let lines = checkout.order.lines().iter().zip(checkout.order.amounts()).map(|(line, &amount)| LineBody {
        goods: text(line.goods.as_ref()),
        merchant: line.merchant.as_str(),
        quantity: line.quantity,
        amount,
    });
    let shares = applied.steps.iter().map(|step| [&step.shares[..], &[step.shipping_share]].concat());
    let (currency, shipping) = (checkout.currency.bytes(), checkout.order.shipping());
    OrderBody { currency, lines: lines.collect(), shipping, shares: shares.collect() }
}

/// What is decided of an order: its events, or a refusal that a retry must hear again.
fn together<'a>(
    operation: Operation,
    subject: u128,
    request: Request<'a>,
    outcome: Result<Outcome<'a>, Refusal>,
) -> Decision<'a> {
    match outcome {
        Ok(Outcome::Group(group)) => Decision::HappenTogether(Box::new(group)),
        Ok(Outcome::Send(group, outgoing)) if outgoing.is_empty() => Decision::HappenTogether(Box::new(group)),
        Ok(Outcome::Send(group, outgoing)) => Decision::Send(happening(group, outgoing)),
        Ok(Outcome::Open(group, outgoing)) => Decision::Open(happening(group, outgoing)),
        Ok(Outcome::Join(redemption)) => {
            Decision::happen([Event::Joined(Joined { operation: operation as u8, subject, request, redemption })])
        }
        // What may be gone in a moment is not remembered.
        Err(Refusal { why, .. }) if why.reason == Reason::Overloaded => why.into(),
        Err(Refusal { at, why }) => {
            let why = Rejection { value: pack_at(at, why.value), ..why };
            Decision::happen([refused(operation, subject, request, why)])
        }
    }
}

fn happening<'a>(group: Group<'a>, outgoing: Vec<Outgoing>) -> Box<Happening<'a>> {
    Box::new(Happening { events: Events::new(), group: Some(Box::new(group)), outgoing, ended: None })
}

/// A request for an order that another one asks for, or the same one did.
fn asked_again<'a>(asking: &Saga, request: u128, fingerprint: u64) -> Decision<'a> {
    let known = &asking.body;
    match (known.request == request, known.fingerprint == fingerprint) {
        (true, true) => Decision::Wait(asking.lsn),
        (true, false) => Rejection::new(Reason::RequestIdReused, asking.lsn as i64).into(),
        (false, _) => Rejection::new(Reason::OrderInProgress, asking.lsn as i64).into(),
    }
}
