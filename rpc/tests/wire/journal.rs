//! A coupon's past over the wire: its history, page by page, and what it was at an instant.

use std::time::Duration;

use tessera_proto::v1;
use tonic::Code;

use crate::{
    house::{FAR_FUTURE_MS, House, Owned, capture, card, claim, fresh, refund},
    own::{house as house_at, listening},
    refusal::{check, refused},
};

fn history(coupon_id: &str, page_size: u32, page_token: &str) -> v1::GetCouponHistoryRequest {
    v1::GetCouponHistoryRequest { coupon_id: coupon_id.to_owned(), page_size, page_token: page_token.to_owned() }
}

fn at(owned: &Owned, at_ms: i64) -> v1::GetCouponAtRequest {
    v1::GetCouponAtRequest { coupon_id: owned.claimed.coupon_id.clone(), at_ms }
}

/// Where a fact stands.
pub fn lsn(position: Option<v1::Position>) -> u64 {
    position.expect("a fact has a position").lsn
}

async fn page(house: &mut House, owned: &Owned, page_size: u32, token: &str) -> v1::GetCouponHistoryResponse {
    let request = history(&owned.claimed.coupon_id, page_size, token);
    house.journals.get_coupon_history(request).await.expect("a coupon has a history").into_inner()
}

/// When the coupon was claimed, as its history says.
async fn claimed_ms(house: &mut House, owned: &Owned) -> i64 {
    page(house, owned, 0, "").await.changes.last().expect("a coupon was claimed").at_ms
}

/// A card that was held, captured in part, refunded in part, frozen and made void; and the lsns of all that, oldest first.
async fn a_whole_life(house: &mut House) -> (Owned, Vec<u64>) {
    let owned = house.coupon(card()).await;
    let held = house.held(&owned, 300).await;
    let part = v1::CaptureRequest { amount_minor: Some(200), ..capture(&held.hold_id) };
    let captured = house.redemptions.capture(part).await.expect("part is captured").into_inner();
    let part = v1::RefundRequest { amount_minor: Some(50), ..refund(&captured.redemption_id) };
    let refunded = house.redemptions.refund(part).await.expect("part is refunded").into_inner();
    let (coupon_id, block) = (owned.claimed.coupon_id.clone(), v1::Block::Risk.into());
    let freeze = v1::FreezeCouponRequest { request_id: fresh("freeze"), coupon_id, block, revoke_holds: false };
    let frozen = house.custodians.freeze_coupon(freeze).await.expect("it is frozen").into_inner();
    let coupon_id = owned.claimed.coupon_id.clone();
    let void = v1::VoidCouponRequest { request_id: fresh("void"), coupon_id, revoke_holds: false };
    let voided = house.custodians.void_coupon(void).await.expect("it is made void").into_inner();
    let positions =
        [owned.claimed.position, held.position, captured.position, refunded.position, frozen.position, voided.position];
    (owned, positions.map(lsn).into())
}

#[tokio::test]
async fn a_history_tells_all_that_happened_newest_first() {
    let mut house = House::open().await;
    let (owned, lsns) = a_whole_life(&mut house).await;
    let told = page(&mut house, &owned, 0, "").await;
    let mut changes = told.changes;
    assert_eq!(told.next_page_token, "", "all of it is on one page");
    changes.reverse();
    let kinds: Vec<_> = changes.iter().map(|change| change.kind.as_str()).collect();
    assert_eq!(kinds, ["Claimed", "Held", "Captured", "Refunded", "CouponBlocked", "Voided"]);
    assert_eq!(changes.iter().map(|change| lsn(change.position)).collect::<Vec<_>>(), lsns);
    let previous: Vec<_> = changes.iter().map(|change| change.previous_lsn).collect();
    assert_eq!((previous[0], &previous[1..]), (0, &lsns[..5]), "each names the one before");
    assert!(changes.is_sorted_by_key(|change| change.at_ms) && changes[0].at_ms > 0, "{changes:?}");
    assert!(changes.iter().all(|change| change.coupon_id == owned.claimed.coupon_id), "{changes:?}");

    let applied: Vec<_> = changes.iter().map(|change| change.applied_minor).collect();
    assert_eq!(applied, [500, 300, 200, 50, 0, 350], "loaded, held, charged, given back, and what was left");
    assert_eq!(changes[0].user_id, owned.user);
    assert!(changes[1].hold_id.len() == 26 && changes[1].hold_id == changes[2].hold_id, "{changes:?}");
    assert!(changes[2].redemption_id.len() == 26 && changes[2].redemption_id == changes[3].redemption_id, "{changes:?}");
    assert_eq!(changes[4].blocks().collect::<Vec<_>>(), [v1::Block::Risk]);
    assert!(!format!("{changes:?}").contains(&owned.claimed.code), "codes are never shown");
}

#[tokio::test]
async fn a_history_is_read_page_by_page_without_gaps_or_repeats() {
    let mut house = House::open().await;
    let (owned, lsns) = a_whole_life(&mut house).await;
    for page_size in [1, 2, 4, 5, 6] {
        let (mut seen, mut token, mut pages) = (Vec::new(), String::new(), 0);
        loop {
            let told = page(&mut house, &owned, page_size, &token).await;
            assert!(!told.changes.is_empty() && told.changes.len() <= page_size as usize, "{told:?}");
            seen.extend(told.changes.iter().map(|change| lsn(change.position)));
            (token, pages) = (told.next_page_token, pages + 1);
            if token.is_empty() {
                break;
            }
        }
        assert!(seen.iter().rev().eq(&lsns), "{page_size} a page: {seen:?}, not {lsns:?}");
        assert_eq!(pages, 6_u32.div_ceil(page_size));
    }
}

#[tokio::test]
async fn a_page_that_was_begun_is_not_moved_by_what_happens_meanwhile() {
    let mut house = House::open().await;
    let owned = house.coupon(card()).await;
    house.redeemed(&owned, 100).await;
    let first = page(&mut house, &owned, 1, "").await;
    house.redeemed(&owned, 100).await;
    let second = page(&mut house, &owned, 1, &first.next_page_token).await;
    assert_eq!((first.changes[0].kind.as_str(), second.changes[0].kind.as_str()), ("Redeemed", "Claimed"));
}

#[tokio::test]
async fn a_page_is_of_200_changes_at_most() {
    let mut house = House::open().await;
    let owned = house.coupon(card()).await;
    let answer = house.journals.get_coupon_history(history(&owned.claimed.coupon_id, 201, "")).await;
    check(answer, Code::InvalidArgument, "INVALID_ARGUMENT", "page_size", 200);
}

#[tokio::test]
async fn ids_that_are_no_coupons_get_one_answer() {
    let mut house = House::open().await;
    let owned = house.coupon(card()).await;
    let held = house.held(&owned, 100).await;
    let (listening, _dir) = listening().await;
    let other = listening.open().await.unwrap();
    let foreign = house_at(other.address()).await.coupon(card()).await;
    for id in ["", "abc", &"0".repeat(26), &held.hold_id, &owned.claimed.code, &foreign.claimed.coupon_id] {
        let answer = house.journals.get_coupon_history(history(id, 0, "")).await;
        check(answer, Code::NotFound, "CODE_NOT_ACCEPTED", "", 0);
        let answer = house.journals.get_coupon_at(v1::GetCouponAtRequest { coupon_id: id.to_owned(), at_ms: 1 }).await;
        check(answer, Code::NotFound, "CODE_NOT_ACCEPTED", "", 0);
    }
}

#[tokio::test]
async fn a_token_does_not_lead_into_another_history() {
    let mut house = House::open().await;
    let template = house.template(card()).await;
    let user = fresh("user");
    // Of one user, and so in one partition.
    let mut claimed = Vec::new();
    for _ in 0..3 {
        claimed.push(house.claims.claim(claim(&user, &template)).await.unwrap().into_inner());
    }
    let mut owned = claimed.into_iter().map(|claimed| Owned { user: user.clone(), claimed });
    let (one, other) = (owned.next().unwrap(), owned.next().unwrap());
    for owned in [&one, &other] {
        house.redeemed(owned, 100).await;
    }
    let token = page(&mut house, &one, 1, "").await.next_page_token;
    let listing = v1::ListCouponsRequest { user_id: user, page_size: 1, ..Default::default() };
    let wallet = house.wallets.list_coupons(listing).await.unwrap().into_inner().next_page_token;
    for token in [token.as_str(), &wallet, "abc", &other.claimed.coupon_id] {
        assert_ne!(token, "");
        let answer = house.journals.get_coupon_history(history(&other.claimed.coupon_id, 0, token)).await;
        check(answer, Code::InvalidArgument, "INVALID_ARGUMENT", "page_token", 0);
    }
    assert_eq!(page(&mut house, &one, 1, &token).await.changes[0].kind, "Claimed", "it leads on in its own");
}

#[tokio::test]
async fn a_coupon_is_shown_as_it_was_before_and_after_a_redemption() {
    let mut house = House::open().await;
    let owned = house.coupon(card()).await;
    tokio::time::sleep(Duration::from_millis(5)).await;
    let redeemed = house.redeemed(&owned, 150).await;
    house.redeemed(&owned, 350).await;
    let now = house.view(&owned).await;
    assert_eq!(house.accounts(&owned).await, [0, 0, 500]);

    let claimed_ms = claimed_ms(&mut house, &owned).await;
    for at_ms in [claimed_ms, redeemed.at_ms - 1] {
        let told = house.journals.get_coupon_at(at(&owned, at_ms)).await.unwrap().into_inner();
        let coupon = told.coupon.unwrap();
        let balance = coupon.balance.clone().unwrap();
        assert_eq!([balance.available_minor, balance.captured_minor], [500, 0], "at {at_ms}");
        assert_eq!((coupon.status(), &coupon.coupon_id), (v1::CouponStatus::Active, &owned.claimed.coupon_id));
        let (told, claimed, redeemed) = (told.position.unwrap(), owned.claimed.position.unwrap(), lsn(redeemed.position));
        assert_eq!(told.partition, claimed.partition);
        assert!(told.lsn >= claimed.lsn && told.lsn < redeemed, "{told:?}");
    }
    tokio::time::sleep(Duration::from_millis(5)).await;
    let last_ms = page(&mut house, &owned, 1, "").await.changes[0].at_ms;
    let told = house.journals.get_coupon_at(at(&owned, last_ms)).await.unwrap().into_inner();
    assert_eq!(told.coupon, Some(now), "at its last instant it is what it is now");
    let answer = house.journals.get_coupon_at(at(&owned, claimed_ms - 1)).await;
    check(answer, Code::NotFound, "CODE_NOT_ACCEPTED", "", 0);
}

#[tokio::test]
async fn an_instant_has_passed_and_is_one() {
    let mut house = House::open().await;
    let owned = house.coupon(card()).await;
    let claimed_ms = claimed_ms(&mut house, &owned).await;
    for at_ms in [0, -1, i64::MIN] {
        let answer = house.journals.get_coupon_at(at(&owned, at_ms)).await;
        check(answer, Code::InvalidArgument, "INVALID_ARGUMENT", "at_ms", 1);
    }
    for at_ms in [claimed_ms + 3_600_000, FAR_FUTURE_MS, i64::MAX] {
        let said = refused(house.journals.get_coupon_at(at(&owned, at_ms)).await);
        assert_eq!((said.code, said.reason.as_str(), said.field.as_str()), (Code::InvalidArgument, "INVALID_ARGUMENT", "at_ms"));
        assert!(said.value >= claimed_ms && said.value < at_ms, "the limit is now: {said:?}");
    }
}
