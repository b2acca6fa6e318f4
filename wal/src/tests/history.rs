//! History: every frame and every event of a journal is found, from the archive to the newest group, by number and by lsn, also
//! while it is written; and finding it costs little.

use super::scribe::*;
use crate::storage::sim::SimStorage;
use crate::*;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};

pub(super) const SEGMENT_BYTES: u64 = 16384;

pub(super) fn archiving(archive_bytes_max: Option<u64>) -> Options {
    Options { archive_bytes_max, ..options(SEGMENT_BYTES) }
}

/// A log of three starts; journal 3 in every second group, with one to three events a frame.
pub(super) struct World {
    pub(super) storage: SimStorage,
    pub(super) writer: Writer<SimStorage>,
    /// Journal 3, in order.
    pub(super) frames: Vec<Vec<u8>>,
}

pub(super) fn world() -> World {
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
pub(super) fn reopened(storage: &SimStorage, options: &Options) -> (Writer<SimStorage>, Scribe) {
    let mut scribe = Scribe::default();
    let replay = &mut |frame: Frame<'_>, _| {
        scribe.resume(&frame);
        Ok(())
    };
    let (writer, _) = open(storage.clone(), options, replay, &mut |_| {}).unwrap();
    (writer, scribe)
}

pub(super) fn keep_from(number: u64) -> KeepFrom {
    KeepFrom::from([(JournalId(1), FrameNo(u64::MAX)), (JournalId(3), FrameNo(number))])
}

pub(super) fn read_all(history: &mut History, from: u64) -> Result<Vec<Vec<u8>>, Error> {
    let mut seen = Vec::new();
    history.read(JournalId(3), FrameNo(from), &mut |frame| {
        seen.push(frame.bytes().to_vec());
        ControlFlow::Continue(())
    })?;
    Ok(seen)
}

/// Every frame by its number, every event by its lsn, and reading from each of both.
#[track_caller]
pub(super) fn check_all(history: &mut History, frames: &[Vec<u8>]) {
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
fn a_tenure_frame_holds_no_event_and_hides_none() {
    let storage = new_log();
    let (mut expected, mut lsn) = (Vec::new(), 0);
    for start in 0..4_u8 {
        let (mut writer, mut scribe) = reopened(&storage, &archiving(None));
        // The second start leaves a segment with nothing but tenures.
        let frames = [scribe.tenure(3), scribe.tenure(3), scribe.frame_of_events(3, 2, &[start]), scribe.tenure(3)];
        let written = if start == 1 { &frames[..2] } else { &frames[..] };
        writer.commit(&written.iter().map(Vec::as_slice).collect::<Vec<_>>()).unwrap();
        if start != 1 {
            expected.extend([(lsn + 1, frames[2].clone()), (lsn + 2, frames[2].clone())]);
            lsn += 2;
        }
        for archived in [false, true] {
            let mut history = writer.reader().history();
            for (lsn, frame) in &expected {
                let found = history.frame_of(JournalId(3), Lsn(*lsn)).unwrap().unwrap();
                assert_eq!(found.bytes(), frame, "start {start}, archived: {archived}, lsn {lsn}");
            }
            assert_eq!(history.frame_of(JournalId(3), Lsn(lsn + 1)).unwrap(), None);
            writer.trim(&keep_from(u64::MAX)).unwrap();
        }
    }
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

#[test]
fn a_segment_recycled_under_a_reading_is_trimmed_and_not_damaged() {
    let options = Options { archive: false, ..options(1 << 18) };
    let (mut writer, _, mut scribe, _) = open_and_read(&new_log(), &options).unwrap();
    // No two of them lie in one window.
    commit_each(&mut writer, &mut scribe, &[&[1; 40_000], &[2; 40_000], &[3; 40_000]]);
    let (mut history, mut seen) = (writer.reader().history(), 0);
    let read = history.read(JournalId(0), FrameNo(1), &mut |_| {
        seen += 1;
        while writer.stats().segments == 0 {
            commit_each(&mut writer, &mut scribe, &[&[4; 40_000]]);
        }
        writer.trim(&KeepFrom::from([(JournalId(0), FrameNo(u64::MAX))])).unwrap();
        writer.prepare_spare().unwrap();
        ControlFlow::Continue(())
    });
    assert_eq!((read.unwrap_err().kind(), seen), (ErrorKind::Trimmed, 1));
}
