//! Refund of a redeemed order by its lines: each discount gives back, of each line, what belongs to the units that came back; what is
//! left of their price goes back to who paid it.
//!
//! Everything is reckoned from all units that came back so far, rounded down, and each refund gives the difference, so any order of
//! returns sums exactly. Money goes back to the cards first, the last drained first, because what was paid by card is not paid out in
//! cash while a card can take it; the rest is for who paid beside them. A card of a void template takes it and loses it, so that is paid
//! outside as well.

use super::super::saga::is_same;
use super::super::{Context, Decision, Outgoing};
use super::{Group, Outcome, Refusal, together, units};
use crate::catalog::Catalog;
use crate::checkouts::{Checkout, Stage, given_back_of, rest_of};
use crate::codec;
use crate::command::{Keys, RefundOrder};
use crate::event::{CheckoutRefunded, Event, OrderBody, RefundedApart, Request, ReturnsBody, TenderedBody};
use crate::line::message::{CardsRefunded, Message};
use crate::partition::Partition;
use crate::planted::{self, Planted};
use crate::redemption::Redemption;
use crate::rejection::{Reason, Rejection};
use crate::request::Operation;
use crate::saga::Saga;

impl Partition {
    pub(in super::super) fn decide_refund_order<'a>(
        &self,
        context: &Context<'_>,
        refund: &'a RefundOrder,
        keys: &Keys,
    ) -> Decision<'a> {
        let known = self.checkouts.at_lsn(refund.checkout).map(|(_, checkout)| checkout);
        if !known.is_some_and(|checkout| checkout.stage == Stage::Redeemed) && !self.may_be_archived_order(refund.checkout) {
            return Reason::RedemptionNotFound.into();
        }
        let fingerprint = units::fingerprint(self.key(), refund.checkout, refund.returned.as_ref());
        if let Some(known) = self.known_request(context, keys.request, fingerprint) {
            return known;
        }
        let Some(checkout) = known.filter(|checkout| !checkout.is_archived(context.now_ms)) else {
            return Reason::RedemptionArchived.into();
        };
        let order = checkout.goods.order();
        let left = units::left(&order, &checkout.goods.returned());
        let is_all_back = !left.shipping && left.units.iter().all(|&units| units == 0);
        let returned = match &refund.returned {
            _ if is_all_back => Err(Rejection::new(Reason::AlreadyRefunded, checkout.amount - checkout.payable)),
            None => Ok(left),
            Some(asked) => units::of_lines(&units::RETURNED, &order, asked, &left, Reason::RefundExceedsCapture),
        };
        let returned = match returned {
            Err(refusal) if refusal.reason == Reason::InvalidArgument => return refusal.into(),
            returned => returned,
        };
        let request = Request { id: refund.request_id.as_str(), fingerprint };
        let outcome = returned.map_err(Refusal::from).and_then(|returned| match self.sagas.of_checkout(checkout.lsn) {
            Some(saga) => self.refund_apart(context, checkout, saga, &order, &returned, request),
            None => self.refund_order(context, checkout, &order, &returned, request),
        });
        together(Operation::RefundOrder, checkout.lsn.into(), request, outcome)
    }

    /// Whether this lsn may be that of a checkout that was forgotten.
    fn may_be_archived_order(&self, lsn: u64) -> bool {
        lsn <= self.lsn() && self.checkouts.may_have_forgotten(lsn)
    }

    fn refund_order<'a>(
        &self,
        context: &Context<'_>,
        checkout: &Checkout,
        order: &OrderBody<'_>,
        returned: &ReturnsBody,
        request: Request<'a>,
    ) -> Result<Outcome<'a>, Refusal> {
        let before = checkout.goods.returned();
        let after = both(&before, returned);
        let redemptions: Vec<&Redemption> = checkout.numbers().map(|number| self.part_redeemed(number)).collect();
        let (discounts, cards) = redemptions.split_at(order.shares.len());
        let of_discounts = discounts.iter().zip(&order.shares).map(|(part, shares)| {
            let given = given_back_of(order, shares, &after);
            (*part, given - part.refunded)
        });
        let rest = rest_of(order);
        let paid_back = |returned: &ReturnsBody| given_back_of(order, &rest, returned);
        let mut open = paid_back(&after) - cards.iter().map(|card| card.refunded).sum::<i64>();
        let open_before = paid_back(&before) - cards.iter().map(|card| card.refunded).sum::<i64>();
        let mut of_cards: Vec<(&Redemption, i64)> = Vec::new();
        for card in cards.iter().rev() {
            let amount = if planted::is(Planted::OutsideFirst) { open / 2 } else { open }.min(card.left());
            open -= amount;
            of_cards.push((*card, amount));
        }
        let lost: i64 = of_cards.iter().filter(|(card, _)| self.is_of_void(card)).map(|(_, amount)| amount).sum();
        let parts = self.given_back(context, of_discounts.chain(of_cards))?;
        let closing = Event::CheckoutRefunded(CheckoutRefunded {
            checkout: checkout.lsn,
            request,
            parts: parts.len() as u8,
            outside: open - open_before + lost,
            body: &[],
        });
        Ok(Outcome::Group(Group { body: codec::encode_returns(returned), ..Group::of(parts, closing) }))
    }

    /// The same with cards of other partitions, which are told what they get back.
    fn refund_apart<'a>(
        &self,
        context: &Context<'_>,
        checkout: &Checkout,
        saga: &Saga,
        order: &OrderBody<'_>,
        returned: &ReturnsBody,
        request: Request<'a>,
    ) -> Result<Outcome<'a>, Refusal> {
        self.check_room(saga.asked().into_keys())?;
        let (before, after) = (checkout.goods.returned(), both(&checkout.goods.returned(), returned));
        let redemptions: Vec<&Redemption> = checkout.numbers().map(|number| self.part_redeemed(number)).collect();
        let (discounts, cards) = redemptions.split_at(order.shares.len());
        let mut given: Vec<(&Redemption, i64)> = Vec::new();
        given.extend(discounts.iter().zip(&order.shares).map(|(part, shares)| {
            let back = given_back_of(order, shares, &after);
            (*part, back - part.refunded)
        }));
        let rest = rest_of(order);
        let paid_back = |returned: &ReturnsBody| given_back_of(order, &rest, returned);
        let of_cards = cards.iter().map(|card| card.refunded).sum::<i64>() + saga.body.refunded;
        let (mut open, open_before) = (paid_back(&after) - of_cards, paid_back(&before) - of_cards);
        // The last drained first, wherever it lies.
        let (mut cards, so_far) = (cards.iter().rev(), saga.given_back(saga.body.refunded));
        let (mut apart, mut lost_here) = (0, 0);
        for one in saga.body.tender.all.iter().rev().filter(|one| one.captured > 0) {
            let here = if one.is_apart() { None } else { cards.next() };
            let got = so_far.iter().find(|(card, _)| is_same(card, one)).map_or(0, |&(_, got)| got);
            let amount = open.min(here.map_or(one.captured - got, |card| card.left()));
            open -= amount;
            match here {
                Some(card) => {
                    lost_here += if self.is_of_void(card) { amount } else { 0 };
                    given.push((card, amount));
                }
                None => apart += amount,
            }
        }
        let given_apart = given_apart(context.catalog, saga, apart);
        let parts = self.given_back(context, given.into_iter())?;
        let closing = Event::RefundedApart(RefundedApart {
            checkout: checkout.lsn,
            request,
            parts: parts.len() as u8,
            outside: open - open_before + lost_here + lost_apart(&given_apart),
            apart,
            body: &[],
            lost: (0..).zip(&given_apart).map(|(at, given)| u16::from(given.is_lost) << at).sum(),
        });
        let group = Group { body: codec::encode_returns(returned), ..Group::of(parts, closing) };
        Ok(Outcome::Send(group, word_of_refund(saga, &given_apart)))
    }

    /// What each coupon and card of home gets back, but those that get nothing.
    fn given_back<'r>(
        &self,
        context: &Context<'_>,
        given: impl Iterator<Item = (&'r Redemption, i64)>,
    ) -> Result<Vec<Event<'static>>, Rejection> {
        let (mut parts, mut replaced) = (Vec::new(), 0);
        for (redemption, amount) in given.filter(|&(_, amount)| amount > 0) {
            let part = self.refunded_part(context, redemption, amount, replaced);
            self.check_takes_back(&part, context.now_ms)?;
            replaced += u64::from(part.replacement != 0);
            parts.push(Event::PartRefunded(part));
        }
        Ok(parts)
    }

    /// Whether the template of what was redeemed is void.
    fn is_of_void(&self, redemption: &Redemption) -> bool {
        self.coupon(redemption.coupon).is_some_and(|(_, terms)| terms.void.is_some())
    }

    fn part_redeemed(&self, number: u64) -> &Redemption {
        self.redemptions.get(number).expect("the parts of a checkout leave with it")
    }
}

/// What came back before, with what comes now.
fn both(before: &ReturnsBody, now: &ReturnsBody) -> ReturnsBody {
    ReturnsBody {
        units: before.units.iter().zip(&now.units).map(|(before, more)| before + more).collect(),
        shipping: before.shipping || now.shipping,
    }
}

/// What a card elsewhere gets back, and whether it loses that with its void template.
struct Given<'a> {
    card: &'a TenderedBody,
    amount: i64,
    is_lost: bool,
}

/// What each card elsewhere gets back when `apart` goes back to all of them, in the order in which they are drained. A template is void as soon as
/// home has heard of it: a card's partition that has heard of it before makes void what it gets back before that, as all else that is on it.
fn given_apart<'a>(catalog: &Catalog, saga: &'a Saga, apart: i64) -> Vec<Given<'a>> {
    let is_void = |template| catalog.get(template).is_some_and(|template| template.void.is_some());
    let given = saga.given_after(saga.body.refunded, apart).into_iter();
    given.map(|(card, amount)| Given { card, amount, is_lost: amount > 0 && card.template().is_some_and(is_void) }).collect()
}

fn lost_apart(given: &[Given<'_>]) -> i64 {
    given.iter().filter(|given| given.is_lost).map(|given| given.amount).sum()
}

/// Each card elsewhere that gets something back is told how much, and apart from the others what it loses.
fn word_of_refund(saga: &Saga, given: &[Given<'_>]) -> Vec<Outgoing> {
    let mut word = Vec::new();
    for (to, cards) in saga.asked() {
        for is_lost in [false, true] {
            let is_told = |given: &&Given<'_>| given.is_lost == is_lost;
            let amount = |one: &&TenderedBody| {
                given.iter().filter(is_told).find(|given| is_same(given.card, one)).map_or(0, |given| given.amount)
            };
            let refunded = CardsRefunded { saga: saga.lsn, amounts: cards.iter().map(amount).collect() };
            // Those that paid nothing are forgotten there, unless another one of that partition did.
            if refunded.amounts.iter().any(|&amount| amount > 0) {
                let message = if is_lost { Message::CardsLost(refunded) } else { Message::CardsRefunded(refunded) };
                word.push(Outgoing { to, message: message.bytes() });
            }
        }
    }
    word
}
