//! Captures: what a hold promised is taken, whole or in part, in time or late.

use std::time::Duration;

use tessera_proto::v1::{self, template_spec};
use tonic::Code;

use crate::{
    house::{House, Owned, capture, card, hold, refund, release, twenty_off, yuan},
    refusal::{check, refused},
};

/// The shortest life of a hold.
const TTL_MS: i64 = 5_000;

/// Between two looks at a coupon that time changes.
const LOOK_INTERVAL: Duration = Duration::from_millis(50);

fn part(hold_id: &str, minor: i64) -> v1::CaptureRequest {
    v1::CaptureRequest { amount_minor: Some(minor), ..capture(hold_id) }
}

fn late(hold_id: &str) -> v1::CaptureRequest {
    v1::CaptureRequest { reacquire: true, ..capture(hold_id) }
}

#[tokio::test]
async fn a_capture_takes_what_was_held_and_is_a_redemption() {
    let mut house = House::open().await;
    let owned = house.coupon(card()).await;
    let held = house.held(&owned, 300).await;
    let captured = house.redemptions.capture(capture(&held.hold_id)).await.unwrap().into_inner();
    let amounts = captured.amounts.clone().unwrap();
    assert_eq!((amounts.amount_minor, amounts.applied_minor, amounts.balance_after_minor), (300, 300, Some(200)));
    assert_eq!((&captured.coupon_id, captured.reacquired), (&owned.claimed.coupon_id, false));
    assert_eq!(house.accounts(&owned).await, [200, 0, 300]);
    let refunded = house.redemptions.refund(refund(&captured.redemption_id)).await.unwrap().into_inner();
    assert_eq!((refunded.refunded, refunded.balance_after_minor), (yuan(300), Some(500)));
}

#[tokio::test]
async fn what_is_not_captured_goes_back() {
    let mut house = House::open().await;
    let owned = house.coupon(card()).await;
    let held = house.held(&owned, 300).await;
    let captured = house.redemptions.capture(part(&held.hold_id, 120)).await.unwrap().into_inner();
    assert_eq!(captured.amounts.unwrap().balance_after_minor, Some(380));
    assert_eq!(house.accounts(&owned).await, [380, 0, 120]);
}

#[tokio::test]
async fn a_capture_above_the_hold_is_refused() {
    let mut house = House::open().await;
    let owned = house.coupon(card()).await;
    let held = house.held(&owned, 300).await;
    let answer = house.redemptions.capture(part(&held.hold_id, 301)).await;
    check(answer, Code::FailedPrecondition, "AMOUNT_ABOVE_HOLD", "", 300);
    assert_eq!(house.accounts(&owned).await, [200, 300, 0]);
}

#[tokio::test]
async fn a_discount_is_never_above_the_held_one_and_follows_the_final_amount() {
    let mut house = House::open().await;
    let half = v1::PercentOff { pay_basis_points: 5_000, cap_minor: None };
    let spec = v1::TemplateSpec { kind: Some(template_spec::Kind::PercentOff(half)), ..twenty_off() };
    for (final_minor, applied_minor) in [(8_000, 4_000), (20_000, 5_000)] {
        let owned = house.coupon(spec.clone()).await;
        let held = house.held(&owned, 10_000).await;
        let captured = house.redemptions.capture(part(&held.hold_id, final_minor)).await.unwrap().into_inner();
        let amounts = captured.amounts.unwrap();
        assert_eq!((amounts.amount_minor, amounts.applied_minor), (final_minor, applied_minor));
        assert_eq!(amounts.payable_minor, final_minor - applied_minor);
        assert_eq!(house.view(&owned).await.status(), v1::CouponStatus::Used);
    }
}

#[tokio::test]
async fn a_final_amount_below_the_threshold_is_refused_and_the_hold_lives_on() {
    let mut house = House::open().await;
    let owned = house.coupon(twenty_off()).await;
    let held = house.held(&owned, 10_000).await;
    let answer = house.redemptions.capture(part(&held.hold_id, 9_990)).await;
    check(answer, Code::FailedPrecondition, "BELOW_THRESHOLD", "", 10);
    house.redemptions.capture(capture(&held.hold_id)).await.unwrap();
}

#[tokio::test]
async fn a_retry_replays_the_first_capture() {
    let mut house = House::open().await;
    let owned = house.coupon(card()).await;
    let request = part(&house.held(&owned, 300).await.hold_id, 120);
    let first = house.redemptions.capture(request.clone()).await.unwrap().into_inner();
    let retry = house.redemptions.capture(request.clone()).await.unwrap().into_inner();
    let lsn = first.position.unwrap().lsn as i64;
    assert_eq!(retry, v1::CaptureResponse { replayed: true, ..first.clone() });
    let reused = house.redemptions.capture(v1::CaptureRequest { amount_minor: None, ..request.clone() }).await;
    check(reused, Code::AlreadyExists, "REQUEST_ID_REUSED", "", lsn);
    let joined = house.redemptions.capture(part(&request.hold_id, 120)).await.unwrap().into_inner();
    assert_eq!(joined, v1::CaptureResponse { replayed: true, ..first });
    let other = house.redemptions.capture(part(&request.hold_id, 121)).await;
    check(other, Code::FailedPrecondition, "HOLD_CAPTURED", "", lsn);
    assert_eq!(house.accounts(&owned).await, [380, 0, 120]);
}

#[tokio::test]
async fn a_malformed_capture_is_refused_by_the_field() {
    let mut house = House::open().await;
    let owned = house.coupon(card()).await;
    let held = house.held(&owned, 300).await.hold_id;
    let cases = [
        (v1::CaptureRequest { request_id: String::new(), ..capture(&held) }, "request_id", 64),
        (capture(""), "hold_id", 0),
        (part(&held, 0), "amount_minor", 1),
        (part(&held, -1), "amount_minor", 1),
    ];
    for (request, field, limit) in cases {
        check(house.redemptions.capture(request).await, Code::InvalidArgument, "INVALID_ARGUMENT", field, limit);
    }
    let answer = house.redemptions.capture(part(&held, i64::MAX)).await;
    check(answer, Code::OutOfRange, "AMOUNT_OUT_OF_RANGE", "amount_minor", 1_000_000_000_000_000);
    for unknown in ["0".repeat(26), "nonsense".to_owned(), owned.claimed.coupon_id.clone()] {
        check(house.redemptions.capture(capture(&unknown)).await, Code::NotFound, "HOLD_NOT_FOUND", "", 0);
    }
}

/// A hold of the shortest life.
async fn short(house: &mut House, owned: &Owned, minor: i64) -> v1::HoldResponse {
    let request = v1::HoldRequest { ttl_ms: TTL_MS, ..hold(owned.by_code(), yuan(minor)) };
    house.redemptions.hold(request).await.expect("a hold is accepted").into_inner()
}

/// One fact over several coupons, so that the deadline is waited for once.
#[tokio::test]
async fn a_late_capture_is_refused_or_tries_again_and_a_promise_outlives_its_coupon() {
    let mut house = House::open().await;
    let (refused_late, again, spent, let_go) =
        (house.coupon(card()).await, house.coupon(card()).await, house.coupon(card()).await, house.coupon(card()).await);
    let soon_over = template_spec::Validity::DynamicValidity(v1::DynamicValidity { wait_ms: 0, valid_ms: 4_000 });
    let expiring = house.coupon(v1::TemplateSpec { validity: Some(soon_over), ..card() }).await;
    let promise = house.held(&expiring, 300).await;
    let coupons = [&refused_late, &again, &spent, &let_go].map(|owned| owned.claimed.coupon_id.clone());
    let first = short(&mut house, &refused_late, 300).await;
    let second = short(&mut house, &again, 300).await;
    let third = short(&mut house, &spent, 300).await;
    let last = short(&mut house, &let_go, 300).await;
    assert_eq!([&first, &second, &third, &last].map(|held| held.coupon_id.clone()), coupons);

    // The wallet says when the last deadline has passed; what is held does not come back before.
    while house.view(&let_go).await.live_holds > 0 {
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
    assert_eq!(house.accounts(&let_go).await, [500, 0, 0]);

    let request = capture(&first.hold_id);
    let answer = house.redemptions.capture(request.clone()).await;
    check(answer, Code::FailedPrecondition, "HOLD_EXPIRED", "", first.deadline_ms);
    assert_eq!(refused(house.redemptions.capture(request).await).reason, "HOLD_EXPIRED", "a retry does not flip");

    let request = late(&second.hold_id);
    let reacquired = house.redemptions.capture(request.clone()).await.unwrap().into_inner();
    assert!(reacquired.reacquired && !reacquired.replayed && reacquired.at_ms >= second.deadline_ms, "{reacquired:?}");
    assert_eq!(house.accounts(&again).await, [200, 0, 300]);
    let retry = house.redemptions.capture(request).await.unwrap().into_inner();
    assert_eq!(retry, v1::CaptureResponse { replayed: true, ..reacquired });

    house.redeemed(&spent, 400).await;
    let answer = house.redemptions.capture(late(&third.hold_id)).await;
    check(answer, Code::FailedPrecondition, "INSUFFICIENT_BALANCE", "", 100);

    let released = house.redemptions.release(release(&last.hold_id)).await.unwrap().into_inner();
    assert!(released.expired, "{released:?}");

    let view = house.view(&expiring).await;
    let balance = view.balance.clone().unwrap();
    assert_eq!((view.status(), balance.held_minor, balance.expired_minor), (v1::CouponStatus::Expired, 300, 200));
    let captured = house.redemptions.capture(part(&promise.hold_id, 250)).await.unwrap().into_inner();
    assert!(captured.at_ms >= expiring.claimed.use_until_ms && !captured.reacquired, "{captured:?}");
    let balance = house.view(&expiring).await.balance.unwrap();
    let accounts = (balance.loaded_minor, balance.available_minor, balance.captured_minor, balance.expired_minor);
    assert_eq!(accounts, (500, 0, 250, 250));
}
