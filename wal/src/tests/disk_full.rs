//! A full disk refuses before it promises, loses nothing, and is forgotten once there is room (fault matrix 8).

use super::scribe::*;
use crate::storage::Storage;
use crate::storage::sim::{Fault, SimStorage};
use crate::*;

#[test]
fn a_full_disk_refuses_a_commit_and_recovers_by_itself() {
    let storage = new_log();
    let (mut writer, _, mut scribe, _) = open_and_read(&storage, &options(16384)).unwrap();
    let mut frames = commit_each(&mut writer, &mut scribe, &[b"one", b"two"]);
    storage.set_capacity_bytes(Some(0));
    let next = scribe.frame(0, b"three");
    assert_eq!(writer.commit(&[&next]).unwrap_err().kind(), ErrorKind::DiskFull);
    assert_eq!(writer.commit(&[&next]).unwrap_err().kind(), ErrorKind::DiskFull);
    storage.set_capacity_bytes(None);
    writer.commit(&[&next]).unwrap();
    frames.push(next);
    assert_eq!(frames_of(&storage.crash(&mut |_| 0), &options(16384)).unwrap(), frames);
}

#[test]
fn a_prepared_spare_carries_the_log_through_a_full_disk() {
    let storage = new_log();
    let (mut writer, _, mut scribe, _) = open_and_read(&storage, &options(16384)).unwrap();
    writer.prepare_spare().unwrap();
    storage.set_capacity_bytes(Some(0));
    let frames = commit_each(&mut writer, &mut scribe, &[b"one", b"two", b"three", b"four"]);
    let next = scribe.frame(0, b"five");
    assert_eq!(writer.commit(&[&next]).unwrap_err().kind(), ErrorKind::DiskFull);
    assert_eq!(frames_of(&storage.crash(&mut |_| 0), &options(16384)).unwrap(), frames);
}

#[test]
fn a_disk_that_fills_at_any_byte_loses_nothing_acknowledged() {
    let mut refusals = 0;
    for capacity in (0..120_000).step_by(1024) {
        let storage = new_log();
        storage.set_capacity_bytes(Some(capacity));
        let mut acknowledged = Vec::new();
        if let Ok((mut writer, _, mut scribe, _)) = open_and_read(&storage, &options(16384)) {
            for payload in [b"one", b"two", b"six", b"ten"] {
                let frame = scribe.frame(0, payload);
                match writer.commit(&[&frame]) {
                    Ok(_) => acknowledged.push(frame),
                    Err(_) => {
                        refusals += 1;
                        break;
                    }
                }
            }
        }
        let after = storage.crash(&mut |_| 0);
        after.set_capacity_bytes(None);
        assert_eq!(frames_of(&after, &options(16384)).unwrap(), acknowledged, "capacity {capacity}");
    }
    assert!(refusals > 10, "{refusals}");
}

/// A log whose last segment has room behind its end, with one spare; nothing else fits the disk.
fn full_disk() -> (SimStorage, Vec<Vec<u8>>) {
    let storage = new_log();
    let (mut writer, _, mut scribe, _) = open_and_read(&storage, &options(32768)).unwrap();
    writer.prepare_spare().unwrap();
    let frames = commit_each(&mut writer, &mut scribe, &[b"one", b"two"]);
    drop(writer);
    let used: usize = storage.list().unwrap().iter().map(|name| storage.bytes(name).len()).sum();
    storage.set_capacity_bytes(Some(used as u64));
    (storage, frames)
}

#[test]
fn a_log_on_a_disk_that_is_full_to_the_last_byte_opens_and_takes_frames() {
    let (storage, mut frames) = full_disk();
    let storage = storage.kill();
    let (mut writer, seen, mut scribe, _) = open_and_read(&storage, &options(32768)).unwrap();
    assert_eq!(seen, frames);
    frames.extend(commit_each(&mut writer, &mut scribe, &[b"three"]));
    assert_eq!(frames_of(&storage.crash(&mut |_| 0), &options(32768)).unwrap(), frames);
}

#[test]
fn a_crash_while_a_log_opens_on_a_full_disk_loses_nothing() {
    let (storage, frames) = full_disk();
    let mut worlds = 0;
    for step in 0..100 {
        let storage = storage.kill();
        storage.fail_at(step, Fault::Crash);
        let opened = open_and_read(&storage, &options(32768)).is_ok();
        assert!(opened != storage.has_crashed(), "a full disk alone keeps no log from opening");
        for image in storage.crash_images(64, 16, step).into_iter().chain([storage.kill()]) {
            assert_eq!(frames_of(&image, &options(32768)).unwrap(), frames, "step {step}");
            worlds += 1;
        }
        if opened {
            break;
        }
    }
    assert!(worlds > 30, "{worlds} crash images");
}
