//! The next message of a line: what its arrival brings about.
//!
//! A message is no command: whoever sent it has recorded the cause, so it cannot be refused. What it brings about is recorded in one
//! frame with its receipt, and its answer, if it has one, is sent with that frame. Where the line of the answer is full the
//! message waits: it is not received yet, and comes again.

use super::{Context, Events, Happening, Outgoing};
use crate::event::{Event, GiftArrived, GiftReceived, TermsAdopted};
use crate::line::message::{self, GiftGiven, Message};
use crate::partition::Partition;

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
                Some(Happening { events: [event].into_iter().collect(), outgoing: Vec::new() })
            }
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
        Some(Happening { events, outgoing: vec![Outgoing { to: from, message: answer.bytes() }] })
    }
}
