//! Facts about listing a user's coupons.

use crate::given::story::story;

/// Alice has 0 used, 2 expired at 2000, 3 and 5 active; bob has 1 and 4.
const WALLETS: &str = "
    template cash off 10000 2000 t1
    template soon off 10000 2000 t2 use=0..2000
    claim alice cash r0
    claim bob cash r1
    claim alice soon r2
    claim alice cash r3
    claim bob cash r4
    claim alice cash r5
    redeem alice 0 shop/1 10000 u";

#[test]
fn a_wallet_lists_the_newest_first_and_only_its_own() {
    let mut world = story(WALLETS);
    world.tell(
        "wallet alice 10 => [5 ACTIVE, 3 ACTIVE, 2 ACTIVE, 0 USED] no more
         wallet bob 10 => [4 ACTIVE, 1 ACTIVE] no more
         wallet nobody 10 => [] no more",
    );
}

#[test]
fn a_coupon_is_listed_as_expired_from_the_millisecond_its_window_ends() {
    let mut world = story(WALLETS);
    world.tell(
        "at 1999
         wallet alice 10 => [5 ACTIVE, 3 ACTIVE, 2 ACTIVE, 0 USED] no more
         at 2000
         wallet alice 10 => [5 ACTIVE, 3 ACTIVE, 2 EXPIRED, 0 USED] no more",
    );
}

#[test]
fn a_status_filter_lists_only_that_status() {
    let mut world = story(WALLETS);
    world.tell(
        "at 2000
         wallet alice 10 active => [5 ACTIVE, 3 ACTIVE] no more
         wallet alice 10 used => [0 USED] no more
         wallet alice 10 expired => [2 EXPIRED] no more
         wallet bob 10 used => [] no more",
    );
}

#[test]
fn a_frozen_coupon_is_listed_as_frozen_and_no_longer_as_active() {
    let mut world = story(WALLETS);
    world.tell(
        "at 2000
         freeze known 3 risk f1
         wallet alice 10 active => [5 ACTIVE] no more
         wallet alice 10 frozen => [3 ACTIVE] no more
         freeze account alice operator f2
         wallet alice 10 active => [] no more
         wallet alice 10 frozen => [5 ACTIVE, 3 ACTIVE] no more
         wallet alice 10 used => [0 USED] no more
         wallet alice 10 expired => [2 EXPIRED] no more",
    );
}

#[test]
fn a_used_coupon_stays_used_after_its_window_has_ended() {
    story(
        "template soon off 10000 2000 t use=0..2000
         claim alice soon r
         redeem alice 0 shop/1 10000 u
         at 2000
         wallet alice 10 => [0 USED] no more",
    );
}

#[test]
fn pages_follow_each_other_without_gap_or_repetition() {
    let mut world = story(WALLETS);
    world.tell(
        "wallet alice 1 => [5 ACTIVE] next 3
         wallet alice 1 from=3 => [3 ACTIVE] next 2
         wallet alice 2 from=2 => [2 ACTIVE, 0 USED] no more
         wallet alice 2 => [5 ACTIVE, 3 ACTIVE] next 2",
    );
}

#[test]
fn a_coupon_that_comes_between_two_pages_does_not_move_the_second() {
    let mut world = story(WALLETS);
    world.tell(
        "wallet alice 2 => [5 ACTIVE, 3 ACTIVE] next 2
         claim alice cash r6
         wallet alice 2 from=2 => [2 ACTIVE, 0 USED] no more
         wallet alice 2 => [6 ACTIVE, 5 ACTIVE] next 3",
    );
}

#[test]
fn a_page_has_1_to_200_coupons() {
    let mut world = story(WALLETS);
    world.tell(
        "wallet alice 0 => INVALID_ARGUMENT page_size 1
         wallet alice 201 => INVALID_ARGUMENT page_size 200
         wallet nobody 0 => INVALID_ARGUMENT page_size 1
         wallet bob 200 => [4 ACTIVE, 1 ACTIVE] no more",
    );
}

#[test]
fn a_token_of_somebody_elses_coupon_or_of_none_is_refused() {
    let mut world = story(WALLETS);
    world.tell(
        "wallet alice 10 from=4 => INVALID_ARGUMENT page_token
         wallet alice 10 from=6 => INVALID_ARGUMENT page_token
         wallet alice 10 from=18446744073709551615 => INVALID_ARGUMENT page_token",
    );
}

#[test]
fn a_long_wallet_is_searched_in_bounded_steps_and_to_its_end() {
    let mut world = story(
        "template cash off 10000 2000 t
         claim alice cash first
         redeem alice 0 shop/1 10000 u
         room for 10000",
    );
    for request in 0..4_500 {
        world.line(&format!("claim alice cash r{request}"));
    }
    world.tell(
        "wallet alice 1 used => [] next 2500
         wallet alice 1 used from=2500 => [] next 500
         wallet alice 1 used from=500 => [0 USED] no more",
    );
}

#[test]
fn what_ends_before_an_instant_is_listed_by_itself() {
    story(
        "template soon cash 10 t1 use=0..5000
         template late cash 10 t2 use=0..9000
         template ever cash 10 t3
         claim alice soon r1
         claim alice late r2
         claim alice ever r3
         wallet alice 10 active ends-before=5000 => [] no more
         wallet alice 10 active ends-before=5001 => [0 ACTIVE] no more
         wallet alice 10 active ends-before=253402300800000 => [1 ACTIVE, 0 ACTIVE] no more
         wallet alice 10 active => [2 ACTIVE, 1 ACTIVE, 0 ACTIVE] no more
         at 5000
         wallet alice 10 active ends-before=9001 => [1 ACTIVE] no more
         wallet alice 10 ends-before=9001 => [1 ACTIVE, 0 EXPIRED] no more
         wallet alice 10 ends-before=-1 => INVALID_ARGUMENT ends_before_ms
         wallet alice 10 ends-before=253402300800001 => INVALID_ARGUMENT ends_before_ms 253402300800000",
    );
}
