//! Facts about the redemptions of an order.

use crate::given::story::story;

#[test]
fn an_order_finds_its_redemptions_newest_first() {
    story(
        "template gift card 1000 t1
         template cash off 0 100 t2
         claim alice gift r1
         claim alice cash r2
         redeem alice 0 shop/1 300 r3
         redeem alice 0 shop/2 300 r4
         hold alice 1 shop/1 500 r5
         order shop/1 => [#5 300 of 300 by coupon 0 less 0 at 1000]
         later 5
         capture #7 r6
         refund #5 r7 amount=50
         order shop/1 => [#8 100 of 500 by coupon 1 less 0 at 1005, #5 300 of 300 by coupon 0 less 50 at 1000]
         order shop/2 => [#6 300 of 300 by coupon 0 less 0 at 1000]
         order shop/3 => []
         order sho/p1 => []
         restart
         order shop/1 => [#8 100 of 500 by coupon 1 less 0 at 1005, #5 300 of 300 by coupon 0 less 50 at 1000]",
    );
}

#[test]
fn a_long_order_is_listed_up_to_its_limit() {
    let mut world = story("template cash off 0 100 t");
    world.requests_max = 10_000;
    for coupon in 0..300 {
        world.line(&format!("claim alice cash c{coupon}"));
        world.line(&format!("redeem alice {coupon} shop/1 500 r{coupon}"));
    }
    let Some(crate::given::Answer::Told(tessera_domain::Reply::Redemptions(listed))) = world.line("order shop/1") else {
        panic!("an order is listed")
    };
    assert_eq!((listed.len(), listed[0].coupon, listed[255].coupon), (256, 299, 44));
}
