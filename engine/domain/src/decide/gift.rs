//! Gift to a friend 转赠: offer, cancel, accept.
//!
//! While a gift is open its coupon is of no use to its owner, who may take it back. Accepting is decided here, in the sender's
//! partition, whoever the receiver is: one event ends the copy here, and the message that is sent with it makes the other one. Stock and what a
//! user may claim have no part in it, and a template that is stopped lets go what it has issued.

use super::{Context, Decision, Happening, Outgoing, refused};
use crate::command::{AcceptGift, CancelGift, GetGift, Keys, OfferGift};
use crate::event::{Event, GIFT_CANCELLED, GiftAccepted, GiftEnded, GiftOffered, Joined, Request};
use crate::gift::{GIFT_TTL_DEFAULT_MS, GIFT_TTL_MS_MAX, GIFT_TTL_MS_MIN, Gift, GiftState};
use crate::keyed::UserKey;
use crate::line::OUTBOX_BEGINNINGS_MAX;
use crate::line::message::{GiftGiven, Message};
use crate::partition::Partition;
use crate::rejection::{Reason, Rejection};
use crate::reply::{GiftView, Offer};
use crate::request::Operation;
use crate::terms::within;

impl Partition {
    pub(super) fn decide_offer_gift<'a>(&self, context: &Context<'_>, offer: &'a OfferGift, keys: &Keys) -> Decision<'a> {
        let checked = ttl_ms(offer).and_then(|ttl_ms| self.instrument(&offer.instrument).map(|_| ttl_ms));
        let ttl_ms = match checked {
            Ok(ttl_ms) => ttl_ms,
            Err(refusal) => return refusal.into(),
        };
        let fingerprint = self.key().fingerprint(&[], &[offer.ttl_ms as u64]);
        if let Some(known) = self.known_request(context, keys.request, fingerprint) {
            return known;
        }
        let coupon = offer.instrument.coupon();
        let request = Request { id: offer.request_id.as_str(), fingerprint };
        let standing = self.standing_of(coupon, context.now_ms);
        if let Err(refusal) = standing.check_giveable() {
            return Decision::happen([refused(Operation::OfferGift, u128::from(coupon), request, refusal)]);
        }
        // What is offered past its end would be nothing.
        let end_ms = if standing.window.until_ms == 0 { i64::MAX } else { standing.window.until_ms };
        let deadline_ms = end_ms.min(context.now_ms + ttl_ms);
        let previous = standing.coupon.last();
        Decision::happen([Event::GiftOffered(GiftOffered { coupon, previous, deadline_ms, request })])
    }

    pub(super) fn decide_cancel_gift<'a>(&self, context: &Context<'_>, cancel: &'a CancelGift, keys: &Keys) -> Decision<'a> {
        let Some(gift) = self.known_gift(cancel.gift, context.now_ms).filter(|gift| self.giver(gift) == cancel.user) else {
            return Reason::CodeNotAccepted.into();
        };
        let fingerprint = self.key().fingerprint(&[], &[cancel.gift]);
        if let Some(known) = self.known_request(context, keys.request, fingerprint) {
            return known;
        }
        let (operation, subject) = (Operation::CancelGift, u128::from(gift.lsn));
        let request = Request { id: cancel.request_id.as_str(), fingerprint };
        let previous = self.coupons.get(gift.coupon).expect("an offered coupon is here").last();
        Decision::happen([match gift.state_at(context.now_ms) {
            (GiftState::Open, _) => {
                let (how, request) = (GIFT_CANCELLED, Some(request));
                Event::GiftEnded(GiftEnded { gift: gift.lsn, coupon: gift.coupon, previous, how, request })
            }
            (GiftState::Accepted, _) => refused(operation, subject, request, Reason::CouponGiven.into()),
            // It is back already, as was asked.
            (GiftState::Cancelled | GiftState::Expired, _) => joined(operation, gift, request),
        }])
    }

    pub(super) fn decide_accept_gift<'a>(&self, context: &Context<'_>, accept: &'a AcceptGift, keys: &Keys) -> Decision<'a> {
        let Some(gift) = self.known_gift(accept.gift, context.now_ms) else {
            return Reason::CodeNotAccepted.into();
        };
        let fingerprint = self.key().fingerprint(&[accept.user.id.as_str()], &[accept.gift]);
        if let Some(known) = self.known_request(context, keys.request, fingerprint) {
            return known;
        }
        let (operation, subject) = (Operation::AcceptGift, u128::from(gift.lsn));
        let request = Request { id: accept.request_id.as_str(), fingerprint };
        if gift.state == GiftState::Accepted && gift.receiver == accept.user.key {
            return Decision::happen([joined(operation, gift, request)]);
        }
        if let Err(refusal) = self.may_accept(context, gift, accept.user.key) {
            return Decision::happen([refused(operation, subject, request, refusal)]);
        }
        if self.lines.is_busy(accept.to) {
            return Rejection::new(Reason::Overloaded, OUTBOX_BEGINNINGS_MAX as i64).into();
        }
        self.given(context, gift, accept, request)
    }

    fn may_accept(&self, context: &Context<'_>, gift: &Gift, receiver: UserKey) -> Result<(), Rejection> {
        match gift.state_at(context.now_ms) {
            (GiftState::Open, _) => {}
            (GiftState::Accepted, _) => return Err(Reason::CouponGiven.into()),
            (GiftState::Cancelled | GiftState::Expired, ended_ms) => return Err(Rejection::new(Reason::GiftEnded, ended_ms)),
        }
        if self.standing_of(gift.coupon, context.now_ms).is_frozen() {
            return Err(Reason::CouponFrozen.into());
        }
        if self.giver(gift) == receiver { Err(Reason::GiftToOneself.into()) } else { Ok(()) }
    }

    /// The end of the coupon here, and the message that makes it anew there.
    fn given<'a>(&self, context: &Context<'_>, gift: &Gift, accept: &'a AcceptGift, request: Request<'a>) -> Decision<'a> {
        let standing = self.standing_of(gift.coupon, context.now_ms);
        let (user, amount) = (accept.user.id.as_str(), standing.value.available);
        let message = Message::GiftGiven(GiftGiven {
            gift: gift.lsn,
            user,
            body: standing.terms.body(),
            rules: standing.terms.rule_bytes(),
            amount,
            use_from_ms: standing.window.from_ms,
            use_until_ms: standing.window.until_ms,
        });
        let outgoing = Outgoing { to: accept.to, message: message.bytes() };
        let previous = standing.coupon.last();
        let event = GiftAccepted { gift: gift.lsn, coupon: gift.coupon, previous, user, to: accept.to, amount, request };
        Decision::Send(Box::new(Happening {
            events: [Event::GiftAccepted(event)].into_iter().collect(),
            outgoing: vec![outgoing],
            ..Happening::default()
        }))
    }

    /// A gift as whoever has the token sees it. With the owner's name a coupon's id is as good as its code, and who gave it knows the name.
    pub(super) fn view_gift(&self, context: &Context<'_>, get: &GetGift) -> Result<GiftView, Rejection> {
        let gift = self.known_gift(get.gift, context.now_ms).ok_or(Reason::CodeNotAccepted)?;
        let standing = self.standing_of(gift.coupon, context.now_ms);
        let (state, ended_ms) = match (gift.state_at(context.now_ms), standing.terms.void) {
            ((GiftState::Open, _), Some(void)) => (GiftState::Cancelled, void.at_ms),
            (stands, _) => stands,
        };
        let is_receiver = state == GiftState::Accepted && get.user == Some(gift.receiver);
        Ok(GiftView {
            gift: gift.lsn,
            offer: Offer::of(standing.terms),
            amount: if state == GiftState::Accepted { gift.amount } else { standing.value.available },
            window: standing.window,
            deadline_ms: gift.deadline_ms,
            state,
            ended_ms,
            arrived: if is_receiver { gift.successor.checked_sub(1).map(|coupon| (gift.to, coupon)) } else { None },
            at_ms: context.now_ms,
        })
    }

    /// Whose coupon it was when it was offered: coupons do not change owners.
    fn giver(&self, gift: &Gift) -> UserKey {
        let coupon = self.coupons.get(gift.coupon).expect("an offered coupon is here");
        self.owner(coupon).expect("an owner is here").key()
    }

    /// The gift of this lsn, if its end is not too long ago.
    fn known_gift(&self, lsn: u64, now_ms: i64) -> Option<&Gift> {
        self.gifts.at_lsn(lsn).map(|(_, gift)| gift).filter(|gift| !gift.is_unknown(now_ms))
    }
}

fn joined<'a>(operation: Operation, gift: &Gift, request: Request<'a>) -> Event<'a> {
    let (subject, redemption) = (u128::from(gift.lsn), gift.lsn);
    Event::Joined(Joined { operation: operation as u8, subject, request, redemption })
}

/// How long the gift waits.
fn ttl_ms(offer: &OfferGift) -> Result<i64, Rejection> {
    if offer.ttl_ms == 0 {
        return Ok(GIFT_TTL_DEFAULT_MS);
    }
    within("ttl_ms", offer.ttl_ms, GIFT_TTL_MS_MIN, GIFT_TTL_MS_MAX)?;
    Ok(offer.ttl_ms)
}
