//! Checkouts with cards of other partitions, at their home: what is decided here before anybody is asked.
//!
//! Everything that this partition can refuse costs no message. Then its own instruments are held, the discounts for what they take off and the
//! cards for all that may be left for them, and the others are asked: in one frame, so that whoever is asked can be told how it ended.

use super::super::{Context, Outgoing};
use super::{Fitting, Found, Group, Outcome, PLACES, Refusal, body, discounted, part};
use crate::checkout::{LINES_MAX, Line};
use crate::codec;
use crate::command::{Apart, Checkout, Instrument};
use crate::event::{Event, Request, SagaOpened, TenderBody, TenderedBody};
use crate::id::Id;
use crate::line::message::{CardsSettled, CardsWanted, GoodsBody, Message, WantedBody};
use crate::line::{MESSAGE_BYTES_MAX, OUTBOX_BEGINNINGS_MAX};
use crate::partition::Partition;
use crate::planted::{self, Planted};
use crate::rejection::{Reason, Rejection};
use crate::request::Operation;
use crate::saga::{ASKED, DECLINED, DISCOUNT, HERE, SAGA_MS_MAX, SAGAS_OPEN_MAX, Saga};
use std::collections::{BTreeMap, BTreeSet};

/// Bytes that an order with cards of other partitions takes in the log, at most: itself, and what each of the others is told of it.
pub const SAGA_BYTES_MAX: usize = 96 * 1024;

/// Bytes of its holds, its instruments and whatever else has a bound.
const SAGA_REST_BYTES_MAX: usize = 24 * 1024;

/// Bytes of the cards and the numbers in one question.
const CARDS_BYTES_MAX: usize = 1024;

const _: () = assert!(SAGA_BYTES_MAX + SAGA_REST_BYTES_MAX <= codec::BODY_BYTES_MAX);

impl Partition {
    /// Whether the cards of other partitions are some, and all that is said of the order fits into one frame.
    pub(super) fn check_apart(&self, checkout: &Checkout) -> Result<(), Rejection> {
        let Some(last) = checkout.apart.last() else { return Ok(()) };
        if checkout.instruments.is_empty() {
            return Err(Rejection::invalid("instruments", 1));
        }
        let name = |apart: &Apart| (apart.partition, apart.instrument.coupon());
        for (at, apart) in checkout.apart.iter().enumerate() {
            if checkout.apart[..at].iter().any(|other| name(other) == name(apart)) {
                return Err(Rejection::invalid(PLACES[usize::from(apart.place)], 1));
            }
        }
        let facts = Facts::of(checkout.order.lines());
        let asked = facts.message(checkout, 0, 0, [last].into_iter()).bytes().len() + CARDS_BYTES_MAX;
        let partitions = partitions(checkout).len();
        let texts = |line: &Line| line.goods.as_ref().map_or(0, |goods| goods.as_str().len()) + line.merchant.as_str().len() + 32;
        let said: usize = checkout.order.lines().iter().map(texts).sum();
        match asked > MESSAGE_BYTES_MAX || said + partitions * asked > SAGA_BYTES_MAX {
            true => Err(Rejection::invalid("order.lines", SAGA_BYTES_MAX as i64)),
            false => Ok(()),
        }
    }

    /// Whether something may begin on each of these lines.
    pub(in super::super) fn check_room(&self, mut to: impl Iterator<Item = u16>) -> Result<(), Rejection> {
        match to.any(|to| self.lines.is_busy(to)) {
            true => Err(Rejection::new(Reason::Overloaded, OUTBOX_BEGINNINGS_MAX as i64)),
            false => Ok(()),
        }
    }

    /// Asks for the cards of other partitions, behind what happened and was sent before.
    pub(super) fn open<'a>(
        &self,
        context: &Context<'_>,
        checkout: &'a Checkout,
        found: &[Found<'_>],
        until_ms: i64,
        request: Request<'a>,
        (mut parts, mut outgoing): (Vec<Event<'a>>, Vec<Outgoing>),
    ) -> Result<Outcome<'a>, Refusal> {
        let applied = discounted(checkout, found)?;
        let cards = || found.iter().filter(|found| found.standing.terms.is_stored_value());
        if applied.payable == 0 {
            let places = cards().map(|card| card.at).chain(checkout.apart.iter().map(|apart| apart.place.into()));
            return Err(Refusal { at: places.min(), why: Reason::NoEffect.into() });
        }
        if self.sagas.asking() >= SAGAS_OPEN_MAX {
            return Err(Rejection::new(Reason::Overloaded, SAGAS_OPEN_MAX as i64).into());
        }
        let to = partitions(checkout);
        self.check_room(to.iter().copied())?;
        let is_held = checkout.operation == Operation::HoldOrder;
        let asked_until_ms = until_ms.min(context.now_ms + SAGA_MS_MAX);
        let before = parts.len();
        let (mut tender, mut left) = (Vec::new(), checkout.order.total());
        let here = |found: &Found<'_>, role| {
            let (coupon, place) = (found.standing.number, found.at as u8);
            TenderedBody { role, partition: self.id(), place, coupon, ..TenderedBody::default() }
        };
        for step in &applied.steps {
            let found = found.iter().find(|found| found.standing.number == step.coupon).expect("what is applied was found");
            parts.push(part(checkout, found, left, step.discount, asked_until_ms));
            left -= step.discount;
            tender.push(here(found, DISCOUNT));
        }
        for card in cards() {
            let (available, until_ms) = (card.standing.value.available, card.standing.window.until_ms);
            let most = available.min(applied.payable);
            parts.push(part(checkout, card, most, most, asked_until_ms));
            tender.push(TenderedBody { available, until_ms, ..here(card, HERE) });
        }
        let asked = |&Apart { place, partition, instrument }: &Apart| TenderedBody {
            role: ASKED,
            partition,
            place,
            coupon: instrument.coupon(),
            ..TenderedBody::default()
        };
        tender.extend(checkout.apart.iter().map(asked));
        let saga = self.lsn() + parts.len() as u64 + 1;
        let facts = Facts::of(checkout.order.lines());
        for to in to {
            let cards = checkout.apart.iter().filter(|apart| apart.partition == to);
            outgoing.push(Outgoing { to, message: facts.message(checkout, saga, applied.payable, cards).bytes() });
        }
        let opened = Event::SagaOpened(SagaOpened {
            operation: checkout.operation as u8,
            merchant: checkout.merchant.as_str(),
            order: checkout.order_id.as_str(),
            request,
            parts: (parts.len() - before) as u8,
            amount: checkout.order.total(),
            wanted: applied.payable,
            deadline_ms: asked_until_ms,
            ttl_ms: if is_held { until_ms - context.now_ms } else { 0 },
            tender: &[],
            body: &[],
        });
        let body = codec::encode_order(&body(checkout, &applied));
        let tender = codec::encode_tender(&TenderBody { all: tender });
        Ok(Outcome::Open(Group { body, tender, ..Group::of(parts, opened) }, outgoing))
    }

    /// What is sent to whoever holds, or may hold, for a saga that lets go.
    pub(in super::super) fn word_to_let_go(&self, saga: &Saga) -> Vec<Outgoing> {
        if planted::is(Planted::LetGoForgotten) {
            return Vec::new();
        }
        let message = Message::CardsSettled(CardsSettled { saga: saga.lsn, charges: Vec::new() });
        let holders = saga.asked().into_iter().filter(|(_, cards)| cards.iter().all(|one| one.role != DECLINED));
        holders.map(|(to, _)| Outgoing { to, message: message.bytes() }).collect()
    }
}

/// The other partitions, each once.
fn partitions(checkout: &Checkout) -> BTreeSet<u16> {
    checkout.apart.iter().map(|apart| apart.partition).collect()
}

/// What scopes look at, with each text and each kind of line once.
struct Facts<'a> {
    texts: Vec<&'a str>,
    goods: Vec<GoodsBody>,
}

impl<'a> Facts<'a> {
    fn of(lines: &'a [Line]) -> Facts<'a> {
        let mut places: BTreeMap<&'a str, u32> = BTreeMap::new();
        let mut texts = Vec::new();
        let mut place = |text: &'a Id| {
            *places.entry(text.as_str()).or_insert_with(|| {
                texts.push(text.as_str());
                texts.len() as u32 - 1
            })
        };
        let goods: BTreeSet<GoodsBody> = lines
            .iter()
            .map(|line| GoodsBody {
                goods: line.goods.as_ref().map_or(0, |goods| place(goods) + 1),
                merchant: place(&line.merchant),
                categories: line.categories.iter().map(&mut place).collect(),
            })
            .collect();
        Facts { texts, goods: goods.into_iter().collect() }
    }

    fn message<'b>(&self, checkout: &'a Checkout, saga: u64, wanted: i64, cards: impl Iterator<Item = &'b Apart>) -> Message<'a> {
        Message::CardsWanted(CardsWanted {
            saga,
            merchant: checkout.merchant.as_str(),
            order: checkout.order_id.as_str(),
            currency: checkout.currency.bytes(),
            channel: checkout.channel.as_ref().map_or("", Id::as_str),
            wanted,
            texts: self.texts.clone(),
            goods: self.goods.clone(),
            cards: cards.map(|apart| wanted_body(apart.place, &apart.instrument)).collect(),
        })
    }
}

fn wanted_body(place: u8, instrument: &Instrument) -> WantedBody {
    let (named, coupon, key_version, user) = match *instrument {
        Instrument::Bearer { coupon, key_version } => (1, coupon, key_version, 0),
        Instrument::Owned { user, coupon } => (2, coupon, 0, user.0),
        // A code of another house is looked up before; one that leads to nothing names no card.
        Instrument::Known { .. } | Instrument::Legacy { .. } => (3, instrument.coupon(), 0, 0),
    };
    WantedBody { place, coupon, named, key_version, user }
}

/// The lines that a message tells of, as far as scopes look at them; `None` where it has no such text.
pub(in super::super) fn told_lines(wanted: &CardsWanted<'_>) -> Option<Vec<Line>> {
    let text = |at: u32| wanted.texts.get(at as usize).and_then(|text| Id::new("text", *text).ok());
    let line = |goods: &GoodsBody| {
        Some(Line {
            goods: if goods.goods == 0 { None } else { Some(text(goods.goods - 1)?) },
            categories: goods.categories.iter().map(|&at| text(at)).collect::<Option<_>>()?,
            merchant: text(goods.merchant)?,
            quantity: 1,
            unit_price: 0,
        })
    };
    if wanted.goods.len() > LINES_MAX { None } else { wanted.goods.iter().map(line).collect() }
}

/// What a message asks of each of its cards.
pub(in super::super) fn told_fitting<'a>(
    lines: &'a [Line],
    channel: Option<&'a Id>,
    wanted: &CardsWanted<'_>,
) -> Option<Fitting<'a>> {
    let currency = crate::money::Currency::from_bytes(wanted.currency)?;
    Some(Fitting { lines, channel, currency, is_held: true })
}
