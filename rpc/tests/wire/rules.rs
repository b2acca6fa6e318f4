//! What a template says beside its numbers: read back as it was written, refused by its field, obeyed by claims and tills.

use tessera_proto::v1::{self, template_spec::Kind, template_spec::Validity};
use tonic::Code;

use crate::{
    house::{House, by_code, claim, fresh, redeem, twenty_off, yuan},
    refusal::{check, read},
};

/// Everything that a template can say.
fn ruled() -> v1::TemplateSpec {
    let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
    let week = [v1::Weekday::Monday, v1::Weekday::Sunday].map(i32::from).to_vec();
    let hours = |from_minute, until_minute| v1::WeekSpan { weekdays: week.clone(), from_minute, until_minute };
    v1::TemplateSpec {
        display_name: "午餐".into(),
        display_fields: vec![
            v1::DisplayField { name: "picture".into(), text: "https://example.com/p.png".into() },
            v1::DisplayField { name: "en".into(), text: "lunch".into() },
        ],
        kind: Some(Kind::QuantityOff(v1::QuantityOff { pieces: 2, amount_minor: 1_000 })),
        validity: Some(Validity::DaysValidity(v1::DaysValidity { wait_ms: 5, days: 3 })),
        per_user_limit: 9,
        per_user_day_limit: 2,
        day_stock: 77,
        rounding: v1::Rounding::HalfUp.into(),
        refund_policy: v1::RefundPolicy::Full.into(),
        time_zone: "Europe/Berlin".into(),
        issuer_merchant_id: "hotel".into(),
        scope: Some(v1::Scope {
            include_goods_ids: names(&["g1", "g2"]),
            exclude_goods_ids: names(&["g3"]),
            include_category_ids: names(&["c1"]),
            exclude_category_ids: names(&["c2"]),
            include_merchant_ids: names(&["m1"]),
            exclude_merchant_ids: names(&["m2"]),
        }),
        issue_channels: names(&["app", "web"]),
        use_channels: names(&["till"]),
        issue_hours: vec![hours(0, 1_440)],
        use_hours: vec![hours(600, 840), hours(1_020, 1_200)],
        layer: v1::Layer::Item.into(),
        priority: 7,
        basis: v1::Basis::Initial.into(),
        stacking: Some(v1::Stacking {
            class: v1::StackingClass::Grouped.into(),
            group: "lunch".into(),
            max_per_group: 2,
            max_per_order: 3,
        }),
        ..twenty_off()
    }
}

#[tokio::test]
async fn rules_read_back_as_they_were_written_and_may_be_written_again() {
    let mut house = House::open().await;
    for kind in [
        Kind::QuantityOff(v1::QuantityOff { pieces: 2, amount_minor: 1_000 }),
        Kind::CashVoucher(v1::CashVoucher { amount_minor: 50 }),
        Kind::Exchange(v1::Exchange { pieces: 1 }),
    ] {
        for validity in
            [Validity::DaysValidity(v1::DaysValidity { wait_ms: 5, days: 3 }), Validity::AtIssueValidity(v1::AtIssueValidity {})]
        {
            let spec = v1::TemplateSpec { kind: Some(kind), validity: Some(validity), ..ruled() };
            let template_id = house.template(spec.clone()).await;
            let get = v1::GetTemplateRequest { template_id: template_id.clone() };
            let template = house.templates.get_template(get).await.unwrap().into_inner().template.unwrap();
            assert_eq!(template.spec.as_ref(), Some(&spec));
            let update = v1::UpdateTemplateRequest {
                request_id: fresh("update"),
                template_id,
                expected_version: 1,
                spec: template.spec,
                validate_only: false,
            };
            let updated = house.templates.update_template(update).await.unwrap().into_inner().template.unwrap();
            assert_eq!((updated.version, updated.spec), (2, Some(spec)));
        }
    }
}

#[tokio::test]
async fn a_rule_that_is_none_is_refused_by_its_field() {
    let mut house = House::open().await;
    let long = "x".repeat(65);
    let span = |weekdays: &[i32], from_minute, until_minute| {
        vec![v1::WeekSpan { weekdays: weekdays.to_vec(), from_minute, until_minute }]
    };
    let scope = |change: fn(&mut v1::Scope, String)| {
        let mut scope = v1::Scope::default();
        change(&mut scope, "x".repeat(65));
        Some(scope)
    };
    let grouped = |group: &str| Some(v1::Stacking { class: 2, group: group.into(), ..v1::Stacking::default() });
    let plain = twenty_off;
    let many = (0..500).map(|number| format!("{number:04}-of-the-goods")).collect();
    let percent = |pay_basis_points| Some(Kind::PercentOff(v1::PercentOff { pay_basis_points, cap_minor: None }));
    for (spec, field, value) in [
        (v1::TemplateSpec { rounding: 9, ..plain() }, "spec.rounding", 0),
        (v1::TemplateSpec { refund_policy: 9, ..plain() }, "spec.refund_policy", 0),
        (v1::TemplateSpec { kind: percent(10_001), ..plain() }, "spec.percent_off.pay_basis_points", 10_000),
        (v1::TemplateSpec { kind: percent(70_000), ..plain() }, "spec.percent_off.pay_basis_points", 10_000),
        (v1::TemplateSpec { budget_minor: -1, ..plain() }, "spec.budget_minor", 0),
        (
            v1::TemplateSpec { scope: scope(|scope, id| scope.exclude_goods_ids.push(id)), ..plain() },
            "spec.scope.exclude_goods_ids",
            64,
        ),
        (
            v1::TemplateSpec { scope: scope(|scope, id| scope.include_category_ids.push(id)), ..plain() },
            "spec.scope.include_category_ids",
            64,
        ),
        (
            v1::TemplateSpec { scope: scope(|scope, id| scope.exclude_category_ids.push(id)), ..plain() },
            "spec.scope.exclude_category_ids",
            64,
        ),
        (
            v1::TemplateSpec { scope: scope(|scope, id| scope.include_merchant_ids.push(id)), ..plain() },
            "spec.scope.include_merchant_ids",
            64,
        ),
        (
            v1::TemplateSpec { scope: Some(v1::Scope { exclude_category_ids: many, ..v1::Scope::default() }), ..plain() },
            "scope.exclude_category_ids",
            8_192,
        ),
        (v1::TemplateSpec { time_zone: "Mars/Olympus".into(), ..plain() }, "spec.time_zone", 0),
        (v1::TemplateSpec { issuer_merchant_id: long.clone(), ..plain() }, "spec.issuer_merchant_id", 64),
        (v1::TemplateSpec { issue_channels: vec![String::new()], ..plain() }, "spec.issue_channels", 64),
        (v1::TemplateSpec { use_channels: vec![long.clone()], ..plain() }, "spec.use_channels", 64),
        (v1::TemplateSpec { layer: 9, ..plain() }, "spec.layer", 0),
        (v1::TemplateSpec { basis: 9, ..plain() }, "spec.basis", 0),
        (
            v1::TemplateSpec { stacking: Some(v1::Stacking { class: 9, ..v1::Stacking::default() }), ..plain() },
            "spec.stacking.class",
            0,
        ),
        (v1::TemplateSpec { stacking: grouped(&long), ..plain() }, "spec.stacking.group", 64),
        (v1::TemplateSpec { stacking: grouped(""), ..plain() }, "stacking.group", 0),
        (
            v1::TemplateSpec { scope: scope(|scope, id| scope.include_goods_ids.push(id)), ..plain() },
            "spec.scope.include_goods_ids",
            64,
        ),
        (
            v1::TemplateSpec { scope: scope(|scope, id| scope.exclude_merchant_ids.push(id)), ..plain() },
            "spec.scope.exclude_merchant_ids",
            64,
        ),
        (v1::TemplateSpec { use_hours: span(&[0], 0, 5), ..plain() }, "spec.use_hours", 0),
        (v1::TemplateSpec { use_hours: span(&[8], 0, 5), ..plain() }, "spec.use_hours", 0),
        (v1::TemplateSpec { use_hours: span(&[], 0, 5), ..plain() }, "use_hours", 1),
        (v1::TemplateSpec { issue_hours: span(&[1], 0, 70_000), ..plain() }, "issue_hours", 1_440),
        (v1::TemplateSpec { issue_hours: span(&[1], 70_000, 60), ..plain() }, "issue_hours", 59),
        (
            v1::TemplateSpec {
                use_hours: vec![v1::WeekSpan { weekdays: vec![1], from_minute: 0, until_minute: 1 }; 33],
                ..plain()
            },
            "spec.use_hours",
            32,
        ),
        (v1::TemplateSpec { display_fields: vec![v1::DisplayField::default()], ..plain() }, "display_fields.name", 1),
    ] {
        let template_id = fresh("template");
        let request =
            v1::CreateTemplateRequest { request_id: fresh("create"), template_id, spec: Some(spec), validate_only: false };
        check(house.templates.create_template(request).await, Code::InvalidArgument, "INVALID_ARGUMENT", field, value);
    }
}

#[tokio::test]
async fn claims_and_tills_obey_channels_merchants_and_days() {
    let mut house = House::open().await;
    let spec = v1::TemplateSpec {
        per_user_day_limit: 1,
        issue_channels: vec!["app".into()],
        use_channels: vec!["till".into()],
        scope: Some(v1::Scope { include_merchant_ids: vec!["hotel".into()], ..v1::Scope::default() }),
        ..twenty_off()
    };
    let (template_id, user_id) = (house.template(spec).await, fresh("user"));
    let ask = |channel: &str| v1::ClaimRequest { channel: channel.into(), ..claim(&user_id, &template_id) };
    check(house.claims.claim(ask("")).await, Code::FailedPrecondition, "CHANNEL_NOT_ALLOWED", "", 0);
    check(house.claims.claim(ask("web")).await, Code::FailedPrecondition, "CHANNEL_NOT_ALLOWED", "", 0);
    let claimed = house.claims.claim(ask("app")).await.unwrap().into_inner();
    // The next may fall on the next day, once in a long while: then it is given.
    if let Err(status) = house.claims.claim(ask("app")).await {
        let refusal = read(&status);
        assert_eq!((refusal.code, refusal.reason.as_str()), (Code::ResourceExhausted, "USER_DAY_LIMIT_REACHED"));
    }
    let pay = |merchant: &str, channel: &str| v1::RedeemRequest {
        merchant_id: merchant.into(),
        channel: channel.into(),
        ..redeem(by_code(&claimed.code), yuan(20_000))
    };
    check(house.redemptions.redeem(pay("hotel", "")).await, Code::FailedPrecondition, "CHANNEL_NOT_ALLOWED", "", 0);
    check(house.redemptions.redeem(pay("bar", "till")).await, Code::FailedPrecondition, "OUT_OF_SCOPE", "", 0);
    house.redemptions.redeem(pay("hotel", "till")).await.unwrap();
}

#[tokio::test]
async fn a_use_window_is_said_at_issue() {
    let mut house = House::open().await;
    let spec = v1::TemplateSpec { validity: Some(Validity::AtIssueValidity(v1::AtIssueValidity {})), ..twenty_off() };
    let (template_id, user_id) = (house.template(spec).await, fresh("user"));
    check(house.claims.claim(claim(&user_id, &template_id)).await, Code::InvalidArgument, "INVALID_ARGUMENT", "template_id", 0);
    let use_window = Some(v1::UseWindow { from_ms: 7, until_ms: 253_402_300_800_000 });
    let issue = v1::IssueRequest { request_id: fresh("issue"), user_id, template_id, channel: String::new(), use_window };
    let issued = house.claims.issue(issue).await.unwrap().into_inner();
    assert_eq!((issued.use_from_ms, issued.use_until_ms), (7, 253_402_300_800_000));
}

#[tokio::test]
async fn a_coupon_for_goods_needs_an_orders_lines() {
    let mut house = House::open().await;
    let scope = v1::Scope { include_category_ids: vec!["tea".into()], ..v1::Scope::default() };
    let owned = house.coupon(v1::TemplateSpec { scope: Some(scope), ..twenty_off() }).await;
    let answer = house.redemptions.redeem(redeem(by_code(&owned.claimed.code), yuan(20_000))).await;
    check(answer, Code::FailedPrecondition, "ORDER_LINES_REQUIRED", "", 0);
}

#[tokio::test]
async fn a_coupon_is_used_within_its_hours_alone() {
    let mut house = House::open().await;
    let mut on_days = async |weekdays: std::ops::RangeInclusive<i32>| {
        let use_hours = vec![v1::WeekSpan { weekdays: weekdays.collect(), from_minute: 0, until_minute: 1_440 }];
        let owned = house.coupon(v1::TemplateSpec { use_hours, ..twenty_off() }).await;
        house.redemptions.redeem(redeem(owned.by_code(), yuan(20_000))).await
    };
    // Whatever day it is, it is one of either; only the one midnight at which the first days end may come between.
    let answers = [on_days(1..=3).await, on_days(4..=7).await];
    let refused: Vec<_> = answers.iter().filter_map(|answer| answer.as_ref().err()).map(read).collect();
    let [told] = refused.as_slice() else { panic!("one of them is outside: {answers:?}") };
    assert_eq!((told.code, told.reason.as_str(), told.field.as_str()), (Code::FailedPrecondition, "OUTSIDE_HOURS", ""));
}
