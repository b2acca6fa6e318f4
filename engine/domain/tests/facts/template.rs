//! Facts about the catalog: create, update, stop, show and list templates.

use crate::given::story::story;

#[test]
fn a_template_is_created_updated_and_stopped_in_versions() {
    story(
        "template cash off 10000 2000 t1 => cash v1 running #1
         show cash => cash v1 running unwritten
         template cash off 10000 3000 t2 version=1 => cash v2 running #2
         stop cash t3 => cash v2 stopped #3
         show cash => cash v2 stopped unwritten
         show nothing => TEMPLATE_NOT_FOUND",
    );
}

#[test]
fn creating_what_exists_and_updating_what_does_not_are_refused() {
    story(
        "template cash off 10000 2000 t1
         template cash off 10000 2000 t2 => TEMPLATE_EXISTS
         template gift card 1000 t3 version=1 => TEMPLATE_NOT_FOUND
         stop gift t4 => TEMPLATE_NOT_FOUND",
    );
}

#[test]
fn an_update_names_the_version_that_it_saw() {
    story(
        "template cash off 10000 2000 t1
         template cash off 10000 3000 t2 version=2 => VERSION_MISMATCH 1
         template cash off 10000 3000 t3 version=0 => VERSION_MISMATCH 1
         template cash off 10000 3000 t4 version=1 => cash v2 running #2
         template cash off 10000 4000 t5 version=1 => VERSION_MISMATCH 2",
    );
}

#[test]
fn a_stopped_template_is_neither_updated_nor_stopped_again() {
    story(
        "template cash off 10000 2000 t1
         stop cash t2
         template cash off 10000 3000 t3 version=1 => TEMPLATE_STOPPED
         stop cash t4 => TEMPLATE_STOPPED",
    );
}

#[test]
fn an_update_leaves_the_stock_to_a_raise() {
    story(
        "template cash off 10000 2000 t1 stock=5
         template cash off 10000 2000 t2 version=1 stock=6 => INVALID_ARGUMENT stock 5
         template cash off 10000 2000 t3 version=1 => INVALID_ARGUMENT stock 5
         template cash off 10000 3000 t4 version=1 stock=5 => cash v2 running #2
         template free off 10000 2000 t5
         template free off 10000 2000 t6 version=1 stock=5 => INVALID_ARGUMENT stock",
    );
}

#[test]
fn numbers_beyond_their_limits_name_the_field_and_the_limit() {
    story(
        "template a percent 8000 t cap=0 => INVALID_ARGUMENT percent_off.cap_minor 1
         template a percent 8000 t cap=1000000000000001 => INVALID_ARGUMENT percent_off.cap_minor 1000000000000000
         template a off -1 5 t => INVALID_ARGUMENT amount_off.threshold_minor
         template a off 1000000000000001 5 t => INVALID_ARGUMENT amount_off.threshold_minor 1000000000000000
         template a off 5 0 t => INVALID_ARGUMENT amount_off.amount_minor 1
         template a card 0 t => INVALID_ARGUMENT stored_value.face_value_minor 1
         template a card 1000000000000001 t => INVALID_ARGUMENT stored_value.face_value_minor 1000000000000000
         template a card 5 t stock=1000000000001 => INVALID_ARGUMENT stock 1000000000000
         template a card 5 t issue=-1..5 => INVALID_ARGUMENT issue_window
         template a card 5 t issue=5..5 => INVALID_ARGUMENT issue_window 5
         template a card 5 t issue=0..253402300800001 => INVALID_ARGUMENT issue_window 253402300800000
         template a card 5 t use=5..4 => INVALID_ARGUMENT fixed_validity 5
         template a card 5 t after=-1+5 => INVALID_ARGUMENT dynamic_validity.wait_ms
         template a card 5 t after=0+0 => INVALID_ARGUMENT dynamic_validity.valid_ms 1
         template a card 5 t after=0+3162240000001 => INVALID_ARGUMENT dynamic_validity.valid_ms 3162240000000
         template a card 5 t stock=1000000000000 use=5..6 issue=5..6 => a v1 running #1",
    );
    let name = "n".repeat(257);
    story(&format!(
        "template a card 5 t name={name} => INVALID_ARGUMENT display_name 256
         template a card 5 t name={} => a v1 running #1",
        &name[1..]
    ));
}

#[test]
fn a_write_that_is_only_validated_shows_the_result_and_changes_nothing() {
    let world = story(
        "template cash off 10000 2000 t1 dry => cash v1 running unwritten
         show cash => TEMPLATE_NOT_FOUND
         template cash off 10000 2000 t1 => cash v1 running #1
         template cash off 10000 2000 t2 dry => TEMPLATE_EXISTS
         template cash off 10000 3000 t3 version=1 dry => cash v2 running unwritten
         stop cash t4 dry => cash v1 stopped unwritten
         show cash => cash v1 running unwritten",
    );
    assert_eq!(world.catalog.lsn(), 1);
}

#[test]
fn templates_are_listed_in_pages_in_the_order_of_their_creation() {
    story(
        "template c card 1 t1
         template a card 1 t2
         template b card 1 t3
         template c card 2 t4 version=1
         stop a t5
         templates 10 => [c v2 running, a v1 stopped, b v1 running] no more
         templates 1 => [c v2 running] next 1
         templates 1 from=1 => [a v1 stopped] next 2
         templates 1 from=2 => [b v1 running] no more
         templates 10 from=3 => [] no more
         templates 1 running => [c v2 running] next 2
         templates 10 stopped => [a v1 stopped] no more
         templates 0 => INVALID_ARGUMENT page_size 1
         templates 201 => INVALID_ARGUMENT page_size 200",
    );
}

#[test]
fn templates_are_listed_by_what_they_say() {
    story(
        "template autumn-1 off 0 1 t1 by=shop issue=1000..2000
         template autumn-2 card 100 t2 USD
         template winter-1 percent 9000 t3 issue=2000..
         template winter-2 cash 5 t4 by=stall issue=0..
         stop autumn-1 t5
         templates 9 kind=card => [autumn-2 v1 running] no more
         templates 9 kind=exchange => [] no more
         templates 9 currency=USD => [autumn-2 v1 running] no more
         templates 9 by=shop => [autumn-1 v1 stopped] no more
         templates 9 of-platform => [autumn-2 v1 running, winter-1 v1 running] no more
         templates 9 open-at=1999 => [autumn-1 v1 stopped, autumn-2 v1 running, winter-2 v1 running] no more
         templates 9 open-at=2000 running => [autumn-2 v1 running, winter-1 v1 running, winter-2 v1 running] no more
         templates 9 prefix=winter- => [winter-1 v1 running, winter-2 v1 running] no more
         templates 9 prefix=winter- of-platform open-at=2000 => [winter-1 v1 running] no more
         templates 1 prefix=winter- => [winter-1 v1 running] next 3
         templates 9 open-at=-1 => INVALID_ARGUMENT open_at_ms
         templates 9 open-at=253402300800001 => INVALID_ARGUMENT open_at_ms 253402300800000",
    );
}

#[test]
fn a_long_catalog_is_searched_in_bounded_steps_and_to_its_end() {
    let mut world = story("");
    for number in 0..4_100 {
        world.line(&format!("template c{number} card 1 t"));
    }
    world.tell(
        "templates 9 prefix=c4099 => [] next 4096
         templates 9 prefix=c4099 from=4096 => [c4099 v1 running] no more
         templates 1 from=4099 => [c4099 v1 running] no more",
    );
}

#[test]
fn a_repeated_write_is_told_what_the_first_wrote_even_after_later_writes() {
    story(
        "template cash off 10000 2000 t1 name=x => cash v1 running #1
         template cash off 10000 3000 t2 version=1 => cash v2 running #2
         stop cash t3 => cash v2 stopped #3
         restart
         template cash off 10000 2000 t1 name=x => cash v1 running #1 replayed
         template cash off 10000 3000 t2 version=1 => cash v2 running #2 replayed
         stop cash t3 => cash v2 stopped #3 replayed",
    );
}

#[test]
fn another_write_under_a_known_request_names_the_first() {
    for other in [
        "percent 8000 t1",
        "off 10000 2001 t1",
        "off 10001 2000 t1",
        "off 10000 2000 t1 name=x",
        "off 10000 2000 t1 stock=0",
        "off 10000 2000 t1 USD",
        "off 10000 2000 t1 floor",
        "off 10000 2000 t1 issue=1..",
        "off 10000 2000 t1 issue=0..9",
        "off 10000 2000 t1 use=1..",
        "off 10000 2000 t1 use=0..9",
        "off 10000 2000 t1 after=0+9",
        "off 10000 2000 t1 limit=1",
        "off 10000 2000 t1 refund=never",
    ] {
        story(&format!(
            "template first card 1 t0
             template cash off 10000 2000 t1
             template cash {other} => REQUEST_ID_REUSED 2"
        ));
    }
}

#[test]
fn a_request_id_is_known_by_operation_and_template() {
    story(
        "template cash off 10000 2000 t => cash v1 running #1
         template gift card 1000 t => gift v1 running #2
         template cash off 10000 2000 t version=1 => cash v2 running #3
         stop cash t => cash v2 stopped #4",
    );
}

#[test]
fn a_catalog_forgets_a_request_after_24_hours_but_not_the_template() {
    story(
        "template cash off 10000 2000 t1
         later 86399999
         forget 0
         template cash off 10000 2000 t1 => cash v1 running #1 replayed
         later 1
         forget 1
         template cash off 10000 2000 t1 => TEMPLATE_EXISTS
         show cash => cash v1 running unwritten",
    );
}

#[test]
fn a_catalog_with_as_many_writes_as_it_keeps_takes_no_more_and_still_replays() {
    let mut world = story(
        "template cash off 10000 2000 t1
         catalog for writes=2
         template cash off 10000 3000 t2 version=1 => cash v2 running #2
         template cash off 10000 4000 t3 version=2 => OVERLOADED 2
         template cash off 10000 4000 t3 version=2 dry => OVERLOADED 2
         template gift card 1000 t3 => OVERLOADED 2
         stop cash t3 => OVERLOADED 2
         template cash off 10000 3000 t2 version=1 => cash v2 running #2 replayed
         show cash => cash v2 running unwritten",
    );
    world.tell(
        "later 86400000
         forget 1
         stop cash t3 => OVERLOADED 2
         catalog for writes=3
         stop cash t3 => cash v2 stopped #4",
    );
}

#[test]
fn a_catalog_that_remembers_as_many_requests_as_it_may_takes_the_next_when_one_is_forgotten() {
    let mut world = story(
        "template cash off 10000 2000 t1
         catalog for requests=2
         later 1
         template cash off 10000 3000 t2 version=1 => cash v2 running #2
         template cash off 10000 4000 t3 version=2 => REQUEST_STORE_FULL 2
         template cash off 10000 4000 t3 version=2 dry => REQUEST_STORE_FULL 2
         template gift card 1000 t3 => REQUEST_STORE_FULL 2
         stop cash t3 => REQUEST_STORE_FULL 2
         template cash off 10000 3000 t2 version=1 => cash v2 running #2 replayed
         template cash off 10000 3001 t2 version=1 => REQUEST_ID_REUSED 2
         show cash => cash v2 running unwritten",
    );
    world.tell(
        "later 86399999
         forget 1
         stop cash t3 => cash v2 stopped #4
         template gift card 1000 t3 => REQUEST_STORE_FULL 2",
    );
}

#[test]
fn a_catalog_with_as_many_templates_as_it_holds_still_updates_them() {
    story(
        "template cash off 10000 2000 t1
         catalog for templates=1
         template gift card 1000 t2 => OVERLOADED 1
         template gift card 1000 t2 version=1 => TEMPLATE_NOT_FOUND
         template cash off 10000 2000 t2 => TEMPLATE_EXISTS
         template cash off 10000 3000 t2 version=1 => cash v2 running #2
         catalog for templates=2
         template gift card 1000 t2 => gift v1 running #3",
    );
}

#[test]
fn versions_of_a_template_are_of_one_currency_and_all_cards_or_none() {
    story(
        "template cash off 10000 2000 t1 budget=9000
         template cash off 10000 2000 t2 version=1 budget=9000 USD => INVALID_ARGUMENT currency
         template cash card 2000 t3 version=1 budget=9000 => INVALID_ARGUMENT kind
         template cash card 2000 t4 version=1 budget=9000 dry => INVALID_ARGUMENT kind
         template cash percent 8000 t5 version=1 cap=100 budget=9000 => cash v2 running #2
         template gift card 2000 t6
         template gift cash 2000 t7 version=1 => INVALID_ARGUMENT kind
         template gift card 2000 t8 version=1 USD => INVALID_ARGUMENT currency
         template gift card 3000 t9 version=1 => gift v2 running #4",
    );
}
