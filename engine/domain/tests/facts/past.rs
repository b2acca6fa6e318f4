//! Facts about what a state shows of the past: a coupon's holds and redemptions, and what comes next.

use crate::given::story::story;
use tessera_domain::HoldState;

#[test]
fn a_coupon_is_shown_with_its_holds_and_redemptions_newest_first() {
    let world = story(
        "template gift card 1000 t
         claim alice gift r1
         claim alice gift r2
         hold alice 0 shop/1 400 h1 ttl=5000
         hold alice 0 shop/2 100 h2 ttl=9000
         hold alice 1 shop/1 50 h3
         capture #5 c1
         redeem alice 0 shop/3 30 p1",
    );
    let partition = &world.partition;
    let [captured, live] = partition.holds_of(0, 1_000)[..] else { panic!("two holds") };
    assert_eq!((captured.hold, captured.state, captured.held, live.hold), (5, HoldState::Captured, 100, 4));
    assert_eq!((live.state, live.held, live.ended_ms, live.redemption), (HoldState::Live, 400, 0, 0));
    let redeemed: Vec<_> = partition.redemptions_of_coupon(0).iter().map(|one| (one.redemption, one.applied)).collect();
    assert_eq!(redeemed, [(8, 30), (captured.redemption, 100)]);
    assert_eq!(partition.redemptions_of_coupon(1).len(), 0);
    let [_, overdue] = partition.holds_of(0, live.deadline_ms)[..] else { panic!("two holds") };
    assert_eq!((overdue.state, overdue.ended_ms), (HoldState::Expired, live.deadline_ms), "true at the instant");
}

#[test]
fn nothing_expires_or_ends_before_the_instants_that_are_told() {
    let world = story(
        "template gift card 1000 t1
         template short off 0 100 t2 use=0..9000
         claim alice gift r1",
    );
    assert_eq!(world.partition.next_deadlines_ms(), [None, None, None], "without end, no hold and no gift");
    let mut world = world;
    world.tell(
        "claim alice short r2
         hold alice 0 shop/1 400 h1 ttl=5000
         template free off 0 100 t3 transferable
         claim alice free r3
         offer alice 2 o1 ttl=60000",
    );
    let deadline_ms = world.partition.holds_of(0, 0)[0].deadline_ms;
    assert_eq!(world.partition.next_deadlines_ms(), [Some(9_000), Some(deadline_ms), Some(61_000)]);
}
