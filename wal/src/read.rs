//! Reads one journal's frames back from the log while it is being written: history, snapshots, change feed.
//!
//! Never past the durable end (I11). Sealed segments are mapped, and their closing group's index leads straight to the
//! journal's frames; where the index is missing, and in the active segment, the groups are walked.

use crate::error::{Damage, Error, IoContext};
use crate::frame::{FRAME_BYTES_MAX, FRAME_HEADER_BYTES, Frame};
use crate::index::JournalFrames;
use crate::layout::Fields;
use crate::number::{FrameNo, GroupSeq, JournalId, LogUuid};
use crate::scan::{Walk, closing_index, frames_of, walk_to_end};
use crate::sector::{SECTOR_PAYLOAD_BYTES, Seed, gather};
use crate::segment::{SegmentEnd, SegmentHeader, segment_name};
use crate::shelf::{Sealed, Shelf};
use crate::storage::{SECTOR_BYTES, Storage, StorageFile};
use std::io;
use std::ops::ControlFlow;
use std::sync::Arc;

/// Reads what is durable. Holds the directory lock together with the writer.
#[derive(Clone)]
pub struct Reader<S: Storage> {
    storage: S,
    uuid: LogUuid,
    shelf: Arc<Shelf>,
    _lock: Arc<S::Lock>,
}

/// One reading: the frame it waits for, and whom it tells.
struct Reading<'a> {
    journal: JournalId,
    next: FrameNo,
    visit: &'a mut dyn FnMut(Frame<'_>) -> ControlFlow<()>,
    stopped: bool,
}

impl<S: Storage> Reader<S> {
    pub(crate) fn new(storage: S, uuid: LogUuid, shelf: Arc<Shelf>, lock: Arc<S::Lock>) -> Reader<S> {
        Reader { storage, uuid, shelf, _lock: lock }
    }

    /// The newest durable group.
    #[must_use]
    pub fn durable(&self) -> GroupSeq {
        self.shelf.active().durable
    }

    /// Hands the frames of `journal` from number `from` on to `visit`, in order, until it breaks or the durable end is reached.
    ///
    /// # Errors
    /// `Trimmed` when frame `from` is no longer here; `Corrupt`; `Io`.
    pub fn read(
        &self,
        journal: JournalId,
        from: FrameNo,
        visit: &mut dyn FnMut(Frame<'_>) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        let (sealed, active) = self.shelf.look();
        let mut reading = Reading { journal, next: from.max(FrameNo(1)), visit, stopped: false };
        for sealed in sealed {
            if let Some(&(first, last)) = sealed.spans.get(&journal)
                && last >= reading.next
                && !reading.stopped
            {
                reading.check_reaches(first)?;
                self.read_sealed(&sealed, &mut reading)?;
            }
        }
        match reading.stopped {
            true => Ok(()),
            false => self.read_active(&active.header, active.header_crc, active.end, &mut reading),
        }
    }

    fn read_sealed(&self, sealed: &Sealed, reading: &mut Reading<'_>) -> Result<(), Error> {
        let name = segment_name(sealed.header.segment);
        let file = match self.storage.open(&name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(reading.trimmed_past(sealed)),
            opened => opened.on("open", &name, 0)?,
        };
        let bytes = file.map().on("map", &name, 0)?;
        if (bytes.len() as u64) < sealed.end.offset {
            let damage = Damage::Length { expected: sealed.end.offset, found: bytes.len() as u64 };
            return Err(Error::corrupt(&name, bytes.len() as u64, damage));
        }
        let seed = Seed::new(self.uuid, sealed.header.segment);
        match closing_index(&bytes, seed, sealed.end, sealed.next_group) {
            Some(index) => match index.of(reading.journal) {
                Some(frames) => reading.read_listed(&name, &bytes[..sealed.end.offset as usize], frames),
                None => Err(Error::corrupt(&name, sealed.end.offset, Damage::Contradiction { what: "the index" })),
            },
            None => reading.walk(&name, &bytes, &sealed.header, sealed.header_crc, sealed.end),
        }
    }

    fn read_active(
        &self,
        header: &SegmentHeader,
        header_crc: u32,
        end: SegmentEnd,
        reading: &mut Reading<'_>,
    ) -> Result<(), Error> {
        if end.offset == SECTOR_BYTES as u64 {
            return Ok(());
        }
        let name = segment_name(header.segment);
        let file = self.storage.open(&name).on("open", &name, 0)?;
        let mut bytes = vec![0; end.offset as usize];
        file.read_exact_at(&mut bytes, 0).on("read", &name, 0)?;
        reading.walk(&name, &bytes, header, header_crc, end)
    }
}

impl Reading<'_> {
    /// Reads the frames that an index lists, from the one waited for on.
    fn read_listed(&mut self, file: &str, bytes: &[u8], frames: &JournalFrames) -> Result<(), Error> {
        let mut frame = Vec::new();
        let skipped = (self.next.0 - frames.first.0) as usize;
        for &offset in frames.offsets.iter().skip(skipped) {
            gather_frame(file, bytes, offset as usize, &mut frame)?;
            let parsed = Frame::parse(&frame);
            let (frame, _) = parsed.map_err(|error| Error::corrupt(file, offset.into(), Damage::Frame(error)))?;
            if frame.header.journal != self.journal {
                return Err(Error::corrupt(file, offset.into(), Damage::Contradiction { what: "the index" }));
            }
            self.take(file, offset.into(), frame)?;
            if self.stopped {
                break;
            }
        }
        Ok(())
    }

    fn walk(&mut self, file: &str, bytes: &[u8], header: &SegmentHeader, header_crc: u32, end: SegmentEnd) -> Result<(), Error> {
        let mut walk = Walk::new(&bytes[..end.offset as usize], header, header_crc);
        walk_to_end(file, &mut walk, end, |header, offset, payload| {
            if header.frame_count == 0 || self.stopped {
                return Ok(());
            }
            frames_of(file, header, offset, payload, &mut |frame, at| match frame.header.journal == self.journal
                && !self.stopped
                && frame.header.number >= self.next
            {
                true => self.check_reaches(frame.header.number).and_then(|()| self.take(file, at, frame)),
                false => Ok(()),
            })
        })
    }

    fn take(&mut self, file: &str, at: u64, frame: Frame<'_>) -> Result<(), Error> {
        if frame.header.number != self.next {
            return Err(Error::corrupt(file, at, Damage::Contradiction { what: "the number of a frame" }));
        }
        self.next = FrameNo(self.next.0 + 1);
        self.stopped = (self.visit)(frame).is_break();
        Ok(())
    }

    /// The first frame there is must not lie behind the one waited for.
    fn check_reaches(&self, first: FrameNo) -> Result<(), Error> {
        match first > self.next {
            true => Err(Error::Trimmed { journal: self.journal, first_available: first }),
            false => Ok(()),
        }
    }

    fn trimmed_past(&self, sealed: &Sealed) -> Error {
        let last = sealed.spans.get(&self.journal).map_or(self.next, |span| span.1);
        Error::Trimmed { journal: self.journal, first_available: FrameNo(last.0 + 1) }
    }
}

/// Gathers the frame that begins at byte `at` of a segment.
fn gather_frame(file: &str, bytes: &[u8], at: usize, out: &mut Vec<u8>) -> Result<(), Error> {
    let beyond = || Error::corrupt(file, at as u64, Damage::Contradiction { what: "the index" });
    let within = |length: usize| at % SECTOR_BYTES < SECTOR_PAYLOAD_BYTES && disk_end(at, length) <= bytes.len();
    out.clear();
    if !within(FRAME_HEADER_BYTES) {
        return Err(beyond());
    }
    gather(bytes, at, FRAME_HEADER_BYTES, out);
    let length = Fields(out).u32(4) as usize;
    if length > FRAME_BYTES_MAX || !within(length) {
        return Err(beyond());
    }
    out.clear();
    gather(bytes, at, length, out);
    Ok(())
}

/// The byte after the sector in which a frame at byte `at` ends.
fn disk_end(at: usize, length: usize) -> usize {
    at / SECTOR_BYTES * SECTOR_BYTES + crate::sector::disk_bytes_for(at % SECTOR_BYTES + length)
}
