//! Void of a template over the wire: what is refused from its answer on, in every partition, and how its coupons become void.

use tessera_proto::v1::{self, CouponStatus, OperationState};
use tonic::Code;

use crate::{
    house::{House, Owned, capture, card, claim, fresh, hold, redeem, refund, twenty_off, yuan},
    maintenance::ended,
    own,
    refusal::check,
};

pub fn void(template_id: &str) -> v1::VoidTemplateRequest {
    v1::VoidTemplateRequest {
        request_id: fresh("void"),
        template_id: template_id.to_owned(),
        expected_version: 1,
        reason: "recall".into(),
        revoke_holds: false,
        validate_only: false,
    }
}

async fn owned(house: &mut House, template: &str) -> Owned {
    let user = fresh("user");
    let claimed = house.claims.claim(claim(&user, template)).await.expect("it is claimed").into_inner();
    Owned { user, claimed }
}

/// Watches a void to its end.
async fn through(house: &mut House, operation_id: u64) -> v1::VoidTemplateResult {
    let request = v1::GetOperationRequest { operation_id };
    let operation = house.maintainers.get_operation(request).await.expect("it is remembered").into_inner().operation;
    let ended = ended(house, operation).await;
    assert_eq!((ended.state(), ended.kind()), (OperationState::Done, v1::OperationKind::VoidTemplate), "{ended:?}");
    match ended.result {
        Some(v1::operation::Result::VoidTemplate(void)) => void,
        result => panic!("{result:?}"),
    }
}

#[tokio::test]
async fn from_the_reply_on_every_coupon_in_every_partition_is_void() {
    let mut house = House::open().await;
    let template = house.template(card()).await;
    let mut all = Vec::new();
    for _ in 0..40 {
        all.push(owned(&mut house, &template).await);
    }
    let reply = house.templates.void_template(void(&template)).await.unwrap().into_inner();
    assert_eq!(reply.template.unwrap().state(), v1::TemplateState::Void);
    check(house.claims.claim(claim(&fresh("user"), &template)).await, Code::FailedPrecondition, "TEMPLATE_VOID", "", 0);
    for owned in &all {
        let answer = house.redemptions.redeem(redeem(owned.by_code(), yuan(100))).await;
        check(answer, Code::FailedPrecondition, "COUPON_VOID", "", 0);
        assert_eq!(house.view(owned).await.status(), CouponStatus::Void);
    }
    let done = through(&mut house, reply.operation_id).await;
    assert_eq!((done.percent, done.coupons, done.voided, done.left, done.held), (100, 40, 20_000, 0, 0));
    assert_eq!(done.template_id, template);
    let live = house.operators.conservation(v1::ConservationRequest {}).await.unwrap().into_inner();
    assert!(live.holds, "{:?}", live.violations);
}

#[tokio::test]
async fn a_kept_hold_is_captured_and_a_revoked_one_is_not() {
    let mut house = House::open().await;
    for revoke_holds in [false, true] {
        let template = house.template(card()).await;
        let owned = owned(&mut house, &template).await;
        let held = house.redemptions.hold(hold(owned.by_code(), yuan(300))).await.unwrap().into_inner();
        let request = v1::VoidTemplateRequest { revoke_holds, ..void(&template) };
        let reply = house.templates.void_template(request).await.unwrap().into_inner();
        let answer = house.redemptions.capture(capture(&held.hold_id)).await;
        if revoke_holds {
            check(answer, Code::FailedPrecondition, "HOLD_RELEASED", "", 0);
            assert_eq!(through(&mut house, reply.operation_id).await.voided, 500);
        } else {
            let captured = answer.expect("a hold is a promise").into_inner();
            let back = house.redemptions.refund(refund(&captured.redemption_id)).await.unwrap().into_inner();
            assert_eq!((back.status(), back.outside_minor, back.balance_after_minor), (CouponStatus::Void, 300, Some(0)));
        }
    }
}

#[tokio::test]
async fn a_void_is_asked_for_with_its_version_and_only_shown_before() {
    let mut house = House::open().await;
    let template = house.template(twenty_off()).await;
    let owned = owned(&mut house, &template).await;
    let dry = v1::VoidTemplateRequest { validate_only: true, ..void(&template) };
    let shown = house.templates.void_template(dry).await.unwrap().into_inner();
    assert_eq!((shown.template.unwrap().state(), shown.position, shown.operation_id), (v1::TemplateState::Void, None, 0));
    house.redeemed(&owned, 10_000).await;
    let wrong = v1::VoidTemplateRequest { expected_version: 2, ..void(&template) };
    check(house.templates.void_template(wrong).await, Code::Aborted, "VERSION_MISMATCH", "", 1);
    let nameless = v1::VoidTemplateRequest { reason: String::new(), ..void(&template) };
    check(house.templates.void_template(nameless).await, Code::InvalidArgument, "INVALID_ARGUMENT", "reason", 64);
    let request = void(&template);
    let first = house.templates.void_template(request.clone()).await.unwrap().into_inner();
    let retry = house.templates.void_template(request).await.unwrap().into_inner();
    assert_eq!((retry.replayed, retry.position, retry.template), (true, first.position, first.template));
    check(house.templates.void_template(void(&template)).await, Code::FailedPrecondition, "TEMPLATE_VOID", "", 0);
    let list = v1::ListTemplatesRequest {
        state: v1::TemplateState::Void.into(),
        template_id_prefix: template.clone(),
        ..Default::default()
    };
    let page = house.templates.list_templates(list).await.unwrap().into_inner();
    assert_eq!(page.templates.iter().map(|found| found.template_id.as_str()).collect::<Vec<_>>(), [template]);
}

#[tokio::test]
async fn a_void_goes_on_after_a_restart_without_being_asked_for() {
    let (settings, dir) = own::settings();
    let serving = own::serve(&settings).await;
    let mut house = own::house(serving.address()).await;
    let template = house.template(card()).await;
    let mut last = None;
    for _ in 0..300 {
        last = Some(owned(&mut house, &template).await);
    }
    house.templates.void_template(void(&template)).await.unwrap();
    assert!(serving.stop(std::future::pending()).await.is_ok());
    own::check_is_whole(dir.path()).await;

    let serving = own::serve(&settings).await;
    let mut house = own::house(serving.address()).await;
    assert_eq!(house.view(&last.unwrap()).await.status(), CouponStatus::Void);
    let value = loop {
        let live = house.operators.conservation(v1::ConservationRequest {}).await.unwrap().into_inner();
        assert!(live.holds, "{:?}", live.violations);
        let [value] = live.values.as_slice() else { panic!("one template: {:?}", live.values) };
        if value.available == 0 {
            break value.clone();
        }
        tokio::task::yield_now().await;
    };
    assert_eq!((value.loaded, value.voided), (150_000, 150_000));
    assert!(serving.stop(std::future::pending()).await.is_ok());
    own::check_is_whole(dir.path()).await;
}
