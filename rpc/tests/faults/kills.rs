//! SIGKILL under load, again and again (row 3): the load generator's own scenario, small enough for every run of the tests.
//!
//! The long run is `tessera-loadtest kills`; the checker that judges both finds what is planted in a server of its own.

use crate::run_words;
use std::path::Path;

/// Kills of one run of the tests, over a mix and a sale.
const KILLS: u32 = 52;

/// Of those, on one directory.
const KILLS_PER_DIRECTORY: u32 = KILLS / 2;

#[test]
fn every_acknowledgement_outlives_kills_at_random_instants() {
    let words = format!("kills --in-flight 8 --kill-every 0.06 --kills {KILLS_PER_DIRECTORY} --total {KILLS}");
    let report = run_words(&words, Path::new(env!("CARGO_TARGET_TMPDIR")));
    assert_eq!((report.kills, report.verified), (u64::from(KILLS), u64::from(KILLS) + 2), "each is verified, and each stop");
    assert!(report.kills_of_starts > 5 && report.lost > 20, "{} starts killed, {} lost", report.kills_of_starts, report.lost);
    assert!(report.accepted > 1_000 && report.checked > 10_000, "{} accepted, {} facts", report.accepted, report.checked);
}
