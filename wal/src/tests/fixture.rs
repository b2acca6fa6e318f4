//! A log of format 1, kept as files since the format was released. Every later build replays it to the same frames, and as long
//! as format 1 is written, writes the same bytes (rule 15).

use super::scribe::*;
use crate::storage::Storage;
use crate::storage::sim::SimStorage;
use crate::*;
use std::path::PathBuf;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/v1")
}

/// Tenures, events of three journals, a long frame, a seal, a closed segment and a second start.
fn written() -> SimStorage {
    let storage = new_log();
    for start in 0..2_u8 {
        let (mut writer, _, mut scribe, _) = open_and_read(&storage, &options(24576)).unwrap();
        let tenure = scribe.tenure(0);
        writer.commit(&[&tenure]).unwrap();
        let frames = [scribe.frame(0, &[start; 10]), scribe.frame(1, &[start; 5000]), scribe.frame(0xFFFF, b"")];
        writer.commit(&frames.each_ref().map(Vec::as_slice)).unwrap();
        writer.seal().unwrap();
        commit_each(&mut writer, &mut scribe, &[b"last"]);
    }
    let names = storage.list().unwrap();
    names.iter().filter(|name| name.starts_with("spare-")).for_each(|name| storage.lose(name));
    storage
}

fn kept() -> SimStorage {
    if std::env::var_os("TESSERA_WAL_WRITE_FIXTURE").is_some() {
        let storage = written();
        std::fs::create_dir_all(folder()).unwrap();
        for name in storage.list().unwrap() {
            std::fs::write(folder().join(&name), storage.bytes(&name)).unwrap();
        }
    }
    let storage = SimStorage::new();
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        storage.set_bytes(path.file_name().unwrap().to_str().unwrap(), &std::fs::read(&path).unwrap());
    }
    storage
}

#[test]
fn the_log_of_format_1_replays_to_its_frames() {
    let (_, frames, scribe, recovery) = open_and_read(&kept(), &options(24576)).unwrap();
    let mut all = blake3::Hasher::new();
    for frame in &frames {
        all.update(frame);
    }
    assert_eq!((frames.len(), recovery.groups, recovery.cut), (10, 8, None));
    assert_eq!(scribe.cursors[&JournalId(0)].lsn, Lsn(4));
    assert_eq!(all.finalize().to_hex().as_str(), FRAMES);
}
const FRAMES: &str = "14d2dd3659af8f1f0c48290184ffbc3409c7c903a8c17c32a2b2ab4ab3a860aa";

#[test]
fn format_1_is_still_written_byte_for_byte() {
    let (kept, written) = (kept(), written());
    assert_eq!(kept.list().unwrap(), written.list().unwrap());
    for name in kept.list().unwrap() {
        assert!(kept.bytes(&name) == written.bytes(&name), "{name}");
    }
}
