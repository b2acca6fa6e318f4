//! Facts about redeem 核销.

use crate::given::story::story;

#[test]
fn a_one_use_coupon_is_used_up_by_its_redemption() {
    story(
        "template cash off 10000 2000 t
         claim alice cash r1
         redeem alice 0 shop/1 10000 r2 => took 2000 of 10000 by coupon 0, leaves 0 at 1000 #3
         view alice 0 => coupon 0 of cash v1 USED 0.. available 0 captured 1
         redeem alice 0 shop/2 10000 r3 => COUPON_USED",
    );
}

#[test]
fn a_threshold_is_met_at_its_amount_and_the_shortfall_is_named() {
    story(
        "template cash off 10000 2000 t
         claim alice cash r1
         redeem alice 0 shop/1 9999 r2 => BELOW_THRESHOLD 1
         redeem alice 0 shop/2 10000 r3 => took 2000 of 10000 by coupon 0, leaves 0 at 1000 #4",
    );
}

#[test]
fn a_discount_is_never_above_the_order() {
    story(
        "template cash off 0 2000 t
         claim alice cash r1
         redeem alice 0 shop/1 500 r2 => took 500 of 500 by coupon 0, leaves 0 at 1000 #3",
    );
}

#[test]
fn a_percentage_is_rounded_once_and_then_capped() {
    story(
        "template pct percent 8500 t1 cap=1000
         template down percent 8500 t2 floor
         claim alice pct r1
         claim alice pct r2
         claim alice down r3
         redeem alice 0 shop/1 999 r4 => took 150 of 999 by coupon 0, leaves 0 at 1000 #6
         redeem alice 1 shop/1 100000 r5 => took 1000 of 100000 by coupon 1, leaves 0 at 1000 #7
         redeem alice 2 shop/1 999 r6 => took 149 of 999 by coupon 2, leaves 0 at 1000 #8",
    );
}

#[test]
fn a_coupon_without_effect_is_refused_and_not_consumed() {
    story(
        "template pct percent 9999 t
         claim alice pct r1
         redeem alice 0 shop/1 1 r2 => NO_EFFECT
         view alice 0 => coupon 0 of pct v1 ACTIVE 0.. available 1 captured 0",
    );
}

#[test]
fn a_card_is_charged_in_pieces_down_to_nothing() {
    story(
        "template gift card 1000 t
         claim alice gift r1
         redeem alice 0 shop/1 400 r2 => took 400 of 400 by coupon 0, leaves 600 at 1000 #3
         redeem alice 0 shop/2 601 r3 => INSUFFICIENT_BALANCE 600
         redeem alice 0 shop/3 600 r4 => took 600 of 600 by coupon 0, leaves 0 at 1000 #5
         redeem alice 0 shop/4 1 r5 => INSUFFICIENT_BALANCE
         view alice 0 => coupon 0 of gift v1 ACTIVE 0.. available 0 captured 1000",
    );
}

#[test]
fn the_use_window_is_half_open_to_the_millisecond() {
    story(
        "template gift card 1000 t use=2000..3000
         claim alice gift r1
         at 1999
         redeem alice 0 shop/1 1 r2 => USE_NOT_STARTED 2000
         at 2000
         redeem alice 0 shop/2 1 r3 => took 1 of 1 by coupon 0, leaves 999 at 2000 #4
         at 2999
         redeem alice 0 shop/3 1 r4 => took 1 of 1 by coupon 0, leaves 998 at 2999 #5
         at 3000
         redeem alice 0 shop/4 1 r5 => COUPON_EXPIRED 3000",
    );
}

#[test]
fn a_dynamic_window_is_half_open_to_the_millisecond() {
    story(
        "template gift card 1000 t after=100+200
         claim alice gift r1 => coupon 0 of gift v1 1100..1300 key 1 #2
         at 1099
         redeem alice 0 shop/1 1 r2 => USE_NOT_STARTED 1100
         at 1100
         redeem alice 0 shop/2 1 r3 => took 1 of 1 by coupon 0, leaves 999 at 1100 #4
         at 1299
         redeem alice 0 shop/3 1 r4 => took 1 of 1 by coupon 0, leaves 998 at 1299 #5
         at 1300
         redeem alice 0 shop/4 1 r5 => COUPON_EXPIRED 1300",
    );
}

#[test]
fn a_stopped_template_does_not_stop_its_coupons() {
    story(
        "template gift card 1000 t
         claim alice gift r1
         stop gift s
         redeem alice 0 shop/1 1 r2 => took 1 of 1 by coupon 0, leaves 999 at 1000 #3",
    );
}

#[test]
fn a_bearer_and_the_owner_redeem_the_same_coupon() {
    story(
        "template gift card 1000 t
         key 5
         claim alice gift r1
         key 6
         redeem code:5 0 shop/1 100 r2 => took 100 of 100 by coupon 0, leaves 900 at 1000 #3
         redeem alice 0 shop/2 100 r3 => took 100 of 100 by coupon 0, leaves 800 at 1000 #4",
    );
}

#[test]
fn whatever_is_wrong_with_the_instrument_gives_one_uniform_refusal() {
    let world = story(
        "template gift card 1000 t
         claim alice gift r1
         claim bob gift r2
         redeem bob 0 shop/1 100 r => CODE_NOT_ACCEPTED
         redeem nobody 0 shop/1 100 r => CODE_NOT_ACCEPTED
         redeem alice 7 shop/1 100 r => CODE_NOT_ACCEPTED
         redeem code:2 0 shop/1 100 r => CODE_NOT_ACCEPTED
         redeem code:1 7 shop/1 100 r => CODE_NOT_ACCEPTED
         validate bob 0 100 => CODE_NOT_ACCEPTED
         validate code:2 0 100 => CODE_NOT_ACCEPTED
         validate code:1 7 100 => CODE_NOT_ACCEPTED",
    );
    assert_eq!((world.partition.lsn(), world.partition.counts()[3]), (3, 2), "and leaves no trace");
}

#[test]
fn an_amount_is_at_least_one_and_at_most_what_is_counted() {
    story(
        "template gift card 1000000000000000 t
         claim alice gift r1
         redeem alice 0 shop/1 0 r2 => INVALID_ARGUMENT amount 1
         redeem alice 0 shop/1 -1 r2 => INVALID_ARGUMENT amount 1
         redeem alice 0 shop/1 -9223372036854775808 r2 => INVALID_ARGUMENT amount 1
         redeem alice 0 shop/1 1000000000000001 r2 => AMOUNT_OUT_OF_RANGE amount 1000000000000000
         redeem alice 0 shop/1 9223372036854775807 r2 => AMOUNT_OUT_OF_RANGE amount 1000000000000000
         redeem alice 0 shop/1 1000000000000000 r2 => took 1000000000000000 of 1000000000000000 by coupon 0, leaves 0 at 1000 #3",
    );
}

#[test]
fn an_amount_in_another_currency_is_refused() {
    story(
        "template gift card 1000 t USD
         claim alice gift r1
         redeem alice 0 shop/1 100 r2 => CURRENCY_MISMATCH
         redeem alice 0 shop/2 100USD r3 => took 100 of 100 by coupon 0, leaves 900 at 1000 #4",
    );
}
