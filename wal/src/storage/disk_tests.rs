//! Facts about the real disk: names, locks, and reads past the cache.

use super::*;
use crate::storage::AlignedBuffer;

fn storage() -> (tempfile::TempDir, DiskStorage) {
    let folder = tempfile::tempdir().unwrap();
    let storage = DiskStorage::new(folder.path()).unwrap();
    (folder, storage)
}

#[test]
fn what_was_synced_is_read_past_the_cache() {
    let (_folder, storage) = storage();
    let file = storage.create("a").unwrap();
    file.write_all_at(&[7; 8192], 0).unwrap();
    file.sync_all().unwrap();
    let mut buffer = AlignedBuffer::zeroed(4096);
    file.read_past_cache_exact_at(&mut buffer, 4096).unwrap();
    assert_eq!(&buffer[..], &[7; 4096]);
}

#[test]
fn a_renamed_file_stays_open() {
    let (_folder, storage) = storage();
    let file = storage.create("a").unwrap();
    storage.rename("a", "archive/b").unwrap();
    storage.sync_dir().unwrap();
    file.write_all_at(b"x", 0).unwrap();
    assert_eq!(storage.list().unwrap(), ["archive/b"]);
    assert_eq!(storage.open("archive/b").unwrap().len_bytes().unwrap(), 1);
}

#[test]
fn a_second_lock_is_refused_until_the_first_is_dropped() {
    let (_folder, storage) = storage();
    let first = storage.lock().unwrap();
    assert_eq!(storage.lock().unwrap_err().kind(), io::ErrorKind::WouldBlock);
    drop(first);
    assert!(storage.lock().is_ok());
}

#[test]
fn a_directory_that_is_not_there_is_refused() {
    assert!(DiskStorage::new("/no/such/place").is_err());
}

#[test]
fn creating_what_exists_is_refused() {
    let (_folder, storage) = storage();
    storage.create("a").unwrap();
    assert_eq!(storage.create("a").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
}

#[test]
fn a_map_shows_the_contents() {
    let (_folder, storage) = storage();
    let file = storage.create("a").unwrap();
    file.write_all_at(b"mapped", 0).unwrap();
    assert_eq!(&file.map().unwrap()[..], b"mapped");
}
