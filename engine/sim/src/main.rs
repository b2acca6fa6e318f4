//! Runs worlds from the command line: one seed with its story, or one after another for a while.
//!
//! ```text
//! tessera-sim --seed N --scenario NAME [--planted FAULT] [--trace]
//! tessera-sim --seconds N [--scenario NAME] [--seed FIRST]
//! ```

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use tessera_sim::{Order, PLANS, Plan, Planted, Totals, run};

/// What the command line says.
struct Wish {
    seed: u64,
    plans: Vec<&'static Plan>,
    planted: Option<Planted>,
    prints: bool,
    seconds: Option<u64>,
}

fn main() -> ExitCode {
    match wish(std::env::args().skip(1)) {
        Ok(wish) if wish.seconds.is_some() => soak(&wish),
        Ok(wish) => once(&wish),
        Err(what) => {
            eprintln!(
                "{what}\nscenarios: {:?}\nfaults: {:?}",
                PLANS.iter().map(|plan| plan.name).collect::<Vec<_>>(),
                Planted::ALL
            );
            ExitCode::from(2)
        }
    }
}

fn wish(mut words: impl Iterator<Item = String>) -> Result<Wish, String> {
    let mut wish = Wish { seed: 1, plans: PLANS.iter().collect(), planted: None, prints: false, seconds: None };
    while let Some(word) = words.next() {
        if word == "--trace" {
            wish.prints = true;
            continue;
        }
        let value = words.next().ok_or(format!("{word} needs a value"))?;
        let number = || value.parse::<u64>().map_err(|error| format!("{word} {value}: {error}"));
        match word.as_str() {
            "--seed" => wish.seed = number()?,
            "--seconds" => wish.seconds = Some(number()?),
            "--scenario" => wish.plans = vec![Plan::named(&value).ok_or(format!("no scenario {value}"))?],
            "--planted" => {
                let fault = Planted::ALL.iter().find(|fault| format!("{fault:?}") == value);
                wish.planted = Some(*fault.ok_or(format!("no fault {value}"))?);
            }
            _ => return Err(format!("what is {word}?")),
        }
    }
    Ok(wish)
}

fn once(wish: &Wish) -> ExitCode {
    for &plan in &wish.plans {
        match run(Order { plan, seed: wish.seed, planted: wish.planted, prints: wish.prints }) {
            Ok(outcome) => println!("{}, seed {}: {:016x}, {}", plan.name, wish.seed, outcome.trace_hash, outcome.totals),
            Err(failure) => {
                println!("{failure}");
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}

/// Seed after seed, scenario after scenario, until the time is over or a promise is broken.
fn soak(wish: &Wish) -> ExitCode {
    let (start, limit) = (Instant::now(), Duration::from_secs(wish.seconds.unwrap_or(0)));
    let mut table: BTreeMap<&str, (u64, Duration, Totals)> = BTreeMap::new();
    let mut seed = wish.seed;
    while start.elapsed() < limit {
        for &plan in &wish.plans {
            let began = Instant::now();
            match run(Order { plan, seed, planted: wish.planted, prints: false }) {
                Ok(outcome) => {
                    let row = table.entry(plan.name).or_default();
                    row.0 += 1;
                    row.1 += began.elapsed();
                    row.2 += outcome.totals;
                }
                Err(failure) => {
                    println!("{failure}");
                    return ExitCode::FAILURE;
                }
            }
        }
        seed += 1;
    }
    report(&table);
    ExitCode::SUCCESS
}

fn report(table: &BTreeMap<&str, (u64, Duration, Totals)>) {
    let mut all = (0, Duration::ZERO, Totals::default());
    for (name, (seeds, took, totals)) in table {
        line(name, *seeds, *took, totals);
        all.0 += seeds;
        all.1 += *took;
        all.2 += *totals;
    }
    line("all", all.0, all.1, &all.2);
}

fn line(name: &str, seeds: u64, took: Duration, totals: &Totals) {
    let rate = totals.operations as f64 / took.as_secs_f64().max(1e-9);
    println!("{name:<12} {seeds:>7} seeds {rate:>9.0} operations/s: {totals}");
}
