//! Validations and redemptions, made and listed.

use tessera_proto::{
    v1,
    wire::{self, Field, Fields, Malformed},
};

use super::{
    Sum, amount, channel,
    instrument::{Named, Naming},
    position, request_id, write_position,
};
use crate::{
    domain::{
        Id, Rejection,
        command::{Command, ListRedemptions, Redeem, Validate},
        money::Currency,
        reply::{Quote, Redeemed, RedemptionView},
    },
    limits::LISTED_REDEMPTIONS_MAX,
    seals::{Place, Seals},
};

/// The command of a validation, and the partition that answers it.
pub fn validate(seals: Seals<'_>, request: v1::ValidateRequest) -> Result<(u16, Command), Rejection> {
    let named = Named::read((&request.instrument).into())?;
    let merchant = Id::new("merchant_id", request.merchant_id)?;
    let (amount, currency) = amount(request.amount.as_ref().map(Sum::from))?;
    let channel = channel(&request.channel)?;
    let (partition, instrument) = named.open(seals)?;
    Ok((partition, Command::Validate(Validate { instrument, merchant, amount, currency, channel })))
}

/// A `RedeemRequest`, whichever way it was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asked<'a> {
    /// Names the request.
    pub request_id: &'a str,
    instrument: Naming<'a>,
    merchant_id: &'a str,
    order_id: &'a str,
    amount: Option<Sum<'a>>,
    channel: &'a str,
}

impl<'a> From<&'a v1::RedeemRequest> for Asked<'a> {
    fn from(request: &'a v1::RedeemRequest) -> Self {
        let v1::RedeemRequest { request_id, instrument, merchant_id, order_id, amount, channel } = request;
        Self::of(request_id, instrument, merchant_id, order_id, amount, channel)
    }
}

impl<'a> Asked<'a> {
    /// From the fields of a generated type.
    pub(super) fn of(
        request_id: &'a str,
        instrument: &'a Option<v1::Instrument>,
        merchant_id: &'a str,
        order_id: &'a str,
        amount: &'a Option<v1::Money>,
        channel: &'a str,
    ) -> Self {
        let (instrument, amount) = (instrument.into(), amount.as_ref().map(Sum::from));
        Self { request_id, instrument, merchant_id, order_id, amount, channel }
    }

    /// From an encoded `RedeemRequest`.
    pub fn read(message: &'a [u8]) -> Result<Self, Malformed> {
        let (mut asked, mut fields) = (Self::default(), Fields::of(message));
        while let Some(field) = fields.read()? {
            asked.merge(field)?;
        }
        Ok(asked)
    }

    /// Merges a field; a hold has the same ones under the same numbers.
    #[inline]
    pub(super) fn merge(&mut self, field: Field<'a>) -> Result<(), Malformed> {
        match field.number {
            1 => self.request_id = field.value.text()?,
            2 => self.instrument.merge(field.value.bytes()?)?,
            3 => self.merchant_id = field.value.text()?,
            4 => self.order_id = field.value.text()?,
            5 => self.amount.get_or_insert_default().merge(field.value.bytes()?)?,
            7 => self.channel = field.value.text()?,
            _ => {}
        }
        Ok(())
    }

    /// Checks the form of each field; nothing is opened yet.
    pub(super) fn check(self) -> Result<Checked<'a>, Rejection> {
        let request_id = request_id(self.request_id)?;
        let named = Named::read(self.instrument)?;
        let merchant = Id::new("merchant_id", self.merchant_id)?;
        let order = Id::new("order_id", self.order_id)?;
        let (amount, currency) = amount(self.amount)?;
        let channel = channel(self.channel)?;
        Ok(Checked { request_id, named, merchant, order, amount, currency, channel })
    }
}

/// What an order asks of an instrument, well formed.
pub(super) struct Checked<'a> {
    pub(super) request_id: Id,
    pub(super) named: Named<'a>,
    pub(super) merchant: Id,
    pub(super) order: Id,
    pub(super) amount: i64,
    pub(super) currency: Currency,
    pub(super) channel: Option<Box<Id>>,
}

/// A redemption, and the partition that decides it.
pub fn redeem(seals: Seals<'_>, request: Asked<'_>) -> Result<(u16, Redeem), Rejection> {
    let Checked { request_id, named, merchant, order, amount, currency, channel } = request.check()?;
    let (partition, instrument) = named.open(seals)?;
    Ok((partition, Redeem { instrument, merchant, order, amount, currency, request_id, channel }))
}

/// The command that asks a partition for the redemptions of an order.
pub fn list(request: v1::ListRedemptionsRequest) -> Result<Command, Rejection> {
    let merchant = Id::new("merchant_id", request.merchant_id)?;
    let order = Id::new("order_id", request.order_id)?;
    Ok(Command::ListRedemptions(ListRedemptions { merchant, order }))
}

/// What a coupon does to an amount.
pub fn amounts(quote: &Quote) -> v1::Amounts {
    v1::Amounts {
        currency: quote.currency.as_str().to_owned(),
        amount_minor: quote.amount,
        applied_minor: quote.applied,
        payable_minor: quote.amount - quote.applied,
        balance_after_minor: quote.is_card.then_some(quote.balance_after),
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

/// Writes `Amounts`: what a coupon does to an amount, and the card's balance after it.
pub fn write_amounts(field: u32, currency: Currency, amount: i64, applied: i64, balance_after: Option<i64>, out: &mut Vec<u8>) {
    wire::message(field, out, |out| {
        wire::string(1, &currency.bytes(), out);
        wire::number(2, amount.cast_unsigned(), out);
        wire::number(3, applied.cast_unsigned(), out);
        wire::number(4, (amount - applied).cast_unsigned(), out);
        if let Some(balance_after) = balance_after {
            wire::some_number(5, balance_after.cast_unsigned(), out);
        }
    });
}

/// Writes the reply to a redemption: what [`redeemed`] says.
pub fn write_redeemed(seals: Seals<'_>, redeemed: &Redeemed, out: &mut Vec<u8>) {
    let Redeemed { written, quote, at_ms, .. } = redeemed;
    let place = |number| Place { partition: written.partition, number };
    wire::string(1, seals.sealed_redemption(place(written.lsn)).as_bytes(), out);
    wire::string(2, seals.sealed_coupon(place(quote.coupon)).as_bytes(), out);
    let balance_after = quote.is_card.then_some(quote.balance_after);
    write_amounts(3, quote.currency, quote.amount, quote.applied, balance_after, out);
    wire::number(4, at_ms.cast_unsigned(), out);
    write_position(5, *written, out);
    wire::number(6, u64::from(written.replayed), out);
}

/// The redemptions that each partition knows of, newest first. Those of one instant are ordered by partition, so that asking again
/// gives the same.
pub fn listed(seals: Seals<'_>, found: &[(u16, Vec<RedemptionView>)]) -> v1::ListRedemptionsResponse {
    let of_all = found.iter().flat_map(|(partition, views)| views.iter().map(|view| redemption(seals, *partition, view)));
    let mut redemptions: Vec<_> = of_all.collect();
    redemptions.sort_by_key(|redemption| {
        let position = redemption.position.unwrap_or_default();
        (std::cmp::Reverse(redemption.at_ms), position.partition, std::cmp::Reverse(position.lsn))
    });
    redemptions.truncate(LISTED_REDEMPTIONS_MAX);
    v1::ListRedemptionsResponse { redemptions }
}

/// A redemption of one partition.
pub(super) fn redemption(seals: Seals<'_>, partition: u16, view: &RedemptionView) -> v1::Redemption {
    let amounts = v1::Amounts {
        currency: view.currency.as_str().to_owned(),
        amount_minor: view.amount,
        applied_minor: view.applied,
        payable_minor: view.amount - view.applied,
        balance_after_minor: None,
    };
    v1::Redemption {
        redemption_id: seals.redemption_id(Place { partition, number: view.redemption }),
        coupon_id: seals.coupon_id(Place { partition, number: view.coupon }),
        amounts: Some(amounts),
        at_ms: view.at_ms,
        refunded_minor: view.refunded,
        position: Some(v1::Position { partition: u32::from(partition), lsn: view.redemption }),
        checkout_id: view.checkout.map(|number| seals.checkout_id(Place { partition, number })).unwrap_or_default(),
        ..v1::Redemption::default()
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
            channel: String::new(),
        }
    }

    #[track_caller]
    fn check_refused(request: v1::RedeemRequest, reason: Reason, field: &str) {
        let refusal = redeem(seals(4), (&request).into()).unwrap_err();
        assert_eq!((refusal.reason, refusal.field), (reason, field));
    }

    #[test]
    fn a_redemption_goes_to_the_partition_that_its_code_carries() {
        let (partition, redeem) = redeem(seals(4), (&request(seals(4).code(COUPON, 1))).into()).unwrap();
        assert_eq!((partition, redeem.instrument.coupon(), redeem.amount), (3, 41, 150));
    }

    #[test]
    fn a_code_as_people_type_it_is_the_same_code() {
        let code = seals(4).code(COUPON, 1);
        let typed = format!("{}-{} {}-{}", &code[..4], &code[4..8], &code[8..12], &code[12..]).to_lowercase();
        assert_eq!(redeem(seals(4), (&request(typed)).into()), redeem(seals(4), (&request(code)).into()));
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
    fn an_order_is_asked_for_by_merchant_and_order() {
        let request = |merchant: &str, order: &str| {
            list(v1::ListRedemptionsRequest { merchant_id: merchant.into(), order_id: order.into() })
        };
        assert!(matches!(request("m1", "o1"), Ok(Command::ListRedemptions(_))), "both are named");
        assert_eq!(request("", "o1"), Err(Rejection::invalid("merchant_id", 64)));
        assert_eq!(request("m1", &"o".repeat(65)), Err(Rejection::invalid("order_id", 64)));
    }
}
