//! Where the cards are: they are held for a checkout of another partition, all that it asks for or none, and end by its word.
//!
//! A card is looked at as in any checkout. From then on its home decides: what a card pays, and what it gets back, is done here as it is said,
//! whatever has become of the card meanwhile. Freezing does not matter to it, and an operator cannot take it away.

use super::checkout::{Fitting, told_fitting, told_lines};
use super::{Context, Group, Happening, Outgoing};
use crate::codec;
use crate::command::Instrument;
use crate::event::{CLOSED, Event, LET_GO, PartCaptured, PartHeld, PledgeEnded, Pledged, TenderBody, TenderedBody};
use crate::hold::Hold;
use crate::id::Id;
use crate::keyed::UserKey;
use crate::line::message::{CardsAnswered, CardsKept, CardsRefunded, CardsSettled, CardsWanted, Message, WantedBody};
use crate::partition::Partition;
use crate::planted::{self, Planted};
use crate::pledge::PLEDGED_UNTIL_MS;
use crate::rejection::{Reason, Rejection};
use crate::saga::{DECLINED, PLEDGED};

impl Partition {
    /// Holds all of the cards, or none, and says so.
    pub(super) fn cards_wanted<'a>(&self, context: &Context<'_>, from: u16, wanted: &CardsWanted<'a>) -> Happening<'a> {
        let lines = told_lines(wanted).expect("law 4: an order names its own texts");
        let channel =
            (!wanted.channel.is_empty()).then(|| Id::new("channel", wanted.channel).expect("law 4: a channel is an id"));
        let fitting = told_fitting(&lines, channel.as_ref(), wanted).expect("law 4: an order has a currency");
        let held: Vec<_> = wanted.cards.iter().map(|card| self.card_held(context, wanted, card, &fitting)).collect();
        let (saga, is_declined) = (wanted.saga, held.iter().any(Result::is_err));
        let tendered = wanted.cards.iter().zip(&held).map(|(card, held)| {
            let one = match held {
                Ok((_, pledged)) => *pledged,
                Err(why) => {
                    TenderedBody { role: DECLINED, reason: why.reason as u16, value: why.value, ..TenderedBody::default() }
                }
            };
            TenderedBody { partition: self.id(), place: card.place, coupon: card.coupon, ..one }
        });
        // Home names the first that was declined; the others were not held for its sake.
        let tendered = tendered.map(|one| match one.role {
            PLEDGED if is_declined => TenderedBody { role: PLEDGED, charge: 0, ..one },
            _ => one,
        });
        let tender = codec::encode_tender(&TenderBody { all: tendered.collect() });
        let answer = Message::CardsAnswered(CardsAnswered { saga, tender: &tender });
        let outgoing = vec![Outgoing { to: from, message: answer.bytes() }];
        if is_declined {
            return Happening { outgoing, ..Happening::default() };
        }
        let parts: Vec<_> = held.into_iter().flatten().map(|(part, _)| Event::PartHeld(part)).collect();
        let closing = Event::Pledged(Pledged { home: from, saga, parts: parts.len() as u8 });
        Happening { group: Some(Box::new(Group::of(parts, closing))), outgoing, ..Happening::default() }
    }

    /// The hold of a card, and what home is told of it.
    fn card_held<'a>(
        &self,
        context: &Context<'_>,
        wanted: &CardsWanted<'a>,
        card: &WantedBody,
        fitting: &Fitting<'_>,
    ) -> Result<(PartHeld<'a>, TenderedBody), Rejection> {
        let (_, terms) = self.instrument(&instrument(card))?;
        if !terms.is_stored_value() {
            return Err(Reason::InstrumentsApart.into());
        }
        let (merchant, order, coupon) = (wanted.merchant, wanted.order, card.coupon);
        let key = self.key().order(merchant, order, coupon);
        if let Some((_, first)) = self.redemptions.of_order(key) {
            return Err(Rejection::new(Reason::OrderAlreadyRedeemed, first.lsn as i64));
        }
        let own = self.live_hold_of(coupon, key.natural, context.now_ms);
        let standing = self.standing_of(coupon, context.now_ms).for_order(fitting, own)?;
        let available = standing.value.available;
        let (held, previous) = (available.min(wanted.wanted), standing.coupon.last());
        let deadline_ms = PLEDGED_UNTIL_MS;
        let part = PartHeld { coupon, previous, merchant, order, amount: held, applied: held, held, deadline_ms, replaces: 0 };
        let until_ms = standing.window.until_ms;
        Ok((part, TenderedBody { available, until_ms, charge: held, ..TenderedBody::pledged(terms.template) }))
    }

    /// The holds of a pledge, in the order in which they were asked for.
    fn pledged_holds(&self, home: u16, saga: u64) -> Vec<&Hold> {
        let holds = self.pledges.of(home, saga).map(|pledge| self.holds.at_lsn(pledge.hold).expect("a pledged hold is here").1);
        holds.collect()
    }

    /// The order is held: what its cards will not pay is free.
    pub(super) fn cards_kept<'a>(&self, from: u16, kept: &CardsKept<'a>) -> Happening<'a> {
        let holds = self.pledged_holds(from, kept.saga);
        if planted::is(Planted::DeclineIgnored) {
            return Happening::default();
        }
        assert_eq!(holds.len(), kept.charges.len(), "I2: home counts on what was pledged");
        let parts: Vec<_> = holds
            .into_iter()
            .zip(&kept.charges)
            .map(|(hold, &charge)| {
                let coupon = hold.coupon;
                Event::PartHeld(PartHeld {
                    coupon,
                    previous: self.last_of(coupon),
                    merchant: kept.merchant,
                    order: kept.order,
                    amount: charge,
                    applied: charge,
                    held: charge,
                    deadline_ms: PLEDGED_UNTIL_MS,
                    replaces: hold.lsn,
                })
            })
            .collect();
        let closing = Event::Pledged(Pledged { home: from, saga: kept.saga, parts: parts.len() as u8 });
        Happening { group: Some(Box::new(Group::of(parts, closing))), ..Happening::default() }
    }

    /// Each card pays what home says; nothing is said of any where all of them are let go.
    pub(super) fn cards_settled<'a>(&self, from: u16, settled: &CardsSettled) -> Happening<'a> {
        let holds = self.pledged_holds(from, settled.saga);
        let is_let_go = settled.charges.is_empty();
        if holds.is_empty() && (is_let_go || planted::is(Planted::DeclineIgnored)) {
            // Nothing was held in the first place.
            return Happening::default();
        }
        assert!(is_let_go || holds.len() == settled.charges.len(), "I2: home counts on what was pledged");
        let parts: Vec<_> = holds
            .into_iter()
            .enumerate()
            .map(|(at, hold)| {
                let charge = settled.charges.get(at).copied().unwrap_or(0);
                let charge = match charge {
                    0 => 0,
                    _ if planted::is(Planted::PledgeChargedWhole) => hold.held,
                    charge if planted::is(Planted::DeclineIgnored) => charge.min(hold.held),
                    charge => charge,
                };
                let (coupon, previous) = (hold.coupon, self.last_of(hold.coupon));
                match charge {
                    0 => self.released(hold),
                    amount => Event::PartCaptured(PartCaptured {
                        hold: hold.lsn,
                        coupon,
                        previous,
                        amount,
                        applied: amount,
                        captured: amount,
                    }),
                }
            })
            .collect();
        let closing = Event::PledgeEnded(PledgeEnded { home: from, saga: settled.saga, how: LET_GO });
        Happening { group: Some(Box::new(Group::of(parts, closing))), ..Happening::default() }
    }

    /// Each card gets back what home says: one that has expired opens again, one that is void or was given gets another in its place.
    pub(super) fn cards_refunded<'a>(&self, context: &Context<'_>, from: u16, refunded: &CardsRefunded) -> Happening<'a> {
        let (mut parts, mut replaced) = (Vec::new(), 0);
        for (pledge, &amount) in self.pledges.of(from, refunded.saga).zip(&refunded.amounts).filter(|&(_, &amount)| amount > 0) {
            let (_, redemption) = self.redemptions.at_lsn(pledge.redemption).expect("I2: what gets something back has paid");
            let part = self.refunded_part(context, redemption, amount, replaced);
            replaced += u64::from(part.replacement != 0);
            parts.push(Event::PartRefunded(part));
        }
        let closing = parts.pop();
        let group = closing.map(|closing| Box::new(Group::of(parts, closing)));
        Happening { group, ..Happening::default() }
    }

    /// The same of cards whose template is void: home has heard of that, so it waits until this partition has, and nobody spends meanwhile
    /// what is paid outside.
    pub(super) fn cards_lost<'a>(&self, context: &Context<'_>, from: u16, lost: &CardsRefunded) -> Option<Happening<'a>> {
        let mut losing = self.pledges.of(from, lost.saga).zip(&lost.amounts).filter(|&(_, &amount)| amount > 0);
        let is_heard = losing.all(|(pledge, _)| self.coupon(pledge.coupon).is_some_and(|(_, terms)| terms.void.is_some()));
        is_heard.then(|| self.cards_refunded(context, from, lost))
    }

    /// Nothing will come back.
    pub(super) fn saga_closed<'a>(&self, from: u16, saga: u64) -> Happening<'a> {
        let event = Event::PledgeEnded(PledgeEnded { home: from, saga, how: CLOSED });
        let is_known = self.pledges.of(from, saga).next().is_some();
        Happening { events: is_known.then_some(event).into_iter().collect(), ..Happening::default() }
    }

    fn last_of(&self, coupon: u64) -> u64 {
        self.coupons.get(coupon).expect("a held coupon is here").last()
    }
}

/// How the request named a card.
fn instrument(card: &WantedBody) -> Instrument {
    let &WantedBody { coupon, key_version, .. } = card;
    match card.named {
        1 => Instrument::Bearer { coupon, key_version },
        2 => Instrument::Owned { user: UserKey(card.user), coupon },
        _ => Instrument::Known { coupon },
    }
}
