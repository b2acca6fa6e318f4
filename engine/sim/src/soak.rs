//! A soak: seed after seed, scenario after scenario, on as many workers as there are cores, until the time is over or a promise is
//! broken. Says how far it is while it runs, and prints what was done in a table.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};
use tessera_sim::{Failure, Order, Outcome, Plan, Planted, Totals, run};

/// Between two words about how far it is.
const PROGRESS: Duration = Duration::from_secs(10);

/// What is to be soaked.
pub(crate) struct Soak {
    pub(crate) first_seed: u64,
    pub(crate) plans: Vec<&'static Plan>,
    pub(crate) planted: Option<Planted>,
    pub(crate) limit: Duration,
    pub(crate) workers: usize,
}

/// One world, lived through.
type Lived = (&'static str, Duration, Result<Outcome, Box<Failure>>);

/// What became of one scenario.
#[derive(Clone, Copy, Default)]
struct Row {
    worlds: u64,
    took: Duration,
    totals: Totals,
}

/// Lives through worlds until the limit; fails with the first broken promise.
pub(crate) fn run_for(soak: Soak) -> ExitCode {
    let (began, next, is_over) = (Instant::now(), AtomicU64::new(0), AtomicBool::new(false));
    let (sender, receiver) = channel();
    std::thread::scope(|scope| {
        for _ in 0..soak.workers {
            let (sender, soak, next, is_over) = (sender.clone(), &soak, &next, &is_over);
            scope.spawn(move || work(soak, began, next, is_over, &sender));
        }
        drop(sender);
        let (table, failure) = gather(&receiver, began, &is_over);
        report(&table, began.elapsed(), soak.workers);
        match failure {
            None => ExitCode::SUCCESS,
            Some(failure) => {
                println!("\n{failure}");
                ExitCode::FAILURE
            }
        }
    })
}

/// Takes the next world until the time is over.
fn work(soak: &Soak, began: Instant, next: &AtomicU64, is_over: &AtomicBool, sender: &Sender<Lived>) {
    while began.elapsed() < soak.limit && !is_over.load(Ordering::Relaxed) {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let (plans, planted) = (soak.plans.len() as u64, soak.planted);
        let plan = soak.plans[(number % plans) as usize];
        let (seed, start) = (soak.first_seed + number / plans, Instant::now());
        let lived = run(Order { plan, seed, planted, prints: false });
        if sender.send((plan.name, start.elapsed(), lived)).is_err() {
            return;
        }
    }
}

fn gather(
    receiver: &Receiver<Lived>,
    began: Instant,
    is_over: &AtomicBool,
) -> (BTreeMap<&'static str, Row>, Option<Box<Failure>>) {
    let (mut table, mut failure, mut told): (BTreeMap<_, Row>, _, _) = (BTreeMap::new(), None, began);
    loop {
        match receiver.recv_timeout(PROGRESS) {
            Ok((name, took, Ok(outcome))) => {
                let row = table.entry(name).or_default();
                row.worlds += 1;
                row.took += took;
                row.totals += outcome.totals;
            }
            Ok((_, _, Err(first))) => {
                is_over.store(true, Ordering::Relaxed);
                failure.get_or_insert(first);
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return (table, failure),
        }
        if told.elapsed() >= PROGRESS {
            told = Instant::now();
            let Row { worlds, totals, .. } = sum(&table);
            let Totals { operations, images, flips, .. } = totals;
            println!(
                "{:>6} s: {worlds} worlds, {operations} operations checked, {images} crash images, {flips} bits flipped",
                began.elapsed().as_secs()
            );
        }
    }
}

fn sum(table: &BTreeMap<&'static str, Row>) -> Row {
    table.values().fold(Row::default(), |mut all, row| {
        all.worlds += row.worlds;
        all.took += row.took;
        all.totals += row.totals;
        all
    })
}

fn report(table: &BTreeMap<&'static str, Row>, elapsed: Duration, workers: usize) {
    println!("\n{:<16} {:>8} {:>12} {:>14} {:>12} {:>12}", "scenario", "worlds", "operations", "operations/s", "images", "flips");
    for (name, row) in table {
        line(name, row);
    }
    let all = sum(table);
    line("all", &all);
    println!("\n{} s on {workers} workers; operations/s are of one core\n", elapsed.as_secs());
    for (what, count) in all.totals.rows() {
        println!("{count:>16} {what}");
    }
}

fn line(name: &str, row: &Row) {
    let Totals { operations, images, flips, .. } = row.totals;
    let rate = operations as f64 / row.took.as_secs_f64().max(1e-9);
    println!("{name:<16} {:>8} {operations:>12} {rate:>14.0} {images:>12} {flips:>12}", row.worlds);
}
