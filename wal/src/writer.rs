//! The writer: a plain struct that turns sealed frames into durable groups. No thread, no clock; everything else wraps it.
//!
//! One group is one write and one `fdatasync`; when [`Writer::commit`] returns, the group is durable. After a failed write or
//! sync the writer is poisoned: the page cache can no longer be believed, and the process must end (rule 2). Relies on the
//! directory lock, which it holds for life. How it goes from segment to segment is in `rotate.rs`.

use crate::error::{Error, IoContext};
use crate::frame::Frame;
use crate::group::{Composer, GROUP_HEADER_BYTES, GROUP_PAYLOAD_BYTES_MAX, GroupHeader, GroupKind, Place};
use crate::identity::Identity;
use crate::index::Index;
use crate::live::Landed;
use crate::number::{FrameNo, GroupSeq, JournalId, Lsn};
use crate::options::Options;
use crate::planted::{self, Planted};
use crate::read::Reader;
use crate::sector::{Seed, disk_bytes_for};
use crate::segment::{SegmentEnd, SegmentHeader};
use crate::shelf::Shelf;
use crate::spares::Spares;
use crate::storage::{SECTOR_BYTES, Storage, StorageFile};
use std::sync::Arc;

/// What a writer has done since it was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Groups of frames made durable.
    pub groups: u64,
    /// Frames in them.
    pub frames: u64,
    /// Bytes of those frames.
    pub frame_bytes: u64,
    /// Groups that seal the tail.
    pub seals: u64,
    /// Segments begun.
    pub segments: u64,
    /// Bytes written into segments.
    pub disk_bytes: u64,
    /// Calls of `fdatasync` and `fsync`.
    pub syncs: u64,
}

/// The segment being written.
pub(crate) struct Segment<F> {
    pub(crate) name: String,
    pub(crate) file: F,
    pub(crate) seed: Seed,
    pub(crate) header: SegmentHeader,
    pub(crate) index: Index,
    /// Where the next group goes, and what it follows.
    pub(crate) end: SegmentEnd,
}

/// Where the next spare segment comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SpareSource {
    /// Made on the spot when none is ready.
    Made,
    /// Waited for: another thread makes them.
    Awaited,
}

#[derive(Clone, Copy, Debug)]
struct Pending {
    journal: JournalId,
    number: FrameNo,
    first_lsn: Lsn,
    last_lsn: Lsn,
    position: usize,
}

impl Pending {
    /// The frame, durable in a group that begins at byte `group_offset` of its segment.
    fn landed(&self, group_offset: u64) -> Landed {
        let Pending { journal, number, first_lsn, last_lsn, position } = *self;
        Landed { journal, number, first_lsn, last_lsn, offset: (group_offset + position as u64) as u32 }
    }
}

/// Appends groups to a log.
pub struct Writer<S: Storage> {
    pub(crate) storage: S,
    pub(crate) identity: Identity,
    pub(crate) options: Options,
    pub(crate) start: u64,
    pub(crate) segment: Segment<S::File>,
    pub(crate) durable: GroupSeq,
    pub(crate) shelf: Arc<Shelf>,
    pub(crate) spares: Arc<Spares<S>>,
    pub(crate) spare_source: SpareSource,
    pub(crate) stats: Stats,
    pub(crate) poisoned: bool,
    pub(crate) sealed: bool,
    pub(crate) composer: Composer,
    /// Seals and closing groups are composed aside, because a data group may be waiting in `composer`.
    pub(crate) aside: Composer,
    pending: Vec<Pending>,
    pub(crate) lock: Arc<S::Lock>,
}

/// What recovery hands to a new writer.
pub(crate) struct Founding<S: Storage> {
    pub(crate) storage: S,
    pub(crate) identity: Identity,
    pub(crate) options: Options,
    pub(crate) start: u64,
    pub(crate) segment: Segment<S::File>,
    pub(crate) durable: GroupSeq,
    pub(crate) shelf: Shelf,
    pub(crate) spares: Spares<S>,
    pub(crate) lock: S::Lock,
}

impl<S: Storage> Writer<S> {
    pub(crate) fn new(founding: Founding<S>) -> Writer<S> {
        Writer {
            storage: founding.storage,
            identity: founding.identity,
            options: founding.options,
            start: founding.start,
            segment: founding.segment,
            durable: founding.durable,
            shelf: Arc::new(founding.shelf),
            spares: Arc::new(founding.spares),
            spare_source: SpareSource::Made,
            stats: Stats::default(),
            poisoned: false,
            sealed: true,
            composer: Composer::default(),
            aside: Composer::default(),
            pending: Vec::new(),
            lock: Arc::new(founding.lock),
        }
    }

    /// Makes sealed frames durable as one group: each slice holds whole frames back to back. Without frames it writes nothing.
    ///
    /// # Errors
    /// `DiskFull` when a new segment is needed and cannot be made: nothing was written, and a later commit may succeed. `Io`
    /// when the disk failed: the process must end. `Bounds` when the frames do not fit one group of one segment.
    ///
    /// # Panics
    /// When a slice is not whole sealed frames, or a journal's frames do not follow each other.
    pub fn commit(&mut self, frames: &[&[u8]]) -> Result<GroupSeq, Error> {
        assert!(self.pending.is_empty(), "frames are either pushed or committed at once");
        for frames in frames {
            self.push(frames);
        }
        let committed = self.commit_group();
        self.discard();
        committed
    }

    /// Adds sealed frames, back to back, to the group that the next [`Writer::commit_pushed`] makes durable,
    /// and counts them.
    ///
    /// # Panics
    /// When the bytes are not whole sealed frames, or the group grows beyond its bound.
    pub fn push(&mut self, frames: &[u8]) -> u32 {
        let (mut rest, before) = (frames, self.pending.len());
        while !rest.is_empty() {
            let parsed = Frame::parse(rest);
            let (frame, consumed) = parsed.unwrap_or_else(|error| panic!("only sealed frames are committed: {error}"));
            let position = self.composer.next_position();
            let (journal, number, first_lsn) = (frame.header.journal, frame.header.number, frame.header.first_lsn);
            self.pending.push(Pending { journal, number, first_lsn, last_lsn: frame.last_lsn(), position });
            self.composer.push(frame.bytes());
            rest = &rest[consumed..];
        }
        (self.pending.len() - before) as u32
    }

    /// The bytes of the frames pushed so far.
    #[must_use]
    pub fn pushed_bytes(&self) -> usize {
        self.composer.payload_bytes()
    }

    /// Makes what was pushed durable as one group.
    ///
    /// # Errors
    /// As [`Writer::commit`]. After `DiskFull` what was pushed stays for the next call; after anything else it is forgotten.
    pub fn commit_pushed(&mut self) -> Result<GroupSeq, Error> {
        let committed = self.commit_group();
        if !matches!(committed, Err(Error::DiskFull { .. })) {
            self.discard();
        }
        committed
    }

    /// Seals the tail, so that damage to what is before is never taken for a torn write (rule 5). Does nothing when no group
    /// was committed since the last seal.
    ///
    /// # Errors
    /// As [`Writer::commit`]; after `DiskFull` the tail is whole but unsealed.
    pub fn seal(&mut self) -> Result<(), Error> {
        self.check_poison()?;
        if self.sealed {
            return Ok(());
        }
        self.aside.clear();
        self.ensure_room(GROUP_HEADER_BYTES, 0)?;
        if !self.sealed {
            self.write_aside(GroupKind::Seal)?;
            self.stats.seals += 1;
        }
        Ok(())
    }

    /// Zeroes one more spare segment ahead when fewer than `spare_count` are ready.
    ///
    /// # Errors
    /// `DiskFull`, harmlessly; `Io` when the disk failed.
    pub fn prepare_spare(&mut self) -> Result<(), Error> {
        match self.spares.ready_count() < self.options.spare_count {
            true => self.spares.make_one(),
            false => Ok(()),
        }
    }

    /// The newest durable group.
    #[must_use]
    pub fn durable(&self) -> GroupSeq {
        self.durable
    }

    /// What was done since the log was opened.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.stats
    }

    /// Which log it is.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Reads what is durable, also while this writer writes.
    #[must_use]
    pub fn reader(&self) -> Reader {
        Reader::new(self.storage.clone(), self.identity.uuid, Arc::clone(&self.shelf), Arc::clone(&self.lock))
    }

    fn commit_group(&mut self) -> Result<GroupSeq, Error> {
        self.check_poison()?;
        if self.pending.is_empty() {
            return Ok(self.durable);
        }
        self.ensure_room(GROUP_HEADER_BYTES + self.composer.payload_bytes(), self.pending.len())?;
        self.note_frames();
        let result = self.write_composed();
        self.poison_on_error(result)?;
        self.stats.groups += 1;
        self.stats.frames += self.pending.len() as u64;
        self.stats.frame_bytes += self.composer.payload_bytes() as u64;
        self.sealed = false;
        Ok(self.durable)
    }

    fn discard(&mut self) {
        self.composer.clear();
        self.pending.clear();
    }

    fn note_frames(&mut self) {
        for frame in &self.pending {
            let offset = self.segment.end.offset + frame.position as u64;
            let follows = self.segment.index.note(frame.journal, frame.number, offset as u32);
            // I10: a journal's frames have no gaps.
            assert!(follows, "frame {} of journal {} follows its predecessor", frame.number, frame.journal);
        }
    }

    fn write_composed(&mut self) -> Result<(), Error> {
        let (segment, group) = (&mut self.segment, self.durable.next());
        let (seed, offset, previous_crc) = (&segment.seed, segment.end.offset, segment.end.crc);
        let place = Place { seed, offset, group, durable: self.durable, previous_crc };
        let (sectors, header) = self.composer.finish(GroupKind::Data, self.pending.len() as u32, &place);
        write_and_sync(segment, sectors)?;
        self.account(&header);
        Ok(())
    }

    /// Composes what stands in `aside`, writes and syncs it. A closing group does not use its number up.
    pub(crate) fn write_aside(&mut self, kind: GroupKind) -> Result<(), Error> {
        let (segment, group) = (&mut self.segment, self.durable.next());
        let (seed, offset, previous_crc) = (&segment.seed, segment.end.offset, segment.end.crc);
        let place = Place { seed, offset, group, durable: self.durable, previous_crc };
        let (sectors, header) = self.aside.finish(kind, 0, &place);
        let result = write_and_sync(segment, sectors);
        self.poison_on_error(result)?;
        match kind {
            GroupKind::Closing => self.count_sync(header.disk_bytes()),
            GroupKind::Seal | GroupKind::Data => self.account(&header),
        }
        self.sealed = true;
        Ok(())
    }

    /// The group is durable: the end moves past it.
    fn account(&mut self, header: &GroupHeader) {
        assert!(header.group == self.durable.next(), "groups become durable one by one");
        let begin = self.segment.end.offset;
        self.segment.end.offset += header.disk_bytes() as u64;
        self.segment.end.crc = header.crc;
        self.durable = header.group;
        self.count_sync(header.disk_bytes());
        // A seal is composed aside: what is pending is not in it.
        let frames: &[Pending] = if header.kind == GroupKind::Data { &self.pending } else { &[] };
        self.shelf.advance(self.segment.end, header.group, frames.iter().map(|frame| frame.landed(begin)));
    }

    fn count_sync(&mut self, disk_bytes: usize) {
        self.stats.syncs += 1;
        self.stats.disk_bytes += disk_bytes as u64;
    }

    /// Goes on in a new segment when a group of so many bytes and frames would leave no room for the closing group.
    fn ensure_room(&mut self, group_bytes: usize, frame_count: usize) -> Result<(), Error> {
        if self.fits(group_bytes, frame_count) {
            return Ok(());
        }
        let most = self.segment.header.segment_bytes.min(GROUP_PAYLOAD_BYTES_MAX as u64);
        let too_large = Error::Bounds { what: "bytes of one group", found: group_bytes as u64, least: 1, most };
        if !fits_empty(self.options.segment_bytes, group_bytes, frame_count) {
            return Err(too_large);
        }
        let result = self.turn_over();
        self.poison_on_error(result)?;
        assert!(self.fits(group_bytes, frame_count), "a group that fits an empty segment fits the next one");
        Ok(())
    }

    fn fits(&self, group_bytes: usize, frame_count: usize) -> bool {
        let index_bytes = self.segment.index.bytes_after(frame_count);
        fits(self.segment.end.offset, self.segment.header.segment_bytes, group_bytes, index_bytes)
    }

    pub(crate) fn check_poison(&self) -> Result<(), Error> {
        match self.poisoned {
            true => Err(Error::Poisoned),
            false => Ok(()),
        }
    }

    /// Rule 2: after anything but a full disk met in time, nothing is ever written again.
    pub(crate) fn poison_on_error<T>(&mut self, result: Result<T, Error>) -> Result<T, Error> {
        self.poisoned |= matches!(&result, Err(error) if !matches!(error, Error::DiskFull { .. }));
        result
    }
}

fn fits_empty(segment_bytes: u64, group_bytes: usize, frame_count: usize) -> bool {
    fits(SECTOR_BYTES as u64, segment_bytes, group_bytes, Index::default().bytes_after(frame_count))
}

fn fits(offset: u64, segment_bytes: u64, group_bytes: usize, index_bytes: usize) -> bool {
    let closing = disk_bytes_for(GROUP_HEADER_BYTES + index_bytes);
    let needed = offset + (disk_bytes_for(group_bytes) + closing) as u64;
    index_bytes <= GROUP_PAYLOAD_BYTES_MAX && needed <= segment_bytes
}

fn write_and_sync<F: StorageFile>(segment: &Segment<F>, sectors: &[u8]) -> Result<(), Error> {
    let offset = segment.end.offset;
    assert!(offset.is_multiple_of(SECTOR_BYTES as u64), "a group begins on a sector");
    segment.file.write_all_at(sectors, offset).on("write", &segment.name, offset)?;
    if planted::is(Planted::EarlyAcknowledgement) {
        return Ok(());
    }
    let synced = segment.file.sync_data();
    match synced {
        Err(_) if planted::is(Planted::SyncRetried) => segment.file.sync_data().on("fdatasync", &segment.name, offset),
        synced => synced.on("fdatasync", &segment.name, offset),
    }
}
