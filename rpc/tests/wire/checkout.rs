//! Quotes over the wire: a user's coupons and an order, and every question that is none.

use tessera_proto::v1::{self, template_spec::Kind};
use tonic::Code;

use crate::{
    house::{House, card, claim, fresh, twenty_off},
    refusal::check,
};

fn line(goods: &str, quantity: u32, unit_price_minor: i64) -> v1::OrderLine {
    let (goods_id, merchant_id) = (goods.to_owned(), "merchant".to_owned());
    v1::OrderLine { goods_id, category_ids: vec!["all".into()], merchant_id, quantity, unit_price_minor }
}

fn order() -> v1::Order {
    v1::Order { currency: "CNY".into(), lines: vec![line("tea", 2, 6_000), line("cup", 1, 3_000)], shipping_minor: 800 }
}

fn ask(user: &str, chosen: &[&str]) -> v1::QuoteRequest {
    let chosen_coupon_ids = chosen.iter().map(|&id| id.to_owned()).collect();
    v1::QuoteRequest { user_id: user.to_owned(), order: Some(order()), channel: String::new(), chosen_coupon_ids }
}

/// A discount of the order that stands beside any.
fn stacked(kind: Kind) -> v1::TemplateSpec {
    let stacking = v1::Stacking { class: v1::StackingClass::Always.into(), ..v1::Stacking::default() };
    v1::TemplateSpec { kind: Some(kind), stacking: Some(stacking), ..twenty_off() }
}

async fn give(house: &mut House, user: &str, spec: v1::TemplateSpec) -> String {
    let template = house.template(spec).await;
    house.claims.claim(claim(user, &template)).await.expect("a user claims a new template").into_inner().coupon_id
}

#[tokio::test]
async fn a_users_order_is_quoted_line_by_line() {
    let (mut house, user) = (House::open().await, fresh("user"));
    let tenth = Kind::PercentOff(v1::PercentOff { pay_basis_points: 9_000, cap_minor: None });
    let percent = give(&mut house, &user, v1::TemplateSpec { layer: v1::Layer::Item.into(), ..stacked(tenth) }).await;
    let cash = give(&mut house, &user, stacked(Kind::CashVoucher(v1::CashVoucher { amount_minor: 1_000 }))).await;
    let pieces = give(&mut house, &user, stacked(Kind::QuantityOff(v1::QuantityOff { pieces: 5, amount_minor: 1_000 }))).await;
    let alone = give(&mut house, &user, stacked(Kind::CashVoucher(v1::CashVoucher { amount_minor: 900 }))).await;
    let gift = give(&mut house, &user, card()).await;
    let quote = house.checkouts.quote(ask(&user, &[&gift, &cash, &percent, &pieces])).await.unwrap().into_inner();

    let usable: Vec<_> = quote.usable.iter().map(|one| (&one.coupon_id, one.discount_minor, one.available_minor)).collect();
    assert_eq!(usable, [(&gift, 0, 500), (&alone, 900, 0), (&cash, 1_000, 0), (&percent, 1_500, 0)]);
    let refused = |one: &v1::UnusableCoupon| {
        let reason = one.reason.clone().unwrap();
        (one.coupon_id.clone(), reason.reason(), reason.value)
    };
    let expected = [(pieces, v1::Reason::BelowQuantity, 2)];
    assert_eq!(quote.unusable.iter().map(refused).collect::<Vec<_>>(), expected);

    let chosen = quote.chosen.unwrap();
    let steps: Vec<_> =
        chosen.discounts.iter().map(|one| (&one.coupon_id, one.discount_minor, &one.line_shares_minor[..])).collect();
    assert_eq!(steps, [(&percent, 1_500, &[1_200, 300][..]), (&cash, 1_000, &[800, 200][..])]);
    let payments: Vec<_> = chosen.payments.iter().map(|one| (&one.coupon_id, one.amount_minor)).collect();
    assert_eq!((payments, chosen.discount_minor, chosen.payable_minor), (vec![(&gift, 500)], 2_500, 12_800));
    assert_eq!(chosen.unusable.iter().map(refused).collect::<Vec<_>>(), expected);

    let best = quote.best.unwrap();
    assert_eq!((best.discount_minor, best.payable_minor, best.payments.len()), (3_400, 12_400, 0));
    assert!(quote.best_is_exact && !quote.older_left_out);
}

#[tokio::test]
async fn a_coupon_that_stands_alone_names_the_one_it_cannot_stand_beside() {
    let (mut house, user) = (House::open().await, fresh("user"));
    let first = give(&mut house, &user, stacked(Kind::CashVoucher(v1::CashVoucher { amount_minor: 5 }))).await;
    let alone = give(&mut house, &user, v1::TemplateSpec { priority: 9, ..twenty_off() }).await;
    let quote = house.checkouts.quote(ask(&user, &[&first, &alone])).await.unwrap().into_inner();
    let [refused] = &quote.chosen.unwrap().unusable[..] else { panic!("one of them does nothing") };
    let reason = refused.reason.clone().unwrap();
    assert_eq!((reason.reason(), reason.value), (v1::Reason::NotCombinable, 0));
    assert_eq!((&refused.coupon_id, &refused.not_beside_coupon_id), (&alone, &first));
}

#[tokio::test]
async fn a_chosen_coupon_that_is_used_says_so_and_is_not_among_the_active() {
    let (mut house, user) = (House::open().await, fresh("user"));
    let owned = house.coupon(twenty_off()).await;
    house.redemptions.redeem(crate::house::redeem(owned.by_code(), crate::house::yuan(20_000))).await.unwrap();
    let quote = house.checkouts.quote(ask(&owned.user, &[&owned.claimed.coupon_id])).await.unwrap().into_inner();
    assert_eq!((quote.usable.len(), quote.unusable.len()), (0, 0));
    assert_eq!(quote.chosen.unwrap().unusable[0].reason.clone().unwrap().reason(), v1::Reason::CouponUsed);
    check(house.checkouts.quote(ask(&user, &[&owned.claimed.coupon_id])).await, Code::NotFound, "CODE_NOT_ACCEPTED", "", 0);
}

#[tokio::test]
async fn a_user_without_coupons_is_quoted_the_whole_order() {
    let quote = House::open().await.checkouts.quote(ask(&fresh("user"), &[])).await.unwrap().into_inner();
    let best = quote.best.unwrap();
    assert_eq!((best.discount_minor, best.payable_minor, quote.best_is_exact), (0, 15_800, true));
}

#[tokio::test]
async fn an_order_that_is_none_is_refused_by_its_field() {
    let mut house = House::open().await;
    let long = || "x".repeat(65);
    let of_lines = |lines| Some(v1::Order { lines, ..order() });
    let good = || line("tea", 1, 100);
    for (order, field, value) in [
        (None, "order", 0),
        (Some(v1::Order { currency: "yuan".into(), ..order() }), "order.currency", 3),
        (of_lines(Vec::new()), "order.lines", 1),
        (of_lines(vec![good(); 201]), "order.lines", 200),
        (of_lines(vec![v1::OrderLine { goods_id: long(), ..good() }]), "order.lines.goods_id", 64),
        (of_lines(vec![v1::OrderLine { merchant_id: String::new(), ..good() }]), "order.lines.merchant_id", 64),
        (of_lines(vec![v1::OrderLine { category_ids: vec![String::new()], ..good() }]), "order.lines.category_ids", 64),
        (of_lines(vec![v1::OrderLine { category_ids: vec!["c".into(); 17], ..good() }]), "order.lines.category_ids", 16),
        (of_lines(vec![v1::OrderLine { quantity: 0, ..good() }]), "order.lines.quantity", 1),
        (of_lines(vec![v1::OrderLine { unit_price_minor: -1, ..good() }]), "order.lines.unit_price_minor", 0),
        (Some(v1::Order { shipping_minor: -1, ..order() }), "order.shipping_minor", 0),
        (Some(v1::Order { shipping_minor: 0, lines: vec![line("tea", 1, 0)], ..order() }), "order.lines.unit_price_minor", 1),
    ] {
        let answer = house.checkouts.quote(v1::QuoteRequest { order, ..ask("u", &[]) }).await;
        check(answer, Code::InvalidArgument, "INVALID_ARGUMENT", field, value);
    }
    let dear = of_lines(vec![line("tea", 2, 500_000_000_000_001)]);
    let answer = house.checkouts.quote(v1::QuoteRequest { order: dear, ..ask("u", &[]) }).await;
    check(answer, Code::OutOfRange, "AMOUNT_OUT_OF_RANGE", "order.lines", 1_000_000_000_000_000);
    let many: Vec<String> = (0..17).map(|number| format!("coupon-{number}")).collect();
    let request = v1::QuoteRequest { chosen_coupon_ids: many, ..ask("u", &[]) };
    check(house.checkouts.quote(request).await, Code::InvalidArgument, "INVALID_ARGUMENT", "chosen_coupon_ids", 16);
    let request = v1::QuoteRequest { chosen_coupon_ids: vec!["nobody's".into()], ..ask("u", &[]) };
    check(house.checkouts.quote(request).await, Code::NotFound, "CODE_NOT_ACCEPTED", "", 0);
}
