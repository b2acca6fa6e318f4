//! Each command decided and applied, on a partition of 100,000 cards: `cargo bench -p tessera-domain --bench commands`.
//!
//! Every operation is a new one, on a card that was not used before; what it needs to find (a hold to capture, a redemption to refund) is
//! there before the clock is read. When every card was used, the partition is made anew from its image, so that a bench of any length
//! meets one of about the same size. The journal is left out: what an event costs as bytes is in `codec`.

mod given;

use criterion::Criterion;
use given::{CARDS, Image, Shop, claim, currency, id};
use std::time::{Duration, Instant};
use tessera_domain::command::*;
use tessera_domain::{Block, Id};

/// Commands that are prepared at once; the clock is read once for all of them.
const BATCH: u64 = 256;

/// A shop whose cards are used one after the other.
struct Till {
    shop: Shop,
    image: Image,
    /// Cards that were used since the partition was made.
    used: u64,
}

impl Till {
    fn open() -> Till {
        let shop = Shop::open();
        Till { image: Image::of(&shop.partition), shop, used: 0 }
    }

    /// The time of so many operations; what `prepare` does to the shop on the way to a command is not timed.
    fn time(&mut self, operations: u64, prepare: &dyn Fn(&mut Till) -> Command) -> Duration {
        let (mut spent, mut left) = (Duration::ZERO, operations);
        while left > 0 {
            let count = left.min(BATCH);
            if self.used + count > CARDS {
                self.shop.partition = self.image.load();
                self.used = 0;
            }
            let commands: Vec<Command> = (0..count).map(|_| self.next(prepare)).collect();
            let begun = Instant::now();
            for command in &commands {
                let reply = self.shop.ask(command);
                assert!(reply.written().is_none_or(|written| !written.replayed), "I5: nothing is asked twice");
            }
            spent += begun.elapsed();
            left -= count;
        }
        spent
    }

    fn next(&mut self, prepare: &dyn Fn(&mut Till) -> Command) -> Command {
        let command = prepare(self);
        self.used += 1;
        command
    }

    /// The next card: they are numbered from 0.
    fn card(&self) -> Instrument {
        Instrument::Bearer { coupon: self.used, key_version: 1 }
    }

    /// A name that goes with the next card.
    fn name(&self, what: &str) -> Id {
        id(&format!("{what}-{:08}", self.used))
    }

    /// Makes what another command is about, and gives its lsn.
    fn made(&mut self, command: fn(&mut Till) -> Command) -> u64 {
        let command = command(self);
        self.shop.ask(&command).written().expect("a write has its place").lsn
    }
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let mut till = Till::open();
    let mut bench = |name: &str, prepare: &dyn Fn(&mut Till) -> Command| {
        criterion.bench_function(&format!("command/{name}"), |bencher| {
            bencher.iter_custom(|operations| till.time(operations, prepare));
        });
        // The next command finds every card as it was issued.
        till.used = CARDS;
    };
    bench("claim", &|till| claim(CARDS + till.used));
    bench("validate", &|till| {
        let (instrument, merchant) = (till.card(), id("merchant-01"));
        Command::Validate(Validate { instrument, merchant, amount: 100, currency: currency(), channel: None })
    });
    bench("redeem", &redeem);
    bench("refund", &|till| {
        let redemption = till.made(redeem);
        Command::Refund(Refund { redemption, amount: None, request_id: till.name("refund") })
    });
    bench("hold", &hold);
    bench("capture", &|till| {
        let hold = till.made(hold);
        Command::Capture(Capture { hold, amount: None, reacquire: false, request_id: till.name("capture") })
    });
    bench("release", &|till| {
        let hold = till.made(hold);
        Command::Release(Release { hold, request_id: till.name("release") })
    });
    bench("freeze", &|till| {
        let (instrument, request_id) = (till.card(), till.name("freeze"));
        let operation = Operation::FreezeCoupon;
        Command::BlockCoupon(BlockCoupon { operation, instrument, block: Block::Operator, revoke_holds: false, request_id })
    });
    criterion.final_summary();
}

fn redeem(till: &mut Till) -> Command {
    Command::Redeem(Redeem {
        instrument: till.card(),
        merchant: id("merchant-01"),
        order: till.name("order"),
        amount: 100,
        currency: currency(),
        request_id: till.name("redeem"),
        channel: None,
    })
}

fn hold(till: &mut Till) -> Command {
    Command::Hold(Hold {
        instrument: till.card(),
        merchant: id("merchant-01"),
        order: till.name("order"),
        amount: 100,
        currency: currency(),
        ttl_ms: 0,
        request_id: till.name("hold"),
        channel: None,
    })
}
