//! Claims: what is accepted, replayed and refused.

use tessera_proto::v1;
use tonic::Code;

use crate::{
    house::{FAR_FUTURE_MS, House, card, claim, fresh, twenty_off},
    refusal::{check, refused},
};

#[tokio::test]
async fn a_claim_gives_a_code_and_says_where_it_stands() {
    let mut house = House::open().await;
    let owned = house.coupon(twenty_off()).await;
    assert_eq!((owned.claimed.code.len(), owned.claimed.coupon_id.len()), (16, 26));
    assert!(owned.claimed.position.unwrap().lsn > 0);
    assert!(!owned.claimed.replayed);
}

#[tokio::test]
async fn a_card_is_claimed_with_its_face_value() {
    let owned = House::open().await.coupon(card()).await;
    assert_eq!(owned.claimed.face_value, Some(v1::Money { minor: 500, currency: "CNY".into() }));
}

#[tokio::test]
async fn a_retry_replays_the_first_reply() {
    let mut house = House::open().await;
    let template = house.template(twenty_off()).await;
    let request = claim(&fresh("user"), &template);
    let first = house.claims.claim(request.clone()).await.unwrap().into_inner();
    let retry = house.claims.claim(request).await.unwrap().into_inner();
    assert_eq!(retry, v1::ClaimResponse { replayed: true, ..first });
}

#[tokio::test]
async fn a_request_id_with_other_content_is_refused() {
    let mut house = House::open().await;
    let (template, other) = (house.template(twenty_off()).await, house.template(card()).await);
    let request = claim(&fresh("user"), &template);
    let first = house.claims.claim(request.clone()).await.unwrap().into_inner();
    let reused = house.claims.claim(v1::ClaimRequest { template_id: other, ..request }).await;
    let lsn = first.position.unwrap().lsn as i64;
    check(reused, Code::AlreadyExists, "REQUEST_ID_REUSED", "", lsn);
}

#[tokio::test]
async fn an_operator_issues_what_a_user_would_claim() {
    let mut house = House::open().await;
    let template = house.template(card()).await;
    let request = v1::IssueRequest {
        request_id: fresh("issue"),
        user_id: fresh("user"),
        template_id: template,
        channel: String::new(),
        use_window: None,
    };
    let issued = house.claims.issue(request.clone()).await.unwrap().into_inner();
    let replayed = house.claims.issue(request).await.unwrap().into_inner();
    assert_eq!(replayed, v1::IssueResponse { replayed: true, ..issued });
}

#[tokio::test]
async fn a_claim_without_request_id_is_refused() {
    let request = v1::ClaimRequest { request_id: String::new(), ..claim("u", "t") };
    let answer = House::open().await.claims.claim(request).await;
    check(answer, Code::InvalidArgument, "INVALID_ARGUMENT", "request_id", 64);
}

#[tokio::test]
async fn an_empty_user_is_refused() {
    let answer = House::open().await.claims.claim(claim("", "t")).await;
    check(answer, Code::InvalidArgument, "INVALID_ARGUMENT", "user_id", 64);
}

#[tokio::test]
async fn an_oversized_user_is_refused() {
    let answer = House::open().await.claims.claim(claim(&"u".repeat(65), "t")).await;
    check(answer, Code::InvalidArgument, "INVALID_ARGUMENT", "user_id", 64);
}

#[tokio::test]
async fn an_unknown_template_is_not_found() {
    let answer = House::open().await.claims.claim(claim("u", "no-such-template")).await;
    check(answer, Code::NotFound, "TEMPLATE_NOT_FOUND", "", 0);
}

#[tokio::test]
async fn a_user_gets_no_more_than_the_limit() {
    let mut house = House::open().await;
    let template = house.template(v1::TemplateSpec { per_user_limit: 1, ..twenty_off() }).await;
    let user = fresh("user");
    house.claims.claim(claim(&user, &template)).await.unwrap();
    let second = house.claims.claim(claim(&user, &template)).await;
    check(second, Code::ResourceExhausted, "USER_LIMIT_REACHED", "", 1);
}

#[tokio::test]
async fn the_last_piece_is_sold_and_no_more() {
    let mut house = House::open().await;
    let template = house.template(v1::TemplateSpec { stock: Some(1), ..twenty_off() }).await;
    house.claims.claim(claim(&fresh("user"), &template)).await.unwrap();
    let answer = house.claims.claim(claim(&fresh("user"), &template)).await;
    let refusal = refused(answer);
    assert_eq!((refusal.code, refusal.reason.as_str()), (Code::FailedPrecondition, "SOLD_OUT"));
}

#[tokio::test]
async fn a_claim_before_the_issue_window_is_refused() {
    let mut house = House::open().await;
    let window = v1::IssueWindow { from_ms: FAR_FUTURE_MS, until_ms: 0 };
    let template = house.template(v1::TemplateSpec { issue_window: Some(window), ..twenty_off() }).await;
    let answer = house.claims.claim(claim("u", &template)).await;
    check(answer, Code::FailedPrecondition, "ISSUE_NOT_STARTED", "", FAR_FUTURE_MS);
}

#[tokio::test]
async fn a_claim_after_the_issue_window_is_refused() {
    let mut house = House::open().await;
    let window = v1::IssueWindow { from_ms: 1, until_ms: 2 };
    let template = house.template(v1::TemplateSpec { issue_window: Some(window), ..twenty_off() }).await;
    let answer = house.claims.claim(claim("u", &template)).await;
    check(answer, Code::FailedPrecondition, "ISSUE_ENDED", "", 2);
}
