//! Refund 退款 of a whole redemption: value comes back, and a one-use coupon if its template says so.

use super::{Context, Decision};
use crate::command::Refund;
use crate::coupon::Coupon;
use crate::event::{Event, Refunded, Refused, Request};
use crate::partition::Partition;
use crate::redemption::Redemption;
use crate::rejection::{Reason, Rejection};
use crate::request::Operation;
use crate::terms::{RefundPolicy, Terms};

/// How long a card that had expired is open again after a refund, in ms: 30 days.
pub const REOPENED_MS: i64 = 30 * 86_400_000;

impl Partition {
    pub(super) fn decide_refund<'a>(&self, context: &Context<'_>, refund: &'a Refund) -> Decision<'a> {
        let Some((_, redemption)) = self.redemptions.at_lsn(refund.redemption) else {
            return Reason::RedemptionNotFound.into();
        };
        let fingerprint = self.key().fingerprint(&[], &[refund.redemption]);
        let key = self.key().request(Operation::Refund as u8, u128::from(refund.redemption), refund.request_id.as_str());
        if let Some(known) = self.known_request(context, key, fingerprint) {
            return known;
        }
        let request = Request { id: refund.request_id.as_str(), fingerprint };
        Decision::happen([match may_refund(redemption) {
            Ok(amount) => self.refunded_event(context, redemption, amount, request),
            Err(refusal) => Event::Refused(Refused {
                operation: Operation::Refund as u8,
                subject: u128::from(redemption.lsn),
                request,
                reason: refusal.reason as u16,
                value: refusal.value,
            }),
        }])
    }

    fn refunded_event<'a>(&self, context: &Context<'_>, redemption: &Redemption, amount: i64, request: Request<'a>) -> Event<'a> {
        let (coupon, terms) = self.coupon(redemption.coupon).expect("a redeemed coupon is here");
        let reopened_until_ms =
            if terms.is_stored_value() { self.reopened(redemption.coupon, coupon, context.now_ms) } else { 0 };
        Event::Refunded(Refunded {
            redemption: redemption.lsn,
            coupon: redemption.coupon,
            previous: coupon.last,
            request,
            amount,
            restored: restored(terms, amount),
            reopened_until_ms,
        })
    }

    /// The new end of a card that has expired; 0 if it has not.
    fn reopened(&self, number: u64, coupon: &Coupon, now_ms: i64) -> i64 {
        if self.coupons.window(number, coupon).is_over(now_ms) { now_ms + REOPENED_MS } else { 0 }
    }
}

/// What comes back to the coupon: money always, the one unit of a one-use coupon if its template says so.
fn restored(terms: &Terms, amount: i64) -> i64 {
    match (terms.is_stored_value(), terms.refund) {
        (true, _) => amount,
        (false, RefundPolicy::Full) => 1,
        (false, RefundPolicy::Never) => 0,
    }
}

/// How much a whole refund gives back.
fn may_refund(redemption: &Redemption) -> Result<i64, Rejection> {
    match redemption.refunded {
        0 => Ok(redemption.applied),
        refunded => Err(Rejection::new(Reason::AlreadyRefunded, refunded)),
    }
}
