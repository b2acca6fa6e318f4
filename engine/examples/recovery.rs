//! Measures what a start waits for: a journal's frames replayed, an image of its state made, written, read back and loaded.
//! `cargo run --release -p tessera-engine --example recovery -- DIR THOUSAND_COUPONS EVENTS_PER_FRAME`.
//!
//! The journal is made in memory: so many claims, then as many redemptions of coupons all over them. What the disk adds to a
//! replay is left out; `tessera serve` on a killed directory measures it with all the rest. Rates are by the processor time of
//! this thread, which others on the machine disturb less than the time on the clock; that of the disk is on the clock alone.

use std::time::{Duration, Instant};
use tessera_domain::Partition;
use tessera_domain::event::{Claimed, Event, Redeemed, Request, TermsAdopted, TermsBody};
use tessera_domain::image::{PartitionCheck, PartitionLoader};
use tessera_domain::keyed::IdHashKey;
use tessera_engine::ledger::{Ledger, Sealed};
use tessera_engine::rebuild::Keys;
use tessera_engine::snapshotter::Snapshotter;
use tessera_snapshot::Images;
use tessera_wal::storage::disk::DiskStorage;
use tessera_wal::{Frame, GroupSeq, JournalId, LogUuid};

/// The server's, which asks for huge pages.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const PARTITION: u16 = 0;

/// A card, so that each can be redeemed.
const TERMS: TermsBody<'static> = TermsBody {
    template: 0,
    version: 1,
    template_id: "card",
    kind: 3,
    first: 10_000,
    second: 0,
    currency: *b"CNY",
    rounding: 0,
    issue_from_ms: 0,
    issue_until_ms: 0,
    validity: 2,
    validity_first_ms: 0,
    validity_second_ms: 90 * 86_400_000,
    per_user_limit: 0,
    limited: false,
    refund: 0,
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(folder), Some(thousands), Some(per_frame)) = (arguments.next(), arguments.next(), arguments.next()) else {
        return Err("usage: recovery DIR THOUSAND_COUPONS EVENTS_PER_FRAME".into());
    };
    let (coupons, per_frame) = (thousands.parse::<u64>()? * 1_000, per_frame.parse::<u64>()?);
    let key = IdHashKey::new([7; 16]);
    let (journal, claims_end) = write_journal(key, coupons, per_frame);

    let mut ledger = Ledger::new(JournalId(PARTITION), Partition::new(PARTITION, key));
    ledger.put_off();
    let claims = replay(&mut ledger, &journal[..claims_end])?;
    report("claims replayed", coupons, claims_end, claims);
    let redemptions = replay(&mut ledger, &journal[claims_end..])?;
    report("redemptions replayed", coupons, journal.len() - claims_end, redemptions);
    let began = Watch::start();
    ledger.catch_up()?;
    report("requests and orders made findable", coupons, 0, began.elapsed());

    let mut chunks = Vec::new();
    ledger.state().save(&mut |chunk| {
        chunks.push(chunk.to_vec());
        Ok::<(), std::convert::Infallible>(())
    })?;
    let bytes = chunks.iter().map(Vec::len).sum();
    let began = Watch::start();
    ledger.state().save(&mut |chunk| {
        std::hint::black_box(chunk);
        Ok::<(), std::convert::Infallible>(())
    })?;
    report("image made", coupons, bytes, began.elapsed());

    let began = Watch::start();
    let mut check = PartitionCheck::new(PARTITION, key);
    chunks.iter().try_for_each(|chunk| check.take(chunk))?;
    check.finish(ledger.state().digest()).map_err(|why| format!("another state: {why:?}"))?;
    report("image checked", coupons, bytes, began.elapsed());

    let began = Watch::start();
    let mut loader = PartitionLoader::new(PARTITION, key);
    chunks.iter().try_for_each(|chunk| loader.take(chunk))?;
    let loaded = loader.finish(ledger.state().digest()).map_err(|why| format!("another state: {why:?}"))?;
    report("image loaded", coupons, bytes, began.elapsed());
    drop((loaded, chunks));

    std::fs::create_dir_all(&folder)?;
    let images = Images::open(DiskStorage::new(&folder)?, LogUuid([1; 16]))?;
    let began = Watch::start();
    Snapshotter::new(images, Keys { hash: key, check: 0 }).keep(&ledger, GroupSeq(0), 0)?;
    report("image made, written, read back and checked", coupons, bytes, began.elapsed());
    Ok(())
}

/// The frames, back to back, and where those of the claims end.
fn write_journal(key: IdHashKey, coupons: u64, per_frame: u64) -> (Vec<u8>, usize) {
    let mut ledger = Ledger::new(JournalId(PARTITION), Partition::new(PARTITION, key));
    let mut sealed = Sealed::default();
    ledger.begin(1_000, 0);
    ledger.record(&Event::TermsAdopted(TermsAdopted { terms: 0, body: TERMS, rules: &[] }), &mut sealed);
    for coupon in 0..coupons {
        let (user, request) = (format!("user-{:08}", coupon / 2), format!("claim-{coupon:020}"));
        ledger.record(&claimed(coupon, &user, &request), &mut sealed);
        if coupon % per_frame == per_frame - 1 {
            ledger.seal(&mut sealed);
        }
    }
    ledger.seal(&mut sealed);
    let claims_end = sealed.bytes.len();
    for number in 0..coupons {
        // A step that shares no factor with a number of thousands passes every coupon once, each far from the one before.
        let coupon = number * 7_919 % coupons;
        let (order, request) = (format!("order-{number:012}"), format!("redeem-{number:020}"));
        ledger.record(&redeemed(coupon, coupon + 2, &order, &request), &mut sealed);
        if number % per_frame == per_frame - 1 {
            ledger.seal(&mut sealed);
        }
    }
    ledger.seal(&mut sealed);
    (sealed.bytes, claims_end)
}

fn claimed<'a>(coupon: u64, user: &'a str, request: &'a str) -> Event<'a> {
    Event::Claimed(Claimed {
        coupon,
        terms: 0,
        user,
        operation: 1,
        request: Request { id: request, fingerprint: coupon },
        use_from_ms: 1_000,
        use_until_ms: 1_000 + TERMS.validity_second_ms,
        key_version: 1,
        loaded: TERMS.first,
        day: None,
    })
}

fn redeemed<'a>(coupon: u64, previous: u64, order: &'a str, request: &'a str) -> Event<'a> {
    Event::Redeemed(Redeemed {
        coupon,
        previous,
        merchant: "merchant-7",
        order,
        request: Request { id: request, fingerprint: coupon },
        amount: 150,
        applied: 150,
        captured: 150,
    })
}

fn replay(ledger: &mut Ledger<Partition>, mut frames: &[u8]) -> Result<Took, Box<dyn std::error::Error>> {
    let began = Watch::start();
    while !frames.is_empty() {
        let (frame, length) = Frame::parse(frames)?;
        ledger.replay(&frame)?;
        frames = &frames[length..];
    }
    Ok(began.elapsed())
}

/// When something began, by the clock and by the processor time of this thread.
struct Watch {
    began: Instant,
    processor_ns: u64,
}

/// What something took.
struct Took {
    elapsed: Duration,
    processor: Duration,
}

impl Watch {
    fn start() -> Watch {
        Watch { began: Instant::now(), processor_ns: processor_ns() }
    }

    fn elapsed(&self) -> Took {
        Took { elapsed: self.began.elapsed(), processor: Duration::from_nanos(processor_ns() - self.processor_ns) }
    }
}

/// What this thread has had of a processor; 0 where the system does not tell.
fn processor_ns() -> u64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    told.split(' ').next().and_then(|first| first.parse().ok()).unwrap_or(0)
}

fn report(what: &str, count: u64, bytes: usize, took: Took) {
    let (elapsed, processor) = (took.elapsed.as_secs_f64(), took.processor.as_secs_f64());
    let (thousands, megabytes) = (count as f64 / 1e3 / processor, bytes as f64 / 1e6);
    println!(
        "{what}: {elapsed:.2} s, {processor:.2} s of a processor: {thousands:.0} thousand a second, {megabytes:.0} MB, {:.0} MB/s",
        megabytes / processor
    );
}
