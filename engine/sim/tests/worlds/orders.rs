//! Orders of several cards and coupons through restarts and leaps of time: all of their parts or none, each share back to the fen.

use crate::check;

/// Worlds of each size.
const SEEDS: u64 = 6;

#[test]
fn cards_of_other_partitions_pay_all_or_nothing_through_crashes_and_lost_letters() {
    let totals = check("orders-4-2", SEEDS);
    assert!(totals.sagas >= SEEDS && totals.refused_sagas > SEEDS, "{totals}");
}

#[test]
fn orders_are_whole_and_units_bring_back_what_belongs_to_them() {
    for scenario in ["orders-4-2", "orders-1-1"] {
        let totals = check(scenario, SEEDS);
        assert!(totals.orders > 30 * SEEDS && totals.returns > 5 * SEEDS && totals.crashes > 2 * SEEDS, "{totals}");
    }
}
