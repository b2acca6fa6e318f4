//! Facts about stop 停用 and resume 启用 of a template: what is resumed goes on where it stood.

use crate::given::World;
use crate::given::story::story;

/// A journal in which templates are stopped and resumed, updated between, and one is made void at last.
pub fn resumed() -> World {
    let mut world = story(
        "template cash off 0 100 t1 stock=6
         template gift card 1000 t2
         lease cash 5
         claim alice cash r1
         claim bob gift r2
         redeem bob 1 shop/1 300 r3
         stop cash s1
         later 10
         redeem alice 0 shop/2 500 r4
         resume cash s2
         claim carol cash r5
         template cash off 0 100 t3 version=1 stock=6
         claim dora cash r6
         stop cash s3
         resume cash s4
         later 10
         claim erin cash r7
         stop gift s5
         void-template gift v1 recall
         claim frank cash r8
         redeem frank 5 shop/3 500 r9",
    );
    world.restart();
    world
}

#[test]
fn what_is_resumed_issues_at_its_version_from_the_stock_it_had() {
    story(
        "template cash off 0 100 t1 stock=2
         lease cash 2
         claim alice cash r1
         stop cash s1 => cash v1 stopped #2
         claim bob cash r2 => TEMPLATE_STOPPED
         template cash off 0 100 t2 version=1 stock=2 => TEMPLATE_STOPPED
         resume cash s2 => cash v1 running #3
         template cash off 0 200 t3 version=1 stock=2 => cash v2 running #4
         restart
         claim bob cash r2
         claim carol cash r3 => PARKED for 0",
    );
}

#[test]
fn a_card_that_a_stop_kept_from_being_activated_is_activated_after_the_resume() {
    story(
        "template moon card 1000 t1
         batch b1 moon 1
         make b1 moon v1 0+1/1
         stop moon s1
         activate known 0 a1 => TEMPLATE_STOPPED
         resume moon s2
         activate known 0 a2",
    );
}

#[test]
fn stops_and_resumes_are_answered_as_they_first_were() {
    story(
        "template cash off 0 100 t1
         resume cash s0 => TEMPLATE_NOT_STOPPED
         stop cash s => cash v1 stopped #2
         resume cash s dry => cash v1 running unwritten
         resume cash s => cash v1 running #3
         stop cash s => cash v1 stopped #2 replayed
         resume cash s => cash v1 running #3 replayed
         claim alice cash r1
         stop cash s2 dry => cash v1 stopped unwritten
         claim bob cash r2
         resume cash s3 => TEMPLATE_NOT_STOPPED
         stop cash s3
         void-template cash v recall
         resume cash s4 => TEMPLATE_VOID",
    );
}

#[test]
fn what_was_past_can_be_claimed_again_by_who_looks_for_it() {
    story(
        "template cash off 0 100 t1
         claimable 9 => [cash] no more
         stop cash s1
         claimable 9 => [] no more
         resume cash s2
         claimable 9 => [cash] no more",
    );
}
