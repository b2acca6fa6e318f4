//! Facts about what leaves memory: redemptions, refunds and holds, once nothing that is remembered refers to them.

use crate::given::story::story;

/// A day, in ms.
const DAY_MS: i64 = 86_400_000;

#[test]
fn a_redemption_is_archived_30_days_after_it_whether_it_is_forgotten_or_not() {
    let scene = "template gift card 1000 t
         claim alice gift r1
         redeem alice 0 shop/1 300 r2
         redeem alice 0 shop/2 300 r3";
    let end = 1_000 + 30 * DAY_MS;
    story(&format!(
        "{scene}
         at {}
         refund #3 r4 amount=100 => gave back 100 of #3 to coupon 0, ACTIVE until 0 with 500 at 2592000999 #5
         at {end}
         refund #3 r5 => REDEMPTION_ARCHIVED
         refund #3 r4 amount=100 => gave back 100 of #3 to coupon 0, ACTIVE until 0 with 500 at 2592000999 #5 replayed
         refund #4 r5 => REDEMPTION_ARCHIVED
         order shop/1 => []
         redeem alice 0 shop/1 300 r6 => ORDER_ALREADY_REDEEMED 3
         at {}
         refund #3 r7 => REDEMPTION_ARCHIVED
         // The requests, the refund, both redemptions; and the catalog's request.
         forget 4
         refund #3 r7 => REDEMPTION_ARCHIVED
         refund #4 r7 => REDEMPTION_ARCHIVED
         refund #5 r7 => REDEMPTION_ARCHIVED
         refund #9 r7 => REDEMPTION_ARCHIVED
         refund #999 r7 => REDEMPTION_NOT_FOUND
         redeem alice 0 shop/1 300 r8 => took 300 of 300 by coupon 0, leaves 200 at 2764801000 #10
         refund #10 r9 => gave back 300 of #10 to coupon 0, ACTIVE until 0 with 500 at 2764801000 #11
         refund #3 r9 => REDEMPTION_ARCHIVED",
        end - 1,
        end + 2 * DAY_MS,
    ));
}

#[test]
fn a_redemption_stays_while_a_remembered_request_may_refer_to_it() {
    let end = 1_000 + 30 * DAY_MS;
    let mut world = story(&format!(
        "template gift card 1000 t
         claim alice gift r1
         redeem alice 0 shop/1 300 r2
         forget 0
         at {}
         forget 2
         redeem alice 0 shop/1 300 r3 => took 300 of 300 by coupon 0, leaves 700 at 1000 #3 replayed
         at {}
         forget 0
         redeem alice 0 shop/1 300 r3 => took 300 of 300 by coupon 0, leaves 700 at 1000 #3 replayed",
        end - 1,
        end + DAY_MS - 2,
    ));
    assert_eq!(world.partition.counts()[2], 1);
    world.tell(&format!("at {} \n forget 2", end + DAY_MS));
    assert_eq!(world.partition.counts()[2], 0);
}

#[test]
fn an_ended_hold_is_forgotten_and_a_live_one_keeps_those_behind_it() {
    let mut world = story(
        "template gift card 1000 t
         claim alice gift r1
         hold alice 0 shop/1 100 h1 ttl=604800000
         hold alice 0 shop/2 100 h2
         hold alice 0 shop/3 100 h3
         release #4 x1",
    );
    world.now_ms += 3 * DAY_MS;
    world.forget();
    assert_eq!(world.partition.holds(), [1, 3], "the first lives");
    world.now_ms += 4 * DAY_MS;
    world.forget();
    assert_eq!(world.partition.holds(), [0, 3], "its end is too young");
    world.now_ms += DAY_MS;
    world.forget();
    assert_eq!(world.partition.holds(), [0, 0]);
    world.restart();
    world.tell(
        "hold alice 0 shop/1 100 h4 => held 100 of 100 by coupon 0 until 692101000 #11
         view alice 0 => coupon 0 of gift v1 ACTIVE 0.. available 900 captured 0 held 100 in holds 1
         capture #3 c => HOLD_NOT_FOUND",
    );
}

#[test]
fn numbers_go_on_after_everything_was_forgotten() {
    let mut world = story(
        "template gift card 1000 t
         claim alice gift r1
         hold alice 0 shop/1 100 h1
         capture #3 c1
         refund #4 f1",
    );
    world.now_ms += 40 * DAY_MS;
    world.forget();
    assert_eq!((world.partition.counts(), world.partition.holds()), ([1, 1, 0, 0], [0, 0]));
    world.restart();
    world.tell(
        "hold alice 0 shop/1 100 h1
         capture #10 c1 => took 100 of 100 by coupon 0, leaves 900 at 3456001000 #11
         refund #11 f1 => gave back 100 of #11 to coupon 0, ACTIVE until 0 with 1000 at 3456001000 #12
         refund #4 f2 => REDEMPTION_ARCHIVED
         order shop/1 => [#11 100 of 100 by coupon 0 less 100 at 3456001000]",
    );
}

#[test]
fn many_redemptions_are_forgotten_in_bounded_steps() {
    let mut world = story(
        "template gift card 10000 t
         claim alice gift r1
         room for 10000",
    );
    for order in 0..2_500 {
        world.line(&format!("redeem alice 0 shop/{order} 1 r{order}"));
    }
    world.now_ms += 40 * DAY_MS;
    // 2,501 requests and 2,500 redemptions in steps of 1,024, and the catalog's request in one.
    assert_eq!(world.forget(), 3 + 3 + 1);
    assert_eq!(world.partition.counts()[2], 0);
    world.restart();
}
