//! Checkout asked a million times: sums, lines and totals of orders thrown by dice.
//!
//! `cargo run --release -p tessera-domain --example orders -- [ORDERS] [SEED]` throws orders and coupons, applies all coupons of each and
//! looks for the best of them, and ends with 1 at the first breach, naming the seed that throws it again. It says how many orders had
//! two coupons with effect or more: without those it would prove little.
//!
//! `cargo run --release -p tessera-domain --example orders -- bought [ORDERS] [SEED]` lets customers order with commands, through `decide`
//! and `apply`: tried in another order, held, delivered as a whole or in part, and every unit brought back in any order. A seed is a
//! customer of 40 orders.

#[path = "../tests/checkout/audit.rs"]
mod audit;
#[path = "../tests/checkout/customer.rs"]
mod customer;
#[path = "../tests/checkout/receipt.rs"]
mod receipt;
#[path = "../tests/checkout/shop.rs"]
mod shop;
#[path = "../tests/checkout/till.rs"]
mod till;
#[path = "../tests/checkout/wallet.rs"]
mod wallet;

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
    coupons: u64,
    with_effect: u64,
    with_several: u64,
    free: u64,
}

fn main() -> ExitCode {
    let mut words: Vec<String> = std::env::args().skip(1).collect();
    let is_bought = words.first().is_some_and(|word| word == "bought");
    words.drain(..usize::from(is_bought));
    let numbers: Vec<u64> = words.iter().map(|word| word.parse().expect("a number")).collect();
    let (orders, first) = (numbers.first().copied().unwrap_or(ORDERS_DEFAULT), numbers.get(1).copied().unwrap_or(0));
    let (mut counts, mut bought) = (Counts::default(), customer::Counts::default());
    let outcome = match is_bought {
        false => each(orders, 1, first, |seed| counts.ask(seed)),
        true => each(orders, customer::ORDERS, first, |seed| customer::live(seed).map(|more| bought.add(&more))),
    };
    if let Err(broken) = outcome {
        println!("\n{broken}");
        return ExitCode::FAILURE;
    }
    match is_bought {
        false => counts.show(),
        true => println!("{bought:#?}"),
    }
    ExitCode::SUCCESS
}

/// Asks with one seed after the other, each for so many orders, and shows how far it is.
fn each(orders: u64, of_each: u64, first: u64, mut ask: impl FnMut(u64) -> Result<(), String>) -> Result<(), String> {
    let (begin, seeds) = (Instant::now(), orders.div_ceil(of_each));
    for seed in 0..seeds {
        ask(first + seed).map_err(|broken| format!("seed {}: {broken}", first + seed))?;
        if (seed + 1).is_multiple_of(seeds.div_ceil(100)) {
            print!("\r{} of {orders}", (seed + 1) * of_each);
            std::io::stdout().flush().expect("the terminal is there");
        }
    }
    println!("\r{} orders in {:.1} s: no breach", seeds * of_each, begin.elapsed().as_secs_f64());
    Ok(())
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
        self.coupons += count;
        self.with_effect += applied.steps.len() as u64;
        self.with_several += u64::from(applied.steps.len() >= 2);
        self.free += u64::from(applied.payable == 0);
        Ok(())
    }

    fn show(&self) {
        println!("{} coupons, {} with effect", self.coupons, self.with_effect);
        println!("{} orders with two coupons with effect or more, {} that cost nothing in the end", self.with_several, self.free);
    }
}
