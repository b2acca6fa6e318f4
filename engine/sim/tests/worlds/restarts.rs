//! Claims, redemptions and refunds through loops of restarts: nothing acknowledged is lost, nothing happens twice.

use crate::check;

/// Worlds of each size.
const SEEDS: u64 = 10;

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
