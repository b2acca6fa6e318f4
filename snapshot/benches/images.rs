//! Images written, and read back: `cargo bench -p tessera-snapshot --bench images`. On the disk below the target folder.
//!
//! An image is written, synced and named each time, then read back whole past the page cache. The one before is discarded off the clock,
//! so that the folder does not grow.

use criterion::{Criterion, Throughput};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tessera_snapshot::{Image, Images, Subject};
use tessera_wal::storage::disk::DiskStorage;
use tessera_wal::{Cursor, JournalId, LogUuid};

const CHUNK_BYTES: usize = 256 << 10;

/// Bytes of an image: some hundred thousand coupons with their requests.
const IMAGE_BYTES: usize = 16 << 20;

type Shelf = Images<DiskStorage>;

fn write(images: &Shelf, chunk: &[u8]) -> Image {
    let subject =
        Subject { journal: JournalId(0), cursor: Cursor::START, catalog_lsn: 0, digest: 0, key_check: 0, created_ms: 0 };
    let mut writer = images.begin(subject).expect("a folder of our own takes images");
    for _ in 0..IMAGE_BYTES / CHUNK_BYTES {
        writer.push(chunk).expect("a chunk is written");
    }
    writer.finish().expect("an image is synced")
}

fn images(criterion: &mut Criterion) {
    let folder = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).expect("the target folder can be written");
    let storage = DiskStorage::new(folder.path()).expect("a folder that was just made");
    let images = Images::open(storage, LogUuid([1; 16])).expect("an empty folder holds no images");
    let chunk: Vec<u8> = (0..CHUNK_BYTES).map(|at| (at * 7 % 251) as u8).collect();
    let mut group = criterion.benchmark_group("image");
    group.throughput(Throughput::Bytes(IMAGE_BYTES as u64)).sample_size(10);
    group.bench_function("write", |bencher| {
        bencher.iter_custom(|times| {
            (0..times).fold(Duration::ZERO, |spent, _| {
                let begun = Instant::now();
                let image = write(&images, &chunk);
                let took = begun.elapsed();
                images.discard(image);
                spent + took
            })
        });
    });
    let image = write(&images, &chunk);
    group.bench_function("read", |bencher| {
        bencher.iter(|| {
            let verified = images.read(&image).and_then(|reader| reader.finish()).expect("I6: an image is read back");
            assert_eq!(verified.image().payload_bytes, IMAGE_BYTES as u64, "all of it was read");
            verified.past_cache()
        });
    });
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    images(&mut criterion);
    criterion.final_summary();
}
