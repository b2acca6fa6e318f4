//! Facts about freeze 冻结 and unfreeze of coupons and accounts.

use crate::given::story::story;

#[test]
fn a_frozen_coupon_is_refused_until_each_reason_is_taken_away() {
    story(
        "template gift card 1000 t
         claim alice gift r1
         freeze known 0 risk f1 => blocks 1 revoked 0 #3
         freeze alice 0 operator f2 => blocks 5 revoked 0 #4
         view alice 0 => coupon 0 of gift v1 ACTIVE 0.. available 1000 captured 0 blocks 5
         redeem alice 0 shop/1 100 r2 => COUPON_FROZEN
         validate alice 0 100 => COUPON_FROZEN
         hold alice 0 shop/1 100 r3 => COUPON_FROZEN
         unfreeze known 0 risk f3 => blocks 4 revoked 0 #7
         redeem alice 0 shop/1 100 r4 => COUPON_FROZEN
         unfreeze known 0 operator f4 => blocks 0 revoked 0 #9
         redeem alice 0 shop/1 100 r5 => took 100 of 100 by coupon 0, leaves 900 at 1000 #10",
    );
}

#[test]
fn to_freeze_or_to_unfreeze_twice_is_success() {
    story(
        "template gift card 1000 t
         claim alice gift r1
         freeze known 0 risk f1 => blocks 1 revoked 0 #3
         freeze known 0 risk f2 => blocks 1 revoked 0 #4
         freeze known 0 risk f1 => blocks 1 revoked 0 #3 replayed
         unfreeze known 0 risk f3 => blocks 0 revoked 0 #5
         unfreeze known 0 risk f4 => blocks 0 revoked 0 #6
         unfreeze known 0 merchant f1 => blocks 0 revoked 0 #7
         freeze known 0 merchant f1 => REQUEST_ID_REUSED 3",
    );
}

#[test]
fn live_holds_are_kept_unless_they_are_revoked_explicitly() {
    story(
        "template gift card 1000 t
         claim alice gift r1
         hold alice 0 shop/1 100 h1
         hold alice 0 shop/2 200 h2
         freeze known 0 risk f1 => blocks 1 revoked 0 #5
         view alice 0 => coupon 0 of gift v1 ACTIVE 0.. available 700 captured 0 held 300 in holds 2 blocks 1
         capture #3 c1 => took 100 of 100 by coupon 0, leaves 700 at 1000 #6
         freeze known 0 operator f2 revoke => blocks 5 revoked 1 #7
         view alice 0 => coupon 0 of gift v1 ACTIVE 0.. available 900 captured 100 blocks 5
         capture #4 c2 => HOLD_RELEASED
         release #4 c3 => hold #4 of coupon 0 ended Revoked at 1000 #9
         unfreeze known 0 risk f3 revoke => blocks 4 revoked 0 #10",
    );
}

#[test]
fn a_final_coupon_is_neither_frozen_nor_unfrozen() {
    story(
        "template cash off 0 100 t1 use=0..9000
         claim alice cash r1
         claim alice cash r2
         claim alice cash r3
         redeem alice 0 shop/1 100 r4
         void known 1 v1
         freeze known 0 risk f => COUPON_USED
         unfreeze known 0 risk u => COUPON_USED
         freeze known 1 risk f => COUPON_VOID
         hold alice 2 shop/1 100 h1
         at 9000
         freeze known 2 risk f1 => blocks 1 revoked 0 #11
         capture #10 c1
         freeze known 2 risk f2 => COUPON_USED",
    );
}

#[test]
fn an_expired_coupon_is_final_once_nothing_of_it_is_held() {
    story(
        "template gift card 1000 t use=0..9000
         claim alice gift r1
         hold alice 0 shop/1 100 h1 ttl=8500
         at 9000
         freeze known 0 risk f1 => blocks 1 revoked 0 #5
         unfreeze known 0 risk f2 => blocks 0 revoked 0 #6
         at 9500
         freeze known 0 risk f3 => COUPON_EXPIRED 9000
         view alice 0 => coupon 0 of gift v1 EXPIRED 0..9000 available 0 captured 0 expired 1000",
    );
}

#[test]
fn a_frozen_account_freezes_each_of_its_coupons_without_touching_them() {
    story(
        "template gift card 1000 t
         claim alice gift r1
         claim bob gift r2
         freeze account alice risk f1 => blocks 1 revoked 0 #4
         redeem alice 0 shop/1 100 r3 => COUPON_FROZEN
         redeem bob 1 shop/1 100 r4 => took 100 of 100 by coupon 1, leaves 900 at 1000 #6
         view alice 0 => coupon 0 of gift v1 ACTIVE 0.. available 1000 captured 0 account 1
         claim alice gift r5 => coupon 2 of gift v1 0.. key 1 #7
         redeem code:1 2 shop/1 100 r6 => COUPON_FROZEN
         freeze account alice risk f2 => blocks 1 revoked 0 #9
         unfreeze account alice risk f3 => blocks 0 revoked 0 #10
         redeem alice 0 shop/1 100 r7 => took 100 of 100 by coupon 0, leaves 900 at 1000 #11",
    );
}

#[test]
fn an_account_without_coupons_can_be_frozen_ahead() {
    let mut world = story(
        "template gift card 1000 t
         freeze account alice operator f1 => blocks 4 revoked 0 #1
         wallet alice 10 => [] no more",
    );
    world.tell(
        "claim alice gift r1
         redeem alice 0 shop/1 100 r2 => COUPON_FROZEN",
    );
}

#[test]
fn a_frozen_account_loses_its_holds_only_on_demand() {
    story(
        "template gift card 1000 t1
         template cash off 0 100 t2
         claim alice gift r1
         claim alice cash r2
         claim bob gift r3
         hold alice 0 shop/1 100 h1
         hold alice 0 shop/2 200 h2 ttl=5000
         hold alice 1 shop/1 500 h3
         hold bob 2 shop/1 100 h4
         freeze account alice merchant f1 => blocks 2 revoked 0 #10
         later 5000
         freeze account alice risk f2 revoke => blocks 3 revoked 2 #12
         view alice 0 => coupon 0 of gift v1 ACTIVE 0.. available 1000 captured 0 account 3
         view alice 1 => coupon 1 of cash v1 ACTIVE 0.. available 1 captured 0 account 3
         view bob 2 => coupon 2 of gift v1 ACTIVE 0.. available 900 captured 0 held 100 in holds 1
         capture #6 c1 => HOLD_RELEASED
         capture #7 c2 => HOLD_EXPIRED 6000
         freeze account alice risk f2 revoke => blocks 3 revoked 2 #12 replayed",
    );
}

#[test]
fn the_holds_of_a_long_wallet_are_not_revoked_at_once() {
    let mut world = story(
        "template gift card 1000 t
         room for 10000",
    );
    for request in 0..2_000 {
        world.line(&format!("claim alice gift r{request}"));
    }
    world.tell("freeze account alice risk f1 revoke => blocks 1 revoked 0 #2002");
    world.tell(
        "claim alice gift one-more
         freeze account alice risk f2 revoke => INVALID_ARGUMENT revoke_holds 2000
         freeze account alice risk f1 revoke => blocks 1 revoked 0 #2002 replayed
         freeze account alice risk f2 => blocks 1 revoked 0 #2004",
    );
}

#[test]
fn as_many_holds_as_one_command_may_take_are_revoked_and_not_one_more() {
    let mut world = story(
        "template gift card 10000 t
         room for 10000
         claim alice gift r1
         claim alice gift r2",
    );
    for order in 0..4_096 {
        world.line(&format!("hold alice 0 shop/{order} 1 h{order}"));
    }
    world.tell(
        "hold alice 1 shop/last 1 last
         freeze account alice risk f1 revoke => INVALID_ARGUMENT revoke_holds 4096
         release #4100 x
         freeze account alice risk f1 revoke => blocks 1 revoked 4096 #4102",
    );
}

#[test]
fn refusals_to_freeze_are_remembered_and_ids_are_known_by_operation() {
    story(
        "template cash off 0 100 t
         claim alice cash r1
         redeem alice 0 shop/1 100 r2
         freeze known 0 risk same => COUPON_USED
         refund #3 r3
         freeze known 0 risk same => COUPON_USED
         unfreeze known 0 risk same => blocks 0 revoked 0 #6
         freeze known 0 merchant same => REQUEST_ID_REUSED 4
         freeze known 9 risk same => CODE_NOT_ACCEPTED
         freeze bob 0 risk same => CODE_NOT_ACCEPTED",
    );
}
