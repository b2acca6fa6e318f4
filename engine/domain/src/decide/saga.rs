//! What becomes of a saga at its home: the answer that was missing makes it a checkout, or a refusal ends it; and what time does to it.
//!
//! The event that makes it a checkout is the point of no return, and it is decided here alone: all that it counts on is held, by holds of this
//! partition that are looked at now, and by pledges that end by a word of this partition only.

use super::capture::late;
use super::{Context, Events, Group, Happening, Outgoing};
use crate::codec;
use crate::event::{
    CLOSED, Event, LET_GO, PartCaptured, PartHeld, SagaAnswered, SagaCheckedOut, SagaEnded, SagaRefused, TenderBody, TenderedBody,
};
use crate::hold::Hold;
use crate::line::message::{CardsAnswered, CardsKept, CardsSettled, Message, SagaClosed};
use crate::partition::Partition;
use crate::rejection::{Reason, Rejection};
use crate::reply::Reply;
use crate::request::pack_at;
use crate::saga::{DISCOUNT, HERE, SAGA_LOOKS_MAX, Saga, read_tender};

/// Why a saga ends without a checkout, and the place of the instrument that it is about.
type Refused = (Option<usize>, Rejection);

impl Partition {
    /// The saga that was opened last.
    ///
    /// # Panics
    /// If there is none.
    pub fn newest_saga(&self) -> u64 {
        self.sagas.newest().expect("a saga was just opened").lsn
    }

    /// Sagas that wait for answers.
    pub fn open_sagas(&self) -> u64 {
        self.sagas.asking()
    }

    /// The answer of the request that was remembered last, for those who asked the same while it was open.
    pub fn latest_answer_again(&self) -> Result<Reply, Rejection> {
        self.recall(&self.requests.latest().expect("a write was just remembered"), true)
    }

    /// What an answer brings about; one that comes too late brings nothing.
    pub(super) fn cards_answered<'a>(&self, context: &Context<'_>, from: u16, answered: &CardsAnswered<'a>) -> Happening<'a> {
        let Some(mut saga) = self.sagas.get(answered.saga).filter(|saga| saga.awaits(from)).cloned() else {
            return Happening::default();
        };
        let tender = read_tender(answered.tender).expect("law 4: an answer names cards");
        saga.answer(from, &tender).expect("law 4: an answer is to what was asked");
        let event = Event::SagaAnswered(SagaAnswered { saga: saga.lsn, from, tender: answered.tender });
        let heard = Happening { events: [event].into_iter().collect(), ..Happening::default() };
        if saga.is_waiting() {
            return heard;
        }
        let (group, outgoing) = self.end_of(context, &saga);
        Happening { group: Some(Box::new(group)), outgoing, ended: Some(saga.lsn), ..heard }
    }

    /// How a saga ends that nobody has to answer any more.
    fn end_of(&self, context: &Context<'_>, saga: &Saga) -> (Group<'static>, Vec<Outgoing>) {
        self.checked_out_by(context, saga).unwrap_or_else(|refusal| self.refused_by(saga, refusal, context.now_ms))
    }

    fn checked_out_by(&self, context: &Context<'_>, saga: &Saga) -> Result<(Group<'static>, Vec<Outgoing>), Refused> {
        if context.now_ms >= saga.body.deadline_ms {
            return Err((None, Rejection::new(Reason::CheckoutTimedOut, saga.body.deadline_ms)));
        }
        for (number, one) in saga.holds() {
            let hold = self.holds.get(number).expect("the holds of a saga are here");
            if !hold.is_live(context.now_ms) {
                return Err((Some(one.place.into()), late(hold)));
            }
        }
        if let Some((place, why)) = saga.declined() {
            return Err((Some(place), why));
        }
        let drained = saga.drained().map_err(|place| (Some(place), Reason::NoEffect.into()))?;
        Ok(self.order_of(context, saga, drained))
    }

    /// Its order is held or redeemed; each card elsewhere is told what it pays.
    fn order_of(&self, context: &Context<'_>, saga: &Saga, mut drained: Vec<TenderedBody>) -> (Group<'static>, Vec<Outgoing>) {
        let is_held = saga.body.until_ms != 0;
        let deadline_ms = if is_held { context.now_ms + saga.body.until_ms } else { 0 };
        let (mut parts, mut left) = (Vec::new(), saga.body.amount);
        let holds: Vec<(&Hold, &TenderedBody)> =
            saga.holds().map(|(number, one)| (self.holds.get(number).expect("a live hold is here"), one)).collect();
        for (hold, _) in holds.iter().filter(|(_, one)| one.role == DISCOUNT) {
            parts.push(self.made_final(deadline_ms, hold, left, hold.applied, 1));
            left -= hold.applied;
        }
        for card in &mut drained {
            card.captured = if is_held { 0 } else { card.charge };
            if card.role == HERE {
                let (hold, _) = holds.iter().find(|(hold, _)| hold.coupon == card.coupon).expect("a card of home is held");
                parts.push(self.made_final(deadline_ms, hold, card.charge, card.charge, card.charge));
            }
            left -= card.charge;
        }
        let outgoing = saga.asked().into_iter().map(|(to, cards)| {
            let charge = |one: &&TenderedBody| drained.iter().find(|card| is_same(card, one)).map_or(0, |card| card.charge);
            let charges = cards.iter().map(charge).collect();
            let (saga, merchant, order) = (saga.lsn, &*saga.body.merchant, &*saga.body.order_id);
            let message = match is_held {
                true => Message::CardsKept(CardsKept { saga, merchant, order, charges }),
                false => Message::CardsSettled(CardsSettled { saga, charges }),
            };
            Outgoing { to, message: message.bytes() }
        });
        let outgoing = outgoing.collect();
        let closing = SagaCheckedOut {
            saga: saga.lsn,
            parts: parts.len() as u8,
            payable: left,
            deadline_ms,
            said: saga.said(),
            tender: &[],
        };
        let mut group = Group::of(parts, Event::SagaCheckedOut(closing));
        group.tender = codec::encode_tender(&TenderBody { all: drained });
        group.order = Some([saga.body.merchant.clone(), saga.body.order_id.clone()]);
        (group, outgoing)
    }

    /// What was held until others answered is held for the order, or captured.
    fn made_final(&self, deadline_ms: i64, hold: &Hold, amount: i64, applied: i64, taken: i64) -> Event<'static> {
        let (coupon, previous) = (hold.coupon, self.coupons.get(hold.coupon).expect("a held coupon is here").last());
        match deadline_ms {
            0 => Event::PartCaptured(PartCaptured { hold: hold.lsn, coupon, previous, amount, applied, captured: taken }),
            _ => {
                // Whose order it is stands beside the group.
                let (merchant, order, replaces) = ("", "", hold.lsn);
                Event::PartHeld(PartHeld {
                    coupon,
                    previous,
                    merchant,
                    order,
                    amount,
                    applied,
                    held: taken,
                    deadline_ms,
                    replaces,
                })
            }
        }
    }

    fn refused_by(&self, saga: &Saga, (at, why): Refused, now_ms: i64) -> (Group<'static>, Vec<Outgoing>) {
        let holds = saga.holds().filter_map(|(number, _)| self.holds.get(number)).filter(|hold| hold.is_live(now_ms));
        let parts = holds.map(|hold| self.released(hold)).collect();
        let (reason, value) = (why.reason as u16, pack_at(at, why.value));
        let closing = Event::SagaRefused(SagaRefused { saga: saga.lsn, reason, value, said: saga.said() });
        (Group::of(parts, closing), self.word_to_let_go(saga))
    }

    /// What time alone brings to a saga: the end of one that nobody answered, of what is held past its deadline, and of what is known of one
    /// whose order is forgotten. One that asks had room on its lines when it began, and its end waits for none; what holds waits for room,
    /// and keeps nobody else waiting.
    pub fn decide_saga_time(&self, now_ms: i64) -> Option<Happening<'static>> {
        let may_end = |due: &&Saga| due.is_asking() || due.apart().all(|one| !self.lines.is_busy(one.partition));
        if let Some(due) = self.sagas.due(now_ms).take(SAGA_LOOKS_MAX).find(may_end) {
            if due.is_asking() {
                let timed_out = Rejection::new(Reason::CheckoutTimedOut, due.body.deadline_ms);
                let (group, outgoing) = self.refused_by(due, (None, timed_out), now_ms);
                return Some(Happening { group: Some(Box::new(group)), outgoing, ended: Some(due.lsn), ..Happening::default() });
            }
            return Some(ended(due, LET_GO, self.word_to_let_go(due)));
        }
        let oldest = self.sagas.oldest().filter(|oldest| !oldest.is_asking() && !oldest.is_held())?;
        let is_known = |lsn: u64| self.checkouts.at_lsn(lsn).is_some();
        if is_known(oldest.body.held) || is_known(oldest.body.redeemed) {
            return None;
        }
        self.check_room(oldest.asked().into_keys()).ok()?;
        let message = Message::SagaClosed(SagaClosed { saga: oldest.lsn });
        let charged = oldest.asked().into_iter().filter(|(_, cards)| cards.iter().any(|one| one.captured > 0));
        Some(ended(oldest, CLOSED, charged.map(|(to, _)| Outgoing { to, message: message.bytes() }).collect()))
    }
}

fn ended(saga: &Saga, how: u8, outgoing: Vec<Outgoing>) -> Happening<'static> {
    let event = Event::SagaEnded(SagaEnded { saga: saga.lsn, how });
    let events: Events<'static> = [event].into_iter().collect();
    Happening { events, outgoing, ..Happening::default() }
}

/// Whether both are one card.
pub(super) fn is_same(one: &TenderedBody, other: &TenderedBody) -> bool {
    (one.partition, one.coupon) == (other.partition, other.coupon) && one.is_apart() == other.is_apart()
}
