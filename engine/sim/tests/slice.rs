//! The slice of the soak that every gate runs: so many crash images, flipped bits and operations, on every core.
//!
//! The seeds are fixed; one more of each scenario comes from the commit, by `TESSERA_SIM_SEED` (any text), so that no two gates
//! are alike. A broken promise fails with the command that shows it again.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;
use tessera_sim::{Failure, Order, PLANS, Plan, Totals, run};

/// What one run of the gate must have looked at.
const OPERATIONS_MIN: u64 = 10_000_000;
const IMAGES_MIN: u64 = 100_000;
const FLIPS_MIN: u64 = 1_000_000;

/// Fixed seeds begin here, beside those of the other tests.
const FIRST_SEED: u64 = 10_000;

/// Why a lock is whole.
const UNHARMED: &str = "nobody panics with it: a broken promise is a value";

/// Lives through worlds of one scenario on every core, until their totals are enough.
fn live(plan: &'static Plan, is_enough: &(dyn Fn(&Totals) -> bool + Sync)) -> Totals {
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let (next, is_over, totals) = (AtomicU64::new(FIRST_SEED), AtomicBool::new(false), Mutex::new(Totals::default()));
    let failure: Mutex<Option<Box<Failure>>> = Mutex::new(None);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    match run(Order::of(plan, next.fetch_add(1, Ordering::Relaxed))) {
                        Ok(outcome) => {
                            let mut totals = totals.lock().expect(UNHARMED);
                            *totals += outcome.totals;
                            is_over.fetch_or(is_enough(&totals), Ordering::Relaxed);
                        }
                        Err(broken) => {
                            failure.lock().expect(UNHARMED).get_or_insert(broken);
                            is_over.store(true, Ordering::Relaxed);
                        }
                    }
                }
            });
        }
    });
    if let Some(failure) = failure.into_inner().expect(UNHARMED) {
        panic!("{failure}");
    }
    totals.into_inner().expect(UNHARMED)
}

fn named(scenario: &str) -> &'static Plan {
    Plan::named(scenario).expect("a scenario of that name")
}

/// A seed from any text: FNV-1a.
fn seed_of(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)) >> 16
}

#[test]
fn a_gate_checks_ten_million_operations_a_hundred_thousand_crash_images_and_a_million_flipped_bits() {
    let begin = Instant::now();
    let commit = std::env::var("TESSERA_SIM_SEED").unwrap_or_default();
    let mut all = Totals::default();
    for plan in PLANS {
        let outcome = run(Order::of(plan, seed_of(&commit)));
        all += outcome.unwrap_or_else(|failure| panic!("{failure}")).totals;
    }
    let before = all;
    all += live(named("rot-1-1"), &|totals| totals.flips + before.flips >= FLIPS_MIN);
    let before = all;
    all += live(named("restarts-4-2"), &|totals| totals.images + before.images >= IMAGES_MIN);
    let before = all;
    all += live(named("torn-4-2"), &|totals| totals.operations + before.operations >= OPERATIONS_MIN);
    println!("seed of {commit:?}: {}; {:.0} s\n", seed_of(&commit), begin.elapsed().as_secs_f64());
    all.rows().iter().for_each(|(what, count)| println!("{count:>12} {what}"));
    let counts = (all.operations >= OPERATIONS_MIN, all.images >= IMAGES_MIN, all.flips >= FLIPS_MIN);
    assert_eq!(counts, (true, true, true), "{all}");
    assert_eq!(all.silent, 0, "no damage is silent");
    assert!(all.flips_refused > FLIPS_MIN / 4 && all.flips_exact > FLIPS_MIN / 4, "both were met: {all}");
}
