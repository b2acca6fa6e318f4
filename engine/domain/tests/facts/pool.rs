//! Facts about what all users share: a template's local days, its budget, and what comes back to its stock.

use crate::given::World;
use crate::given::story::story;
use tessera_domain::event::{DayDropped, Event, PoolLeased, PoolOpened, Restocked, Step};
use tessera_domain::{Divergence, Pool};

/// The epoch's third midnight in UTC: its day is over everywhere.
const OVER_MS: i64 = 3 * 86_400_000;

/// A journal that holds every kind of event that days, budgets and returns brought.
pub fn pooled() -> World {
    let mut world = story(
        "template gift card 500 t stock=9 day-stock=4 budget=2500 restock transferable use=0..9000
         lease gift 4
         lease gift 4 day=0
         lease gift 2000 budget
         claim alice gift c1
         claim bob gift c2
         claim carol gift c3
         void known 0 v1
         redeem bob 1 shop/1 100 r1
         raise gift 2500 3000 b1 budget
         at 9000
         forget 3",
    );
    let leased =
        |day, step, partition, count| Event::PoolLeased(PoolLeased { template: 0, day, step: step as u8, partition, count });
    for event in [
        leased(None, Step::Returned, 0, 500),
        Event::PoolOpened(PoolOpened { template: 0, day: Some(0), total: 4 }),
        leased(Some(0), Step::Granted, 1, 3),
        leased(Some(0), Step::Granted, 2, 1),
        leased(Some(0), Step::Reclaimed, 1, 2),
        Event::PoolOpened(PoolOpened { template: 1, day: Some(1), total: 4 }),
        leased(None, Step::Granted, 2, 1_500),
    ] {
        world.happen(&[event]);
    }
    world.tell(&format!("at {OVER_MS}"));
    assert_eq!(world.forget_in_partition(), 2, "the day is dropped, and the requests are forgotten at once");
    world.restart();
    world
}

/// Received, returned, issued and restocked, of a template's stock, of its day 0 and of its budget.
fn leases(world: &World) -> [[u64; 4]; 3] {
    [Pool::stock(0), Pool::day(0, 0), Pool::budget(0)].map(|pool| {
        let lease = world.partition.stock().lessee(pool);
        [lease.received, lease.returned, lease.issued, lease.restocked]
    })
}

#[test]
fn a_claim_takes_of_each_pool_or_of_none_and_waits_for_the_first_that_lacks() {
    let world = story(
        "template cash off 10000 2000 t stock=5 day-stock=3 budget=9000
         claim alice cash r1 => PARKED for 1 of day 0 of template 0
         lease cash 2 day=0
         claim alice cash r1 => PARKED for 2000 of budget of template 0
         lease cash 1999 budget
         claim alice cash r1 => PARKED for 2000 of budget of template 0
         lease cash 4000 budget
         claim alice cash r1 => PARKED for 0
         lease cash 3
         claim alice cash r1 => coupon 0 of cash v1 0.. key 1 #6
         claim alice cash r1 => coupon 0 of cash v1 0.. key 1 #6 replayed
         issue bob cash r1 => coupon 1 of cash v1 0.. key 1 #7
         claim carol cash r1 => PARKED for 1 of day 0 of template 0",
    );
    assert_eq!(leases(&world), [[3, 0, 2, 0], [2, 0, 2, 0], [4_000, 0, 4_000, 0]]);
}

#[test]
fn what_is_exhausted_refuses_before_anything_is_waited_for_and_the_day_before_the_rest() {
    story(
        "template cash off 10000 2000 t stock=5 day-stock=3 budget=9000
         sold out cash 5
         claim alice cash r1 => SOLD_OUT 5
         sold out cash 9000 budget need=2000
         claim alice cash r1 => BUDGET_EXHAUSTED 9000
         sold out cash 3 day=0
         claim alice cash r1 => TEMPLATE_DAY_LIMIT_REACHED 3
         claimable 10 by=alice => [] no more
         later 1000
         claim alice cash r1 => PARKED for 1 of day 0 of template 0",
    );
}

#[test]
fn a_budget_is_exhausted_for_who_needs_as_much_and_not_for_who_needs_less() {
    story(
        "template cash off 10000 2000 t1 budget=9000
         sold out cash 9000 budget need=2000
         claim alice cash r1 => BUDGET_EXHAUSTED 9000
         template cash off 10000 500 t2 version=1 budget=9000
         claim alice cash r1 => PARKED for 500 of budget of template 0
         template cash off 10000 2500 t3 version=2 budget=9000
         claim alice cash r1 => BUDGET_EXHAUSTED 9000",
    );
}

#[test]
fn a_day_ends_at_the_local_midnight_and_what_it_has_left_is_forfeited() {
    let midnight_ms = 16 * 3_600_000;
    let world = story(&format!(
        "template cash off 10000 2000 t day-stock=2
         template west off 10000 2000 t2 day-stock=2 zone=America/New_York
         lease cash 2 day=0
         lease west 1 day=-1
         at {}
         claim alice cash r1 => coupon 0 of cash v1 0.. key 1 #4
         claim alice west r2 => PARKED for 1 of day 0 of template 1
         at {midnight_ms}
         claim bob cash r1 => PARKED for 1 of day 1 of template 0
         lease cash 2 day=1
         claim bob cash r1 => coupon 1 of cash v1 0.. key 1 #6",
        midnight_ms - 1
    ));
    let unsold = |day| world.partition.stock().lessee(Pool::day(0, day)).unsold();
    assert_eq!([unsold(0), unsold(1)], [1, 1]);
}

#[test]
fn both_limits_of_a_day_count_and_one_does_not_count_for_the_other() {
    let world = story(
        "template both off 10000 2000 t1 day-stock=5 day=1
         template all off 10000 2000 t2 day-stock=5
         lease both 5 day=0
         lease all 5 day=0
         claim alice both r1
         claim alice both r2 => USER_DAY_LIMIT_REACHED 1
         claim bob both r3
         claim alice all r4
         claim alice all r5",
    );
    assert_eq!(world.partition.stock().lessee(Pool::day(0, 0)).unsold(), 3);
    assert_eq!(world.partition.stock().lessee(Pool::day(1, 0)).unsold(), 3);
}

#[test]
fn the_cover_is_the_amount_the_face_value_or_the_cap() {
    for (kind, cover) in [("off 100 70", 70), ("pieces 2 60", 60), ("cash 50", 50), ("card 40", 40), ("percent 8000 cap=30", 30)]
    {
        story(&format!(
            "template x {kind} t budget=90
             claim alice x r1 => PARKED for {cover} of budget of template 0"
        ));
    }
}

#[test]
fn what_no_number_bounds_has_no_budget_and_what_takes_nothing_gives_nothing_back() {
    story(
        "template x percent 8000 t budget=90 => INVALID_ARGUMENT percent_off.cap_minor 1
         template x exchange 1 t goods=tea budget=90 => INVALID_ARGUMENT budget_minor
         template x cash 50 t restock => INVALID_ARGUMENT restock
         template x cash 50 t day-stock=3 restock => INVALID_ARGUMENT restock
         template x cash 50 t day-stock=1000000000001 => INVALID_ARGUMENT day_stock 1000000000000
         template x cash 50 t budget=1000000000000001 => INVALID_ARGUMENT budget_minor 1000000000000000
         template x cash 50 t budget=90 restock
         template x cash 50 t2 version=1 budget=91 restock => INVALID_ARGUMENT budget_minor 90
         template x cash 50 t2 version=1 budget=90 restock stock=1 => INVALID_ARGUMENT stock
         template x cash 50 t2 version=1 budget=90 day-stock=2",
    );
}

#[test]
fn what_is_left_is_shown_of_stock_day_and_budget() {
    story(
        "template cash off 10000 2000 t day-stock=3 budget=9000
         stock cash => day 0 total 3 free 3 leased 0 untouched, budget total 9000 free 9000 leased 0 untouched
         raise cash 9000 9500 r1 budget => total 9500 #2
         raise cash 9000 9500 r1 budget => total 9500 #2 replayed
         raise cash 9000 9999 r2 budget => BUDGET_MISMATCH 9500
         raise cash 9500 9999 r3 budget dry => total 9999 unwritten
         raise cash 9500 9500 r4 budget => INVALID_ARGUMENT target_minor 9501
         raise cash 9500 1000000000000001 r4 budget => INVALID_ARGUMENT target_minor 1000000000000000
         raise cash 3 9 r5 => STOCK_UNLIMITED
         stock cash => day 0 total 3 free 3 leased 0 untouched, budget total 9500 free 9500 leased 0 opened
         template plain off 10000 2000 t2 stock=1
         raise plain 1 9 r6 budget => BUDGET_UNLIMITED
         stock plain => total 1 free 1 leased 0 untouched",
    );
}

#[test]
fn what_ends_unused_comes_back_to_stock_and_budget_and_not_to_its_day() {
    let world = story(
        "template gift card 500 t stock=9 day-stock=3 budget=2500 restock use=0..9000
         lease gift 2
         lease gift 3 day=0
         lease gift 1000 budget
         claim alice gift c1 => coupon 0 of gift v1 0..9000 key 1 #5
         claim bob gift c2
         claim carol gift c3 => PARKED for 500 of budget of template 0
         void known 0 v1 => void 500 revoked 0 #7
         claim carol gift c3 => coupon 2 of gift v1 0..9000 key 1 #9
         void known 0 v1 => void 500 revoked 0 #7 replayed
         redeem bob 1 shop/1 100 b1
         at 9000
         forget 3",
    );
    assert_eq!(leases(&world), [[2, 0, 3, 2], [3, 0, 3, 0], [1_000, 0, 1_500, 1_000]]);
}

#[test]
fn a_coupon_that_is_not_to_give_back_and_one_that_was_used_reloaded_given_or_replaced_gives_nothing_back() {
    let never = story(
        "template gift card 500 t stock=9 use=0..9000
         lease gift 2
         claim alice gift c1
         claim alice gift c2
         void known 0 v1
         at 9000
         forget 1",
    );
    assert_eq!(leases(&never)[0], [2, 0, 2, 0]);
    let world = story(
        "template gift card 500 t stock=9 restock transferable use=0..90000000
         lease gift 5
         claim alice gift c1
         claim alice gift c2
         claim alice gift c3
         claim alice gift c4
         reload alice 0 100 l1
         void known 0 v1
         redeem alice 1 shop/1 1 u1
         void known 1 v2
         offer alice 2 o1
         accept #11 bob a1
         deliver 2
         replace known 3 p1",
    );
    assert_eq!(leases(&world)[0], [5, 0, 4, 0]);
    let world = ended(world, 90_000_000);
    assert_eq!(leases(&world)[0], [5, 0, 4, 0], "neither what came as a gift nor what stands in for another was claimed");
}

fn ended(mut world: World, at_ms: i64) -> World {
    world.now_ms = at_ms;
    world.forget_in_partition();
    world
}

#[test]
fn a_redemption_that_was_refunded_as_a_whole_counts_as_none() {
    let world = story(
        "template cash off 100 20 t stock=1 restock use=0..9000
         lease cash 1
         claim alice cash c1
         redeem alice 0 shop/1 100 u1
         refund #4 u2
         at 9000
         forget 2",
    );
    assert_eq!(leases(&world)[0], [1, 0, 1, 1]);
}

#[test]
fn a_day_is_dropped_when_it_is_over_everywhere_and_not_before() {
    let mut world = story(
        "template cash off 10000 2000 t day-stock=2
         lease cash 2 day=0
         lease cash 2 day=1
         claim alice cash r1",
    );
    world.now_ms = OVER_MS - 1;
    world.forget_in_partition();
    assert_eq!(leases(&world)[1], [2, 0, 1, 0]);
    world.now_ms = OVER_MS;
    assert_eq!(world.forget_in_partition(), 1);
    assert_eq!(leases(&world)[1], [0; 4]);
    assert_eq!(world.partition.stock().leases().collect::<Vec<_>>(), [Pool::day(0, 1)]);
    world.restart();
    assert_eq!(world.forget_in_partition(), 0);
}

#[test]
fn a_count_of_no_pool_and_a_return_of_nothing_are_refused() {
    let restocked = Restocked { coupon: 0, template: 0, pieces: 1, cover: 0 };
    let leased = PoolLeased { template: 0, day: None, step: 3, partition: 0, count: 1 };
    for event in [
        Event::PoolLeased(PoolLeased { step: 5, ..leased }),
        Event::PoolLeased(PoolLeased { day: Some(-2), ..leased }),
        Event::PoolLeased(PoolLeased { template: u32::MAX, ..leased }),
        Event::PoolLeased(PoolLeased { partition: 1, ..leased }),
        Event::PoolOpened(PoolOpened { template: 0, day: Some(i32::MAX), total: 1 }),
        Event::DayDropped(DayDropped { template: u32::MAX, day: 0 }),
        Event::Restocked(restocked),
        Event::Restocked(Restocked { pieces: 0, ..restocked }),
    ] {
        let mut world = story(
            "template cash off 10000 2000 t
             claim alice cash r1",
        );
        assert!(matches!(world.partition.apply(1_000, &event), Err(Divergence::Unexpected { lsn: 3, .. })), "{event:?}");
    }
}

#[test]
fn a_coupon_gives_back_what_it_took_right_behind_its_end_and_once() {
    let world = || {
        story(
            "template cash off 10000 2000 t stock=1 restock
             lease cash 1
             claim alice cash r1
             void known 0 v1",
        )
    };
    let returned = Event::Restocked(Restocked { coupon: 0, template: 0, pieces: 1, cover: 0 });
    assert!(matches!(world().partition.apply(1_000, &returned), Err(Divergence::Unexpected { lsn: 6, .. })));
}

/// Coupon 0 and what it took come back to a stock of one and a budget of one cover; 1 is a card to pay with at home.
const RETURNING: &str = "template gift card 500 t1 stock=1 budget=500 restock use=0..9000
     template purse card 2000 t2
     lease gift 1
     lease gift 500 budget
     claim bob gift c1
     claim ann purse c2\n";

#[test]
fn what_ends_unused_comes_back_also_where_a_message_is_what_meets_it() {
    let ended = [
        "at 9000
         checkout redeem ann:1+code:1:0@3 shop/1 r1 lines=tea:1x700
         deliver 2
         heard => COUPON_EXPIRED instruments[1] 9000",
        "void-template gift v1 recall
         checkout redeem ann:1+code:1:0@3 shop/1 r1 lines=tea:1x700
         deliver 2
         heard => COUPON_VOID instruments[1]",
    ];
    for road in ended {
        let mut world = story(&format!("{RETURNING}{road}"));
        assert_eq!(leases(&world), [[1, 0, 1, 1], [0; 4], [500, 0, 500, 500]], "{road}");
        assert_eq!(world.forget_in_partition(), 0, "it came back with the event that ended it, and once: {road}");
    }
}

#[test]
fn what_comes_back_with_the_first_fen_has_no_budget_and_gives_nothing_back() {
    story(
        "template x cash 50 t budget=90 refund=any => INVALID_ARGUMENT refund_policy
         template x cash 50 t stock=9 restock refund=any => INVALID_ARGUMENT refund_policy
         template x cash 50 t stock=9 day-stock=3 refund=any
         template y cash 50 t2 budget=90 restock refund=never
         template y cash 50 t3 version=1 budget=90 restock refund=any => INVALID_ARGUMENT refund_policy
         template z card 50 t4 budget=90 restock refund=any",
    );
}
