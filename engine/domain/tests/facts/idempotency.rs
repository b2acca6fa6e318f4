//! Facts about remembered requests: one effect per key, and the same answer each time (I5).

use crate::given::story::{command, story};
use crate::given::{Answer, World};
use tessera_domain::Reply;

/// A day, in ms.
const DAY_MS: i64 = 86_400_000;

const SCENE: &str = "
    template cash off 10000 2000 t1 limit=1 use=0..900000000
    template gift card 1000 t2
    template flash off 0 100 t3 stock=5
    claim alice cash c1
    issue bob gift c2";

/// One of each write; after [`SCENE`] they are lsns 5 to 21: the redemptions are 7 and 8, the holds 13 and 15.
const WRITES: [&str; 15] = [
    "claim bob cash w1",
    "issue alice gift w2",
    "redeem alice 0 shop/1 10000 w3",
    "redeem code:1 1 shop/1 400 w4",
    "refund #7 w5",
    "refund #8 w6",
    "raise flash 5 9 w7",
    "hold code:1 1 shop/2 300 w8 ttl=604800000",
    "capture #13 w9 amount=100",
    "hold known 1 shop/3 200 w10",
    "release #15 w11",
    "freeze known 1 risk w12 revoke",
    "unfreeze known 1 risk w13",
    "freeze account bob operator w14",
    "void known 1 w15",
];

fn ask(world: &mut World, line: &str) -> Reply {
    match world.ask(&command(&line.split_whitespace().collect::<Vec<_>>())) {
        Answer::Told(reply) => reply,
        other => panic!("`{line}`: {other:?}"),
    }
}

/// The reply without its replay mark, and the mark.
fn unmarked(mut reply: Reply) -> (Reply, bool) {
    let written = match &mut reply {
        Reply::Claimed(claimed) => &mut claimed.written,
        Reply::Redeemed(redeemed) => &mut redeemed.written,
        Reply::Refunded(refunded) => &mut refunded.written,
        Reply::Held(held) => &mut held.written,
        Reply::Released(released) => &mut released.written,
        Reply::Blocked(blocked) => &mut blocked.written,
        Reply::Voided(voided) => &mut voided.written,
        Reply::CheckedOut(checkout) => &mut checkout.written,
        Reply::CheckoutReleased(released) => &mut released.written,
        Reply::CheckoutRefunded(refunded) => &mut refunded.written,
        Reply::StockRaised { written: Some(written), .. } => written,
        other => panic!("not a write: {other:?}"),
    };
    let mark = std::mem::take(&mut written.replayed);
    (reply, mark)
}

#[test]
fn the_same_request_gets_the_same_reply_in_every_field_and_happens_once() {
    let mut world = story(SCENE);
    let first: Vec<Reply> = WRITES.iter().map(|line| ask(&mut world, line)).collect();
    let (lsn, digest) = (world.partition.lsn(), world.partition.digest());
    for restarted in [false, true] {
        for (line, first) in WRITES.iter().zip(&first) {
            assert_eq!(unmarked(first.clone()), (first.clone(), false), "`{line}`");
            world.now_ms += 7;
            assert_eq!(unmarked(ask(&mut world, line)), (first.clone(), true), "`{line}`, restarted {restarted}");
        }
        assert_eq!((world.partition.lsn(), world.partition.digest()), (lsn, digest), "a replay changes nothing");
        world.restart();
    }
}

#[test]
fn another_payload_under_a_known_request_names_the_first_and_executes_nothing() {
    let mut world = story(SCENE);
    world.tell(
        "claim bob cash w1 => coupon 2 of cash v1 0..900000000 key 1 #5
         claim bob gift w1 => REQUEST_ID_REUSED 5
         redeem alice 0 shop/1 10000 w2 => took 2000 of 10000 by coupon 0, leaves 0 at 1000 #6
         redeem alice 0 shop/1 10001 w2 => REQUEST_ID_REUSED 6
         redeem alice 0 shop/1 10000USD w2 => REQUEST_ID_REUSED 6
         redeem alice 0 shop/2 10000 w2 => REQUEST_ID_REUSED 6
         redeem alice 0 stop/1 10000 w2 => REQUEST_ID_REUSED 6
         redeem bob 1 shop/1 2000 w3 => INSUFFICIENT_BALANCE 1000
         redeem bob 1 shop/1 1000 w3 => REQUEST_ID_REUSED 7
         raise flash 5 9 w4 => total 9 #9
         raise flash 9 10 w4 => REQUEST_ID_REUSED 9
         raise flash 5 10 w4 => REQUEST_ID_REUSED 9
         restart
         claim bob gift w1 => REQUEST_ID_REUSED 5
         redeem bob 1 shop/1 1000 w3 => REQUEST_ID_REUSED 7",
    );
    assert_eq!(world.partition.lsn(), 9);
}

#[test]
fn a_request_id_is_known_by_operation_and_subject() {
    let mut world = story(SCENE);
    world.tell(
        "claim bob cash same => coupon 2 of cash v1 0..900000000 key 1 #5
         claim carol cash same => coupon 3 of cash v1 0..900000000 key 1 #6
         issue bob gift same => coupon 4 of gift v1 0.. key 1 #7
         redeem bob 1 shop/1 100 same => took 100 of 100 by coupon 1, leaves 900 at 1000 #8
         redeem bob 4 shop/1 100 same => took 100 of 100 by coupon 4, leaves 900 at 1000 #9
         refund #8 same => gave back 100 of #8 to coupon 1, ACTIVE until 0 with 1000 at 1000 #10
         refund #9 same => gave back 100 of #9 to coupon 4, ACTIVE until 0 with 1000 at 1000 #11
         raise flash 5 9 same => total 9 #13",
    );
}

#[test]
fn the_same_coupon_by_code_and_by_owner_is_the_same_request() {
    let mut world = story(SCENE);
    world.tell(
        "redeem bob 1 shop/1 100 w => took 100 of 100 by coupon 1, leaves 900 at 1000 #5
         redeem code:1 1 shop/1 100 w => took 100 of 100 by coupon 1, leaves 900 at 1000 #5 replayed",
    );
}

#[test]
fn a_remembered_refusal_of_a_redemption_does_not_flip() {
    story(
        "template soon card 1000 t use=2000..
         claim alice soon c
         redeem alice 0 shop/1 100 w1 => USE_NOT_STARTED 2000
         at 2000
         redeem alice 0 shop/1 100 w1 => USE_NOT_STARTED 2000
         redeem alice 0 shop/1 100 w2 => took 100 of 100 by coupon 0, leaves 900 at 2000 #4
         redeem alice 0 shop/2 901 w3 => INSUFFICIENT_BALANCE 900
         refund #4 w4
         restart
         redeem alice 0 shop/2 901 w3 => INSUFFICIENT_BALANCE 900
         redeem alice 0 shop/1 100 w1 => USE_NOT_STARTED 2000
         redeem alice 0 shop/2 901 w5 => took 901 of 901 by coupon 0, leaves 99 at 2000 #7",
    );
}

#[test]
fn a_remembered_refusal_of_a_used_coupon_does_not_flip_when_it_comes_back() {
    let mut world = story(SCENE);
    world.tell(
        "redeem alice 0 shop/1 10000 w1
         redeem alice 0 shop/2 10000 w2 => COUPON_USED
         refund #5 w3
         redeem alice 0 shop/2 10000 w2 => COUPON_USED
         redeem alice 0 shop/2 10000 w4 => took 2000 of 10000 by coupon 0, leaves 0 at 1000 #8",
    );
}

#[test]
fn a_remembered_refusal_of_a_refund_does_not_flip_and_is_told_apart_from_the_refund() {
    let mut world = story(SCENE);
    world.tell(
        "redeem bob 1 shop/1 400 w1
         refund #5 w2 => gave back 400 of #5 to coupon 1, ACTIVE until 0 with 1000 at 1000 #6
         refund #5 w3 => ALREADY_REFUNDED 400
         restart
         later 1000
         refund #5 w3 => ALREADY_REFUNDED 400
         refund #5 w2 => gave back 400 of #5 to coupon 1, ACTIVE until 0 with 1000 at 1000 #6 replayed",
    );
    assert_eq!(world.partition.lsn(), 7);
}

#[test]
fn a_refused_claim_is_decided_anew() {
    story(
        "template cash off 10000 2000 t issue=2000.. stock=1
         claim alice cash w => ISSUE_NOT_STARTED 2000
         at 2000
         claim alice cash w => PARKED for 0
         sold out cash 1
         claim alice cash w => SOLD_OUT 1
         lease cash 1
         claim alice cash w => coupon 0 of cash v1 0.. key 1 #3",
    );
}

#[test]
fn an_accepted_claim_is_replayed_whatever_happened_since() {
    let mut world = story(SCENE);
    world.tell(
        "claim alice cash c1 => coupon 0 of cash v1 0..900000000 key 1 #2 replayed
         redeem alice 0 shop/1 10000 w
         stop cash s
         key 5
         claim alice cash c1 => coupon 0 of cash v1 0..900000000 key 1 #2 replayed",
    );
}

#[test]
fn a_full_store_refuses_new_writes_and_still_replays() {
    let mut world = story(SCENE);
    world.tell(
        "room for 2
         claim bob cash w => REQUEST_STORE_FULL 2
         issue bob cash w => REQUEST_STORE_FULL 2
         redeem bob 1 shop/1 100 w => REQUEST_STORE_FULL 2
         redeem bob 1 shop/1 5000 w => REQUEST_STORE_FULL 2
         raise flash 5 9 w => REQUEST_STORE_FULL 2
         claim alice cash c1 => coupon 0 of cash v1 0..900000000 key 1 #2 replayed
         claim alice gift c1 => REQUEST_ID_REUSED 2
         validate bob 1 100 => takes 100 of 100 by coupon 1, leaves 900
         room for 3
         redeem bob 1 shop/1 100 w => took 100 of 100 by coupon 1, leaves 900 at 1000 #5
         refund #5 w => REQUEST_STORE_FULL 3",
    );
    assert_eq!(world.partition.counts()[3], 3);
}

#[test]
fn a_request_is_forgotten_after_24_hours_and_not_before() {
    let mut world = story(SCENE);
    world.tell(&format!(
        "room for 2
         at {}
         forget 0
         claim alice cash c1 => coupon 0 of cash v1 0..900000000 key 1 #2 replayed
         claim bob cash w => REQUEST_STORE_FULL 2
         at {}
         forget 2
         claim alice cash c1 => USER_LIMIT_REACHED 1
         claim bob cash w => coupon 2 of cash v1 0..900000000 key 1 #6",
        1_000 + DAY_MS - 1,
        1_000 + DAY_MS,
    ));
}

#[test]
fn the_oldest_requests_are_forgotten_first_and_the_younger_stay() {
    let mut world = story(SCENE);
    world.tell(&format!(
        "later 1
         redeem bob 1 shop/1 100 w => took 100 of 100 by coupon 1, leaves 900 at 1001 #5
         at {}
         forget 2
         redeem bob 1 shop/1 100 w => took 100 of 100 by coupon 1, leaves 900 at 1001 #5 replayed
         issue bob gift c2 => coupon 2 of gift v1 0.. key 1 #7",
        1_000 + DAY_MS,
    ));
}

#[test]
fn much_is_forgotten_in_bounded_steps() {
    let mut world = story(SCENE);
    world.requests_max = 10_000;
    for request in 0..2_500 {
        world.line(&format!("issue carol gift r{request}"));
    }
    world.now_ms += DAY_MS;
    // 2,502 requests in steps of 1,024, and the catalog's in one.
    assert_eq!(world.forget(), 3 + 1);
    assert_eq!(world.partition.counts()[3], 0);
    world.restart();
}
