//! Facts about listing redemptions by time.

use crate::given::story::story;
use crate::given::{Answer, PARTITION, World, key};
use proptest::prelude::*;
use tessera_domain::REFUND_WINDOW_MS;
use tessera_domain::Reply;
use tessera_domain::command::{Command, ListRedemptionsByTime, RedemptionCursor};
use tessera_domain::reply::RedemptionPage;

#[test]
fn redemptions_are_listed_newest_first_by_user_and_by_time() {
    story(
        "template gift card 1000 t1
         claim alice gift r1
         claim bob gift r2
         redeem alice 0 shop/1 300 u1
         later 5
         redeem bob 1 shop/2 200 u2
         redeem alice 0 stall/1 100 u3
         refund #4 f1 amount=50
         redemptions 9 => [#6 100 of 100 by coupon 0 less 0 at 1005, #5 200 of 200 by coupon 1 less 0 at 1005, #4 300 of 300 by coupon 0 less 50 at 1000] no more
         redemptions 9 by=alice => [#6 100 of 100 by coupon 0 less 0 at 1005, #4 300 of 300 by coupon 0 less 50 at 1000] no more
         redemptions 9 by=nobody => [] no more
         redemptions 9 in=0..1005 => [#4 300 of 300 by coupon 0 less 50 at 1000] no more
         redemptions 9 by=alice in=1001.. => [#6 100 of 100 by coupon 0 less 0 at 1005] no more
         redemptions 1 => [#6 100 of 100 by coupon 0 less 0 at 1005] seen to 1005/#6
         redemptions 1 below=1005/#6 => [#5 200 of 200 by coupon 1 less 0 at 1005] seen to 1005/#5
         redemptions 9 below=1005/#5 => [#4 300 of 300 by coupon 0 less 50 at 1000] no more
         redemptions 0 => INVALID_ARGUMENT page_size 1
         redemptions 201 => INVALID_ARGUMENT page_size 200
         redemptions 9 in=-1..5 => INVALID_ARGUMENT from_ms
         redemptions 9 in=0..253402300800001 => INVALID_ARGUMENT until_ms 253402300800000",
    );
}

#[test]
fn what_can_no_longer_be_refunded_is_not_listed() {
    story(&format!(
        "template gift card 1000 t
         claim alice gift r
         redeem alice 0 shop/1 300 u
         later {}
         redemptions 9 => [#3 300 of 300 by coupon 0 less 0 at 1000] no more
         later 1
         redemptions 9 => [] no more",
        REFUND_WINDOW_MS - 1
    ));
}

#[test]
fn a_search_for_a_user_takes_bounded_steps_and_gets_to_the_end() {
    let mut world = story(
        "template gift card 100000 t
         claim alice gift a
         claim bob gift b
         room for 10000
         redeem alice 0 shop/first 1 u",
    );
    for order in 0..2_500 {
        world.line(&format!("redeem bob 1 shop/{order} 1 u{order}"));
    }
    world.tell(
        "redemptions 9 by=alice => [] seen to 1000/#505
         redemptions 9 by=alice below=1000/#505 => [#4 1 of 1 by coupon 0 less 0 at 1000] no more",
    );
}

/// What another partition would be told by the cursor of one of ours.
#[test]
fn pages_of_other_partitions_go_on_by_time_and_then_by_partition() {
    let mut world = story(
        "template gift card 1000 t
         claim alice gift r
         redeem alice 0 shop/1 1 u1
         redeem alice 0 shop/2 1 u2",
    );
    let mut listed_below = |at_ms, partition, lsn| {
        let below = Some(RedemptionCursor { at_ms, partition, lsn });
        let list = ListRedemptionsByTime { user: None, from_ms: 0, until_ms: 0, page_size: 9, below };
        ask(&mut world, list).redemptions.len()
    };
    assert_eq!(listed_below(1_000, PARTITION + 1, 1), 2, "the other one comes first at an instant");
    assert_eq!(listed_below(1_000, PARTITION - 1, 99), 0, "the other one comes last at an instant");
    assert_eq!(listed_below(1_000, PARTITION, 4), 1);
    assert_eq!(listed_below(999, PARTITION + 1, 99), 0);
}

fn ask(world: &mut World, list: ListRedemptionsByTime) -> RedemptionPage {
    match world.ask(&Command::ListRedemptionsByTime(list)) {
        Answer::Told(Reply::RedemptionPage(page)) => page,
        other => panic!("a listing is answered with {other:?}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn pages_give_exactly_what_happened(
        acts in proptest::collection::vec((0..3usize, 0..3i64), 0..80),
        (user, page_size) in (proptest::option::of(0..3usize), 1..7u32),
        (from_ms, until_ms) in (prop_oneof![Just(0), 1_000..1_100i64], prop_oneof![Just(0), 1_000..1_100i64]),
    ) {
        const USERS: [&str; 3] = ["alice", "bob", "eve"];
        let mut world = story("template gift card 1000 t\nclaim alice gift r\nclaim bob gift r\nclaim eve gift r");
        let mut happened = Vec::new();
        for (order, (who, later)) in acts.into_iter().enumerate() {
            world.now_ms += later;
            let line = format!("redeem {} {who} shop/{order} 1 u{order}", USERS[who]);
            let Some(Answer::Told(Reply::Redeemed(redeemed))) = world.line(&line) else { panic!("{line} is refused") };
            happened.push((redeemed.written.lsn, who, redeemed.at_ms));
        }
        let is_asked = |&&(_, who, at_ms): &&(u64, usize, i64)| {
            user.is_none_or(|user| user == who) && at_ms >= from_ms && (until_ms == 0 || at_ms < until_ms)
        };
        let expected: Vec<u64> = happened.iter().rev().filter(is_asked).map(|&(lsn, ..)| lsn).collect();
        let user = user.map(|user| key().user(USERS[user]));
        let mut list = ListRedemptionsByTime { user, from_ms, until_ms, page_size, below: None };
        let mut listed = Vec::new();
        loop {
            let page = ask(&mut world, list);
            prop_assert!(page.redemptions.len() <= page_size as usize);
            listed.extend(page.redemptions.iter().map(|view| view.redemption));
            if page.seen_to.is_none() {
                break;
            }
            prop_assert!(list.below.is_none_or(|below| page.seen_to.is_some_and(|seen| seen < below)), "a page gets on");
            list.below = page.seen_to;
        }
        prop_assert_eq!(listed, expected);
    }
}
