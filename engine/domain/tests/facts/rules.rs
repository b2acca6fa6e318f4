//! Facts about a template's rules: where, when and for what its coupons are given out and used.

use crate::given::story::story;

/// One local day, in ms.
const DAY_MS: i64 = 86_400_000;

#[test]
fn a_user_gets_as_many_a_day_as_the_template_allows_and_a_day_begins_at_local_midnight() {
    // The epoch is eight o'clock in the morning in Shanghai: midnight is sixteen hours later.
    story(
        "template tea cash 300 t1 day=2
         claim alice tea r1
         claim alice tea r2
         claim alice tea r3 => USER_DAY_LIMIT_REACHED 2
         claim bob tea r4
         at 57599999
         claim alice tea r5 => USER_DAY_LIMIT_REACHED 2
         at 57600000
         claim alice tea r6
         restart
         claim alice tea r7
         claim alice tea r8 => USER_DAY_LIMIT_REACHED 2
         claim alice tea r1 => coupon 0 of tea v1 0.. key 1 #2 replayed",
    );
}

#[test]
fn the_limit_of_a_day_is_beside_the_limit_of_all_and_of_each_template() {
    story(
        "template tea cash 300 t1 day=1 limit=2
         template oil cash 300 t2 day=1
         claim alice tea r1
         claim alice oil r2
         claim alice tea r3 => USER_DAY_LIMIT_REACHED 1
         at 57600000
         claim alice tea r4
         claim alice tea r5 => USER_LIMIT_REACHED 2
         claim alice oil r6",
    );
}

#[test]
fn a_version_that_moves_west_gives_nobody_the_same_day_twice() {
    // Midnight in Shanghai is four in the afternoon in London, of the day that it was before.
    story(
        "template tea cash 300 t1 day=1
         claim alice tea r1
         at 57600000
         claim alice tea r2
         template tea cash 300 t3 day=1 zone=UTC version=1
         claim alice tea r3 => USER_DAY_LIMIT_REACHED 1
         at 86400000
         claim alice tea r4 => USER_DAY_LIMIT_REACHED 1
         at 172800000
         claim alice tea r5
         claim alice tea r6 => USER_DAY_LIMIT_REACHED 1",
    );
}

#[test]
fn a_template_is_given_out_in_its_hours_and_through_its_channels() {
    // Thursdays from nine to ten.
    story(
        "template tea cash 300 t1 issue-hours=0001000:540-600 issue-channels=app,shop
         claim alice tea r1 channel=app => OUTSIDE_HOURS
         at 3600000
         claim alice tea r2 => CHANNEL_NOT_ALLOWED
         claim alice tea r3 channel=web => CHANNEL_NOT_ALLOWED
         claim alice tea r4 channel=shop => coupon 0 of tea v1 0.. key 1 #2
         claim alice tea r4 channel=shop => coupon 0 of tea v1 0.. key 1 #2 replayed
         claim alice tea r4 channel=app => REQUEST_ID_REUSED 2
         claim alice tea r4 => REQUEST_ID_REUSED 2
         at 7200000
         claim alice tea r5 channel=app => OUTSIDE_HOURS",
    );
}

#[test]
fn natural_days_are_counted_from_the_first_and_end_at_local_midnight() {
    story(
        "template tea cash 300 t1 days=0+2
         claim alice tea r1 => coupon 0 of tea v1 1000..144000000 key 1 #2
         at 57599999
         claim alice tea r2 => coupon 1 of tea v1 57599999..144000000 key 1 #3
         at 57600000
         claim alice tea r3 => coupon 2 of tea v1 57600000..230400000 key 1 #4
         template oil cash 300 t2 days=86400000+1 zone=UTC
         claim alice oil r4 => coupon 3 of oil v1 144000000..172800000 key 1 #6",
    );
    assert_eq!(57_600_000 + DAY_MS, 144_000_000);
}

#[test]
fn a_validity_said_at_issue_is_asked_for_there_and_nowhere_else() {
    story(
        "template tea cash 300 t1 at-issue
         claim alice tea r1 => INVALID_ARGUMENT template_id
         issue alice tea r1 => INVALID_ARGUMENT use_window
         issue alice nothing r1 use=5..4 => INVALID_ARGUMENT use_window 5
         issue alice tea r2 use=2000..9000 => coupon 0 of tea v1 2000..9000 key 1 #2
         issue alice tea r2 use=2000..9000 => coupon 0 of tea v1 2000..9000 key 1 #2 replayed
         issue alice tea r2 use=2000..9001 => REQUEST_ID_REUSED 2
         issue alice tea r3 use=2000..2000 => INVALID_ARGUMENT use_window 2000
         issue alice tea r4 use=0..253402300800001 => INVALID_ARGUMENT use_window 253402300800000
         issue alice tea r5 use=0..1000 => INVALID_ARGUMENT use_window 1000
         template oil cash 300 t2
         issue alice oil r6 use=2000..9000 => INVALID_ARGUMENT use_window",
    );
}

#[test]
fn a_coupon_is_used_in_its_hours_through_its_channels_and_at_its_merchants() {
    story(
        "template tea cash 300 t1 use-hours=0001000:540-600 use-channels=till merchants=shop,-bar
         claim alice tea r1
         redeem alice 0 shop/1 1000 r2 channel=till => OUTSIDE_HOURS
         at 3600000
         redeem alice 0 shop/1 1000 r3 => CHANNEL_NOT_ALLOWED
         redeem alice 0 pub/1 1000 r4 channel=till => OUT_OF_SCOPE
         validate alice 0 1000 at=bar channel=till => OUT_OF_SCOPE
         validate alice 0 1000 channel=web => CHANNEL_NOT_ALLOWED
         validate alice 0 1000 channel=till => takes 300 of 1000 by coupon 0, leaves 0
         hold alice 0 shop/1 1000 h1 ttl=604800000 channel=till => held 300 of 1000 by coupon 0 until 608400000 #6
         at 7200000
         capture #6 c1 => took 300 of 1000 by coupon 0, leaves 0 at 7200000 #7",
    );
}

#[test]
fn a_hold_that_is_tried_again_is_tried_in_its_hours() {
    story(
        "template tea cash 300 t1 use-hours=1111111:480-540 merchants=shop
         claim alice tea r1
         hold alice 0 shop/1 1000 h1 ttl=5000
         later 5000
         capture #3 c1 reacquire => took 300 of 1000 by coupon 0, leaves 0 at 6000 anew #5
         claim alice tea r2
         hold alice 1 shop/2 1000 h2
         at 3600000
         capture #7 c2 reacquire => OUTSIDE_HOURS",
    );
}

#[test]
fn what_a_coupon_for_goods_for_pieces_or_for_shipping_does_is_told_by_lines_alone() {
    story(
        "template goods off 0 100 t1 goods=tea
         template but off 0 100 t2 categories=-books
         template pieces pieces 2 100 t3
         template free exchange 1 t4 goods=tea
         template freight cash 100 t5 layer=shipping
         template item off 0 100 t6 layer=item
         claim alice goods r1
         claim alice but r2
         claim alice pieces r3
         claim alice free r4
         claim alice freight r5
         claim alice item r6
         redeem alice 0 shop/1 1000 u0 => ORDER_LINES_REQUIRED
         hold alice 1 shop/1 1000 u1 => ORDER_LINES_REQUIRED
         validate alice 2 1000 => ORDER_LINES_REQUIRED
         redeem alice 3 shop/1 1000 u3 => ORDER_LINES_REQUIRED
         redeem alice 4 shop/1 1000 u4 => ORDER_LINES_REQUIRED
         redeem alice 5 shop/1 1000 u5 => took 100 of 1000 by coupon 5, leaves 0 at 1000 #17",
    );
}

#[test]
fn a_cash_voucher_pays_what_it_is_worth_or_all_there_is() {
    story(
        "template cash cash 300 t1
         claim alice cash r1
         claim alice cash r2
         redeem alice 0 shop/1 1000 u1 => took 300 of 1000 by coupon 0, leaves 0 at 1000 #4
         redeem alice 1 shop/2 200 u2 => took 200 of 200 by coupon 1, leaves 0 at 1000 #5",
    );
}

#[test]
fn rules_beyond_their_limits_name_the_field_and_the_limit() {
    story(
        "template a pieces 0 5 t => INVALID_ARGUMENT quantity_off.pieces 1
         template a pieces 1000001 5 t => INVALID_ARGUMENT quantity_off.pieces 1000000
         template a pieces 1 0 t => INVALID_ARGUMENT quantity_off.amount_minor 1
         template a cash 0 t => INVALID_ARGUMENT cash_voucher.amount_minor 1
         template a exchange 0 t => INVALID_ARGUMENT exchange.pieces 1
         template a exchange 1 t => INVALID_ARGUMENT scope 1
         template a exchange 1 t goods=-tea => INVALID_ARGUMENT scope 1
         template a exchange 1 t goods=tea layer=shipping => INVALID_ARGUMENT layer
         template a cash 5 t days=-1+1 => INVALID_ARGUMENT days_validity.wait_ms
         template a cash 5 t days=0+0 => INVALID_ARGUMENT days_validity.days 1
         template a cash 5 t days=0+36601 => INVALID_ARGUMENT days_validity.days 36600
         template a cash 5 t use-hours=0:0-5 => INVALID_ARGUMENT use_hours 1
         template a cash 5 t use-hours=1:5-5 => INVALID_ARGUMENT use_hours 4
         template a cash 5 t issue-hours=1:0-1441 => INVALID_ARGUMENT issue_hours 1440
         template a cash 5 t stack= => INVALID_ARGUMENT stacking.group
         template a cash 5 t stack=always group-max=2 => INVALID_ARGUMENT stacking.max_per_group
         template a cash 5 t group-max=2 => INVALID_ARGUMENT stacking.max_per_group
         template a cash 5 t field=:x => INVALID_ARGUMENT display_fields.name 1
         template a cash 5 t field=a:x field=a:y => INVALID_ARGUMENT display_fields.name 1
         template a card 5 t layer=item => INVALID_ARGUMENT layer
         template a card 5 t stack=always => INVALID_ARGUMENT stacking
         template a card 5 t initial => INVALID_ARGUMENT basis
         template a card 5 t priority=1 => INVALID_ARGUMENT priority",
    );
    let names = |count: usize| (0..count).map(|number| format!("{number:064}")).collect::<Vec<_>>().join(",");
    let text = "x".repeat(4_096);
    story(&format!(
        "template a cash 5 t goods={} => INVALID_ARGUMENT scope.include_goods_ids 8192
         template a cash 5 t field=a:{text} => INVALID_ARGUMENT display_fields 4096
         template a cash 5 t goods={} field=a:{} => a v1 running #1",
        names(127),
        names(120),
        &text[1..]
    ));
    let fields = |count: usize| (0..count).map(|number| format!("field=f{number}:x")).collect::<Vec<_>>().join(" ");
    story(&format!(
        "template a cash 5 t {} => INVALID_ARGUMENT display_fields 32
         template a cash 5 t {} => a v1 running #1",
        fields(33),
        fields(32)
    ));
}

#[test]
fn another_rule_under_a_known_request_names_the_first() {
    for other in [
        "goods=a",
        "goods=-a",
        "categories=a",
        "categories=-a",
        "merchants=a",
        "merchants=-a",
        "issue-channels=a",
        "use-channels=a",
        "zone=UTC",
        "issue-hours=1:0-1",
        "use-hours=1:0-1",
        "day=1",
        "by=a",
        "layer=item",
        "priority=1",
        "initial",
        "stack=always",
        "stack=a",
        "order-max=1",
        "field=a:b",
        "days=0+1",
        "at-issue",
    ] {
        story(&format!(
            "template first card 1 t0
             template tea cash 300 t1
             template tea cash 300 t1 {other} => REQUEST_ID_REUSED 2
             template oil cash 300 t2 {other}
             restart
             template oil cash 300 t2 {other} => oil v1 running #3 replayed
             template oil cash 300 t2 => REQUEST_ID_REUSED 3"
        ));
    }
}

#[test]
fn a_coupon_keeps_the_rules_it_was_issued_under() {
    story(
        "template tea cash 300 t1 merchants=shop
         claim alice tea r1
         template tea cash 300 t2 version=1 merchants=bar
         claim alice tea r2
         restart
         redeem alice 0 bar/1 1000 u1 => OUT_OF_SCOPE
         redeem alice 0 shop/1 1000 u2 => took 300 of 1000 by coupon 0, leaves 0 at 1000 #6
         redeem alice 1 bar/1 1000 u3 => took 300 of 1000 by coupon 1, leaves 0 at 1000 #7",
    );
}
