//! A slice of each target, from a fixed seed. Each reads and refuses: a target that only refuses would prove nothing.

use tessera_fuzz::run::{bound_memory, run_cases};
use tessera_fuzz::{Outcome, TARGETS, Target};

const SEED: u64 = 2026;

/// What is cheap to read is tried more often.
fn cases_of(target: &Target) -> u64 {
    match target.name {
        "segment" => 6_000,
        "image" | "manifest" | "content" => 40_000,
        _ => 200_000,
    }
}

#[test]
fn no_bent_bytes_are_believed() {
    bound_memory();
    for target in TARGETS {
        let cases = cases_of(target);
        let tally = run_cases(target, SEED, cases);
        assert_eq!(tally.accepted + tally.refused, cases);
        assert!(tally.accepted > cases / 100 && tally.refused > cases / 100, "{}: {tally:?}", target.name);
    }
}

#[test]
fn a_reader_that_believes_too_much_is_found() {
    fn gullible() -> tessera_fuzz::Check {
        Box::new(|case| {
            assert!(case % 1_000 != 7, "it believed a bad byte");
            Outcome::Accepted
        })
    }
    let target = Target { name: "gullible", prepare: gullible };
    assert!(std::panic::catch_unwind(|| run_cases(&target, SEED, 10_000)).is_err());
}
