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
