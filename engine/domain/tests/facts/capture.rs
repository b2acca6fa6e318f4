//! Facts about capture 核销 of a hold: the second step never fails for what the first has checked.

use crate::given::story::story;

#[test]
fn a_capture_makes_the_hold_a_redemption_and_releases_the_rest() {
    story(
        "template gift card 1000 t
         claim alice gift r1
         hold alice 0 shop/1 400 r2
         capture #3 r3 amount=300 => took 300 of 300 by coupon 0, leaves 700 at 1000 #4
         view alice 0 => coupon 0 of gift v1 ACTIVE 0.. available 700 captured 300
         refund #4 r4 => gave back 300 of #4 to coupon 0, ACTIVE until 0 with 1000 at 1000 #5
         view alice 0 => coupon 0 of gift v1 ACTIVE 0.. available 1000 captured 0",
    );
}

#[test]
fn a_capture_without_an_amount_takes_all_that_is_held() {
    story(
        "template gift card 1000 t
         claim alice gift r1
         hold alice 0 shop/1 400 r2
         capture #3 r3 => took 400 of 400 by coupon 0, leaves 600 at 1000 #4
         capture #3 r3 => took 400 of 400 by coupon 0, leaves 600 at 1000 #4 replayed",
    );
}

#[test]
fn no_more_is_captured_than_was_held() {
    story(
        "template gift card 1000 t
         claim alice gift r1
         hold alice 0 shop/1 400 r2
         capture #3 r3 amount=401 => AMOUNT_ABOVE_HOLD 400
         capture #3 r3 amount=401 => AMOUNT_ABOVE_HOLD 400
         capture #3 r4 amount=0 => INVALID_ARGUMENT amount 1
         capture #3 r4 amount=1000000000000001 => AMOUNT_OUT_OF_RANGE amount 1000000000000000
         capture #3 r4 amount=400 => took 400 of 400 by coupon 0, leaves 600 at 1000 #5",
    );
}

#[test]
fn the_final_order_amount_of_a_one_use_coupon_gives_at_most_the_held_discount() {
    story(
        "template pct percent 8000 t
         template cash off 10000 2000 t2
         claim alice pct r1
         claim alice pct r2
         claim alice cash r3
         hold alice 0 shop/1 10000 r4 => held 2000 of 10000 by coupon 0 until 901000 #6
         hold alice 1 shop/1 10000 r5 => held 2000 of 10000 by coupon 1 until 901000 #7
         hold alice 2 shop/1 10000 r6 => held 2000 of 10000 by coupon 2 until 901000 #8
         capture #6 c1 amount=5000 => took 1000 of 5000 by coupon 0, leaves 0 at 1000 #9
         capture #7 c2 amount=50000 => took 2000 of 50000 by coupon 1, leaves 0 at 1000 #10
         capture #8 c3 amount=9999 => BELOW_THRESHOLD 1
         capture #8 c4 => took 2000 of 10000 by coupon 2, leaves 0 at 1000 #12
         view alice 2 => coupon 2 of cash v1 USED 0.. available 0 captured 1",
    );
}

#[test]
fn a_final_amount_without_effect_is_refused() {
    story(
        "template pct percent 9999 t
         claim alice pct r1
         hold alice 0 shop/1 10000 r2 => held 1 of 10000 by coupon 0 until 901000 #3
         capture #3 c1 amount=1 => NO_EFFECT
         capture #3 c2 => took 1 of 10000 by coupon 0, leaves 0 at 1000 #5",
    );
}

#[test]
fn blocks_expiry_and_a_stopped_template_do_not_matter_while_the_hold_lives() {
    story(
        "template gift card 1000 t use=0..9000
         claim alice gift r1
         hold alice 0 shop/1 400 r2
         hold alice 0 shop/2 100 r3
         freeze known 0 merchant f1
         freeze account alice risk f2
         stop gift s
         at 9000
         capture #3 r4 => took 400 of 400 by coupon 0, leaves 0 at 9000 #8
         view alice 0 => coupon 0 of gift v1 EXPIRED 0..9000 available 0 captured 400 held 100 in holds 1 expired 500 blocks 2 account 1
         capture #4 r5 => took 100 of 100 by coupon 0, leaves 0 at 9000 #9
         view alice 0 => coupon 0 of gift v1 EXPIRED 0..9000 available 0 captured 500 expired 500 blocks 2 account 1",
    );
}

#[test]
fn a_capture_is_in_time_up_to_the_last_millisecond() {
    story(
        "template gift card 1000 t
         claim alice gift r1
         hold alice 0 shop/1 400 r2 ttl=5000
         hold alice 0 shop/2 400 r3 ttl=5000
         at 5999
         capture #3 r4 => took 400 of 400 by coupon 0, leaves 200 at 5999 #5
         at 6000
         capture #4 r5 => HOLD_EXPIRED 6000
         capture #4 r5 => HOLD_EXPIRED 6000
         capture #4 r6 => HOLD_EXPIRED 6000
         view alice 0 => coupon 0 of gift v1 ACTIVE 0.. available 600 captured 400",
    );
}

#[test]
fn a_late_capture_may_reacquire_what_is_still_there() {
    story(
        "template gift card 1000 t
         claim alice gift r1
         hold alice 0 shop/1 400 r2 ttl=5000
         hold alice 0 shop/2 400 r3 ttl=5000
         at 6000
         redeem alice 0 shop/3 500 r4
         capture #3 r5 reacquire => took 400 of 400 by coupon 0, leaves 100 at 6000 anew #8
         capture #3 r5 reacquire => took 400 of 400 by coupon 0, leaves 100 at 6000 anew #8 replayed
         capture #4 r6 reacquire => INSUFFICIENT_BALANCE 100
         capture #3 r7 reacquire => took 400 of 400 by coupon 0, leaves 100 at 6000 anew #8 replayed
         release #3 r8 => HOLD_CAPTURED 8
         view alice 0 => coupon 0 of gift v1 ACTIVE 0.. available 100 captured 900",
    );
}

#[test]
fn what_was_taken_anew_is_told_apart_when_a_newer_hold_of_the_order_has_ended_too() {
    story(
        "template gift card 1000 t
         claim alice gift r1
         hold alice 0 shop/1 400 r2 ttl=5000
         at 6000
         hold alice 0 shop/1 300 r3
         release #5 r4
         capture #3 r5 reacquire => took 400 of 400 by coupon 0, leaves 600 at 6000 anew #7
         capture #3 r6 => took 400 of 400 by coupon 0, leaves 600 at 6000 anew #7 replayed",
    );
}

#[test]
fn to_reacquire_passes_every_check_of_a_redemption() {
    story(
        "template gift card 1000 t use=0..9000
         claim alice gift r1
         claim bob gift r2
         claim carol gift r3
         hold alice 0 shop/1 400 h1 ttl=5000
         hold bob 1 shop/1 400 h2 ttl=5000
         hold carol 2 shop/1 400 h3 ttl=5000
         at 6000
         freeze known 0 risk f
         capture #5 c1 reacquire => COUPON_FROZEN
         redeem bob 1 shop/1 300 c2
         capture #6 c3 reacquire => ORDER_ALREADY_REDEEMED 12
         hold carol 2 shop/1 100 h4
         capture #7 c4 reacquire => COUPON_HELD 15
         capture #7 c5 reacquire amount=401 => COUPON_HELD 15
         release #15 c6
         capture #7 c7 reacquire amount=401 => AMOUNT_ABOVE_HOLD 400
         at 9000
         capture #7 c8 reacquire => COUPON_EXPIRED 9000",
    );
}

#[test]
fn a_hold_that_was_captured_gives_the_same_outcome_to_the_same_question_only() {
    story(
        "template gift card 1000 t
         claim alice gift r1
         hold alice 0 shop/1 400 r2
         capture #3 r3 amount=300 => took 300 of 300 by coupon 0, leaves 700 at 1000 #4
         capture #3 r4 amount=300 => took 300 of 300 by coupon 0, leaves 700 at 1000 #4 replayed
         capture #3 r5 => HOLD_CAPTURED 4
         capture #3 r6 amount=299 => HOLD_CAPTURED 4
         refund #4 r7
         capture #3 r8 amount=300 => HOLD_CAPTURED 4
         capture #3 r4 amount=300 => took 300 of 300 by coupon 0, leaves 700 at 1000 #4 replayed",
    );
}

#[test]
fn what_is_no_hold_is_not_captured() {
    let world = story(
        "template gift card 1000 t
         claim alice gift r1
         redeem alice 0 shop/1 100 r2
         capture #3 r3 => HOLD_NOT_FOUND
         capture #0 r3 => HOLD_NOT_FOUND
         capture #99 r3 => HOLD_NOT_FOUND
         release #3 r3 => HOLD_NOT_FOUND",
    );
    assert_eq!((world.partition.lsn(), world.partition.counts()[3]), (3, 2), "and leaves no trace");
}

#[test]
fn an_ended_hold_is_known_for_24_hours() {
    story(
        "template gift card 1000 t
         claim alice gift r1
         hold alice 0 shop/1 400 r2
         release #3 r3
         at 86400999
         capture #3 r4 => HOLD_RELEASED
         at 86401000
         capture #3 r5 => HOLD_NOT_FOUND
         release #3 r6 => HOLD_NOT_FOUND",
    );
}

#[test]
fn what_a_capture_past_the_end_does_not_take_has_expired_and_is_not_told_as_balance() {
    story(
        "template gift card 1000 t use=0..9000
         claim alice gift r1
         hold alice 0 shop/1 400 r2
         at 9000
         capture #3 r3 amount=150 => took 150 of 150 by coupon 0, leaves 0 at 9000 #5
         capture #3 r3 amount=150 => took 150 of 150 by coupon 0, leaves 0 at 9000 #5 replayed
         view alice 0 => coupon 0 of gift v1 EXPIRED 0..9000 available 0 captured 150 expired 850",
    );
}
