//! Frames sealed, and read back with checksum and chain: `cargo bench -p tessera-wal --bench frames`.
//!
//! By payload: one redemption, a turn of 16, a turn of 256. The buffer is emptied before each frame, never given back.

use criterion::{BenchmarkId, Criterion, Throughput};
use std::hint::black_box;
use tessera_wal::{Chain, Frame, FrameHeader, FrameKind, FrameNo, JournalId, Lsn, seal};

/// Bytes of a redemption's event, about.
const EVENT_BYTES: usize = 96;

const HEADER: FrameHeader = FrameHeader {
    journal: JournalId(0),
    number: FrameNo(1),
    tenure: FrameNo(0),
    first_lsn: Lsn(1),
    count: 256,
    now_ms: 1_700_000_000_000,
    catalog_lsn: 1,
    digest: 1,
    kind: FrameKind::Events,
};

fn frames(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("frame");
    for events in [1_u32, 16, 256] {
        let header = FrameHeader { count: events, ..HEADER };
        let payload: Vec<u8> = (0..events as usize * EVENT_BYTES).map(|at| (at * 7 % 251) as u8).collect();
        let mut sealed = Vec::new();
        seal(&header, &payload, &Chain::START, &mut sealed);
        group.throughput(Throughput::Bytes(sealed.len() as u64));
        let mut out = Vec::with_capacity(sealed.len());
        group.bench_function(BenchmarkId::new("seal", events), |bencher| {
            bencher.iter(|| {
                out.clear();
                seal(&header, black_box(&payload), &Chain::START, &mut out)
            });
        });
        group.bench_function(BenchmarkId::new("check", events), |bencher| {
            bencher.iter(|| {
                let (frame, _) = Frame::parse(black_box(&sealed)).expect("a sealed frame is one");
                assert!(frame.verify_chain(&Chain::START), "I16: the chain follows");
                frame.header.count
            });
        });
    }
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    frames(&mut criterion);
    criterion.final_summary();
}
