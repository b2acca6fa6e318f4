//! Facts about claim 领取 and issue 发放.

use crate::given::story::story;
use tessera_domain::Pool;

#[test]
fn a_claim_gives_the_next_coupon_with_its_window_and_key_version() {
    story(
        "template cash off 10000 2000 t use=500..9000
         claim alice cash r1 => coupon 0 of cash v1 500..9000 key 1 #2
         key 4
         claim bob cash r1 => coupon 1 of cash v1 500..9000 key 4 #3",
    );
}

#[test]
fn an_issue_by_an_operator_gives_the_same_as_a_claim() {
    story(
        "template cash off 10000 2000 t
         issue alice cash r1 => coupon 0 of cash v1 0.. key 1 #2
         view alice 0 => coupon 0 of cash v1 ACTIVE 0.. available 1 captured 0",
    );
}

#[test]
fn a_partition_adopts_terms_once_and_again_for_each_later_version() {
    let mut world = story(
        "template cash off 10000 2000 t1
         claim alice cash r1 => coupon 0 of cash v1 0.. key 1 #2
         claim alice cash r2 => coupon 1 of cash v1 0.. key 1 #3
         template cash off 10000 3000 t2 version=1
         claim alice cash r3 => coupon 2 of cash v2 0.. key 1 #5
         claim alice cash r4 => coupon 3 of cash v2 0.. key 1 #6",
    );
    world.tell(
        "validate alice 1 10000 => takes 2000 of 10000 by coupon 1, leaves 0
         validate alice 2 10000 => takes 3000 of 10000 by coupon 2, leaves 0",
    );
}

#[test]
fn the_per_user_limit_counts_claims_and_issues_over_all_versions() {
    story(
        "template cash off 10000 2000 t1 limit=2
         claim alice cash r1
         template cash off 10000 3000 t2 version=1 limit=2
         issue alice cash r2
         claim alice cash r3 => USER_LIMIT_REACHED 2
         issue alice cash r4 => USER_LIMIT_REACHED 2
         claim bob cash r3 => coupon 2 of cash v2 0.. key 1 #5",
    );
}

#[test]
fn a_used_and_a_refunded_coupon_still_count_against_the_limit() {
    story(
        "template cash off 10000 2000 t limit=1
         claim alice cash r1
         redeem alice 0 shop/1 10000 r2
         claim alice cash r3 => USER_LIMIT_REACHED 1
         refund #3 r4
         claim alice cash r5 => USER_LIMIT_REACHED 1",
    );
}

#[test]
fn the_issue_window_is_half_open_to_the_millisecond() {
    story(
        "template cash off 10000 2000 t issue=2000..3000
         at 1999
         claim alice cash r1 => ISSUE_NOT_STARTED 2000
         at 2000
         claim alice cash r1 => coupon 0 of cash v1 0.. key 1 #2
         at 2999
         claim bob cash r1 => coupon 1 of cash v1 0.. key 1 #3
         at 3000
         claim carol cash r1 => ISSUE_ENDED 3000",
    );
}

#[test]
fn a_dynamic_validity_begins_after_its_wait_and_is_fixed_at_the_claim() {
    story(
        "template cash off 10000 2000 t after=100+1000
         at 5000
         claim alice cash r1 => coupon 0 of cash v1 5100..6100 key 1 #2
         at 5001
         claim alice cash r2 => coupon 1 of cash v1 5101..6101 key 1 #3
         template cash off 10000 2000 t2 version=1 after=0+1
         view alice 0 => coupon 0 of cash v1 ACTIVE 5100..6100 available 1 captured 0",
    );
}

#[test]
fn a_fixed_validity_that_is_over_ends_the_issue() {
    story(
        "template cash off 10000 2000 t use=0..2000
         at 1999
         claim alice cash r1 => coupon 0 of cash v1 0..2000 key 1 #2
         at 2000
         claim bob cash r1 => ISSUE_ENDED 2000",
    );
}

#[test]
fn a_fixed_validity_that_has_not_begun_may_be_claimed_ahead() {
    story(
        "template cash off 10000 2000 t use=9000..
         claim alice cash r1 => coupon 0 of cash v1 9000.. key 1 #2
         redeem alice 0 shop/1 10000 r2 => USE_NOT_STARTED 9000",
    );
}

#[test]
fn a_limited_template_is_sold_to_the_last_leased_piece_and_then_parks() {
    let world = story(
        "template cash off 10000 2000 t stock=5
         claim alice cash r1 => PARKED for 0
         lease cash 2
         claim alice cash r1 => coupon 0 of cash v1 0.. key 1 #3
         claim bob cash r1 => coupon 1 of cash v1 0.. key 1 #4
         claim carol cash r1 => PARKED for 0
         lease cash 3
         claim carol cash r1 => coupon 2 of cash v1 0.. key 1 #6",
    );
    let lease = world.partition.stock().lessee(Pool::stock(0));
    assert_eq!((lease.received, lease.issued, lease.unsold()), (3, 3, 0));
}

#[test]
fn sold_out_is_said_when_home_said_so_and_no_piece_is_here() {
    story(
        "template cash off 10000 2000 t stock=1
         lease cash 1
         sold out cash 1
         claim alice cash r1 => coupon 0 of cash v1 0.. key 1 #3
         sold out cash 1
         claim bob cash r1 => SOLD_OUT 1",
    );
}

#[test]
fn an_unlimited_template_needs_no_lease() {
    let world = story(
        "template cash off 10000 2000 t
         claim alice cash r1",
    );
    assert_eq!(world.partition.stock().lessee(Pool::stock(0)).issued, 0);
}

#[test]
fn nothing_is_issued_of_a_template_that_is_unknown_or_stopped() {
    story(
        "template cash off 10000 2000 t
         claim alice nothing r1 => TEMPLATE_NOT_FOUND
         stop cash s
         claim alice cash r1 => TEMPLATE_STOPPED
         issue alice cash r1 => TEMPLATE_STOPPED",
    );
}

#[test]
fn a_refused_claim_leaves_no_trace() {
    let world = story(
        "template cash off 10000 2000 t issue=9000..
         claim alice cash r1 => ISSUE_NOT_STARTED 9000",
    );
    assert_eq!((world.partition.lsn(), world.partition.counts()), (0, [0; 4]));
}
