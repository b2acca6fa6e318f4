//! Facts about refund 退款 of a whole redemption.

use crate::given::story::story;

/// 30 days, in ms.
const REOPENED_MS: i64 = 2_592_000_000;

#[test]
fn a_refund_in_time_gives_a_one_use_coupon_back_with_its_end() {
    story(
        "template cash off 10000 2000 t use=0..9000
         claim alice cash r1
         redeem alice 0 shop/1 10000 r2
         at 8999
         refund #3 r3 => gave back 2000 of #3 to coupon 0 of cash, ACTIVE until 9000 with 0 at 8999 #4
         view alice 0 => coupon 0 of cash v1 ACTIVE 0..9000 available 1 captured 0
         redeem alice 0 shop/2 10000 r4 => took 2000 of 10000 by coupon 0 of cash, leaves 0 at 8999 #5",
    );
}

#[test]
fn a_refund_past_the_end_leaves_a_one_use_coupon_expired() {
    story(
        "template cash off 10000 2000 t use=0..9000
         claim alice cash r1
         redeem alice 0 shop/1 10000 r2
         at 9000
         refund #3 r3 => gave back 2000 of #3 to coupon 0 of cash, EXPIRED until 9000 with 0 at 9000 #4
         view alice 0 => coupon 0 of cash v1 EXPIRED 0..9000 available 1 captured 0
         redeem alice 0 shop/2 10000 r4 => COUPON_EXPIRED 9000",
    );
}

#[test]
fn a_refund_under_the_policy_never_leaves_the_coupon_used() {
    story(
        "template cash off 10000 2000 t refund=never
         claim alice cash r1
         redeem alice 0 shop/1 10000 r2
         refund #3 r3 => gave back 2000 of #3 to coupon 0 of cash, USED until 0 with 0 at 1000 #4
         view alice 0 => coupon 0 of cash v1 USED 0.. available 0 captured 1
         redeem alice 0 shop/2 10000 r4 => COUPON_USED",
    );
}

#[test]
fn stored_value_comes_back_whatever_the_policy() {
    story(
        "template gift card 1000 t refund=never
         claim alice gift r1
         redeem alice 0 shop/1 300 r2
         redeem alice 0 shop/2 200 r3
         refund #3 r4 => gave back 300 of #3 to coupon 0 of gift, ACTIVE until 0 with 800 at 1000 #5
         view alice 0 => coupon 0 of gift v1 ACTIVE 0.. available 800 captured 200",
    );
}

#[test]
fn a_refund_before_the_end_of_a_card_leaves_its_end() {
    story(
        "template gift card 1000 t use=0..9000
         claim alice gift r1
         redeem alice 0 shop/1 300 r2
         at 8999
         refund #3 r3 => gave back 300 of #3 to coupon 0 of gift, ACTIVE until 9000 with 1000 at 8999 #4",
    );
}

#[test]
fn a_refund_reopens_an_expired_card_for_30_days() {
    let end = 9_000 + REOPENED_MS;
    story(&format!(
        "template gift card 1000 t use=0..9000
         claim alice gift r1
         redeem alice 0 shop/1 300 r2
         at 9000
         validate alice 0 1 => COUPON_EXPIRED 9000
         refund #3 r3 => gave back 300 of #3 to coupon 0 of gift, ACTIVE until {end} with 1000 at 9000 #4
         view alice 0 => coupon 0 of gift v1 ACTIVE 0..{end} available 1000 captured 0
         at {}
         redeem alice 0 shop/2 1 r4 => took 1 of 1 by coupon 0 of gift, leaves 999 at {} #5
         at {end}
         redeem alice 0 shop/3 1 r5 => COUPON_EXPIRED {end}",
        end - 1,
        end - 1,
    ));
}

#[test]
fn a_reopened_card_that_expired_again_is_reopened_again() {
    let (first, second) = (9_000 + REOPENED_MS, 9_000 + 2 * REOPENED_MS);
    story(&format!(
        "template gift card 1000 t use=0..9000
         claim alice gift r1
         redeem alice 0 shop/1 300 r2
         redeem alice 0 shop/2 300 r3
         redeem alice 0 shop/3 300 r4
         at 9000
         refund #3 r5 => gave back 300 of #3 to coupon 0 of gift, ACTIVE until {first} with 400 at 9000 #6
         at {}
         refund #4 r6 => gave back 300 of #4 to coupon 0 of gift, ACTIVE until {first} with 700 at {} #7
         at {first}
         refund #5 r7 => gave back 300 of #5 to coupon 0 of gift, ACTIVE until {second} with 1000 at {first} #8
         claim alice gift r1 => coupon 0 of gift v1 0..9000 key 1 #2 replayed",
        first - 1,
        first - 1,
    ));
}

#[test]
fn a_redemption_is_refunded_once() {
    story(
        "template gift card 1000 t
         claim alice gift r1
         redeem alice 0 shop/1 300 r2
         refund #3 r3
         refund #3 r4 => ALREADY_REFUNDED 300
         view alice 0 => coupon 0 of gift v1 ACTIVE 0.. available 1000 captured 0",
    );
}

#[test]
fn a_refund_names_a_redemption_and_nothing_else() {
    let world = story(
        "template gift card 1000 t
         claim alice gift r1
         redeem alice 0 shop/1 1001 r2 => INSUFFICIENT_BALANCE 1000
         redeem alice 0 shop/1 300 r3
         refund #0 r => REDEMPTION_NOT_FOUND
         refund #1 r => REDEMPTION_NOT_FOUND
         refund #2 r => REDEMPTION_NOT_FOUND
         refund #3 r => REDEMPTION_NOT_FOUND
         refund #5 r => REDEMPTION_NOT_FOUND
         refund #18446744073709551615 r => REDEMPTION_NOT_FOUND
         refund #4 r => gave back 300 of #4 to coupon 0 of gift, ACTIVE until 0 with 1000 at 1000 #5",
    );
    assert_eq!(world.partition.lsn(), 5, "an unknown redemption leaves no trace");
}

#[test]
fn each_redemption_among_many_is_found_by_its_lsn() {
    let mut world = story(
        "template gift card 1000 t
         claim alice gift r",
    );
    for charge in 0..40 {
        world.tell(&format!("redeem alice 0 shop/{charge} {} r{charge}", charge + 1));
    }
    for charge in (0..40).rev() {
        let answer = world.line(&format!("refund #{} f{charge}", charge + 3));
        let text = crate::given::told::told(&answer.expect("a refund is told"));
        assert!(text.starts_with(&format!("gave back {} of #{} ", charge + 1, charge + 3)), "{text}");
    }
    world.tell("view alice 0 => coupon 0 of gift v1 ACTIVE 0.. available 1000 captured 0");
}

#[test]
fn a_refund_of_a_coupon_that_was_used_again_leaves_the_later_use() {
    story(
        "template cash off 10000 2000 t
         claim alice cash r1
         redeem alice 0 shop/1 10000 r2
         refund #3 r3
         redeem alice 0 shop/2 10000 r4
         refund #3 r5 => ALREADY_REFUNDED 2000
         view alice 0 => coupon 0 of cash v1 USED 0.. available 0 captured 1
         refund #5 r6 => gave back 2000 of #5 to coupon 0 of cash, ACTIVE until 0 with 0 at 1000 #7",
    );
}
