//! Lists: templates by what they say and by what can be claimed, redemptions by user and time.

use tessera_proto::v1;
use tonic::Code;

use crate::{
    house::{House, Owned, card, claim, fresh, redeem, refund, twenty_off, yuan},
    refusal::check,
};

fn by_prefix(prefix: &str) -> v1::ListTemplatesRequest {
    v1::ListTemplatesRequest { template_id_prefix: prefix.to_owned(), ..Default::default() }
}

async fn create(house: &mut House, template_id: &str, spec: v1::TemplateSpec) {
    let (request_id, template_id) = (fresh("create"), template_id.to_owned());
    let request = v1::CreateTemplateRequest { request_id, template_id, spec: Some(spec), validate_only: false };
    house.templates.create_template(request).await.expect("a template is created");
}

/// The ids of all pages.
async fn templates(house: &mut House, request: v1::ListTemplatesRequest) -> Vec<String> {
    let (mut ids, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = v1::ListTemplatesRequest { page_token, ..request.clone() };
        let page = house.templates.list_templates(request).await.expect("a page").into_inner();
        ids.extend(page.templates.into_iter().map(|template| template.template_id));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return ids;
        }
    }
}

#[tokio::test]
async fn templates_are_listed_by_what_they_say() {
    let (mut house, prefix) = (House::open().await, fresh("by-what"));
    let [first, second, third] = ["a", "b", "c"].map(|end| format!("{prefix}{end}"));
    create(&mut house, &first, v1::TemplateSpec { issuer_merchant_id: "shop".into(), ..card() }).await;
    create(&mut house, &second, v1::TemplateSpec { currency: "USD".into(), ..twenty_off() }).await;
    let window = Some(v1::IssueWindow { from_ms: 5, until_ms: 9 });
    create(&mut house, &third, v1::TemplateSpec { issue_window: window, ..twenty_off() }).await;
    let base = || by_prefix(&prefix);
    for (request, expected) in [
        (v1::ListTemplatesRequest { page_size: 1, ..base() }, vec![&first, &second, &third]),
        (v1::ListTemplatesRequest { kind: v1::TemplateKind::StoredValue.into(), ..base() }, vec![&first]),
        (v1::ListTemplatesRequest { currency: "USD".into(), ..base() }, vec![&second]),
        (v1::ListTemplatesRequest { issuer_merchant_id: "shop".into(), ..base() }, vec![&first]),
        (v1::ListTemplatesRequest { issued_by_platform: true, ..base() }, vec![&second, &third]),
        (v1::ListTemplatesRequest { open_at_ms: 9, ..base() }, vec![&first, &second]),
        (v1::ListTemplatesRequest { open_at_ms: 8, ..base() }, vec![&first, &second, &third]),
        (v1::ListTemplatesRequest { state: v1::TemplateState::Stopped.into(), ..base() }, vec![]),
    ] {
        let listed = templates(&mut house, request.clone()).await;
        assert_eq!(listed.iter().collect::<Vec<_>>(), expected, "{request:?}");
    }
}

#[tokio::test]
async fn a_filter_that_is_none_is_refused_by_its_field() {
    let mut house = House::open().await;
    for (request, field, value) in [
        (v1::ListTemplatesRequest { state: 9, ..Default::default() }, "state", 0),
        (v1::ListTemplatesRequest { kind: 99, ..Default::default() }, "kind", 0),
        (v1::ListTemplatesRequest { currency: "yuan".into(), ..Default::default() }, "currency", 3),
        (v1::ListTemplatesRequest { open_at_ms: -1, ..Default::default() }, "open_at_ms", 0),
        (v1::ListTemplatesRequest { page_size: 201, ..Default::default() }, "page_size", 200),
        (v1::ListTemplatesRequest { page_token: "1".into(), ..Default::default() }, "page_token", 0),
        (by_prefix(&"x".repeat(65)), "template_id_prefix", 64),
        (
            v1::ListTemplatesRequest { issuer_merchant_id: "m".into(), issued_by_platform: true, ..Default::default() },
            "issued_by_platform",
            0,
        ),
    ] {
        check(house.templates.list_templates(request).await, Code::InvalidArgument, "INVALID_ARGUMENT", field, value);
    }
}

fn goods(goods: &str, merchant: &str) -> v1::Goods {
    v1::Goods { goods_id: goods.to_owned(), category_ids: vec!["all".into()], merchant_id: merchant.to_owned() }
}

#[tokio::test]
async fn what_a_user_can_claim_for_goods_is_listed_with_what_is_left() {
    let (mut house, user, tea) = (House::open().await, fresh("user"), fresh("tea"));
    let scope = Some(v1::Scope { include_goods_ids: vec![tea.clone()], ..Default::default() });
    let spec = v1::TemplateSpec { scope, per_user_limit: 2, per_user_day_limit: 1, ..twenty_off() };
    let template = house.template(spec).await;
    let ask = |with_exhausted| v1::ListClaimableRequest {
        user_id: user.clone(),
        goods: vec![goods(&tea, "shop")],
        with_exhausted,
        page_size: 200,
        ..Default::default()
    };
    let mut find = async |request: v1::ListClaimableRequest| {
        let mut page_token = String::new();
        loop {
            let request = v1::ListClaimableRequest { page_token, ..request.clone() };
            let page = house.templates.list_claimable(request).await.unwrap().into_inner();
            assert!(page.at_ms > 0);
            let found = page.templates.into_iter().find(|one| one.template.as_ref().unwrap().template_id == template);
            page_token = page.next_page_token;
            if found.is_some() || page_token.is_empty() {
                return found;
            }
        }
    };
    let found = find(ask(false)).await.expect("it can be claimed");
    assert_eq!((found.left_for_user, found.left_today, found.refusal), (Some(2), Some(1), None));
    assert_eq!(found.stock, i32::from(v1::StockBelief::Unlimited));
    let nobodys = find(v1::ListClaimableRequest { user_id: String::new(), ..ask(false) }).await.expect("anybody can");
    assert_eq!((nobodys.left_for_user, nobodys.left_today), (None, None));
    let other = v1::ListClaimableRequest { goods: vec![goods("coffee", "shop")], ..ask(false) };
    assert_eq!(find(other).await, None);
    House::open().await.claims.claim(claim(&user, &template)).await.unwrap();
    assert_eq!(find(ask(false)).await, None);
    let found = find(ask(true)).await.expect("it is shown on request");
    let reason = found.refusal.map(|refusal| refusal.reason());
    assert_eq!((found.left_for_user, found.left_today, reason), (Some(1), Some(0), Some(v1::Reason::UserDayLimitReached)));
}

#[tokio::test]
async fn a_question_for_what_can_be_claimed_is_refused_by_its_field() {
    let mut house = House::open().await;
    let of_goods = |goods| v1::ListClaimableRequest { goods, ..Default::default() };
    for (request, field, value) in [
        (v1::ListClaimableRequest { user_id: "u".repeat(65), ..Default::default() }, "user_id", 64),
        (v1::ListClaimableRequest { channel: "c".repeat(65), ..Default::default() }, "channel", 64),
        (of_goods(vec![goods("tea", "")]), "goods.merchant_id", 64),
        (of_goods(vec![goods(&"g".repeat(65), "m")]), "goods.goods_id", 64),
        (of_goods(vec![goods("tea", "m"); 17]), "goods", 16),
        (of_goods(vec![v1::Goods { category_ids: vec!["c".into(); 17], ..goods("tea", "m") }]), "goods.category_ids", 16),
        (v1::ListClaimableRequest { page_size: 201, ..Default::default() }, "page_size", 200),
        (v1::ListClaimableRequest { page_token: "1".into(), ..Default::default() }, "page_token", 0),
    ] {
        check(house.templates.list_claimable(request).await, Code::InvalidArgument, "INVALID_ARGUMENT", field, value);
    }
}

/// The ids of all pages.
async fn redemptions(house: &mut House, request: v1::ListRedemptionsByTimeRequest) -> Vec<v1::Redemption> {
    let (mut found, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = v1::ListRedemptionsByTimeRequest { page_token, ..request.clone() };
        let page = house.redemptions.list_redemptions_by_time(request).await.expect("a page").into_inner();
        found.extend(page.redemptions);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return found;
        }
    }
}

#[tokio::test]
async fn redemptions_of_a_user_and_of_all_partitions_are_listed_newest_first() {
    let mut house = House::open().await;
    let mut made = Vec::new();
    let first: Owned = house.coupon(card()).await;
    made.push(house.redeemed(&first, 100).await);
    for _ in 0..6 {
        let owned = house.coupon(card()).await;
        made.push(house.redeemed(&owned, 50).await);
    }
    let again = house.redemptions.redeem(redeem(first.by_code(), yuan(200))).await.unwrap().into_inner();
    made.push(again.clone());
    house.redemptions.refund(refund(&again.redemption_id)).await.unwrap();

    let of_user = v1::ListRedemptionsByTimeRequest { user_id: first.user.clone(), page_size: 1, ..Default::default() };
    let own = redemptions(&mut house, of_user.clone()).await;
    let shown: Vec<_> = own.iter().map(|one| (one.redemption_id.as_str(), one.refunded_minor)).collect();
    assert_eq!(shown, [(made[7].redemption_id.as_str(), 200), (made[0].redemption_id.as_str(), 0)]);

    let (from_ms, until_ms) = (made[0].at_ms, made[7].at_ms + 1);
    let of_time = v1::ListRedemptionsByTimeRequest { from_ms, until_ms, page_size: 3, ..Default::default() };
    let all = redemptions(&mut house, of_time.clone()).await;
    assert!(all.is_sorted_by_key(|one| std::cmp::Reverse(one.at_ms)), "newest first");
    let times = |id: &String| all.iter().filter(|one| one.redemption_id == *id).count();
    assert!(made.iter().all(|one| times(&one.redemption_id) == 1), "each of ours is listed once, whoever else redeems here");
    assert!(all.iter().all(|one| (from_ms..until_ms).contains(&one.at_ms)));
    let large = redemptions(&mut house, v1::ListRedemptionsByTimeRequest { page_size: 200, ..of_time }).await;
    let ids = |list: &[v1::Redemption]| list.iter().map(|one| one.redemption_id.clone()).collect::<Vec<_>>();
    assert_eq!(ids(&large), ids(&all), "however long the pages");
}

#[tokio::test]
async fn a_question_for_redemptions_of_some_time_is_refused_by_its_field() {
    let mut house = House::open().await;
    for (request, field, value) in [
        (v1::ListRedemptionsByTimeRequest { user_id: "u".repeat(65), ..Default::default() }, "user_id", 64),
        (v1::ListRedemptionsByTimeRequest { merchant_id: "m".repeat(65), ..Default::default() }, "merchant_id", 64),
        (v1::ListRedemptionsByTimeRequest { from_ms: -1, ..Default::default() }, "from_ms", 0),
        (v1::ListRedemptionsByTimeRequest { until_ms: -1, ..Default::default() }, "until_ms", 0),
        (v1::ListRedemptionsByTimeRequest { page_size: 201, ..Default::default() }, "page_size", 200),
        (v1::ListRedemptionsByTimeRequest { page_token: "1".into(), ..Default::default() }, "page_token", 0),
    ] {
        let answer = house.redemptions.list_redemptions_by_time(request).await;
        check(answer, Code::InvalidArgument, "INVALID_ARGUMENT", field, value);
    }
}
