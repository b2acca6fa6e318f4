//! Disks that lie, lose, tear and rot, and clocks that jump: noticed or harmless, never silent.

use crate::check;
use tessera_sim::{Order, Plan, run};

#[test]
fn no_flipped_bit_of_a_crashed_directory_is_silent() {
    let totals = check("rot-1-1", 12);
    assert!(totals.flips > 20_000 && totals.flips_exact + totals.flips_cut + totals.flips_refused == totals.flips, "{totals}");
    assert!(totals.flips_exact > 0 && totals.flips_refused > 0, "harmless ones and refused ones: {totals}");
    let tills = check("rot-tills-2-1", 4);
    assert!(tills.flips > 1_000 && tills.silent == 0, "{tills}");
}

#[test]
fn no_lie_of_a_disk_is_silent() {
    let (wide, narrow) = (check("liar-4-2", 60), check("liar-1-1", 60));
    assert!(wide.lies_exact > 0 && wide.lies_refused > 0, "{wide}");
    assert!(narrow.lies_exact > 0 && narrow.lies_refused + narrow.lies_cut > 0, "{narrow}");
}

/// The disk loses a group that it had confirmed, and an image holds a part of it: the manifest says which group was durable. Without
/// that proof each of these worlds loses it silently; few others do, so whoever changes what clients ask looks for new ones.
#[test]
fn a_lost_group_that_an_image_proves_durable_is_refused() {
    let plan = Plan::named("liar-1-1").expect("a scenario of that name");
    for seed in [24_025, 31_903, 33_810] {
        let totals = run(Order::of(plan, seed)).unwrap_or_else(|failure| panic!("{failure}")).totals;
        assert!(totals.lies >= 1 && totals.lies_refused > 0, "{totals}");
    }
}

#[test]
fn a_torn_group_of_many_sectors_is_cut_and_nothing_else_is() {
    let totals = check("torn-4-2", 8);
    assert!(totals.tears > 0 && totals.images > 300, "{totals}");
}

#[test]
fn a_disk_that_stands_still_costs_time_alone() {
    let totals = check("stall-4-2", 6);
    assert!(totals.stalls > 100, "{totals}");
}

#[test]
fn clocks_that_jump_stand_or_are_refused_change_nothing() {
    let totals = check("clock-4-2", 12);
    assert!(totals.clock_jumps > 30 && totals.clock_refusals > 0, "{totals}");
}

#[test]
fn errors_short_writes_and_unreadable_disks_cost_no_acknowledged_write() {
    let totals = check("images-4-2", 8);
    assert!(totals.disk_errors > 10 && totals.short_lives > 2 && totals.blind_snapshots > 50, "{totals}");
    assert!(totals.snapshots > 200, "images are made and the log is trimmed under all of it: {totals}");
}
