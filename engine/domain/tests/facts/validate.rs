//! Facts about validate 验证: what would be, and nothing happens.

use crate::given::story::story;

#[test]
fn a_validation_tells_what_a_redemption_would_do_and_changes_nothing() {
    let world = story(
        "template cash off 10000 2000 t1
         template gift card 1000 t2
         claim alice cash r1
         claim alice gift r2
         validate alice 0 10000 => takes 2000 of 10000 by coupon 0, leaves 0
         validate alice 0 10000 => takes 2000 of 10000 by coupon 0, leaves 0
         validate code:1 1 400 => takes 400 of 400 by coupon 1, leaves 600
         view alice 1 => coupon 1 of gift v1 ACTIVE 0.. available 1000 captured 0",
    );
    assert_eq!((world.partition.lsn(), world.frames.len()), (4, 2));
}

#[test]
fn a_validation_is_refused_for_the_reasons_of_a_redemption() {
    story(
        "template cash off 10000 2000 t1 use=2000..3000
         template gift card 1000 t2
         template pct percent 9999 t3
         claim alice cash r1
         claim alice cash r2
         claim alice gift r3
         claim alice pct r4
         validate alice 0 0 => INVALID_ARGUMENT amount 1
         validate alice 0 1000000000000001 => AMOUNT_OUT_OF_RANGE amount 1000000000000000
         validate alice 0 10000 => USE_NOT_STARTED 2000
         validate alice 2 1001 => INSUFFICIENT_BALANCE 1000
         validate alice 2 100USD => CURRENCY_MISMATCH
         validate alice 3 1 => NO_EFFECT
         at 2000
         validate alice 0 9000 => BELOW_THRESHOLD 1000
         redeem alice 0 shop/1 10000 r5
         validate alice 0 10000 => COUPON_USED
         at 3000
         validate alice 1 10000 => COUPON_EXPIRED 3000",
    );
}
