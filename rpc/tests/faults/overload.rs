//! More than the program can take, nonsense, and a client that does not read (row 15).
//!
//! The long run, which states goodput against the peak, is `tessera-loadtest overload`.

use crate::run_words;
use std::path::Path;

/// Growth of resident memory while the flood lasts: inboxes, slots of streams and what was sold meanwhile.
const GROWTH_BYTES_MAX: u64 = 1 << 30;

/// Of the peak, how much a flood leaves, and how much is back after it: a build without optimisation beside busy tests.
const LEAST_SHARE: f64 = 0.25;

#[test]
fn a_flood_is_refused_in_words_and_what_is_admitted_is_served() {
    let report = run_words("overload --lasting 2 --server-arg=--shards --server-arg=1", Path::new(env!("CARGO_TARGET_TMPDIR")));
    let flood = report.overload.expect("there was one");
    // A client that cannot ask for more than this build takes is served whole; the refusal itself, forced, is a fact of `wire`.
    let flooded = &flood.overload;
    let is_whole = flooded.goodput_per_second > 0.99 * flooded.offered_per_second;
    assert!(is_whole || flooded.refused["OVERLOADED"] > 0, "what is not served is refused in words: {flooded:?}");
    let least = LEAST_SHARE * flood.peak.goodput_per_second;
    assert!(flood.overload.goodput_per_second > least && flood.after.goodput_per_second > least, "{flood:?}");
    let (before, most) = flood.resident_bytes;
    assert!(before > 0 && most < before + GROWTH_BYTES_MAX, "{before} before, {most} at most");
    assert!(flood.nonsense >= 2, "{} pieces of nonsense", flood.nonsense);
}
