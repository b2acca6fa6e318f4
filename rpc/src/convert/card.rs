//! Gift cards: activations, reloads, adjustments, replacements, balances, and batches.

use tessera_proto::v1;

use super::{Sum, amount, channel, countable, currency, instrument::Named, malformed, optional, position, refund, request_id};
use crate::{
    domain::{
        Id, Life, Reason, Rejection,
        command::{ActivateCard, AdjustCard, Command, Instrument, ReloadCard, ReplaceCard, Sale, TakeBatch},
        reply::{Activated, BatchView, CouponView, Loaded, Replaced},
    },
    seals::{Place, Seals},
};

/// An activation, and the partition that decides it.
pub fn activate(seals: Seals<'_>, request: &v1::ActivateCardRequest) -> Result<(u16, ActivateCard), Rejection> {
    let request_id = request_id(&request.request_id)?;
    let named = Named::read((&request.instrument).into())?;
    let (sale, channel) = (sale(&request.merchant_id, &request.order_id)?, channel(&request.channel)?);
    let (partition, instrument) = named.open(seals)?;
    Ok((partition, ActivateCard { instrument, sale, channel, request_id }))
}

/// A reload, and the partition that decides it.
pub fn reload(seals: Seals<'_>, request: &v1::ReloadCardRequest) -> Result<(u16, ReloadCard), Rejection> {
    let request_id = request_id(&request.request_id)?;
    let named = Named::read((&request.instrument).into())?;
    let (amount, currency) = amount(request.amount.as_ref().map(Sum::from))?;
    let sale = sale(&request.merchant_id, &request.order_id)?;
    let (partition, instrument) = named.open(seals)?;
    Ok((partition, ReloadCard { instrument, sale, amount, currency, request_id }))
}

/// An adjustment, and the partition that decides it.
pub fn adjust(seals: Seals<'_>, request: &v1::AdjustCardRequest) -> Result<(u16, AdjustCard), Rejection> {
    let request_id = request_id(&request.request_id)?;
    let size = countable("amount_minor", request.amount_minor.checked_abs().unwrap_or(i64::MAX))?;
    let amount = size * request.amount_minor.signum();
    let currency = currency("currency", &request.currency)?;
    let reason = Box::new(Id::new("reason", &request.reason)?);
    let (partition, instrument) = known(seals, &request.coupon_id)?;
    Ok((partition, AdjustCard { instrument, amount, currency, reason, request_id }))
}

/// A replacement, and the partition that decides it.
pub fn replace(seals: Seals<'_>, request: &v1::ReplaceCardRequest) -> Result<(u16, ReplaceCard), Rejection> {
    let request_id = request_id(&request.request_id)?;
    let (partition, instrument) = known(seals, &request.coupon_id)?;
    Ok((partition, ReplaceCard { instrument, revoke_holds: request.revoke_holds, request_id }))
}

/// The question for a balance, and the partition that answers it: a code that was not sealed here asks none.
pub fn balance(seals: Seals<'_>, request: &v1::GetCardBalanceRequest) -> Result<(u16, Command), Rejection> {
    if !request.legacy_code.is_empty() {
        let code = Id::new("legacy_code", &request.legacy_code)?;
        let (partition, code) = if request.code.is_empty() { seals.legacy(&code) } else { return Err(malformed("legacy_code")) };
        return Ok((partition, Command::GetCoupon(Instrument::Legacy { code })));
    }
    let bearer = seals.open_code(&request.code)?;
    let instrument = Instrument::Bearer { coupon: bearer.place.number, key_version: bearer.key_version };
    Ok((bearer.place.partition, Command::GetCoupon(instrument)))
}

/// The taking of a batch's codes, and its home.
pub fn take(seals: Seals<'_>, request: v1::DownloadBatchRequest) -> Result<(u16, TakeBatch), Rejection> {
    let request_id = request_id(request.request_id)?;
    let batch = Id::new("batch_id", request.batch_id)?;
    Ok((seals.home_of_batch(&batch), TakeBatch { batch, request_id }))
}

/// A card that an operator names, and its partition.
pub fn known(seals: Seals<'_>, coupon_id: &str) -> Result<(u16, Instrument), Rejection> {
    if coupon_id.is_empty() {
        return Err(malformed("coupon_id"));
    }
    let coupon = seals.open_coupon_id(coupon_id)?;
    Ok((coupon.partition, Instrument::Known { coupon: coupon.number }))
}

fn sale(merchant: &str, order: &str) -> Result<Box<Sale>, Rejection> {
    Ok(Box::new(Sale { merchant: optional("merchant_id", merchant)?, order: optional("order_id", order)? }))
}

/// The reply to an activation.
pub fn activated(coupon_id: String, activated: &Activated) -> v1::ActivateCardResponse {
    let offer = &activated.offer;
    v1::ActivateCardResponse {
        coupon_id,
        template_id: offer.template.as_str().to_owned(),
        face_value: offer.face_value.map(|minor| v1::Money { minor, currency: offer.currency.as_str().to_owned() }),
        use_from_ms: activated.window.from_ms,
        use_until_ms: activated.window.until_ms,
        at_ms: activated.at_ms,
        position: Some(position(activated.written)),
        replayed: activated.written.replayed,
    }
}

/// The reply to a reload: a retry asked for the same amount, or it would have been refused.
pub fn reloaded(coupon_id: String, amount: Option<v1::Money>, loaded: &Loaded) -> v1::ReloadCardResponse {
    v1::ReloadCardResponse {
        coupon_id,
        amount,
        balance_after_minor: loaded.balance_after,
        at_ms: loaded.at_ms,
        position: Some(position(loaded.written)),
        replayed: loaded.written.replayed,
    }
}

/// The reply to an adjustment.
pub fn adjusted(coupon_id: String, loaded: &Loaded) -> v1::AdjustCardResponse {
    v1::AdjustCardResponse {
        coupon_id,
        balance_after_minor: loaded.balance_after,
        at_ms: loaded.at_ms,
        position: Some(position(loaded.written)),
        replayed: loaded.written.replayed,
    }
}

/// The reply to a replacement, which gives the new code; its replays come here, too.
pub fn replaced(seals: Seals<'_>, coupon_id: String, replaced: &Replaced) -> v1::ReplaceCardResponse {
    v1::ReplaceCardResponse {
        coupon_id,
        replacement: Some(refund::replacement(seals, replaced.written.partition, &replaced.replacement)),
        at_ms: replaced.at_ms,
        position: Some(position(replaced.written)),
        replayed: replaced.written.replayed,
    }
}

/// What a card holds, for whoever shows its code; the answer to a guess where it is of no use now.
pub fn held(view: &CouponView) -> Result<v1::GetCardBalanceResponse, Rejection> {
    let is_in_use = matches!(view.life, Life::Active | Life::Expired);
    let is_blocked = view.blocks.is_frozen() || view.account_blocks.is_frozen();
    if !view.terms.is_stored_value() || !is_in_use || is_blocked {
        return Err(Reason::CodeNotAccepted.into());
    }
    Ok(v1::GetCardBalanceResponse {
        available: Some(v1::Money { minor: view.available, currency: view.terms.currency.as_str().to_owned() }),
        use_from_ms: view.window.from_ms,
        use_until_ms: view.window.until_ms,
    })
}

/// A batch, of which so many cards are made.
pub fn batch(id: &Id, view: &BatchView, made: u64) -> v1::Batch {
    v1::Batch {
        batch_id: id.as_str().to_owned(),
        template_id: view.terms.template_id.as_str().to_owned(),
        template_version: view.terms.version,
        face_value: Some(face_value(view)),
        count: view.count,
        made,
        opened_ms: view.opened_ms,
        completed_ms: view.completed_ms,
        taken_ms: view.taken_ms,
    }
}

/// What each card of a batch holds once it is activated.
pub fn face_value(view: &BatchView) -> v1::Money {
    v1::Money { minor: view.terms.face_value(), currency: view.terms.currency.as_str().to_owned() }
}

/// A card of a batch, as whoever takes its codes gets it.
pub fn card(seals: Seals<'_>, partition: u16, (number, key_version): (u64, u8)) -> v1::BatchCard {
    let place = Place { partition, number };
    v1::BatchCard { code: seals.code(place, key_version), coupon_id: seals.coupon_id(place) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seals::tests::seals;

    const CARD: Place = Place { partition: 3, number: 41 };

    fn instrument() -> Option<v1::Instrument> {
        let code = seals(4).code(CARD, 1);
        Some(v1::Instrument { instrument: Some(v1::instrument::Instrument::Code(code)) })
    }

    #[test]
    fn a_card_is_activated_by_its_code_in_the_partition_that_the_code_carries() {
        let request = v1::ActivateCardRequest {
            request_id: "r1".into(),
            instrument: instrument(),
            merchant_id: "shop".into(),
            ..Default::default()
        };
        let (partition, activate) = activate(seals(4), &request).unwrap();
        assert_eq!((partition, activate.instrument), (3, Instrument::Bearer { coupon: 41, key_version: 1 }));
        assert_eq!(activate.sale.merchant.map(|id| id.as_str().to_owned()), Some("shop".to_owned()));
        assert_eq!((activate.sale.order, activate.channel), (None, None));
    }

    #[test]
    fn an_adjustment_is_of_an_amount_either_way_and_says_why() {
        let request = v1::AdjustCardRequest {
            request_id: "r1".into(),
            coupon_id: seals(4).coupon_id(CARD),
            amount_minor: -500,
            currency: "CNY".into(),
            reason: "audit".into(),
        };
        assert_eq!(adjust(seals(4), &request).unwrap().1.amount, -500);
        for amount_minor in [0, i64::MIN, 1_000_000_000_000_001] {
            let refused = adjust(seals(4), &v1::AdjustCardRequest { amount_minor, ..request.clone() }).unwrap_err();
            assert_eq!(refused.field, "amount_minor", "{amount_minor}");
        }
        let refused = adjust(seals(4), &v1::AdjustCardRequest { reason: String::new(), ..request }).unwrap_err();
        assert_eq!(refused, Rejection::invalid("reason", 64));
    }

    #[test]
    fn a_balance_is_asked_of_no_partition_for_a_code_that_was_not_sealed_here() {
        for code in ["", "0000-0000-0000-0000", "A".repeat(16).as_str()] {
            let request = v1::GetCardBalanceRequest { code: code.into(), ..Default::default() };
            assert_eq!(balance(seals(4), &request), Err(Reason::CodeNotAccepted.into()));
        }
    }
}
