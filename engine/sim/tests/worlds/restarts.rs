//! Claims, redemptions and refunds through loops of restarts: nothing acknowledged is lost, nothing happens twice.

use crate::check;
use tessera_sim::{Order, Plan, run};

/// Worlds of each size.
const SEEDS: u64 = 6;

#[test]
fn acknowledged_claims_redemptions_and_refunds_outlive_every_crash() {
    let totals = check("mixed-4-2", SEEDS);
    assert!(totals.crashes > 4 * SEEDS && totals.nested > 0 && totals.full_disks > 0, "{totals}");
    assert!(totals.retries > totals.writes / 2 && totals.lost_replies > 0, "{totals}");
}

#[test]
fn one_partition_alone_outlives_every_crash() {
    let totals = check("mixed-1-1", SEEDS);
    assert!(totals.crashes > 4 * SEEDS && totals.nested > 0, "{totals}");
}

#[test]
fn days_in_which_requests_are_forgotten_change_nothing_else() {
    let totals = check("days-4-2", SEEDS / 2);
    assert!(totals.crashes > 4, "{totals}");
}

#[test]
fn a_clock_that_was_set_back_is_outlived() {
    let totals = check("clock-4-2", SEEDS / 2);
    assert!(totals.crashes > 4 && totals.lost_letters == 0, "{totals}");
}

#[test]
fn a_disk_that_fills_up_refuses_and_goes_on() {
    let totals = check("full-4-2", SEEDS / 2);
    assert!(totals.full_disks > 4 * SEEDS && totals.crashes > 4, "{totals}");
}

/// The image stands, the log stays as long as it is, and nobody ends for it.
#[test]
fn a_trim_that_meets_a_full_disk_waits_for_room() {
    let plan = Plan::named("full-4-2").expect("a scenario of that name");
    let outcome = run(Order::of(plan, 19)).unwrap_or_else(|failure| panic!("{failure}"));
    assert!(outcome.totals.full_disks > 4, "{}", outcome.totals);
}
