//! Facts about precedence: when several reasons apply, the one with the lowest number is given.

use crate::given::story::story;

#[test]
fn of_an_issue() {
    // Stopped, ended, limit reached and without stock: each row removes the reason before it.
    let scene = "template cash off 10000 2000 t limit=1 issue=0..2000 stock=2
         lease cash 1
         claim alice cash c";
    story(&format!(
        "{scene}
         at 2000
         stop cash s
         room for 1
         claim alice gift c => REQUEST_ID_REUSED 3
         claim alice gift w => REQUEST_STORE_FULL 1
         room for 9
         claim alice gift w => TEMPLATE_NOT_FOUND
         claim alice cash w => TEMPLATE_STOPPED"
    ));
    story(&format!(
        "{scene}
         at 2000
         claim alice cash w => ISSUE_ENDED 2000"
    ));
    story(&format!(
        "{scene}
         sold out cash 2
         claim alice cash w => USER_LIMIT_REACHED 1
         claim bob cash w => SOLD_OUT 2"
    ));
}

#[test]
fn of_a_redemption_of_a_one_use_coupon() {
    let scene = "template cash off 10000 2000 t use=1500..2000
         claim alice cash c1
         claim alice cash c2
         at 1500
         redeem alice 0 shop/1 10000 c3
         room for 3";
    story(&format!(
        "{scene}
         at 2000
         redeem bob 0 shop/2 0USD c3 => INVALID_ARGUMENT amount 1
         redeem bob 0 shop/2 500USD c3 => CODE_NOT_ACCEPTED
         redeem alice 0 shop/2 500USD c3 => REQUEST_ID_REUSED 4
         redeem alice 0 shop/2 500USD w1 => REQUEST_STORE_FULL 3
         room for 99
         redeem alice 0 shop/2 500USD w1 => COUPON_USED
         redeem alice 1 shop/2 500USD w2 => COUPON_EXPIRED 2000"
    ));
    story(&format!(
        "{scene}
         room for 99
         redeem alice 1 shop/2 500USD w1 => CURRENCY_MISMATCH
         redeem alice 1 shop/2 500 w2 => BELOW_THRESHOLD 9500"
    ));
    story(
        "template cash off 10000 2000 t use=1500..2000
         claim alice cash c1
         redeem alice 0 shop/2 500USD w1 => USE_NOT_STARTED 1500",
    );
    story(&format!(
        "{scene}
         at 2000
         redeem bob 0 shop/1 1000000000000001USD c3 => AMOUNT_OUT_OF_RANGE amount 1000000000000000
         redeem alice 0 shop/1 500USD c3 => REQUEST_ID_REUSED 4
         redeem alice 0 shop/1 500USD w1 => REQUEST_STORE_FULL 3
         room for 99
         redeem alice 0 shop/1 500USD w1 => ORDER_ALREADY_REDEEMED 4"
    ));
}

#[test]
fn of_a_charge_to_a_card() {
    story(
        "template gift card 100 t use=0..2000
         claim alice gift c1
         redeem alice 0 shop/1 500USD w1 => CURRENCY_MISMATCH
         redeem alice 0 shop/1 500 w2 => INSUFFICIENT_BALANCE 100
         at 2000
         redeem alice 0 shop/1 500USD w3 => COUPON_EXPIRED 2000",
    );
}

#[test]
fn of_a_refund() {
    story(
        "template gift card 100 t
         claim alice gift c1
         redeem alice 0 shop/1 50 w
         refund #3 f1
         room for 3
         refund #4 f1 => REDEMPTION_NOT_FOUND
         refund #3 f2 => REQUEST_STORE_FULL 3
         room for 9
         refund #3 f2 => ALREADY_REFUNDED 50",
    );
}

#[test]
fn of_a_hold() {
    // Void, used, frozen, held, expired, another currency, below the threshold: each row removes the reason before it.
    let scene = "template cash off 10000 2000 t use=1500..2000
         claim alice cash c1
         claim alice cash c2
         at 1500
         redeem alice 1 shop/1 10000 c3
         hold alice 0 shop/1 10000 c4
         freeze account alice risk c5
         room for 5";
    story(&format!(
        "{scene}
         at 2000
         hold bob 0 shop/2 0USD c4 ttl=1 => INVALID_ARGUMENT amount 1
         hold bob 0 shop/2 500USD c4 ttl=1 => INVALID_ARGUMENT ttl_ms 5000
         hold bob 0 shop/2 500USD c4 => CODE_NOT_ACCEPTED
         hold alice 0 shop/2 500USD c4 => REQUEST_ID_REUSED 5
         hold alice 0 shop/2 500USD w1 => REQUEST_STORE_FULL 5
         room for 99
         hold alice 1 shop/1 500USD w1 => ORDER_ALREADY_REDEEMED 4
         hold alice 1 shop/2 500USD w2 => COUPON_USED
         hold alice 0 shop/2 500USD w3 => COUPON_FROZEN
         unfreeze account alice risk c6
         hold alice 0 shop/2 500USD w4 => COUPON_HELD
         release #5 c7
         hold alice 0 shop/2 500USD w5 => COUPON_EXPIRED 2000"
    ));
    story(
        "template cash off 10000 2000 t
         claim alice cash c1
         freeze known 0 risk f
         void known 0 v
         hold alice 0 shop/1 500USD w => COUPON_VOID",
    );
    story(&format!(
        "{scene}
         room for 99
         unfreeze account alice risk c6
         release #5 c7
         hold alice 0 shop/2 500USD w1 => CURRENCY_MISMATCH
         hold alice 0 shop/2 500 w2 => BELOW_THRESHOLD 9500"
    ));
}

#[test]
fn of_a_capture_and_of_a_release() {
    story(
        "template gift card 1000 t
         claim alice gift c1
         hold alice 0 shop/1 500 c2 ttl=5000
         capture #3 c3
         room for 3
         capture #99 c3 amount=0 => INVALID_ARGUMENT amount 1
         capture #3 c3 amount=501 => REQUEST_ID_REUSED 4
         capture #99 c4 => REQUEST_STORE_FULL 3
         release #99 c4 => REQUEST_STORE_FULL 3
         room for 99
         capture #99 c4 => HOLD_NOT_FOUND
         capture #3 c4 amount=501 => HOLD_CAPTURED 4
         hold alice 0 shop/2 500 c5 ttl=5000
         later 5000
         capture #6 c6 amount=501 => HOLD_EXPIRED 6000
         freeze known 0 risk f
         capture #6 c7 amount=501 reacquire => COUPON_FROZEN
         unfreeze known 0 risk u
         capture #6 c8 amount=501 reacquire => INSUFFICIENT_BALANCE 500
         capture #6 c9 amount=500 reacquire => took 500 of 500 by coupon 0, leaves 0 at 6000 anew #13",
    );
}

#[test]
fn of_a_freeze_and_of_a_void() {
    story(
        "template gift card 1000 t use=0..9000
         claim alice gift c1
         hold alice 0 shop/1 500 c2
         freeze known 0 risk c3
         room for 3
         void bob 0 c3 => CODE_NOT_ACCEPTED
         freeze known 0 operator c3 => REQUEST_ID_REUSED 4
         void known 0 c3 => REQUEST_STORE_FULL 3
         room for 99
         at 9000
         void known 0 v1 => COUPON_HELD
         release #3 r1
         void known 0 v2 => COUPON_EXPIRED 9000
         freeze known 0 risk f2 => COUPON_EXPIRED 9000",
    );
}

#[test]
fn of_a_raise() {
    story(
        "template cash off 10000 2000 t1 stock=5
         template free off 10000 2000 t2
         raise cash 5 6 r
         room for 1
         raise nothing 9 9 r => INVALID_ARGUMENT target 10
         raise free 9 9 r => INVALID_ARGUMENT target 10
         raise cash 9 9 r => INVALID_ARGUMENT target 10
         raise cash 9 10 r => REQUEST_ID_REUSED 2
         raise cash 9 10 r2 => REQUEST_STORE_FULL 1
         room for 9
         raise cash 9 10 r2 => STOCK_MISMATCH 6",
    );
}

#[test]
fn of_a_write_to_the_catalog() {
    story(
        "template cash off 10000 2000 t1 stock=5
         stop cash s
         template cash off 10000 0 t1 => INVALID_ARGUMENT amount_off.amount_minor 1
         template cash off 10000 2001 t1 stock=5 => REQUEST_ID_REUSED 1
         template cash off 10000 2000 t2 version=7 stock=6 => INVALID_ARGUMENT stock 5
         template cash off 10000 2000 t2 version=7 stock=5 => VERSION_MISMATCH 1
         template cash off 10000 2000 t2 version=1 stock=5 => TEMPLATE_STOPPED",
    );
}

#[test]
fn of_a_write_to_a_catalog_that_is_full() {
    story(
        "template cash off 10000 2000 t1 stock=5
         stop cash s
         catalog for templates=1 writes=2 requests=2
         template cash off 10000 0 t1 => INVALID_ARGUMENT amount_off.amount_minor 1
         template cash off 10000 2000 t1 stock=5 => cash v1 running #1 replayed
         template cash off 10000 2001 t1 stock=5 => OVERLOADED 2
         stop nothing s => OVERLOADED 2
         catalog for templates=1 writes=3 requests=2
         template gift card 1000 t2 => OVERLOADED 1
         template cash off 10000 2001 t1 stock=5 => REQUEST_ID_REUSED 1
         template cash off 10000 2001 t2 => REQUEST_STORE_FULL 2
         stop nothing s => REQUEST_STORE_FULL 2
         catalog for templates=1 writes=3 requests=3
         template cash off 10000 2001 t2 => TEMPLATE_EXISTS
         stop nothing s => TEMPLATE_NOT_FOUND
         stop cash s2 => TEMPLATE_STOPPED",
    );
}

#[test]
fn of_a_resume() {
    story(
        "template cash off 10000 2000 t1 stock=5
         catalog for templates=1 writes=1 requests=1
         resume nothing s => OVERLOADED 1
         catalog for templates=1 writes=2 requests=1
         resume nothing s => REQUEST_STORE_FULL 1
         catalog for templates=1 writes=9 requests=9
         resume nothing s => TEMPLATE_NOT_FOUND
         resume cash s => TEMPLATE_NOT_STOPPED
         void-template cash v recall
         resume cash s => TEMPLATE_VOID",
    );
}
