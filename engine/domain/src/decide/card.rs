//! Gift cards 礼品卡: activated at their sale, reloaded, adjusted with a reason, replaced when lost.
//!
//! Activation is the issue of a card that was made before, so it asks what an issue asks, by the terms that the card was made under.
//! Who reloads is a customer, who is kept from paying onto a frozen card; who adjusts is an operator, who is not. Every refusal of a
//! card that exists is remembered, because a retry must not flip.

use super::claim::check_issue;
use super::redeem::check_amount;
use super::{Context, Decision, refused};
use crate::command::{ActivateCard, AdjustCard, Instrument, Keys, ReloadCard, ReplaceCard, text};
use crate::event::{Activated, Adjusted, Event, Reloaded, Replaced, Request};
use crate::money::{AMOUNT_MAX, Currency};
use crate::partition::{Partition, load_numbers};
use crate::planted::{self, Planted};
use crate::rejection::{Reason, Rejection};
use crate::reply::{LedgerStart, Reply};
use crate::request::Operation;
use crate::terms::Window;

use super::standing::Standing;

impl Partition {
    pub(super) fn decide_activate<'a>(&self, context: &Context<'_>, activate: &'a ActivateCard, keys: &Keys) -> Decision<'a> {
        if let Err(refusal) = self.instrument(&activate.instrument) {
            return refusal.into();
        }
        let coupon = activate.instrument.coupon();
        let [merchant, order] = activate.sale.texts();
        let channel = text(activate.channel.as_deref());
        let fingerprint = self.key().fingerprint(&[merchant, order, channel], &[]);
        if let Some(known) = self.known_request(context, keys.request, fingerprint) {
            return known;
        }
        let request = Request { id: activate.request_id.as_str(), fingerprint };
        let standing = self.standing_of(coupon, context.now_ms);
        Decision::happen([match may_activate(context, activate, &standing) {
            Ok(window) => Event::Activated(Activated {
                coupon,
                previous: standing.coupon.last(),
                merchant,
                order,
                channel,
                loaded: standing.terms.face_value(),
                use_from_ms: window.from_ms,
                use_until_ms: window.until_ms,
                request,
            }),
            Err(refusal) => refused(Operation::ActivateCard, coupon.into(), request, refusal),
        }])
    }

    pub(super) fn decide_reload<'a>(&self, context: &Context<'_>, reload: &'a ReloadCard, keys: &Keys) -> Decision<'a> {
        let &ReloadCard { ref instrument, amount, currency, .. } = reload;
        if let Err(refusal) = check_amount(amount).and_then(|()| self.instrument(instrument).map(drop)) {
            return refusal.into();
        }
        let coupon = instrument.coupon();
        let [merchant, order] = reload.sale.texts();
        let fingerprint = self.key().fingerprint(&[merchant, order], &load_numbers(amount, currency));
        if let Some(known) = self.known_request(context, keys.request, fingerprint) {
            return known;
        }
        let request = Request { id: reload.request_id.as_str(), fingerprint };
        let standing = self.standing_of(coupon, context.now_ms);
        let previous = standing.coupon.last();
        let may = standing.check_loadable(true).and_then(|()| check_load(&standing, amount, currency));
        Decision::happen([match may {
            Ok(()) => Event::Reloaded(Reloaded { coupon, previous, merchant, order, amount, request }),
            Err(refusal) => refused(Operation::ReloadCard, coupon.into(), request, refusal),
        }])
    }

    pub(super) fn decide_adjust<'a>(&self, context: &Context<'_>, adjust: &'a AdjustCard, keys: &Keys) -> Decision<'a> {
        let &AdjustCard { ref instrument, amount, currency, .. } = adjust;
        let size = amount.checked_abs().unwrap_or(i64::MAX);
        if let Err(refusal) = check_amount(size).and_then(|()| self.instrument(instrument).map(drop)) {
            return refusal.into();
        }
        let (coupon, reason) = (instrument.coupon(), adjust.reason.as_str());
        let fingerprint = self.key().fingerprint(&[reason], &load_numbers(amount, currency));
        if let Some(known) = self.known_request(context, keys.request, fingerprint) {
            return known;
        }
        let request = Request { id: adjust.request_id.as_str(), fingerprint };
        let standing = self.standing_of(coupon, context.now_ms);
        let previous = standing.coupon.last();
        let may = standing.check_loadable(false).and_then(|()| check_load(&standing, amount, currency));
        Decision::happen([match may {
            Ok(()) => Event::Adjusted(Adjusted { coupon, previous, reason, amount, request }),
            Err(refusal) => refused(Operation::AdjustCard, coupon.into(), request, refusal),
        }])
    }

    pub(super) fn decide_replace<'a>(&self, context: &Context<'_>, replace: &'a ReplaceCard, keys: &Keys) -> Decision<'a> {
        if let Err(refusal) = self.instrument(&replace.instrument) {
            return refusal.into();
        }
        let coupon = replace.instrument.coupon();
        let fingerprint = self.key().fingerprint(&[], &[u64::from(replace.revoke_holds)]);
        if let Some(known) = self.known_request(context, keys.request, fingerprint) {
            return known;
        }
        let request = Request { id: replace.request_id.as_str(), fingerprint };
        let standing = self.standing_of(coupon, context.now_ms);
        let may = may_replace(&standing, replace.revoke_holds).and_then(|()| self.check_revocable(coupon));
        Decision::happen([match may {
            Ok(()) => Event::Replaced(Replaced {
                coupon,
                previous: standing.coupon.last(),
                replacement: self.coupons.next(),
                use_from_ms: standing.window.from_ms,
                use_until_ms: standing.window.until_ms,
                key_version: context.key_version,
                amount: standing.value.available + standing.value.held,
                revoked_holds: standing.live_holds,
                revoked_value: standing.value.held,
                request,
            }),
            Err(refusal) => refused(Operation::ReplaceCard, coupon.into(), request, refusal),
        }])
    }

    /// Where a card's ledger begins: what is on it as its events say, whatever time has brought since.
    pub(super) fn ledger_start(&self, instrument: &Instrument) -> Result<Reply, Rejection> {
        let (coupon, terms) = self.instrument(instrument)?;
        if !terms.is_stored_value() {
            return Err(Reason::NotACard.into());
        }
        let value = self.value(instrument.coupon());
        let balance = value.available + value.held;
        Ok(Reply::Ledger(LedgerStart { last: coupon.last(), balance, currency: terms.currency }))
    }
}

/// When a card that is activated now may be used, if it may be activated.
fn may_activate(context: &Context<'_>, activate: &ActivateCard, standing: &Standing<'_>) -> Result<Window, Rejection> {
    let terms = standing.terms;
    // Of a void template the card says that it is void itself.
    if context.catalog.get(terms.template).is_some_and(|template| template.stopped && template.void.is_none()) {
        return Err(Reason::TemplateStopped.into());
    }
    standing.check_not_void()?;
    standing.check_not_frozen()?;
    if !standing.coupon.is_unactivated() && !planted::is(Planted::ActivatedAgain) {
        return Err(Reason::CouponActivated.into());
    }
    // Batches are made of no others.
    let window = terms.window_at(context.now_ms).ok_or(Reason::IssueEnded)?;
    check_issue(terms, &window, activate.channel.as_deref(), context.now_ms)?;
    Ok(window)
}

/// Whether so much more, or less, may be on a card.
fn check_load(standing: &Standing<'_>, amount: i64, currency: Currency) -> Result<(), Rejection> {
    let value = &standing.value;
    if currency != standing.terms.currency {
        return Err(Reason::CurrencyMismatch.into());
    }
    if !standing.terms.is_stored_value() {
        return Err(Reason::NotACard.into());
    }
    if value.available + amount < 0 {
        return Err(Rejection::new(Reason::InsufficientBalance, value.available));
    }
    if value.loaded + amount > AMOUNT_MAX {
        return Err(Rejection::new(Reason::BalanceLimitReached, AMOUNT_MAX - value.loaded));
    }
    Ok(())
}

/// Whether a new card may stand for this one.
fn may_replace(standing: &Standing<'_>, revoke_holds: bool) -> Result<(), Rejection> {
    standing.check_not_void()?;
    standing.check_not_used()?;
    standing.check_activated()?;
    standing.check_not_gifting()?;
    if standing.live_holds > 0 && !revoke_holds {
        return Err(Reason::CouponHeld.into());
    }
    standing.check_not_over()?;
    if standing.terms.is_stored_value() { Ok(()) } else { Err(Reason::NotACard.into()) }
}

impl Standing<'_> {
    /// Whether its balance may change; a customer's money is kept from a frozen card.
    fn check_loadable(&self, is_customer: bool) -> Result<(), Rejection> {
        self.check_not_void()?;
        self.check_not_used()?;
        if is_customer && !planted::is(Planted::FrozenReloaded) {
            self.check_not_frozen()?;
        }
        self.check_activated()?;
        self.check_not_gifting()?;
        self.check_not_over()
    }
}
