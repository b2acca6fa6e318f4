//! Segments cut, lost, doubled, swapped, stale and foreign, and writes that went astray: exact or refused, never silent
//! (I12; fault matrix 6 and 7).

use super::scribe::*;
use crate::storage::Storage;
use crate::storage::sim::{Fault, SimStorage};
use crate::*;

/// Four segments from two starts, the tail sealed.
fn log_of(uuid: LogUuid) -> (SimStorage, Vec<Vec<u8>>) {
    let storage = SimStorage::new();
    create(&storage, uuid, b"").unwrap();
    let mut all = Vec::new();
    for _ in 0..2 {
        let (mut writer, _, mut scribe, _) = open_and_read(&storage, &options(16384)).unwrap();
        all.extend(commit_each(&mut writer, &mut scribe, &[b"one", b"two", b"three"]));
        writer.seal().unwrap();
    }
    (storage, all)
}

fn segments(storage: &SimStorage) -> Vec<String> {
    storage.list().unwrap().into_iter().filter(|name| name.starts_with("segment-")).collect()
}

/// What was done to a copy of the log is refused, and says how.
fn refused(storage: &SimStorage, meddle: impl Fn(&SimStorage)) -> ErrorKind {
    let copy = storage.kill();
    meddle(&copy);
    let report = verify(&copy, &mut |_| {});
    assert!(report.is_err() || report.is_ok_and(|report| report.problem.is_some()));
    frames_of(&copy, &options(16384)).unwrap_err().kind()
}

#[test]
fn an_untouched_log_is_exact() {
    let (storage, all) = log_of(UUID);
    assert_eq!(frames_of(&storage, &options(16384)).unwrap(), all);
    assert_eq!(segments(&storage).len(), 4);
    let mut groups = 0;
    inspect(&storage, &mut |item| groups += u64::from(matches!(item, Item::Group { .. }))).unwrap();
    let report = verify(&storage, &mut |_| {}).unwrap();
    assert_eq!((report.groups, report.whole.frames), (groups, all.len() as u64));
    assert!(groups > report.whole.frames, "seals are groups too");
}

#[test]
fn a_journal_that_begins_with_another_chain_than_the_first_is_refused() {
    let storage = new_log();
    let (mut writer, _, mut scribe, _) = open_and_read(&storage, &options(16384)).unwrap();
    scribe.cursors.entry(JournalId(0)).or_default().chain = Chain([1; 32]);
    commit_each(&mut writer, &mut scribe, &[b"one"]);
    drop(writer);
    let problem = verify(&storage, &mut |_| {}).unwrap().problem.unwrap();
    assert_eq!(problem.kind(), ErrorKind::Corruption, "{problem}");
}

#[test]
fn a_lost_segment_is_refused_wherever_it_was() {
    let (storage, _) = log_of(UUID);
    for name in segments(&storage) {
        assert_eq!(refused(&storage, |copy| copy.lose(&name)), ErrorKind::Corruption, "{name}");
    }
}

#[test]
fn a_truncated_segment_is_refused_or_lacks_only_what_is_behind_its_end() {
    let (storage, all) = log_of(UUID);
    for name in segments(&storage) {
        let bytes = storage.bytes(&name);
        for length in (0..bytes.len()).step_by(512) {
            let copy = storage.kill();
            copy.set_bytes(&name, &bytes[..length]);
            if let Ok(frames) = frames_of(&copy, &options(16384)) {
                assert_eq!(frames, all, "{name} at {length}");
            }
        }
        assert_eq!(refused(&storage, |copy| copy.set_bytes(&name, &bytes[..4096])), ErrorKind::Corruption, "{name}");
    }
}

#[test]
fn doubled_and_swapped_segments_are_refused() {
    let (storage, _) = log_of(UUID);
    let names = segments(&storage);
    for (from, to) in names.iter().flat_map(|from| names.iter().map(move |to| (from, to))).filter(|(from, to)| from != to) {
        let (bytes, other) = (storage.bytes(from), storage.bytes(to));
        assert_eq!(refused(&storage, |copy| copy.set_bytes(to, &bytes)), ErrorKind::Corruption, "{from} over {to}");
        let swap = |copy: &SimStorage| {
            copy.set_bytes(to, &bytes);
            copy.set_bytes(from, &other);
        };
        assert_eq!(refused(&storage, swap), ErrorKind::Corruption, "{from} with {to}");
    }
}

#[test]
fn a_segment_beyond_the_last_is_refused() {
    let (storage, _) = log_of(UUID);
    let names = segments(&storage);
    let bytes = storage.bytes(&names[3]);
    let beyond = segment_name(SegmentId(5));
    assert_eq!(refused(&storage, |copy| copy.set_bytes(&beyond, &bytes)), ErrorKind::Corruption);
}

#[test]
fn files_of_another_log_are_foreign() {
    let ((storage, _), (other, _)) = (log_of(UUID), log_of(LogUuid([3; 16])));
    for name in segments(&storage).into_iter().chain(["log.bounds".to_owned(), "log.id".to_owned()]) {
        let bytes = other.bytes(&name);
        assert_eq!(refused(&storage, |copy| copy.set_bytes(&name, &bytes)), ErrorKind::Foreign, "{name}");
    }
}

#[test]
fn a_stale_copy_of_a_segment_that_has_a_successor_is_refused() {
    let storage = new_log();
    let (mut writer, _, mut scribe, _) = open_and_read(&storage, &options(1 << 16)).unwrap();
    commit_each(&mut writer, &mut scribe, &[b"one"]);
    let stale = storage.bytes(&segment_name(SegmentId(1)));
    commit_each(&mut writer, &mut scribe, &[b"two"]);
    drop(writer);
    drop(open_and_read(&storage, &options(1 << 16)).unwrap());
    let name = segment_name(SegmentId(1));
    let copy = storage.kill();
    copy.set_bytes(&name, &stale);
    assert_eq!(frames_of(&copy, &options(1 << 16)).unwrap_err().kind(), ErrorKind::Corruption);
}

#[test]
fn an_unknown_format_is_refused_as_such() {
    let (storage, _) = log_of(UUID);
    let kind = refused(&storage, |copy| {
        let mut bytes = copy.bytes("log.id");
        bytes[8] = 2;
        let crc = crc32fast::hash(&bytes[..4092]);
        bytes[4092..].copy_from_slice(&crc.to_le_bytes());
        copy.set_bytes("log.id", &bytes);
    });
    assert_eq!(kind, ErrorKind::Format);
    for name in ["log.bounds", "log.id"] {
        let lost = refused(&storage, |copy| copy.lose(name));
        assert!(matches!(lost, ErrorKind::Corruption | ErrorKind::Missing), "{name}: {lost:?}");
    }
}

#[test]
fn a_write_that_was_dropped_or_went_astray_is_never_silent() {
    let (mut exact, mut noticed) = (0, 0);
    for fault in [Fault::DropWrite, Fault::MisdirectWrite(1), Fault::MisdirectWrite(2), Fault::Eio, Fault::NoSpace] {
        for step in 0.. {
            let storage = new_log().kill();
            storage.fail_at(step, fault);
            let mut acknowledged = Vec::new();
            let finished = write_and_seal(&storage, &mut acknowledged);
            match frames_of(&storage, &options(16384)) {
                Err(_) => noticed += 1,
                Ok(frames) if frames.starts_with(&acknowledged) && frames.len() <= acknowledged.len() + 1 => exact += 1,
                Ok(frames) => panic!("{fault:?} at {step}: {} of {} frames", frames.len(), acknowledged.len()),
            }
            if finished.is_ok() && step > storage.steps() {
                break;
            }
        }
    }
    assert!(exact > 50 && noticed > 20, "{exact} exact, {noticed} noticed");
}

fn write_and_seal(storage: &SimStorage, acknowledged: &mut Vec<Vec<u8>>) -> Result<(), Error> {
    let (mut writer, _, mut scribe, _) = open_and_read(storage, &options(16384))?;
    for payload in [b"one", b"two", b"six"] {
        let frame = scribe.frame(0, payload);
        writer.commit(&[&frame])?;
        acknowledged.push(frame);
    }
    writer.seal()
}

#[test]
fn a_frame_that_breaks_its_chain_is_found_by_verification() {
    let storage = new_log();
    let (mut writer, _, mut scribe, _) = open_and_read(&storage, &options(1 << 16)).unwrap();
    commit_each(&mut writer, &mut scribe, &[b"one"]);
    scribe.cursors.get_mut(&JournalId(0)).unwrap().chain = Chain::START;
    commit_each(&mut writer, &mut scribe, &[b"two"]);
    drop(writer);
    let problem = verify(&storage, &mut |_| {}).unwrap().problem.unwrap();
    assert_eq!(
        problem.to_string(),
        "segment-000000000001.wal at byte 8264: journal 0: the hash chain breaks at frame 2; damaged are the lsns after 1 of journal 0"
    );
}
