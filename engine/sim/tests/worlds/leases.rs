//! A sale is sold to the last piece and never one more, across crashes during grants and recalls, and again after a raise.

use crate::check;

/// Worlds of each size.
const SEEDS: u64 = 6;

fn sells_to_the_last_piece(scenario: &str) {
    let totals = check(scenario, SEEDS);
    assert!(totals.crashes > 2 * SEEDS && totals.images > totals.crashes, "{totals}");
    assert!(totals.lease_crashes > 0, "a crash met a lease on its way to the disk: {totals}");
    assert!(totals.sold_out > 0 && totals.raises > 0, "sold out, raised, sold out: {totals}");
}

#[test]
fn one_partition_on_one_shard_sells_to_the_last_piece() {
    sells_to_the_last_piece("lease-1-1");
}

#[test]
fn two_partitions_on_two_shards_sell_to_the_last_piece() {
    sells_to_the_last_piece("lease-2-2");
}

#[test]
fn sixteen_partitions_on_sixteen_shards_sell_to_the_last_piece() {
    sells_to_the_last_piece("lease-16-16");
}

#[test]
fn sixteen_partitions_on_one_shard_sell_to_the_last_piece() {
    sells_to_the_last_piece("lease-16-1");
}
