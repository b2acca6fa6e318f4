//! What friends give each other arrives once, whatever stops on its way.

use crate::check;

const SEEDS: u64 = 6;

fn one_usable_copy(scenario: &str) {
    let totals = check(scenario, SEEDS);
    assert!(totals.gifts > 20 * SEEDS && totals.expired_gifts > 2 * SEEDS, "accepted, and let pass: {totals}");
    assert!(totals.line_crashes > 0, "a crash met a gift on its way to the disk: {totals}");
}

#[test]
fn between_four_partitions_there_is_one_usable_copy_of_what_was_given() {
    one_usable_copy("gifts-4-2");
}

#[test]
fn within_one_partition_there_is_one_usable_copy_of_what_was_given() {
    one_usable_copy("gifts-1-1");
}
