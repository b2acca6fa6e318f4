//! What a command, or an event that is replayed, will read first, read ahead of it.
//!
//! Coupons, requests and orders are spread over memory and each first look waits for it. Looks for many commands do not depend on each
//! other, so a shard that takes all of a batch's first looks together waits about once for many.

use crate::command::{Command, Instrument, Keys};
use crate::event::{Claimed, ClaimedV1, Event};
use crate::keyed::OrderKey;
use crate::partition::Partition;

impl Partition {
    /// Reads what deciding this command reads first. The number means nothing; it keeps the looks from being optimised away.
    pub fn touch(&self, command: &Command, keys: &Keys) -> u64 {
        let coupon = match command {
            Command::Redeem(redeem) => self.touch_coupon(&redeem.instrument),
            Command::Hold(hold) => self.touch_coupon(&hold.instrument),
            Command::ActivateCard(activate) => self.touch_coupon(&activate.instrument),
            Command::ReloadCard(reload) => self.touch_coupon(&reload.instrument),
            Command::Validate(validate) => self.touch_coupon(&validate.instrument),
            Command::Claim(claim) => self.users.find(claim.user.key).map_or(0, u64::from),
            Command::Capture(capture) => self.touch_hold(capture.hold),
            Command::Release(release) => self.touch_hold(release.hold),
            Command::OfferGift(offer) => self.touch_coupon(&offer.instrument),
            Command::CancelGift(cancel) => self.touch_gift(cancel.gift),
            Command::AcceptGift(accept) => self.touch_gift(accept.gift),
            Command::Refund(refund) => {
                self.redemptions.at_lsn(refund.redemption).map_or(0, |(_, redemption)| self.touch_number(redemption.coupon))
            }
            _ => 0,
        };
        coupon ^ self.requests.touch(keys.request) ^ self.touch_order(keys.order)
    }

    /// Reads what applying this event reads first; the number means nothing.
    pub(crate) fn touch_event(&self, event: &Event<'_>, keys: &Keys) -> u64 {
        let about = match event {
            Event::ClaimedV1(ClaimedV1 { terms, .. }) | Event::Claimed(Claimed { terms, .. }) => self.touch_user(*terms, keys),
            Event::RedeemedV1(redeemed) | Event::Redeemed(redeemed) => self.touch_number(redeemed.coupon),
            Event::Held(held) => self.touch_number(held.coupon),
            Event::Captured(captured) => self.touch_number(captured.coupon),
            Event::HoldEnded(ended) => self.touch_number(ended.coupon),
            Event::RefundedV1(refunded) => self.touch_number(refunded.coupon),
            Event::Refunded(refunded) => self.touch_number(refunded.coupon),
            Event::Activated(activated) => self.touch_number(activated.coupon),
            Event::Reloaded(reloaded) => self.touch_number(reloaded.coupon),
            Event::Expired(expired) => self.touch_number(expired.coupon),
            Event::GiftOffered(offered) => self.touch_number(offered.coupon),
            Event::GiftEnded(ended) => self.touch_number(ended.coupon),
            Event::GiftAccepted(accepted) => self.touch_number(accepted.coupon),
            Event::GiftReceived(_) => self.users.find(keys.user).map_or(0, u64::from),
            _ => 0,
        };
        about ^ self.requests.touch(keys.request) ^ self.redemptions.touch(keys.order)
    }

    /// The user and how many of this template they got.
    fn touch_user(&self, terms: u32, keys: &Keys) -> u64 {
        let (user, terms) = (self.users.find(keys.user), self.terms.get(terms));
        user.zip(terms).map_or(0, |(user, terms)| self.users.claimed(user, terms.template).into())
    }

    /// The hold of this lsn, its coupon with the live holds, and its order.
    fn touch_hold(&self, hold: u64) -> u64 {
        let about = self.holds.at_lsn(hold);
        about.map_or(0, |(_, hold)| {
            self.touch_number(hold.coupon) ^ self.touch_held(hold.coupon) ^ self.touch_order(hold.order_key())
        })
    }

    /// The gift of this lsn, and its coupon.
    fn touch_gift(&self, gift: u64) -> u64 {
        self.gifts.at_lsn(gift).map_or(0, |(_, gift)| self.touch_number(gift.coupon))
    }

    fn touch_held(&self, coupon: u64) -> u64 {
        self.holds.held(coupon).1.into()
    }

    /// What an order has redeemed and holds.
    fn touch_order(&self, order: OrderKey) -> u64 {
        self.redemptions.touch(order) ^ self.holds.touch(order)
    }

    /// First and last field: a coupon may lie on two cache lines.
    fn touch_number(&self, coupon: u64) -> u64 {
        self.coupons.get(coupon).map_or(0, |coupon| coupon.owner().map_or(0, u64::from) ^ u64::from(coupon.key_version))
    }

    /// The owner is compared where the instrument names one.
    fn touch_coupon(&self, instrument: &Instrument) -> u64 {
        let owner = match instrument {
            Instrument::Owned { coupon, .. } => self.coupons.get(*coupon).and_then(|coupon| self.owner(coupon)),
            Instrument::Bearer { .. } | Instrument::Known { .. } | Instrument::Legacy { .. } => None,
        };
        owner.map_or(0, |owner| owner.key().0 as u64)
            ^ self.touch_number(instrument.coupon())
            ^ self.touch_held(instrument.coupon())
    }
}
