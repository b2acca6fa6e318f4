//! Validations, redemptions and refunds.

use tessera_proto::v1;

use super::{amount, malformed, position, request_id, wallet};
use crate::{
    domain::{
        Id, Rejection,
        command::{Command, Instrument, Redeem, Refund, Validate},
        reply::{Quote, Redeemed, Refunded},
    },
    seals::{Place, Seals},
};

/// The command of a validation, and the partition that answers it.
pub fn validate(seals: Seals<'_>, request: v1::ValidateRequest) -> Result<(u16, Command), Rejection> {
    let named = Named::read(request.instrument)?;
    Id::new("merchant_id", request.merchant_id)?;
    let (amount, currency) = amount(request.amount)?;
    let (partition, instrument) = named.open(seals)?;
    Ok((partition, Command::Validate(Validate { instrument, amount, currency })))
}

/// The command of a redemption, and the partition that decides it.
pub fn redeem(seals: Seals<'_>, request: v1::RedeemRequest) -> Result<(u16, Command), Rejection> {
    let request_id = request_id(request.request_id)?;
    let named = Named::read(request.instrument)?;
    let merchant = Id::new("merchant_id", request.merchant_id)?;
    let order = Id::new("order_id", request.order_id)?;
    let (amount, currency) = amount(request.amount)?;
    let (partition, instrument) = named.open(seals)?;
    let redeem = Redeem { instrument, merchant, order, amount, currency, request_id };
    Ok((partition, Command::Redeem(redeem)))
}

/// The command of a refund, and the partition that decides it.
pub fn refund(seals: Seals<'_>, request: v1::RefundRequest) -> Result<(u16, Command), Rejection> {
    let request_id = request_id(request.request_id)?;
    if request.redemption_id.is_empty() {
        return Err(malformed("redemption_id"));
    }
    let redemption = seals.open_redemption_id(&request.redemption_id)?;
    Ok((redemption.partition, Command::Refund(Refund { redemption: redemption.number, amount: None, request_id })))
}

/// What a request names, its form checked and nothing opened yet: a malformed field elsewhere comes before a wrong code.
enum Named {
    Code(String),
    Owned { user: String, coupon: String },
}

impl Named {
    fn read(instrument: Option<v1::Instrument>) -> Result<Self, Rejection> {
        match instrument.and_then(|instrument| instrument.instrument) {
            None => Err(malformed("instrument")),
            Some(v1::instrument::Instrument::Code(code)) => Ok(Self::Code(code)),
            Some(v1::instrument::Instrument::OwnedCoupon(v1::OwnedCoupon { user_id, coupon_id })) => {
                let user = Id::new("instrument.owned_coupon.user_id", user_id)?;
                Ok(Self::Owned { user: user.as_str().to_owned(), coupon: coupon_id })
            }
        }
    }

    fn open(self, seals: Seals<'_>) -> Result<(u16, Instrument), Rejection> {
        match self {
            Self::Code(code) => {
                let bearer = seals.open_code(&code)?;
                let instrument = Instrument::Bearer { coupon: bearer.place.number, key_version: bearer.key_version };
                Ok((bearer.place.partition, instrument))
            }
            Self::Owned { user, coupon } => wallet::owned(seals, user, &coupon),
        }
    }
}

/// What a coupon does to an amount.
pub fn amounts(quote: &Quote) -> v1::Amounts {
    let is_card = quote.terms.is_stored_value();
    v1::Amounts {
        currency: quote.terms.currency.as_str().to_owned(),
        amount_minor: quote.amount,
        applied_minor: quote.applied,
        payable_minor: quote.amount - quote.applied,
        balance_after_minor: is_card.then_some(quote.balance_after),
    }
}

/// The reply to a redemption.
pub fn redeemed(seals: Seals<'_>, redeemed: &Redeemed) -> v1::RedeemResponse {
    let partition = redeemed.written.partition;
    v1::RedeemResponse {
        redemption_id: seals.redemption_id(Place { partition, number: redeemed.written.lsn }),
        coupon_id: seals.coupon_id(Place { partition, number: redeemed.quote.coupon }),
        amounts: Some(amounts(&redeemed.quote)),
        at_ms: redeemed.at_ms,
        position: Some(position(redeemed.written)),
        replayed: redeemed.written.replayed,
    }
}

/// The reply to a refund.
pub fn refunded(seals: Seals<'_>, refunded: &Refunded) -> v1::RefundResponse {
    let partition = refunded.written.partition;
    let terms = &refunded.terms;
    v1::RefundResponse {
        redemption_id: seals.redemption_id(Place { partition, number: refunded.redemption }),
        coupon_id: seals.coupon_id(Place { partition, number: refunded.coupon }),
        refunded: Some(v1::Money { minor: refunded.amount, currency: terms.currency.as_str().to_owned() }),
        balance_after_minor: terms.is_stored_value().then_some(refunded.balance_after),
        status: wallet::status(refunded.life).into(),
        use_until_ms: refunded.until_ms,
        at_ms: refunded.at_ms,
        position: Some(position(refunded.written)),
        replayed: refunded.written.replayed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{domain::Reason, seals::tests::seals};

    const COUPON: Place = Place { partition: 3, number: 41 };

    fn by_code(code: String) -> Option<v1::Instrument> {
        Some(v1::Instrument { instrument: Some(v1::instrument::Instrument::Code(code)) })
    }

    fn request(code: String) -> v1::RedeemRequest {
        v1::RedeemRequest {
            request_id: "r1".into(),
            instrument: by_code(code),
            merchant_id: "m1".into(),
            order_id: "o1".into(),
            amount: Some(v1::Money { minor: 150, currency: "CNY".into() }),
        }
    }

    #[track_caller]
    fn check_refused(request: v1::RedeemRequest, reason: Reason, field: &str) {
        let refusal = redeem(seals(4), request).unwrap_err();
        assert_eq!((refusal.reason, refusal.field), (reason, field));
    }

    #[test]
    fn a_redemption_goes_to_the_partition_that_its_code_carries() {
        let (partition, command) = redeem(seals(4), request(seals(4).code(COUPON, 1))).unwrap();
        let Command::Redeem(redeem) = command else { panic!("a redemption becomes one") };
        assert_eq!((partition, redeem.instrument.coupon(), redeem.amount), (3, 41, 150));
    }

    #[test]
    fn a_code_as_people_type_it_is_the_same_code() {
        let code = seals(4).code(COUPON, 1);
        let typed = format!("{}-{} {}-{}", &code[..4], &code[4..8], &code[8..12], &code[12..]).to_lowercase();
        assert_eq!(redeem(seals(4), request(typed)), redeem(seals(4), request(code)));
    }

    #[test]
    fn a_wrong_code_is_not_accepted() {
        check_refused(request("0000-0000-0000-0000".into()), Reason::CodeNotAccepted, "");
    }

    #[test]
    fn a_malformed_field_comes_before_a_wrong_code() {
        let both = v1::RedeemRequest { order_id: String::new(), ..request("nonsense".into()) };
        check_refused(both, Reason::InvalidArgument, "order_id");
    }

    #[test]
    fn a_redemption_of_nothing_is_refused() {
        check_refused(v1::RedeemRequest { instrument: None, ..request(String::new()) }, Reason::InvalidArgument, "instrument");
    }

    #[test]
    fn an_unknown_redemption_id_is_not_found() {
        let unknown = v1::RefundRequest { request_id: "r1".into(), redemption_id: "0".repeat(26) };
        assert_eq!(refund(seals(4), unknown), Err(Reason::RedemptionNotFound.into()));
    }
}
