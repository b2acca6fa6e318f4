//! What holds for any order that goes through commands: a slice of what `examples/orders.rs bought` buys a million times.

use crate::customer::{Counts, ORDERS, live};

const CUSTOMERS: u64 = 100;

#[test]
fn any_order_held_delivered_and_brought_back_unit_by_unit_leaves_every_balance_as_it_was() {
    let mut counts = Counts::default();
    for seed in 0..CUSTOMERS {
        counts.add(&live(seed).unwrap_or_else(|broken| panic!("customer {seed}: {broken}")));
    }
    let all = CUSTOMERS * ORDERS;
    assert!(counts.orders * 10 > all * 7 && counts.with_several * 2 > counts.orders, "{counts:?}");
    assert!(counts.with_cards * 2 > counts.orders && counts.in_part * 5 > counts.orders, "{counts:?}");
    assert!(counts.moved * 3 > counts.orders && counts.decided_by_place * 2 < counts.moved, "{counts:?}");
}

/// Where the build has the room's faults, as the gate's has.
#[cfg(feature = "planted")]
#[test]
fn a_customer_finds_planted_faults_of_orders() {
    use tessera_domain::planted::{Planted, plant};
    for fault in [Planted::ShareRoundedUp, Planted::OutsideFirst, Planted::ReleasedTwice] {
        plant(Some(fault));
        let is_found = |seed: &u64| std::panic::catch_unwind(|| live(*seed)).map_or(true, |outcome| outcome.is_err());
        let found = (0..CUSTOMERS).find(is_found);
        plant(None);
        assert!(found.is_some(), "{fault:?} is not found by {CUSTOMERS} customers");
    }
}
