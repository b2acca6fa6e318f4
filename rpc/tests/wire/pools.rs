//! What all users share: a day's limit sold to the last piece and a budget to the last fen, over all partitions; what comes back; refusals.

use futures_util::future::join_all;
use tessera_proto::v1::{self, template_spec::Kind};
use tonic::Code;

use crate::{
    house::{House, card, claim, fresh, twenty_off},
    refusal::{check, read},
};

/// So many claims by as many users, at once; they are in every partition. How many were accepted, and the reasons of the others.
async fn crowd(house: &House, template: &str, claims: usize) -> (usize, Vec<String>) {
    let one = || {
        let mut claims = house.claims.clone();
        let request = claim(&fresh("crowd"), template);
        async move {
            loop {
                match claims.claim(request.clone()).await {
                    // Nobody knew in time: the same request again.
                    Err(status) if status.code() == Code::Unavailable => {}
                    answer => return answer,
                }
            }
        }
    };
    let answers = join_all((0..claims).map(|_| one())).await;
    let accepted = answers.iter().filter(|answer| answer.is_ok()).count();
    (accepted, answers.iter().filter_map(|answer| answer.as_ref().err().map(|status| read(status).reason)).collect())
}

async fn left(house: &mut House, template_id: &str) -> v1::GetStockResponse {
    house
        .templates
        .get_stock(v1::GetStockRequest { template_id: template_id.to_owned() })
        .await
        .expect("the template shows what is left")
        .into_inner()
}

#[tokio::test]
async fn a_day_is_sold_to_the_last_piece() {
    let mut house = House::open().await;
    let spec = v1::TemplateSpec { day_stock: 37, ..twenty_off() };
    // The crowd may stand over a midnight, once in a long while: then another one is asked.
    loop {
        let template = house.template(spec.clone()).await;
        let before = left(&mut house, &template).await.today.unwrap();
        assert_eq!((before.opened, before.total, before.free), (false, 37, 37));
        let (accepted, refused) = crowd(&house, &template, 60).await;
        let today = left(&mut house, &template).await.today.unwrap();
        if today.local_day != before.local_day {
            continue;
        }
        assert_eq!(accepted, 37);
        assert!(refused.iter().all(|reason| reason == "TEMPLATE_DAY_LIMIT_REACHED"), "{refused:?}");
        assert_eq!((today.total, today.free, today.leased), (37, 0, 37));
        let answer = house.claims.claim(claim(&fresh("user"), &template)).await;
        check(answer, Code::ResourceExhausted, "TEMPLATE_DAY_LIMIT_REACHED", "", 37);
        return;
    }
}

#[tokio::test]
async fn a_budget_is_reserved_to_the_last_fen_and_raised() {
    let mut house = House::open().await;
    let spec = v1::TemplateSpec { budget_minor: 23 * 2_000 + 1_999, stock: Some(1_000), ..twenty_off() };
    let template_id = house.template(spec).await;
    let (accepted, refused) = crowd(&house, &template_id, 40).await;
    assert_eq!(accepted, 23);
    assert!(refused.iter().all(|reason| reason == "BUDGET_EXHAUSTED"), "{refused:?}");
    let budget = left(&mut house, &template_id).await.budget.unwrap();
    assert_eq!((budget.total_minor, budget.free_minor + budget.leased_minor), (47_999, 47_999));
    let raise = |current_minor, target_minor| v1::RaiseBudgetRequest {
        request_id: fresh("raise"),
        template_id: template_id.clone(),
        current_minor,
        target_minor,
        validate_only: false,
    };
    check(house.templates.raise_budget(raise(48_000, 50_000)).await, Code::Aborted, "BUDGET_MISMATCH", "", 47_999);
    check(house.templates.raise_budget(raise(-1, 5)).await, Code::InvalidArgument, "INVALID_ARGUMENT", "current_minor", 0);
    let would = v1::RaiseBudgetRequest { validate_only: true, ..raise(47_999, 99_000) };
    let would = house.templates.raise_budget(would).await.unwrap().into_inner();
    assert_eq!((would.total_minor, would.position), (99_000, None));
    let request = raise(47_999, 48_000);
    let raised = house.templates.raise_budget(request.clone()).await.unwrap().into_inner();
    assert_eq!((raised.total_minor, raised.replayed), (48_000, false));
    let again = house.templates.raise_budget(request).await.unwrap().into_inner();
    assert_eq!(again, v1::RaiseBudgetResponse { replayed: true, ..raised });
    let (accepted, _) = crowd(&house, &template_id, 3).await;
    assert_eq!(accepted, 1, "one fen completes a cover");
    let budget = left(&mut house, &template_id).await.budget.unwrap();
    assert_eq!((budget.free_minor, budget.leased_minor), (0, 48_000));
}

#[tokio::test]
async fn what_ends_unused_is_claimed_again() {
    let mut house = House::open().await;
    let spec = v1::TemplateSpec { stock: Some(2), budget_minor: 1_000, restock: true, ..card() };
    let template = house.template(spec).await;
    let mut claimed = Vec::new();
    for _ in 0..2 {
        claimed.push(house.claims.claim(claim(&fresh("user"), &template)).await.unwrap().into_inner());
    }
    assert_eq!(crowd(&house, &template, 3).await.0, 0);
    let void = v1::VoidCouponRequest {
        request_id: fresh("void"),
        coupon_id: claimed[0].coupon_id.clone(),
        ..v1::VoidCouponRequest::default()
    };
    house.custodians.void_coupon(void).await.unwrap();
    // The piece goes home and is said to be there, wherever it is asked for next.
    for _ in 0..100 {
        match crowd(&house, &template, 1).await.0 {
            0 => tokio::time::sleep(std::time::Duration::from_millis(20)).await,
            _ => {
                assert_eq!(crowd(&house, &template, 3).await.0, 0);
                return;
            }
        }
    }
    panic!("what came back was never sold");
}

#[tokio::test]
async fn a_limit_that_is_none_is_refused_by_its_field() {
    let mut house = House::open().await;
    let percent = |cap_minor| Some(Kind::PercentOff(v1::PercentOff { pay_basis_points: 8_000, cap_minor }));
    let scope = Some(v1::Scope { include_goods_ids: vec!["tea".into()], ..v1::Scope::default() });
    let exchange = Some(Kind::Exchange(v1::Exchange { pieces: 1 }));
    for (spec, field, value) in [
        (v1::TemplateSpec { day_stock: 1_000_000_000_001, ..twenty_off() }, "day_stock", 1_000_000_000_000),
        (v1::TemplateSpec { budget_minor: -1, ..twenty_off() }, "spec.budget_minor", 0),
        (v1::TemplateSpec { budget_minor: 1_000_000_000_000_001, ..twenty_off() }, "budget_minor", 1_000_000_000_000_000),
        (v1::TemplateSpec { budget_minor: 9, kind: percent(None), ..twenty_off() }, "percent_off.cap_minor", 1),
        (v1::TemplateSpec { budget_minor: 9, kind: exchange, scope, ..twenty_off() }, "budget_minor", 0),
        (v1::TemplateSpec { day_stock: 9, restock: true, ..twenty_off() }, "restock", 0),
        (v1::TemplateSpec { budget_minor: 9, refund_policy: v1::RefundPolicy::Any.into(), ..twenty_off() }, "refund_policy", 0),
    ] {
        let template_id = fresh("template");
        let request =
            v1::CreateTemplateRequest { request_id: fresh("create"), template_id, spec: Some(spec), validate_only: false };
        check(house.templates.create_template(request).await, Code::InvalidArgument, "INVALID_ARGUMENT", field, value);
    }
    let kept = v1::TemplateSpec { budget_minor: 10_000, kind: percent(Some(50)), restock: true, day_stock: 3, ..twenty_off() };
    let template_id = house.template(kept.clone()).await;
    let update = |budget_minor| v1::UpdateTemplateRequest {
        request_id: fresh("update"),
        template_id: template_id.clone(),
        expected_version: 1,
        spec: Some(v1::TemplateSpec { budget_minor, day_stock: 9, ..kept.clone() }),
        validate_only: false,
    };
    for (changed, field) in [
        (v1::TemplateSpec { currency: "USD".into(), ..kept.clone() }, "currency"),
        (v1::TemplateSpec { kind: card().kind, ..kept.clone() }, "kind"),
    ] {
        let changed = v1::UpdateTemplateRequest { spec: Some(changed), ..update(10_000) };
        check(house.templates.update_template(changed).await, Code::InvalidArgument, "INVALID_ARGUMENT", field, 0);
    }
    let refused = house.templates.update_template(update(10_001)).await;
    check(refused, Code::InvalidArgument, "INVALID_ARGUMENT", "budget_minor", 10_000);
    let spec = house.templates.update_template(update(10_000)).await.unwrap().into_inner().template.unwrap().spec.unwrap();
    assert_eq!((spec.day_stock, spec.budget_minor, spec.restock), (9, 10_000, true));
    let plain = house.template(twenty_off()).await;
    let raise = v1::RaiseBudgetRequest { request_id: fresh("raise"), template_id: plain, target_minor: 1, ..Default::default() };
    check(house.templates.raise_budget(raise).await, Code::FailedPrecondition, "BUDGET_UNLIMITED", "", 0);
}
