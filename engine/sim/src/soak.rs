//! A soak: seed after seed, scenario after scenario, on as many workers as there are cores, until the time is over or a promise is
//! broken. Says how far it is while it runs, and prints what was done in a table.

use crate::shares::{Next, Row, Shares, TARGETS};
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Mutex, MutexGuard};
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
type Lived = (Next, Duration, Result<Outcome, Box<Failure>>);

/// What the workers share; no more worlds begin once it is over.
struct Board {
    shares: Shares,
    is_over: bool,
}

/// Lives through worlds until the limit; fails with the first broken promise.
pub(crate) fn run_for(soak: Soak) -> ExitCode {
    let began = Instant::now();
    let board = Mutex::new(Board { shares: Shares::new(soak.plans.clone()), is_over: false });
    let (sender, receiver) = channel();
    std::thread::scope(|scope| {
        for _ in 0..soak.workers {
            let (sender, soak, board) = (sender.clone(), &soak, &board);
            scope.spawn(move || work(soak, began, board, &sender));
        }
        drop(sender);
        let failure = gather(&receiver, began, &board);
        report(&lock(&board).shares, began.elapsed(), soak.workers);
        match failure {
            None => ExitCode::SUCCESS,
            Some(failure) => {
                println!("\n{failure}");
                ExitCode::FAILURE
            }
        }
    })
}

fn lock(board: &Mutex<Board>) -> MutexGuard<'_, Board> {
    board.lock().expect("nobody panics with it: a broken promise is a value")
}

/// Takes the next world until the time is over.
fn work(soak: &Soak, began: Instant, board: &Mutex<Board>, sender: &Sender<Lived>) {
    while began.elapsed() < soak.limit && !lock(board).is_over {
        let next = lock(board).shares.begin();
        let start = Instant::now();
        let order = Order { plan: next.plan, seed: soak.first_seed + next.number, planted: soak.planted, prints: false };
        let lived = run(order);
        if sender.send((next, start.elapsed(), lived)).is_err() {
            return;
        }
    }
}

fn gather(receiver: &Receiver<Lived>, began: Instant, board: &Mutex<Board>) -> Option<Box<Failure>> {
    let (mut failure, mut told) = (None, began);
    loop {
        match receiver.recv_timeout(PROGRESS) {
            Ok((next, took, Ok(outcome))) => lock(board).shares.end(next, took, outcome.totals),
            Ok((_, _, Err(first))) => {
                lock(board).is_over = true;
                failure.get_or_insert(first);
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return failure,
        }
        if told.elapsed() >= PROGRESS {
            told = Instant::now();
            let Row { worlds, totals, .. } = lock(board).shares.sum();
            let done = TARGETS.map(|target| format!("{} {}", (target.of)(&totals), target.what)).join(", ");
            println!("{:>6} s: {worlds} worlds, {done}, {} silent", began.elapsed().as_secs(), totals.silent);
        }
    }
}

fn report(shares: &Shares, elapsed: Duration, workers: usize) {
    println!(
        "\n{:<16} {:>8} {:>8} {:>12} {:>14} {:>12} {:>12}",
        "scenario", "worlds", "seconds", "operations", "operations/s", "images", "flips"
    );
    for (name, row) in shares.rows() {
        line(name, row);
    }
    let all = shares.sum();
    line("all", &all);
    println!("\n{} s on {workers} workers; seconds and operations/s are of one core\n", elapsed.as_secs());
    println!("{:<20} {:>14} {:>14} {:>8}", "of two hours", "wanted", "done", "share");
    for target in TARGETS {
        let done = (target.of)(&all.totals);
        let percent = done as f64 * 100.0 / target.wanted as f64;
        println!("{:<20} {:>14} {done:>14} {percent:>6.1} %", target.what, target.wanted);
    }
    println!("{:<20} {:>14} {:>14}\n", "silent damage", 0, all.totals.silent);
    for (what, count) in all.totals.rows() {
        println!("{count:>16} {what}");
    }
}

fn line(name: &str, row: &Row) {
    let Totals { operations, images, flips, .. } = row.totals;
    let seconds = row.took.as_secs_f64();
    let rate = operations as f64 / seconds.max(1e-9);
    println!("{name:<16} {:>8} {seconds:>8.0} {operations:>12} {rate:>14.0} {images:>12} {flips:>12}", row.worlds);
}
