//! Capture 核销 and release of a hold: the second step, in which neither balance nor blocks nor expiry matter while it lives.

use super::redeem::check_amount;
use super::standing::{Standing, applied};
use super::{Context, Decision, refused};
use crate::command::{Capture, Keys, Release};
use crate::event::{Captured, Event, HoldEnded, Joined, RELEASED, Request};
use crate::hold::{Hold, HoldState};
use crate::partition::Partition;
use crate::rejection::{Reason, Rejection};
use crate::request::Operation;

impl Partition {
    pub(super) fn decide_capture<'a>(&self, context: &Context<'_>, capture: &'a Capture, keys: &Keys) -> Decision<'a> {
        if let Err(refusal) = capture.amount.map_or(Ok(()), check_amount) {
            return refusal.into();
        }
        let numbers = [capture.hold, capture.amount.unwrap_or(0) as u64, u64::from(capture.reacquire)];
        let fingerprint = self.key().fingerprint(&[], &numbers);
        let subject = u128::from(capture.hold);
        if let Some(known) = self.known_request(context, keys.request, fingerprint) {
            return known;
        }
        let Some(hold) = self.known_hold(capture.hold, context.now_ms) else {
            return Reason::HoldNotFound.into();
        };
        let request = Request { id: capture.request_id.as_str(), fingerprint };
        Decision::happen([match self.capture_event(context, hold, capture, request) {
            Ok(event) => event,
            Err(refusal) => refused(Operation::Capture, subject, request, refusal),
        }])
    }

    fn capture_event<'a>(
        &self,
        context: &Context<'_>,
        hold: &Hold,
        capture: &Capture,
        request: Request<'a>,
    ) -> Result<Event<'a>, Rejection> {
        let amount = capture.amount.unwrap_or(hold.amount);
        self.check_no_part(hold.lsn)?;
        if hold.redemption != 0 {
            let redemption = self.joinable(hold, amount, context.now_ms)?;
            let (operation, subject) = (Operation::Capture as u8, u128::from(hold.lsn));
            return Ok(Event::Joined(Joined { operation, subject, request, redemption }));
        }
        let is_live = hold.is_live(context.now_ms);
        let applied = match is_live {
            true => self.applied_by(hold, amount)?,
            false if capture.reacquire => self.reacquire(context, hold, amount)?,
            false => return Err(late(hold)),
        };
        let (coupon, terms) = self.coupon(hold.coupon).expect("a held coupon is here");
        if terms.is_stored_value() && amount > hold.held {
            return Err(Rejection::new(Reason::AmountAboveHold, hold.held));
        }
        Ok(Event::Captured(Captured {
            hold: hold.lsn,
            coupon: hold.coupon,
            previous: coupon.last(),
            request,
            amount,
            applied: applied.min(hold.applied),
            captured: if terms.is_stored_value() { applied } else { 1 },
            reacquired: !is_live,
        }))
    }

    /// The redemption that a hold became, if it is the one that is asked for and stands.
    fn joinable(&self, hold: &Hold, amount: i64, now_ms: i64) -> Result<u64, Rejection> {
        let redemption = self.redemptions.at_lsn(hold.redemption).map(|(_, redemption)| redemption);
        let same = redemption.filter(|first| first.amount == amount && first.may_be_joined(now_ms));
        same.map(|first| first.lsn).ok_or(Rejection::new(Reason::HoldCaptured, hold.redemption as i64))
    }

    /// The charge, or the discount on the final amount.
    fn applied_by(&self, hold: &Hold, amount: i64) -> Result<i64, Rejection> {
        let (_, terms) = self.coupon(hold.coupon).expect("a held coupon is here");
        applied(terms, amount)
    }

    /// A hold that has ended is tried again for its order, by all checks of a redemption.
    fn reacquire(&self, context: &Context<'_>, hold: &Hold, amount: i64) -> Result<i64, Rejection> {
        let (standing, own) = self.standing_again(hold, context.now_ms)?;
        Ok(standing.quote(amount, standing.terms.currency, None, own)?.applied)
    }

    /// How the coupon of a hold that has ended stands for its order, which has not redeemed it meanwhile, and a newer hold of that order.
    pub(super) fn standing_again(&self, hold: &Hold, now_ms: i64) -> Result<(Standing<'_>, Option<&Hold>), Rejection> {
        if let Some((_, first)) = self.redemptions.of_order(hold.order_key()) {
            return Err(Rejection::new(Reason::OrderAlreadyRedeemed, first.lsn as i64));
        }
        let own = self.live_hold_of(hold.coupon, hold.order, now_ms);
        Ok((self.standing_of(hold.coupon, now_ms), own))
    }

    pub(super) fn decide_release<'a>(&self, context: &Context<'_>, release: &'a Release, keys: &Keys) -> Decision<'a> {
        let fingerprint = self.key().fingerprint(&[], &[release.hold]);
        let subject = u128::from(release.hold);
        if let Some(known) = self.known_request(context, keys.request, fingerprint) {
            return known;
        }
        let Some(hold) = self.known_hold(release.hold, context.now_ms) else {
            return Reason::HoldNotFound.into();
        };
        let request = Request { id: release.request_id.as_str(), fingerprint };
        let captured = Rejection::new(Reason::HoldCaptured, hold.redemption as i64);
        let is_captured = if hold.redemption != 0 { Err(captured) } else { Ok(()) };
        if let Err(refusal) = self.check_no_part(hold.lsn).and(is_captured) {
            return Decision::happen([refused(Operation::Release, subject, request, refusal)]);
        }
        let previous = self.coupons.get(hold.coupon).expect("a held coupon is here").last();
        Decision::happen([match hold.is_live(context.now_ms) {
            true => Event::HoldEnded(HoldEnded {
                hold: hold.lsn,
                coupon: hold.coupon,
                previous,
                how: RELEASED,
                request: Some(request),
            }),
            false => Event::Joined(Joined { operation: Operation::Release as u8, subject, request, redemption: hold.lsn }),
        }])
    }

    /// Whether this hold or redemption stands for itself.
    pub(super) fn check_no_part(&self, lsn: u64) -> Result<(), Rejection> {
        if let Some(whole) = self.checkouts.with_part(lsn) {
            return Err(Rejection::new(Reason::PartOfCheckout, whole.lsn as i64));
        }
        self.check_not_awaited(lsn)
    }

    /// Whether no saga, here or elsewhere, counts on this hold or redemption.
    pub(super) fn check_not_awaited(&self, lsn: u64) -> Result<(), Rejection> {
        let part = || Err(Rejection::new(Reason::PartOfCheckout, lsn as i64));
        if self.pledges.has(lsn) {
            return part();
        }
        match self.sagas.asking() > 0 && self.holds.at_lsn(lsn).is_some_and(|(hold, _)| self.sagas.has_hold(hold)) {
            true => part(),
            false => Ok(()),
        }
    }

    /// The hold of this lsn, if its end is not too long ago.
    fn known_hold(&self, lsn: u64, now_ms: i64) -> Option<&Hold> {
        self.holds.at_lsn(lsn).map(|(_, hold)| hold).filter(|hold| !hold.is_unknown(now_ms))
    }
}

/// Why a hold that has ended without a redemption is not captured.
pub(super) fn late(hold: &Hold) -> Rejection {
    match hold.state {
        HoldState::Live | HoldState::Expired => Rejection::new(Reason::HoldExpired, hold.deadline_ms),
        HoldState::Released | HoldState::Revoked | HoldState::Captured => Reason::HoldReleased.into(),
    }
}
