//! A partition of 100,000 cards as chunks of an image, and the way back: `cargo bench -p tessera-domain --bench images`.
//!
//! In coupons a second, in memory: what the disk takes is measured with the snapshot room. A loaded partition has its indexes, and its
//! digest was compared.

mod given;

use criterion::{Criterion, Throughput};
use given::{CARDS, Image, Shop};

fn images(criterion: &mut Criterion) {
    let partition = Shop::open().partition;
    let image = Image::of(&partition);
    let mut group = criterion.benchmark_group("image");
    group.throughput(Throughput::Elements(CARDS)).sample_size(10);
    group.bench_function("save", |bencher| bencher.iter(|| Image::of(&partition).chunks.len()));
    group.bench_function("load", |bencher| {
        bencher.iter_with_large_drop(|| {
            let loaded = image.load();
            assert_eq!(loaded.counts()[0], CARDS, "every card is back");
            loaded
        });
    });
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    images(&mut criterion);
    criterion.final_summary();
}
