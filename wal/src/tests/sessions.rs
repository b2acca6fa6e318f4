//! What a reading session remembers is bounded, and outlives nothing that has left the log.

use super::scribe::*;
use crate::files::Files;
use crate::storage::sim::{SimFile, SimStorage};
use crate::storage::{Mapping, Storage, StorageFile};
use crate::*;
use std::io;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};

/// A log of one journal, whose trimmed segments are no more.
struct World {
    writer: Writer<SimStorage>,
    scribe: Scribe,
    /// The number of the first frame of each segment.
    firsts: Vec<u64>,
}

impl World {
    fn of_segments(count: usize) -> World {
        let options = Options { archive: false, ..options(16384) };
        let (writer, _, scribe, _) = open_and_read(&new_log(), &options).unwrap();
        let mut world = World { writer, scribe, firsts: vec![1] };
        (1..count).for_each(|_| world.turn_over());
        world
    }

    /// Commits frames until one is in a new segment.
    fn turn_over(&mut self) {
        let before = self.writer.stats().segments;
        while self.writer.stats().segments == before {
            commit_each(&mut self.writer, &mut self.scribe, &[b"frame"]);
        }
        self.firsts.push(self.scribe.cursors[&JournalId(0)].number.0);
    }

    fn trim_everything(&mut self) {
        self.trim_before(u64::MAX);
    }

    fn trim_before(&mut self, number: u64) {
        self.writer.trim(&KeepFrom::from([(JournalId(0), FrameNo(number))])).unwrap();
    }
}

fn read(history: &mut History, from: u64) -> Result<(), Error> {
    history.read(JournalId(0), FrameNo(from), &mut |_| ControlFlow::Continue(()))
}

#[test]
fn a_session_keeps_sixteen_segments_open_and_no_more() {
    let World { writer, firsts, .. } = World::of_segments(18);
    let mut history = writer.reader().history();
    let mut opens = |firsts: &[u64]| {
        let before = writer.storage.opens();
        for &first in firsts {
            assert!(history.frame(JournalId(0), FrameNo(first)).unwrap().is_some());
        }
        writer.storage.opens() - before
    };
    assert_eq!(opens(&firsts[..17]), 17);
    assert_eq!(opens(&firsts[1..17]), 0, "the sixteen used last");
    assert_eq!(opens(&firsts[..1]), 1, "the other one anew");
}

#[test]
fn a_session_that_has_read_segments_learns_that_they_are_no_more() {
    for turns in 0..3 {
        let mut world = World::of_segments(3);
        let mut history = world.writer.reader().history();
        read(&mut history, 1).unwrap();
        world.trim_everything();
        (0..turns).for_each(|_| world.turn_over());
        let gone = read(&mut history, 1).unwrap_err();
        assert!(matches!(gone, Error::Trimmed { first_available, .. } if first_available.0 == world.firsts[2]), "{gone}");
    }
}

#[test]
fn a_journal_of_which_nothing_is_left_begins_after_its_last_frame() {
    let mut world = World::of_segments(2);
    let last = world.scribe.cursors[&JournalId(0)].number;
    world.writer.turn_over().unwrap();
    let other = world.scribe.frame(1, b"of another journal");
    world.writer.commit(&[&other]).unwrap();
    world.trim_everything();
    let gone = read(&mut world.writer.reader().history(), 1).unwrap_err();
    assert!(matches!(gone, Error::Trimmed { first_available, .. } if first_available.0 == last.0 + 1), "{gone}");
}

#[test]
fn a_reading_ends_with_what_was_durable_when_it_began() {
    let mut world = World::of_segments(3);
    let (mut history, mut seen) = (world.writer.reader().history(), 0);
    let until = world.scribe.cursors[&JournalId(0)].number.0;
    assert_eq!(history.durable(), world.writer.durable());
    let read = history.read(JournalId(0), FrameNo(1), &mut |_| {
        if seen == 0 {
            commit_each(&mut world.writer, &mut world.scribe, &[b"later"]);
        }
        seen += 1;
        ControlFlow::Continue(())
    });
    assert_eq!((read.unwrap(), seen), ((), until));
}

#[test]
fn a_frame_that_is_damaged_while_its_segment_is_written_is_refused() {
    let World { writer, firsts, .. } = World::of_segments(2);
    writer.storage.flip_bit(&segment_name(SegmentId(2)), (4096 + 500) * 8);
    writer.storage.flip_bit(&segment_name(SegmentId(2)), (4096 + 104) * 8);
    let damaged = writer.reader().history().frame(JournalId(0), FrameNo(firsts[1])).unwrap_err();
    assert_eq!(damaged.kind(), ErrorKind::Corruption, "{damaged}");
}

#[test]
fn a_segment_whose_file_is_lost_under_a_reader_is_missing() {
    let World { writer, .. } = World::of_segments(3);
    writer.storage.lose(&segment_name(SegmentId(1)));
    let missing = read(&mut writer.reader().history(), 1).unwrap_err();
    assert!(matches!(missing, Error::Corrupt { damage: Damage::SegmentMissing { .. }, .. }), "{missing}");
}

#[test]
fn a_disk_that_fails_is_not_taken_for_a_missing_segment() {
    let World { writer, .. } = World::of_segments(3);
    let mut history = writer.reader().history();
    writer.storage.fail_reads(true);
    let failed = read(&mut history, 1).unwrap_err();
    assert_eq!(failed.kind(), ErrorKind::Io, "{failed}");
    writer.storage.fail_reads(false);
    read(&mut history, 1).unwrap();
}

/// I10: opening shows every frame to its caller, who would have refused; a reader finds the gap himself.
#[test]
fn a_frame_missing_between_two_segments_is_damage() {
    let mut world = World::of_segments(2);
    let lost = world.scribe.frame(0, b"never committed");
    drop(lost);
    let missing = world.scribe.cursors[&JournalId(0)].number;
    world.writer.turn_over().unwrap();
    world.turn_over();
    let gap = world.writer.reader().history().frame(JournalId(0), missing).unwrap_err();
    assert_eq!(gap.kind(), ErrorKind::Corruption, "{gap}");
}

#[test]
fn an_event_missing_between_two_frames_is_damage() {
    let mut world = World::of_segments(2);
    let cursor = world.scribe.cursors.get_mut(&JournalId(0)).unwrap();
    cursor.lsn = Lsn(cursor.lsn.0 + 1);
    let missing = cursor.lsn;
    world.turn_over();
    let gap = world.writer.reader().history().frame_of(JournalId(0), missing).unwrap_err();
    assert_eq!(gap.kind(), ErrorKind::Corruption, "{gap}");
}

type Event = Box<dyn FnOnce() + Send>;

/// What is to happen once, in the middle of something else.
#[derive(Clone, Default)]
struct Once(Arc<Mutex<Option<Event>>>);

impl Once {
    fn of(event: impl FnOnce() + Send + 'static) -> Once {
        Once(Arc::new(Mutex::new(Some(Box::new(event)))))
    }

    fn happen(&self) {
        let event = self.0.lock().unwrap().take();
        event.into_iter().for_each(|event| event());
    }
}

/// Lets something happen before a file is opened, or before an open one is read.
struct Meanwhile {
    storage: SimStorage,
    before_opening: Once,
    before_reading: Once,
}

struct MeanwhileFile {
    file: SimFile,
    before_reading: Once,
}

impl Files for Meanwhile {
    fn open(&self, name: &str) -> io::Result<Box<dyn StorageFile>> {
        self.before_opening.happen();
        Ok(Box::new(MeanwhileFile { file: self.storage.open(name)?, before_reading: self.before_reading.clone() }))
    }

    fn list(&self) -> io::Result<Vec<String>> {
        self.storage.list()
    }
}

impl StorageFile for MeanwhileFile {
    fn len_bytes(&self) -> io::Result<u64> {
        self.file.len_bytes()
    }

    fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<usize> {
        self.before_reading.happen();
        self.file.read_at(into, offset)
    }

    fn read_past_cache_at(&self, into: &mut [u8], offset: u64) -> io::Result<(usize, bool)> {
        self.file.read_past_cache_at(into, offset)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        self.file.write_at(bytes, offset)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn sync_all(&self) -> io::Result<()> {
        self.file.sync_all()
    }

    fn set_len(&self, length_bytes: u64) -> io::Result<()> {
        self.file.set_len(length_bytes)
    }

    fn map(&self) -> io::Result<Mapping> {
        self.file.map()
    }
}

#[test]
fn a_segment_that_leaves_between_its_finding_and_its_opening_was_trimmed_and_is_not_missing() {
    let mut world = World::of_segments(3);
    let (storage, shelf) = (world.writer.storage.clone(), Arc::clone(&world.writer.shelf));
    let before_opening = Once::of(move || world.trim_before(world.firsts[1]));
    let files = Meanwhile { storage, before_opening, before_reading: Once::default() };
    let gone = read(&mut History::new(Arc::new(files), UUID, shelf), 1).unwrap_err();
    assert_eq!(gone.kind(), ErrorKind::Trimmed, "{gone}");
}

#[test]
fn a_segment_recycled_between_its_opening_and_its_reading_was_trimmed_and_is_not_damaged() {
    for read_on in [true, false] {
        let mut world = World::of_segments(1);
        commit_each(&mut world.writer, &mut world.scribe, &[b"frame"]);
        let (storage, shelf) = (world.writer.storage.clone(), Arc::clone(&world.writer.shelf));
        let before_reading = Once::of(move || {
            world.turn_over();
            world.trim_everything();
            world.writer.prepare_spare().unwrap();
        });
        let files = Meanwhile { storage, before_opening: Once::default(), before_reading };
        let mut history = History::new(Arc::new(files), UUID, shelf);
        let gone = match read_on {
            true => read(&mut history, 1).unwrap_err(),
            false => history.frame(JournalId(0), FrameNo(1)).unwrap_err(),
        };
        assert_eq!(gone.kind(), ErrorKind::Trimmed, "{gone}");
    }
}
