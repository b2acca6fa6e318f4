//! Worlds of fixed seeds, small enough for every gate: each must keep every promise, and each planted fault must be found.

mod batches;
mod damage;
mod determinism;
mod gifts;
mod imports;
mod leases;
mod limits;
mod lines;
mod orders;
mod planted;
mod restarts;
mod tills;
mod voids;
mod workloads;

use tessera_sim::{Order, Plan, Totals, run};

/// Runs so many seeds of a scenario and adds up what they did. A broken promise fails with the command that shows it again.
fn check(scenario: &str, seeds: u64) -> Totals {
    let plan = Plan::named(scenario).expect("a scenario of that name");
    let mut totals = Totals::default();
    for seed in 1..=seeds {
        let outcome = run(Order::of(plan, seed));
        totals += outcome.unwrap_or_else(|failure| panic!("{failure}")).totals;
    }
    println!("{scenario}, {seeds} seeds: {totals}");
    totals
}
