//! History: every frame and every event of a journal is found, from the archive to the newest group, by number and by lsn; and
//! what is damaged, missing or gone there is said to be so.

use super::scribe::*;
use crate::storage::sim::{Fault, SimStorage};
use crate::storage::{Storage, StorageFile};
use crate::*;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};

const SEGMENT_BYTES: u64 = 16384;

fn archiving(archive_bytes_max: Option<u64>) -> Options {
    Options { archive_bytes_max, ..options(SEGMENT_BYTES) }
}

/// A log of three starts; journal 3 in every second group, with one to three events a frame.
struct World {
    storage: SimStorage,
    writer: Writer<SimStorage>,
    /// Journal 3, in order.
    frames: Vec<Vec<u8>>,
}

fn world() -> World {
    let storage = new_log();
    let mut frames = Vec::new();
    for start in 0..3_u8 {
        let (mut writer, mut scribe) = reopened(&storage, &archiving(None));
        for number in 0..10_u8 {
            let noise = scribe.frame(1, &[number; 900]);
            writer.commit(&[&noise]).unwrap();
            if number % 2 == 0 {
                let frame = scribe.frame_of_events(3, 1 + u32::from(number) % 3, &[start, number]);
                writer.commit(&[&frame]).unwrap();
                frames.push(frame);
            }
        }
        if start == 2 {
            return World { storage, writer, frames };
        }
        drop(writer);
    }
    unreachable!("three starts")
}

/// Opens a log that may have been trimmed; its scribe goes on after the frames replayed.
fn reopened(storage: &SimStorage, options: &Options) -> (Writer<SimStorage>, Scribe) {
    let mut scribe = Scribe::default();
    let replay = &mut |frame: Frame<'_>, _| {
        scribe.resume(&frame);
        Ok(())
    };
    let (writer, _) = open(storage.clone(), options, replay, &mut |_| {}).unwrap();
    (writer, scribe)
}

fn keep_from(number: u64) -> KeepFrom {
    KeepFrom::from([(JournalId(1), FrameNo(u64::MAX)), (JournalId(3), FrameNo(number))])
}

fn read_all(history: &mut History, from: u64) -> Result<Vec<Vec<u8>>, Error> {
    let mut seen = Vec::new();
    history.read(JournalId(3), FrameNo(from), &mut |frame| {
        seen.push(frame.bytes().to_vec());
        ControlFlow::Continue(())
    })?;
    Ok(seen)
}

/// Every frame by its number, every event by its lsn, and reading from each of both.
#[track_caller]
fn check_all(history: &mut History, frames: &[Vec<u8>]) {
    let mut lsn = 1;
    for (index, bytes) in frames.iter().enumerate() {
        let (number, frame) = (index as u64 + 1, Frame::parse(bytes).unwrap().0);
        assert_eq!(history.frame(JournalId(3), FrameNo(number)).unwrap(), Some(frame));
        assert_eq!(read_all(history, number).unwrap(), frames[index..]);
        for _ in 0..frame.header.count {
            assert_eq!(history.frame_of(JournalId(3), Lsn(lsn)).unwrap(), Some(frame), "lsn {lsn}");
            let mut first = None;
            let note = &mut |frame: Frame<'_>| {
                first = Some(frame.bytes().to_vec());
                ControlFlow::Break(())
            };
            history.read_from_lsn(JournalId(3), Lsn(lsn), note).unwrap();
            assert_eq!(first.as_ref(), Some(bytes));
            lsn += 1;
        }
    }
    assert_eq!(history.frame(JournalId(3), FrameNo(frames.len() as u64 + 1)).unwrap(), None);
    assert_eq!(history.frame_of(JournalId(3), Lsn(lsn)).unwrap(), None);
    assert_eq!(history.frame_of(JournalId(9), Lsn(1)).unwrap(), None);
}

#[test]
fn every_frame_and_every_event_is_found_wherever_trimming_left_it() {
    let mut moved = 0;
    for keep in 1..=16 {
        let World { storage, mut writer, frames } = world();
        // One session sees the segments move; another begins after they have.
        let mut through = writer.reader().history();
        check_all(&mut through, &frames);
        moved += writer.trim(&keep_from(keep)).unwrap().segments;
        check_all(&mut through, &frames);
        check_all(&mut writer.reader().history(), &frames);
        drop((writer, through));
        let (writer, _) = reopened(&storage, &archiving(None));
        check_all(&mut writer.reader().history(), &frames);
    }
    assert!(moved > 50, "{moved} segments moved");
}

#[test]
fn a_session_sees_what_becomes_durable_after_it_began() {
    let World { mut writer, mut frames, storage } = world();
    let (reader, mut history) = (writer.reader(), writer.reader().history());
    let mut scribe = Scribe::default();
    frames.iter().for_each(|bytes| scribe.resume(&Frame::parse(bytes).unwrap().0));
    for round in 0..40_u8 {
        let frame = scribe.frame(3, &[round; 700]);
        writer.push(&frame);
        let next = FrameNo(frames.len() as u64 + 1);
        assert_eq!(history.frame(JournalId(3), next).unwrap(), None, "I11: not before it is durable");
        writer.commit_pushed().unwrap();
        frames.push(frame);
        assert_eq!(read_all(&mut history, next.0).unwrap(), frames[frames.len() - 1..]);
        assert_eq!(reader.position(JournalId(3)).unwrap().number, next);
        if round % 7 == 3 {
            writer.seal().unwrap();
            writer.trim(&keep_from(next.0)).unwrap();
        }
    }
    check_all(&mut history, &frames);
    drop((writer, reader, history));
    let (writer, _) = reopened(&storage, &archiving(None));
    check_all(&mut writer.reader().history(), &frames);
}

#[test]
fn a_position_is_durable_and_outlives_what_was_trimmed() {
    let World { storage, mut writer, frames } = world();
    let last = Frame::parse(frames.last().unwrap()).unwrap().0;
    let expected = Some(Position { number: last.header.number, lsn: last.last_lsn() });
    assert_eq!(writer.reader().position(JournalId(3)), expected);
    assert_eq!(writer.reader().position(JournalId(9)), None);
    writer.trim(&keep_from(100)).unwrap();
    assert_eq!(writer.reader().position(JournalId(3)), expected);
    drop(writer);
    let (writer, _) = reopened(&storage, &archiving(None));
    assert_eq!(writer.reader().position(JournalId(3)), None);
    assert_eq!(read_all(&mut writer.reader().history(), 1).unwrap(), frames);
    assert_eq!(writer.reader().position(JournalId(3)), expected, "somebody has looked into the archive");
}

#[test]
fn walking_back_through_a_journal_opens_each_segment_once() {
    let World { writer, frames, .. } = world();
    let mut history = writer.reader().history();
    let (reads, rounds) = (writer.storage.opens(), 50);
    for _ in 0..rounds {
        for lsn in (1..=frames.len() as u64).rev() {
            history.frame_of(JournalId(3), Lsn(lsn)).unwrap().unwrap();
        }
    }
    let opened = writer.storage.opens() - reads;
    assert!(opened <= 2 * 16, "{opened} files opened for {} lookups", rounds * frames.len());
}

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

#[test]
fn a_poll_for_new_frames_reads_little_however_long_the_segment_is() {
    let storage = new_log();
    let (mut writer, _, mut scribe, _) = open_and_read(&storage, &options(1 << 20)).unwrap();
    let mut history = writer.reader().history();
    for round in 0..200_u64 {
        let (noise, frame) = (scribe.frame(1, &[7; 3000]), scribe.frame(3, b"new"));
        writer.commit(&[&noise, &frame]).unwrap();
        let before = storage.bytes_read();
        assert_eq!(read_all(&mut history, round + 1).unwrap(), [frame]);
        let read = storage.bytes_read() - before;
        assert!(read <= 32 * 1024, "round {round}: {read} bytes read");
    }
}

/// Segments turn over, are trimmed, recycled and zeroed again under the feed's hands.
#[test]
fn a_feed_beside_the_writer_sees_every_frame_once() {
    const FRAMES: u64 = 1500;
    for archive in [true, false] {
        let storage = new_log();
        let options = Options { archive, ..options(SEGMENT_BYTES) };
        let (mut writer, _, mut scribe, _) = open_and_read(&storage, &options).unwrap();
        let reader = writer.reader();
        let seen = AtomicU64::new(0);
        std::thread::scope(|scope| {
            let seen = &seen;
            scope.spawn(move || {
                for number in 1..=FRAMES {
                    let frame = scribe.frame(3, &number.to_le_bytes());
                    writer.commit(&[&frame]).unwrap();
                    if number % 16 == 0 {
                        let keep_from = KeepFrom::from([(JournalId(3), FrameNo(seen.load(Ordering::Acquire) + 1))]);
                        writer.trim(&keep_from).unwrap();
                        writer.prepare_spare().unwrap();
                    }
                }
            });
            let mut history = reader.history();
            while seen.load(Ordering::Acquire) < FRAMES {
                let next = seen.load(Ordering::Acquire) + 1;
                let read = history.read(JournalId(3), FrameNo(next), &mut |frame| {
                    assert_eq!(frame.payload, (seen.load(Ordering::Acquire) + 1).to_le_bytes());
                    seen.fetch_add(1, Ordering::AcqRel);
                    ControlFlow::Continue(())
                });
                read.unwrap();
            }
        });
    }
}
