//! What the coupons are worth: every kind, layer, basis, rounding and stacking, scopes by goods, category and merchant, and cards that
//! end at different times or never.

use tessera_proto::v1::{
    AmountOff, Basis, CashVoucher, Exchange, FixedValidity, Layer, PercentOff, QuantityOff, RefundPolicy, Rounding, Scope,
    Stacking, StackingClass, TemplateSpec,
    template_spec::{Kind, Validity},
};

use super::basket;
use crate::scenario::templates;

/// How many of the templates are discounts; the others are cards.
pub const DISCOUNTS: usize = 14;

/// When some cards end, in ms: the first days of 2090 and of 2100.
const ENDS_MS: [i64; 2] = [3_786_912_000_000, 4_102_444_800_000];

/// All of them.
pub fn all() -> Vec<TemplateSpec> {
    let discounts: [TemplateSpec; DISCOUNTS] = [
        of_categories(&[0, 1], item(always(percent(8_000, Some(1_500))))),
        TemplateSpec {
            rounding: Rounding::Floor.into(),
            priority: 2,
            ..of_goods(item(initial(grouped("item", 1, percent(9_000, None)))))
        },
        of_categories(&[2, 5], item(initial(always(exchange(2))))),
        of_goods(item(grouped("gifts", 1, exchange(1)))),
        always(amount(10_000, 2_000)),
        initial(grouped("shop", 2, amount(5_000, 801))),
        grouped("shop", 2, spec(Kind::QuantityOff(QuantityOff { pieces: 4, amount_minor: 599 }))),
        twice(always(spec(Kind::CashVoucher(CashVoucher { amount_minor: 333 })))),
        TemplateSpec { rounding: Rounding::Ceil.into(), ..stays_used(percent(8_765, None)) },
        TemplateSpec { rounding: Rounding::HalfEven.into(), ..kept_out(3, stays_used(always(percent(9_550, None)))) },
        shipping(always(percent(0, None))),
        shipping(grouped("shop", 2, amount(3_000, 307))),
        TemplateSpec { priority: 5, ..of_merchants(&[1], always(percent(7_001, Some(907)))) },
        item(initial(always(amount(0, 77)))),
    ];
    let cards = [
        until(ENDS_MS[1], card(20_000)),
        until(ENDS_MS[0], card(6_007)),
        card(50_000),
        until(ENDS_MS[0], of_merchants(&[0, 1], card(9_001))),
    ];
    discounts.into_iter().chain(cards).collect()
}

fn spec(kind: Kind) -> TemplateSpec {
    templates::spec("checkout", kind, None, 0)
}

fn percent(pay_basis_points: u32, cap_minor: Option<i64>) -> TemplateSpec {
    spec(Kind::PercentOff(PercentOff { pay_basis_points, cap_minor }))
}

fn amount(threshold_minor: i64, amount_minor: i64) -> TemplateSpec {
    spec(Kind::AmountOff(AmountOff { threshold_minor, amount_minor }))
}

fn exchange(pieces: u32) -> TemplateSpec {
    spec(Kind::Exchange(Exchange { pieces }))
}

fn card(face_value_minor: i64) -> TemplateSpec {
    spec(templates::card(face_value_minor))
}

fn always(spec: TemplateSpec) -> TemplateSpec {
    let stacking = Stacking { class: StackingClass::Always.into(), ..Default::default() };
    TemplateSpec { stacking: Some(stacking), ..spec }
}

fn grouped(group: &str, max_per_group: u32, spec: TemplateSpec) -> TemplateSpec {
    let stacking =
        Stacking { class: StackingClass::Grouped.into(), group: group.to_owned(), max_per_group, ..Default::default() };
    TemplateSpec { stacking: Some(stacking), ..spec }
}

fn twice(spec: TemplateSpec) -> TemplateSpec {
    let stacking = Stacking { max_per_order: 2, ..spec.stacking.clone().unwrap_or_default() };
    TemplateSpec { stacking: Some(stacking), ..spec }
}

fn item(spec: TemplateSpec) -> TemplateSpec {
    TemplateSpec { layer: Layer::Item.into(), ..spec }
}

fn shipping(spec: TemplateSpec) -> TemplateSpec {
    TemplateSpec { layer: Layer::Shipping.into(), ..spec }
}

fn initial(spec: TemplateSpec) -> TemplateSpec {
    TemplateSpec { basis: Basis::Initial.into(), ..spec }
}

fn stays_used(spec: TemplateSpec) -> TemplateSpec {
    TemplateSpec { refund_policy: RefundPolicy::Never.into(), ..spec }
}

fn until(until_ms: i64, spec: TemplateSpec) -> TemplateSpec {
    TemplateSpec { validity: Some(Validity::FixedValidity(FixedValidity { from_ms: 0, until_ms })), ..spec }
}

fn within(scope: Scope, spec: TemplateSpec) -> TemplateSpec {
    TemplateSpec { scope: Some(scope), ..spec }
}

fn of_categories(numbers: &[u64], spec: TemplateSpec) -> TemplateSpec {
    let include_category_ids = numbers.iter().map(|&number| basket::category(number)).collect();
    within(Scope { include_category_ids, ..Default::default() }, spec)
}

fn kept_out(category: u64, spec: TemplateSpec) -> TemplateSpec {
    within(Scope { exclude_category_ids: vec![basket::category(category)], ..Default::default() }, spec)
}

fn of_goods(spec: TemplateSpec) -> TemplateSpec {
    let include_goods_ids = (0..basket::GOODS).step_by(3).map(basket::goods).collect();
    within(Scope { include_goods_ids, ..Default::default() }, spec)
}

fn of_merchants(numbers: &[u64], spec: TemplateSpec) -> TemplateSpec {
    let include_merchant_ids = numbers.iter().map(|&number| basket::merchant(number)).collect();
    within(Scope { include_merchant_ids, ..Default::default() }, spec)
}
