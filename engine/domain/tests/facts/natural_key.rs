//! Facts about the natural key of a redemption: (merchant, order, coupon), whatever the request id.

use crate::given::story::story;

#[test]
fn the_same_order_redeems_the_same_coupon_once() {
    let world = story(
        "template gift card 1000 t
         claim alice gift r1
         redeem alice 0 shop/1 100 r2 => took 100 of 100 by coupon 0, leaves 900 at 1000 #3
         later 50
         redeem alice 0 shop/1 100 r3 => took 100 of 100 by coupon 0, leaves 900 at 1000 #3 replayed
         view alice 0 => coupon 0 of gift v1 ACTIVE 0.. available 900 captured 100",
    );
    assert_eq!(world.partition.lsn(), 4, "that it asked again is remembered");
}

#[test]
fn a_joined_request_gets_the_first_outcome_for_ever_also_after_a_refund() {
    let mut world = story(
        "template gift card 1000 t
         claim alice gift r1
         redeem alice 0 shop/1 100 r2
         redeem alice 0 shop/1 100 r3 => took 100 of 100 by coupon 0, leaves 900 at 1000 #3 replayed
         redeem alice 0 shop/1 100 r3 => took 100 of 100 by coupon 0, leaves 900 at 1000 #3 replayed
         redeem code:1 0 shop/1 100 r3 => took 100 of 100 by coupon 0, leaves 900 at 1000 #3 replayed
         later 50
         redeem alice 0 shop/2 200 r4
         refund #3 r5 => gave back 100 of #3 to coupon 0, ACTIVE until 0 with 800 at 1050 #6
         redeem alice 0 shop/1 100 r3 => took 100 of 100 by coupon 0, leaves 900 at 1000 #3 replayed
         redeem alice 0 shop/1 100 r6 => ORDER_ALREADY_REDEEMED 3
         restart
         redeem alice 0 shop/1 100 r3 => took 100 of 100 by coupon 0, leaves 900 at 1000 #3 replayed
         redeem alice 0 shop/1 100 r6 => ORDER_ALREADY_REDEEMED 3
         view alice 0 => coupon 0 of gift v1 ACTIVE 0.. available 800 captured 200",
    );
    assert_eq!((world.partition.lsn(), world.partition.counts()), (7, [1, 1, 2, 6]));
    world.tell(
        "at 86401000
         forget 2
         redeem alice 0 shop/1 100 r3 => ORDER_ALREADY_REDEEMED 3",
    );
}

#[test]
fn a_joined_request_is_taken_for_its_payload() {
    story(
        "template gift card 1000 t
         claim alice gift r1
         redeem alice 0 shop/1 100 r2
         redeem alice 0 shop/1 100 r3
         redeem alice 0 shop/1 101 r3 => REQUEST_ID_REUSED 4
         redeem alice 0 shop/1 100USD r3 => REQUEST_ID_REUSED 4
         redeem alice 0 shop/2 100 r3 => REQUEST_ID_REUSED 4
         redeem alice 0 mall/1 100 r3 => REQUEST_ID_REUSED 4
         restart
         redeem alice 0 shop/2 100 r3 => REQUEST_ID_REUSED 4",
    );
}

#[test]
fn to_join_takes_room_for_a_request() {
    story(
        "template gift card 1000 t
         claim alice gift r1
         redeem alice 0 shop/1 100 r2
         room for 2
         redeem alice 0 shop/1 100 r3 => REQUEST_STORE_FULL 2
         redeem alice 0 shop/1 100 r2 => took 100 of 100 by coupon 0, leaves 900 at 1000 #3 replayed",
    );
}

#[test]
fn another_amount_for_the_same_order_is_refused_and_names_the_first() {
    story(
        "template gift card 1000 t
         claim alice gift r1
         redeem alice 0 shop/1 100 r2
         redeem alice 0 shop/1 101 r3 => ORDER_ALREADY_REDEEMED 3",
    );
}

#[test]
fn the_refusal_of_an_order_is_remembered() {
    story(
        "template gift card 1000 t
         claim alice gift r1
         redeem alice 0 shop/1 100 r2
         redeem alice 0 shop/1 101 r3 => ORDER_ALREADY_REDEEMED 3
         refund #3 r4
         redeem alice 0 shop/1 101 r3 => ORDER_ALREADY_REDEEMED 3
         redeem alice 0 shop/2 101 r3 => REQUEST_ID_REUSED 4",
    );
}

#[test]
fn another_currency_for_the_same_order_is_not_the_same_question() {
    story(
        "template gift card 1000 t
         claim alice gift r1
         redeem alice 0 shop/1 100 r2
         redeem alice 0 shop/1 100USD r3 => ORDER_ALREADY_REDEEMED 3",
    );
}

#[test]
fn an_order_of_a_used_coupon_is_still_known_by_its_order() {
    story(
        "template cash off 10000 2000 t
         claim alice cash r1
         redeem alice 0 shop/1 10000 r2
         redeem alice 0 shop/1 10000 r3 => took 2000 of 10000 by coupon 0, leaves 0 at 1000 #3 replayed
         redeem alice 0 shop/1 20000 r4 => ORDER_ALREADY_REDEEMED 3
         redeem alice 0 shop/2 10000 r5 => COUPON_USED",
    );
}

#[test]
fn a_refunded_order_is_not_redeemed_again_under_its_key() {
    story(
        "template gift card 1000 t
         claim alice gift r1
         redeem alice 0 shop/1 100 r2
         refund #3 r3
         redeem alice 0 shop/1 100 r4 => ORDER_ALREADY_REDEEMED 3
         redeem alice 0 shop/1 100 r2 => took 100 of 100 by coupon 0, leaves 900 at 1000 #3 replayed",
    );
}

#[test]
fn another_merchant_another_order_and_another_coupon_are_other_keys() {
    story(
        "template gift card 1000 t
         claim alice gift r1
         claim alice gift r2
         redeem alice 0 shop/12 100 r3
         redeem alice 1 shop/12 100 r4 => took 100 of 100 by coupon 1, leaves 900 at 1000 #5
         redeem alice 0 shop1/2 100 r5 => took 100 of 100 by coupon 0, leaves 800 at 1000 #6
         redeem alice 0 sho/p12 100 r6 => took 100 of 100 by coupon 0, leaves 700 at 1000 #7",
    );
}

#[test]
fn a_refused_order_may_be_tried_again_under_a_new_request() {
    story(
        "template gift card 1000 t
         claim alice gift r1
         redeem alice 0 shop/1 1001 r2 => INSUFFICIENT_BALANCE 1000
         redeem alice 0 shop/1 1000 r3 => took 1000 of 1000 by coupon 0, leaves 0 at 1000 #4",
    );
}
