//! Freezes, unfreezes and voids: what they stop, what they leave alone, and how one reason is lifted after another.

use tessera_proto::v1;
use tonic::Code;

use crate::{
    house::{House, Owned, capture, card, claim, fresh, hold, redeem, twenty_off, yuan},
    refusal::check,
};

fn freeze(owned: &Owned, block: v1::Block) -> v1::FreezeCouponRequest {
    let coupon_id = owned.claimed.coupon_id.clone();
    v1::FreezeCouponRequest { request_id: fresh("freeze"), coupon_id, block: block.into(), revoke_holds: false }
}

fn unfreeze(owned: &Owned, block: v1::Block) -> v1::UnfreezeCouponRequest {
    let coupon_id = owned.claimed.coupon_id.clone();
    v1::UnfreezeCouponRequest { request_id: fresh("unfreeze"), coupon_id, block: block.into() }
}

fn freeze_user(user: &str, block: v1::Block) -> v1::FreezeUserRequest {
    let user_id = user.to_owned();
    v1::FreezeUserRequest { request_id: fresh("freeze"), user_id, block: block.into(), revoke_holds: false }
}

fn void(owned: &Owned) -> v1::VoidCouponRequest {
    let coupon_id = owned.claimed.coupon_id.clone();
    v1::VoidCouponRequest { request_id: fresh("void"), coupon_id, revoke_holds: false }
}

#[tokio::test]
async fn a_frozen_coupon_is_refused_and_shows_why() {
    let mut house = House::open().await;
    let owned = house.coupon(card()).await;
    let frozen = house.custodians.freeze_coupon(freeze(&owned, v1::Block::Risk)).await.unwrap().into_inner();
    assert_eq!(frozen.blocks().collect::<Vec<_>>(), [v1::Block::Risk]);
    assert!(frozen.coupon_id == owned.claimed.coupon_id && frozen.at_ms > 0 && !frozen.replayed, "{frozen:?}");
    let answer = house.redemptions.redeem(redeem(owned.by_code(), yuan(100))).await;
    check(answer, Code::FailedPrecondition, "COUPON_FROZEN", "", 0);
    let answer = house.redemptions.hold(hold(owned.by_code(), yuan(100))).await;
    check(answer, Code::FailedPrecondition, "COUPON_FROZEN", "", 0);
    let view = house.view(&owned).await;
    assert_eq!((view.status(), view.blocks().collect::<Vec<_>>()), (v1::CouponStatus::Frozen, vec![v1::Block::Risk]));
    assert_eq!((view.account_blocks.len(), view.balance.unwrap().available_minor), (0, 500));
}

#[tokio::test]
async fn each_reason_is_lifted_by_itself() {
    let mut house = House::open().await;
    let owned = house.coupon(card()).await;
    for block in [v1::Block::Operator, v1::Block::Risk, v1::Block::Risk] {
        house.custodians.freeze_coupon(freeze(&owned, block)).await.unwrap();
    }
    let left = house.custodians.unfreeze_coupon(unfreeze(&owned, v1::Block::Risk)).await.unwrap().into_inner();
    assert_eq!(left.blocks().collect::<Vec<_>>(), [v1::Block::Operator]);
    let absent = house.custodians.unfreeze_coupon(unfreeze(&owned, v1::Block::Merchant)).await.unwrap().into_inner();
    assert_eq!(absent.blocks().collect::<Vec<_>>(), [v1::Block::Operator]);
    assert_eq!(house.view(&owned).await.status(), v1::CouponStatus::Frozen);
    let none = house.custodians.unfreeze_coupon(unfreeze(&owned, v1::Block::Operator)).await.unwrap().into_inner();
    assert_eq!((none.blocks.len(), house.view(&owned).await.status()), (0, v1::CouponStatus::Active));
    house.redeemed(&owned, 100).await;
}

#[tokio::test]
async fn a_live_hold_of_a_frozen_coupon_stays_a_promise() {
    let mut house = House::open().await;
    let owned = house.coupon(card()).await;
    let held = house.held(&owned, 300).await;
    let frozen = house.custodians.freeze_coupon(freeze(&owned, v1::Block::Merchant)).await.unwrap().into_inner();
    assert_eq!(frozen.revoked_holds, 0);
    let captured = house.redemptions.capture(capture(&held.hold_id)).await.unwrap().into_inner();
    assert_eq!(captured.amounts.unwrap().applied_minor, 300);
}

#[tokio::test]
async fn holds_are_revoked_in_so_many_words() {
    let mut house = House::open().await;
    let owned = house.coupon(card()).await;
    let (one, other) = (house.held(&owned, 300).await, house.held(&owned, 100).await);
    let request = v1::FreezeCouponRequest { revoke_holds: true, ..freeze(&owned, v1::Block::Risk) };
    let frozen = house.custodians.freeze_coupon(request.clone()).await.unwrap().into_inner();
    assert_eq!((frozen.revoked_holds, house.accounts(&owned).await), (2, [500, 0, 0]));
    for held in [one, other] {
        let answer = house.redemptions.capture(capture(&held.hold_id)).await;
        check(answer, Code::FailedPrecondition, "HOLD_RELEASED", "", 0);
    }
    let retry = house.custodians.freeze_coupon(request.clone()).await.unwrap().into_inner();
    let lsn = frozen.position.unwrap().lsn as i64;
    assert_eq!(retry, v1::FreezeCouponResponse { replayed: true, ..frozen });
    let other = v1::FreezeCouponRequest { block: v1::Block::Operator.into(), ..request };
    check(house.custodians.freeze_coupon(other).await, Code::AlreadyExists, "REQUEST_ID_REUSED", "", lsn);
}

#[tokio::test]
async fn an_account_is_frozen_with_all_its_coupons_later_ones_included() {
    let mut house = House::open().await;
    let owned = house.coupon(card()).await;
    let held = house.held(&owned, 100).await;
    let frozen = house.custodians.freeze_user(freeze_user(&owned.user, v1::Block::Risk)).await.unwrap().into_inner();
    assert_eq!((frozen.blocks().collect::<Vec<_>>(), frozen.revoked_holds), (vec![v1::Block::Risk], 0));
    let template = house.template(twenty_off()).await;
    let later = house.claims.claim(claim(&owned.user, &template)).await.unwrap().into_inner();
    let later = Owned { user: owned.user.clone(), claimed: later };
    for (instrument, minor) in [(owned.by_code(), 100), (later.by_code(), 10_000)] {
        let answer = house.redemptions.redeem(redeem(instrument, yuan(minor))).await;
        check(answer, Code::FailedPrecondition, "COUPON_FROZEN", "", 0);
    }
    let view = house.view(&later).await;
    assert_eq!((view.status(), view.blocks.len()), (v1::CouponStatus::Frozen, 0));
    assert_eq!(view.account_blocks().collect::<Vec<_>>(), [v1::Block::Risk]);
    house.redemptions.capture(capture(&held.hold_id)).await.expect("a live hold is captured all the same");

    let request =
        v1::UnfreezeUserRequest { request_id: fresh("unfreeze"), user_id: owned.user.clone(), block: v1::Block::Risk.into() };
    let unfrozen = house.custodians.unfreeze_user(request.clone()).await.unwrap().into_inner();
    let retry = house.custodians.unfreeze_user(request).await.unwrap().into_inner();
    assert_eq!((unfrozen.blocks.len(), &retry), (0, &v1::UnfreezeUserResponse { replayed: true, ..unfrozen }));
    house.redeemed(&later, 10_000).await;
}

#[tokio::test]
async fn an_accounts_holds_are_revoked_over_all_its_coupons() {
    let mut house = House::open().await;
    let owned = house.coupon(card()).await;
    let template = house.template(twenty_off()).await;
    let second = house.claims.claim(claim(&owned.user, &template)).await.unwrap().into_inner();
    let second = Owned { user: owned.user.clone(), claimed: second };
    house.held(&owned, 300).await;
    house.held(&second, 10_000).await;
    let request = v1::FreezeUserRequest { revoke_holds: true, ..freeze_user(&owned.user, v1::Block::Operator) };
    let frozen = house.custodians.freeze_user(request.clone()).await.unwrap().into_inner();
    assert_eq!((frozen.revoked_holds, house.accounts(&owned).await), (2, [500, 0, 0]));
    let retry = house.custodians.freeze_user(request).await.unwrap().into_inner();
    assert_eq!(retry, v1::FreezeUserResponse { replayed: true, ..frozen });
}

#[tokio::test]
async fn the_account_of_somebody_without_coupons_can_be_frozen() {
    let mut house = House::open().await;
    let user = fresh("user");
    house.custodians.freeze_user(freeze_user(&user, v1::Block::Risk)).await.unwrap();
    let template = house.template(card()).await;
    let claimed = house.claims.claim(claim(&user, &template)).await.unwrap().into_inner();
    assert_eq!(house.view(&Owned { user, claimed }).await.status(), v1::CouponStatus::Frozen);
}

#[tokio::test]
async fn a_wallet_tells_frozen_void_and_active_apart() {
    let mut house = House::open().await;
    let owned = house.coupon(card()).await;
    let template = house.template(card()).await;
    let mut more = Vec::new();
    for _ in 0..2 {
        let claimed = house.claims.claim(claim(&owned.user, &template)).await.unwrap().into_inner();
        more.push(Owned { user: owned.user.clone(), claimed });
    }
    house.custodians.freeze_coupon(freeze(&owned, v1::Block::Risk)).await.unwrap();
    house.custodians.void_coupon(void(&more[0])).await.unwrap();
    let expected = [(v1::CouponStatus::Frozen, &owned), (v1::CouponStatus::Void, &more[0]), (v1::CouponStatus::Active, &more[1])];
    for (status, coupon) in expected {
        let request = v1::ListCouponsRequest { user_id: owned.user.clone(), status: status.into(), ..Default::default() };
        let listed = house.wallets.list_coupons(request).await.unwrap().into_inner().coupons;
        let shown: Vec<_> = listed.iter().map(|listed| (listed.status(), &listed.coupon_id)).collect();
        assert_eq!(shown, [(status, &coupon.claimed.coupon_id)]);
    }
}

#[tokio::test]
async fn a_void_ends_a_coupon_for_good() {
    let mut house = House::open().await;
    let owned = house.coupon(card()).await;
    house.redeemed(&owned, 100).await;
    let request = void(&owned);
    let voided = house.custodians.void_coupon(request.clone()).await.unwrap().into_inner();
    assert_eq!((voided.voided_minor, voided.revoked_holds, &voided.coupon_id), (400, 0, &owned.claimed.coupon_id));
    let retry = house.custodians.void_coupon(request).await.unwrap().into_inner();
    assert_eq!(retry, v1::VoidCouponResponse { replayed: true, ..voided });
    let view = house.view(&owned).await;
    let balance = view.balance.clone().unwrap();
    assert_eq!(view.status(), v1::CouponStatus::Void);
    let accounts = (balance.loaded_minor, balance.available_minor, balance.captured_minor, balance.voided_minor);
    assert_eq!(accounts, (500, 0, 100, 400));
    check(house.custodians.void_coupon(void(&owned)).await, Code::FailedPrecondition, "COUPON_VOID", "", 0);
    let answer = house.custodians.freeze_coupon(freeze(&owned, v1::Block::Risk)).await;
    check(answer, Code::FailedPrecondition, "COUPON_VOID", "", 0);
    let answer = house.redemptions.hold(hold(owned.by_code(), yuan(1))).await;
    check(answer, Code::FailedPrecondition, "COUPON_VOID", "", 0);
}

#[tokio::test]
async fn a_held_coupon_is_not_void_unless_its_holds_are_revoked() {
    let mut house = House::open().await;
    let owned = house.coupon(card()).await;
    let held = house.held(&owned, 300).await;
    check(house.custodians.void_coupon(void(&owned)).await, Code::FailedPrecondition, "COUPON_HELD", "", 0);
    let request = v1::VoidCouponRequest { revoke_holds: true, ..void(&owned) };
    let voided = house.custodians.void_coupon(request).await.unwrap().into_inner();
    assert_eq!((voided.voided_minor, voided.revoked_holds), (500, 1));
    let answer = house.redemptions.capture(capture(&held.hold_id)).await;
    check(answer, Code::FailedPrecondition, "HOLD_RELEASED", "", 0);
}

#[tokio::test]
async fn a_used_coupon_is_neither_frozen_nor_void() {
    let mut house = House::open().await;
    let owned = house.coupon(twenty_off()).await;
    house.redeemed(&owned, 10_000).await;
    let answer = house.custodians.freeze_coupon(freeze(&owned, v1::Block::Risk)).await;
    check(answer, Code::FailedPrecondition, "COUPON_USED", "", 0);
    let answer = house.custodians.unfreeze_coupon(unfreeze(&owned, v1::Block::Risk)).await;
    check(answer, Code::FailedPrecondition, "COUPON_USED", "", 0);
    check(house.custodians.void_coupon(void(&owned)).await, Code::FailedPrecondition, "COUPON_USED", "", 0);
}

#[tokio::test]
async fn an_unknown_coupon_gets_the_one_answer() {
    let mut house = House::open().await;
    let mut owned = house.coupon(card()).await;
    let redeemed = house.redeemed(&owned, 100).await;
    for unknown in ["0".repeat(26), "nonsense".to_owned(), owned.claimed.code.clone(), redeemed.redemption_id] {
        owned.claimed.coupon_id = unknown;
        let answer = house.custodians.freeze_coupon(freeze(&owned, v1::Block::Risk)).await;
        check(answer, Code::NotFound, "CODE_NOT_ACCEPTED", "", 0);
        check(house.custodians.void_coupon(void(&owned)).await, Code::NotFound, "CODE_NOT_ACCEPTED", "", 0);
    }
}

#[tokio::test]
async fn a_malformed_custody_request_is_refused_by_the_field() {
    let mut house = House::open().await;
    let owned = house.coupon(card()).await;
    let good = || freeze(&owned, v1::Block::Risk);
    let cases = [
        (v1::FreezeCouponRequest { request_id: String::new(), ..good() }, "request_id", 64),
        (v1::FreezeCouponRequest { coupon_id: String::new(), ..good() }, "coupon_id", 0),
        (v1::FreezeCouponRequest { block: 0, ..good() }, "block", 0),
        (v1::FreezeCouponRequest { block: 99, ..good() }, "block", 0),
    ];
    for (request, field, limit) in cases {
        check(house.custodians.freeze_coupon(request).await, Code::InvalidArgument, "INVALID_ARGUMENT", field, limit);
    }
    for user in [String::new(), "u".repeat(65)] {
        let answer = house.custodians.freeze_user(freeze_user(&user, v1::Block::Risk)).await;
        check(answer, Code::InvalidArgument, "INVALID_ARGUMENT", "user_id", 64);
    }
    let nameless = v1::VoidCouponRequest { request_id: String::new(), ..void(&owned) };
    check(house.custodians.void_coupon(nameless).await, Code::InvalidArgument, "INVALID_ARGUMENT", "request_id", 64);
}
