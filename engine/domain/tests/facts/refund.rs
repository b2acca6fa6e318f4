//! Facts about refund 退款, of a whole redemption or of a part.

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
         refund #3 r3 => gave back 2000 of #3 to coupon 0, ACTIVE until 9000 with 0 at 8999 #4
         view alice 0 => coupon 0 of cash v1 ACTIVE 0..9000 available 1 captured 0
         redeem alice 0 shop/2 10000 r4 => took 2000 of 10000 by coupon 0, leaves 0 at 8999 #5",
    );
}

#[test]
fn a_refund_past_the_end_leaves_a_one_use_coupon_expired() {
    story(
        "template cash off 10000 2000 t use=0..9000
         claim alice cash r1
         redeem alice 0 shop/1 10000 r2
         at 9000
         refund #3 r3 => gave back 2000 of #3 to coupon 0, EXPIRED until 9000 with 0 at 9000 #4
         view alice 0 => coupon 0 of cash v1 EXPIRED 0..9000 available 0 captured 0 expired 1
         redeem alice 0 shop/2 10000 r4 => COUPON_EXPIRED 9000",
    );
}

#[test]
fn a_refund_under_the_policy_never_leaves_the_coupon_used() {
    story(
        "template cash off 10000 2000 t refund=never
         claim alice cash r1
         redeem alice 0 shop/1 10000 r2
         refund #3 r3 => gave back 2000 of #3 to coupon 0, USED until 0 with 0 at 1000 #4
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
         refund #3 r4 => gave back 300 of #3 to coupon 0, ACTIVE until 0 with 800 at 1000 #5
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
         refund #3 r3 => gave back 300 of #3 to coupon 0, ACTIVE until 9000 with 1000 at 8999 #4",
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
         refund #3 r3 => gave back 300 of #3 to coupon 0, ACTIVE until {end} with 300 at 9000 #5
         view alice 0 => coupon 0 of gift v1 ACTIVE 0..{end} available 300 captured 0 expired 700
         at {}
         redeem alice 0 shop/2 1 r4 => took 1 of 1 by coupon 0, leaves 299 at {} #6
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
         at 9000
         refund #3 r4 => gave back 300 of #3 to coupon 0, ACTIVE until 2592009000 with 300 at 9000 #6
         later 1
         refund #4 r5 amount=100 => gave back 100 of #4 to coupon 0, ACTIVE until 2592009000 with 400 at 9001 #7
         redeem alice 0 shop/3 50 r6
         at {first}
         refund #8 r7 => gave back 50 of #8 to coupon 0, ACTIVE until 5184009000 with 50 at 2592009000 #10
         view alice 0 => coupon 0 of gift v1 ACTIVE 0..5184009000 available 50 captured 200 expired 750
         claim alice gift r1 => coupon 0 of gift v1 0..9000 key 1 #2 replayed
         at {second}
         view alice 0 => coupon 0 of gift v1 EXPIRED 0..5184009000 available 0 captured 200 expired 800"
    ));
}

#[test]
fn a_charge_is_refunded_in_parts_up_to_what_was_captured() {
    story(
        "template gift card 1000 t
         claim alice gift r1
         redeem alice 0 shop/1 300 r2
         refund #3 r3 amount=100 => gave back 100 of #3 to coupon 0, ACTIVE until 0 with 800 at 1000 #4
         refund #3 r4 amount=201 => REFUND_EXCEEDS_CAPTURE 200
         refund #3 r5 amount=0 => INVALID_ARGUMENT amount 1
         refund #3 r5 amount=1000000000000001 => AMOUNT_OUT_OF_RANGE amount 1000000000000000
         refund #3 r5 amount=150 => gave back 150 of #3 to coupon 0, ACTIVE until 0 with 950 at 1000 #6
         refund #3 r5 amount=150 => gave back 150 of #3 to coupon 0, ACTIVE until 0 with 950 at 1000 #6 replayed
         refund #3 r5 => REQUEST_ID_REUSED 6
         refund #3 r4 amount=201 => REFUND_EXCEEDS_CAPTURE 200
         refund #3 r6 => gave back 50 of #3 to coupon 0, ACTIVE until 0 with 1000 at 1000 #7
         refund #3 r7 => ALREADY_REFUNDED 300
         refund #3 r8 amount=1 => ALREADY_REFUNDED 300
         view alice 0 => coupon 0 of gift v1 ACTIVE 0.. available 1000 captured 0
         redeem alice 0 shop/1 300 r9 => ORDER_ALREADY_REDEEMED 3",
    );
}

#[test]
fn a_one_use_coupon_comes_back_with_the_last_part_of_its_discount() {
    story(
        "template cash off 0 2000 t1
         template never off 0 2000 t2 refund=never
         claim alice cash r1
         claim alice never r2
         redeem alice 0 shop/1 5000 r3
         redeem alice 1 shop/1 5000 r4
         refund #5 r5 amount=1999 => gave back 1999 of #5 to coupon 0, USED until 0 with 0 at 1000 #7
         view alice 0 => coupon 0 of cash v1 USED 0.. available 0 captured 1
         refund #5 r6 amount=1 => gave back 1 of #5 to coupon 0, ACTIVE until 0 with 0 at 1000 #8
         view alice 0 => coupon 0 of cash v1 ACTIVE 0.. available 1 captured 0
         refund #6 r7 amount=1999 => gave back 1999 of #6 to coupon 1, USED until 0 with 0 at 1000 #9
         refund #6 r8 => gave back 1 of #6 to coupon 1, USED until 0 with 0 at 1000 #10",
    );
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
         refund #4 r => gave back 300 of #4 to coupon 0, ACTIVE until 0 with 1000 at 1000 #5",
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
         refund #5 r6 => gave back 2000 of #5 to coupon 0, ACTIVE until 0 with 0 at 1000 #7",
    );
}

#[test]
fn under_the_policy_any_the_first_part_gives_the_coupon_back_and_later_ones_leave_it_alone() {
    story(
        "template cash off 0 1000 t refund=any use=0..90000
         claim alice cash r1
         redeem alice 0 shop/1 5000 r2
         refund #3 b1 amount=300 => gave back 300 of #3 to coupon 0, ACTIVE until 90000 with 0 at 1000 #4
         view alice 0 => coupon 0 of cash v1 ACTIVE 0..90000 available 1 captured 0
         refund #3 b2 amount=100 => gave back 100 of #3 to coupon 0, ACTIVE until 90000 with 0 at 1000 #5
         redeem alice 0 shop/1 5000 r3 => ORDER_ALREADY_REDEEMED 3
         redeem alice 0 shop/2 5000 r4
         refund #3 b3 => gave back 600 of #3 to coupon 0, USED until 90000 with 0 at 1000 #8
         view alice 0 => coupon 0 of cash v1 USED 0..90000 available 0 captured 1
         refund #3 b4 => ALREADY_REFUNDED 1000
         at 90000
         refund #7 b5 => gave back 1000 of #7 to coupon 0, EXPIRED until 90000 with 0 at 90000 #10
         refund #3 b2 amount=100 => gave back 100 of #3 to coupon 0, ACTIVE until 90000 with 0 at 1000 #5 replayed
         refund #3 b3 => gave back 600 of #3 to coupon 0, USED until 90000 with 0 at 1000 #8 replayed",
    );
}

#[test]
fn a_later_part_tells_what_became_of_a_coupon_that_came_back() {
    story(
        "template cash off 0 1000 t refund=any use=0..90000
         claim alice cash r1
         claim alice cash r2
         redeem alice 0 shop/1 5000 r3
         redeem alice 1 shop/2 5000 r4
         refund #4 b1 amount=1
         refund #5 b2 amount=1
         void known 0 v1
         refund #4 b3 amount=1 => gave back 1 of #4 to coupon 0, VOID until 90000 with 0 at 1000 #9
         at 90000
         refund #5 b4 amount=1 => gave back 1 of #5 to coupon 1, EXPIRED until 90000 with 0 at 90000 #11",
    );
}

#[test]
fn lines_that_come_back_one_by_one_give_each_coupon_back_as_its_template_says() {
    story(
        "template full off 0 10 t1 stack=always
         template any off 0 20 t2 stack=always refund=any
         template never off 0 30 t3 stack=always refund=never
         claim ann full c1
         claim ann any c2
         claim ann never c3
         checkout redeem ann:0+ann:1+ann:2 shop/1 r1 lines=tea:4x100
         checkout refund #10 b1 units=0:1 => \
         order #10 gave back [2 to coupon 0 USED with 0, 5 to coupon 1 ACTIVE with 0, 7 to coupon 2 USED with 0], 85 outside #14
         redeem ann 1 shop/2 100 r2
         checkout refund #10 b2 units=0:3 => \
         order #10 gave back [8 to coupon 0 ACTIVE with 0, 15 to coupon 1 USED with 0, 23 to coupon 2 USED with 0], 255 outside #19",
    );
}

#[test]
fn a_coupon_that_is_offered_hinders_no_refund_that_leaves_it_alone() {
    story(
        "template any off 0 20 t1 stack=always refund=any transferable
         claim ann any c1
         claim ann any c2
         checkout redeem ann:0 shop/1 r1 lines=tea:2x100
         checkout refund #5 b1 units=0:1
         redeem ann 1 shop/2 100 r2
         refund #8 b2 amount=5
         offer ann 0 o1
         offer ann 1 o2
         checkout refund #5 b3 units=0:1 => order #5 gave back [10 to coupon 0 GIFTING with 0], 90 outside #13
         refund #8 b4 amount=5 => gave back 5 of #8 to coupon 1, GIFTING until 0 with 0 at 1000 #14
         checkout refund #5 b3 units=0:1 => order #5 gave back [10 to coupon 0 GIFTING with 0], 90 outside #13 replayed
         accept #10 bob a1
         refund #8 b5 => gave back 10 of #8 to coupon 1, GIFTING until 0 with 0 at 1000 #17",
    );
}

#[test]
fn a_card_that_is_offered_takes_nothing_back_until_it_is_not() {
    story(
        "template purse card 100 t1 transferable
         template cash cash 40 t2 stack=always
         claim ann purse c1
         claim ann cash c2
         checkout redeem ann:0+ann:1 shop/1 r1 lines=tea:1x80,rice:2x5,oil:1x0
         offer ann 0 o1
         checkout refund #last b1 units=1:1 => COUPON_GIFTING 86401000
         checkout refund #last b2 units=2:1 => order #7 gave back [], 0 outside #10",
    );
}
