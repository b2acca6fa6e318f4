//! Facts about the simulated disk: it forgets exactly what was not synced.

use super::*;
use crate::storage::StorageFile;

fn file_with(storage: &SimStorage, bytes: &[u8]) -> SimFile {
    let file = storage.create("f").unwrap();
    file.write_all_at(bytes, 0).unwrap();
    file
}

#[test]
fn what_was_not_synced_may_be_lost_in_any_combination() {
    let storage = SimStorage::new();
    let file = file_with(&storage, &[1; 8192]);
    file.sync_all().unwrap();
    storage.sync_dir().unwrap();
    file.write_all_at(&[2; 8192], 0).unwrap();
    let images = storage.crash_images(1024, 64, 0);
    let mut seen: Vec<(u8, u8)> = images.iter().map(|image| (image.bytes("f")[0], image.bytes("f")[4096])).collect();
    seen.sort();
    assert_eq!(seen, [(1, 1), (1, 2), (2, 1), (2, 2)]);
}

#[test]
fn what_was_synced_survives_every_crash() {
    let storage = SimStorage::new();
    file_with(&storage, &[1; 8192]).sync_data().unwrap();
    storage.sync_dir().unwrap();
    assert_eq!(storage.crash_choices(), []);
    assert_eq!(storage.crash(&mut |_| 0).bytes("f"), [1; 8192]);
}

#[test]
fn a_synced_file_without_a_synced_name_may_be_gone() {
    let storage = SimStorage::new();
    file_with(&storage, b"x").sync_all().unwrap();
    let names: Vec<usize> = storage.crash_images(9, 9, 0).iter().map(|image| image.list().unwrap().len()).collect();
    assert_eq!(names, [0, 1]);
}

#[test]
fn a_rename_happens_or_not_and_never_loses_the_file() {
    let storage = SimStorage::new();
    file_with(&storage, b"x").sync_all().unwrap();
    storage.sync_dir().unwrap();
    storage.rename("f", "g").unwrap();
    let names: Vec<_> = storage.crash_images(9, 9, 0).iter().map(|image| image.list().unwrap()).collect();
    assert_eq!(names, [["f"], ["g"]]);
}

#[test]
fn a_failed_sync_stays_readable_and_a_second_sync_does_not_save_it() {
    let storage = SimStorage::new();
    let file = file_with(&storage, &[1; 4096]);
    storage.fail_at(storage.steps(), Fault::Eio);
    assert!(file.sync_data().is_err());
    file.sync_data().unwrap();
    storage.sync_dir().unwrap();
    let (mut cached, mut device) = ([0; 4096], [9; 4096]);
    file.read_exact_at(&mut cached, 0).unwrap();
    file.read_past_cache_exact_at(&mut device, 0).unwrap();
    assert_eq!((cached[0], device[0]), (1, 0));
    assert_eq!(storage.crash(&mut |_| 0).bytes("f")[0], 0);
}

#[test]
fn a_killed_process_leaves_its_cache_and_a_later_power_cut_does_not() {
    let storage = SimStorage::new();
    let _lock = storage.lock().unwrap();
    let _file = file_with(&storage, &[1; 4096]);
    let next = storage.kill();
    assert!(next.lock().is_ok());
    assert_eq!(next.bytes("f")[0], 1);
    assert_eq!(next.crash(&mut |_| 0).list().unwrap().len(), 0);
}

#[test]
fn after_a_crash_every_call_fails() {
    let storage = SimStorage::new();
    let file = file_with(&storage, b"x");
    storage.fail_at(storage.steps(), Fault::Crash);
    assert!(storage.sync_dir().is_err());
    assert!(file.sync_data().is_err() && file.len_bytes().is_err() && storage.list().is_err());
    assert!(storage.has_crashed());
}

#[test]
fn a_full_disk_refuses_to_grow_and_recovers() {
    let storage = SimStorage::new();
    storage.set_capacity_bytes(Some(4096));
    let file = file_with(&storage, &[1; 4096]);
    assert_eq!(file.write_at(b"x", 4096).unwrap_err().kind(), io::ErrorKind::StorageFull);
    file.write_all_at(b"y", 0).unwrap();
    storage.set_capacity_bytes(Some(8192));
    assert!(file.write_at(b"x", 4096).is_ok());
}

#[test]
fn short_calls_are_completed_by_the_loops() {
    let storage = SimStorage::new();
    storage.set_io_bytes_max(Some(1000));
    let file = file_with(&storage, &[3; 5000]);
    let mut bytes = [0; 5000];
    file.read_exact_at(&mut bytes, 0).unwrap();
    assert_eq!(bytes, [3; 5000]);
}

#[test]
fn cutting_and_extending_leaves_zeroes() {
    let storage = SimStorage::new();
    let file = file_with(&storage, &[3; 8192]);
    file.sync_all().unwrap();
    file.set_len(4096).unwrap();
    file.set_len(8192).unwrap();
    assert_eq!((storage.bytes("f")[4095], storage.bytes("f")[4096]), (3, 0));
}

#[test]
fn the_same_seed_chooses_the_same_images() {
    let storage = SimStorage::new();
    let file = file_with(&storage, b"");
    storage.sync_dir().unwrap();
    file.write_all_at(&[1; 4096 * 12], 0).unwrap();
    let sample = |seed| -> Vec<Vec<u8>> { storage.crash_images(64, 64, seed).iter().map(|image| image.bytes("f")).collect() };
    assert_eq!(sample(5), sample(5));
    assert_ne!(sample(5), sample(6));
}
