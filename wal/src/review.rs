//! Reviews a log while it is being written: every checksum and every continuity of what is durable when it begins (I10, I16).
//!
//! [`crate::verify`] says the same of a log that nobody holds, and judges its tail; here the tail is whole as far as it is durable,
//! and what is behind that is not looked at. Reads past the cache, one segment at a time, and changes nothing. Segments that are
//! trimmed meanwhile are read in the archive; those that have left it too are passed over, for they no longer count.

use crate::cursor::Cursor;
use crate::error::{Damage, Error, IoContext};
use crate::files::{Files, missing, open_segment};
use crate::frame::Frame;
use crate::group::GroupKind;
use crate::number::{FrameNo, JournalId, LogUuid};
use crate::recover::{Progress, READ_BYTES};
use crate::scan::{FrameAddress, Walk, frames_of, walk_to_end};
use crate::segment::{SegmentEnd, SegmentHeader};
use crate::shelf::Shelf;
use crate::storage::{AlignedBuffer, SECTOR_BYTES, StorageFile};
use crate::verify::Journals;
use std::collections::BTreeMap;

/// What a review found.
#[derive(Debug)]
pub struct Review {
    /// Segments, frames and bytes that are whole.
    pub whole: Progress,
    /// Groups that are whole, seals included.
    pub groups: u64,
    /// The journals that have frames here: all of one instant, that of the last group that was durable at the beginning.
    pub journals: BTreeMap<JournalId, Reviewed>,
    /// The first problem. It names file, offset and what is whole before it.
    pub problem: Option<Error>,
    /// Whether it went to the end, or to the problem.
    pub is_complete: bool,
}

/// One journal as a review found it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reviewed {
    /// Its first frame in the log.
    pub first: FrameNo,
    /// Where it stands after its last.
    pub cursor: Cursor,
}

pub(crate) fn review(files: &dyn Files, shelf: &Shelf, uuid: LogUuid, go_on: &mut dyn FnMut(Progress) -> bool) -> Review {
    let (sealed, active) = shelf.standing();
    let mut standing: Vec<Segment> = sealed.iter().map(|sealed| (sealed.header, sealed.header_crc, sealed.end)).collect();
    standing.push((active.header, active.header_crc, active.end));
    let whole = Progress { segments_done: 0, segments: standing.len() as u64, frames: 0, bytes: 0 };
    let mut desk = Desk {
        files,
        uuid,
        buffer: AlignedBuffer::default(),
        journals: Journals::new(),
        firsts: BTreeMap::new(),
        whole,
        groups: 0,
    };
    let (mut problem, mut is_complete) = (None, true);
    for segment in &standing {
        match desk.read(segment) {
            Ok(true) => {}
            // What follows it no longer follows anything that is here.
            Ok(false) if !shelf.holds(segment.0.segment) => desk.forget(),
            Ok(false) => problem = Some(missing(&crate::segment::segment_name(segment.0.segment), segment.0.segment)),
            Err(error) => problem = Some(desk.journals.problem(error)),
        }
        if problem.is_some() {
            break;
        }
        desk.whole.segments_done += 1;
        if !go_on(desk.whole) {
            is_complete = false;
            break;
        }
    }
    let firsts = &desk.firsts;
    let reviewed = |(&journal, &cursor): (&JournalId, &Cursor)| (journal, Reviewed { first: firsts[&journal], cursor });
    let journals = desk.journals.cursors.iter().map(reviewed).collect();
    Review { whole: desk.whole, groups: desk.groups, journals, problem, is_complete }
}

/// What the shelf says of a segment: its header, the header's checksum, and where its durable groups end.
type Segment = (SegmentHeader, u32, SegmentEnd);

struct Desk<'a> {
    files: &'a dyn Files,
    uuid: LogUuid,
    buffer: AlignedBuffer,
    journals: Journals,
    firsts: BTreeMap<JournalId, FrameNo>,
    whole: Progress,
    groups: u64,
}

impl Desk<'_> {
    /// Reads a segment; false when its file is gone.
    fn read(&mut self, (header, header_crc, end): &Segment) -> Result<bool, Error> {
        let Some((name, file)) = open_segment(self.files, header.segment)? else { return Ok(false) };
        self.load(&name, file.as_ref(), end.offset)?;
        let buffer = std::mem::take(&mut self.buffer);
        let bytes = &buffer[..end.offset as usize];
        let walked = self
            .check_header(&name, bytes, header, *header_crc)
            .and_then(|()| self.walk(&name, bytes, header, *header_crc, *end));
        self.buffer = buffer;
        walked.map(|()| true)
    }

    fn load(&mut self, name: &str, file: &dyn StorageFile, length: u64) -> Result<(), Error> {
        let found = file.len_bytes().on("length", name, 0)?;
        if found < length {
            return Err(Error::corrupt(name, found, Damage::Length { expected: length, found }));
        }
        self.buffer.grow_to(length as usize);
        for offset in (0..length as usize).step_by(READ_BYTES) {
            let piece = &mut self.buffer[offset..(offset + READ_BYTES).min(length as usize)];
            file.read_past_cache_exact_at(piece, offset as u64).on("read", name, offset as u64)?;
        }
        self.whole.bytes += length;
        Ok(())
    }

    /// The header on the disk is the one that the log goes by.
    fn check_header(&self, name: &str, bytes: &[u8], header: &SegmentHeader, header_crc: u32) -> Result<(), Error> {
        let sector = bytes.get(..SECTOR_BYTES).ok_or_else(|| Error::corrupt(name, 0, Damage::EndDisagrees))?;
        match SegmentHeader::decode(name, sector, self.uuid, header.segment)? {
            found if found == (*header, header_crc) => Ok(()),
            _ => Err(Error::corrupt(name, 0, Damage::Contradiction { what: "the header" })),
        }
    }

    fn walk(&mut self, name: &str, bytes: &[u8], header: &SegmentHeader, header_crc: u32, end: SegmentEnd) -> Result<(), Error> {
        let mut walk = Walk::new(bytes, header, header_crc);
        let segment = header.segment;
        walk_to_end(name, &mut walk, end, |group, offset, payload| {
            self.groups += 1;
            if group.kind != GroupKind::Data {
                return Ok(());
            }
            frames_of(name, group, offset, payload, &mut |frame, at| {
                self.take(name, &frame, FrameAddress { segment, offset: at })
            })
        })
    }

    fn take(&mut self, name: &str, frame: &Frame<'_>, address: FrameAddress) -> Result<(), Error> {
        let stopped = |source| Error::Replay { file: name.to_owned(), offset: address.offset, source };
        self.journals.accept(frame, address).map_err(stopped)?;
        self.firsts.entry(frame.header.journal).or_insert(frame.header.number);
        self.whole.frames += 1;
        Ok(())
    }

    fn forget(&mut self) {
        self.journals = Journals::new();
        self.firsts.clear();
    }
}
