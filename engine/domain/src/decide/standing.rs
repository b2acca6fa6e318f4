//! How a coupon stands at an instant: its accounts, its window and its blocks, with everything that time has brought by then.
//!
//! Reads and decisions look here and nowhere else, so a hold whose deadline has passed counts as expired, and what is past the
//! window counts as expired, and a void template's coupon as void, whether or not an event has said so yet. Where every event that is due has been recorded, what
//! stands here is what is stored.

use super::Context;
use crate::block::Blocks;
use crate::command::Instrument;
use crate::coupon::{Coupon, Life};
use crate::gift::Gift;
use crate::hold::Hold;
use crate::id::Id;
use crate::money::{self, Currency};
use crate::partition::Partition;
use crate::planted::{self, Planted};
use crate::rejection::{Reason, Rejection};
use crate::reply::Quote;
use crate::terms::void::{LiveHolds, Void};
use crate::terms::{Kind, Terms, Window};
use crate::user::User;
use crate::value::Value;
use std::sync::Arc;

/// Where a coupon is used.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) merchant: &'a Id,
    pub(super) channel: Option<&'a Id>,
}

/// A coupon at an instant.
pub(super) struct Standing<'a> {
    pub(super) number: u64,
    pub(super) coupon: &'a Coupon,
    pub(super) terms: &'a Arc<Terms>,
    pub(super) window: Window,
    pub(super) value: Value,
    pub(super) live_holds: u32,
    pub(super) account_blocks: Blocks,
    /// The gift that it is offered by.
    pub(super) gift: Option<&'a Gift>,
    /// Whether it is void, by itself or with its template.
    is_void: bool,
    now_ms: i64,
}

impl Partition {
    /// The coupon that an instrument names, or the one uniform refusal.
    pub(super) fn instrument(&self, instrument: &Instrument) -> Result<(&Coupon, &Arc<Terms>), Rejection> {
        let found = self.coupon(instrument.coupon()).filter(|(coupon, _)| match *instrument {
            Instrument::Bearer { key_version, .. } => coupon.key_version == key_version,
            Instrument::Owned { user, .. } => self.owner(coupon).is_some_and(|owner| owner.key() == user),
            Instrument::Known { .. } => true,
            Instrument::Legacy { .. } => false,
        });
        found.ok_or(Reason::CodeNotAccepted.into())
    }

    /// Who owns a coupon, unless it belongs to whoever has its code.
    pub(super) fn owner(&self, coupon: &Coupon) -> Option<&User> {
        self.users.get(coupon.owner()?)
    }

    /// How the coupon that an instrument names stands now.
    pub(super) fn standing(&self, context: &Context<'_>, instrument: &Instrument) -> Result<Standing<'_>, Rejection> {
        self.instrument(instrument)?;
        Ok(self.standing_of(instrument.coupon(), context.now_ms))
    }

    /// How a coupon that is here stands at `now`.
    pub(super) fn standing_of(&self, number: u64, now_ms: i64) -> Standing<'_> {
        let (coupon, terms) = self.coupon(number).expect("a coupon that is looked at is here");
        let window = self.coupons.window(number, coupon);
        let void = if terms.void.is_some() { self.void_of(number, coupon, terms, &window) } else { None };
        let (value, live_holds) = match &void {
            None => {
                let (mut value, live_holds) = self.held_at(number, now_ms);
                if window.is_over(now_ms) {
                    value.expired += std::mem::take(&mut value.available);
                }
                (value, live_holds)
            }
            Some(void) => self.voided_at(number, void, &window, now_ms),
        };
        let account_blocks = coupon.owner().map_or(Blocks::default(), |owner| self.users.blocks(owner));
        let is_void = coupon.is_void() || void.is_some();
        let gift = self.gifts.open_of(number).filter(|gift| gift.is_open(now_ms) && !is_void);
        Standing { number, coupon, terms, window, value, live_holds, account_blocks, gift, is_void, now_ms }
    }

    /// Its accounts and the number of its live holds, with those ended that have ended by then.
    #[inline(always)]
    fn held_at(&self, number: u64, ends_ms: i64) -> (Value, u32) {
        let (mut value, (_, mut live_holds)) = (self.value(number), self.holds.held(number));
        if live_holds > 0 {
            for (_, due) in self.holds.live_of(number).take_while(|(_, hold)| !hold.is_live(ends_ms)) {
                value.held -= due.held;
                value.available += due.held;
                live_holds -= 1;
            }
        }
        (value, live_holds)
    }

    /// The same of one that the void of its template takes.
    #[cold]
    fn voided_at(&self, number: u64, void: &Void, window: &Window, now_ms: i64) -> (Value, u32) {
        let ends_ms = if void.revokes() { void.at_ms } else { now_ms };
        let (mut value, live_holds) = self.held_at(number, ends_ms);
        let rest = std::mem::take(&mut value.available);
        *(if window.is_over(void.at_ms) { &mut value.expired } else { &mut value.voided }) += rest;
        if !void.revokes() {
            return (value, live_holds);
        }
        value.voided += std::mem::take(&mut value.held);
        (value, 0)
    }

    /// The void of its template, if that takes this coupon: what was past its end before has expired, but for what was held.
    pub(super) fn void_of(&self, number: u64, coupon: &Coupon, terms: &Terms, window: &Window) -> Option<Void> {
        let mut void = terms.void.filter(|_| !planted::is(Planted::VoidIgnored))?;
        if self.check_revocable(number).is_err() {
            // An order of another partition counts on it.
            void.holds = LiveHolds::Kept;
        }
        let is_revoked = || void.revokes() && self.holds.live_of(number).any(|(_, hold)| hold.is_live(void.at_ms));
        (coupon.is_void() || !window.is_over(void.at_ms) || is_revoked()).then_some(void)
    }

    /// Whether nobody may accept a coupon now.
    pub(super) fn check_not_offered(&self, number: u64, now_ms: i64) -> Result<(), Rejection> {
        match self.gifts.open_of(number).filter(|gift| gift.is_open(now_ms)) {
            Some(gift) => Err(Rejection::new(Reason::CouponGifting, gift.deadline_ms)),
            None => Ok(()),
        }
    }

    /// The live hold of this natural key on its coupon.
    pub(super) fn live_hold_of(&self, coupon: u64, order: u128, now_ms: i64) -> Option<&Hold> {
        let (_, live_holds) = self.holds.held(coupon);
        let newest = if live_holds > 0 { self.holds.of_order(order) } else { None };
        newest.map(|(_, hold)| hold).filter(|hold| hold.is_live(now_ms))
    }
}

impl Standing<'_> {
    /// What people call it.
    pub(super) fn life(&self) -> Life {
        match () {
            () if self.is_given() => Life::Given,
            // One that was used before its template was made void, or by a hold that was kept, stays so.
            () if self.is_used() => Life::Used,
            () if self.is_void => Life::Void,
            () if self.coupon.is_unactivated() => Life::Unactivated,
            () if self.gift.is_some() => Life::Gifting,
            () if self.window.is_over(self.now_ms) => Life::Expired,
            () => Life::Active,
        }
    }

    /// Why nothing happens to it any more, if so: what is held past the end is not final yet.
    pub(super) fn check_not_final(&self) -> Result<(), Rejection> {
        match self.life() {
            Life::Given => Err(Reason::CouponGiven.into()),
            Life::Void => Err(Reason::CouponVoid.into()),
            Life::Used => Err(Reason::CouponUsed.into()),
            Life::Expired if self.value.held == 0 => Err(Rejection::new(Reason::CouponExpired, self.window.until_ms)),
            Life::Expired | Life::Active | Life::Gifting | Life::Unactivated => Ok(()),
        }
    }

    /// As it stands once a live hold of it is let go, to be quoted: past its window a quote refuses before it looks at value.
    pub(super) fn without(mut self, hold: Option<&Hold>) -> Self {
        if let Some(hold) = hold {
            self.value.held -= hold.held;
            self.value.available += hold.held;
            self.live_holds -= 1;
        }
        self
    }

    /// What it would do to `amount` now at this place; without one, where it was held. `own` is the live hold of the order that
    /// asks: that one is captured, not passed by.
    pub(super) fn quote(
        &self,
        amount: i64,
        currency: Currency,
        place: Option<Place<'_>>,
        own: Option<&Hold>,
    ) -> Result<Quote, Rejection> {
        self.check_usable(own)?;
        self.check_rules(place)?;
        if currency != self.terms.currency {
            return Err(Reason::CurrencyMismatch.into());
        }
        let available = self.value.available;
        let is_card = self.terms.is_stored_value();
        if is_card && amount > available && !planted::is(Planted::BalanceIgnored) {
            return Err(Rejection::new(Reason::InsufficientBalance, available));
        }
        let applied = applied(self.terms, amount)?;
        let balance_after = if is_card { available - applied } else { 0 };
        Ok(Quote { coupon: self.number, currency, is_card, amount, applied, balance_after })
    }

    /// Whether it may be used now where it was held before: what its rules said of that place and that order they say still.
    pub(super) fn check_again(&self, own: Option<&Hold>) -> Result<(), Rejection> {
        self.check_usable(own)?;
        self.check_rules(None)
    }

    /// Whether its template's rules let it be used now, and here, on an order that says nothing of its lines.
    fn check_rules(&self, place: Option<Place<'_>>) -> Result<(), Rejection> {
        let Some(Place { merchant, channel }) = place else { return self.terms.check_hours(self.now_ms) };
        self.terms.check_place(channel, self.now_ms)?;
        if !self.terms.lets_in(merchant) && !planted::is(Planted::ScopeIgnored) {
            return Err(Reason::OutOfScope.into());
        }
        if self.terms.needs_lines() {
            return Err(Reason::OrderLinesRequired.into());
        }
        Ok(())
    }

    /// Whether its template's rules let it be used now, through this channel.
    pub(super) fn check_channel(&self, channel: Option<&Id>) -> Result<(), Rejection> {
        self.terms.check_place(channel, self.now_ms)
    }

    fn is_used(&self) -> bool {
        !self.terms.is_stored_value() && self.value.captured > 0
    }

    /// Whether somebody else has it now.
    pub(super) fn is_given(&self) -> bool {
        self.value.given > 0
    }

    /// Whether it, or its owner's account, is blocked.
    pub(super) fn is_frozen(&self) -> bool {
        self.coupon.blocks().is_frozen() || self.account_blocks.is_frozen()
    }

    /// Whether it is its owner's to do something with.
    fn check_own(&self) -> Result<(), Rejection> {
        self.check_not_void()?;
        self.check_not_used()?;
        self.check_not_frozen()?;
        self.check_activated()?;
        if planted::is(Planted::GiftingIgnored) { Ok(()) } else { self.check_not_gifting() }
    }

    /// Whether nobody may accept it now.
    pub(super) fn check_not_gifting(&self) -> Result<(), Rejection> {
        self.gift.map_or(Ok(()), |gift| Err(Rejection::new(Reason::CouponGifting, gift.deadline_ms)))
    }

    /// Whether it may be offered to somebody else now. That it may not be used yet is no hindrance.
    pub(super) fn check_giveable(&self) -> Result<(), Rejection> {
        self.check_own()?;
        if self.live_holds > 0 {
            return Err(Reason::CouponHeld.into());
        }
        self.check_not_over()?;
        if self.value.available == 0 {
            return Err(Reason::InsufficientBalance.into());
        }
        // What belongs to whoever has its code is given by giving that.
        let may_be = self.terms.rules().transferable && self.coupon.owner().is_some();
        if may_be { Ok(()) } else { Err(Reason::NotTransferable.into()) }
    }

    /// Whether its state and its window let it be used now.
    pub(super) fn check_usable(&self, own: Option<&Hold>) -> Result<(), Rejection> {
        self.check_own()?;
        let is_held = !self.terms.is_stored_value() && self.value.held > 0;
        if is_held || own.is_some() {
            return Err(Rejection::new(Reason::CouponHeld, own.map_or(0, |hold| hold.lsn as i64)));
        }
        if self.window.is_before(self.now_ms) {
            return Err(Rejection::new(Reason::UseNotStarted, self.window.from_ms));
        }
        self.check_not_over()
    }

    /// Whether nobody else has it, and nobody made it void.
    pub(super) fn check_not_void(&self) -> Result<(), Rejection> {
        if self.is_given() {
            return Err(Reason::CouponGiven.into());
        }
        if self.is_void { Err(Reason::CouponVoid.into()) } else { Ok(()) }
    }

    pub(super) fn check_not_used(&self) -> Result<(), Rejection> {
        if self.is_used() && !planted::is(Planted::UsedAgain) { Err(Reason::CouponUsed.into()) } else { Ok(()) }
    }

    pub(super) fn check_not_frozen(&self) -> Result<(), Rejection> {
        if self.is_frozen() && !planted::is(Planted::FreezeIgnored) { Err(Reason::CouponFrozen.into()) } else { Ok(()) }
    }

    /// Whether it was activated, if it is a card that has to be.
    pub(super) fn check_activated(&self) -> Result<(), Rejection> {
        if self.coupon.is_unactivated() { Err(Reason::CouponNotActivated.into()) } else { Ok(()) }
    }

    pub(super) fn check_not_over(&self) -> Result<(), Rejection> {
        match self.window.is_over(self.now_ms) {
            true => Err(Rejection::new(Reason::CouponExpired, self.window.until_ms)),
            false => Ok(()),
        }
    }
}

/// The discount on an order of `amount`, or the charge of `amount`.
pub(super) fn applied(terms: &Terms, amount: i64) -> Result<i64, Rejection> {
    let applied = match terms.kind {
        Kind::PercentOff { pay, cap } => money::percent_off(amount, pay, cap, terms.rounding),
        Kind::AmountOff { threshold, amount: off } => money::amount_off(amount, threshold, off)
            .map_err(|shortfall| Rejection::new(Reason::BelowThreshold, shortfall.missing))?,
        Kind::StoredValue { .. } => amount,
        Kind::CashVoucher { amount: off } => off.min(amount),
        Kind::QuantityOff { .. } | Kind::Exchange { .. } => return Err(Reason::OrderLinesRequired.into()),
    };
    if applied == 0 { Err(Reason::NoEffect.into()) } else { Ok(applied) }
}
