//! Redemptions and validations: amounts, states, one answer for every wrong code, and what an order has redeemed.

use tessera_proto::v1::{self, template_spec, validate_response::Outcome};
use tonic::Code;

use crate::{
    house::{FAR_FUTURE_MS, House, by_code, card, fresh, redeem, refund, twenty_off, yuan},
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
    let request = v1::ValidateRequest {
        instrument: owned.by_code(),
        merchant_id: "merchant".into(),
        amount: yuan(1),
        channel: String::new(),
    };
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
    let request = v1::ValidateRequest {
        instrument: owned.by_code(),
        merchant_id: "merchant".into(),
        amount: yuan(500),
        channel: String::new(),
    };
    for _ in 0..2 {
        let reply = house.redemptions.validate(request.clone()).await.unwrap().into_inner();
        let Some(Outcome::Accepted(amounts)) = reply.outcome else { panic!("{reply:?}") };
        assert_eq!(amounts.balance_after_minor, Some(0));
    }
}

#[tokio::test]
async fn a_validation_carries_a_refusal_in_band() {
    let mut house = House::open().await;
    let request =
        v1::ValidateRequest { instrument: by_code("x"), merchant_id: "merchant".into(), amount: yuan(1), channel: String::new() };
    let reply = house.redemptions.validate(request).await.unwrap().into_inner();
    let Some(Outcome::Refused(refusal)) = reply.outcome else { panic!("{reply:?}") };
    assert_eq!(refusal.reason(), v1::Reason::CodeNotAccepted);
}

fn of_order(merchant: &str, order: &str) -> v1::ListRedemptionsRequest {
    v1::ListRedemptionsRequest { merchant_id: merchant.to_owned(), order_id: order.to_owned() }
}

#[tokio::test]
async fn the_redemptions_of_an_order_are_listed_over_all_partitions_newest_first() {
    let mut house = House::open().await;
    let order = fresh("order");
    let mut redeemed = Vec::new();
    for _ in 0..8 {
        let owned = house.coupon(card()).await;
        let request = v1::RedeemRequest { order_id: order.clone(), ..redeem(owned.by_code(), yuan(150)) };
        redeemed.push(house.redemptions.redeem(request).await.unwrap().into_inner());
    }
    let elsewhere = house.coupon(card()).await;
    house.redeemed(&elsewhere, 150).await;
    let part = v1::RefundRequest { amount_minor: Some(50), ..refund(&redeemed[0].redemption_id) };
    house.redemptions.refund(part).await.unwrap();
    let listed = house.redemptions.list_redemptions(of_order("merchant", &order)).await.unwrap().into_inner().redemptions;
    assert!(listed.windows(2).all(|pair| pair[0].at_ms >= pair[1].at_ms), "newest first: {listed:?}");
    let shown =
        |redemption: &v1::Redemption| (redemption.redemption_id.clone(), redemption.coupon_id.clone(), redemption.position);
    let made = |reply: &v1::RedeemResponse| (reply.redemption_id.clone(), reply.coupon_id.clone(), reply.position);
    let (mut listed_ids, mut made_ids): (Vec<_>, Vec<_>) =
        (listed.iter().map(shown).collect(), redeemed.iter().map(made).collect());
    listed_ids.sort_by(|one, other| one.0.cmp(&other.0));
    made_ids.sort_by(|one, other| one.0.cmp(&other.0));
    assert_eq!(listed_ids, made_ids);
    let refunded = |id: &str| listed.iter().find(|redemption| redemption.redemption_id == id).map(|found| found.refunded_minor);
    assert_eq!((refunded(&redeemed[0].redemption_id), refunded(&redeemed[1].redemption_id)), (Some(50), Some(0)));
    let amounts = listed[0].amounts.clone().unwrap();
    assert_eq!((amounts.amount_minor, amounts.applied_minor, amounts.payable_minor), (150, 150, 0));
}

#[tokio::test]
async fn an_order_that_redeemed_nothing_has_an_empty_list() {
    let mut house = House::open().await;
    let reply = house.redemptions.list_redemptions(of_order("merchant", &fresh("order"))).await.unwrap().into_inner();
    assert_eq!(reply, v1::ListRedemptionsResponse::default());
}

#[tokio::test]
async fn an_order_is_asked_for_at_a_merchant() {
    let mut house = House::open().await;
    let answer = house.redemptions.list_redemptions(of_order("", "order")).await;
    check(answer, Code::InvalidArgument, "INVALID_ARGUMENT", "merchant_id", 64);
    let answer = house.redemptions.list_redemptions(of_order("merchant", &"o".repeat(65))).await;
    check(answer, Code::InvalidArgument, "INVALID_ARGUMENT", "order_id", 64);
}
