//! Lines between partitions lose nothing and count nothing twice, though their letters do.

use crate::check;

const SEEDS: u64 = 6;

#[test]
fn every_line_agrees_with_itself_and_every_outbox_is_empty_at_rest() {
    let totals = check("lines-4-2", SEEDS);
    assert!(totals.line_crashes > 0, "a crash met a line's message on its way to the disk: {totals}");
    assert!(totals.lost_letters > 100 * SEEDS, "{totals}");
}
