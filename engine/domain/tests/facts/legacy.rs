//! Facts about cards and coupons of other houses: a code is imported once, for ever, and what it leads to is like any other. I5.

use crate::given::World;
use crate::given::story::story;

/// A journal with every event that is about what was imported.
pub fn imported() -> World {
    story(
        "template moon card 5000 t1 after=10+100000
         template star card 700 t2 at-issue
         import AA b1 moon
         import BB b1 moon balance=4321 ref=R-2
         key 2
         later 50
         import CC b2 star until=90000 ref=R-3
         import DD b2 moon until=80000
         redeem known 1 shop/1 300 u1
         reload known 2 50 r1
         void known 3 v1
         template cut off 100 20 t3
         import EE b3 cut until=70000 ref=R-4
         redeem legacy:EE 0 shop/2 100 u2
         refund #12 f1",
    )
}

#[test]
fn a_code_is_imported_once_and_the_same_row_again_is_the_same_import() {
    story(
        "template moon card 5000 t
         import AA b1 moon balance=4000 ref=R1 => imported coupon 0 #2
         import AA b1 moon balance=4000 ref=R1 => imported coupon 0 #2 replayed
         import AA b1 moon balance=4001 ref=R1 => LEGACY_CODE_EXISTS 2
         import AA b1 moon balance=4000 ref=R2 => LEGACY_CODE_EXISTS 2
         import AA b2 moon balance=4000 ref=R1 => LEGACY_CODE_EXISTS 2
         import AA b1 moon balance=4000 ref=R1 until=9000000000 => LEGACY_CODE_EXISTS 2
         import AB b1 moon balance=4000 ref=R1 => imported coupon 1 #3
         later 86400000
         forget 2
         import AA b1 moon balance=4000 ref=R1 => imported coupon 0 #2 replayed
         void known 0 v1
         import AA b1 moon balance=4000 ref=R1 => imported coupon 0 #2 replayed
         import AA b9 moon => LEGACY_CODE_EXISTS 2
         find AA => coupon 0 key 1",
    );
}

#[test]
fn who_has_a_code_has_its_card_and_other_codes_lead_nowhere() {
    story(
        "template moon card 5000 t
         find AA => CODE_NOT_ACCEPTED
         import AA b1 moon
         key 2
         import BB b1 moon balance=300
         find AA => coupon 0 key 1
         find BB => coupon 1 key 2
         find aa => CODE_NOT_ACCEPTED
         redeem code:1 0 shop/1 4000 u1 => took 4000 of 4000 by coupon 0, leaves 1000 at 1000 #4
         redeem code:2 1 shop/1 301 u2 => INSUFFICIENT_BALANCE 300
         reload code:2 1 200 r1 => balance 500 #6
         redeem legacy:BB 0 shop/1 50 u4 => took 50 of 50 by coupon 1, leaves 450 at 1000 #7
         redeem legacy:BB 0 shop/1 50 u4 => took 50 of 50 by coupon 1, leaves 450 at 1000 #7 replayed
         hold legacy:BB 0 shop/5 50 u5 => held 50 of 50 by coupon 1 until 901000 #8
         validate legacy:BC 0 100 => CODE_NOT_ACCEPTED
         redeem legacy:BC 0 shop/6 100 u6 => CODE_NOT_ACCEPTED
         checkout redeem legacy:BB:0+legacy:BC:0 shop/7 u7 lines=ink:1x700 => CODE_NOT_ACCEPTED instruments[1]
         checkout redeem legacy:BC:0+legacy:BC:0 shop/7 u7 lines=ink:1x700 => CODE_NOT_ACCEPTED instruments[0]
         replace known 0 p1
         redeem code:1 0 shop/2 1 u3 => COUPON_VOID
         import AA b1 moon => imported coupon 0 #2 replayed",
    );
}

#[test]
fn a_card_is_valid_as_its_row_says_or_its_template() {
    story(
        "template moon card 5000 t1 use=500..9000
         template dawn card 5000 t2 after=100+1000
         template star card 700 t3 at-issue
         import A b moon
         import B b moon until=7000
         import C b dawn
         import D b star until=8000
         import E b star => INVALID_ARGUMENT use_until_ms 1
         import E b moon until=1000 => INVALID_ARGUMENT use_until_ms 1000
         import E b dawn until=1100 => INVALID_ARGUMENT use_until_ms 1100
         import E b dawn until=-1 => INVALID_ARGUMENT use_until_ms
         view known 0 => coupon 0 of moon v1 ACTIVE 500..9000 available 5000 captured 0
         view known 1 => coupon 1 of moon v1 ACTIVE 500..7000 available 5000 captured 0
         view known 2 => coupon 2 of dawn v1 ACTIVE 1100..2100 available 5000 captured 0
         view known 3 => coupon 3 of star v1 ACTIVE 1000..8000 available 700 captured 0
         at 9000
         import E b moon => ISSUE_ENDED 9000",
    );
}

#[test]
fn a_row_that_no_card_can_be_made_of_is_refused_and_may_be_mended() {
    story(
        "template moon card 5000 t1 issue=0..2000
         template cash off 100 10 t2
         template few card 100 t3 stock=5
         import A b nowhere => TEMPLATE_NOT_FOUND
         import A b cash balance=1 => INVALID_ARGUMENT balance_minor
         import A b cash balance=-1 => INVALID_ARGUMENT balance_minor 1
         import A b cash in=USD => CURRENCY_MISMATCH
         import A b few => INVALID_ARGUMENT template_id
         import A b moon in=USD => CURRENCY_MISMATCH
         import A b moon balance=-1 => INVALID_ARGUMENT balance_minor 1
         import A b moon balance=0 => INVALID_ARGUMENT balance_minor 1
         import A b cash balance=0 => INVALID_ARGUMENT balance_minor 1
         import A b moon balance=1000000000000001 => INVALID_ARGUMENT balance_minor 1000000000000000
         import A b moon in=CNY balance=7 => imported coupon 0 #2
         at 2000
         import B b moon => ISSUE_ENDED 2000
         stop moon t4
         import B b moon => TEMPLATE_STOPPED
         import A b moon balance=7 => imported coupon 0 #2 replayed
         import A b moon balance=0 => INVALID_ARGUMENT balance_minor 1",
    );
}

#[test]
fn a_one_use_coupon_is_imported_with_its_one_unit_and_used_like_any_other() {
    story(
        "template cut off 100 20 t
         import AA b1 cut ref=R1 => imported coupon 0 #2
         import AA b1 cut ref=R1 => imported coupon 0 #2 replayed
         view known 0 => coupon 0 of cut v1 ACTIVE 0.. available 1 captured 0
         redeem legacy:AA 0 shop/1 99 u0 => BELOW_THRESHOLD 1
         redeem legacy:AA 0 shop/1 100 u1 => took 20 of 100 by coupon 0, leaves 0 at 1000 #4
         redeem legacy:AA 0 shop/2 100 u2 => COUPON_USED
         refund #4 f1 => gave back 20 of #4 to coupon 0, ACTIVE until 0 with 0 at 1000 #6
         hold legacy:AA 0 shop/3 100 u3 => held 20 of 100 by coupon 0 until 901000 #7
         redeem legacy:AA 0 shop/4 100 u4 => COUPON_HELD
         capture #7 c1 => took 20 of 100 by coupon 0, leaves 0 at 1000 #9
         refund #9 f2 => gave back 20 of #9 to coupon 0, ACTIVE until 0 with 0 at 1000 #10
         freeze known 0 risk z1
         validate legacy:AA 0 100 => COUPON_FROZEN
         unfreeze known 0 risk z2
         void known 0 v1 => void 1 revoked 0 #13
         redeem legacy:AA 0 shop/5 100 u5 => COUPON_VOID
         import AA b1 cut ref=R1 => imported coupon 0 #2 replayed",
    );
}

#[test]
fn an_imported_coupon_comes_back_and_ends_as_its_template_says() {
    story(
        "template once cash 30 t1 refund=never use=0..9000
         template star cash 30 t2 at-issue
         import AA b once
         import BB b once until=5000
         import CC b star => INVALID_ARGUMENT use_until_ms 1
         import CC b star until=8000
         redeem legacy:AA 0 shop/1 50 u1 => took 30 of 50 by coupon 0, leaves 0 at 1000 #6
         refund #6 f1 => gave back 30 of #6 to coupon 0, USED until 9000 with 0 at 1000 #7
         at 5000
         redeem legacy:BB 0 shop/2 50 u2 => COUPON_EXPIRED 5000
         redeem legacy:CC 0 shop/3 50 u3 => took 30 of 50 by coupon 2, leaves 0 at 5000 #10
         at 8000
         refund #10 f2 => gave back 30 of #10 to coupon 2, EXPIRED until 8000 with 0 at 8000 #11",
    );
}

#[test]
fn imported_coupons_of_every_kind_share_an_order_with_each_other_and_with_a_card() {
    story(
        "template tea exchange 1 t1 goods=tea stack=always
         template tenth percent 9000 t2 stack=always
         template three pieces 3 5 t3 stack=always
         template cash cash 4 t4 stack=always
         template moon card 5000 t5
         import AA b tea
         import BB b tenth
         import CC b three
         import DD b cash
         import EE b moon
         redeem legacy:CC 0 shop/1 100 u1 => ORDER_LINES_REQUIRED
         checkout redeem legacy:AA:0+legacy:BB:0+legacy:CC:0+legacy:DD:0+legacy:EE:0 shop/2 u2 lines=tea:1x50,ink:2x100 => took \
         [50 by 0 as 50+0+0 #12, 20 by 1 as 0+20+0 #13, 5 by 2 as 0+5+0 #14, 4 by 3 as 0+4+0 #15, 171 by card 4 leaves 4829 #16] \
         of 250, 0 to pay #17",
    );
}

#[test]
fn what_is_for_cards_or_for_owners_alone_is_refused_for_an_imported_coupon() {
    story(
        "template cut off 100 20 t transferable
         import AA b cut
         reload legacy:AA 0 100 r1 => NOT_A_CARD
         adjust known 0 100 why r2 => NOT_A_CARD
         replace known 0 r3 => NOT_A_CARD
         ledger known 0 => NOT_A_CARD
         activate legacy:AA 0 r4 => COUPON_ACTIVATED
         offer known 0 r5 => NOT_TRANSFERABLE",
    );
}

#[test]
fn imported_coupons_become_void_with_their_template() {
    story(
        "template cut off 100 20 t
         import AA b cut
         import BB b cut
         redeem legacy:BB 0 shop/1 100 u1
         void-template cut v why
         redeem legacy:AA 0 shop/2 100 u2 => COUPON_VOID
         import CC b cut => TEMPLATE_VOID",
    );
}

#[test]
fn a_full_request_store_refuses_a_new_row_and_answers_a_known_one() {
    story(
        "template moon card 5000 t
         room for 1
         import A b moon
         import B b moon => REQUEST_STORE_FULL 1
         import A b moon => imported coupon 0 #2 replayed",
    );
}
