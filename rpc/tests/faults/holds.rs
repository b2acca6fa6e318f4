//! Holds and their captures over the stream, killed between the two (row 3): what was acknowledged of either is there afterwards.
//!
//! Alone it is how the rate of pairs is measured: `tessera-loadtest holds --server tessera`.

use crate::run_words;
use std::path::Path;

/// Pairs of one round.
const PAIRS: u64 = 4_000;

#[test]
fn a_hold_is_captured_whatever_happens_in_between() {
    let words = format!(
        "holds --cards 50 --operations {PAIRS} --in-flight 256 --skew zipf --kill-every 0.3 --kills 3 --snapshot-every 1"
    );
    let report = run_words(&words, Path::new(env!("CARGO_TARGET_TMPDIR")));
    assert_eq!((report.kills, report.figures.operations), (3, PAIRS * report.rounds), "every pair was ended");
    assert_eq!(report.refused.len(), 3, "{:?}", report.refused);
    assert!(report.lost > 0 && report.checked > 10 * PAIRS, "{} lost, {} facts", report.lost, report.checked);
}

#[test]
fn pairs_state_their_rate_their_bytes_and_their_steps() {
    let words = format!("holds --cards 50 --operations {PAIRS} --skew hot");
    let report = run_words(&words, Path::new(env!("CARGO_TARGET_TMPDIR")));
    let figures = report.server.expect("a server that is not killed tells of its log");
    assert!(figures.syncs > 0 && figures.log_bytes_per_accepted > 100.0, "a pair is two writes: {figures:?}");
    assert!(report.figures.server_cpu_us_per_operation.is_some_and(|us| us > 0.0) && report.figures.client_cores.is_some());
    assert_eq!(report.steps.iter().map(|step| step.answered).collect::<Vec<_>>(), [PAIRS, report.accepted]);
}
