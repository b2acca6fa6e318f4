//! Capture and release of a held order. Its holds are promises: while all of them live, neither balance nor blocks nor expiry matter.
//! One that has ended may be taken anew, for the same discount or charge, if its instrument may be used still: all that are needed, or none.
//!
//! Of an order that is delivered in part each discount keeps, of each line, the part of its share that belongs to the delivered units,
//! rounded down, so it is never above what was held; cards pay what is left then, in their order.

use super::super::capture::late;
use super::super::saga::is_same;
use super::super::{Context, Decision, Outgoing};
use super::{Group, Outcome, Refusal, together, units};
use crate::checkout::give_back::given_back;
use crate::checkouts::{Checkout, Stage, cost};
use crate::codec;
use crate::command::{CaptureOrder, Keys, ReleaseOrder};
use crate::event::{
    CapturedApart, CheckedOut, CheckoutReleased, Event, LineBody, OrderBody, PartCaptured, Request, ReturnsBody, TenderedBody,
};
use crate::hold::Hold;
use crate::line::message::{CardsSettled, Message};
use crate::partition::Partition;
use crate::rejection::{Reason, Rejection};
use crate::request::Operation;
use crate::saga::Saga;

impl Partition {
    pub(in super::super) fn decide_capture_order<'a>(
        &self,
        context: &Context<'_>,
        capture: &'a CaptureOrder,
        keys: &Keys,
    ) -> Decision<'a> {
        let fingerprints =
            [units::fingerprint, units::fingerprint_anew].map(|of| of(self.key(), capture.checkout, capture.kept.as_ref()));
        let fingerprint = fingerprints[usize::from(capture.reacquire)];
        if let Some(known) = self.known_request(context, keys.request, fingerprint) {
            return known;
        }
        let Some(held) = self.held_checkout(capture.checkout, context.now_ms) else {
            return Reason::HoldNotFound.into();
        };
        let order = held.goods.order();
        let all = units::left(&order, &held.goods.returned());
        let kept = match &capture.kept {
            None => all,
            Some(kept) => match units::of_lines(&units::DELIVERED, &order, kept, &all, Reason::AmountAboveHold) {
                Ok(kept) => kept,
                Err(refusal) => return refusal.into(),
            },
        };
        let kept = part_of(&order, &kept);
        let amount = (0..=kept.lines.len()).map(|at| cost(&kept, at)).sum();
        if amount == 0 {
            return units::DELIVERED.none().into();
        }
        if capture.reacquire
            && held.became == 0
            && let Err(refusal) = self.check_may_reacquire(held, context.now_ms)
        {
            return refusal.into();
        }
        let request = Request { id: capture.request_id.as_str(), fingerprint };
        let outcome = match held.became {
            0 => self.capture_order(context, held, kept, amount, capture.reacquire, request),
            _ => self.captured_before(context, held, fingerprints),
        };
        together(Operation::CaptureOrder, held.lsn.into(), request, outcome)
    }

    /// Of an order that was captured: it is joined, if the same is asked for, anew or not, and it stands.
    fn captured_before<'a>(
        &self,
        context: &Context<'_>,
        held: &Checkout,
        fingerprints: [u64; 2],
    ) -> Result<Outcome<'a>, Refusal> {
        let first = self.checkouts.at_lsn(held.became).map(|(_, first)| first);
        let same = first.filter(|first| fingerprints.contains(&first.fingerprint) && first.may_be_joined(context.now_ms));
        let captured = Rejection::new(Reason::HoldCaptured, held.became as i64);
        same.map(|first| Outcome::Join(first.lsn)).ok_or(captured.into())
    }

    /// Whether what has ended can be taken anew here and now at all: cards elsewhere were let go by word, and would have to be asked for.
    fn check_may_reacquire(&self, held: &Checkout, now_ms: i64) -> Result<(), Rejection> {
        let saga = self.sagas.of_checkout(held.lsn);
        if saga.is_some_and(|saga| !saga.is_held() || self.all_live(held, now_ms).is_err()) {
            return Err(Rejection { field: "reacquire", ..Reason::InstrumentsApart.into() });
        }
        match self.sagas.of_order(held.order) {
            Some(asking) => Err(Rejection::new(Reason::OrderInProgress, asking.lsn as i64)),
            None => Ok(()),
        }
    }

    fn capture_order<'a>(
        &self,
        context: &Context<'_>,
        held: &Checkout,
        order: OrderBody<'_>,
        amount: i64,
        reacquire: bool,
        request: Request<'a>,
    ) -> Result<Outcome<'a>, Refusal> {
        let now_ms = context.now_ms;
        let holds = if reacquire { self.all_known(held, now_ms)? } else { self.all_live(held, now_ms)? };
        if holds.iter().any(|hold| !hold.is_live(now_ms)) {
            self.check_order_free(held, now_ms)?;
        }
        if let Some(saga) = self.sagas.of_checkout(held.lsn) {
            return self.capture_apart(held, saga, &holds, (order, amount), request);
        }
        let mut left = amount;
        let (mut released, mut captured, mut shares) = (Vec::new(), Vec::new(), Vec::new());
        for (place, hold) in holds.into_iter().enumerate() {
            let (coupon, terms) = self.coupon(hold.coupon).expect("a held coupon is here");
            let is_card = terms.is_stored_value();
            let applied = if is_card { hold.applied.min(left) } else { order.shares[place].iter().sum() };
            let is_live = hold.is_live(now_ms);
            if applied == 0 {
                released.extend(is_live.then(|| self.released(hold)));
                continue;
            }
            let part = PartCaptured {
                hold: hold.lsn,
                coupon: hold.coupon,
                previous: coupon.last(),
                amount: if is_card { applied } else { left },
                applied,
                captured: if is_card { applied } else { 1 },
            };
            captured.push(match is_live {
                true => Event::PartCaptured(part),
                false => {
                    self.check_anew(hold, part.captured, now_ms).map_err(|why| Refusal { at: Some(place), why })?;
                    Event::PartReacquired(part)
                }
            });
            left -= applied;
            if !is_card {
                shares.push(order.shares[place].clone());
            }
        }
        let closing = Event::CheckedOut(CheckedOut {
            operation: Operation::CaptureOrder as u8,
            hold: held.lsn,
            merchant: "",
            order: "",
            request,
            parts: captured.len() as u8,
            amount,
            payable: left,
            deadline_ms: 0,
            body: &[],
        });
        let body = codec::encode_order(&OrderBody { shares, ..order });
        released.extend(captured);
        Ok(Outcome::Group(Group { body, ..Group::of(released, closing) }))
    }

    /// The same with cards of other partitions, which are told what they pay.
    fn capture_apart<'a>(
        &self,
        held: &Checkout,
        saga: &Saga,
        holds: &[&Hold],
        (order, amount): (OrderBody<'_>, i64),
        request: Request<'a>,
    ) -> Result<Outcome<'a>, Refusal> {
        if !saga.is_held() {
            return Err(Rejection::from(Reason::HoldReleased).into());
        }
        self.check_room(saga.asked().into_keys())?;
        let mut left = amount;
        let (mut released, mut captured, mut shares) = (Vec::new(), Vec::new(), Vec::new());
        let mut take = |hold: &Hold, left: i64, applied: i64, taken: i64| {
            let (coupon, previous) = (hold.coupon, self.coupons.get(hold.coupon).expect("a held coupon is here").last());
            match applied {
                0 => released.push(self.released(hold)),
                _ => captured.push(Event::PartCaptured(PartCaptured {
                    hold: hold.lsn,
                    coupon,
                    previous,
                    amount: left,
                    applied,
                    captured: taken,
                })),
            }
        };
        let (discounts, cards) = holds.split_at(order.shares.len());
        for (hold, of_hold) in discounts.iter().zip(&order.shares) {
            let applied = of_hold.iter().sum();
            take(hold, left, applied, 1);
            if applied > 0 {
                shares.push(of_hold.clone());
            }
            left -= applied;
        }
        let (mut tender, mut cards) = (saga.body.tender.clone(), cards.iter());
        for one in &mut tender.all {
            one.captured = one.charge.min(left);
            if !one.is_apart() {
                let hold = cards.next().expect("a card of home is held");
                take(hold, one.captured, one.captured, one.captured);
            }
            left -= one.captured;
        }
        let paid = |one: &&TenderedBody| tender.all.iter().find(|card| is_same(card, one)).map_or(0, |card| card.captured);
        let outgoing = saga.asked().into_iter().map(|(to, cards)| {
            let charges = cards.iter().map(paid).collect();
            Outgoing { to, message: Message::CardsSettled(CardsSettled { saga: saga.lsn, charges }).bytes() }
        });
        let outgoing = outgoing.collect();
        let parts = captured.len() as u8;
        let closing = CapturedApart { hold: held.lsn, request, parts, amount, payable: left, tender: &[], body: &[] };
        released.extend(captured);
        let body = codec::encode_order(&OrderBody { shares, ..order });
        let tender = codec::encode_tender(&tender);
        Ok(Outcome::Send(Group { body, tender, ..Group::of(released, Event::CapturedApart(closing)) }, outgoing))
    }

    /// Whether nothing else is held or was redeemed for an order meanwhile.
    fn check_order_free(&self, held: &Checkout, now_ms: i64) -> Result<(), Rejection> {
        match self.checkouts.of_order(held.order).map(|(_, newest)| newest) {
            Some(first) if first.stage == Stage::Redeemed => Err(Rejection::new(Reason::OrderAlreadyRedeemed, first.lsn as i64)),
            Some(other) if other.lsn != held.lsn && self.live_parts(other, now_ms).next().is_some() => {
                Err(Rejection::new(Reason::CouponHeld, other.lsn as i64))
            }
            _ => Ok(()),
        }
    }

    /// Whether so much can be taken of the instrument of a hold that has ended.
    fn check_anew(&self, hold: &Hold, taken: i64, now_ms: i64) -> Result<(), Rejection> {
        let (standing, own) = self.standing_again(hold, now_ms)?;
        standing.check_again(own)?;
        match standing.value.available {
            available if available < taken => Err(Rejection::new(Reason::InsufficientBalance, available)),
            _ => Ok(()),
        }
    }

    /// The holds of a checkout, live or ended.
    fn all_known(&self, held: &Checkout, now_ms: i64) -> Result<Vec<&Hold>, Rejection> {
        let known = |number| self.holds.get(number).filter(|hold| !hold.is_unknown(now_ms));
        held.numbers().map(|number| known(number).ok_or(Reason::HoldNotFound.into())).collect()
    }

    /// The holds of a checkout, if all of them live.
    fn all_live(&self, held: &Checkout, now_ms: i64) -> Result<Vec<&Hold>, Rejection> {
        let hold = |number| match self.holds.get(number) {
            Some(hold) if hold.is_live(now_ms) => Ok(hold),
            Some(ended) => Err(late(ended)),
            None => Err(Reason::HoldNotFound.into()),
        };
        held.numbers().map(hold).collect()
    }

    pub(in super::super) fn decide_release_order<'a>(
        &self,
        context: &Context<'_>,
        release: &'a ReleaseOrder,
        keys: &Keys,
    ) -> Decision<'a> {
        let fingerprint = units::fingerprint(self.key(), release.checkout, None);
        if let Some(known) = self.known_request(context, keys.request, fingerprint) {
            return known;
        }
        let Some(held) = self.held_checkout(release.checkout, context.now_ms) else {
            return Reason::HoldNotFound.into();
        };
        let request = Request { id: release.request_id.as_str(), fingerprint };
        let outcome = match held.became {
            0 => self.release_order(context, held, request),
            became => Err(Rejection::new(Reason::HoldCaptured, became as i64).into()),
        };
        together(Operation::ReleaseOrder, held.lsn.into(), request, outcome)
    }

    fn release_order<'a>(&self, context: &Context<'_>, held: &Checkout, request: Request<'a>) -> Result<Outcome<'a>, Refusal> {
        let mut parts: Vec<Event<'a>> = self.live_parts(held, context.now_ms).map(|hold| self.released(hold)).collect();
        let mut outgoing = Vec::new();
        self.let_go_apart(held, &mut parts, &mut outgoing)?;
        let closing = Event::CheckoutReleased(CheckoutReleased { checkout: held.lsn, request });
        Ok(Outcome::Send(Group::of(parts, closing), outgoing))
    }

    /// The held checkout of this lsn, if its end is not too long ago.
    fn held_checkout(&self, lsn: u64, now_ms: i64) -> Option<&Checkout> {
        let known = self.checkouts.at_lsn(lsn).map(|(_, checkout)| checkout);
        known.filter(|checkout| checkout.stage == Stage::Held && now_ms < checkout.needed_until_ms())
    }
}

/// The delivered part of an order, with the parts of its shares that belong to it.
fn part_of<'a>(order: &OrderBody<'a>, kept: &ReturnsBody) -> OrderBody<'a> {
    let (lines, units) = (&order.lines, &kept.units);
    let of_line = |share: i64, at: usize| given_back(share, lines[at].quantity, units[at]);
    let line = |at: usize| LineBody { quantity: units[at], amount: of_line(lines[at].amount, at), ..lines[at] };
    let of_shares = |shares: &Vec<i64>| {
        let shipping = if kept.shipping { shares[lines.len()] } else { 0 };
        (0..lines.len()).map(|at| of_line(shares[at], at)).chain([shipping]).collect()
    };
    OrderBody {
        currency: order.currency,
        lines: (0..lines.len()).map(line).collect(),
        shipping: if kept.shipping { order.shipping } else { 0 },
        shares: order.shares.iter().map(of_shares).collect(),
    }
}
