//! What holds for every order, whatever its coupons: sums are exact, no line gives more than it costs, nothing falls below zero.

use crate::shop::{Coupon, Dice, offers};
use tessera_domain::checkout::{Applied, Order, apply, best};

/// Applies the coupons, looks for the best of them, and looks at both; says what is broken.
pub fn audit(order: &Order, coupons: &[Coupon], dice: &mut Dice) -> Result<Applied, String> {
    let applied = apply(order, &offers(coupons));
    check(order, coupons, &applied)?;
    let mut shuffled = coupons.to_vec();
    dice.shuffle(&mut shuffled);
    that(apply(order, &offers(&shuffled)) == applied, "the order of the offers matters")?;
    let best_of = |coupons: &[Coupon]| best(order, &offers(coupons)).map_err(|refusal| refusal.to_string());
    let best = best_of(coupons)?;
    check(order, coupons, &best.applied)?;
    that(best_of(&shuffled)? == best, "the order of the candidates matters")?;
    that(best.applied.unusable.is_empty(), "a chosen coupon has no effect")?;
    that(!best.is_exact || best.applied.discount() >= applied.discount(), "all together take off more than the best")?;
    Ok(applied)
}

fn check(order: &Order, coupons: &[Coupon], applied: &Applied) -> Result<(), String> {
    let mut left = order.amounts().to_vec();
    let mut shipping_left = order.shipping();
    for step in &applied.steps {
        that(step.discount >= 1, "a discount is nothing")?;
        that(step.shares.len() == left.len() && step.shares.iter().all(|&share| share >= 0), "a share is below zero")?;
        that(step.shares.iter().sum::<i64>() + step.shipping_share == step.discount, "shares do not sum to their discount")?;
        left.iter_mut().zip(&step.shares).for_each(|(left, share)| *left -= share);
        shipping_left -= step.shipping_share;
        that(left.iter().all(|&left| left >= 0), "a line gives more than it costs")?;
        that(step.shipping_share >= 0 && shipping_left >= 0, "shipping gives more than it costs")?;
        let coupon = coupons.iter().find(|coupon| coupon.number == step.coupon).ok_or("a coupon from nowhere")?;
        that(is_in_scope(order, coupon, &step.shares), "a line out of scope gives something")?;
    }
    that(applied.left == left && applied.shipping_left == shipping_left, "what is left does not follow")?;
    that(applied.payable == left.iter().sum::<i64>() + shipping_left, "what is payable is not what is left")?;
    that(applied.payable >= 0 && applied.payable + applied.discount() == order.total(), "the total is not the order's")
}

fn is_in_scope(order: &Order, coupon: &Coupon, shares: &[i64]) -> bool {
    let covers = |at: usize| {
        let line = &order.lines()[at];
        coupon.scope.covers(line.goods.as_ref(), &line.categories, &line.merchant)
    };
    (0..shares.len()).all(|at| shares[at] == 0 || covers(at))
}

pub fn that(holds: bool, otherwise: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise.to_owned()) }
}
