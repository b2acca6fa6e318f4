//! Facts about hold 锁定: value set aside for an order until a deadline.

use crate::given::story::story;

#[test]
fn a_hold_sets_a_charge_aside_until_its_deadline() {
    story(
        "template gift card 1000 t
         claim alice gift r1
         hold alice 0 shop/1 400 r2 => held 400 of 400 by coupon 0 until 901000 #3
         view alice 0 => coupon 0 of gift v1 ACTIVE 0.. available 600 captured 0 held 400 in holds 1
         redeem alice 0 shop/2 601 r3 => INSUFFICIENT_BALANCE 600
         redeem alice 0 shop/3 600 r4 => took 600 of 600 by coupon 0, leaves 0 at 1000 #5
         at 900999
         view alice 0 => coupon 0 of gift v1 ACTIVE 0.. available 0 captured 600 held 400 in holds 1
         at 901000
         view alice 0 => coupon 0 of gift v1 ACTIVE 0.. available 400 captured 600
         validate alice 0 400 => takes 400 of 400 by coupon 0, leaves 0
         redeem alice 0 shop/4 400 r5 => took 400 of 400 by coupon 0, leaves 0 at 901000 #7",
    );
}

#[test]
fn a_hold_lives_15_minutes_unless_told_and_5_seconds_to_7_days_at_most() {
    story(
        "template gift card 1000 t
         claim alice gift r1
         hold alice 0 shop/1 1 a ttl=5000 => held 1 of 1 by coupon 0 until 6000 #3
         hold alice 0 shop/2 1 b ttl=604800000 => held 1 of 1 by coupon 0 until 604801000 #4
         hold alice 0 shop/3 1 c ttl=4999 => INVALID_ARGUMENT ttl_ms 5000
         hold alice 0 shop/3 1 c ttl=-1 => INVALID_ARGUMENT ttl_ms 5000
         hold alice 0 shop/3 1 c ttl=604800001 => INVALID_ARGUMENT ttl_ms 604800000
         hold alice 0 shop/3 1 c => held 1 of 1 by coupon 0 until 901000 #5",
    );
}

#[test]
fn a_hold_of_a_one_use_coupon_fixes_its_discount_and_keeps_all_others_away() {
    story(
        "template cash off 10000 2000 t
         claim alice cash r1
         hold alice 0 shop/1 12000 r2 => held 2000 of 12000 by coupon 0 until 901000 #3
         view alice 0 => coupon 0 of cash v1 ACTIVE 0.. available 0 captured 0 held 1 in holds 1
         validate alice 0 12000 => COUPON_HELD
         redeem alice 0 shop/2 12000 r3 => COUPON_HELD
         hold alice 0 shop/2 12000 r4 => COUPON_HELD
         redeem alice 0 shop/1 12000 r5 => COUPON_HELD 3
         later 900000
         redeem alice 0 shop/2 12000 r6 => took 2000 of 12000 by coupon 0, leaves 0 at 901000 #8",
    );
}

#[test]
fn the_order_that_holds_a_card_captures_its_hold_and_does_not_redeem_past_it() {
    story(
        "template gift card 1000 t
         claim alice gift r1
         hold alice 0 shop/1 400 r2
         redeem alice 0 shop/1 400 r3 => COUPON_HELD 3
         redeem alice 0 shop/2 400 r4 => took 400 of 400 by coupon 0, leaves 200 at 1000 #5",
    );
}

#[test]
fn the_same_order_replaces_its_own_hold_whose_value_counts_as_available() {
    story(
        "template gift card 1000 t
         claim alice gift r1
         hold alice 0 shop/1 700 r2 => held 700 of 700 by coupon 0 until 901000 #3
         later 1000
         hold alice 0 shop/1 1000 r3 => held 1000 of 1000 by coupon 0 until 902000 #4
         view alice 0 => coupon 0 of gift v1 ACTIVE 0.. available 0 captured 0 held 1000 in holds 1
         hold alice 0 shop/1 1001 r4 => INSUFFICIENT_BALANCE 1000
         view alice 0 => coupon 0 of gift v1 ACTIVE 0.. available 0 captured 0 held 1000 in holds 1
         hold alice 0 shop/2 1 r5 => INSUFFICIENT_BALANCE
         capture #3 r6 => HOLD_RELEASED
         release #3 r7 => hold #3 of coupon 0 ended Released at 2000 #8",
    );
}

#[test]
fn the_same_hold_again_under_another_request_has_a_new_deadline() {
    story(
        "template cash off 10000 2000 t
         claim alice cash r1
         hold alice 0 shop/1 12000 r2 => held 2000 of 12000 by coupon 0 until 901000 #3
         later 1000
         hold alice 0 shop/1 12000 r3 => held 2000 of 12000 by coupon 0 until 902000 #4
         hold alice 0 shop/1 12000 r2 => held 2000 of 12000 by coupon 0 until 901000 #3 replayed
         view alice 0 => coupon 0 of cash v1 ACTIVE 0.. available 0 captured 0 held 1 in holds 1",
    );
}

#[test]
fn a_hold_may_outlive_the_validity_and_is_refused_outside_of_it() {
    story(
        "template gift card 1000 t use=2000..9000
         claim alice gift r1
         hold alice 0 shop/1 1 r2 => USE_NOT_STARTED 2000
         at 8999
         hold alice 0 shop/1 400 r3 => held 400 of 400 by coupon 0 until 908999 #4
         at 9000
         view alice 0 => coupon 0 of gift v1 EXPIRED 2000..9000 available 0 captured 0 held 400 in holds 1 expired 600
         hold alice 0 shop/1 400 r4 => COUPON_EXPIRED 9000
         hold alice 0 shop/2 400 r5 => COUPON_EXPIRED 9000",
    );
}

#[test]
fn an_order_that_has_redeemed_a_coupon_does_not_hold_it() {
    story(
        "template gift card 1000 t
         claim alice gift r1
         redeem alice 0 shop/1 100 r2
         hold alice 0 shop/1 100 r3 => ORDER_ALREADY_REDEEMED 3
         refund #3 r4
         hold alice 0 shop/1 100 r5 => ORDER_ALREADY_REDEEMED 3
         hold alice 0 shop/2 100 r6
         capture #7 r7
         hold alice 0 shop/2 100 r8 => ORDER_ALREADY_REDEEMED 8",
    );
}

#[test]
fn a_hold_is_refused_for_what_a_redemption_is_and_the_refusal_does_not_flip() {
    story(
        "template gift card 1000 t
         template cash off 10000 2000 t2
         claim alice gift r1
         claim alice cash r2
         hold alice 0 shop/1 1001 r3 => INSUFFICIENT_BALANCE 1000
         hold alice 0 shop/1 1USD r4 => CURRENCY_MISMATCH
         hold alice 1 shop/1 9999 r5 => BELOW_THRESHOLD 1
         hold alice 0 shop/1 0 r6 => INVALID_ARGUMENT amount 1
         hold bob 0 shop/1 1 r6 => CODE_NOT_ACCEPTED
         freeze known 0 risk f1
         hold alice 0 shop/1 1 r7 => COUPON_FROZEN
         unfreeze known 0 risk f2
         hold alice 0 shop/1 1 r7 => COUPON_FROZEN
         hold alice 0 shop/1 2 r7 => REQUEST_ID_REUSED 9",
    );
}

#[test]
fn a_coupon_has_a_bounded_number_of_holds() {
    let mut world = story(
        "template gift card 10000 t
         claim alice gift r1
         room for 10000",
    );
    for order in 0..4_096 {
        world.line(&format!("hold alice 0 shop/{order} 1 h{order} ttl={}", 5_000 + order % 7));
    }
    assert_eq!(world.partition.holds(), [4_096, 4_096]);
    world.tell(
        "hold alice 0 shop/x 1 x => TOO_MANY_HOLDS 4096
         hold alice 0 shop/9 2 y => held 2 of 2 by coupon 0 until 901000 #4100
         view alice 0 => coupon 0 of gift v1 ACTIVE 0.. available 5903 captured 0 held 4097 in holds 4096
         later 5002
         view alice 0 => coupon 0 of gift v1 ACTIVE 0.. available 7658 captured 0 held 2342 in holds 2341
         hold alice 0 shop/x 1 z => held 1 of 1 by coupon 0 until 906002 #5856",
    );
}

#[test]
fn an_operator_names_a_coupon_by_its_number_alone() {
    story(
        "template gift card 1000 t
         claim alice gift r1
         view known 0 => coupon 0 of gift v1 ACTIVE 0.. available 1000 captured 0
         view known 1 => CODE_NOT_ACCEPTED
         hold known 0 shop/1 100 r2 => held 100 of 100 by coupon 0 until 901000 #3",
    );
}
