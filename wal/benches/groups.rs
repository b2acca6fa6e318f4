//! Groups of frames committed: `cargo bench -p tessera-wal --bench groups`. On the disk below the target folder, each with its
//! `fdatasync`; and in the simulated storage, where syncing costs next to nothing: what is left is composing and checking.
//!
//! The log grows by every group. When a segment is nearly full, a new log takes its place off the clock, because zeroing segments ahead
//! is another thread's work in a server.

use criterion::{BenchmarkGroup, BenchmarkId, Criterion, Throughput, measurement::WallTime};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tessera_wal::storage::{Storage, disk::DiskStorage, sim::SimStorage};
use tessera_wal::{Cursor, FrameHeader, FrameKind, FrameNo, JournalId, LogUuid, Lsn, Options, Writer, create, open, seal};

/// Payload of each frame: a turn of 16 redemptions.
const PAYLOAD_BYTES: usize = 16 * 96;

/// Frame bytes that a log takes before another one begins: most of a segment.
const LOG_BYTES_MAX: usize = 40 << 20;

/// A writer on a new log, and where its one journal stands.
struct Open<S: Storage> {
    writer: Writer<S>,
    cursor: Cursor,
    frame_bytes: usize,
}

impl<S: Storage> Open<S> {
    fn on(storage: S) -> Open<S> {
        create(&storage, LogUuid([1; 16]), b"bench").expect("a log begins in an empty folder");
        let options = Options { spare_count: 1, reserve_count: 0, ..Options::default() };
        let (writer, _) = open(storage, &options, &mut |_, _| Ok(()), &mut |_| {}).expect("a new log opens");
        Open { writer, cursor: Cursor::START, frame_bytes: 0 }
    }

    /// The next frames of the journal, back to back.
    fn frames(&mut self, count: usize) -> Vec<u8> {
        let mut frames = Vec::new();
        for _ in 0..count {
            let header = FrameHeader {
                journal: JournalId(0),
                number: FrameNo(self.cursor.number.0 + 1),
                tenure: self.cursor.tenure,
                first_lsn: Lsn(self.cursor.lsn.0 + 1),
                count: 16,
                now_ms: 1_700_000_000_000,
                catalog_lsn: 1,
                digest: 1,
                kind: FrameKind::Events,
            };
            let chain = seal(&header, &[7; PAYLOAD_BYTES], &self.cursor.chain, &mut frames);
            self.cursor.advance_sealed(&header, chain);
        }
        self.frame_bytes += frames.len();
        frames
    }
}

/// The time of so many commits of groups of so many frames; making logs and frames is not timed.
fn time<S: Storage>(log: &mut Open<S>, renew: &mut dyn FnMut() -> Open<S>, groups: u64, frame_count: usize) -> Duration {
    (0..groups).fold(Duration::ZERO, |spent, _| {
        if log.frame_bytes >= LOG_BYTES_MAX {
            *log = renew();
        }
        let (frames, before) = (log.frames(frame_count), log.writer.durable());
        let begun = Instant::now();
        let durable = log.writer.commit(&[&frames]).expect("a group is committed");
        let took = begun.elapsed();
        assert!(durable == before.next(), "every commit is one group");
        spent + took
    })
}

fn bench<S: Storage>(group: &mut BenchmarkGroup<'_, WallTime>, storage: &str, renew: &mut dyn FnMut() -> Open<S>) {
    let mut log = renew();
    for frame_count in [1, 16, 256] {
        group.throughput(Throughput::Bytes((frame_count * PAYLOAD_BYTES) as u64));
        group.bench_function(BenchmarkId::new(storage, frame_count), |bencher| {
            bencher.iter_custom(|groups| time(&mut log, renew, groups, frame_count));
        });
    }
}

fn groups(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("commit");
    group.sample_size(20);
    bench(&mut group, "memory", &mut || Open::on(SimStorage::new()));
    let mut folder: Option<TempDir> = None;
    bench(&mut group, "disk", &mut || {
        let new = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).expect("the target folder can be written");
        let log = Open::on(DiskStorage::new(new.path()).expect("a folder that was just made"));
        // The one before goes: its writer is dropped by whoever renews, and its files are not needed.
        folder = Some(new);
        log
    });
    drop(folder);
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    groups(&mut criterion);
    criterion.final_summary();
}
