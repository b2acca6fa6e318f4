//! Holds and releases: value set aside for an order, and given back.

use tessera_proto::v1;
use tonic::Code;

use crate::{
    house::{House, by_code, capture, card, fresh, hold, redeem, release, twenty_off, yuan},
    refusal::{check, refused},
};

#[tokio::test]
async fn a_hold_sets_value_aside_until_its_deadline() {
    let mut house = House::open().await;
    let owned = house.coupon(card()).await;
    let held = house.held(&owned, 300).await;
    assert_eq!(house.accounts(&owned).await, [200, 300, 0]);
    assert_eq!(house.view(&owned).await.live_holds, 1);
    let amounts = held.amounts.clone().unwrap();
    let shown = (amounts.amount_minor, amounts.applied_minor, amounts.payable_minor, amounts.balance_after_minor);
    assert_eq!((shown, held.deadline_ms - held.at_ms), ((300, 300, 0, None), 900_000));
    assert!(held.coupon_id == owned.claimed.coupon_id && held.hold_id.len() == 26 && !held.replayed, "{held:?}");
}

#[tokio::test]
async fn a_hold_lives_as_long_as_it_asks() {
    let mut house = House::open().await;
    let owned = house.coupon(card()).await;
    let request = v1::HoldRequest { ttl_ms: 604_800_000, ..hold(owned.by_code(), yuan(1)) };
    let held = house.redemptions.hold(request).await.unwrap().into_inner();
    assert_eq!(held.deadline_ms - held.at_ms, 604_800_000);
    for (ttl_ms, limit) in [(4_999, 5_000), (-1, 5_000), (604_800_001, 604_800_000)] {
        let request = v1::HoldRequest { ttl_ms, ..hold(owned.by_code(), yuan(1)) };
        let answer = house.redemptions.hold(request).await;
        check(answer, Code::InvalidArgument, "INVALID_ARGUMENT", "ttl_ms", limit);
    }
}

#[tokio::test]
async fn a_hold_of_a_one_use_coupon_fixes_its_discount() {
    let mut house = House::open().await;
    let owned = house.coupon(twenty_off()).await;
    let held = house.redemptions.hold(hold(owned.by_id(&owned.user), yuan(12_345))).await.unwrap().into_inner();
    let amounts = held.amounts.unwrap();
    assert_eq!((amounts.applied_minor, amounts.payable_minor), (2_000, 10_345));
}

#[tokio::test]
async fn a_retry_replays_the_first_hold() {
    let mut house = House::open().await;
    let owned = house.coupon(card()).await;
    let request = hold(owned.by_code(), yuan(300));
    let first = house.redemptions.hold(request.clone()).await.unwrap().into_inner();
    let retry = house.redemptions.hold(request.clone()).await.unwrap().into_inner();
    let lsn = first.position.unwrap().lsn as i64;
    assert_eq!(retry, v1::HoldResponse { replayed: true, ..first });
    let reused = house.redemptions.hold(v1::HoldRequest { amount: yuan(301), ..request }).await;
    check(reused, Code::AlreadyExists, "REQUEST_ID_REUSED", "", lsn);
    assert_eq!(house.accounts(&owned).await, [200, 300, 0]);
}

#[tokio::test]
async fn an_order_that_holds_again_replaces_its_own_hold() {
    let mut house = House::open().await;
    let owned = house.coupon(card()).await;
    let request = hold(owned.by_code(), yuan(300));
    let first = house.redemptions.hold(request.clone()).await.unwrap().into_inner();
    let more = v1::HoldRequest { request_id: fresh("hold"), amount: yuan(500), ..request };
    let second = house.redemptions.hold(more).await.unwrap().into_inner();
    assert_eq!((house.accounts(&owned).await, house.view(&owned).await.live_holds), ([0, 500, 0], 1));
    let late = house.redemptions.capture(capture(&first.hold_id)).await;
    check(late, Code::FailedPrecondition, "HOLD_RELEASED", "", 0);
    house.redemptions.capture(capture(&second.hold_id)).await.unwrap();
}

#[tokio::test]
async fn what_is_held_is_not_available_to_another_order() {
    let mut house = House::open().await;
    let owned = house.coupon(card()).await;
    house.held(&owned, 300).await;
    let answer = house.redemptions.hold(hold(owned.by_code(), yuan(201))).await;
    check(answer, Code::FailedPrecondition, "INSUFFICIENT_BALANCE", "", 200);
    let answer = house.redemptions.redeem(redeem(owned.by_code(), yuan(201))).await;
    check(answer, Code::FailedPrecondition, "INSUFFICIENT_BALANCE", "", 200);
    house.held(&owned, 200).await;
    assert_eq!(house.view(&owned).await.live_holds, 2);
}

#[tokio::test]
async fn a_held_one_use_coupon_is_refused_to_another_order() {
    let mut house = House::open().await;
    let owned = house.coupon(twenty_off()).await;
    house.held(&owned, 10_000).await;
    let answer = house.redemptions.hold(hold(owned.by_code(), yuan(10_000))).await;
    check(answer, Code::FailedPrecondition, "COUPON_HELD", "", 0);
    let answer = house.redemptions.redeem(redeem(owned.by_code(), yuan(10_000))).await;
    check(answer, Code::FailedPrecondition, "COUPON_HELD", "", 0);
}

#[tokio::test]
async fn an_order_that_redeems_past_its_own_hold_is_told_of_it() {
    let mut house = House::open().await;
    let owned = house.coupon(card()).await;
    let request = hold(owned.by_code(), yuan(300));
    let held = house.redemptions.hold(request.clone()).await.unwrap().into_inner();
    let past = v1::RedeemRequest { order_id: request.order_id, ..redeem(owned.by_code(), yuan(100)) };
    let answer = house.redemptions.redeem(past).await;
    check(answer, Code::FailedPrecondition, "COUPON_HELD", "", held.position.unwrap().lsn as i64);
}

#[tokio::test]
async fn an_order_that_has_redeemed_holds_no_more() {
    let mut house = House::open().await;
    let owned = house.coupon(card()).await;
    let request = redeem(owned.by_code(), yuan(100));
    let redeemed = house.redemptions.redeem(request.clone()).await.unwrap().into_inner();
    let again = v1::HoldRequest { order_id: request.order_id, ..hold(owned.by_code(), yuan(100)) };
    let answer = house.redemptions.hold(again).await;
    check(answer, Code::AlreadyExists, "ORDER_ALREADY_REDEEMED", "", redeemed.position.unwrap().lsn as i64);
}

#[tokio::test]
async fn a_refused_hold_stays_refused() {
    let mut house = House::open().await;
    let owned = house.coupon(card()).await;
    let blocking = house.held(&owned, 300).await;
    let request = hold(owned.by_code(), yuan(400));
    let first = refused(house.redemptions.hold(request.clone()).await);
    house.redemptions.release(release(&blocking.hold_id)).await.unwrap();
    assert_eq!(refused(house.redemptions.hold(request).await), first);
}

#[tokio::test]
async fn a_malformed_hold_is_refused_by_the_field() {
    let mut house = House::open().await;
    let owned = house.coupon(card()).await;
    let good = || hold(owned.by_code(), yuan(100));
    let euro = Some(v1::Money { minor: 100, currency: "EU".into() });
    let cases = [
        (v1::HoldRequest { request_id: String::new(), ..good() }, "request_id", 64),
        (v1::HoldRequest { request_id: "r".repeat(65), ..good() }, "request_id", 64),
        (v1::HoldRequest { instrument: None, ..good() }, "instrument", 0),
        (v1::HoldRequest { instrument: owned.by_id(""), ..good() }, "instrument.owned_coupon.user_id", 64),
        (v1::HoldRequest { merchant_id: String::new(), ..good() }, "merchant_id", 64),
        (v1::HoldRequest { order_id: "o".repeat(65), ..good() }, "order_id", 64),
        (v1::HoldRequest { amount: None, ..good() }, "amount", 1),
        (v1::HoldRequest { amount: yuan(-1), ..good() }, "amount.minor", 1),
        (v1::HoldRequest { amount: euro, ..good() }, "amount.currency", 3),
    ];
    for (request, field, limit) in cases {
        check(house.redemptions.hold(request).await, Code::InvalidArgument, "INVALID_ARGUMENT", field, limit);
    }
    let answer = house.redemptions.hold(v1::HoldRequest { amount: yuan(i64::MAX), ..good() }).await;
    check(answer, Code::OutOfRange, "AMOUNT_OUT_OF_RANGE", "amount.minor", 1_000_000_000_000_000);
}

#[tokio::test]
async fn a_hold_meets_the_rules_of_a_redemption() {
    let mut house = House::open().await;
    let (owned, off) = (house.coupon(card()).await, house.coupon(twenty_off()).await);
    let euro = Some(v1::Money { minor: 100, currency: "EUR".into() });
    let answer = house.redemptions.hold(hold(owned.by_code(), euro)).await;
    check(answer, Code::FailedPrecondition, "CURRENCY_MISMATCH", "", 0);
    let answer = house.redemptions.hold(hold(off.by_code(), yuan(9_990))).await;
    check(answer, Code::FailedPrecondition, "BELOW_THRESHOLD", "", 10);
    let answer = house.redemptions.hold(hold(by_code("not a code"), yuan(100))).await;
    check(answer, Code::NotFound, "CODE_NOT_ACCEPTED", "", 0);
    house.redeemed(&off, 10_000).await;
    let answer = house.redemptions.hold(hold(off.by_code(), yuan(10_000))).await;
    check(answer, Code::FailedPrecondition, "COUPON_USED", "", 0);
}

#[tokio::test]
async fn a_release_gives_the_value_back_and_twice_is_success() {
    let mut house = House::open().await;
    let owned = house.coupon(card()).await;
    let held = house.held(&owned, 300).await;
    let request = release(&held.hold_id);
    let first = house.redemptions.release(request.clone()).await.unwrap().into_inner();
    assert_eq!((&first.hold_id, &first.coupon_id), (&held.hold_id, &owned.claimed.coupon_id));
    assert!(!first.expired && !first.replayed && first.at_ms >= held.at_ms, "{first:?}");
    assert_eq!(house.accounts(&owned).await, [500, 0, 0]);
    let retry = house.redemptions.release(request).await.unwrap().into_inner();
    assert_eq!(retry, v1::ReleaseResponse { replayed: true, ..first });
    let again = house.redemptions.release(release(&held.hold_id)).await.unwrap().into_inner();
    assert!(!again.expired && again.hold_id == held.hold_id, "{again:?}");
    let late = house.redemptions.capture(capture(&held.hold_id)).await;
    check(late, Code::FailedPrecondition, "HOLD_RELEASED", "", 0);
}

#[tokio::test]
async fn a_captured_hold_is_not_released() {
    let mut house = House::open().await;
    let owned = house.coupon(card()).await;
    let held = house.held(&owned, 300).await;
    let captured = house.redemptions.capture(capture(&held.hold_id)).await.unwrap().into_inner();
    let answer = house.redemptions.release(release(&held.hold_id)).await;
    check(answer, Code::FailedPrecondition, "HOLD_CAPTURED", "", captured.position.unwrap().lsn as i64);
}

#[tokio::test]
async fn a_release_of_an_unknown_hold_is_not_found() {
    let mut house = House::open().await;
    let owned = house.coupon(card()).await;
    let redeemed = house.redeemed(&owned, 100).await;
    for unknown in ["0".repeat(26), "x".repeat(1_000), owned.claimed.coupon_id, redeemed.redemption_id] {
        check(house.redemptions.release(release(&unknown)).await, Code::NotFound, "HOLD_NOT_FOUND", "", 0);
    }
    check(house.redemptions.release(release("")).await, Code::InvalidArgument, "INVALID_ARGUMENT", "hold_id", 0);
    let nameless = v1::ReleaseRequest { request_id: String::new(), ..release("0") };
    check(house.redemptions.release(nameless).await, Code::InvalidArgument, "INVALID_ARGUMENT", "request_id", 64);
}
