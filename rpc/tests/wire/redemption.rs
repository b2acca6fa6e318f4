//! Redemptions, validations and refunds: amounts, states, and one answer for every wrong code.

use tessera_proto::v1::{self, template_spec, validate_response::Outcome};
use tonic::Code;

use crate::{
    house::{FAR_FUTURE_MS, House, by_code, card, fresh, redeem, twenty_off, yuan},
    refusal::{check, refused},
};

fn use_window(from_ms: i64, until_ms: i64) -> Option<template_spec::Validity> {
    Some(template_spec::Validity::FixedValidity(v1::FixedValidity { from_ms, until_ms }))
}

#[tokio::test]
async fn a_coupon_takes_its_amount_off() {
    let mut house = House::open().await;
    let owned = house.coupon(twenty_off()).await;
    let redeemed = house.redemptions.redeem(redeem(owned.by_code(), yuan(12_345))).await.unwrap().into_inner();
    let amounts = v1::Amounts {
        currency: "CNY".into(),
        amount_minor: 12_345,
        applied_minor: 2_000,
        payable_minor: 10_345,
        balance_after_minor: None,
    };
    assert_eq!((redeemed.amounts, redeemed.coupon_id), (Some(amounts), owned.claimed.coupon_id));
}

#[tokio::test]
async fn a_card_is_charged_and_keeps_the_rest() {
    let mut house = House::open().await;
    let owned = house.coupon(card()).await;
    let redeemed = house.redemptions.redeem(redeem(owned.by_id(&owned.user), yuan(150))).await.unwrap().into_inner();
    let amounts = redeemed.amounts.unwrap();
    assert_eq!((amounts.applied_minor, amounts.payable_minor, amounts.balance_after_minor), (150, 0, Some(350)));
}

#[tokio::test]
async fn a_retry_replays_the_first_redemption() {
    let mut house = House::open().await;
    let owned = house.coupon(card()).await;
    let request = redeem(owned.by_code(), yuan(150));
    let first = house.redemptions.redeem(request.clone()).await.unwrap().into_inner();
    let retry = house.redemptions.redeem(request).await.unwrap().into_inner();
    assert_eq!(retry, v1::RedeemResponse { replayed: true, ..first });
}

#[tokio::test]
async fn a_refused_redemption_stays_refused() {
    let mut house = House::open().await;
    let owned = house.coupon(card()).await;
    let request = redeem(owned.by_code(), yuan(501));
    let first = refused(house.redemptions.redeem(request.clone()).await);
    house.redemptions.redeem(redeem(owned.by_code(), yuan(100))).await.unwrap();
    assert_eq!(refused(house.redemptions.redeem(request).await), first);
    assert_eq!((first.reason.as_str(), first.value), ("INSUFFICIENT_BALANCE", 500));
}

#[tokio::test]
async fn a_negative_amount_is_refused() {
    let mut house = House::open().await;
    let owned = house.coupon(card()).await;
    let answer = house.redemptions.redeem(redeem(owned.by_code(), yuan(-1))).await;
    check(answer, Code::InvalidArgument, "INVALID_ARGUMENT", "amount.minor", 1);
}

#[tokio::test]
async fn an_overflowing_amount_is_out_of_range() {
    let mut house = House::open().await;
    let owned = house.coupon(card()).await;
    let answer = house.redemptions.redeem(redeem(owned.by_code(), yuan(i64::MAX))).await;
    check(answer, Code::OutOfRange, "AMOUNT_OUT_OF_RANGE", "amount.minor", 1_000_000_000_000_000);
}

#[tokio::test]
async fn a_mixed_currency_is_refused() {
    let mut house = House::open().await;
    let owned = house.coupon(card()).await;
    let euro = Some(v1::Money { minor: 100, currency: "EUR".into() });
    let answer = house.redemptions.redeem(redeem(owned.by_code(), euro)).await;
    check(answer, Code::FailedPrecondition, "CURRENCY_MISMATCH", "", 0);
}

#[tokio::test]
async fn an_order_below_the_threshold_is_told_what_is_missing() {
    let mut house = House::open().await;
    let owned = house.coupon(twenty_off()).await;
    let answer = house.redemptions.redeem(redeem(owned.by_code(), yuan(9_990))).await;
    check(answer, Code::FailedPrecondition, "BELOW_THRESHOLD", "", 10);
}

#[tokio::test]
async fn a_used_coupon_is_refused() {
    let mut house = House::open().await;
    let owned = house.coupon(twenty_off()).await;
    house.redemptions.redeem(redeem(owned.by_code(), yuan(10_000))).await.unwrap();
    let answer = house.redemptions.redeem(redeem(owned.by_code(), yuan(10_000))).await;
    check(answer, Code::FailedPrecondition, "COUPON_USED", "", 0);
}

#[tokio::test]
async fn an_expired_coupon_is_refused() {
    let mut house = House::open().await;
    let one_ms = v1::DynamicValidity { wait_ms: 0, valid_ms: 1 };
    let validity = Some(template_spec::Validity::DynamicValidity(one_ms));
    let owned = house.coupon(v1::TemplateSpec { validity, ..card() }).await;
    let request = v1::ValidateRequest { instrument: owned.by_code(), merchant_id: "merchant".into(), amount: yuan(1) };
    // Time passes on the server; a validation says when it has.
    while let Some(Outcome::Accepted(_)) = house.redemptions.validate(request.clone()).await.unwrap().into_inner().outcome {}
    let answer = house.redemptions.redeem(redeem(owned.by_code(), yuan(1))).await;
    check(answer, Code::FailedPrecondition, "COUPON_EXPIRED", "", owned.claimed.use_until_ms);
}

#[tokio::test]
async fn a_coupon_before_its_time_is_refused() {
    let mut house = House::open().await;
    let owned = house.coupon(v1::TemplateSpec { validity: use_window(FAR_FUTURE_MS, 0), ..twenty_off() }).await;
    let answer = house.redemptions.redeem(redeem(owned.by_code(), yuan(10_000))).await;
    check(answer, Code::FailedPrecondition, "USE_NOT_STARTED", "", FAR_FUTURE_MS);
}

#[tokio::test]
async fn mistyped_malformed_and_foreign_instruments_get_one_answer() {
    let mut house = House::open().await;
    let owned = house.coupon(card()).await;
    let other = fresh("user");
    let mut mistyped = owned.claimed.code.clone();
    let last = if mistyped.ends_with('0') { '1' } else { '0' };
    mistyped.replace_range(15.., &last.to_string());
    let instruments = [by_code(&mistyped), by_code(""), by_code("not a code"), owned.by_id(&other)];
    for instrument in instruments {
        let answer = house.redemptions.redeem(redeem(instrument, yuan(100))).await;
        check(answer, Code::NotFound, "CODE_NOT_ACCEPTED", "", 0);
    }
}

#[tokio::test]
async fn an_empty_order_is_refused() {
    let mut house = House::open().await;
    let owned = house.coupon(card()).await;
    let request = v1::RedeemRequest { order_id: String::new(), ..redeem(owned.by_code(), yuan(100)) };
    check(house.redemptions.redeem(request).await, Code::InvalidArgument, "INVALID_ARGUMENT", "order_id", 64);
}

#[tokio::test]
async fn a_validation_shows_the_amounts_and_changes_nothing() {
    let mut house = House::open().await;
    let owned = house.coupon(card()).await;
    let request = v1::ValidateRequest { instrument: owned.by_code(), merchant_id: "merchant".into(), amount: yuan(500) };
    for _ in 0..2 {
        let reply = house.redemptions.validate(request.clone()).await.unwrap().into_inner();
        let Some(Outcome::Accepted(amounts)) = reply.outcome else { panic!("{reply:?}") };
        assert_eq!(amounts.balance_after_minor, Some(0));
    }
}

#[tokio::test]
async fn a_validation_carries_a_refusal_in_band() {
    let mut house = House::open().await;
    let request = v1::ValidateRequest { instrument: by_code("x"), merchant_id: "merchant".into(), amount: yuan(1) };
    let reply = house.redemptions.validate(request).await.unwrap().into_inner();
    let Some(Outcome::Refused(refusal)) = reply.outcome else { panic!("{reply:?}") };
    assert_eq!(refusal.reason(), v1::Reason::CodeNotAccepted);
}

fn refund(redemption_id: &str) -> v1::RefundRequest {
    v1::RefundRequest { request_id: fresh("refund"), redemption_id: redemption_id.to_owned() }
}

#[tokio::test]
async fn a_refund_gives_the_charge_back() {
    let mut house = House::open().await;
    let owned = house.coupon(card()).await;
    let redeemed = house.redemptions.redeem(redeem(owned.by_code(), yuan(150))).await.unwrap().into_inner();
    let refunded = house.redemptions.refund(refund(&redeemed.redemption_id)).await.unwrap().into_inner();
    assert_eq!((refunded.refunded.clone(), refunded.balance_after_minor), (yuan(150), Some(500)));
    assert_eq!(refunded.status(), v1::CouponStatus::Active);
}

#[tokio::test]
async fn a_second_refund_is_refused() {
    let mut house = House::open().await;
    let owned = house.coupon(card()).await;
    let redeemed = house.redemptions.redeem(redeem(owned.by_code(), yuan(150))).await.unwrap().into_inner();
    let first = refund(&redeemed.redemption_id);
    house.redemptions.refund(first.clone()).await.unwrap();
    let second = refused(house.redemptions.refund(refund(&redeemed.redemption_id)).await);
    assert_eq!((second.code, second.reason.as_str()), (Code::FailedPrecondition, "ALREADY_REFUNDED"));
    assert!(house.redemptions.refund(first).await.unwrap().into_inner().replayed);
}

#[tokio::test]
async fn a_coupon_whose_template_never_returns_it_stays_used() {
    let mut house = House::open().await;
    let never = v1::RefundPolicy::Never.into();
    let owned = house.coupon(v1::TemplateSpec { refund_policy: never, ..twenty_off() }).await;
    let redeemed = house.redemptions.redeem(redeem(owned.by_code(), yuan(10_000))).await.unwrap().into_inner();
    let refunded = house.redemptions.refund(refund(&redeemed.redemption_id)).await.unwrap().into_inner();
    assert_eq!(refunded.status(), v1::CouponStatus::Used);
}

#[tokio::test]
async fn an_unknown_redemption_is_not_found() {
    let answer = House::open().await.redemptions.refund(refund(&"0".repeat(26))).await;
    check(answer, Code::NotFound, "REDEMPTION_NOT_FOUND", "", 0);
}
