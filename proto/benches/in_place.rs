//! A redemption's request read and its outcome written, in place and by the generated types: `cargo bench -p tessera-proto --bench in_place`.
//!
//! In place, every field is visited and borrowed, as the edge does it for streams. The buffer is emptied before each message, never given
//! back.

use criterion::{Criterion, Throughput};
use prost::Message;
use std::hint::black_box;
use tessera_proto::v1;
use tessera_proto::wire::{self, Fields, Malformed};

const REDEMPTION_ID: &str = "7THG5WXABEW9MBSANM9M2DSQMV";
const COUPON_ID: &str = "4S8RFMBNT5TH7Y2TWSPNWMR0FE";
const REQUEST_ID: &str = "redeem-00000001";

fn request() -> v1::RedeemRequest {
    let code = v1::instrument::Instrument::Code("7KQ24MXN90TRABCD".into());
    v1::RedeemRequest {
        request_id: REQUEST_ID.into(),
        instrument: Some(v1::Instrument { instrument: Some(code) }),
        merchant_id: "merchant-01".into(),
        order_id: "order-00000001".into(),
        amount: Some(v1::Money { minor: 150, currency: "CNY".into() }),
        channel: String::new(),
    }
}

/// Bytes of all texts, and the amount.
fn read(message: &[u8]) -> Result<(usize, i64), Malformed> {
    let (mut text_bytes, mut minor, mut fields) = (0, 0, Fields::of(message));
    while let Some(field) = fields.read()? {
        match field.number {
            2 => text_bytes += read(field.value.bytes()?)?.0,
            5 => {
                let mut amount = Fields::of(field.value.bytes()?);
                while let Some(field) = amount.read()? {
                    match field.number {
                        1 => minor = field.value.int64()?,
                        _ => text_bytes += field.value.text()?.len(),
                    }
                }
            }
            _ => text_bytes += field.value.text()?.len(),
        }
    }
    Ok((text_bytes, minor))
}

fn outcome() -> v1::RedeemOutcome {
    let amounts = v1::Amounts {
        currency: "CNY".into(),
        amount_minor: 150,
        applied_minor: 150,
        payable_minor: 0,
        balance_after_minor: Some(999_850),
    };
    let accepted = v1::RedeemResponse {
        redemption_id: REDEMPTION_ID.into(),
        coupon_id: COUPON_ID.into(),
        amounts: Some(amounts),
        at_ms: 1_700_000_000_000,
        position: Some(v1::Position { partition: 3, lsn: 123_456 }),
        replayed: false,
    };
    v1::RedeemOutcome { request_id: REQUEST_ID.into(), outcome: Some(v1::redeem_outcome::Outcome::Accepted(accepted)) }
}

fn write(out: &mut Vec<u8>) {
    wire::string(1, REQUEST_ID.as_bytes(), out);
    wire::message(2, out, |out| {
        wire::string(1, REDEMPTION_ID.as_bytes(), out);
        wire::string(2, COUPON_ID.as_bytes(), out);
        wire::message(3, out, |out| {
            wire::string(1, b"CNY", out);
            wire::number(2, 150, out);
            wire::number(3, 150, out);
            wire::some_number(5, 999_850, out);
        });
        wire::number(4, 1_700_000_000_000, out);
        wire::message(5, out, |out| {
            wire::number(1, 3, out);
            wire::number(2, 123_456, out);
        });
    });
}

fn requests(criterion: &mut Criterion) {
    let bytes = request().encode_to_vec();
    let text_bytes = REQUEST_ID.len() + 16 + "merchant-01".len() + "order-00000001".len() + 3;
    assert_eq!(read(&bytes), Ok((text_bytes, 150)), "every field is visited");
    let mut group = criterion.benchmark_group("request");
    group.throughput(Throughput::Bytes(bytes.len() as u64));
    group.bench_function("in place", |bencher| bencher.iter(|| read(black_box(&bytes))));
    group.bench_function("generated", |bencher| bencher.iter(|| v1::RedeemRequest::decode(black_box(&bytes[..]))));
    group.finish();
}

fn outcomes(criterion: &mut Criterion) {
    let generated = outcome();
    let mut out = Vec::new();
    write(&mut out);
    assert_eq!(out, generated.encode_to_vec(), "both write the same bytes");
    let mut group = criterion.benchmark_group("outcome");
    group.throughput(Throughput::Bytes(out.len() as u64));
    group.bench_function("in place", |bencher| {
        bencher.iter(|| {
            out.clear();
            write(black_box(&mut out));
            out.len()
        });
    });
    let mut out = Vec::with_capacity(out.len());
    group.bench_function("generated", |bencher| {
        bencher.iter(|| {
            out.clear();
            black_box(&generated).encode(&mut out).expect("a vector grows as needed");
            out.len()
        });
    });
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    requests(&mut criterion);
    outcomes(&mut criterion);
    criterion.final_summary();
}
