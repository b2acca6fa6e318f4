//! Golden directories: logs and images as older builds left them, brought back to their recorded states by this one.
//!
//! `engine/fixtures/journals-vN` holds the golden journals of `engine/domain/fixtures/vN` as a log of several segments and images on the way;
//! `engine/fixtures/node-v1` and `node-v2` are whole data directories of nodes that traded. They are never written again: a build that cannot read them
//! must not be released, and a new kind, version or format gets a directory of its own. They were made, once, by
//! `TESSERA_ENGINE_WRITE_FIXTURE=NAME cargo test -p tessera-engine --test golden`, with the name of a directory that is not there yet.
#![expect(clippy::unwrap_used, reason = "a test that fails says where")]

#[path = "../given/mod.rs"]
#[expect(dead_code, reason = "a golden directory needs a shop, and opens its node itself")]
mod given;
mod journals;
mod node;

use std::path::PathBuf;
use tessera_wal::storage::Storage;
use tessera_wal::storage::sim::SimStorage;

/// Segments of the golden logs, small as they are kept as files.
const SEGMENT_BYTES: u64 = 16384;

fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}

/// Whether this directory is asked for and is not there.
fn is_to_be_made(name: &str) -> bool {
    let asked = std::env::var("TESSERA_ENGINE_WRITE_FIXTURE").is_ok_and(|asked| asked == name);
    assert!(!asked || !folder(name).exists(), "a golden directory is never written again: {name}");
    asked
}

/// The files of a folder, as a disk.
fn storage_of(name: &str) -> SimStorage {
    let storage = SimStorage::new();
    for entry in std::fs::read_dir(folder(name)).unwrap() {
        let path = entry.unwrap().path();
        storage.set_bytes(path.file_name().unwrap().to_str().unwrap(), &std::fs::read(&path).unwrap());
    }
    storage
}

/// A disk, as files of a folder; spare segments are left out.
fn keep(storage: &SimStorage, name: &str) {
    std::fs::create_dir_all(folder(name)).unwrap();
    for file in storage.list().unwrap().into_iter().filter(|file| !file.starts_with("spare-")) {
        std::fs::write(folder(name).join(&file), storage.bytes(&file)).unwrap();
    }
}
