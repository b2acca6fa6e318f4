//! `tessera-fuzz`: runs the targets for a time from a seed, or one case again.

use clap::Parser;
use std::time::{Duration, Instant};
use tessera_fuzz::run::{again, bound_memory, run};
use tessera_fuzz::{TARGETS, Target};

#[derive(Parser)]
struct Arguments {
    /// Only this target.
    #[arg(long, value_parser = target)]
    target: Option<Target>,
    /// How long each target runs.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// What the cases are made from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Runs one case again, as a failure named it.
    #[arg(long, requires = "target")]
    case: Option<u64>,
}

fn target(name: &str) -> Result<Target, String> {
    let names = || TARGETS.iter().map(|target| target.name).collect::<Vec<_>>().join(", ");
    TARGETS.iter().find(|target| target.name == name).copied().ok_or_else(|| format!("one of {}", names()))
}

fn main() {
    let arguments = Arguments::parse();
    bound_memory();
    if let (Some(target), Some(case)) = (&arguments.target, arguments.case) {
        println!("{}: {:?}", target.name, again(target, case));
        return;
    }
    for target in TARGETS.iter().filter(|target| arguments.target.is_none_or(|only| only.name == target.name)) {
        let end = Instant::now() + Duration::from_secs(arguments.seconds);
        let tally = run(target, arguments.seed, &mut |_| Instant::now() < end);
        println!("{:<10} {:>12} accepted {:>12} refused", target.name, tally.accepted, tally.refused);
    }
}
