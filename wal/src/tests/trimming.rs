//! Trimming takes whole segments from the front, into the archive or back to the spares, and survives a crash anywhere.

use super::scribe::*;
use crate::storage::Storage;
use crate::storage::sim::{Fault, SimStorage};
use crate::*;
use std::ops::ControlFlow;

fn options_with(archive: bool) -> Options {
    Options { archive, ..options(16384) }
}

fn written(archive: bool) -> (SimStorage, Writer<SimStorage>, Vec<Vec<u8>>) {
    let storage = new_log();
    let (mut writer, _, mut scribe, _) = open_and_read(&storage, &options_with(archive)).unwrap();
    let frames = commit_each(&mut writer, &mut scribe, &[b"1", b"2", b"3", b"4", b"5", b"6", b"7"]);
    (storage, writer, frames)
}

fn keep_from(number: u64) -> KeepFrom {
    KeepFrom::from([(JournalId(0), FrameNo(number))])
}

/// The frames from the trimmed log's first one on. A log that does not begin at the beginning cannot be followed from there.
fn replayed(storage: &SimStorage, archive: bool) -> Vec<Vec<u8>> {
    let mut frames = Vec::new();
    let replay = &mut |frame: Frame<'_>, _| {
        frames.push(frame.bytes().to_vec());
        Ok(())
    };
    drop(open(storage.kill(), &options_with(archive), replay, &mut |_| {}).unwrap());
    frames
}

#[test]
fn a_trim_on_a_full_disk_changes_nothing_and_is_done_when_there_is_room() {
    let (storage, mut writer, frames) = written(false);
    let names = storage.list().unwrap();
    let used: usize = names.iter().map(|name| storage.bytes(name).len()).sum();
    storage.set_capacity_bytes(Some(used as u64));
    assert_eq!(writer.trim(&keep_from(4)).unwrap_err().kind(), ErrorKind::DiskFull);
    storage.set_capacity_bytes(None);
    assert_eq!(replayed(&storage, false), frames);
    assert_eq!(writer.trim(&keep_from(4)).unwrap().segments, 1);
    assert_eq!(replayed(&storage, false), frames[2..]);
}

/// Before the new first segment has its name nothing has changed, and the same trim goes on; from then on the disk has failed.
#[test]
fn a_trim_without_room_at_any_step_has_changed_nothing_or_has_failed() {
    let (mut harmless, mut failed) = (0, 0);
    for step in 0.. {
        let (storage, mut writer, frames) = written(true);
        storage.fail_at(storage.steps() + step, Fault::NoSpace);
        match writer.trim(&keep_from(4)) {
            Ok(_) => break,
            Err(Error::DiskFull { .. }) => {
                harmless += 1;
                assert_eq!(replayed(&storage, true), frames);
                assert_eq!(writer.trim(&keep_from(4)).unwrap().segments, 1);
            }
            Err(error) => {
                failed += 1;
                assert!(matches!(error, Error::Io { .. }), "step {step}: {error}");
                assert_eq!(error.kind(), ErrorKind::DiskFull, "step {step}: what an operator can do about it");
                assert!(matches!(writer.trim(&keep_from(4)), Err(Error::Poisoned)), "step {step}: a restart finishes it");
            }
        }
        assert_eq!(replayed(&storage, true), frames[2..], "step {step}");
    }
    assert!(harmless > 2 && failed > 2, "{harmless} steps before the name, {failed} from it on");
}

#[test]
fn a_trim_on_a_disk_that_fails_at_any_step_has_failed() {
    for step in 0.. {
        let (storage, mut writer, _) = written(true);
        storage.fail_at(storage.steps() + step, Fault::Eio);
        let trimmed = writer.trim(&keep_from(4));
        if !storage.has_met_a_fault() {
            trimmed.unwrap();
            break;
        }
        assert!(matches!(trimmed, Err(Error::Io { .. })), "step {step}: {trimmed:?}");
        assert!(matches!(writer.trim(&keep_from(4)), Err(Error::Poisoned)), "step {step}");
    }
}

#[test]
fn trimmed_segments_move_to_the_archive_and_the_rest_replays() {
    let (storage, mut writer, frames) = written(true);
    let trimmed = writer.trim(&keep_from(4)).unwrap();
    assert_eq!(trimmed, Trimmed { segments: 1, first: SegmentId(2), removed: 0 });
    assert!(storage.list().unwrap().contains(&archive_name(SegmentId(1))));
    assert_eq!(replayed(&storage, true), frames[2..]);
    let report = verify(&storage.kill(), &mut |_| {}).unwrap();
    assert!(report.problem.is_none(), "{report:?}");
    assert_eq!(report.journals[&JournalId(0)].number, FrameNo(7));
}

#[test]
fn a_trimmed_segment_becomes_a_spare_when_it_is_not_archived() {
    let (storage, mut writer, frames) = written(false);
    let count = |prefix: &str| storage.list().unwrap().iter().filter(|name| name.starts_with(prefix)).count();
    let segments = count("segment-");
    writer.trim(&keep_from(3)).unwrap();
    assert_eq!((count("segment-"), count("spare-")), (segments - 1, 1));
    assert_eq!(replayed(&storage, false), frames[2..]);
}

#[test]
fn trimmed_segments_beyond_the_spares_that_are_wanted_are_removed() {
    let (storage, mut writer, _) = written(false);
    assert_eq!(writer.trim(&keep_from(100)).unwrap().segments, 3);
    let spares = storage.list().unwrap().iter().filter(|name| name.starts_with("spare-")).count();
    assert_eq!(spares, options_with(false).spare_count);
}

/// I12: with all its segments lost a trimmed log does not pass for one that never had any.
#[test]
fn a_trimmed_log_without_segments_is_refused() {
    let (storage, mut writer, _) = written(true);
    writer.trim(&keep_from(100)).unwrap();
    let storage = storage.kill();
    let segments = storage.list().unwrap().into_iter().filter(|name| name.starts_with("segment-"));
    segments.for_each(|name| storage.lose(&name));
    let refused = open_and_read(&storage, &options_with(true)).err().unwrap();
    assert_eq!(refused.kind(), ErrorKind::Corruption, "{refused}");
}

#[test]
fn a_trim_that_a_crash_cut_short_is_finished_by_the_next_start() {
    for archive in [true, false] {
        let mut cut_short = 0;
        for step in 0.. {
            let (storage, mut writer, frames) = written(archive);
            storage.fail_at(storage.steps() + step, Fault::Crash);
            let finished = writer.trim(&keep_from(4)).is_ok();
            let killed = storage.kill();
            let was_there = killed.list().unwrap().contains(&segment_name(SegmentId(1)));
            if replayed(&killed, archive) == frames[2..] {
                drop(open(killed.clone(), &options_with(archive), &mut |_, _| Ok(()), &mut |_| {}).unwrap());
                let names = killed.list().unwrap();
                assert!(!names.contains(&segment_name(SegmentId(1))), "step {step}: {names:?}");
                assert_eq!(names.contains(&archive_name(SegmentId(1))), archive, "step {step}: {names:?}");
                cut_short += u64::from(was_there);
            }
            if finished {
                break;
            }
        }
        assert!(cut_short > 0, "some crash is between the bounds and the segment");
    }
}

#[test]
fn what_must_stay_is_never_trimmed() {
    let (_, mut writer, _) = written(true);
    assert_eq!(writer.trim(&keep_from(2)).unwrap().segments, 0);
    assert_eq!(writer.trim(&KeepFrom::new()).unwrap().segments, 0);
    assert_eq!(writer.trim(&keep_from(100)).unwrap().segments, 3);
}

#[test]
fn reading_what_was_trimmed_names_the_first_frame_there_is() {
    let (_, mut writer, _) = written(false);
    writer.trim(&keep_from(3)).unwrap();
    let read = |from| writer.reader().read(JournalId(0), FrameNo(from), &mut |_| ControlFlow::Continue(()));
    assert!(matches!(read(1), Err(Error::Trimmed { first_available: FrameNo(3), .. })));
    assert!(read(3).is_ok());
}

/// Every crash while the log is opened again still leaves the frames that must stay.
fn check_reopening(image: &SimStorage, archive: bool, frames: &[Vec<u8>]) -> u64 {
    let mut worlds = 0;
    for step in 0.. {
        let storage = image.kill();
        storage.fail_at(step, Fault::Crash);
        let opened = open(storage.clone(), &options_with(archive), &mut |_, _| Ok(()), &mut |_| {}).is_ok();
        for image in storage.crash_images(16, 4, step).into_iter().chain([storage.kill()]) {
            worlds += 1;
            let seen = replayed(&image, archive);
            assert!(seen == frames || seen == frames[2..], "step {step}: {} frames", seen.len());
        }
        if opened {
            break;
        }
    }
    worlds
}

#[test]
fn a_crash_while_trimming_loses_nothing_that_must_stay() {
    let mut worlds = 0;
    for archive in [true, false] {
        for step in 0.. {
            let (storage, mut writer, frames) = written(archive);
            storage.fail_at(storage.steps() + step, Fault::Crash);
            let finished = writer.trim(&keep_from(4)).is_ok();
            for image in storage.crash_images(64, 16, step).into_iter().chain([storage.kill()]) {
                worlds += check_reopening(&image, archive, &frames);
            }
            if finished {
                break;
            }
        }
    }
    assert!(worlds > 500, "{worlds}");
}
