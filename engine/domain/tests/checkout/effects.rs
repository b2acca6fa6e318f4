//! What each effect takes off, in numbers.

use crate::given::*;
use tessera_domain::Kind;
use tessera_domain::checkout::{Layer, Unusable};
use tessera_domain::money::{AMOUNT_MAX, BasisPoints, Rounding};

fn capped(pay: u16, cap: i64) -> Kind {
    Kind::PercentOff { pay: BasisPoints::new(pay).expect("at most the whole"), cap: Some(cap) }
}

#[test]
fn percent_is_taken_once_on_the_subtotal_and_split_exactly() {
    // 15 % of 999 is 149.85; line by line it would be 50 + 50 + 50.
    check(&order(&[("a", 1, 333), ("b", 1, 333), ("c", 1, 333)], 0), &[coupon(1, percent(8_500))], &[(1, &[50, 50, 50])]);
    check(&order(&[("a", 1, 3), ("b", 1, 3), ("c", 1, 3)], 0), &[coupon(1, percent(8_500))], &[(1, &[1, 0, 0])]);
    check(&order(&[("a", 2, 3_000), ("b", 1, 4_000)], 0), &[coupon(1, percent(8_000))], &[(1, &[1_200, 800])]);
}

#[test]
fn percent_is_rounded_as_the_template_says_then_capped() {
    let order = order(&[("a", 1, 5)], 0);
    for (rounding, discount) in [(Rounding::HalfUp, 3), (Rounding::Floor, 2), (Rounding::Ceil, 3), (Rounding::HalfEven, 2)] {
        check(&order, &[coupon(1, percent(5_000)).rounded(rounding)], &[(1, &[discount])]);
        check(&order, &[coupon(1, capped(5_000, 2)).rounded(rounding)], &[(1, &[2])]);
    }
}

#[test]
fn percent_that_rounds_to_nothing_has_no_effect() {
    let order = order(&[("a", 1, 4)], 0);
    check_some(&order, &[coupon(1, percent(9_000))], &[], &[(1, Unusable::NoEffect)]);
    check_some(&order, &[coupon(1, capped(0, 0))], &[], &[(1, Unusable::NoEffect)]);
    check_some(&order, &[coupon(1, percent(10_000))], &[], &[(1, Unusable::NoEffect)]);
}

#[test]
fn an_amount_comes_off_from_its_threshold_on() {
    let coupons = [coupon(1, amount(10_000, 2_000))];
    check(&order(&[("a", 1, 4_000), ("b", 1, 6_000)], 0), &coupons, &[(1, &[800, 1_200])]);
    let below = order(&[("a", 1, 4_000), ("b", 1, 5_999)], 500);
    check_some(&below, &coupons, &[], &[(1, Unusable::BelowThreshold { missing: 1 })]);
}

#[test]
fn an_amount_is_at_most_what_is_left() {
    check(&order(&[("a", 1, 70), ("b", 1, 30)], 10), &[coupon(1, amount(100, 1_000))], &[(1, &[70, 30])]);
    check(&order(&[("a", 1, 70)], 10), &[coupon(1, voucher(AMOUNT_MAX))], &[(1, &[70])]);
}

#[test]
fn a_voucher_has_no_threshold() {
    check(&order(&[("a", 1, 1), ("b", 1, 2)], 0), &[coupon(1, voucher(1))], &[(1, &[0, 1])]);
}

#[test]
fn only_lines_in_scope_count_and_pay() {
    let order = order(&[("a", 1, 6_000), ("b", 1, 5_000), ("c", 1, 4_000)], 0);
    check(&order, &[coupon(1, percent(5_000)).on(&["a", "c"])], &[(1, &[3_000, 0, 2_000])]);
    let missing = Unusable::BelowThreshold { missing: 5_000 };
    check_some(&order, &[coupon(1, amount(10_000, 1)).on(&["b"])], &[], &[(1, missing)]);
    check_some(&order, &[coupon(1, voucher(1)).on(&["d"])], &[], &[(1, Unusable::OutOfScope)]);
    check_some(&order, &[coupon(1, amount(1, 1)).on(&["d"])], &[], &[(1, Unusable::OutOfScope)]);
}

#[test]
fn a_line_that_costs_nothing_is_in_scope_all_the_same() {
    let order = order(&[("a", 3, 0), ("b", 1, 5)], 0);
    check_some(&order, &[coupon(1, voucher(1)).on(&["a"])], &[], &[(1, Unusable::NoEffect)]);
    check(&order, &[coupon(1, pieces(4, 1))], &[(1, &[0, 1])]);
}

#[test]
fn pieces_are_the_quantities_of_the_lines_in_scope() {
    let order = order(&[("a", 1, 1_000), ("b", 1, 3_000), ("c", 5, 100)], 0);
    check(&order, &[coupon(1, pieces(2, 1_000)).on(&["a", "b"])], &[(1, &[250, 750, 0])]);
    let missing = Unusable::BelowQuantity { missing: 1 };
    check_some(&order, &[coupon(1, pieces(3, 1_000)).on(&["a", "b"])], &[], &[(1, missing)]);
    check_some(&order, &[coupon(1, pieces(u32::MAX, 1))], &[], &[(1, Unusable::BelowQuantity { missing: u32::MAX - 7 })]);
}

#[test]
fn pieces_beyond_32_bits_are_counted() {
    let order = order(&[("a", u32::MAX, 1), ("b", u32::MAX, 1)], 0);
    check(&order, &[coupon(1, pieces(u32::MAX, 2))], &[(1, &[1, 1])]);
}

#[test]
fn an_exchange_takes_the_dearest_units_then_those_of_the_lower_line() {
    let order = order(&[("a", 2, 30), ("b", 1, 50), ("c", 2, 30)], 0);
    check(&order, &[coupon(1, exchange(1))], &[(1, &[0, 50, 0])]);
    check(&order, &[coupon(1, exchange(2))], &[(1, &[30, 50, 0])]);
    check(&order, &[coupon(1, exchange(4))], &[(1, &[60, 50, 30])]);
    check(&order, &[coupon(1, exchange(9))], &[(1, &[60, 50, 60])]);
    check(&order, &[coupon(1, exchange(1)).on(&["c"])], &[(1, &[0, 0, 30])]);
}

#[test]
fn an_exchanged_unit_is_worth_its_part_of_what_is_left_of_the_line() {
    // 10 off 3 × 30 leaves 80: one unit of three is 26, two are 53.
    let order = order(&[("a", 3, 30)], 0);
    let first = coupon(1, voucher(10)).layer(Layer::Item);
    check(&order, &[first.clone(), coupon(2, exchange(1))], &[(1, &[10]), (2, &[26])]);
    check(&order, &[first.clone(), coupon(2, exchange(2))], &[(1, &[10]), (2, &[53])]);
    check(&order, &[first.clone(), coupon(2, exchange(3))], &[(1, &[10]), (2, &[80])]);
    check(&order, &[first.clone(), coupon(2, exchange(1)).initial()], &[(1, &[10]), (2, &[30])]);
    check(&order, &[first, coupon(2, exchange(3)).initial()], &[(1, &[10]), (2, &[80])]);
}

#[test]
fn a_unit_is_given_away_once() {
    let order = order(&[("a", 2, 30), ("b", 1, 20)], 0);
    let coupons = [coupon(1, exchange(1)), coupon(2, exchange(1)), coupon(3, exchange(1)), coupon(4, exchange(1))];
    check_some(&order, &coupons, &[(1, 30), (2, 30), (3, 20)], &[(4, Unusable::NoEffect)]);
    let initial = coupons.map(|coupon| coupon.initial());
    check_some(&order, &initial, &[(1, 30), (2, 30), (3, 20)], &[(4, Unusable::NoEffect)]);
}

#[test]
fn an_exchange_of_what_costs_nothing_any_more_has_no_effect() {
    let order = order(&[("a", 1, 30), ("b", 1, 20)], 0);
    let coupons = [coupon(1, voucher(30)).on(&["a"]).layer(Layer::Item), coupon(2, exchange(1))];
    check_some(&order, &coupons, &[(1, 30)], &[(2, Unusable::NoEffect)]);
}

#[test]
fn an_exchange_of_shipping_has_no_effect() {
    check_some(&order(&[("a", 1, 30)], 10), &[coupon(1, exchange(1)).layer(Layer::Shipping)], &[], &[(1, Unusable::NoEffect)]);
}

#[test]
fn the_largest_order_is_split_exactly() {
    let order = order(&[("a", 1, AMOUNT_MAX / 3), ("b", 1, AMOUNT_MAX / 3), ("c", 1, AMOUNT_MAX / 3)], 1);
    let third = AMOUNT_MAX / 3;
    // 99.99 % of 999,999,999,999,999 is 999,899,999,999,999.0001.
    check(&order, &[coupon(1, percent(1))], &[(1, &[third - 33_333_333_333, third - 33_333_333_333, third - 33_333_333_334])]);
    check(&order, &[coupon(1, percent(0))], &[(1, &[third; 3])]);
}
