//! Measures how fast images are written and read back on a directory of this machine:
//! `cargo run --release -p tessera-snapshot --example throughput -- DIR MIB`.

use std::time::Instant;
use tessera_snapshot::{Images, Subject};
use tessera_wal::storage::disk::DiskStorage;
use tessera_wal::{Cursor, GroupSeq, JournalId, LogUuid};

const CHUNK_BYTES: usize = 256 << 10;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(folder), Some(mib)) = (arguments.next(), arguments.next()) else {
        return Err("usage: throughput DIR MIB".into());
    };
    let image_bytes = mib.parse::<usize>()? << 20;
    std::fs::create_dir_all(&folder)?;
    let images = Images::open(DiskStorage::new(&folder)?, LogUuid([1; 16]))?;
    let subject =
        Subject { journal: JournalId(0), cursor: Cursor::START, catalog_lsn: 0, digest: 0, key_check: 0, created_ms: 0 };
    let chunk: Vec<u8> = (0..CHUNK_BYTES).map(|at| (at * 7 % 251) as u8).collect();

    let begun = Instant::now();
    let mut writer = images.begin(subject)?;
    for _ in 0..image_bytes / CHUNK_BYTES {
        writer.push(&chunk)?;
    }
    let image = writer.finish()?;
    report("written and synced", &image, begun);

    let begun = Instant::now();
    let verified = images.read(&image)?.finish()?;
    report(if verified.past_cache() { "read past the cache" } else { "read after dropping the cache" }, &image, begun);
    images.install(verified, GroupSeq(0))?;
    Ok(())
}

fn report(what: &str, image: &tessera_snapshot::Image, begun: Instant) {
    let seconds = begun.elapsed().as_secs_f64();
    let mib = image.payload_bytes as f64 / (1 << 20) as f64;
    println!("{what}: {mib:.0} MiB in {seconds:.2} s, {:.0} MiB/s", mib / seconds);
}
