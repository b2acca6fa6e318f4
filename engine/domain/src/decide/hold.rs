//! Hold 锁定, the first of two steps: the checks of a redemption now, so that the second step cannot fail for them.
//!
//! The same order that holds the same coupon again replaces its own hold, whose value counts as available for it, also when it
//! asks for the same once more: then the deadline is new. What an order holds together with others it replaces together with them.

use super::redeem::check_amount;
use super::standing::Place;
use super::{Context, Decision, refused};
use crate::command::{Hold, Keys};
use crate::event::{Event, Held, Request};
use crate::hold::{HOLD_TTL_DEFAULT_MS, HOLD_TTL_MS_MAX, HOLD_TTL_MS_MIN, HOLDS_PER_COUPON_MAX};
use crate::keyed::OrderKey;
use crate::partition::Partition;
use crate::rejection::{Reason, Rejection};
use crate::request::Operation;
use crate::terms::within;

impl Partition {
    pub(super) fn decide_hold<'a>(&self, context: &Context<'_>, hold: &'a Hold, keys: &Keys) -> Decision<'a> {
        let coupon = hold.instrument.coupon();
        let checked = check_amount(hold.amount).and_then(|()| ttl_ms(hold.ttl_ms)).and_then(|ttl_ms| {
            self.instrument(&hold.instrument)?;
            Ok(ttl_ms)
        });
        let ttl_ms = match checked {
            Ok(ttl_ms) => ttl_ms,
            Err(refusal) => return refusal.into(),
        };
        let numbers = [hold.amount as u64, hold.currency.number(), hold.ttl_ms as u64];
        let fingerprint = self.use_fingerprint(place_of(hold), hold.order.as_str(), &numbers);
        let subject = u128::from(coupon);
        if let Some(known) = self.known_request(context, keys.request, fingerprint) {
            return known;
        }
        let request = Request { id: hold.request_id.as_str(), fingerprint };
        Decision::happen([match self.held_event(context, hold, keys.order, context.now_ms + ttl_ms, request) {
            Ok(event) => event,
            Err(refusal) => refused(Operation::Hold, subject, request, refusal),
        }])
    }

    fn held_event<'a>(
        &self,
        context: &Context<'_>,
        hold: &'a Hold,
        key: OrderKey,
        deadline_ms: i64,
        request: Request<'a>,
    ) -> Result<Event<'a>, Rejection> {
        let (merchant, order, coupon) = (hold.merchant.as_str(), hold.order.as_str(), hold.instrument.coupon());
        if let Some((_, first)) = self.redemptions.of_order(key) {
            return Err(Rejection::new(Reason::OrderAlreadyRedeemed, first.lsn as i64));
        }
        let own = self.live_hold_of(coupon, key.natural, context.now_ms);
        own.map_or(Ok(()), |own| self.check_no_part(own.lsn))?;
        let standing = self.standing_of(coupon, context.now_ms).without(own);
        let quote = standing.quote(hold.amount, hold.currency, Some(place_of(hold)), None)?;
        if standing.live_holds >= HOLDS_PER_COUPON_MAX {
            return Err(Rejection::new(Reason::TooManyHolds, i64::from(HOLDS_PER_COUPON_MAX)));
        }
        Ok(Event::Held(Held {
            coupon,
            previous: standing.coupon.last(),
            merchant,
            order,
            request,
            amount: quote.amount,
            applied: quote.applied,
            held: if quote.is_card { quote.applied } else { 1 },
            deadline_ms,
            replaces: own.map_or(0, |own| own.lsn),
        }))
    }
}

fn place_of(hold: &Hold) -> Place<'_> {
    Place { merchant: &hold.merchant, channel: hold.channel.as_deref() }
}

/// How long a hold lives of which this is asked.
pub(super) fn ttl_ms(asked: i64) -> Result<i64, Rejection> {
    if asked == 0 {
        return Ok(HOLD_TTL_DEFAULT_MS);
    }
    within("ttl_ms", asked, HOLD_TTL_MS_MIN, HOLD_TTL_MS_MAX)?;
    Ok(asked)
}
