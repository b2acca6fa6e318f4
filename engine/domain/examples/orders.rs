//! Checkout asked a million times: sums, lines and totals of orders thrown by dice.
//!
//! `cargo run --release -p tessera-domain --example orders -- [ORDERS] [SEED]` throws orders and coupons, applies all coupons of each and
//! looks for the best of them, and ends with 1 at the first breach, naming the seed that throws it again. It says how many orders had
//! two coupons with effect or more: without those it would prove little.

#[path = "../tests/checkout/audit.rs"]
mod audit;
#[path = "../tests/checkout/shop.rs"]
mod shop;

use shop::Dice;
use std::io::Write;
use std::process::ExitCode;
use std::time::Instant;

/// Orders if not said.
const ORDERS_DEFAULT: u64 = 1_000_000;

/// Most lines of one; every hundredth may have [`tessera_domain::checkout::LINES_MAX`].
const LINES_USUAL: u64 = 12;

/// Coupons of one, at most: beyond those among which the best are looked for exactly.
const COUPONS_MAX: u64 = 15;

/// What was seen.
#[derive(Default)]
struct Counts {
    orders: u64,
    coupons: u64,
    with_effect: u64,
    with_several: u64,
    free: u64,
}

fn main() -> ExitCode {
    let numbers: Vec<u64> = std::env::args().skip(1).map(|word| word.parse().expect("a number")).collect();
    let (orders, first) = (numbers.first().copied().unwrap_or(ORDERS_DEFAULT), numbers.get(1).copied().unwrap_or(0));
    let begin = Instant::now();
    let mut counts = Counts::default();
    for seed in first..first + orders {
        if let Err(broken) = counts.ask(seed) {
            println!("\nseed {seed}: {broken}");
            return ExitCode::FAILURE;
        }
        if counts.orders.is_multiple_of(orders.div_ceil(100)) {
            print!("\r{} of {orders}", counts.orders);
            std::io::stdout().flush().expect("the terminal is there");
        }
    }
    println!("\r{} orders in {:.1} s: no breach", counts.orders, begin.elapsed().as_secs_f64());
    println!("{} coupons, {} with effect", counts.coupons, counts.with_effect);
    println!("{} orders with two coupons with effect or more, {} that cost nothing in the end", counts.with_several, counts.free);
    ExitCode::SUCCESS
}

impl Counts {
    fn ask(&mut self, seed: u64) -> Result<(), String> {
        let mut dice = Dice::new(seed);
        let scale = dice.one_of(&shop::SCALES);
        let lines = if dice.is_one_in(100) { tessera_domain::checkout::LINES_MAX as u64 } else { LINES_USUAL };
        let order = shop::order(&mut dice, lines, scale);
        let count = dice.below(COUPONS_MAX + 1);
        let coupons = shop::coupons(&mut dice, count, scale);
        let applied = audit::audit(&order, &coupons, &mut dice)?;
        self.orders += 1;
        self.coupons += count;
        self.with_effect += applied.steps.len() as u64;
        self.with_several += u64::from(applied.steps.len() >= 2);
        self.free += u64::from(applied.payable == 0);
        Ok(())
    }
}
