//! Refunds, whole and in parts, and the card that stands in for a void one.

use tessera_proto::v1;
use tonic::Code;

use crate::{
    house::{House, Owned, by_code, card, fresh, redeem, refund, twenty_off, yuan},
    refusal::{check, refused},
};

fn part(redemption_id: &str, minor: i64) -> v1::RefundRequest {
    v1::RefundRequest { amount_minor: Some(minor), ..refund(redemption_id) }
}

#[tokio::test]
async fn a_refund_gives_the_charge_back() {
    let mut house = House::open().await;
    let owned = house.coupon(card()).await;
    let redeemed = house.redeemed(&owned, 150).await;
    let refunded = house.redemptions.refund(refund(&redeemed.redemption_id)).await.unwrap().into_inner();
    assert_eq!((refunded.refunded.clone(), refunded.balance_after_minor), (yuan(150), Some(500)));
    assert_eq!((refunded.status(), &refunded.replacement), (v1::CouponStatus::Active, &None));
}

#[tokio::test]
async fn a_second_refund_is_refused() {
    let mut house = House::open().await;
    let owned = house.coupon(card()).await;
    let redeemed = house.redeemed(&owned, 150).await;
    let first = refund(&redeemed.redemption_id);
    house.redemptions.refund(first.clone()).await.unwrap();
    let second = refused(house.redemptions.refund(refund(&redeemed.redemption_id)).await);
    assert_eq!((second.code, second.reason.as_str()), (Code::FailedPrecondition, "ALREADY_REFUNDED"));
    assert!(house.redemptions.refund(first).await.unwrap().into_inner().replayed);
}

#[tokio::test]
async fn parts_come_back_until_nothing_is_left() {
    let mut house = House::open().await;
    let owned = house.coupon(card()).await;
    let id = house.redeemed(&owned, 300).await.redemption_id;
    let first = house.redemptions.refund(part(&id, 100)).await.unwrap().into_inner();
    assert_eq!((first.refunded, first.balance_after_minor), (yuan(100), Some(300)));
    let above = house.redemptions.refund(part(&id, 201)).await;
    check(above, Code::FailedPrecondition, "REFUND_EXCEEDS_CAPTURE", "", 200);
    let rest = house.redemptions.refund(refund(&id)).await.unwrap().into_inner();
    assert_eq!((rest.refunded, rest.balance_after_minor), (yuan(200), Some(500)));
    assert_eq!(house.accounts(&owned).await, [500, 0, 0]);
    assert_eq!(refused(house.redemptions.refund(part(&id, 1)).await).reason, "ALREADY_REFUNDED");
}

#[tokio::test]
async fn a_retry_of_a_part_is_no_second_part() {
    let mut house = House::open().await;
    let owned = house.coupon(card()).await;
    let request = part(&house.redeemed(&owned, 300).await.redemption_id, 100);
    let first = house.redemptions.refund(request.clone()).await.unwrap().into_inner();
    house.redemptions.refund(part(&request.redemption_id, 50)).await.unwrap();
    let retry = house.redemptions.refund(request.clone()).await.unwrap().into_inner();
    let lsn = first.position.unwrap().lsn as i64;
    assert_eq!(retry, v1::RefundResponse { replayed: true, ..first });
    assert_eq!(house.accounts(&owned).await, [350, 0, 150]);
    let reused = house.redemptions.refund(v1::RefundRequest { amount_minor: None, ..request }).await;
    check(reused, Code::AlreadyExists, "REQUEST_ID_REUSED", "", lsn);
}

#[tokio::test]
async fn a_one_use_coupon_comes_back_with_the_last_part() {
    let mut house = House::open().await;
    let owned = house.coupon(twenty_off()).await;
    let id = house.redeemed(&owned, 10_000).await.redemption_id;
    let first = house.redemptions.refund(part(&id, 500)).await.unwrap().into_inner();
    assert_eq!((first.status(), first.refunded), (v1::CouponStatus::Used, yuan(500)));
    let rest = house.redemptions.refund(part(&id, 1_500)).await.unwrap().into_inner();
    assert_eq!(rest.status(), v1::CouponStatus::Active);
    house.redeemed(&owned, 10_000).await;
}

#[tokio::test]
async fn a_coupon_whose_template_never_returns_it_stays_used() {
    let mut house = House::open().await;
    let never = v1::RefundPolicy::Never.into();
    let owned = house.coupon(v1::TemplateSpec { refund_policy: never, ..twenty_off() }).await;
    let redeemed = house.redeemed(&owned, 10_000).await;
    let refunded = house.redemptions.refund(refund(&redeemed.redemption_id)).await.unwrap().into_inner();
    assert_eq!(refunded.status(), v1::CouponStatus::Used);
}

#[tokio::test]
async fn an_unknown_redemption_is_not_found() {
    let mut house = House::open().await;
    let owned = house.coupon(card()).await;
    let hold_id = house.held(&owned, 100).await.hold_id;
    for unknown in ["0".repeat(26), "x".to_owned(), owned.claimed.coupon_id, hold_id] {
        let answer = house.redemptions.refund(refund(&unknown)).await;
        check(answer, Code::NotFound, "REDEMPTION_NOT_FOUND", "", 0);
    }
}

#[tokio::test]
async fn a_refund_of_nothing_or_of_less_is_refused() {
    let mut house = House::open().await;
    let owned = house.coupon(card()).await;
    let id = house.redeemed(&owned, 300).await.redemption_id;
    for minor in [0, -1, i64::MIN] {
        let answer = house.redemptions.refund(part(&id, minor)).await;
        check(answer, Code::InvalidArgument, "INVALID_ARGUMENT", "amount_minor", 1);
    }
    let answer = house.redemptions.refund(part(&id, i64::MAX)).await;
    check(answer, Code::OutOfRange, "AMOUNT_OUT_OF_RANGE", "amount_minor", 1_000_000_000_000_000);
    check(house.redemptions.refund(refund("")).await, Code::InvalidArgument, "INVALID_ARGUMENT", "redemption_id", 0);
}

/// A card with 300 of its 500 captured, then made void.
async fn void_card(house: &mut House) -> (Owned, v1::RedeemResponse) {
    let owned = house.coupon(card()).await;
    let redeemed = house.redeemed(&owned, 300).await;
    let request =
        v1::VoidCouponRequest { request_id: fresh("void"), coupon_id: owned.claimed.coupon_id.clone(), revoke_holds: false };
    let voided = house.custodians.void_coupon(request).await.unwrap().into_inner();
    assert_eq!(voided.voided_minor, 200);
    (owned, redeemed)
}

#[tokio::test]
async fn what_a_void_card_gets_back_is_on_a_new_card() {
    let mut house = House::open().await;
    let (owned, redeemed) = void_card(&mut house).await;
    let refunded = house.redemptions.refund(refund(&redeemed.redemption_id)).await.unwrap().into_inner();
    assert_eq!((refunded.status(), refunded.balance_after_minor), (v1::CouponStatus::Void, Some(0)));
    let new = refunded.replacement.expect("a new card");
    assert!(new.coupon_id != owned.claimed.coupon_id && new.use_until_ms > refunded.at_ms, "{new:?}");
    let charged = house.redemptions.redeem(redeem(by_code(&new.code), yuan(250))).await.unwrap().into_inner();
    assert_eq!((charged.coupon_id, charged.amounts.unwrap().balance_after_minor), (new.coupon_id, Some(50)));
    let old = house.redemptions.redeem(redeem(owned.by_code(), yuan(1))).await;
    check(old, Code::FailedPrecondition, "COUPON_VOID", "", 0);
}

#[tokio::test]
async fn the_code_of_the_new_card_is_given_again_to_a_retry_alone() {
    let mut house = House::open().await;
    let (owned, redeemed) = void_card(&mut house).await;
    let request = refund(&redeemed.redemption_id);
    let first = house.redemptions.refund(request.clone()).await.unwrap().into_inner();
    let retry = house.redemptions.refund(request).await.unwrap().into_inner();
    let code = first.replacement.clone().expect("a new card").code;
    assert!(retry == v1::RefundResponse { replayed: true, ..first.clone() }, "the same card, the same code");
    assert!(code.len() == 16 && !format!("{first:?}").contains(&code), "no log shows the code");
    let list = v1::ListCouponsRequest { user_id: owned.user, ..Default::default() };
    let wallet = house.wallets.list_coupons(list).await.unwrap().into_inner();
    let states: Vec<_> = wallet.coupons.iter().map(|coupon| coupon.status()).collect();
    assert_eq!(states, [v1::CouponStatus::Active, v1::CouponStatus::Void]);
    assert!(!format!("{wallet:?}").contains(&code), "a wallet shows no code");
}
