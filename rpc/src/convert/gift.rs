//! Gifts: offers by owner, what a token opens, and what both sides are told.

use tessera_proto::v1;

use super::{malformed, optional, position, request_id, wallet};
use crate::{
    domain::{
        GIFT_TTL_MS_MAX, GIFT_TTL_MS_MIN, GiftState, Id, Rejection,
        command::{AcceptGift, CancelGift, Command, GetGift, OfferGift},
        reply::{GiftAccepted, GiftCancelled, GiftOffered, GiftView, Offer},
    },
    seals::{Place, Seals},
};

/// An offer, and the partition that decides it: its owner's.
pub fn offer(seals: Seals<'_>, request: &v1::OfferGiftRequest) -> Result<(u16, OfferGift), Rejection> {
    let request_id = request_id(&request.request_id)?;
    let user = Id::new("user_id", &request.user_id)?;
    let ttl_ms = ttl_ms(request.ttl_ms)?;
    let (partition, instrument) = wallet::owned(seals, user, &request.coupon_id)?;
    Ok((partition, OfferGift { instrument, ttl_ms, request_id }))
}

/// A cancelling, and the partition that decides it.
pub fn cancel(seals: Seals<'_>, request: &v1::CancelGiftRequest) -> Result<(u16, CancelGift), Rejection> {
    let request_id = request_id(&request.request_id)?;
    let (_, user) = seals.user(&request.user_id)?;
    let gift = seals.open_gift_token(named(&request.gift_token)?)?;
    Ok((gift.partition, CancelGift { gift: gift.number, user: user.key, request_id }))
}

/// An accepting, and the partition that decides it: the sender's.
pub fn accept(seals: Seals<'_>, request: &v1::AcceptGiftRequest) -> Result<(u16, AcceptGift), Rejection> {
    let request_id = request_id(&request.request_id)?;
    let (to, user) = seals.user(&request.user_id)?;
    let gift = seals.open_gift_token(named(&request.gift_token)?)?;
    Ok((gift.partition, AcceptGift { gift: gift.number, user, to, request_id }))
}

/// The command that asks for a gift, and the partition that answers it.
pub fn get(seals: Seals<'_>, request: &v1::GetGiftRequest) -> Result<(u16, Command), Rejection> {
    let user = optional("user_id", &request.user_id)?.map(|user| seals.user_of(user).1.key);
    let gift = seals.open_gift_token(named(&request.gift_token)?)?;
    Ok((gift.partition, Command::GetGift(GetGift { gift: gift.number, user })))
}

/// A token that names something, opened or not.
fn named(token: &str) -> Result<&str, Rejection> {
    if token.is_empty() { Err(malformed("gift_token")) } else { Ok(token) }
}

/// How long a gift is asked to wait; 0 leaves it to the domain.
fn ttl_ms(asked: i64) -> Result<i64, Rejection> {
    match asked {
        0 | GIFT_TTL_MS_MIN..=GIFT_TTL_MS_MAX => Ok(asked),
        ..GIFT_TTL_MS_MIN => Err(Rejection::invalid("ttl_ms", GIFT_TTL_MS_MIN)),
        _ => Err(Rejection::invalid("ttl_ms", GIFT_TTL_MS_MAX)),
    }
}

/// The reply to an offer.
pub fn offered(seals: Seals<'_>, offered: &GiftOffered) -> v1::OfferGiftResponse {
    let partition = offered.written.partition;
    v1::OfferGiftResponse {
        gift_token: seals.gift_token(Place { partition, number: offered.gift }),
        coupon_id: seals.coupon_id(Place { partition, number: offered.coupon }),
        deadline_ms: offered.deadline_ms,
        at_ms: offered.at_ms,
        position: Some(position(offered.written)),
        replayed: offered.written.replayed,
    }
}

/// The reply to a cancelling.
pub fn cancelled(seals: Seals<'_>, cancelled: &GiftCancelled) -> v1::CancelGiftResponse {
    v1::CancelGiftResponse {
        coupon_id: seals.coupon_id(Place { partition: cancelled.written.partition, number: cancelled.coupon }),
        expired: cancelled.state == GiftState::Expired,
        at_ms: cancelled.at_ms,
        position: Some(position(cancelled.written)),
        replayed: cancelled.written.replayed,
    }
}

/// The reply to an accepting.
pub fn accepted(accepted: &GiftAccepted) -> v1::AcceptGiftResponse {
    let GiftAccepted { written, offer, amount, window, at_ms, .. } = accepted;
    v1::AcceptGiftResponse {
        template_id: offer.template.as_str().to_owned(),
        template_version: offer.version,
        use_from_ms: window.from_ms,
        use_until_ms: window.until_ms,
        balance: balance(offer, *amount),
        at_ms: *at_ms,
        position: Some(position(*written)),
        replayed: written.replayed,
    }
}

/// A gift as it stands.
pub fn view(seals: Seals<'_>, view: &GiftView) -> v1::GetGiftResponse {
    let GiftView { offer, amount, window, deadline_ms, state, ended_ms, arrived, .. } = view;
    let coupon_id = |(partition, number)| seals.coupon_id(Place { partition, number });
    v1::GetGiftResponse {
        status: status(*state).into(),
        template_id: offer.template.as_str().to_owned(),
        template_version: offer.version,
        use_from_ms: window.from_ms,
        use_until_ms: window.until_ms,
        balance: balance(offer, *amount),
        deadline_ms: *deadline_ms,
        ended_ms: *ended_ms,
        received_coupon_id: arrived.map(coupon_id).unwrap_or_default(),
    }
}

fn status(state: GiftState) -> v1::GiftStatus {
    match state {
        GiftState::Open => v1::GiftStatus::Open,
        GiftState::Accepted => v1::GiftStatus::Accepted,
        GiftState::Cancelled => v1::GiftStatus::Cancelled,
        GiftState::Expired => v1::GiftStatus::Expired,
    }
}

/// What is on a card; nothing of a one-use coupon.
fn balance(offer: &Offer, minor: i64) -> Option<v1::Money> {
    offer.face_value.map(|_| v1::Money { minor, currency: offer.currency.as_str().to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{domain::Reason, seals::tests::seals};

    const GIFT: Place = Place { partition: 2, number: 97 };

    fn request() -> v1::AcceptGiftRequest {
        let gift_token = seals(4).gift_token(GIFT);
        v1::AcceptGiftRequest { request_id: "r1".into(), user_id: "u1".into(), gift_token }
    }

    #[test]
    fn an_accepting_goes_to_the_senders_partition_and_names_the_receivers() {
        let (partition, accept) = accept(seals(4), &request()).unwrap();
        let (to, user) = seals(4).user("u1").unwrap();
        assert_eq!((partition, accept.gift, accept.to, accept.user), (2, 97, to, user));
    }

    #[test]
    fn a_hold_is_no_gift_and_a_token_is_said() {
        let refused = |gift_token: String| accept(seals(4), &v1::AcceptGiftRequest { gift_token, ..request() }).unwrap_err();
        assert_eq!(refused(seals(4).hold_id(GIFT)), Reason::CodeNotAccepted.into());
        assert_eq!(refused("0".repeat(26)), Reason::CodeNotAccepted.into());
        assert_eq!(refused(String::new()), Rejection::invalid("gift_token", 0));
    }

    #[test]
    fn a_gift_waits_a_minute_to_seven_days() {
        let asked = |ttl_ms| {
            offer(seals(4), &v1::OfferGiftRequest { ttl_ms, request_id: "r".into(), user_id: "u".into(), ..Default::default() })
        };
        for (ttl_ms, limit) in [(-1, 60_000), (59_999, 60_000), (604_800_001, 604_800_000)] {
            assert_eq!(asked(ttl_ms).unwrap_err(), Rejection::invalid("ttl_ms", limit));
        }
        for ttl_ms in [0, 60_000, 604_800_000] {
            assert_eq!(asked(ttl_ms).unwrap_err(), Reason::CodeNotAccepted.into(), "only the coupon is wrong");
        }
    }
}
