//! Redeem 核销 and validate 验证: one assessment, asked with and without effect.
//!
//! Every refusal of an instrument that exists is remembered, because a retry must not flip; an
//! instrument that is not accepted leaves no trace.

use super::standing::Place;
use super::{Context, Decision, refused};
use crate::command::{Keys, Redeem, Validate};
use crate::event::{Event, Joined, Redeemed, Request};
use crate::money::AMOUNT_MAX;
use crate::partition::Partition;
use crate::planted::{self, Planted};
use crate::redemption::Redemption;
use crate::rejection::{Reason, Rejection};
use crate::reply::Quote;
use crate::request::Operation;

impl Partition {
    pub(super) fn decide_redeem<'a>(&self, context: &Context<'_>, redeem: &'a Redeem, keys: &Keys) -> Decision<'a> {
        let coupon = redeem.instrument.coupon();
        if let Err(refusal) = check_amount(redeem.amount).and_then(|()| self.instrument(&redeem.instrument).map(drop)) {
            return refusal.into();
        }
        let order = redeem.order.as_str();
        let currency = redeem.currency.number();
        let place = Place { merchant: &redeem.merchant, channel: redeem.channel.as_deref() };
        let fingerprint = self.use_fingerprint(place, order, &[redeem.amount as u64, currency]);
        let (operation, subject) = (Operation::Redeem, u128::from(coupon));
        if let Some(known) = self.known_request(context, keys.request, fingerprint) {
            return known;
        }
        let first = self.redemptions.of_order(keys.order).filter(|_| !planted::is(Planted::OrderForgotten));
        let outcome = match first {
            Some((_, first)) if self.is_same(first, redeem, context.now_ms) => Ok(Outcome::Join(first.lsn)),
            Some((_, first)) => Err(Rejection::new(Reason::OrderAlreadyRedeemed, first.lsn as i64)),
            None => {
                let own = self.live_hold_of(coupon, keys.order.natural, context.now_ms);
                let standing = self.standing_of(coupon, context.now_ms);
                standing.quote(redeem.amount, redeem.currency, Some(place), own).map(Outcome::Redeem)
            }
        };
        let request = Request { id: redeem.request_id.as_str(), fingerprint };
        Decision::happen([match outcome {
            Ok(Outcome::Redeem(quote)) => self.redeemed_event(redeem, &quote, request),
            Ok(Outcome::Join(redemption)) => Event::Joined(Joined { operation: operation as u8, subject, request, redemption }),
            Err(refusal) => refused(operation, subject, request, refusal),
        }])
    }

    /// Whether an order asks again for what it got and still has.
    fn is_same(&self, first: &Redemption, redeem: &Redeem, now_ms: i64) -> bool {
        let (_, terms) = self.coupon(first.coupon).expect("a redeemed coupon is here");
        first.amount == redeem.amount && terms.currency == redeem.currency && first.may_be_joined(now_ms)
    }

    fn redeemed_event<'a>(&self, redeem: &'a Redeem, quote: &Quote, request: Request<'a>) -> Event<'a> {
        let previous = self.coupons.get(quote.coupon).expect("a quoted coupon is here").last();
        Event::Redeemed(Redeemed {
            coupon: quote.coupon,
            previous,
            merchant: redeem.merchant.as_str(),
            order: redeem.order.as_str(),
            request,
            amount: quote.amount,
            applied: quote.applied,
            captured: if quote.is_card { quote.applied } else { 1 },
        })
    }

    /// What the instrument would do to this amount now.
    pub(super) fn validate(&self, context: &Context<'_>, validate: &Validate) -> Result<Quote, Rejection> {
        check_amount(validate.amount)?;
        let place = Place { merchant: &validate.merchant, channel: validate.channel.as_deref() };
        self.standing(context, &validate.instrument)?.quote(validate.amount, validate.currency, Some(place), None)
    }

    /// What an order asks of a coupon. A channel counts where it is said, so that a retry from before it could be said is the same.
    pub(super) fn use_fingerprint(&self, place: Place<'_>, order: &str, numbers: &[u64]) -> u64 {
        let merchant = place.merchant.as_str();
        match place.channel {
            None => self.key().fingerprint(&[merchant, order], numbers),
            Some(channel) => self.key().fingerprint(&[merchant, order, channel.as_str()], numbers),
        }
    }
}

/// What a redemption that is not refused comes to.
enum Outcome {
    /// The instrument is used.
    Redeem(Quote),
    /// The order has redeemed it already, and gets the outcome of this lsn.
    Join(u64),
}

/// Amounts are positive and countable.
pub(super) fn check_amount(amount: i64) -> Result<(), Rejection> {
    if amount < 1 {
        return Err(Rejection::invalid("amount", 1));
    }
    if amount > AMOUNT_MAX {
        return Err(Rejection { reason: Reason::AmountOutOfRange, field: "amount", value: AMOUNT_MAX });
    }
    Ok(())
}
