//! Refunds.

use tessera_proto::v1;

use super::{amount_minor, malformed, position, request_id, wallet};
use crate::{
    domain::{
        Rejection,
        command::Refund,
        reply::{Refunded, Replacement},
    },
    seals::{Place, Seals},
};

/// A refund, and the partition that decides it.
pub fn refund(seals: Seals<'_>, request: &v1::RefundRequest) -> Result<(u16, Refund), Rejection> {
    let request_id = request_id(&request.request_id)?;
    if request.redemption_id.is_empty() {
        return Err(malformed("redemption_id"));
    }
    let amount = amount_minor(request.amount_minor)?;
    let redemption = seals.open_redemption_id(&request.redemption_id)?;
    Ok((redemption.partition, Refund { redemption: redemption.number, amount, request_id }))
}

/// The reply to a refund.
pub fn refunded(seals: Seals<'_>, refunded: &Refunded) -> v1::RefundResponse {
    let partition = refunded.written.partition;
    v1::RefundResponse {
        redemption_id: seals.redemption_id(Place { partition, number: refunded.redemption }),
        coupon_id: seals.coupon_id(Place { partition, number: refunded.coupon }),
        refunded: Some(v1::Money { minor: refunded.amount, currency: refunded.currency.as_str().to_owned() }),
        balance_after_minor: refunded.is_card.then_some(refunded.balance_after),
        status: wallet::status(refunded.life).into(),
        use_until_ms: refunded.until_ms,
        at_ms: refunded.at_ms,
        position: Some(position(refunded.written)),
        replayed: refunded.written.replayed,
        outside_minor: refunded.outside,
        replacement: refunded.replacement.as_ref().map(|card| replacement(seals, partition, card)),
    }
}

/// The only place beside a claim that gives a code with a write, of a refund or of a replacement; their replays come here, too.
pub(super) fn replacement(seals: Seals<'_>, partition: u16, card: &Replacement) -> v1::ReplacementCard {
    let place = Place { partition, number: card.coupon };
    v1::ReplacementCard {
        coupon_id: seals.coupon_id(place),
        code: seals.code(place, card.key_version),
        use_until_ms: card.window.until_ms,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{domain::Reason, seals::tests::seals};

    const REDEMPTION: Place = Place { partition: 3, number: 41 };

    fn request(redemption_id: String, amount_minor: Option<i64>) -> v1::RefundRequest {
        v1::RefundRequest { request_id: "r1".into(), redemption_id, amount_minor }
    }

    #[test]
    fn a_refund_goes_to_the_partition_of_its_redemption() {
        for amount in [None, Some(7)] {
            let (partition, refund) = refund(seals(4), &request(seals(4).redemption_id(REDEMPTION), amount)).unwrap();
            assert_eq!((partition, refund.redemption, refund.amount), (3, 41, amount));
        }
    }

    #[test]
    fn an_unknown_redemption_id_is_not_found() {
        assert_eq!(refund(seals(4), &request("0".repeat(26), None)), Err(Reason::RedemptionNotFound.into()));
        let hold = seals(4).hold_id(REDEMPTION);
        assert_eq!(refund(seals(4), &request(hold, None)), Err(Reason::RedemptionNotFound.into()));
    }

    #[test]
    fn a_refund_of_nothing_comes_before_an_unknown_redemption() {
        let refusal = refund(seals(4), &request("0".repeat(26), Some(0)));
        assert_eq!(refusal, Err(Rejection::invalid("amount_minor", 1)));
    }
}
