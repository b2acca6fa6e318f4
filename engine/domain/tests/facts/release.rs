//! Facts about the release of a hold.

use crate::given::story::story;

#[test]
fn a_release_makes_what_was_held_available_again_and_twice_is_success() {
    story(
        "template gift card 1000 t
         claim alice gift r1
         hold alice 0 shop/1 400 r2
         release #3 r3 => hold #3 of coupon 0 ended Released at 1000 #4
         view alice 0 => coupon 0 of gift v1 ACTIVE 0.. available 1000 captured 0
         release #3 r3 => hold #3 of coupon 0 ended Released at 1000 #4 replayed
         later 10
         release #3 r4 => hold #3 of coupon 0 ended Released at 1000 #5
         view alice 0 => coupon 0 of gift v1 ACTIVE 0.. available 1000 captured 0
         restart
         release #3 r4 => hold #3 of coupon 0 ended Released at 1000 #5 replayed
         capture #3 r5 => HOLD_RELEASED",
    );
}

#[test]
fn a_release_after_the_deadline_is_success() {
    story(
        "template gift card 1000 t
         claim alice gift r1
         hold alice 0 shop/1 400 r2 ttl=5000
         at 6000
         release #3 r3 => hold #3 of coupon 0 ended Expired at 6000 #5
         view alice 0 => coupon 0 of gift v1 ACTIVE 0.. available 1000 captured 0",
    );
}

#[test]
fn a_captured_hold_is_not_released() {
    story(
        "template gift card 1000 t
         claim alice gift r1
         hold alice 0 shop/1 400 r2
         capture #3 r3
         release #3 r4 => HOLD_CAPTURED 4
         release #3 r4 => HOLD_CAPTURED 4
         view alice 0 => coupon 0 of gift v1 ACTIVE 0.. available 600 captured 400",
    );
}

#[test]
fn a_release_past_the_validity_leaves_the_value_expired() {
    story(
        "template gift card 1000 t1 use=0..9000
         template cash off 0 100 t2 use=0..9000
         claim alice gift r1
         claim alice cash r2
         hold alice 0 shop/1 400 h1
         hold alice 1 shop/1 400 h2
         at 9000
         release #5 r3 => hold #5 of coupon 0 ended Released at 9000 #8
         view alice 0 => coupon 0 of gift v1 EXPIRED 0..9000 available 0 captured 0 expired 1000
         forget 1
         view alice 0 => coupon 0 of gift v1 EXPIRED 0..9000 available 0 captured 0 expired 1000
         view alice 1 => coupon 1 of cash v1 EXPIRED 0..9000 available 0 captured 0 held 1 in holds 1
         release #6 r4 => hold #6 of coupon 1 ended Released at 9000 #10
         view alice 1 => coupon 1 of cash v1 EXPIRED 0..9000 available 0 captured 0 expired 1",
    );
}
