//! Facts about checkouts 下单: several coupons and cards on one order of lines; all of them or none.

use crate::given::story::story;

/// Coupon 0 takes 300 off 1,000 of tea and rice, 1 pays shipping, 2 is a card with 2,000, 3 stands alone, 4 is for oil.
const WALLET: &str = "template lunch off 1000 300 t1 stack=always goods=tea,rice
     template ship cash 50 t2 stack=always layer=shipping
     template purse card 2000 t3
     template alone cash 100 t4
     template oil pieces 2 100 t5 stack=always goods=oil
     claim ann lunch c1
     claim ann ship c2
     claim ann purse c3
     claim ann alone c4
     claim ann oil c5\n";

fn with_wallet(lines: &str) {
    story(&format!("{WALLET}{lines}"));
}

#[test]
fn discounts_come_in_their_order_and_cards_pay_what_they_leave() {
    with_wallet(
        "checkout redeem ann:2+ann:1+ann:0 shop/1 r1 lines=tea:2x500,rice:3x200 shipping=80 \
         => took [300 by 0 as 188+112+0 #11, 50 by 1 as 0+0+50 #12, 1330 by card 2 leaves 670 #13] of 1680, 0 to pay #14
         view ann 0 => coupon 0 of lunch v1 USED 0.. available 0 captured 1
         view ann 2 => coupon 2 of purse v1 ACTIVE 0.. available 670 captured 1330
         order shop/1 => [#13 1330 of 1330 by coupon 2 less 0 at 1000, #12 50 of 1380 by coupon 1 less 0 at 1000, \
         #11 300 of 1680 by coupon 0 less 0 at 1000]",
    );
}

#[test]
fn what_no_card_covers_is_left_to_pay() {
    with_wallet(
        "checkout redeem ann:0+ann:2 shop/1 r1 lines=tea:10x500 \
         => took [300 by 0 as 300+0 #11, 2000 by card 2 leaves 0 #12] of 5000, 2700 to pay #13",
    );
}

#[test]
fn the_first_instrument_that_may_not_be_used_is_the_refusal_and_nothing_happens() {
    with_wallet(
        "checkout redeem ann:2+ann:0 shop/1 r1 lines=tea:1x999 => BELOW_THRESHOLD instruments[1] 1
         checkout redeem ann:4+ann:2 shop/2 r1 lines=oil:1x999 => BELOW_QUANTITY instruments[0] 1
         checkout redeem ann:2+ann:4 shop/2 r2 lines=tea:1x999 => OUT_OF_SCOPE instruments[1]
         checkout redeem ann:0+ann:3 shop/2 r3 lines=tea:1x1000 => NOT_COMBINABLE instruments[1]
         checkout redeem ann:0+ann:1 shop/2 r4 lines=tea:1x1000 => NO_EFFECT instruments[1]
         checkout redeem ann:3+ann:2 shop/2 r5 lines=tea:1x100 => NO_EFFECT instruments[1]
         checkout redeem ann:0+ann:2 shop/2 r6 lines=tea:1x1000 USD => CURRENCY_MISMATCH instruments[0]
         checkout redeem ann:0+bob:2 shop/2 r7 lines=tea:1x1000 => CODE_NOT_ACCEPTED instruments[1]
         checkout redeem ann:0+ann:0 shop/2 r8 lines=tea:1x1000 => INVALID_ARGUMENT instruments[1] 1
         freeze known 2 risk f1
         checkout redeem ann:0+ann:2 shop/2 r9 lines=tea:1x1000 => COUPON_FROZEN instruments[1]
         checkout redeem ann:2+ann:0 shop/1 r1 lines=tea:1x999 => BELOW_THRESHOLD instruments[1] 1
         unfreeze known 2 risk f2
         checkout redeem ann:0+ann:2 shop/2 r9 lines=tea:1x1000 => COUPON_FROZEN instruments[1]
         view ann 0 => coupon 0 of lunch v1 ACTIVE 0.. available 1 captured 0
         view ann 2 => coupon 2 of purse v1 ACTIVE 0.. available 2000 captured 0",
    );
}

#[test]
fn an_order_is_checked_out_once_and_who_asks_for_the_same_is_given_it() {
    with_wallet(
        "checkout redeem ann:0+ann:2 shop/1 r1 lines=tea:2x500 \
         => took [300 by 0 as 300+0 #11, 700 by card 2 leaves 1300 #12] of 1000, 0 to pay #13
         checkout redeem ann:0+ann:2 shop/1 r1 lines=tea:2x500 \
         => took [300 by 0 as 300+0 #11, 700 by card 2 leaves 1300 #12] of 1000, 0 to pay #13 replayed
         checkout redeem ann:2+ann:0 shop/1 r2 lines=tea:2x500 \
         => took [300 by 0 as 300+0 #11, 700 by card 2 leaves 1300 #12] of 1000, 0 to pay #13 replayed
         checkout redeem ann:2+ann:0 shop/1 r1 lines=tea:2x501 => REQUEST_ID_REUSED 13
         checkout redeem ann:2 shop/1 r3 lines=tea:2x500 => ORDER_ALREADY_REDEEMED 13
         checkout hold ann:2 shop/1 r4 lines=tea:2x500 => ORDER_ALREADY_REDEEMED 13
         redeem ann 2 shop/1 700 r5 => took 700 of 700 by coupon 2, leaves 1300 at 1000 #12 replayed",
    );
}

#[test]
fn a_hold_promises_all_of_it_and_its_capture_needs_nothing_more() {
    with_wallet(
        "checkout hold ann:0+ann:2 shop/1 r1 lines=tea:2x500,rice:3x200 \
         => held [300 by 0 as 188+112+0 #11, 1300 by card 2 leaves 0 #12] of 1600, 0 to pay, until 901000 #13
         view ann 2 => coupon 2 of purse v1 ACTIVE 0.. available 700 captured 0 held 1300 in holds 1
         checkout redeem ann:0+ann:2 shop/1 r2 lines=tea:2x500,rice:3x200 => COUPON_HELD 13
         checkout redeem ann:0 shop/2 r3 lines=tea:2x500 => COUPON_HELD instruments[0]
         capture #11 r4 => PART_OF_CHECKOUT 13
         release #12 r5 => PART_OF_CHECKOUT 13
         freeze account ann operator f1
         checkout capture #13 r6 \
         => took [300 by 0 as 188+112+0 #19, 1300 by card 2 leaves 700 #20] of 1600, 0 to pay #21
         checkout capture #13 r6 \
         => took [300 by 0 as 188+112+0 #19, 1300 by card 2 leaves 700 #20] of 1600, 0 to pay #21 replayed
         checkout capture #13 r7 units=0:1 => HOLD_CAPTURED 21
         checkout capture #13 r11 \
         => took [300 by 0 as 188+112+0 #19, 1300 by card 2 leaves 700 #20] of 1600, 0 to pay #21 replayed
         checkout release #13 r8 => HOLD_CAPTURED 21
         checkout capture #21 r9 => HOLD_NOT_FOUND
         refund #19 r10 => PART_OF_CHECKOUT 21",
    );
}

#[test]
fn a_capture_in_part_keeps_the_shares_of_what_is_delivered_and_releases_the_rest() {
    with_wallet(
        "checkout hold ann:0+ann:1+ann:2 shop/1 r1 lines=tea:2x500,rice:3x200 shipping=80 \
         => held [300 by 0 as 188+112+0 #11, 50 by 1 as 0+0+50 #12, 1330 by card 2 leaves 0 #13] of 1680, 0 to pay, until 901000 #14
         checkout capture #14 r2 units=0:3 => INVALID_ARGUMENT delivered.lines.units 2
         checkout capture #14 r2 units=2:1 => INVALID_ARGUMENT delivered.lines.line 1
         checkout capture #14 r2 units=0:1,0:1 => INVALID_ARGUMENT delivered.lines.line 1
         checkout capture #14 r2 units=0:1,1:2 \
         => took [168 by 0 as 94+74+0 #16, 732 by card 2 leaves 1268 #17] of 900, 0 to pay #18
         view ann 1 => coupon 1 of ship v1 ACTIVE 0.. available 1 captured 0
         view ann 2 => coupon 2 of purse v1 ACTIVE 0.. available 1268 captured 732
         checkout refund #18 r3 units=1:1 \
         => order #18 gave back [37 to coupon 0 USED with 0, 163 to coupon 2 ACTIVE with 1431], 0 outside #21
         checkout refund #18 r4 units=1:2 => REFUND_EXCEEDS_CAPTURE 1
         checkout refund #18 r5 \
         => order #18 gave back [131 to coupon 0 ACTIVE with 0, 569 to coupon 2 ACTIVE with 2000], 0 outside #25
         checkout refund #18 r6 => ALREADY_REFUNDED 900
         checkout capture #14 r7 => HOLD_CAPTURED 18",
    );
}

#[test]
fn money_comes_back_to_cards_first_and_by_the_unit() {
    with_wallet(
        "template small card 300 t9
         claim ann small c9
         checkout redeem ann:0+ann:2+ann:5 shop/1 r1 lines=tea:3x1000 \
         => took [300 by 0 as 300+0 #13, 300 by card 5 leaves 0 #14, 2000 by card 2 leaves 0 #15] of 3000, 400 to pay #16
         checkout refund #16 r2 units=0:1 \
         => order #16 gave back [100 to coupon 0 USED with 0, 900 to coupon 2 ACTIVE with 900], 0 outside #19
         checkout refund #16 r3 units=0:1 \
         => order #16 gave back [100 to coupon 0 USED with 0, 900 to coupon 2 ACTIVE with 1800], 0 outside #22
         checkout refund #16 r2 units=0:1 \
         => order #16 gave back [100 to coupon 0 USED with 0, 900 to coupon 2 ACTIVE with 900], 0 outside #19 replayed
         checkout refund #16 r4 \
         => order #16 gave back [100 to coupon 0 ACTIVE with 0, 200 to coupon 2 ACTIVE with 2000, 300 to coupon 5 ACTIVE with 300], \
         400 outside #26",
    );
}

#[test]
fn an_order_that_holds_again_replaces_what_it_held() {
    with_wallet(
        "checkout hold ann:0+ann:2 shop/1 r1 lines=tea:2x500
         checkout hold ann:2+ann:3 shop/1 r2 lines=tea:2x500 \
         => held [100 by 3 as 100+0 #15, 900 by card 2 leaves 0 #16] of 1000, 0 to pay, until 901000 #17
         view ann 0 => coupon 0 of lunch v1 ACTIVE 0.. available 1 captured 0
         view ann 2 => coupon 2 of purse v1 ACTIVE 0.. available 1100 captured 0 held 900 in holds 1
         checkout capture #13 r3 => HOLD_RELEASED
         checkout release #17 r4 => order #17 let go #21
         checkout release #17 r5 => order #17 let go #22
         view ann 2 => coupon 2 of purse v1 ACTIVE 0.. available 2000 captured 0
         checkout capture #17 r6 => HOLD_RELEASED",
    );
}

#[test]
fn a_hold_ends_with_its_deadline_and_a_revoked_part_ends_the_promise() {
    with_wallet(
        "checkout hold ann:0+ann:2 shop/1 r1 lines=tea:2x500 ttl=5000
         at 6000
         checkout capture #13 r2 => HOLD_EXPIRED 6000
         checkout release #13 r3 => order #13 let go had expired #17
         checkout redeem ann:0+ann:2 shop/1 r4 lines=tea:2x500 \
         => took [300 by 0 as 300+0 #18, 700 by card 2 leaves 1300 #19] of 1000, 0 to pay #20
         checkout hold ann:2+ann:3 shop/2 r5 lines=tea:2x500 ttl=5000
         freeze known 2 risk f1 revoke
         checkout capture #23 r6 => HOLD_RELEASED
         view ann 3 => coupon 3 of alone v1 ACTIVE 0.. available 0 captured 0 held 1 in holds 1",
    );
}

#[test]
fn a_card_that_expired_or_became_void_takes_its_money_back() {
    with_wallet(
        "template brief card 500 t9 use=0..2000
         claim ann brief c9
         checkout redeem ann:2+ann:5 shop/1 r1 lines=tea:1x1000 \
         => took [500 by card 5 leaves 0 #13, 500 by card 2 leaves 1500 #14] of 1000, 0 to pay #15
         void known 2 v1
         at 3000
         checkout refund #15 r2 \
         => order #15 gave back [500 to coupon 2 VOID with 0 on coupon 6 3000..2592003000 key 1, 500 to coupon 5 ACTIVE with 500], 0 outside #19",
    );
}

#[test]
fn checkouts_leave_memory_with_their_redemptions_and_say_so() {
    with_wallet(
        "checkout redeem ann:0+ann:2 shop/1 r1 lines=tea:2x500
         checkout refund #13 r2 units=0:1
         checkout hold ann:1+ann:2 shop/2 r3 lines=tea:2x500 shipping=90 ttl=5000
         at 2592001000
         checkout refund #13 r4 => REDEMPTION_ARCHIVED
         at 2678402000
         forget 7
         checkout refund #13 r5 => REDEMPTION_ARCHIVED
         checkout refund #99 r6 => REDEMPTION_NOT_FOUND",
    );
}

#[test]
fn units_that_are_refused_are_named_as_the_request_names_them() {
    with_wallet(
        "checkout redeem ann:0+ann:2 shop/1 r1 lines=tea:2x500
         checkout refund #13 b1 units=0:3 => INVALID_ARGUMENT returned.lines.units 2
         checkout refund #13 b1 units=1:1 => INVALID_ARGUMENT returned.lines.line
         checkout refund #13 b1 units=0:1,0:1 => INVALID_ARGUMENT returned.lines 1
         checkout hold ann:2 shop/2 h1 lines=ink:1x10 ttl=5000
         checkout capture #15 c1 units=0:2 => INVALID_ARGUMENT delivered.lines.units 1",
    );
}

#[test]
fn what_an_order_holds_is_not_taken_out_of_it_by_a_hold_of_its_own() {
    with_wallet(
        "checkout hold ann:0+ann:2 shop/1 h1 lines=tea:2x500
         hold ann 2 shop/1 100 q1 => PART_OF_CHECKOUT 13
         hold ann 0 shop/1 1000 q2 => PART_OF_CHECKOUT 13
         hold ann 2 shop/2 100 q3
         checkout capture #13 k1 => took [300 by 0 as 300+0 #17, 700 by card 2 leaves 1200 #18] of 1000, 0 to pay #19",
    );
}

#[test]
fn what_is_delivered_costs_something_or_is_refused_by_its_name_and_asked_again() {
    with_wallet(
        "checkout hold ann:0+ann:2 shop/1 h1 lines=tea:2x500,rice:1x0
         checkout capture #last k1 units=1:1 => INVALID_ARGUMENT delivered 1
         checkout capture #last k1 units=1:1 => INVALID_ARGUMENT delivered 1
         checkout capture #last k1 units=0:2,1:1 => took [300 by 0 as 300+0+0 #14, 700 by card 2 leaves 1300 #15] of 1000, 0 to pay #16
         checkout capture #13 k2 units=1:1 => INVALID_ARGUMENT delivered 1",
    );
}
