//! Runs cases of a target, counts what became of them, and says which one failed and how to run it again.

use crate::bend::Random;
use crate::{Outcome, Target};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::Instant;

/// The most memory that all of it may ask for. A reader that believes a length in a file is ended by the system.
const MEMORY_BYTES_MAX: u64 = 3 << 30;

/// What became of the cases of a target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Read, and the property held.
    pub accepted: u64,
    /// Refused.
    pub refused: u64,
}

/// Bounds the memory of this process from now on.
///
/// # Panics
/// When the system does not let it.
pub fn bound_memory() {
    let limit = Rlimit { current: Some(MEMORY_BYTES_MAX), ..getrlimit(Resource::As) };
    setrlimit(Resource::As, limit).expect("a lower limit may be set");
}

/// Runs cases of a target from a seed until `go_on` says no. A failure is reported with the case, and goes on as a panic.
pub fn run(target: &Target, seed: u64, go_on: &mut dyn FnMut(u64) -> bool) -> Tally {
    let (check, mut random, mut tally) = ((target.prepare)(), Random(seed), Tally::default());
    while go_on(tally.accepted + tally.refused) {
        let case = random.next_u64();
        match catch_unwind(AssertUnwindSafe(|| check(case))) {
            Ok(Outcome::Accepted) => tally.accepted += 1,
            Ok(Outcome::Refused) => tally.refused += 1,
            Err(panic) => {
                println!("{0} failed: cargo run -p tessera-fuzz -- --target {0} --case {case}", target.name);
                resume_unwind(panic);
            }
        }
    }
    tally
}

/// As [`run`], for so many cases; prints a line.
pub fn run_cases(target: &Target, seed: u64, cases: u64) -> Tally {
    let began = Instant::now();
    let tally = run(target, seed, &mut |done| done < cases);
    println!("{:<10} {:>10} accepted {:>10} refused in {:.1?}", target.name, tally.accepted, tally.refused, began.elapsed());
    tally
}

/// One case again.
pub fn again(target: &Target, case: u64) -> Outcome {
    (target.prepare)()(case)
}
