//! What time alone brings about: holds, gifts and value expire, a void template's coupons become void one by one, what was remembered
//! long enough is forgotten.
//!
//! Reads and decisions derive what is due ([`standing`](super::standing)), so nothing here is late for anybody. It is recorded on two
//! roads: before a write is decided, for the coupon that it is about ([`Partition::due`]), so that decisions meet settled
//! state; and for everything else in the background, a bounded number of events at a time ([`Partition::decide_time`]).

use super::Events;
use crate::checkouts::Stage;
use crate::command::{Command, Instrument, Operation};
use crate::coupon::Coupon;
use crate::event::{
    CHECKOUT_REFUNDS, CHECKOUTS, DayDropped, EXPIRED, Event, Expired, Forgotten, GIFT_EXPIRED, GIFTS, GiftEnded, HOLDS,
    HoldEnded, REDEMPTIONS, REFUNDS, RequestsForgotten, Restocked, VoidedWithTemplate,
};
use crate::gift::Gift;
use crate::hold::Hold;
use crate::partition::Partition;
use crate::pool::Pool;
use crate::terms::void::Void;

use super::operator::REVOKED_COUPONS_MAX;

/// Entities that one event may forget, so that no turn does much of it.
pub const FORGOTTEN_MAX: u64 = 1024;

impl Partition {
    /// What time has brought next to what a write is about; asked until there is nothing, before the write is decided. Its events are
    /// recorded in one frame.
    pub fn due(&self, command: &Command, now_ms: i64) -> Option<Events<'static>> {
        self.due_to(command, now_ms).map(|event| self.with_what_returns(event))
    }

    fn due_to(&self, command: &Command, now_ms: i64) -> Option<Event<'static>> {
        let of_instrument = |instrument: &Instrument| {
            self.instrument(instrument).ok()?;
            self.due_of(instrument.coupon(), now_ms)
        };
        let of_hold = |lsn| self.holds.at_lsn(lsn).and_then(|(_, hold)| self.due_of(hold.coupon, now_ms));
        let of_gift = |lsn| self.gifts.at_lsn(lsn).and_then(|(_, gift)| self.due_of(gift.coupon, now_ms));
        match command {
            Command::Redeem(redeem) => of_instrument(&redeem.instrument),
            Command::Hold(hold) => of_instrument(&hold.instrument),
            Command::BlockCoupon(block) => of_instrument(&block.instrument),
            Command::VoidCoupon(void) => of_instrument(&void.instrument),
            Command::ReloadCard(reload) => of_instrument(&reload.instrument),
            Command::AdjustCard(adjust) => of_instrument(&adjust.instrument),
            Command::ReplaceCard(replace) => of_instrument(&replace.instrument),
            Command::Capture(capture) => of_hold(capture.hold),
            Command::Release(release) => of_hold(release.hold),
            Command::OfferGift(offer) => of_instrument(&offer.instrument),
            Command::CancelGift(cancel) => of_gift(cancel.gift),
            Command::AcceptGift(accept) => of_gift(accept.gift),
            Command::Refund(refund) => {
                let (_, redemption) = self.redemptions.at_lsn(refund.redemption)?;
                self.due_of(redemption.coupon, now_ms)
            }
            Command::Checkout(checkout) => checkout.instruments.iter().find_map(of_instrument),
            Command::CaptureOrder(capture) => self.due_of_order(capture.checkout, now_ms),
            Command::ReleaseOrder(release) => self.due_of_order(release.checkout, now_ms),
            Command::RefundOrder(refund) => self.due_of_order(refund.checkout, now_ms),
            Command::BlockUser(block) if block.operation == Operation::FreezeUser && block.revoke_holds => {
                let held = self.wallet(block.user.key).take(REVOKED_COUPONS_MAX).filter(|&coupon| self.holds.held(coupon).1 > 0);
                let mut due = held.filter_map(|coupon| self.due_of(coupon, now_ms));
                due.find(|event| !matches!(event, Event::Expired(_)))
            }
            _ => None,
        }
    }

    /// What time alone brings about next anywhere in the partition, recorded in one frame; bounded, so that `None` may be said while the
    /// next question finds something.
    pub fn decide_time(&self, now_ms: i64) -> Option<Events<'static>> {
        self.due_anywhere(now_ms).map(|event| self.with_what_returns(event))
    }

    fn due_anywhere(&self, now_ms: i64) -> Option<Event<'static>> {
        if let Some(before) = self.requests.due(now_ms) {
            return Some(Event::RequestsForgotten(RequestsForgotten { before }));
        }
        if let Some((_, hold)) = self.holds.due(now_ms) {
            return self.due_of(hold.coupon, now_ms);
        }
        if let Some(gift) = self.gifts.due(now_ms) {
            return self.due_of(gift.coupon, now_ms);
        }
        if let Some(coupon) = self.coupons.due(now_ms, |number| self.coupon_due_ms(number)) {
            return self.due_of(coupon, now_ms);
        }
        if let Some(over) = self.stock.day_over(now_ms) {
            let day = over.local_day().expect("a day is over");
            return Some(Event::DayDropped(DayDropped { template: over.template(), day }));
        }
        self.forgettable(now_ms)
    }

    /// An event, and behind it what its coupon gives back to stock and budget with it.
    pub(super) fn with_what_returns(&self, event: Event<'static>) -> Events<'static> {
        match event {
            Event::Expired(Expired { coupon, amount, .. })
            | Event::VoidedWithTemplate(VoidedWithTemplate { coupon, amount, .. }) => self.with_restock(coupon, amount, event),
            event => [event].into_iter().collect(),
        }
    }

    /// An event that ends a coupon with so much on it, and behind it what the coupon gives back: it does if all that was ever on it is.
    pub(super) fn with_restock<'a>(&self, coupon: u64, amount: i64, event: Event<'a>) -> Events<'a> {
        let (found, terms) = self.coupon(coupon).expect("a coupon that ends is here");
        let mut events: Events<'a> = [event].into_iter().collect();
        let returns = terms.returns();
        if returns.is_empty() || !found.is_plain() || amount != Coupon::loaded(terms) {
            return events;
        }
        let amount_of = |pool: Pool| returns.iter().find(|need| need.pool == pool).map_or(0, |need| need.amount);
        let template = terms.template;
        let (pieces, cover) = (amount_of(Pool::stock(template)), amount_of(Pool::budget(template)));
        events.push(Event::Restocked(Restocked { coupon, template, pieces, cover }));
        events
    }

    /// What time, or the void of its template, has brought to one coupon: the end of a hold or a gift first, then of what is left.
    /// What was live when the template was made void did not end later.
    pub(super) fn due_of(&self, coupon: u64, now_ms: i64) -> Option<Event<'static>> {
        let void = self.void_that_takes(coupon);
        let holds_ms = void.filter(Void::revokes).map_or(now_ms, |void| void.at_ms);
        if let Some((_, hold)) = self.holds.due_of(coupon, holds_ms) {
            return Some(self.hold_expired(hold));
        }
        if let Some(gift) = self.gifts.due_of(coupon, void.map_or(now_ms, |void| void.at_ms)) {
            return Some(self.gift_expired(gift));
        }
        match void {
            Some(void) if !self.is_over(coupon, void.at_ms) || self.is_empty(coupon) => self.void_due(coupon, &void),
            _ => self.coupons.expires_ms(coupon).filter(|&due_ms| due_ms <= now_ms).map(|_| self.coupon_expired(coupon)),
        }
    }

    /// When something is due of what is available of a coupon.
    fn coupon_due_ms(&self, coupon: u64) -> Option<i64> {
        let is_left = |void: &Void| {
            let value = self.value(coupon);
            value.available > 0 || value.held > 0 && (void.revokes() || !self.is_marked(coupon))
        };
        match self.void_that_takes(coupon).filter(is_left) {
            Some(void) => Some(void.at_ms),
            None => self.coupons.expires_ms(coupon),
        }
    }

    /// The void of a coupon's template, if there is one and it takes this coupon.
    #[inline]
    fn void_that_takes(&self, coupon: u64) -> Option<Void> {
        if self.terms.are_some_void() { self.void_in_terms(coupon) } else { None }
    }

    #[cold]
    fn void_in_terms(&self, coupon: u64) -> Option<Void> {
        let (found, terms) = self.coupon(coupon)?;
        terms.void?;
        self.void_of(coupon, found, terms, &self.coupons.window(coupon, found))
    }

    /// What its template's void leaves to be done of a coupon whose holds and gifts have had their time.
    fn void_due(&self, coupon: u64, void: &Void) -> Option<Event<'static>> {
        let (found, terms) = self.coupon(coupon).expect("a coupon that becomes void is here");
        let value = self.value(coupon);
        let (revoked_value, revoked_holds) = if void.revokes() { self.holds.held(coupon) } else { (0, 0) };
        let amount = value.available + revoked_value;
        // What is used up or given away has come to its end already; a card may get something back.
        let is_final = !terms.is_stored_value() && (value.captured > 0 || value.given > 0);
        let is_done = found.is_void() || is_final;
        let previous = found.last();
        let event = VoidedWithTemplate { coupon, previous, amount, revoked_holds, revoked_value };
        (amount > 0 || !is_done).then_some(Event::VoidedWithTemplate(event))
    }

    fn is_over(&self, coupon: u64, at_ms: i64) -> bool {
        self.coupons.get(coupon).is_some_and(|found| self.coupons.window(coupon, found).is_over(at_ms))
    }

    fn is_empty(&self, coupon: u64) -> bool {
        self.coupons.get(coupon).is_some_and(|found| found.available() == 0)
    }

    fn is_marked(&self, coupon: u64) -> bool {
        self.coupons.get(coupon).is_some_and(Coupon::is_void)
    }

    /// The same for the coupons of a checkout.
    fn due_of_order(&self, lsn: u64, now_ms: i64) -> Option<Event<'static>> {
        let (_, checkout) = self.checkouts.at_lsn(lsn)?;
        let mut coupons = checkout.numbers().filter_map(|number| match checkout.stage {
            Stage::Held => self.holds.get(number).map(|hold| hold.coupon),
            Stage::Redeemed => self.redemptions.get(number).map(|redemption| redemption.coupon),
        });
        coupons.find_map(|coupon| self.due_of(coupon, now_ms))
    }

    fn hold_expired(&self, hold: &Hold) -> Event<'static> {
        let previous = self.coupons.get(hold.coupon).expect("a held coupon is here").last();
        Event::HoldEnded(HoldEnded { hold: hold.lsn, coupon: hold.coupon, previous, how: EXPIRED, request: None })
    }

    fn gift_expired(&self, gift: &Gift) -> Event<'static> {
        let previous = self.coupons.get(gift.coupon).expect("an offered coupon is here").last();
        Event::GiftEnded(GiftEnded { gift: gift.lsn, coupon: gift.coupon, previous, how: GIFT_EXPIRED, request: None })
    }

    fn coupon_expired(&self, coupon: u64) -> Event<'static> {
        let found = self.coupons.get(coupon).expect("a coupon that expires is here");
        Event::Expired(Expired { coupon, previous: found.last(), amount: found.available() })
    }

    /// Closed entities that nothing remembered refers to any more: checkouts, refunds, then the redemptions that they refer to, then
    /// holds and gifts.
    fn forgettable(&self, now_ms: i64) -> Option<Event<'static>> {
        let is_referred = |at_ms| self.requests.reach_back_to(at_ms);
        let event = |store, before| Event::Forgotten(Forgotten { store, before });
        let checkout_refunds = || self.checkouts.forgettable_refunds(now_ms, FORGOTTEN_MAX, is_referred);
        let checkouts = || self.checkouts.forgettable(now_ms, FORGOTTEN_MAX, is_referred);
        let refunds = || self.redemptions.forgettable_refunds(now_ms, FORGOTTEN_MAX, is_referred);
        let redemptions = || {
            let kept =
                self.pledges.oldest_redemption().and_then(|lsn| self.redemptions.at_lsn(lsn)).map_or(u64::MAX, |(kept, _)| kept);
            let before = self.redemptions.forgettable(now_ms, FORGOTTEN_MAX, is_referred)?.min(kept);
            (before > self.redemptions.forgotten()[0]).then_some(before)
        };
        let holds = || self.holds.forgettable(now_ms, FORGOTTEN_MAX, is_referred);
        let gifts = || self.gifts.forgettable(now_ms, FORGOTTEN_MAX, is_referred);
        (checkout_refunds().map(|before| event(CHECKOUT_REFUNDS, before)))
            .or_else(|| checkouts().map(|before| event(CHECKOUTS, before)))
            .or_else(|| refunds().map(|before| event(REFUNDS, before)))
            .or_else(|| redemptions().map(|before| event(REDEMPTIONS, before)))
            .or_else(|| holds().map(|before| event(HOLDS, before)))
            .or_else(|| gifts().map(|before| event(GIFTS, before)))
    }
}
