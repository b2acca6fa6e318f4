//! Events as bytes and back: `cargo bench -p tessera-domain --bench codec`. The buffer is emptied before each event, never given back.

use criterion::{Criterion, Throughput};
use std::hint::black_box;
use tessera_domain::codec::{decode, encode, name_of};
use tessera_domain::event::{Claimed, Event, Redeemed, Request};

const REQUEST: Request<'static> = Request { id: "request-00000001", fingerprint: 0x0123_4567_89ab_cdef };

const CLAIMED: Claimed<'static> = Claimed {
    coupon: 100_000,
    terms: 3,
    user: "user-00000001",
    operation: 1,
    request: REQUEST,
    use_from_ms: 1_700_000_000_000,
    use_until_ms: 1_700_086_400_000,
    key_version: 1,
    loaded: 1_000_000,
    day: None,
};

const REDEEMED: Redeemed<'static> = Redeemed {
    coupon: 100_000,
    previous: 1_000_000,
    merchant: "merchant-01",
    order: "order-00000001",
    request: REQUEST,
    amount: 100,
    applied: 100,
    captured: 100,
};

fn codec(criterion: &mut Criterion) {
    for event in [Event::Claimed(CLAIMED), Event::Redeemed(REDEEMED)] {
        let mut bytes = Vec::new();
        encode(&event, &mut bytes);
        assert_eq!(decode(&bytes), Ok((event, bytes.len())), "an event is read back");
        let mut group = criterion.benchmark_group(format!("codec/{}", name_of(&event)));
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        let mut out = Vec::with_capacity(bytes.len());
        group.bench_function("encode", |bencher| {
            bencher.iter(|| {
                out.clear();
                encode(black_box(&event), &mut out);
                out.len()
            });
        });
        group.bench_function("decode", |bencher| bencher.iter(|| decode(black_box(&bytes)).map(|(_, used)| used)));
        group.finish();
    }
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    codec(&mut criterion);
    criterion.final_summary();
}
