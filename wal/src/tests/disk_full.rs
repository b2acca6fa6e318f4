//! A full disk refuses before it promises, loses nothing, and is forgotten once there is room (fault matrix 8).

use super::scribe::*;
use crate::storage::Storage;
use crate::storage::sim::{Fault, SimStorage};
use crate::*;
use std::time::{Duration, Instant};

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

/// A full disk is harmless, a failing one is not.
#[test]
fn a_spare_that_a_full_disk_refuses_leaves_nothing_behind_and_a_failing_disk_is_no_full_one() {
    for fault in [Fault::NoSpace, Fault::Eio] {
        let mut refusals = 0;
        for step in 0.. {
            let storage = new_log();
            let (mut writer, ..) = open_and_read(&storage, &options(16384)).unwrap();
            let before = storage.list().unwrap();
            storage.fail_at(storage.steps() + step, fault);
            let Err(error) = writer.prepare_spare() else { break };
            let is_full = matches!(error, Error::DiskFull { .. });
            assert_eq!(is_full, fault == Fault::NoSpace, "step {step}: {error}");
            assert!(!is_full || storage.list().unwrap() == before, "step {step}");
            refusals += 1;
        }
        assert_eq!(refusals, 3, "the creation, a write and a sync");
    }
}

#[test]
fn a_disk_without_room_for_a_spare_is_full_before_anything_is_written() {
    let storage = new_log();
    let (mut writer, ..) = open_and_read(&storage, &options(16384)).unwrap();
    let used: usize = storage.list().unwrap().iter().map(|name| storage.bytes(name).len()).sum();
    storage.set_capacity_bytes(Some(used as u64 + 16384 - 1));
    let steps = storage.steps();
    assert_eq!(writer.prepare_spare().unwrap_err().kind(), ErrorKind::DiskFull);
    assert_eq!(storage.steps(), steps);
    storage.set_capacity_bytes(Some(used as u64 + 16384));
    writer.prepare_spare().unwrap();
}

/// It was another log's options' spare, or a crash met its making.
#[test]
fn a_spare_found_is_zeroed_and_as_long_as_a_segment() {
    // Not a multiple of what is zeroed at once.
    let segment_bytes = (1 << 20) + 4096;
    for found in [0, 4096, segment_bytes, segment_bytes + 4096] {
        let storage = new_log();
        storage.set_bytes("spare-000000000007.wal", &vec![0xAA; found]);
        drop(open_and_read(&storage, &options(segment_bytes as u64)).unwrap());
        let bytes = storage.bytes(&segment_name(SegmentId(1)));
        assert_eq!(bytes.len(), segment_bytes, "{found} bytes found");
        assert!(bytes[4096..].iter().all(|&byte| byte == 0), "{found} bytes found");
    }
}

/// A disk that is full is not asked again and again; one that has room is not waited for, and neither is a stop.
#[test]
fn whoever_makes_spares_waits_on_a_full_disk_and_nowhere_else() {
    const NEVER: Duration = Duration::from_secs(3_600);
    const PAUSE: Duration = Duration::from_millis(20);
    let storage = new_log();
    let (writer, ..) = open_and_read(&storage, &options(16384)).unwrap();
    assert!(writer.spares.wait_until_wanted(NEVER));
    storage.set_capacity_bytes(Some(0));
    assert!(writer.spares.make_one().is_err());
    let began = Instant::now();
    assert!(writer.spares.wait_until_wanted(PAUSE) && began.elapsed() >= PAUSE);
    writer.spares.stop();
    assert!(!writer.spares.wait_until_wanted(NEVER));
}

struct Nobody;

impl Passenger for Nobody {
    fn release(self) {}
}

/// What comes of starting the threads of a log with a reserve of two, on a disk that holds so many more segments.
fn started_with_room_for(segments: u64) -> Result<(), ErrorKind> {
    let (storage, options) = (new_log(), Options { spare_count: 3, reserve_count: 2, ..options(16384) });
    let (writer, ..) = open_and_read(&storage, &options).unwrap();
    let used: usize = storage.list().unwrap().iter().map(|name| storage.bytes(name).len()).sum();
    storage.set_capacity_bytes(Some(used as u64 + segments * options.segment_bytes));
    let log = Log::<Nobody>::start(writer).map_err(|error| error.kind())?;
    log.stop();
    Ok(())
}

/// A turn that was begun with room may need it.
#[test]
fn a_log_starts_with_room_for_its_reserve_and_not_without() {
    assert_eq!([0, 1, 2].map(started_with_room_for), [Err(ErrorKind::DiskFull), Err(ErrorKind::DiskFull), Ok(())]);
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
