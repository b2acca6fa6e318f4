//! Refund 退款 of a redemption, as a whole or in part: money comes back each time, a one-use coupon with the last part or with the
//! first, if its template says so. What comes back after that is reckoned as before: the coupon was given back with it, and may be in
//! use elsewhere by then.
//!
//! A card past its end opens again for what came back; what had been left on it then stays expired. A card that is void, or was
//! given to somebody else, stays so: a new one with the same terms and owner takes what came back. Of a void template there is no new
//! one: what comes back to its cards is void at once, and whoever refunds pays it outside; a one-use coupon stays used. After its window a redemption is archived, at the instant,
//! whether it is still in memory or not; that is refused before everything else is looked at, and not remembered, because it never
//! changes.

use super::redeem::check_amount;
use super::{Context, Decision, refused};
use crate::command::{Keys, Refund};
use crate::event::{Event, PartRefunded, Request};
use crate::partition::Partition;
use crate::planted::{self, Planted};
use crate::redemption::Redemption;
use crate::rejection::{Reason, Rejection};
use crate::request::Operation;
use crate::terms::{RefundPolicy, Terms};

/// How long a card that had expired is open again after a refund, and the card that stands for a void one, in ms: 30 days.
pub const REOPENED_MS: i64 = 30 * 86_400_000;

impl Partition {
    pub(super) fn decide_refund<'a>(&self, context: &Context<'_>, refund: &'a Refund, keys: &Keys) -> Decision<'a> {
        if let Err(refusal) = refund.amount.map_or(Ok(()), check_amount) {
            return refusal.into();
        }
        let redemption = self.redemptions.at_lsn(refund.redemption).map(|(_, redemption)| redemption);
        if redemption.is_none() && !self.may_be_archived(refund.redemption) {
            return Reason::RedemptionNotFound.into();
        }
        let numbers = [refund.redemption, refund.amount.unwrap_or(0) as u64];
        let fingerprint = self.key().fingerprint(&[], &numbers[..if refund.amount.is_some() { 2 } else { 1 }]);
        let subject = u128::from(refund.redemption);
        if let Some(known) = self.known_request(context, keys.request, fingerprint) {
            return known;
        }
        let Some(redemption) = redemption.filter(|redemption| !redemption.is_archived(context.now_ms)) else {
            return Reason::RedemptionArchived.into();
        };
        let request = Request { id: refund.request_id.as_str(), fingerprint };
        let part = self.check_no_part(redemption.lsn).and_then(|()| {
            let part = self.refunded_part(context, redemption, may_refund(redemption, refund.amount)?, 0);
            self.check_takes_back(&part, context.now_ms).map(|()| part)
        });
        Decision::happen([match part {
            Ok(part) => Event::Refunded(part.asked_by(request)),
            Err(refusal) => refused(Operation::Refund, subject, request, refusal),
        }])
    }

    /// Whether this lsn may be that of a redemption that was forgotten.
    fn may_be_archived(&self, lsn: u64) -> bool {
        lsn <= self.lsn() && self.redemptions.may_have_forgotten(lsn)
    }

    /// What giving `amount` of a redemption back comes to, after so many new coupons of the same decision.
    pub(super) fn refunded_part(
        &self,
        context: &Context<'_>,
        redemption: &Redemption,
        amount: i64,
        new_coupons: u64,
    ) -> PartRefunded {
        let (coupon, terms) = self.coupon(redemption.coupon).expect("a redeemed coupon is here");
        let is_over = self.coupons.window(redemption.coupon, coupon).is_over(context.now_ms);
        let (is_card, is_of_void) = (terms.is_stored_value(), terms.void.is_some());
        let is_closed = coupon.is_void() || coupon.is_of_gift() && self.value(redemption.coupon).given > 0;
        let is_replaced = is_card && is_closed && !is_of_void;
        let is_reopened = is_card && !is_closed && is_over && !is_of_void;
        let is_lost = if is_of_void { !is_card } else { is_closed };
        let end_ms = context.now_ms + REOPENED_MS;
        PartRefunded {
            redemption: redemption.lsn,
            coupon: redemption.coupon,
            previous: coupon.last(),
            amount,
            restored: if is_lost { 0 } else { restored(terms, redemption, amount) },
            reopened_until_ms: if is_reopened { end_ms } else { 0 },
            replacement: if is_replaced { self.coupons.next() + new_coupons + 1 } else { 0 },
            use_from_ms: if is_replaced { context.now_ms } else { 0 },
            use_until_ms: if is_replaced { end_ms } else { 0 },
            key_version: if is_replaced { context.key_version } else { 0 },
        }
    }

    /// Whether a coupon that something comes back to is its owner's: what is on one that is being offered is whoever's accepts it.
    pub(super) fn check_takes_back(&self, part: &PartRefunded, now_ms: i64) -> Result<(), Rejection> {
        if part.restored == 0 { Ok(()) } else { self.check_not_offered(part.coupon, now_ms) }
    }
}

/// What comes back to the coupon: money always, the one unit of a one-use coupon with the part that its template says.
fn restored(terms: &Terms, redemption: &Redemption, amount: i64) -> i64 {
    match (terms.is_stored_value(), terms.refund) {
        (true, _) => amount - i64::from(planted::is(Planted::RefundKeepsFen)),
        (false, RefundPolicy::Full) => i64::from(amount == redemption.left()),
        (false, RefundPolicy::Any) => i64::from(redemption.refunded == 0),
        (false, RefundPolicy::Never) => 0,
    }
}

/// How much is given back: what is asked for, or all that is left.
fn may_refund(redemption: &Redemption, asked: Option<i64>) -> Result<i64, Rejection> {
    let left = redemption.left();
    match asked {
        Some(amount) if planted::is(Planted::RefundUnbounded) => Ok(amount),
        _ if left == 0 => Err(Rejection::new(Reason::AlreadyRefunded, redemption.refunded)),
        Some(amount) if amount > left => Err(Rejection::new(Reason::RefundExceedsCapture, left)),
        asked => Ok(asked.unwrap_or(left)),
    }
}
