//! The catalog: versions, stops, stock.

use tessera_proto::v1;
use tonic::Code;

use crate::{
    house::{House, card, claim, fresh, twenty_off},
    refusal::check,
};

fn create(template_id: &str, spec: v1::TemplateSpec) -> v1::CreateTemplateRequest {
    let template_id = template_id.to_owned();
    v1::CreateTemplateRequest { request_id: fresh("create"), template_id, spec: Some(spec), validate_only: false }
}

#[tokio::test]
async fn a_template_reads_back_as_it_was_written() {
    let mut house = House::open().await;
    let spec = v1::TemplateSpec {
        display_name: "二十".into(),
        issue_window: Some(v1::IssueWindow { from_ms: 5, until_ms: 9 }),
        stock: Some(7),
        per_user_limit: 2,
        rounding: v1::Rounding::Floor.into(),
        refund_policy: v1::RefundPolicy::Never.into(),
        time_zone: "Asia/Shanghai".into(),
        layer: v1::Layer::Order.into(),
        basis: v1::Basis::Remaining.into(),
        ..card()
    };
    let template_id = house.template(spec.clone()).await;
    let reply = house.templates.get_template(v1::GetTemplateRequest { template_id }).await.unwrap().into_inner();
    let template = reply.template.unwrap();
    assert_eq!((template.version, template.state(), template.spec), (1, v1::TemplateState::Active, Some(spec)));
}

#[tokio::test]
async fn a_minted_id_is_the_same_in_a_retry() {
    let mut house = House::open().await;
    let request = create("", twenty_off());
    let first = house.templates.create_template(request.clone()).await.unwrap().into_inner();
    let retry = house.templates.create_template(request).await.unwrap().into_inner();
    assert_eq!(retry, v1::CreateTemplateResponse { replayed: true, ..first });
}

#[tokio::test]
async fn a_template_id_is_taken_once() {
    let mut house = House::open().await;
    let taken = house.template(twenty_off()).await;
    let answer = house.templates.create_template(create(&taken, card())).await;
    check(answer, Code::AlreadyExists, "TEMPLATE_EXISTS", "", 0);
}

#[tokio::test]
async fn a_template_without_kind_is_refused() {
    let spec = v1::TemplateSpec { kind: None, ..twenty_off() };
    let answer = House::open().await.templates.create_template(create("t", spec)).await;
    check(answer, Code::InvalidArgument, "INVALID_ARGUMENT", "spec.kind", 0);
}

#[tokio::test]
async fn a_negative_face_value_is_refused() {
    let kind = v1::template_spec::Kind::StoredValue(v1::StoredValue { face_value_minor: -1 });
    let spec = v1::TemplateSpec { kind: Some(kind), ..card() };
    let answer = House::open().await.templates.create_template(create("t", spec)).await;
    let refusal = crate::refusal::refused(answer);
    assert_eq!((refusal.code, refusal.reason.as_str(), refusal.value), (Code::InvalidArgument, "INVALID_ARGUMENT", 1));
}

#[tokio::test]
async fn what_is_only_validated_does_not_exist() {
    let mut house = House::open().await;
    let template_id = fresh("template");
    let request = v1::CreateTemplateRequest { validate_only: true, ..create(&template_id, card()) };
    let reply = house.templates.create_template(request).await.unwrap().into_inner();
    assert_eq!(reply.position, None);
    let answer = house.templates.get_template(v1::GetTemplateRequest { template_id }).await;
    check(answer, Code::NotFound, "TEMPLATE_NOT_FOUND", "", 0);
}

#[tokio::test]
async fn an_update_makes_the_next_version_and_issued_coupons_keep_theirs() {
    let mut house = House::open().await;
    let owned = house.coupon(twenty_off()).await;
    let template_id = owned.claimed.template_id;
    let request = v1::UpdateTemplateRequest {
        request_id: fresh("update"),
        template_id: template_id.clone(),
        expected_version: 1,
        spec: Some(v1::TemplateSpec { display_name: "new".into(), ..twenty_off() }),
        validate_only: false,
    };
    let updated = house.templates.update_template(request.clone()).await.unwrap().into_inner();
    assert_eq!(updated.template.unwrap().version, 2);
    let claimed = house.claims.claim(claim(&fresh("user"), &template_id)).await.unwrap().into_inner();
    assert_eq!((owned.claimed.template_version, claimed.template_version), (1, 2));
    let again = v1::UpdateTemplateRequest { request_id: fresh("update"), ..request };
    check(house.templates.update_template(again).await, Code::Aborted, "VERSION_MISMATCH", "", 2);
}

#[tokio::test]
async fn after_a_stop_nothing_is_issued() {
    let mut house = House::open().await;
    let template_id = house.template(twenty_off()).await;
    let stop = v1::StopTemplateRequest { request_id: fresh("stop"), template_id: template_id.clone(), validate_only: false };
    let stopped = house.templates.stop_template(stop).await.unwrap().into_inner();
    assert_eq!(stopped.template.unwrap().state(), v1::TemplateState::Stopped);
    let answer = house.claims.claim(claim(&fresh("user"), &template_id)).await;
    check(answer, Code::FailedPrecondition, "TEMPLATE_STOPPED", "", 0);
}

#[tokio::test]
async fn what_is_resumed_issues_again_from_the_stock_it_had() {
    let mut house = House::open().await;
    let template_id = house.template(v1::TemplateSpec { stock: Some(2), ..twenty_off() }).await;
    let resume = |validate_only| v1::ResumeTemplateRequest {
        request_id: fresh("resume"),
        template_id: template_id.clone(),
        validate_only,
    };
    let answer = house.templates.resume_template(resume(false)).await;
    check(answer, Code::FailedPrecondition, "TEMPLATE_NOT_STOPPED", "", 0);

    house.claims.claim(claim(&fresh("user"), &template_id)).await.unwrap();
    let stop =
        |validate_only| v1::StopTemplateRequest { request_id: fresh("stop"), template_id: template_id.clone(), validate_only };
    let asked = house.templates.stop_template(stop(true)).await.unwrap().into_inner();
    assert_eq!((asked.template.unwrap().state(), asked.position), (v1::TemplateState::Stopped, None));
    let stopped = stop(false);
    house.templates.stop_template(stopped.clone()).await.unwrap();

    let asked = house.templates.resume_template(resume(true)).await.unwrap().into_inner();
    assert_eq!((asked.template.unwrap().state(), asked.position), (v1::TemplateState::Active, None));
    let answer = house.claims.claim(claim(&fresh("user"), &template_id)).await;
    check(answer, Code::FailedPrecondition, "TEMPLATE_STOPPED", "", 0);

    let resumed = resume(false);
    let first = house.templates.resume_template(resumed.clone()).await.unwrap().into_inner();
    assert_eq!(first.template.as_ref().unwrap().state(), v1::TemplateState::Active);
    house.claims.claim(claim(&fresh("user"), &template_id)).await.unwrap();
    let answer = house.claims.claim(claim(&fresh("user"), &template_id)).await;
    check(answer, Code::FailedPrecondition, "SOLD_OUT", "", 2);

    // Both are answered as they first were, and neither happens again.
    let again = house.templates.stop_template(stopped).await.unwrap().into_inner();
    assert!(again.replayed && again.template.unwrap().state() == v1::TemplateState::Stopped);
    let again = house.templates.resume_template(resumed).await.unwrap().into_inner();
    assert_eq!((again.replayed, again.position), (true, first.position));
    let answer = house.claims.claim(claim(&fresh("user"), &template_id)).await;
    check(answer, Code::FailedPrecondition, "SOLD_OUT", "", 2);
}

#[tokio::test]
async fn every_template_is_listed_once() {
    let mut house = House::open().await;
    let mut wanted: Vec<_> = vec![house.template(card()).await, house.template(twenty_off()).await];
    let mut page_token = String::new();
    loop {
        let request = v1::ListTemplatesRequest { page_size: 3, page_token, ..Default::default() };
        let page = house.templates.list_templates(request).await.unwrap().into_inner();
        for template in page.templates {
            wanted.retain(|id| *id != template.template_id);
        }
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert!(wanted.is_empty(), "{wanted:?} not listed");
}

fn raise(template_id: &str, current: u64, target: u64) -> v1::RaiseStockRequest {
    let template_id = template_id.to_owned();
    v1::RaiseStockRequest { request_id: fresh("raise"), template_id, current, target, validate_only: false }
}

#[tokio::test]
async fn a_raised_stock_is_sold_to_its_new_end() {
    let mut house = House::open().await;
    let template = house.template(v1::TemplateSpec { stock: Some(1), ..twenty_off() }).await;
    house.claims.claim(claim(&fresh("user"), &template)).await.unwrap();
    let raised = house.templates.raise_stock(raise(&template, 1, 2)).await.unwrap().into_inner();
    assert_eq!(raised.total, 2);
    house.claims.claim(claim(&fresh("user"), &template)).await.unwrap();
}

#[tokio::test]
async fn a_raise_from_another_total_is_refused_with_the_current_one() {
    let mut house = House::open().await;
    let template = house.template(v1::TemplateSpec { stock: Some(5), ..twenty_off() }).await;
    let answer = house.templates.raise_stock(raise(&template, 4, 9)).await;
    check(answer, Code::Aborted, "STOCK_MISMATCH", "", 5);
}

#[tokio::test]
async fn a_stock_adds_up() {
    let mut house = House::open().await;
    let template_id = house.template(v1::TemplateSpec { stock: Some(100), ..twenty_off() }).await;
    house.claims.claim(claim(&fresh("user"), &template_id)).await.unwrap();
    let stock = house.templates.get_stock(v1::GetStockRequest { template_id }).await.unwrap().into_inner();
    assert!(stock.opened && stock.total == 100 && stock.free + stock.leased == 100 && stock.leased >= 1, "{stock:?}");
}

#[tokio::test]
async fn an_unlimited_stock_has_no_numbers() {
    let mut house = House::open().await;
    let template_id = house.template(twenty_off()).await;
    let answer = house.templates.get_stock(v1::GetStockRequest { template_id }).await;
    check(answer, Code::FailedPrecondition, "STOCK_UNLIMITED", "", 0);
}

#[tokio::test]
async fn what_would_be_changed_is_shown_and_nothing_changes() {
    let mut house = House::open().await;
    let template_id = house.template(v1::TemplateSpec { stock: Some(5), ..twenty_off() }).await;
    let update = |display_name: &str, expected_version| v1::UpdateTemplateRequest {
        request_id: fresh("update"),
        template_id: template_id.clone(),
        expected_version,
        spec: Some(v1::TemplateSpec { display_name: display_name.into(), stock: Some(5), ..twenty_off() }),
        validate_only: true,
    };
    let would = house.templates.update_template(update("new", 1)).await.unwrap().into_inner();
    let shown = would.template.unwrap();
    assert_eq!((shown.version, shown.spec.unwrap().display_name.as_str(), would.position), (2, "new", None));
    check(house.templates.update_template(update("new", 2)).await, Code::Aborted, "VERSION_MISMATCH", "", 1);
    let stop = v1::StopTemplateRequest { request_id: fresh("stop"), template_id: template_id.clone(), validate_only: true };
    let would = house.templates.stop_template(stop).await.unwrap().into_inner();
    assert_eq!((would.template.unwrap().state(), would.position), (v1::TemplateState::Stopped, None));
    let would = v1::RaiseStockRequest { validate_only: true, ..raise(&template_id, 5, 9) };
    let would = house.templates.raise_stock(would).await.unwrap().into_inner();
    assert_eq!((would.total, would.position), (9, None));
    let wrong = v1::RaiseStockRequest { validate_only: true, ..raise(&template_id, 4, 9) };
    check(house.templates.raise_stock(wrong).await, Code::Aborted, "STOCK_MISMATCH", "", 5);

    let get = v1::GetTemplateRequest { template_id: template_id.clone() };
    let template = house.templates.get_template(get).await.unwrap().into_inner().template.unwrap();
    assert_eq!((template.version, template.state()), (1, v1::TemplateState::Active));
    let stock = house.templates.get_stock(v1::GetStockRequest { template_id: template_id.clone() }).await.unwrap().into_inner();
    assert_eq!(stock.total, 5);
    house.claims.claim(claim(&fresh("user"), &template_id)).await.expect("it was not stopped");
}
