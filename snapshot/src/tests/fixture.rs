//! Images and manifests of each format, kept as files since it was released: `v1` with a manifest of format 1, `v2` with one of format
//! 2, the images of both of format 1. Every later build reads the same chunks out of them, and writes the bytes of what it writes
//! still (rule 15).

use super::folder::*;
use crate::*;
use std::path::PathBuf;
use tessera_wal::storage::Storage;
use tessera_wal::storage::sim::SimStorage;
use tessera_wal::{GroupSeq, JournalId};

/// By folder, the group of the log that the manifest proves durable.
const KEPT: [(&str, GroupSeq); 2] = [("v1", GroupSeq(0)), ("v2", GroupSeq(30))];

/// What this build writes.
const WRITTEN: &str = "v2";

fn files(version: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(version)
}

/// Two images of journal 0, the first of three that it had being gone, and one of the catalog without chunks.
fn written() -> SimStorage {
    let (storage, images) = folder(&[1, 2, 3]);
    let image = write(&images, subject(JournalId::CATALOG.0, 9), &[]).unwrap();
    images.install(images.read(&image).unwrap().finish().unwrap(), GroupSeq(0)).unwrap();
    storage
}

fn kept(version: &str) -> SimStorage {
    if std::env::var("TESSERA_SNAPSHOT_WRITE_FIXTURE").is_ok_and(|asked| asked == version) {
        assert!(version == WRITTEN && !files(version).exists(), "a fixture is never written again: {version}");
        let storage = written();
        std::fs::create_dir_all(files(version)).unwrap();
        for name in storage.list().unwrap() {
            std::fs::write(files(version).join(&name), storage.bytes(&name)).unwrap();
        }
    }
    let storage = SimStorage::new();
    for entry in std::fs::read_dir(files(version)).unwrap() {
        let path = entry.unwrap().path();
        storage.set_bytes(path.file_name().unwrap().to_str().unwrap(), &std::fs::read(&path).unwrap());
    }
    storage
}

#[test]
fn the_images_of_every_format_are_read_to_their_chunks() {
    for (version, proven) in KEPT {
        let images = Images::open(kept(version), UUID).unwrap();
        assert_eq!(images.proven(), proven, "{version}");
        assert_eq!((positions(&images, 0), positions(&images, JournalId::CATALOG.0)), (vec![3, 2], vec![9]));
        for image in images.list() {
            let (journal, position) = (image.subject.journal, image.subject.cursor.number.0);
            let expected = if journal == JournalId::CATALOG { vec![] } else { chunks(position) };
            assert_eq!(image.subject, subject(journal.0, position));
            assert_eq!(read(&images, &image).unwrap(), expected);
        }
    }
}

#[test]
fn the_images_of_every_format_are_rebuilt_to_their_manifest() {
    for (version, _) in KEPT {
        let storage = kept(version);
        let before = inspect(&storage, UUID).unwrap();
        storage.lose("MANIFEST");
        assert_eq!(rebuild(&storage, UUID).unwrap().images, before, "{version}");
    }
}

#[test]
fn the_newest_format_is_still_written_byte_for_byte() {
    let (kept, written) = (kept(WRITTEN), written());
    assert_eq!(kept.list().unwrap(), written.list().unwrap());
    for name in kept.list().unwrap() {
        assert!(kept.bytes(&name) == written.bytes(&name), "{name}");
    }
}

/// Format 1 has zeroes where format 2 has a group.
#[test]
fn a_manifest_of_format_1_that_names_a_group_contradicts_itself() {
    let storage = kept("v1");
    let mut bytes = storage.bytes("MANIFEST");
    let crc_at = bytes.len() - 4;
    bytes[56] = 1;
    let crc = crc32fast::hash(&bytes[..crc_at]);
    bytes[crc_at..].copy_from_slice(&crc.to_le_bytes());
    storage.set_bytes("MANIFEST", &bytes);
    let refused = inspect(&storage, UUID).unwrap_err();
    assert!(matches!(refused, Error::Damaged { damage: Damage::Contradiction { .. }, .. }), "{refused}");
}
