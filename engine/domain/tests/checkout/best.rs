//! Which coupons are the best for an order.

use crate::given::*;
use crate::naive;
use crate::shop::{self, Coupon, Dice, offers};
use tessera_domain::Rejection;
use tessera_domain::checkout::{Best, CANDIDATES_EXACT_MAX, CANDIDATES_MAX, Layer, Order, Unusable, apply, best};

fn found(order: &Order, coupons: &[Coupon]) -> Best {
    best(order, &offers(coupons)).expect("no more candidates than are taken")
}

#[track_caller]
fn check_best(order: &Order, coupons: &[Coupon], chosen: &[u64], discount: i64) {
    let best = found(order, coupons);
    assert_eq!((&*best.chosen, best.applied.discount(), best.is_exact), (chosen, discount, true));
}

#[test]
fn the_largest_discount_is_found() {
    let order = order(&[("a", 1, 10_000)], 0);
    check_best(&order, &[coupon(1, percent(8_000)).alone(), coupon(2, amount(10_000, 2_500)).alone()], &[2], 2_500);
    check_best(&order, &[coupon(1, percent(8_000)), coupon(2, amount(10_000, 2_500))], &[1, 2], 4_500);
    check_best(&order, &[], &[], 0);
}

#[test]
fn an_early_coupon_is_left_out_where_it_spoils_a_later_one() {
    let order = order(&[("a", 1, 10_000)], 0);
    let coupons = [coupon(1, voucher(500)).layer(Layer::Item), coupon(2, amount(10_000, 2_500))];
    check_best(&order, &coupons, &[2], 2_500);
}

#[test]
fn two_that_agree_are_better_than_one_that_does_not() {
    let order = order(&[("a", 1, 10_000)], 0);
    let coupons = [coupon(1, voucher(900)).alone(), coupon(2, voucher(500)), coupon(3, voucher(500))];
    check_best(&order, &coupons, &[2, 3], 1_000);
}

#[test]
fn of_equal_discounts_fewer_coupons_win_then_lower_numbers() {
    let order = order(&[("a", 1, 1_000)], 0);
    let halves = [coupon(1, voucher(500)), coupon(2, voucher(500)), coupon(3, voucher(1_000)), coupon(4, voucher(1_000))];
    check_best(&order, &halves, &[3], 1_000);
    let one_of = |number| coupon(number, voucher(100)).in_group("g", 1);
    check_best(&order, &[one_of(9), one_of(5), one_of(7)], &[5], 100);
    let later = [coupon(1, voucher(100)).in_group("g", 1).layer(Layer::Order), one_of(2).layer(Layer::Item)];
    check_best(&order, &later, &[1], 100);
}

#[test]
fn a_coupon_without_effect_is_not_chosen() {
    let order = order(&[("a", 1, 1_000)], 0);
    let coupons = [coupon(1, voucher(1_000)), coupon(2, percent(5_000)).priority(1), coupon(3, amount(2_000, 1))];
    check_best(&order, &coupons, &[1], 1_000);
}

#[test]
fn a_coupon_without_effect_now_may_have_one_after_others() {
    // The voucher leaves nothing of a; an exchange takes a and b; only then does the other one come to c.
    let order = order(&[("a", 1, 100), ("b", 1, 90), ("c", 1, 80), ("d", 1, 10)], 0);
    let coupons = [coupon(1, voucher(200)).on(&["a", "d"]), coupon(2, exchange(2)), coupon(3, exchange(1))];
    check_some(&order, &[coupons[0].clone(), coupons[2].clone()], &[(1, 110)], &[(3, Unusable::NoEffect)]);
    check_best(&order, &coupons, &[1, 2, 3], 280);
}

#[test]
fn what_the_best_do_is_told() {
    let order = order(&[("a", 1, 1_000), ("b", 1, 500)], 100);
    let coupons = [coupon(1, percent(9_000)), coupon(2, voucher(50)).layer(Layer::Shipping), coupon(3, amount(9_000, 1))];
    let best = found(&order, &coupons);
    assert_eq!(best.applied, apply(&order, &offers(&coupons[..2])));
    assert_eq!((best.chosen, best.applied.payable), (vec![1, 2], 1_400));
}

#[test]
fn thirteen_candidates_with_an_effect_are_too_many_for_all_sets() {
    let order = order(&[("a", 1, 1_000_000)], 0);
    let mut coupons: Vec<Coupon> = (1..=13).map(|number| coupon(number, voucher(number as i64))).collect();
    assert!(!found(&order, &coupons).is_exact);
    assert_eq!(found(&order, &coupons).applied.discount(), 91);
    coupons[0].kind = amount(2_000_000, 1);
    assert!(found(&order, &coupons).is_exact);
    assert_eq!(found(&order, &coupons).chosen, (2..=13).collect::<Vec<u64>>());
}

#[test]
fn one_is_added_after_the_other_beyond_all_sets() {
    // The largest of all stands alone, and takes less than the others together.
    let order = order(&[("a", 1, 1_000_000)], 0);
    let mut coupons: Vec<Coupon> = (1..=13).map(|number| coupon(number, voucher(100))).collect();
    coupons.push(coupon(14, voucher(200)).alone());
    let best = found(&order, &coupons);
    assert_eq!((best.chosen, best.is_exact), ((1..=13).collect(), false));
    coupons[13].kind = voucher(1_301);
    assert_eq!(found(&order, &coupons).chosen, [14]);
    coupons.remove(0);
    assert!(found(&order, &coupons).is_exact, "one that stands alone is a set by itself");
}

#[test]
fn growing_takes_the_most_then_the_lowest_number() {
    let order = order(&[("a", 1, 1_000_000)], 0);
    let mut coupons: Vec<Coupon> = (1..=20).map(|number| coupon(number, voucher(100))).collect();
    coupons[18].kind = voucher(101);
    let best = found(&order, &coupons);
    assert_eq!(best.chosen, (1..=15).chain([19]).collect::<Vec<u64>>());
    assert_eq!((best.applied.discount(), best.is_exact), (1_601, false));
}

#[test]
fn more_than_200_candidates_are_refused() {
    let order = order(&[("a", 1, 1_000)], 0);
    let coupons = vec![coupon(1, voucher(1)); CANDIDATES_MAX + 1];
    assert_eq!(best(&order, &offers(&coupons)), Err(Rejection::invalid("coupons", 200)));
    assert_eq!(found(&order, &coupons[1..]).chosen, [1]);
}

#[test]
fn the_best_is_the_best_of_all_sets() {
    let (mut with_several, mut largest) = (0, 0);
    for seed in 0..10_000 {
        let mut dice = Dice::new(seed);
        let scale = dice.one_of(&shop::SCALES);
        let order = shop::order(&mut dice, 4, scale);
        let most = dice.below(CANDIDATES_EXACT_MAX as u64 + 1);
        let count = if dice.is_one_in(10) { CANDIDATES_EXACT_MAX as u64 } else { most };
        let coupons = shop::coupons(&mut dice, count, scale);
        let (best, naive) = (found(&order, &coupons), naive::best(&order, &coupons));
        let told = (best.applied.discount(), &best.chosen, best.is_exact);
        assert_eq!(told, (naive.discount, &naive.coupons, true), "seed {seed}: {order:?} {coupons:#?}");
        with_several += u32::from(naive.coupons.len() >= 2);
        largest = largest.max(naive.coupons.len());
    }
    assert!(with_several > 4_000 && largest >= 7, "{with_several} with two coupons or more, {largest} at most");
}

#[test]
fn growing_is_growing_in_slow_words() {
    let mut inexact = 0;
    for seed in 0..400 {
        let mut dice = Dice::new(1_000_000 + seed);
        let scale = dice.one_of(&shop::SCALES);
        let order = shop::order(&mut dice, 4, scale);
        let count = 24 + dice.below(20);
        let coupons = shop::coupons(&mut dice, count, scale);
        let best = found(&order, &coupons);
        let told = (best.applied.discount(), &best.chosen);
        if !best.is_exact {
            inexact += 1;
            let naive = naive::grown(&order, &coupons);
            assert_eq!(told, (naive.discount, &naive.coupons), "seed {seed}: {order:?} {coupons:#?}");
        }
    }
    assert!(inexact > 150, "{inexact} were not exact");
}
