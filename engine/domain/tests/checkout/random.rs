//! What holds for any order: a slice of what `examples/orders.rs` asks a million times, and the shares against the slow words.

use crate::audit::audit;
use crate::naive;
use crate::shop::{self, Coupon, Dice, offers};
use tessera_domain::Kind;
use tessera_domain::checkout::{Order, apply};

#[test]
fn sums_lines_and_totals_hold_for_20_000_orders() {
    let mut with_several = 0;
    for seed in 0..20_000 {
        let mut dice = Dice::new(seed);
        let scale = dice.one_of(&shop::SCALES);
        let order = shop::order(&mut dice, 8, scale);
        let count = dice.below(9);
        let coupons = shop::coupons(&mut dice, count, scale);
        let applied = audit(&order, &coupons, &mut dice).unwrap_or_else(|broken| panic!("seed {seed}: {broken}"));
        with_several += u32::from(applied.steps.len() >= 2);
    }
    assert!(with_several > 5_000, "{with_several} orders had two coupons with effect");
}

#[test]
fn what_comes_off_each_line_is_what_the_slow_words_say() {
    for seed in 0..20_000 {
        let mut dice = Dice::new(50_000 + seed);
        let scale = dice.one_of(&shop::SCALES);
        let order = shop::order(&mut dice, 5, scale);
        let coupons: Vec<Coupon> = shop::coupons(&mut dice, 6, scale);
        let applied = apply(&order, &offers(&coupons));
        let standing = |coupon: &&Coupon| applied.steps.iter().any(|step| step.coupon == coupon.number);
        let told: Vec<(u64, Vec<i64>, i64)> =
            applied.steps.iter().map(|step| (step.coupon, step.shares.clone(), step.shipping_share)).collect();
        let set: Vec<&Coupon> = coupons.iter().filter(standing).collect();
        assert_eq!(told, naive::shares(&order, &set), "seed {seed}: {order:?} {coupons:#?}");
    }
}

/// Shares of one coupon under another order of lines: the same but for the minor units and the units that a tie decides.
#[test]
fn a_line_gives_the_same_wherever_it_stands() {
    let mut seen = 0;
    for seed in 0..20_000 {
        let mut dice = Dice::new(100_000 + seed);
        let scale = dice.one_of(&shop::SCALES);
        let order = shop::order(&mut dice, 6, scale);
        let coupons = shop::coupons(&mut dice, 1, scale);
        let mut moved: Vec<usize> = (0..order.lines().len()).collect();
        dice.shuffle(&mut moved);
        let lines = moved.iter().map(|&at| order.lines()[at].clone()).collect();
        let (there, here) =
            [&order, &Order::new(lines, order.shipping()).unwrap()].map(|order| apply(order, &offers(&coupons))).into();
        assert_eq!((there.discount(), &there.unusable), (here.discount(), &here.unusable), "seed {seed}");
        let [there, here] = [there, here].map(|applied| applied.steps.into_iter().next().map(|step| step.shares));
        let (Some(there), Some(here)) = (there, here) else { continue };
        seen += 1;
        let by_price = |price: i64, is_here: bool| -> i64 {
            let is_of = |at: &usize| order.lines()[moved[*at]].unit_price == price;
            (0..moved.len()).filter(is_of).map(|at| if is_here { here[at] } else { there[moved[at]] }).sum()
        };
        for (at, &from) in moved.iter().enumerate() {
            let price = order.lines()[from].unit_price;
            let is_alike = match coupons[0].kind {
                Kind::Exchange { .. } => by_price(price, true) == by_price(price, false),
                _ => (here[at] - there[from]).abs() <= 1,
            };
            assert!(is_alike, "seed {seed}: line {from} as line {at}: {} and {}", there[from], here[at]);
        }
    }
    assert!(seen > 10_000, "{seen} coupons had an effect");
}
