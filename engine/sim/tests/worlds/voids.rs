//! A template that is made void takes its coupons with it at one instant, whatever they are in the middle of and whatever stops.

use crate::check;

const SEEDS: u64 = 6;

fn void_at_once(scenario: &str) {
    let totals = check(scenario, SEEDS);
    assert!(totals.void_templates > 4 * SEEDS && totals.doomed > 20 * SEEDS, "templates, and their coupons: {totals}");
    assert!(totals.captures > 10 * SEEDS && totals.returns > SEEDS && totals.gifts > SEEDS, "in the middle of much: {totals}");
}

#[test]
fn nothing_is_sold_or_used_of_a_void_template_in_four_partitions() {
    void_at_once("voids-4-2");
}

#[test]
fn nothing_is_sold_or_used_of_a_void_template_in_one_partition() {
    void_at_once("voids-1-1");
}
