//! Holds, captures, releases, blocks and voids through restarts and leaps of time: every hold ends once, no value is lost.

use crate::check;
use tessera_sim::Totals;

/// Worlds of each size.
const SEEDS: u64 = 6;

/// Every way in which a hold ends was met, and value expired.
fn meets_every_end(totals: &Totals) {
    assert!(totals.captures > 20 * SEEDS && totals.releases > 15 * SEEDS, "{totals}");
    assert!(totals.expired_holds > SEEDS && totals.revoked_holds > SEEDS && totals.expired_value > 0, "{totals}");
    assert!(totals.replaced_cards > SEEDS, "{totals}");
}

#[test]
fn every_hold_ends_once_and_value_is_conserved_through_crashes_and_leaps_of_time() {
    let totals = check("tills-4-2", SEEDS);
    meets_every_end(&totals);
    assert!(totals.crashes > 2 * SEEDS && totals.nested > 0, "{totals}");
}

#[test]
fn one_partition_alone_keeps_its_holds() {
    meets_every_end(&check("tills-1-1", SEEDS));
}

#[test]
fn days_in_which_ended_holds_are_forgotten_change_nothing_else() {
    let totals = check("tills-days-4-2", SEEDS / 2);
    assert!(totals.crashes > SEEDS && totals.expired_holds > SEEDS, "{totals}");
}
