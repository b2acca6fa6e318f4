//! In which order discounts are taken off, and from which amounts they are reckoned.

use crate::given::*;
use tessera_domain::checkout::{Layer, Unusable};

#[test]
fn coupons_are_applied_by_layer_then_priority_then_number() {
    let order = order(&[("a", 1, 10_000)], 1_000);
    let coupons = [
        coupon(1, voucher(1)).layer(Layer::Shipping),
        coupon(2, voucher(1)).priority(9),
        coupon(4, voucher(1)).priority(2),
        coupon(3, voucher(1)).priority(2),
        coupon(5, voucher(1)).layer(Layer::Item).priority(7),
    ];
    let applied = applied(&order, &coupons);
    assert_eq!(applied.steps.iter().map(|step| step.coupon).collect::<Vec<_>>(), [5, 3, 4, 2, 1]);
}

#[test]
fn a_coupon_given_twice_counts_once() {
    let coupons = [coupon(1, voucher(10)), coupon(2, voucher(5)), coupon(1, voucher(10))];
    check(&order(&[("a", 1, 100)], 0), &coupons, &[(1, &[10]), (2, &[5])]);
}

#[test]
fn percentages_follow_each_other_on_what_remains() {
    let order = order(&[("a", 1, 10_000)], 0);
    check(&order, &[coupon(1, percent(8_000)), coupon(2, percent(9_000))], &[(1, &[2_000]), (2, &[800])]);
    check(&order, &[coupon(1, percent(8_000)), coupon(2, percent(9_000)).initial()], &[(1, &[2_000]), (2, &[1_000])]);
}

#[test]
fn a_discount_from_initial_amounts_is_at_most_what_is_left() {
    let order = order(&[("a", 1, 10_000)], 0);
    let coupons = [coupon(1, voucher(7_000)), coupon(2, percent(5_000)).initial(), coupon(3, voucher(1)).initial()];
    check_some(&order, &coupons, &[(1, 7_000), (2, 3_000)], &[(3, Unusable::NoEffect)]);
}

#[test]
fn a_discount_from_initial_amounts_is_split_by_what_is_left() {
    // 50 % of 200 is 100; the first line has 20 left and the second 100.
    let order = order(&[("a", 1, 100), ("b", 1, 100)], 0);
    let coupons = [coupon(1, voucher(80)).on(&["a"]).layer(Layer::Item), coupon(2, percent(5_000)).initial()];
    check(&order, &coupons, &[(1, &[80, 0]), (2, &[17, 83])]);
}

#[test]
fn a_threshold_looks_at_what_earlier_layers_have_left() {
    let order = order(&[("a", 1, 10_000)], 0);
    let item = coupon(1, voucher(1_000)).layer(Layer::Item);
    let missing = Unusable::BelowThreshold { missing: 1_000 };
    check_some(&order, &[item.clone(), coupon(2, amount(10_000, 500))], &[(1, 1_000)], &[(2, missing)]);
    check_some(&order, &[item.clone(), coupon(2, amount(9_000, 500))], &[(1, 1_000), (2, 500)], &[]);
    check_some(&order, &[item, coupon(2, amount(10_000, 500)).initial()], &[(1, 1_000), (2, 500)], &[]);
}

#[test]
fn thresholds_of_one_layer_do_not_hinder_each_other() {
    let order = order(&[("a", 1, 10_000)], 0);
    let item = coupon(1, voucher(1_000)).layer(Layer::Item);
    let coupons = [item, coupon(2, amount(9_000, 4_000)), coupon(3, amount(9_000, 3_000)), coupon(4, amount(9_000, 3_000))];
    check_some(&order, &coupons, &[(1, 1_000), (2, 4_000), (3, 3_000), (4, 2_000)], &[]);
}

#[test]
fn a_threshold_looks_at_its_own_lines_alone() {
    let order = order(&[("a", 1, 10_000), ("b", 1, 10_000)], 0);
    let item = coupon(1, voucher(1_000)).on(&["a"]).layer(Layer::Item);
    check(&order, &[item, coupon(2, amount(10_000, 500)).on(&["b"])], &[(1, &[1_000, 0]), (2, &[0, 500])]);
}

#[test]
fn the_others_are_reckoned_without_a_coupon_that_has_no_effect() {
    let order = order(&[("a", 1, 10_000)], 0);
    let coupons =
        [coupon(1, amount(20_000, 9_000)).layer(Layer::Item), coupon(2, amount(10_000, 1_000)), coupon(3, percent(5_000))];
    let missing = Unusable::BelowThreshold { missing: 10_000 };
    check_some(&order, &coupons, &[(2, 1_000), (3, 4_500)], &[(1, missing)]);
}

#[test]
fn shipping_discounts_come_off_shipping_alone() {
    let order = order(&[("a", 1, 10_000)], 1_200);
    let applied = applied(&order, &[coupon(1, voucher(1_000)), coupon(2, voucher(2_000)).layer(Layer::Shipping)]);
    let [goods, shipping] = &*applied.steps else { panic!("both have an effect") };
    assert_eq!((goods.discount, &*goods.shares, goods.shipping_share), (1_000, &[1_000][..], 0));
    assert_eq!((shipping.discount, &*shipping.shares, shipping.shipping_share), (1_200, &[0][..], 1_200));
    assert_eq!((&*applied.left, applied.shipping_left, applied.payable), (&[9_000][..], 0, 9_000));
    assert_eq!(applied.discount(), 2_200);
}

#[test]
fn goods_discounts_leave_shipping_alone() {
    let applied = applied(&order(&[("a", 1, 100)], 1_200), &[coupon(1, voucher(500)), coupon(2, percent(0))]);
    assert_eq!((applied.discount(), applied.shipping_left, applied.payable), (100, 1_200, 1_200));
}

#[test]
fn shipping_percentages_are_of_shipping_and_thresholds_of_goods() {
    let order = order(&[("a", 1, 10_000), ("b", 1, 5_000)], 1_000);
    let shipping = |number, effect| coupon(number, effect).layer(Layer::Shipping);
    check_some(&order, &[shipping(1, percent(8_000)), shipping(2, percent(8_000))], &[(1, 200), (2, 160)], &[]);
    check_some(&order, &[shipping(1, percent(8_000)), shipping(2, percent(8_000)).initial()], &[(1, 200), (2, 200)], &[]);
    check_some(&order, &[shipping(1, amount(15_000, 600))], &[(1, 600)], &[]);
    check_some(&order, &[shipping(1, pieces(2, 700))], &[(1, 700)], &[]);
    let missing = Unusable::BelowThreshold { missing: 5_000 };
    check_some(&order, &[shipping(1, amount(10_000, 600)).on(&["b"])], &[], &[(1, missing)]);
    let missing = Unusable::BelowThreshold { missing: 1 };
    let goods = coupon(1, voucher(1)).layer(Layer::Order);
    check_some(&order, &[goods.clone(), shipping(2, amount(15_000, 600))], &[(1, 1)], &[(2, missing)]);
    check_some(&order, &[goods, shipping(2, amount(15_000, 600)).initial()], &[(1, 1), (2, 600)], &[]);
}

#[test]
fn a_shipping_coupon_needs_a_line_in_scope_and_something_to_ship() {
    let shipping = coupon(1, percent(0)).layer(Layer::Shipping);
    let of_b = shipping.clone().on(&["b"]);
    check_some(&order(&[("a", 1, 10)], 100), std::slice::from_ref(&of_b), &[], &[(1, Unusable::OutOfScope)]);
    check_some(&order(&[("a", 1, 10), ("b", 1, 0)], 100), &[of_b], &[(1, 100)], &[]);
    check_some(&order(&[("a", 1, 10)], 0), &[shipping], &[], &[(1, Unusable::NoEffect)]);
}

#[test]
fn shares_do_not_depend_on_where_a_line_stands_but_for_ties() {
    let coupons = [coupon(1, percent(6_700)), coupon(2, amount(0, 7)).on(&["a", "c"])];
    let there = applied(&order(&[("a", 1, 100), ("b", 1, 51), ("c", 2, 17)], 0), &coupons);
    let back = applied(&order(&[("c", 2, 17), ("b", 1, 51), ("a", 1, 100)], 0), &coupons);
    for (mut there, back) in there.steps.into_iter().zip(back.steps) {
        there.shares.reverse();
        assert_eq!(there, back);
    }
}

#[test]
fn a_tie_goes_to_the_lower_line() {
    check(&order(&[("a", 1, 10), ("b", 1, 10)], 0), &[coupon(1, voucher(5))], &[(1, &[3, 2])]);
    check(&order(&[("b", 1, 10), ("a", 1, 10)], 0), &[coupon(1, voucher(5))], &[(1, &[3, 2])]);
}
