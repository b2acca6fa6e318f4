//! Images of format 1, kept as files since the format was released. Every later build reads the same chunks out of them, and as long
//! as format 1 is written, writes the same bytes (rule 15).

use super::folder::*;
use crate::*;
use std::path::PathBuf;
use tessera_wal::JournalId;
use tessera_wal::storage::Storage;
use tessera_wal::storage::sim::SimStorage;

fn files() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/v1")
}

/// Two images of journal 0, the first of three that it had being gone, and one of the catalog without chunks.
fn written() -> SimStorage {
    let (storage, images) = folder(&[1, 2, 3]);
    let image = write(&images, subject(JournalId::CATALOG.0, 9), &[]).unwrap();
    images.install(images.read(&image).unwrap().finish().unwrap()).unwrap();
    storage
}

fn kept() -> SimStorage {
    if std::env::var_os("TESSERA_SNAPSHOT_WRITE_FIXTURE").is_some() {
        let storage = written();
        std::fs::create_dir_all(files()).unwrap();
        for name in storage.list().unwrap() {
            std::fs::write(files().join(&name), storage.bytes(&name)).unwrap();
        }
    }
    let storage = SimStorage::new();
    for entry in std::fs::read_dir(files()).unwrap() {
        let path = entry.unwrap().path();
        storage.set_bytes(path.file_name().unwrap().to_str().unwrap(), &std::fs::read(&path).unwrap());
    }
    storage
}

#[test]
fn the_images_of_format_1_are_read_to_their_chunks() {
    let images = Images::open(kept(), UUID).unwrap();
    assert_eq!((positions(&images, 0), positions(&images, JournalId::CATALOG.0)), (vec![3, 2], vec![9]));
    for image in images.list() {
        let (journal, position) = (image.subject.journal, image.subject.cursor.number.0);
        let expected = if journal == JournalId::CATALOG { vec![] } else { chunks(position) };
        assert_eq!(image.subject, subject(journal.0, position));
        assert_eq!(read(&images, &image).unwrap(), expected);
    }
}

#[test]
fn the_images_of_format_1_are_rebuilt_to_their_manifest() {
    let storage = kept();
    let before = inspect(&storage, UUID).unwrap();
    storage.lose("MANIFEST");
    assert_eq!(rebuild(&storage, UUID).unwrap().images, before);
}

#[test]
fn format_1_is_still_written_byte_for_byte() {
    let (kept, written) = (kept(), written());
    assert_eq!(kept.list().unwrap(), written.list().unwrap());
    for name in kept.list().unwrap() {
        assert!(kept.bytes(&name) == written.bytes(&name), "{name}");
    }
}
