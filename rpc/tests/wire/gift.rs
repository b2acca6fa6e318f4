//! Gifts: a token, one usable copy at any instant, and a coupon that arrives in another partition.

use std::time::Duration;

use tessera_proto::v1::{self, CouponStatus, GiftStatus};
use tonic::Code;

use crate::{
    house::{House, Owned, card, fresh, redeem, twenty_off, yuan},
    own,
    refusal::check,
};

fn transferable(spec: v1::TemplateSpec) -> v1::TemplateSpec {
    v1::TemplateSpec { transferable: true, ..spec }
}

fn offer(owned: &Owned) -> v1::OfferGiftRequest {
    let (user_id, coupon_id) = (owned.user.clone(), owned.claimed.coupon_id.clone());
    v1::OfferGiftRequest { request_id: fresh("offer"), user_id, coupon_id, ttl_ms: 0 }
}

fn accept(token: &str, user: &str) -> v1::AcceptGiftRequest {
    v1::AcceptGiftRequest { request_id: fresh("accept"), user_id: user.into(), gift_token: token.into() }
}

fn cancel(token: &str, user: &str) -> v1::CancelGiftRequest {
    v1::CancelGiftRequest { request_id: fresh("cancel"), user_id: user.into(), gift_token: token.into() }
}

impl House {
    async fn offered(&mut self, owned: &Owned) -> String {
        self.gifts.offer_gift(offer(owned)).await.expect("an offer is accepted").into_inner().gift_token
    }

    async fn gift(&mut self, token: &str, user: &str) -> v1::GetGiftResponse {
        let request = v1::GetGiftRequest { gift_token: token.into(), user_id: user.into() };
        self.gifts.get_gift(request).await.expect("a token opens").into_inner()
    }

    /// The receiver's coupon, when it has arrived; the test's own time bounds the wait.
    async fn arrived(&mut self, token: &str, user: &str) -> v1::Coupon {
        let coupon_id = loop {
            let gift = self.gift(token, user).await;
            assert_eq!(gift.status(), GiftStatus::Accepted);
            if !gift.received_coupon_id.is_empty() {
                break gift.received_coupon_id;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        };
        let request = v1::GetCouponRequest { user_id: user.into(), coupon_id };
        self.wallets.get_coupon(request).await.expect("a receiver reads their coupon").into_inner().coupon.expect("it shows it")
    }

    async fn code(&mut self, user: &str, coupon_id: &str) -> String {
        let request = v1::RevealCodeRequest { user_id: user.into(), coupon_id: coupon_id.into() };
        self.wallets.reveal_code(request).await.expect("an owner is given the code").into_inner().code
    }
}

#[tokio::test]
async fn a_card_goes_to_a_friend_with_its_rest_and_is_used_there_only() {
    let mut house = House::open().await;
    let owned = house.coupon(transferable(card())).await;
    house.redeemed(&owned, 100).await;
    let request = offer(&owned);
    let offered = house.gifts.offer_gift(request.clone()).await.unwrap().into_inner();
    let again = house.gifts.offer_gift(request).await.unwrap().into_inner();
    assert_eq!(v1::OfferGiftResponse { replayed: false, ..again }, offered);
    assert_eq!(offered.deadline_ms, offered.at_ms + 86_400_000);
    let token = offered.gift_token;
    assert_eq!(house.view(&owned).await.status(), CouponStatus::Gifting);
    let gift = house.gift(&token, "").await;
    assert_eq!((gift.status(), gift.balance, gift.received_coupon_id.as_str()), (GiftStatus::Open, yuan(400), ""));

    let (friend, request) = (fresh("friend"), accept(&token, ""));
    let request = v1::AcceptGiftRequest { user_id: friend.clone(), ..request };
    let accepted = house.gifts.accept_gift(request.clone()).await.unwrap().into_inner();
    assert_eq!((accepted.balance.clone(), accepted.replayed), (yuan(400), false));
    let received = house.arrived(&token, &friend).await;
    for other in ["", &owned.user, "stranger"] {
        assert_eq!(house.gift(&token, other).await.received_coupon_id, "", "who gave it knows the receiver's name");
    }
    let again = house.gifts.accept_gift(request).await.unwrap().into_inner();
    assert_eq!(v1::AcceptGiftResponse { replayed: false, ..again }, accepted);

    let balance = received.balance.clone().expect("a card has a balance");
    assert_eq!((received.status(), balance.loaded_minor, balance.available_minor), (CouponStatus::Active, 400, 400));
    let given = house.view(&owned).await;
    let balance = given.balance.clone().expect("a card has a balance");
    let accounts = (balance.loaded_minor, balance.available_minor, balance.captured_minor, balance.given_minor);
    assert_eq!((given.status(), accounts), (CouponStatus::Given, (500, 0, 100, 400)));

    let code = house.code(&friend, &received.coupon_id).await;
    assert_ne!(code, owned.claimed.code);
    let spent = house.redemptions.redeem(redeem(crate::house::by_code(&code), yuan(400))).await.unwrap().into_inner();
    assert_eq!(spent.coupon_id, received.coupon_id);
    let answer = house.redemptions.redeem(redeem(owned.by_code(), yuan(1))).await;
    check(answer, Code::FailedPrecondition, "COUPON_GIVEN", "", 0);
}

#[tokio::test]
async fn an_offer_taken_back_is_of_no_more_use_to_anybody_but_its_owner() {
    let mut house = House::open().await;
    let owned = house.coupon(transferable(twenty_off())).await;
    let token = house.offered(&owned).await;
    let answer = house.redemptions.redeem(redeem(owned.by_code(), yuan(10_000))).await;
    assert_eq!(crate::refusal::refused(answer).reason, "COUPON_GIFTING");
    let answer = house.gifts.cancel_gift(cancel(&token, &fresh("stranger"))).await;
    check(answer, Code::NotFound, "CODE_NOT_ACCEPTED", "", 0);
    let cancelled = house.gifts.cancel_gift(cancel(&token, &owned.user)).await.unwrap().into_inner();
    assert!(!cancelled.expired && cancelled.coupon_id == owned.claimed.coupon_id);
    let answer = house.gifts.accept_gift(accept(&token, &fresh("friend"))).await;
    check(answer, Code::FailedPrecondition, "GIFT_ENDED", "", house.gift(&token, "").await.ended_ms);
    house.redeemed(&owned, 10_000).await;
}

#[tokio::test]
async fn the_first_who_shows_the_token_has_the_coupon() {
    let mut house = House::open().await;
    let owned = house.coupon(transferable(twenty_off())).await;
    let token = house.offered(&owned).await;
    let answer = house.gifts.accept_gift(accept(&token, &owned.user)).await;
    check(answer, Code::FailedPrecondition, "GIFT_TO_ONESELF", "", 0);
    let friend = fresh("friend");
    let first = house.gifts.accept_gift(accept(&token, &friend)).await.unwrap().into_inner();
    assert_eq!((first.balance, first.template_id), (None, owned.claimed.template_id.clone()));
    let answer = house.gifts.accept_gift(accept(&token, &fresh("late"))).await;
    check(answer, Code::FailedPrecondition, "COUPON_GIVEN", "", 0);
    house.gifts.accept_gift(accept(&token, &friend)).await.expect("who has accepted it hears so again");
    house.arrived(&token, &friend).await;
    let listed = v1::ListCouponsRequest { user_id: friend, status: CouponStatus::Active.into(), ..Default::default() };
    assert_eq!(house.wallets.list_coupons(listed).await.unwrap().into_inner().coupons.len(), 1);
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_named() {
    let mut house = House::open().await;
    let owned = house.coupon(card()).await;
    check(house.gifts.offer_gift(offer(&owned)).await, Code::FailedPrecondition, "NOT_TRANSFERABLE", "", 0);
    let brief = v1::OfferGiftRequest { ttl_ms: 1, ..offer(&owned) };
    check(house.gifts.offer_gift(brief).await, Code::InvalidArgument, "INVALID_ARGUMENT", "ttl_ms", 60_000);
    let nameless = v1::CancelGiftRequest { request_id: String::new(), ..cancel("token", "u") };
    check(house.gifts.cancel_gift(nameless).await, Code::InvalidArgument, "INVALID_ARGUMENT", "request_id", 64);
    check(house.gifts.cancel_gift(cancel("token", "")).await, Code::InvalidArgument, "INVALID_ARGUMENT", "user_id", 64);
    check(house.gifts.cancel_gift(cancel("", "u")).await, Code::InvalidArgument, "INVALID_ARGUMENT", "gift_token", 0);
    check(house.gifts.cancel_gift(cancel("nonsense", "u")).await, Code::NotFound, "CODE_NOT_ACCEPTED", "", 0);
    let long = v1::GetGiftRequest { gift_token: "token".into(), user_id: "x".repeat(65) };
    check(house.gifts.get_gift(long).await, Code::InvalidArgument, "INVALID_ARGUMENT", "user_id", 64);
    check(house.gifts.accept_gift(accept("", "u")).await, Code::InvalidArgument, "INVALID_ARGUMENT", "gift_token", 0);
    check(house.gifts.accept_gift(accept("nonsense", "u")).await, Code::NotFound, "CODE_NOT_ACCEPTED", "", 0);
    let coupon = owned.claimed.coupon_id.clone();
    check(house.gifts.accept_gift(accept(&coupon, "u")).await, Code::NotFound, "CODE_NOT_ACCEPTED", "", 0);
}

#[tokio::test]
async fn the_history_of_both_coupons_names_the_gift_and_never_its_token() {
    let mut house = House::open().await;
    let owned = house.coupon(transferable(card())).await;
    let token = house.offered(&owned).await;
    let friend = fresh("friend");
    house.gifts.accept_gift(accept(&token, &friend)).await.unwrap();
    let received = house.arrived(&token, &friend).await;
    let mut history = async |coupon_id: &str| {
        let request = v1::GetCouponHistoryRequest { coupon_id: coupon_id.into(), ..Default::default() };
        house.journals.get_coupon_history(request).await.unwrap().into_inner().changes
    };
    let (given, arrived) = (history(&owned.claimed.coupon_id).await, history(&received.coupon_id).await);
    let kinds: Vec<_> = given.iter().chain(&arrived).map(|change| change.kind.as_str()).collect();
    assert_eq!(kinds, ["GiftAccepted", "GiftOffered", "Claimed", "GiftReceived"]);
    assert!(given[0].gift_lsn > 0 && given[..2].iter().chain(&arrived).all(|change| change.gift_lsn == given[0].gift_lsn));
    assert_eq!([given[0].user_id.as_str(), arrived[0].user_id.as_str()], [&friend, &friend]);
    assert!(!format!("{given:?}{arrived:?}").contains(&token));
}

#[tokio::test]
async fn gifts_between_all_partitions_are_conserved_and_survive_a_restart() {
    let (settings, dir) = own::settings();
    let serving = own::serve(&settings).await;
    let mut house = own::house(serving.address()).await;
    let template = house.template(transferable(card())).await;
    let mut given = Vec::new();
    for _ in 0..40 {
        let user = fresh("user");
        let claimed = house.claims.claim(crate::house::claim(&user, &template)).await.unwrap().into_inner();
        let token = house.offered(&Owned { user, claimed }).await;
        let friend = fresh("friend");
        house.gifts.accept_gift(accept(&token, &friend)).await.unwrap();
        given.push((token, friend));
    }
    let live = house.operators.conservation(v1::ConservationRequest {}).await.unwrap().into_inner();
    assert!(live.holds, "{:?}", live.violations);
    assert!(serving.stop(std::future::pending()).await.is_ok());
    own::check_is_whole(dir.path()).await;

    let serving = own::serve(&settings).await;
    let mut house = own::house(serving.address()).await;
    for (token, friend) in &given {
        assert_eq!(house.arrived(token, friend).await.status(), CouponStatus::Active);
    }
    let live = house.operators.conservation(v1::ConservationRequest {}).await.unwrap().into_inner();
    let [value] = live.values.as_slice() else { panic!("one template: {:?}", live.values) };
    assert_eq!((value.loaded, value.available, value.given, value.received), (40_000, 20_000, 20_000, 20_000));
    assert!(serving.stop(std::future::pending()).await.is_ok());
}
