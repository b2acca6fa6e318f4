//! Workloads that people fear: everybody at once, one card for all, clients who hear nothing, machines that hardly stay up.

use crate::check;

const SEEDS: u64 = 8;

#[test]
fn a_flash_sale_beyond_every_inbox_is_sold_to_the_last_piece() {
    let totals = check("flash-8-2", SEEDS);
    assert!(totals.sold_out > 500 * SEEDS && totals.stalls > SEEDS, "{totals}");
}

#[test]
fn one_card_that_everybody_charges_never_gives_more_than_it_has() {
    let totals = check("hot-card-2-1", SEEDS);
    assert!(totals.writes > 200 * SEEDS && totals.captures > 0, "{totals}");
}

#[test]
fn clients_who_hear_nothing_ask_until_they_know_and_nothing_happens_twice() {
    let totals = check("retries-4-2", SEEDS);
    assert!(totals.lost_replies > 300 * SEEDS && totals.retries > totals.writes, "{totals}");
    assert!(totals.late_requests > 50 * SEEDS && totals.double_requests > 50 * SEEDS, "{totals}");
}

#[test]
fn machines_that_hardly_stay_up_lose_nothing() {
    let totals = check("restarts-4-2", SEEDS);
    assert!(totals.crashes > 20 * SEEDS && totals.nested > 5 * SEEDS, "{totals}");
}

#[test]
fn holds_and_coupons_used_in_the_millisecond_of_their_end_end_once() {
    let totals = check("tills-1-1", 2 * SEEDS);
    assert!(totals.brinks > 2 * SEEDS, "{totals}");
}
