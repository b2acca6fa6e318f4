//! A batch of cards is made by runs in two partitions while machines stop: no card twice, none too many, complete at its home when all
//! are there, its codes taken once, each card activated once.

use crate::check;

const SEEDS: u64 = 6;

#[test]
fn batches_are_made_once_and_their_cards_activated_once() {
    let totals = check("batches-4-2", SEEDS);
    assert!(totals.made_cards > 100 * SEEDS && totals.activated_cards > 20 * SEEDS, "made, and sold: {totals}");
    assert!(totals.complete_batches > 5 * SEEDS && totals.taken_batches > 2 * SEEDS, "complete, and taken: {totals}");
    assert!(totals.crashes > SEEDS, "while machines stop: {totals}");
}
