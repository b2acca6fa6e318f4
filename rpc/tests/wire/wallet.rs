//! The wallet: pages, statuses, and codes for their owners only.

use tessera_proto::v1;
use tonic::Code;

use crate::{
    house::{House, card, claim, fresh, redeem, twenty_off, yuan},
    refusal::check,
};

fn list(user: &str, page_size: u32, page_token: &str) -> v1::ListCouponsRequest {
    let (user_id, page_token) = (user.to_owned(), page_token.to_owned());
    v1::ListCouponsRequest { user_id, status: 0, page_size, page_token, ends_before_ms: 0 }
}

#[tokio::test]
async fn pages_join_without_gap_or_double() {
    let mut house = House::open().await;
    let (template, user) = (house.template(card()).await, fresh("user"));
    let mut claimed = Vec::new();
    for _ in 0..3 {
        claimed.push(house.claims.claim(claim(&user, &template)).await.unwrap().into_inner().coupon_id);
    }
    let first = house.wallets.list_coupons(list(&user, 2, "")).await.unwrap().into_inner();
    let second = house.wallets.list_coupons(list(&user, 2, &first.next_page_token)).await.unwrap().into_inner();
    let listed: Vec<_> = first.coupons.into_iter().chain(second.coupons).map(|coupon| coupon.coupon_id).collect();
    claimed.reverse();
    assert_eq!((listed, second.next_page_token.as_str()), (claimed, ""));
}

#[tokio::test]
async fn a_user_without_coupons_has_an_empty_list() {
    let reply = House::open().await.wallets.list_coupons(list(&fresh("user"), 0, "")).await.unwrap().into_inner();
    assert_eq!(reply, v1::ListCouponsResponse::default());
}

#[tokio::test]
async fn a_status_filter_shows_only_that_status() {
    let mut house = House::open().await;
    let owned = house.coupon(twenty_off()).await;
    house.redemptions.redeem(redeem(owned.by_code(), yuan(10_000))).await.unwrap();
    for (status, expected) in [(v1::CouponStatus::Used, 1), (v1::CouponStatus::Active, 0)] {
        let request = v1::ListCouponsRequest { status: status.into(), ..list(&owned.user, 0, "") };
        let reply = house.wallets.list_coupons(request).await.unwrap().into_inner();
        assert_eq!(reply.coupons.len(), expected, "{status:?}");
    }
}

#[tokio::test]
async fn a_status_that_no_coupon_can_have_yet_is_refused() {
    let mut house = House::open().await;
    for status in [v1::CouponStatus::Unactivated.into(), 99] {
        let answer = house.wallets.list_coupons(v1::ListCouponsRequest { status, ..list("u", 0, "") }).await;
        check(answer, Code::InvalidArgument, "INVALID_ARGUMENT", "status", 0);
    }
}

#[tokio::test]
async fn a_held_card_shows_what_is_held_and_by_how_many() {
    let mut house = House::open().await;
    let owned = house.coupon(card()).await;
    house.held(&owned, 150).await;
    house.held(&owned, 50).await;
    let view = house.view(&owned).await;
    let balance = view.balance.clone().unwrap();
    assert_eq!((balance.loaded_minor, balance.available_minor, balance.held_minor), (500, 300, 200));
    assert_eq!((view.live_holds, view.status()), (2, v1::CouponStatus::Active));
}

#[tokio::test]
async fn a_page_above_the_limit_is_refused() {
    let answer = House::open().await.wallets.list_coupons(list("u", 201, "")).await;
    check(answer, Code::InvalidArgument, "INVALID_ARGUMENT", "page_size", 200);
}

#[tokio::test]
async fn a_made_up_page_token_is_refused() {
    let answer = House::open().await.wallets.list_coupons(list("u", 1, "next")).await;
    check(answer, Code::InvalidArgument, "INVALID_ARGUMENT", "page_token", 0);
}

#[tokio::test]
async fn a_card_shows_its_balance() {
    let mut house = House::open().await;
    let owned = house.coupon(card()).await;
    house.redemptions.redeem(redeem(owned.by_code(), yuan(150))).await.unwrap();
    let request = v1::GetCouponRequest { user_id: owned.user, coupon_id: owned.claimed.coupon_id };
    let coupon = house.wallets.get_coupon(request).await.unwrap().into_inner().coupon.unwrap();
    let balance = coupon.balance.unwrap();
    assert_eq!((balance.loaded_minor, balance.available_minor, balance.captured_minor), (500, 350, 150));
}

#[tokio::test]
async fn the_code_is_revealed_to_its_owner() {
    let mut house = House::open().await;
    let owned = house.coupon(card()).await;
    let request = v1::RevealCodeRequest { user_id: owned.user, coupon_id: owned.claimed.coupon_id };
    let revealed = house.wallets.reveal_code(request).await.unwrap().into_inner();
    assert!(revealed.code == owned.claimed.code, "the code of the claim");
}

#[tokio::test]
async fn the_code_is_revealed_to_nobody_else() {
    let mut house = House::open().await;
    let owned = house.coupon(card()).await;
    let request = v1::RevealCodeRequest { user_id: fresh("user"), coupon_id: owned.claimed.coupon_id };
    check(house.wallets.reveal_code(request).await, Code::NotFound, "CODE_NOT_ACCEPTED", "", 0);
}

#[tokio::test]
async fn what_expires_soon_is_listed_by_itself() {
    let mut house = House::open().await;
    let user = fresh("user");
    let hours = |hours: i64| {
        let validity = v1::DynamicValidity { wait_ms: 0, valid_ms: hours * 3_600_000 };
        v1::TemplateSpec { validity: Some(v1::template_spec::Validity::DynamicValidity(validity)), ..twenty_off() }
    };
    let mut claimed = Vec::new();
    for spec in [hours(1), hours(48), twenty_off()] {
        let template = house.template(spec).await;
        claimed.push(house.claims.claim(claim(&user, &template)).await.unwrap().into_inner());
    }
    let request = v1::ListCouponsRequest { ends_before_ms: claimed[0].use_until_ms + 1, ..list(&user, 0, "") };
    let page = house.wallets.list_coupons(request).await.unwrap().into_inner();
    assert_eq!(page.coupons.iter().map(|coupon| &coupon.coupon_id).collect::<Vec<_>>(), [&claimed[0].coupon_id]);
    let request = v1::ListCouponsRequest { ends_before_ms: -1, ..list(&user, 0, "") };
    check(house.wallets.list_coupons(request).await, Code::InvalidArgument, "INVALID_ARGUMENT", "ends_before_ms", 0);
}
