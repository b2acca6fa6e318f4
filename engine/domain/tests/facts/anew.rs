//! Facts about a late capture of an order that takes anew what is no longer held: all that it needs, or nothing.

use crate::given::World;
use crate::given::story::story;

/// Coupon 0 takes 300 off 1,000, 1 is a card with 2,000, 2 one with 1,000, which is drained first.
const WALLET: &str = "template lunch off 1000 300 t1 stack=always
     template purse card 2000 t2
     template gift card 1000 t3
     claim ann lunch c1
     claim ann purse c2
     claim ann gift c3\n";

/// All of it is held for 2,200 until 6,000, as checkout #10: 300 off, 1,000 and 900.
const HELD: &str = "checkout hold ann:0+ann:1+ann:2 shop/1 h1 lines=tea:2x1000,rice:1x200 ttl=5000\n";

fn held(lines: &str) -> World {
    story(&format!("{WALLET}{HELD}{lines}"))
}

/// A journal in which orders are taken anew: whole, in part, and one of which one hold was revoked.
pub fn reacquired() -> World {
    let mut world = held(
        "at 6000
         checkout capture #last k1 reacquire units=0:1
         checkout refund #last f1",
    );
    world.tell(
        "checkout hold ann:0+ann:1 shop/2 h2 lines=tea:2x1000
         freeze known 0 risk z1 revoke
         unfreeze known 0 risk z2
         checkout capture #last k2 reacquire
         checkout refund #last f2
         checkout hold ann:0+ann:2 shop/3 h3 lines=tea:1x1300
         checkout release #last l3
         checkout capture #last k3 reacquire",
    );
    world
}

#[test]
fn a_late_order_is_taken_anew_for_what_was_promised_and_told_alike_for_ever() {
    held(
        "at 6000
         checkout capture #10 k1 => HOLD_EXPIRED 6000
         checkout capture #10 k2 reacquire \
         => took [300 by 0 as 273+27+0 #15, 1000 by card 2 leaves 0 #16, 900 by card 1 leaves 1100 #17] of 2200, 0 to pay anew #18
         checkout capture #10 k2 reacquire \
         => took [300 by 0 as 273+27+0 #15, 1000 by card 2 leaves 0 #16, 900 by card 1 leaves 1100 #17] of 2200, 0 to pay anew #18 replayed
         checkout capture #10 k2 => REQUEST_ID_REUSED 18
         checkout capture #10 k3 \
         => took [300 by 0 as 273+27+0 #15, 1000 by card 2 leaves 0 #16, 900 by card 1 leaves 1100 #17] of 2200, 0 to pay anew #18 replayed
         checkout capture #10 k4 reacquire \
         => took [300 by 0 as 273+27+0 #15, 1000 by card 2 leaves 0 #16, 900 by card 1 leaves 1100 #17] of 2200, 0 to pay anew #18 replayed
         checkout capture #10 k5 reacquire units=0:1 => HOLD_CAPTURED 18
         checkout release #10 l1 => HOLD_CAPTURED 18
         view ann 0 => coupon 0 of lunch v1 USED 0.. available 0 captured 1
         view ann 1 => coupon 1 of purse v1 ACTIVE 0.. available 1100 captured 900
         checkout refund #last f1 units=0:2 \
         => order #18 gave back [273 to coupon 0 USED with 0, 900 to coupon 1 ACTIVE with 2000, 827 to coupon 2 ACTIVE with 827], 0 outside #26",
    );
}

#[test]
fn an_instrument_that_may_not_be_used_any_more_is_named_and_nothing_is_taken() {
    held(
        "at 6000
         redeem ann 1 shop/9 1500 q1
         checkout capture #10 k1 reacquire => INSUFFICIENT_BALANCE parts[2] 500
         checkout capture #10 k1 reacquire => INSUFFICIENT_BALANCE parts[2] 500
         view ann 0 => coupon 0 of lunch v1 ACTIVE 0.. available 1 captured 0
         view ann 2 => coupon 2 of gift v1 ACTIVE 0.. available 1000 captured 0
         freeze known 0 risk z1
         checkout capture #10 k2 reacquire => COUPON_FROZEN parts[0]
         unfreeze known 0 risk z2
         checkout capture #10 k2 reacquire => COUPON_FROZEN parts[0]
         redeem ann 0 shop/8 1000 q2
         checkout capture #10 k3 reacquire => COUPON_USED parts[0]",
    );
}

#[test]
fn what_the_delivered_part_does_not_need_is_not_looked_at() {
    held(
        "at 6000
         void known 1 v1
         checkout capture #10 k1 reacquire => COUPON_VOID parts[2]
         checkout capture #10 k2 reacquire units=0:1 \
         => took [136 by 0 as 136+0+0 #16, 864 by card 2 leaves 136 #17] of 1000, 0 to pay anew #18",
    );
}

#[test]
fn a_part_that_lives_is_captured_beside_one_that_is_taken_anew() {
    held(
        "freeze account ann operator z1
         freeze known 0 risk z2 revoke
         checkout capture #10 k1 => HOLD_RELEASED
         checkout capture #10 k2 reacquire => COUPON_FROZEN parts[0]
         unfreeze account ann operator z3
         unfreeze known 0 risk z4
         freeze known 1 risk z5
         checkout capture #10 k3 reacquire \
         => took [300 by 0 as 273+27+0 #18, 1000 by card 2 leaves 0 #19, 900 by card 1 leaves 1100 #20] of 2200, 0 to pay anew #21",
    );
}

#[test]
fn an_order_that_was_held_again_or_redeemed_meanwhile_is_not_taken_anew() {
    held(
        "at 6000
         checkout hold ann:2 shop/1 h2 lines=tea:1x1000
         checkout capture #10 k1 reacquire => COUPON_HELD 13
         checkout release #last l1
         checkout redeem ann:2 shop/1 r1 lines=tea:1x1000
         checkout capture #10 k2 reacquire => ORDER_ALREADY_REDEEMED 20",
    );
    held(
        "at 6000
         hold ann 0 shop/1 1000 h2
         checkout capture #10 k1 reacquire => COUPON_HELD parts[0] 12",
    );
}

#[test]
fn a_released_order_may_be_taken_anew_and_a_live_one_is_captured() {
    held(
        "checkout release #10 l1
         checkout capture #10 k1 reacquire \
         => took [300 by 0 as 273+27+0 #15, 1000 by card 2 leaves 0 #16, 900 by card 1 leaves 1100 #17] of 2200, 0 to pay anew #18",
    );
    held(
        "checkout capture #10 k1 reacquire \
         => took [300 by 0 as 273+27+0 #11, 1000 by card 2 leaves 0 #12, 900 by card 1 leaves 1100 #13] of 2200, 0 to pay #14",
    );
}
