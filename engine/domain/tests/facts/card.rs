//! Facts about gift cards: nothing is on them until they are activated, and every change of a balance is a load that moves with it. I2.

use crate::given::story::story;

const SCENE: &str = "
    template moon card 5000 t use=500..9000
    make b moon v1 0+3/3";

#[test]
fn a_card_is_of_no_use_before_its_activation() {
    story(&format!(
        "{SCENE}
         redeem code:1 0 shop/1 100 u1 => COUPON_NOT_ACTIVATED
         hold code:1 0 shop/1 100 u2 => COUPON_NOT_ACTIVATED
         validate code:1 0 100 => COUPON_NOT_ACTIVATED
         reload code:1 0 100 u3 => COUPON_NOT_ACTIVATED
         adjust known 0 100 why u4 => COUPON_NOT_ACTIVATED
         replace known 0 u5 => COUPON_NOT_ACTIVATED
         redeem code:2 0 shop/1 100 u6 => CODE_NOT_ACCEPTED
         redeem alice 0 shop/1 100 u6 => CODE_NOT_ACCEPTED
         ledger known 0 => balance 0 since #2
         activate code:1 0 a1 by=shop/s1 => active with 5000 500..9000 #8
         activate code:1 0 a1 by=shop/s1 => active with 5000 500..9000 #8 replayed
         activate code:1 0 a1 by=shop/s2 => REQUEST_ID_REUSED 8
         activate code:1 0 a2 => COUPON_ACTIVATED
         redeem code:1 0 shop/1 100 u7 => took 100 of 100 by coupon 0, leaves 4900 at 1000 #10
         redeem code:1 0 shop/1 100 u1 => COUPON_NOT_ACTIVATED
         view known 1 => coupon 1 of moon v1 UNACTIVATED 0.. available 0 captured 0"
    ));
}

#[test]
fn an_activation_is_an_issue_by_the_terms_that_the_card_was_made_under() {
    story(
        "template moon card 5000 t1 after=10+100 issue=2000..3000 issue-channels=till
         make b moon v1 0+4/4
         template moon card 7000 t2 version=1 after=1+1
         activate known 0 a1 channel=till => ISSUE_NOT_STARTED 2000
         at 2000
         activate known 0 a2 => CHANNEL_NOT_ALLOWED
         activate known 0 a3 channel=till => active with 5000 2010..2110 #5
         freeze known 1 risk f1
         activate known 1 a4 channel=till => COUPON_FROZEN
         unfreeze known 1 risk f2
         activate known 1 a5 channel=till => active with 5000 2010..2110 #9
         void known 2 v1 => void 0 revoked 0 #10
         activate known 2 a6 channel=till => COUPON_VOID
         at 3000
         activate known 3 a7 channel=till => ISSUE_ENDED 3000
         stop moon t3
         activate known 3 a8 channel=till => TEMPLATE_STOPPED
         view known 3 => coupon 3 of moon v1 UNACTIVATED 0.. available 0 captured 0",
    );
}

#[test]
fn a_reload_adds_to_the_balance_and_to_what_was_loaded() {
    story(&format!(
        "{SCENE}
         activate known 0 a1
         redeem known 0 shop/1 4000 u1
         reload code:1 0 2500 r1 by=shop/s1 => balance 3500 #5
         reload code:1 0 2500 r1 by=shop/s1 => balance 3500 #5 replayed
         redeem known 0 shop/2 3000 u2
         reload code:1 0 2500 r1 by=shop/s1 => balance 3500 #5 replayed
         reload code:1 0 2600 r1 by=shop/s1 => REQUEST_ID_REUSED 5
         reload code:1 0 0 r2 => INVALID_ARGUMENT amount 1
         reload code:1 0 100USD r3 => CURRENCY_MISMATCH
         reload code:1 0 1000000000000000 r4 => BALANCE_LIMIT_REACHED 999999999992500
         reload code:1 0 999999999992500 r5 => balance 999999999993000 #9
         freeze known 0 operator f1
         reload code:1 0 1 r6 => COUPON_FROZEN
         unfreeze known 0 operator f2
         at 9000
         reload code:1 0 1 r7 => COUPON_EXPIRED 9000"
    ));
}

#[test]
fn an_adjustment_never_takes_what_is_not_available() {
    story(&format!(
        "{SCENE}
         activate known 0 a1
         hold known 0 shop/1 1000 h1
         adjust known 0 -4001 audit j1 => INSUFFICIENT_BALANCE 4000
         adjust known 0 -4000 audit j2 => balance 0 #6
         adjust known 0 -4000 other j2 => REQUEST_ID_REUSED 6
         freeze known 0 operator f1
         adjust known 0 700 goodwill j3 => balance 700 #8
         adjust known 0 0 none j4 => INVALID_ARGUMENT amount 1
         view known 0 => coupon 0 of moon v1 ACTIVE 500..9000 available 700 captured 0 held 1000 in holds 1 blocks 4
         ledger known 0 => balance 1700 since #8
         capture #4 c1
         view known 0 => coupon 0 of moon v1 ACTIVE 500..9000 available 700 captured 1000 blocks 4"
    ));
}

#[test]
fn a_one_use_coupon_has_no_balance_to_change() {
    story(
        "template cash off 0 100 t
         claim alice cash c1
         reload alice 0 100 r1 => NOT_A_CARD
         adjust known 0 100 why r2 => NOT_A_CARD
         replace known 0 r3 => NOT_A_CARD
         ledger known 0 => NOT_A_CARD
         activate known 0 r4 => COUPON_ACTIVATED",
    );
}

#[test]
fn a_lost_card_is_void_and_its_rest_is_on_a_new_one() {
    story(&format!(
        "{SCENE}
         activate known 0 a1
         redeem known 0 shop/1 1200 u1
         hold known 0 shop/2 300 h1
         freeze known 0 operator f1
         replace known 0 p1 => COUPON_HELD
         key 2
         replace known 0 p2 revoke => replaced on coupon 3 500..9000 key 2 #8
         replace known 0 p2 revoke => replaced on coupon 3 500..9000 key 2 #8 replayed
         replace known 0 p3 => COUPON_VOID
         view known 0 => coupon 0 of moon v1 VOID 500..9000 available 0 captured 1200 blocks 4
         view code:2 3 => coupon 3 of moon v1 ACTIVE 500..9000 available 3800 captured 0 blocks 4
         unfreeze known 3 operator f2
         redeem code:2 3 shop/3 3800 u2 => took 3800 of 3800 by coupon 3, leaves 0 at 1000 #11
         capture #5 c1 => HOLD_RELEASED
         refund #4 b1 => gave back 1200 of #4 to coupon 0, VOID until 9000 with 0 at 1000 on coupon 4 1000..2592001000 key 2 #13"
    ));
}

#[test]
fn an_owners_card_is_replaced_in_the_owners_wallet() {
    story(
        "template gift card 1000 t
         claim alice gift c1
         claim alice gift c2
         replace alice 0 p1 => replaced on coupon 2 0.. key 1 #4
         wallet alice 10 => [2 ACTIVE, 1 ACTIVE, 0 VOID] no more
         view alice 0 => coupon 0 of gift v1 VOID 0.. available 0 captured 0
         view alice 2 => coupon 2 of gift v1 ACTIVE 0.. available 1000 captured 0",
    );
}

#[test]
fn what_is_left_on_a_card_expires_with_it_whatever_was_loaded() {
    story(&format!(
        "{SCENE}
         activate known 0 a1
         reload known 0 500 r1
         at 9000
         forget 1
         view known 0 => coupon 0 of moon v1 EXPIRED 500..9000 available 0 captured 0 expired 5500
         replace known 0 p1 => COUPON_EXPIRED 9000
         activate known 1 a2 => ISSUE_ENDED 9000"
    ));
}
