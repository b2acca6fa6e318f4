//! The archive: what is damaged, missing or gone there is said to be so, and bounding it leaves no gap, whenever it crashes
//! (I12; fault matrix 5 and 6).

use super::history::*;
use super::scribe::*;
use crate::storage::sim::{Fault, SimStorage};
use crate::storage::{Storage, StorageFile};
use crate::*;

fn archived(storage: &SimStorage) -> Vec<String> {
    storage.list().unwrap().into_iter().filter(|name| name.starts_with("archive/")).collect()
}

fn trimmed_world() -> (SimStorage, Vec<Vec<u8>>) {
    let World { storage, mut writer, frames } = world();
    assert!(writer.trim(&keep_from(14)).unwrap().segments >= 5);
    drop(writer);
    (storage, frames)
}

#[test]
fn no_flipped_bit_of_an_archived_segment_is_silent() {
    let (storage, frames) = trimmed_world();
    let (mut exact, mut refused) = (0, 0);
    for name in archived(&storage) {
        for bit in (0..storage.bytes(&name).len() * 8).step_by(331) {
            let copy = storage.kill();
            copy.flip_bit(&name, bit);
            let (writer, _) = reopened(&copy, &archiving(None));
            match read_all(&mut writer.reader().history(), 1) {
                Ok(seen) if seen == frames => exact += 1,
                Ok(seen) => panic!("{name} bit {bit}: {} of {} frames, silently", seen.len(), frames.len()),
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::Corruption, "{name} bit {bit}: {error}");
                    refused += 1;
                }
            }
        }
    }
    assert!(exact > 500 && refused > 100, "{exact} exact, {refused} refused");
}

#[test]
fn an_archived_segment_that_is_cut_swapped_or_foreign_is_refused() {
    let (storage, frames) = trimmed_world();
    let names = archived(&storage);
    let read = |meddle: &dyn Fn(&SimStorage)| {
        let copy = storage.kill();
        meddle(&copy);
        let (writer, _) = reopened(&copy, &archiving(None));
        read_all(&mut writer.reader().history(), 1)
    };
    assert_eq!(read(&|_| {}).unwrap(), frames);
    let mut cuts = 0;
    for name in &names {
        let bytes = storage.bytes(name);
        for length in [0, 100, 4096, 5000, 8192] {
            match read(&|copy| copy.set_bytes(name, &bytes[..length.min(bytes.len())])) {
                // Only what is behind its end is gone.
                Ok(seen) => assert!(seen == frames && length == 8192, "{name} of {length} bytes"),
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::Corruption, "{name} of {length} bytes");
                    cuts += 1;
                }
            }
        }
        for other in names.iter().filter(|other| *other != name) {
            let swapped = read(&|copy| copy.set_bytes(name, &storage.bytes(other)));
            assert_eq!(swapped.unwrap_err().kind(), ErrorKind::Corruption, "{other} over {name}");
        }
    }
    assert!(cuts >= 4 * names.len(), "{cuts} cuts refused");
    let other = SimStorage::new();
    create(&other, LogUuid([3; 16]), b"").unwrap();
    drop(open_and_read(&other, &archiving(None)).unwrap());
    let mut foreign = other.bytes("segment-000000000001.wal");
    foreign.resize(SEGMENT_BYTES as usize, 0);
    assert_eq!(read(&|copy| copy.set_bytes(&names[0], &foreign)).unwrap_err().kind(), ErrorKind::Foreign);
}

/// Its last group is the one that the header above names, and its own header is of another segment.
#[test]
fn an_archived_segment_that_contradicts_the_one_above_it_is_refused() {
    let (storage, options, name) = (new_log(), options(1 << 15), archive_name(SegmentId(1)));
    let mut frames = Vec::new();
    let (mut writer, mut scribe) = reopened(&storage, &options);
    for number in 0..5 {
        frames.push(scribe.frame(3, &[number]));
        writer.commit(&[frames.last().unwrap()]).unwrap();
    }
    drop(writer);
    let (mut writer, _) = reopened(&storage, &options);
    assert_eq!(writer.trim(&keep_from(100)).unwrap().segments, 1);
    drop(writer);
    let read = |edit: fn(&mut SegmentHeader)| {
        let (copy, mut bytes) = (storage.kill(), storage.bytes(&name));
        let (mut header, _) = SegmentHeader::decode(&name, &bytes[..4096], UUID, SegmentId(1)).unwrap();
        edit(&mut header);
        bytes[..4096].copy_from_slice(&header.encode());
        copy.set_bytes(&name, &bytes);
        let (writer, _) = reopened(&copy, &options);
        read_all(&mut writer.reader().history(), 1)
    };
    assert_eq!(read(|_| {}).unwrap(), frames);
    let edits: [fn(&mut SegmentHeader); 3] =
        [|header| header.start = 9, |header| header.first_group = GroupSeq(9), |header| header.segment_bytes = 1 << 14];
    for edit in edits {
        let refused = read(edit).unwrap_err();
        assert!(matches!(refused, Error::Corrupt { damage: Damage::EndDisagrees, .. }), "{refused}");
    }
}

#[test]
fn a_start_that_wrote_nothing_is_no_gap_in_the_archive() {
    let (storage, mut frames) = (new_log(), Vec::new());
    for writes in [true, false, true, false] {
        let (mut writer, mut scribe) = reopened(&storage, &archiving(None));
        if writes {
            frames.push(scribe.frame(3, b"x"));
            writer.commit(&[frames.last().unwrap()]).unwrap();
        }
    }
    let (mut writer, _) = reopened(&storage, &archiving(None));
    assert_eq!(writer.trim(&keep_from(100)).unwrap().segments, 4);
    drop(writer);
    let (writer, _) = reopened(&storage, &archiving(None));
    assert_eq!(read_all(&mut writer.reader().history(), 1).unwrap(), frames);
}

#[test]
fn an_archived_segment_missing_in_the_middle_is_named_and_one_missing_at_the_end_is_trimmed() {
    let (storage, frames) = trimmed_world();
    let names = archived(&storage);
    for (index, name) in names.iter().enumerate() {
        let copy = storage.kill();
        copy.lose(name);
        let (writer, _) = reopened(&copy, &archiving(None));
        match read_all(&mut writer.reader().history(), 1).unwrap_err() {
            Error::Trimmed { first_available, .. } => {
                assert_eq!(index, 0, "{name}");
                let rest = read_all(&mut writer.reader().history(), first_available.0).unwrap();
                assert_eq!(rest, frames[first_available.0 as usize - 1..]);
            }
            Error::Corrupt { file, damage: Damage::SegmentMissing { segment }, .. } => {
                assert_eq!((file.as_str(), archive_name(segment)), (name.as_str(), name.clone()));
            }
            other => panic!("{name}: {other}"),
        }
        // What is above the gap is there.
        assert_eq!(read_all(&mut writer.reader().history(), 15).unwrap(), frames[14..]);
    }
}

#[test]
fn an_archive_beyond_its_bound_loses_its_oldest_segments_and_says_so() {
    let World { storage, mut writer, frames } = world();
    let mut through = writer.reader().history();
    check_all(&mut through, &frames);
    writer.trim(&keep_from(14)).unwrap();
    check_all(&mut through, &frames);
    let before = archived(&storage);
    drop((writer, through));
    let (mut writer, _) = reopened(&storage, &archiving(Some(2 * SEGMENT_BYTES)));
    let trimmed = writer.trim(&keep_from(14)).unwrap();
    let after = archived(&storage);
    assert_eq!(trimmed.removed as usize, before.len() - after.len());
    assert!(before.ends_with(&after) && after.len() >= 2, "{before:?} {after:?}");
    let sizes = after.iter().map(|name| storage.open(name).unwrap().len_bytes().unwrap()).sum::<u64>();
    assert!(sizes <= 2 * SEGMENT_BYTES);
    let Error::Trimmed { first_available, .. } = read_all(&mut writer.reader().history(), 1).unwrap_err() else { panic!() };
    assert!(first_available > FrameNo(1));
    let rest = read_all(&mut writer.reader().history(), first_available.0).unwrap();
    assert_eq!(rest, frames[first_available.0 as usize - 1..]);
    let gone = writer.reader().history().frame_of(JournalId(3), Lsn(1)).unwrap_err();
    assert_eq!(gone.kind(), ErrorKind::Trimmed);
}

#[test]
fn a_session_that_has_read_the_archive_learns_that_it_was_bounded() {
    let (storage, frames) = trimmed_world();
    let (mut writer, mut scribe) = reopened(&storage, &archiving(Some(SEGMENT_BYTES)));
    let (mut through, other) = (writer.reader().history(), writer.reader());
    check_all(&mut through, &frames);
    assert!(writer.trim(&keep_from(14)).unwrap().removed > 3);
    for history in [&mut through, &mut other.history()] {
        let Error::Trimmed { first_available, .. } = read_all(history, 1).unwrap_err() else { panic!("trimmed") };
        assert!(first_available > FrameNo(3));
        assert_eq!(read_all(history, first_available.0).unwrap(), frames[first_available.0 as usize - 1..]);
    }
    let next = scribe.frame(3, b"next");
    writer.commit(&[&next]).unwrap();
    assert_eq!(read_all(&mut through, frames.len() as u64 + 1).unwrap(), [next]);
}

#[test]
fn a_crash_while_the_archive_is_bounded_leaves_no_gap_in_it() {
    let (storage, frames) = trimmed_world();
    let mut worlds = 0;
    for step in 0.. {
        let storage = storage.kill();
        let (mut writer, _) = reopened(&storage, &archiving(Some(SEGMENT_BYTES)));
        storage.fail_at(storage.steps() + step, Fault::Crash);
        let finished = writer.trim(&keep_from(14)).is_ok();
        for image in storage.crash_images(256, 32, step).into_iter().chain([storage.kill()]) {
            worlds += 1;
            let (writer, _) = reopened(&image, &archiving(Some(SEGMENT_BYTES)));
            let from = match read_all(&mut writer.reader().history(), 1) {
                Err(Error::Trimmed { first_available, .. }) => first_available.0,
                read => read.map(|_| 1).unwrap(),
            };
            assert_eq!(read_all(&mut writer.reader().history(), from).unwrap(), frames[from as usize - 1..]);
        }
        if finished {
            break;
        }
    }
    assert!(worlds > 10, "{worlds} crash images");
}
