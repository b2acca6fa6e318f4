//! A code of another house gets one card or one-use coupon, however often and in however many batches its row is asked, and tills use it by that code.

use crate::check;

const SEEDS: u64 = 4;

#[test]
fn a_code_gets_one_card_and_is_used_through_crashes() {
    let totals = check("imports-4-2", SEEDS);
    assert!(totals.imports > 10 * SEEDS, "most codes are imported: {totals}");
    assert!(totals.one_use_imports > 3 * SEEDS, "some of them for one use: {totals}");
    assert!(totals.captures > 0 && totals.snapshots > 0, "{totals}");
}
