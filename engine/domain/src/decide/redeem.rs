//! Redeem 核销 and validate 验证: one assessment, asked with and without effect.
//!
//! Every refusal of an instrument that exists is remembered, because a retry must not flip; an
//! instrument that is not accepted leaves no trace.

use super::{Context, Decision};
use crate::command::{Instrument, Redeem};
use crate::coupon::Coupon;
use crate::event::{Event, Joined, Redeemed, Refused, Request};
use crate::money::{self, AMOUNT_MAX, Currency};
use crate::partition::Partition;
use crate::redemption::Redemption;
use crate::rejection::{Reason, Rejection};
use crate::reply::Quote;
use crate::request::Operation;
use crate::terms::{Kind, Terms};

impl Partition {
    pub(super) fn decide_redeem<'a>(&self, context: &Context<'_>, redeem: &'a Redeem) -> Decision<'a> {
        let coupon = redeem.instrument.coupon();
        if let Err(refusal) = check_amount(redeem.amount).and_then(|()| self.instrument(&redeem.instrument).map(drop)) {
            return refusal.into();
        }
        let (merchant, order) = (redeem.merchant.as_str(), redeem.order.as_str());
        let currency = currency_number(redeem.currency);
        let fingerprint = self.key().fingerprint(&[merchant, order], &[redeem.amount as u64, currency]);
        let (operation, subject) = (Operation::Redeem as u8, u128::from(coupon));
        let key = self.key().request(operation, subject, redeem.request_id.as_str());
        if let Some(known) = self.known_request(context, key, fingerprint) {
            return known;
        }
        let natural = self.key().order(merchant, order, coupon);
        let outcome = match self.redemptions.of_order(natural) {
            Some((_, first)) if self.is_same(first, redeem) => Ok(Outcome::Join(first.lsn)),
            Some((_, first)) => Err(Rejection::new(Reason::OrderAlreadyRedeemed, first.lsn as i64)),
            None => self.quote(context, &redeem.instrument, redeem.amount, redeem.currency).map(Outcome::Redeem),
        };
        let request = Request { id: redeem.request_id.as_str(), fingerprint };
        Decision::happen([match outcome {
            Ok(Outcome::Redeem(quote)) => self.redeemed_event(redeem, &quote, request),
            Ok(Outcome::Join(redemption)) => Event::Joined(Joined { operation, subject, request, redemption }),
            Err(refusal) => {
                Event::Refused(Refused { operation, subject, request, reason: refusal.reason as u16, value: refusal.value })
            }
        }])
    }

    /// Whether an order asks again for what it got and still has.
    fn is_same(&self, first: &Redemption, redeem: &Redeem) -> bool {
        let (_, terms) = self.coupon(first.coupon).expect("a redeemed coupon is here");
        first.amount == redeem.amount && terms.currency == redeem.currency && first.refunded == 0
    }

    fn redeemed_event<'a>(&self, redeem: &'a Redeem, quote: &Quote, request: Request<'a>) -> Event<'a> {
        let previous = self.coupons.get(quote.coupon).expect("a quoted coupon is here").last;
        Event::Redeemed(Redeemed {
            coupon: quote.coupon,
            previous,
            merchant: redeem.merchant.as_str(),
            order: redeem.order.as_str(),
            request,
            amount: quote.amount,
            applied: quote.applied,
            captured: if quote.terms.is_stored_value() { quote.applied } else { 1 },
        })
    }

    /// What the instrument would do to this amount now.
    pub(super) fn quote(
        &self,
        context: &Context<'_>,
        instrument: &Instrument,
        amount: i64,
        currency: Currency,
    ) -> Result<Quote, Rejection> {
        check_amount(amount)?;
        let number = instrument.coupon();
        let (coupon, terms) = self.instrument(instrument)?;
        self.check_usable(number, coupon, terms, context.now_ms)?;
        if currency != terms.currency {
            return Err(Reason::CurrencyMismatch.into());
        }
        let applied = applied(coupon, terms, amount)?;
        let balance_after = if terms.is_stored_value() { coupon.available - applied } else { 0 };
        Ok(Quote { coupon: number, terms: terms.clone(), amount, applied, balance_after })
    }

    fn check_usable(&self, number: u64, coupon: &Coupon, terms: &Terms, now_ms: i64) -> Result<(), Rejection> {
        let window = self.coupons.window(number, coupon);
        if !terms.is_stored_value() && coupon.available == 0 {
            return Err(Reason::CouponUsed.into());
        }
        if window.is_before(now_ms) {
            return Err(Rejection::new(Reason::UseNotStarted, window.from_ms));
        }
        if window.is_over(now_ms) {
            return Err(Rejection::new(Reason::CouponExpired, window.until_ms));
        }
        Ok(())
    }
}

/// What a redemption that is not refused comes to.
enum Outcome {
    /// The instrument is used.
    Redeem(Quote),
    /// The order has redeemed it already, and gets the outcome of this lsn.
    Join(u64),
}

/// The discount on an order of `amount`, or the charge of `amount`.
fn applied(coupon: &Coupon, terms: &Terms, amount: i64) -> Result<i64, Rejection> {
    let discount = match terms.kind {
        Kind::PercentOff { pay, cap } => money::percent_off(amount, pay, cap, terms.rounding),
        Kind::AmountOff { threshold, amount: off } => money::amount_off(amount, threshold, off)
            .map_err(|shortfall| Rejection::new(Reason::BelowThreshold, shortfall.missing))?,
        Kind::StoredValue { .. } if amount > coupon.available => {
            return Err(Rejection::new(Reason::InsufficientBalance, coupon.available));
        }
        Kind::StoredValue { .. } => amount,
    };
    if discount == 0 { Err(Reason::NoEffect.into()) } else { Ok(discount) }
}

/// The three letters as one number.
fn currency_number(currency: Currency) -> u64 {
    currency.bytes().iter().fold(0, |number, &letter| number << 8 | u64::from(letter))
}

/// Amounts are positive and countable.
fn check_amount(amount: i64) -> Result<(), Rejection> {
    if amount < 1 {
        return Err(Rejection::invalid("amount", 1));
    }
    if amount > AMOUNT_MAX {
        return Err(Rejection { reason: Reason::AmountOutOfRange, field: "amount", value: AMOUNT_MAX });
    }
    Ok(())
}
