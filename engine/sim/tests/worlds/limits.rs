//! A day gives out what it may and no more, a budget is never overdrawn and is raised by who knows it, and what ends unused comes back once: over midnights and crashes.

use crate::check;

/// Worlds of each size.
const SEEDS: u64 = 5;

fn gives_out_what_it_may(scenario: &str) {
    let totals = check(scenario, SEEDS);
    assert!(totals.crashes > 2 * SEEDS && totals.lease_crashes > 0, "crashes met leases on their way to the disk: {totals}");
    assert!(totals.exhausted > SEEDS && totals.restocked > 10 * SEEDS, "refused, and given back: {totals}");
    assert!(totals.budget_raises > 5 * SEEDS, "budgets are raised: {totals}");
    assert!(totals.days_dropped > 0, "days went by: {totals}");
}

#[test]
fn between_four_partitions_a_day_and_a_budget_give_out_what_they_may() {
    gives_out_what_it_may("limits-4-2");
}

#[test]
fn between_sixteen_partitions_a_day_and_a_budget_give_out_what_they_may() {
    gives_out_what_it_may("limits-16-2");
}

#[test]
fn what_ends_unused_comes_back_also_where_an_order_of_another_partition_names_it() {
    gives_out_what_it_may("limits-orders-4-2");
}

#[test]
fn within_one_partition_a_day_and_a_budget_give_out_what_they_may() {
    gives_out_what_it_may("limits-1-1");
}
