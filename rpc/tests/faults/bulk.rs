//! A file that is issued from while tills redeem and the process is killed (row 3): no row is issued twice, none is lost.

use crate::run_words;
use std::path::Path;

/// Rows of the file, and those of them that must be accepted.
const ROWS: u64 = 6_000;
const ACCEPTED: u64 = ROWS / 100 * 96;

#[test]
fn every_row_of_a_file_has_one_outcome_whatever_happens_on_its_way() {
    let words = format!("bulk --rows {ROWS} --cards 100 --operations 500 --kill-every 0.4 --kills 2 --verify-after-kill");
    let report = run_words(&words, Path::new(env!("CARGO_TARGET_TMPDIR")));
    assert_eq!((report.kills, report.accepted), (2, ACCEPTED * report.rounds), "what the file says, once");
    assert!(report.checked > 30_000 * report.rounds && report.verified > 2, "{} facts, {}", report.checked, report.verified);
}
