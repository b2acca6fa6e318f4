//! Coupons that go from friend to friend over lines, killed on their way (row 14): each is in exactly one wallet afterwards.

use crate::run_words;
use std::path::Path;

/// Gifts of one round.
const GIFTS: u64 = 2_000;

#[test]
fn what_is_given_is_in_one_wallet_whatever_happens_on_its_way() {
    let words = format!("gift --coupons 40 --gifts {GIFTS} --in-flight 40 --kill-every 0.3 --kills 3 --snapshot-every 1");
    let report = run_words(&words, Path::new(env!("CARGO_TARGET_TMPDIR")));
    assert_eq!((report.kills, report.accepted), (3, GIFTS * report.rounds), "every gift has arrived");
    assert!(report.checked > 40 * report.rounds && report.verified > 3, "{} facts, {}", report.checked, report.verified);
}
