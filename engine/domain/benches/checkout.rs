//! Checkout: `cargo bench -p tessera-domain --bench checkout`. What a quote of an order with many coupons takes of the thread that reckons it.

use criterion::{BatchSize, Criterion};
use tessera_domain::checkout::{CANDIDATES_EXACT_MAX, CANDIDATES_MAX, Class, LINES_MAX, Order, Stacking, apply, best};

#[path = "../tests/checkout/shop.rs"]
mod shop;

use shop::{Coupon, Dice};

/// Prices and amounts in fen, those of a supermarket.
const SCALE: i64 = shop::SCALES[6];

/// An order of so many lines, and so many coupons that have an effect on it.
fn thrown(seed: u64, lines: usize, coupons: usize) -> (Order, Vec<Coupon>) {
    let mut dice = Dice::new(seed);
    let order = loop {
        let order = shop::order(&mut dice, lines as u64, SCALE);
        if order.lines().len() == lines {
            break order;
        }
    };
    let has_effect = |coupon: &Coupon| !apply(&order, &[coupon.offer()]).steps.is_empty();
    let mut with_effect: Vec<Coupon> = shop::coupons(&mut dice, 20 * coupons as u64, SCALE);
    with_effect.retain(has_effect);
    with_effect.truncate(coupons);
    assert_eq!(with_effect.len(), coupons, "enough coupons have an effect");
    (order, with_effect)
}

/// Coupons that all stand beside each other.
fn all_stacking(mut coupons: Vec<Coupon>) -> Vec<Coupon> {
    coupons.iter_mut().for_each(|coupon| coupon.stacking = Stacking { class: Class::Always, ..Stacking::default() });
    coupons
}

fn measure(criterion: &mut Criterion, name: &str, lines: usize, coupons: usize, change: fn(Vec<Coupon>) -> Vec<Coupon>) {
    let mut seeds = 0..;
    let mut next = || {
        let (order, coupons) = thrown(seeds.next().expect("seeds do not run out"), lines, coupons);
        (order, change(coupons))
    };
    let quotes: Vec<(Order, Vec<Coupon>)> = (0..50).map(|_| next()).collect();
    let mut turn = quotes.iter().cycle();
    criterion.bench_function(name, |bencher| {
        bencher.iter_batched(
            || turn.next().expect("a circle has no end"),
            |(order, coupons)| best(order, &shop::offers(coupons)),
            BatchSize::SmallInput,
        )
    });
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    measure(&mut criterion, "checkout/best of 12 on 20 lines", 20, CANDIDATES_EXACT_MAX, |coupons| coupons);
    measure(&mut criterion, "checkout/best of 12 that stack on 20 lines", 20, CANDIDATES_EXACT_MAX, all_stacking);
    measure(&mut criterion, "checkout/best of 12 that stack on 200 lines", LINES_MAX, CANDIDATES_EXACT_MAX, all_stacking);
    measure(&mut criterion, "checkout/grown of 30 that stack on 20 lines", 20, 30, all_stacking);
    measure(&mut criterion, "checkout/grown of 200 that stack on 200 lines", LINES_MAX, CANDIDATES_MAX, all_stacking);
    criterion.final_summary();
}
