//! A full disk refuses before it promises, loses nothing, and is forgotten once there is room (fault matrix 8).

use super::scribe::*;
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
