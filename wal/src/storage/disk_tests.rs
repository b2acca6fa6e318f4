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

/// Else it would say that the cache was passed by, and read what the cache holds.
#[test]
fn a_file_is_opened_past_the_cache_or_that_is_refused() {
    let (_folder, storage) = storage();
    match storage.create("a").unwrap().open_direct() {
        Ok(direct) => assert!(rustix::fs::fcntl_getfl(&direct).unwrap().contains(OFlags::DIRECT)),
        Err(error) => assert!(refuses_direct(&error), "{error}"),
    }
}

#[test]
fn where_direct_reads_are_refused_the_cache_is_dropped_and_the_caller_told() {
    // No file of /proc can be opened so.
    let file = DiskFile { file: File::open("/proc/self/status").unwrap() };
    let mut buffer = AlignedBuffer::zeroed(4096);
    let (count, passed) = file.read_past_cache_at(&mut buffer, 0).unwrap();
    assert!(buffer[..count].starts_with(b"Name:") && !passed, "{count} bytes, past the cache: {passed}");
}

#[test]
fn only_the_lack_of_direct_reads_is_taken_for_a_refusal() {
    use rustix::io::Errno;
    let refuses = |errno: Errno| refuses_direct(&io::Error::from_raw_os_error(errno.raw_os_error()));
    assert!([Errno::INVAL, Errno::OPNOTSUPP, Errno::NOENT, Errno::NXIO].into_iter().all(refuses));
    assert!(![Errno::IO, Errno::ACCESS, Errno::MFILE].into_iter().any(refuses));
}

#[test]
fn a_file_is_as_long_as_it_was_made() {
    let (_folder, storage) = storage();
    let file = storage.create("a").unwrap();
    for length in [8192, 100] {
        file.set_len(length).unwrap();
        assert_eq!(file.len_bytes().unwrap(), length);
    }
}

#[test]
fn a_removed_file_is_gone() {
    let (_folder, storage) = storage();
    storage.create("a").unwrap();
    storage.remove("a").unwrap();
    assert!(storage.list().unwrap().is_empty());
    assert_eq!(storage.remove("a").unwrap_err().kind(), io::ErrorKind::NotFound);
}

#[test]
fn a_directory_that_is_gone_is_not_synced() {
    let (folder, storage) = storage();
    storage.sync_dir().unwrap();
    drop(folder);
    assert_eq!(storage.sync_dir().unwrap_err().kind(), io::ErrorKind::NotFound);
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
fn a_lock_that_cannot_be_taken_is_not_taken_for_held() {
    let (folder, storage) = storage();
    drop(folder);
    assert_eq!(crate::lock(&storage).err().unwrap().kind(), crate::ErrorKind::Io);
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
