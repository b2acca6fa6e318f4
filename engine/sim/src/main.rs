//! Runs worlds from the command line: one seed with its story, or one after another for a while, on every core.
//!
//! ```text
//! tessera-sim --seed N --scenario NAME [--planted FAULT] [--trace]
//! tessera-sim --seconds N [--scenario NAME] [--seed FIRST] [--workers N]
//! tessera-sim journey DIRECTORY [--seed N]
//! ```
//!
//! The last one relives the baskets and campaigns of a data set, and reconciles every month.

mod shares;
mod soak;

use std::process::ExitCode;
use std::time::Duration;
use tessera_sim::{Order, PLANS, Plan, Planted, run};

/// Every recovery makes a whole engine and drops it again.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What the command line says.
struct Wish {
    seed: u64,
    plans: Vec<&'static Plan>,
    planted: Option<Planted>,
    prints: bool,
    seconds: Option<u64>,
    workers: usize,
}

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    if std::env::args().nth(1).as_deref() == Some("journey") {
        words.next();
        return journey(words);
    }
    match wish(words) {
        Ok(Wish { seed, plans, planted, seconds: Some(seconds), workers, .. }) => {
            soak::run_for(soak::Soak { first_seed: seed, plans, planted, limit: Duration::from_secs(seconds), workers })
        }
        Ok(wish) => once(&wish),
        Err(what) => {
            eprintln!(
                "{what}\nscenarios: {:?}\nfaults: {:?}",
                PLANS.iter().map(|plan| plan.name).collect::<Vec<_>>(),
                Planted::all().iter().map(Planted::to_string).collect::<Vec<_>>()
            );
            ExitCode::from(2)
        }
    }
}

/// The table of all months, or the first that does not reconcile.
fn journey(words: impl Iterator<Item = String>) -> ExitCode {
    let words: Vec<String> = words.collect();
    let (directory, seed) = match &words[..] {
        [directory] => (directory, Ok(1)),
        [directory, word, seed] if word == "--seed" => (directory, seed.parse()),
        _ => {
            eprintln!("tessera-sim journey DIRECTORY [--seed N]");
            return ExitCode::from(2);
        }
    };
    let Ok(seed) = seed else {
        eprintln!("--seed is a number");
        return ExitCode::from(2);
    };
    match tessera_sim::journey::run(directory.as_ref(), seed, None) {
        Ok(report) => {
            print!("{report}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            println!("{error}\nreplay: cargo run -p tessera-sim -- journey {directory} --seed {seed}");
            ExitCode::FAILURE
        }
    }
}

fn wish(mut words: impl Iterator<Item = String>) -> Result<Wish, String> {
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let mut wish = Wish { seed: 1, plans: PLANS.iter().collect(), planted: None, prints: false, seconds: None, workers };
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
            "--workers" => wish.workers = number()?.max(1) as usize,
            "--scenario" => wish.plans = vec![Plan::named(&value).ok_or(format!("no scenario {value}"))?],
            "--planted" => {
                wish.planted = Some(Planted::named(&value).ok_or(format!("no fault {value}"))?);
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
