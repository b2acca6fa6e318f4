//! Facts about a template's stock at its home: showing it and raising it.

use crate::given::story::story;
use tessera_domain::Pool;
use tessera_domain::event::{Event, Lease, StockOpened};

#[test]
fn a_stock_that_nobody_asked_for_shows_what_the_catalog_says() {
    story(
        "template cash off 10000 2000 t stock=5
         stock cash => total 5 free 5 leased 0 untouched",
    );
}

#[test]
fn an_opened_stock_shows_what_is_free_and_what_is_leased() {
    let mut world = story("template cash off 10000 2000 t stock=5");
    world.happen(&[
        Event::StockOpened(StockOpened { template: 0, total: 5 }),
        Event::LeaseGranted(Lease { template: 0, partition: 1, count: 2 }),
        Event::LeaseGranted(Lease { template: 0, partition: 2, count: 3 }),
        Event::LeaseReclaimed(Lease { template: 0, partition: 1, count: 1 }),
    ]);
    world.tell("stock cash => total 5 free 1 leased 4 opened");
    let share = world.partition.stock().share(Pool::stock(0), 1);
    assert_eq!((share.granted, share.reclaimed), (2, 1));
}

#[test]
fn a_raise_opens_the_stock_and_sets_its_total() {
    story(
        "template cash off 10000 2000 t stock=5
         raise cash 5 8 r1 => total 8 #2
         stock cash => total 8 free 8 leased 0 opened
         raise cash 8 9 r2 => total 9 #3",
    );
}

#[test]
fn a_raise_is_compare_and_set() {
    story(
        "template cash off 10000 2000 t stock=5
         raise cash 4 8 r1 => STOCK_MISMATCH 5
         raise cash 5 8 r2 => total 8 #2
         raise cash 5 9 r3 => STOCK_MISMATCH 8
         stock cash => total 8 free 8 leased 0 opened",
    );
}

#[test]
fn a_refused_raise_is_not_remembered_and_opens_nothing() {
    story(
        "template cash off 10000 2000 t stock=5
         raise cash 8 9 r => STOCK_MISMATCH 5
         stock cash => total 5 free 5 leased 0 untouched
         raise cash 5 8 r2
         raise cash 8 9 r => total 9 #3",
    );
}

#[test]
fn a_target_is_above_the_current_total_and_at_most_what_is_counted() {
    story(
        "template cash off 10000 2000 t stock=5
         raise cash 5 5 r => INVALID_ARGUMENT target 6
         raise cash 5 4 r => INVALID_ARGUMENT target 6
         raise cash 5 1000000000001 r => INVALID_ARGUMENT target 1000000000000
         raise cash 5 18446744073709551615 r => INVALID_ARGUMENT target 1000000000000
         raise cash 18446744073709551615 18446744073709551615 r => INVALID_ARGUMENT target 1000000000000
         raise cash 5 1000000000000 r => total 1000000000000 #2",
    );
}

#[test]
fn a_raise_that_is_only_validated_says_the_total_and_changes_nothing() {
    let world = story(
        "template cash off 10000 2000 t stock=5
         raise cash 5 8 r dry => total 8 unwritten
         raise cash 4 8 r dry => STOCK_MISMATCH 5
         raise cash 5 9 r => total 9 #2",
    );
    assert_eq!(world.partition.counts()[3], 1);
}

#[test]
fn an_unlimited_and_an_unknown_template_have_no_stock() {
    story(
        "template cash off 10000 2000 t
         stock cash => STOCK_UNLIMITED
         raise cash 5 8 r => STOCK_UNLIMITED
         stock nothing => TEMPLATE_NOT_FOUND
         raise nothing 5 8 r => TEMPLATE_NOT_FOUND",
    );
}

#[test]
fn an_empty_stock_may_be_raised() {
    story(
        "template cash off 10000 2000 t stock=0
         stock cash => total 0 free 0 leased 0 untouched
         raise cash 0 1 r => total 1 #2",
    );
}

#[test]
fn a_sold_out_flag_is_soft_and_gone_after_a_restart() {
    story(
        "template cash off 10000 2000 t stock=1
         lease cash 1
         claim alice cash r1
         sold out cash 1
         claim bob cash r1 => SOLD_OUT 1
         restart
         claim bob cash r1 => PARKED for 0
         lease cash 2
         claim bob cash r1 => coupon 1 of cash v1 0.. key 1 #5",
    );
}
