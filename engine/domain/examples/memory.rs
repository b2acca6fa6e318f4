//! How many bytes a coupon takes with all that belongs to it, and how long the longest event takes on the way to many.
//!
//! `cargo run --release -p tessera-domain --example memory -- COUPONS [REDEMPTIONS] [count]` lets one partition claim so many coupons
//! of a limited template with a per-user limit and a window of validity, one for each user, and then redeem some. Each write
//! is read ahead in batches, decided and applied like a shard does it, and leaves a remembered request. It prints what the process holds in pages, what the
//! partition's containers say they hold, and how long each write took; small batches in which the kernel gave the processor to others are
//! left out of these times. With `count` nothing is timed: then `valgrind --tool=callgrind
//! --collect-atstart=no --toggle-collect='*write_claim*'` counts the instructions of deciding and applying alone; so does
//! `*write_redemption*`.

use hdrhistogram::Histogram;
use std::fs;
use std::time::Instant;
use tessera_domain::catalog::{CatalogState, Limits};
use tessera_domain::command::{CatalogCommand, Claim, Command, Instrument, Keys, Operation, Redeem, User, WriteTemplate};
use tessera_domain::event::{Event, Lease};
use tessera_domain::keyed::IdHashKey;
use tessera_domain::lease::LesseeDesk;
use tessera_domain::money::Currency;
use tessera_domain::{Context, Decision, Id, Kind, Partition, RefundPolicy, TemplateSpec, Validity, Window, codec};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Writes between two questions to the kernel for how long this thread waited.
const BATCH: u64 = 64;

/// A write that takes longer counts as one of these: 10 s.
const LONGEST_NS: u64 = 10_000_000_000;

/// The first write, ms.
const START_MS: i64 = 1_790_000_000_000;

/// Writes in a millisecond.
const WRITES_PER_MS: u64 = 200;

struct World {
    partition: Partition,
    catalog: CatalogState,
    desk: LesseeDesk,
    claims: u64,
    redemptions: u64,
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize| words.get(at).and_then(|word| word.parse::<u64>().ok());
    let coupons = number(0).expect("how many coupons");
    let (redemptions, is_timed) = (number(1).unwrap_or(0), !words.iter().any(|word| word == "count"));
    let mut world = World::new(coupons);
    let before = resident_bytes();
    world.run("claims", coupons, is_timed, claim, World::write_claim);
    world.show(resident_bytes() - before, coupons);
    if redemptions > 0 {
        world.run("redemptions", redemptions.min(coupons), is_timed, redeem, World::write_redemption);
        world.show(resident_bytes() - before, coupons);
    }
}

impl World {
    fn new(stock: u64) -> World {
        let key = IdHashKey::new(*b"tessera's memory");
        let (mut catalog, mut partition) = (CatalogState::new(key), Partition::new(0, key));
        let write = CatalogCommand::Write(WriteTemplate {
            template: id("summer"),
            expected_version: None,
            spec: spec(),
            request_id: id("first"),
            validate_only: false,
        });
        let Decision::Happen(events) = catalog.decide(&Limits::default(), &write) else { panic!("a template is created") };
        let mut payload = Vec::new();
        events.iter().for_each(|event| codec::encode(event, &mut payload));
        for event in codec::events(&payload) {
            catalog.apply(START_MS, &event.expect("it was just encoded")).expect("it was just decided");
        }
        let lease = Lease { template: 0, partition: 0, count: stock };
        partition.apply(START_MS, &Event::LeaseReceived(lease)).expect("a lease applies");
        let desk = LesseeDesk::start(partition.stock(), START_MS);
        World { partition, catalog, desk, claims: 0, redemptions: 0 }
    }

    fn run(
        &mut self,
        what: &str,
        count: u64,
        is_timed: bool,
        command: fn(&World, u64) -> Command,
        write: fn(&mut World, &Command, &Keys),
    ) {
        let mut times = Histogram::<u64>::new_with_bounds(1, LONGEST_NS, 3).expect("three digits are kept");
        let mut batch_ns = Vec::with_capacity(BATCH as usize);
        for first in (0..count).step_by(BATCH as usize) {
            let commands: Vec<Command> = (first..count.min(first + BATCH)).map(|number| command(self, number)).collect();
            let keys: Vec<Keys> = commands.iter().map(|command| Keys::of(command, self.partition.key())).collect();
            let before_ns = if is_timed { waited_ns() } else { 0 };
            let begin = Instant::now();
            let touched = commands.iter().zip(&keys).fold(0, |sum, (command, keys)| sum ^ self.partition.touch(command, keys));
            std::hint::black_box(touched);
            let ahead_ns = begin.elapsed().as_nanos() as u64 / commands.len() as u64;
            for (command, keys) in commands.iter().zip(&keys) {
                let begin = is_timed.then(Instant::now);
                write(self, command, keys);
                batch_ns.extend(begin.map(|begin| begin.elapsed().as_nanos() as u64 + ahead_ns));
            }
            if is_timed && waited_ns() == before_ns {
                batch_ns.iter().for_each(|&ns| times.saturating_record(ns));
            }
            batch_ns.clear();
        }
        let at = |quantile| times.value_at_quantile(quantile) as f64 / 1_000.0;
        let longest = times.max() as f64 / 1_000.0;
        println!(
            "{count} {what}, {} timed: mean {:.2} µs, 50 % {:.2}, 99 % {:.2}, 99.99 % {:.1}, 99.9999 % {:.1}, longest {longest:.1}",
            times.len(),
            times.mean() / 1_000.0,
            at(0.5),
            at(0.99),
            at(0.9999),
            at(0.999_999)
        );
    }

    #[inline(never)]
    fn write_claim(&mut self, command: &Command, keys: &Keys) {
        self.claims += 1;
        self.write(command, keys);
    }

    #[inline(never)]
    fn write_redemption(&mut self, command: &Command, keys: &Keys) {
        self.redemptions += 1;
        self.write(command, keys);
    }

    /// Decides and applies one write.
    fn write(&mut self, command: &Command, keys: &Keys) {
        let now_ms = START_MS + ((self.claims + self.redemptions) / WRITES_PER_MS) as i64;
        let context =
            Context { catalog: self.catalog.catalog(), lessee: &self.desk, now_ms, key_version: 1, requests_max: 1 << 32 };
        let Decision::Happen(events) = self.partition.decide_by(&context, command, keys) else { panic!("it was refused") };
        for event in &events {
            self.partition.apply_by(now_ms, event, keys).expect("it was just decided");
        }
    }

    fn show(&self, resident: u64, coupons: u64) {
        let each = |bytes: u64| bytes as f64 / coupons as f64;
        let parts = self.partition.memory_bytes();
        println!(
            "resident {:.1} bytes a coupon; by its containers {:.1}",
            each(resident),
            each(parts.iter().map(|part| part.1).sum())
        );
        for (name, bytes) in parts.into_iter().filter(|part| part.1 * 1_000 > coupons) {
            println!("  {:>8.2} {name}", each(bytes));
        }
        println!("  digest {:016x}", self.partition.digest());
    }
}

fn spec() -> TemplateSpec {
    TemplateSpec {
        display: "summer".into(),
        kind: Kind::AmountOff { threshold: 0, amount: 500 },
        currency: currency(),
        rounding: Default::default(),
        issue: Window::default(),
        validity: Validity::Dynamic { wait_ms: 0, valid_ms: 30 * 86_400_000 },
        per_user_limit: 1,
        stock: Some(1_000_000_000),
        refund: RefundPolicy::Full,
        rules: Default::default(),
    }
}

fn claim(world: &World, number: u64) -> Command {
    let user = format!("user-{number:012}");
    let key = world.partition.key().user(&user);
    let user = User { id: id(&user), key };
    Command::Claim(Claim {
        operation: Operation::Claim,
        user,
        template: id("summer"),
        request_id: id(&format!("c-{number:012}")),
        channel: None,
        use_window: None,
    })
}

/// Every coupon once, far from the one before.
fn redeem(world: &World, number: u64) -> Command {
    let [coupons, ..] = world.partition.counts();
    let coupon = number * 7_919_999 % coupons;
    Command::Redeem(Redeem {
        instrument: Instrument::Bearer { coupon, key_version: 1 },
        merchant: id("merchant-17"),
        order: id(&format!("order-{number:012}")),
        amount: 2_000,
        currency: currency(),
        request_id: id(&format!("r-{number:012}")),
        channel: None,
    })
}

fn currency() -> Currency {
    Currency::parse("CNY").expect("three letters")
}

fn id(text: &str) -> Id {
    Id::new("example", text).expect("a short name")
}

fn resident_bytes() -> u64 {
    let pages = fs::read_to_string("/proc/self/statm").expect("the kernel says what a process holds");
    pages.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).expect("the second number") * 4_096
}

/// How long this thread was ready and had no processor, in all.
fn waited_ns() -> u64 {
    let line = fs::read_to_string("/proc/thread-self/schedstat").expect("the kernel says how long a thread waited");
    line.split(' ').nth(1).and_then(|waited| waited.parse().ok()).expect("the second number")
}
