//! Which coupons stand beside which.

use crate::given::*;
use crate::naive;
use crate::shop::{self, Coupon, Dice};
use tessera_domain::checkout::{INSTRUMENTS_MAX, Layer, Order, Unusable};

fn rich() -> Order {
    order(&[("a", 1, 1_000_000)], 1_000_000)
}

fn with(with: u64) -> Unusable {
    Unusable::NotCombinable { with }
}

#[test]
fn a_coupon_that_stands_alone_stands_beside_none() {
    let (first, second) = (coupon(1, voucher(5)), coupon(2, voucher(7)));
    check_some(&rich(), &[first.clone().alone(), second.clone()], &[(1, 5)], &[(2, with(1))]);
    check_some(&rich(), &[first.clone(), second.clone().alone()], &[(1, 5)], &[(2, with(1))]);
    check_some(&rich(), &[first.alone(), second.alone()], &[(1, 5)], &[(2, with(1))]);
}

#[test]
fn standing_alone_goes_across_layers() {
    let coupons = [coupon(1, voucher(5)).layer(Layer::Shipping), coupon(2, voucher(7)).layer(Layer::Item).alone()];
    check_some(&rich(), &coupons, &[(2, 7)], &[(1, with(2))]);
}

#[test]
fn of_a_group_one_stands_unless_more_are_allowed() {
    let of = |number, most| coupon(number, voucher(number as i64)).in_group("g", most);
    check_some(&rich(), &[of(1, 0), of(2, 0)], &[(1, 1)], &[(2, with(1))]);
    check_some(&rich(), &[of(1, 1), of(2, 1)], &[(1, 1)], &[(2, with(1))]);
    check_some(&rich(), &[of(1, 2), of(2, 2), of(3, 2)], &[(1, 1), (2, 2)], &[(3, with(1))]);
    check_some(&rich(), &[of(1, 9), of(2, 9), of(3, 9)], &[(1, 1), (2, 2), (3, 3)], &[]);
}

#[test]
fn all_of_a_group_must_agree() {
    let of = |number, most| coupon(number, voucher(number as i64)).in_group("g", most);
    check_some(&rich(), &[of(1, 1), of(2, 3)], &[(1, 1)], &[(2, with(1))]);
    check_some(&rich(), &[of(1, 3), of(2, 1)], &[(1, 1)], &[(2, with(1))]);
    check_some(&rich(), &[of(1, 2), of(2, 3), of(3, 3)], &[(1, 1), (2, 2)], &[(3, with(1))]);
}

#[test]
fn groups_do_not_count_each_other_nor_those_of_none() {
    let coupons = [
        coupon(1, voucher(1)),
        coupon(2, voucher(2)).in_group("g", 1),
        coupon(3, voucher(3)).in_group("h", 1),
        coupon(4, voucher(4)).in_group("g", 1),
    ];
    check_some(&rich(), &coupons, &[(1, 1), (2, 2), (3, 3)], &[(4, with(2))]);
}

#[test]
fn a_template_says_how_many_of_it_one_order_takes() {
    let of = |number, most| coupon(number, voucher(number as i64)).of_template(7, most);
    check_some(&rich(), &[coupon(9, voucher(9)), of(1, 1), of(2, 1)], &[(1, 1), (9, 9)], &[(2, with(1))]);
    check_some(&rich(), &[of(1, 2), of(2, 2), of(3, 2)], &[(1, 1), (2, 2)], &[(3, with(1))]);
    check_some(&rich(), &[of(1, 0), of(2, 1)], &[(1, 1)], &[(2, with(1))]);
    check_some(&rich(), &[of(1, 1), of(2, 0)], &[(1, 1)], &[(2, with(1))]);
}

#[test]
fn an_order_takes_16() {
    let coupons: Vec<Coupon> = (1..=17).map(|number| coupon(number, voucher(1))).collect();
    let applied = applied(&rich(), &coupons);
    assert_eq!((applied.steps.len(), &*applied.unusable), (INSTRUMENTS_MAX, &[(17, with(1))][..]));
}

#[test]
fn a_coupon_without_effect_is_in_nobodys_way() {
    let coupons = [coupon(1, amount(2_000_000, 1)).alone(), coupon(2, voucher(2)).alone(), coupon(3, voucher(3))];
    let missing = Unusable::BelowThreshold { missing: 1_000_000 };
    check_some(&rich(), &coupons, &[(2, 2)], &[(1, missing), (3, with(2))]);
}

#[test]
fn the_scope_is_told_before_the_others_and_they_before_the_threshold() {
    let coupons = [coupon(1, voucher(1)).alone(), coupon(2, voucher(1)).on(&["b"]), coupon(3, amount(2_000_000, 1))];
    check_some(&rich(), &coupons, &[(1, 1)], &[(2, Unusable::OutOfScope), (3, with(1))]);
}

/// Coupons whose effect is never in doubt, so that only stacking says which stand.
fn certain(dice: &mut Dice, count: u64) -> Vec<Coupon> {
    let plain =
        |thrown: Coupon| Coupon { stacking: thrown.stacking, template: thrown.template, ..coupon(thrown.number, voucher(1)) };
    shop::coupons(dice, count, 10).into_iter().map(plain).collect()
}

fn stands(order: &Order, set: &[Coupon]) -> bool {
    applied(order, set).unusable.is_empty()
}

#[test]
fn a_set_stands_exactly_if_all_of_it_agree() {
    let (mut dice, order) = (Dice::new(1), rich());
    let mut standing = 0;
    for round in 0..20_000 {
        let count = dice.below(20);
        let set = certain(&mut dice, count);
        let is_allowed = naive::is_allowed(&set.iter().collect::<Vec<_>>());
        assert_eq!(stands(&order, &set), is_allowed, "round {round}: {set:?}");
        standing += u32::from(is_allowed && set.len() > 1);
    }
    assert!(standing > 1_000, "{standing} sets of two or more were allowed");
}

#[test]
fn every_part_of_an_allowed_set_is_allowed() {
    let (mut dice, order) = (Dice::new(2), rich());
    let mut seen = 0;
    while seen < 300 {
        let count = 2 + dice.below(6);
        let set = certain(&mut dice, count);
        if !stands(&order, &set) {
            continue;
        }
        seen += 1;
        for bits in 0_u32..1 << set.len() {
            let part: Vec<Coupon> = (0..set.len()).filter(|at| bits >> at & 1 == 1).map(|at| set[at].clone()).collect();
            assert!(stands(&order, &part), "{part:?} of {set:?}");
        }
    }
}
