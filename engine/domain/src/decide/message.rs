//! The next message of a line: what its arrival brings about.
//!
//! A message is no command: whoever sent it has recorded the cause, so it cannot be refused. What it brings about is recorded in one
//! frame with its receipt, and its answer, if it has one, is sent with that frame. Where the line of the answer is full the
//! message waits: it is not received yet, and comes again.

use super::{Context, Events, Happening, Outgoing};
use crate::event::{Event, GiftArrived, GiftReceived, TermsAdopted};
use crate::line::message::{self, GiftGiven, Message};
use crate::partition::Partition;
use crate::planted::{self, Planted};

impl Partition {
    /// What happens when `message`, the next one on the line from `from`, is received; `None` if that has to wait.
    ///
    /// # Panics
    /// When it is no message of this build: law 4 leaves no other way for it, and law 5 none but to stop.
    pub fn decide_message<'a>(&self, context: &Context<'_>, from: u16, message: &'a [u8]) -> Option<Happening<'a>> {
        let read =
            Message::read(message).unwrap_or_else(|| panic!("law 4: a message from partition {from} is none of this build"));
        match read {
            Message::Probe => Some(Happening::default()),
            Message::GiftGiven(given) => self.gift_given(context, from, &given),
            Message::GiftArrived(message::GiftArrived { gift, coupon }) => {
                let event = Event::GiftArrived(GiftArrived { gift, coupon });
                Some(Happening { events: [event].into_iter().collect(), ..Happening::default() })
            }
            Message::CardsWanted(wanted) => Some(self.cards_wanted(context, from, &wanted)),
            Message::CardsAnswered(answered) => Some(self.cards_answered(context, from, &answered)),
            Message::CardsKept(kept) => Some(self.cards_kept(from, &kept)),
            Message::CardsSettled(settled) => Some(self.cards_settled(from, &settled)),
            Message::CardsRefunded(refunded) => Some(self.cards_refunded(context, from, &refunded)),
            Message::CardsLost(lost) => self.cards_lost(context, from, &lost),
            Message::SagaClosed(message::SagaClosed { saga }) => Some(self.saga_closed(from, saga)),
        }
    }

    /// What time has brought next to what a message is about; asked until there is nothing, before the message is decided. Its events
    /// are recorded in one frame.
    pub fn due_of_message(&self, from: u16, message: &[u8], now_ms: i64) -> Option<Events<'static>> {
        let event = self.due_to_message(from, message, now_ms)?;
        match planted::is(Planted::ReturnForgotten) {
            true => Some([event].into_iter().collect()),
            false => Some(self.with_what_returns(event)),
        }
    }

    fn due_to_message(&self, from: u16, message: &[u8], now_ms: i64) -> Option<Event<'static>> {
        let of_pledge = |saga| self.pledges.of(from, saga).find_map(|pledge| self.due_of(pledge.coupon, now_ms));
        match Message::read(message)? {
            Message::CardsWanted(wanted) => {
                let mut here = wanted.cards.iter().filter(|card| self.coupons.get(card.coupon).is_some());
                here.find_map(|card| self.due_of(card.coupon, now_ms))
            }
            Message::CardsAnswered(answered) => {
                let mut here = self.sagas.get(answered.saga)?.holds();
                here.find_map(|(_, one)| self.due_of(one.coupon, now_ms))
            }
            Message::CardsKept(kept) => of_pledge(kept.saga),
            Message::CardsSettled(settled) => of_pledge(settled.saga),
            Message::CardsRefunded(refunded) | Message::CardsLost(refunded) => of_pledge(refunded.saga),
            _ => None,
        }
    }

    /// The receiver's new coupon, under terms that are adopted if they are not known here, and word of it to the sender.
    fn gift_given<'a>(&self, context: &Context<'_>, from: u16, given: &GiftGiven<'a>) -> Option<Happening<'a>> {
        if self.lines.is_full(from) {
            return None;
        }
        let &GiftGiven { gift, user, body, rules, amount, use_from_ms, use_until_ms } = given;
        let mut events = Events::new();
        let terms = self.terms.find(body.template, body.version).unwrap_or_else(|| {
            let terms = self.terms.next();
            events.push(Event::TermsAdopted(TermsAdopted { terms, body, rules }));
            terms
        });
        let coupon = self.coupons.next();
        let key_version = context.key_version;
        let received = GiftReceived { coupon, terms, user, from, gift, amount, use_from_ms, use_until_ms, key_version };
        events.push(Event::GiftReceived(received));
        let answer = Message::GiftArrived(message::GiftArrived { gift, coupon });
        let outgoing = vec![Outgoing { to: from, message: answer.bytes() }];
        Some(Happening { events, outgoing, ..Happening::default() })
    }
}
