//! Recovery: finds the segments of a log, proves that they belong together, replays their frames and judges the tail.
//!
//! Reads only, but for one thing: before it judges the tail it syncs the last segment and the directory, and then reads past
//! the cache (rule 3), because the cache may show what the disk does not have. Shared by [`crate::open`] and
//! [`crate::verify`].

use crate::error::{Damage, Error, Extent, FrameMark, IoContext, ReplayStop};
use crate::frame::Frame;
use crate::group::GroupHeader;
use crate::identity::{BOUNDS_NAME, Bounds, Identity};
use crate::index::Index;
use crate::number::{GroupSeq, JournalId, SegmentId};
use crate::planted::{self, Planted};
use crate::scan::{FrameAddress, Walk, frames_of, walk_to_end};
use crate::sector::Seed;
use crate::segment::{SegmentEnd, SegmentHeader, segment_name, segment_of_name};
use crate::shelf::Sealed;
use crate::span::{Span, Spans};
use crate::storage::{AlignedBuffer, SECTOR_BYTES, Storage, StorageFile};
use crate::tail::{Evidence, Refusal, Region, Verdict, judge};
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

pub(crate) const READ_BYTES: usize = 4 * 1024 * 1024;

/// How far a recovery has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Segments done.
    pub segments_done: u64,
    /// Segments in all.
    pub segments: u64,
    /// Frames replayed.
    pub frames: u64,
    /// Bytes of segments read.
    pub bytes: u64,
}

/// A tail that was left behind: never acknowledged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    /// The file.
    pub file: String,
    /// Where the log ends.
    pub offset: u64,
    /// The group that was torn.
    pub group: GroupSeq,
}

/// What the caller gives to be told.
pub(crate) struct Listener<'a> {
    pub(crate) replay: &'a mut dyn FnMut(Frame<'_>, FrameAddress) -> Result<(), ReplayStop>,
    pub(crate) group: &'a mut dyn FnMut(&str, &GroupHeader, u64),
    pub(crate) progress: &'a mut dyn FnMut(Progress),
    /// Lets a tail that cannot be judged be cut: an operator's decision.
    pub(crate) cut_anything: bool,
    /// A group that somebody else knows to have been durable: a log that ends before it has lost something.
    pub(crate) proven: GroupSeq,
}

/// What was found.
pub(crate) struct Found {
    pub(crate) sealed: Vec<Arc<Sealed>>,
    /// The last segment, whole up to its end.
    pub(crate) last: Option<Sealed>,
    pub(crate) last_group: GroupSeq,
    pub(crate) tail: Option<Tail>,
    pub(crate) done: Progress,
    pub(crate) group_count: u64,
    pub(crate) past_cache: bool,
}

/// How the last segment ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tail {
    /// What was seen.
    pub evidence: Evidence,
    /// What was decided.
    pub verdict: Verdict,
    /// Set when something was cut.
    pub cut: Option<Cut>,
    /// Whether the last whole group is a seal, or the segment has no group.
    pub sealed: bool,
}

struct Loaded {
    name: String,
    header: SegmentHeader,
    header_crc: u32,
    /// The bytes its file has.
    length: u64,
}

/// What a walk through a segment gathers.
#[derive(Default)]
struct Gathered {
    spans: Spans,
    index: Index,
    /// Where frames do not follow each other there is no index: whoever replays them will say so.
    gapped: bool,
}

pub(crate) struct Recovery<'s, 'l, S: Storage> {
    storage: &'s S,
    identity: &'s Identity,
    listener: Listener<'l>,
    buffer: AlignedBuffer,
    marks: BTreeMap<JournalId, FrameMark>,
    found: Found,
}

/// The segments that must be here, in order.
pub(crate) fn segments_present(storage: &impl Storage, bounds: &Bounds) -> Result<Vec<SegmentId>, Error> {
    let names = storage.list().on("list", "", 0)?;
    let mut present: Vec<SegmentId> = names.iter().filter_map(|name| segment_of_name(name)).collect();
    present.retain(|&segment| segment >= bounds.first);
    present.sort();
    let last = present.last().copied().unwrap_or_default().max(bounds.last_once);
    for expected in (bounds.first.0..=last.0).map(SegmentId) {
        if present.get((expected.0 - bounds.first.0) as usize) != Some(&expected) {
            let damage = Damage::SegmentMissing { segment: expected };
            return Err(Error::corrupt(&segment_name(expected), 0, damage));
        }
    }
    Ok(present)
}

impl<'s, 'l, S: Storage> Recovery<'s, 'l, S> {
    pub(crate) fn new(storage: &'s S, identity: &'s Identity, listener: Listener<'l>) -> Self {
        let done = Progress { segments_done: 0, segments: 0, frames: 0, bytes: 0 };
        let (last_group, group_count, past_cache) = (GroupSeq(0), 0, true);
        let found = Found { sealed: Vec::new(), last: None, last_group, tail: None, done, group_count, past_cache };
        Recovery { storage, identity, listener, buffer: AlignedBuffer::default(), marks: BTreeMap::new(), found }
    }

    /// Replays all segments. What is damaged is refused, with the last whole frame of every journal before it.
    pub(crate) fn run(mut self, segments: &[SegmentId]) -> Result<Found, Error> {
        match self.replay_all(segments).and_then(|()| self.check_proven()) {
            Ok(()) => Ok(self.found),
            Err(error) => Err(error.with_extent(|| Extent(self.marks.values().copied().collect()))),
        }
    }

    /// I12: whatever the tail looks like, it is no torn write where somebody saw more of the log durable.
    fn check_proven(&self) -> Result<(), Error> {
        let (proven, found) = (self.listener.proven, self.found.last_group);
        if found >= proven {
            return Ok(());
        }
        let end = self.found.last.as_ref().map(|last| last.end);
        let file = end.map_or(BOUNDS_NAME.to_owned(), |end| segment_name(end.segment));
        Err(Error::corrupt(&file, end.map_or(0, |end| end.offset), Damage::Behind { proven, found }))
    }

    fn replay_all(&mut self, segments: &[SegmentId]) -> Result<(), Error> {
        self.found.done.segments = segments.len() as u64;
        let Some(&last) = segments.last() else { return Ok(()) };
        self.make_durable(last)?;
        let headers: Vec<Loaded> = segments.iter().map(|&segment| self.load_header(segment)).collect::<Result<_, _>>()?;
        for pair in headers.windows(2) {
            self.replay_sealed(&pair[0], &pair[1])?;
        }
        self.replay_last(&headers[headers.len() - 1])
    }

    /// Rule 3, first half: what the cache shows of the tail is made durable before it is believed.
    fn make_durable(&self, segment: SegmentId) -> Result<(), Error> {
        if planted::is(Planted::ReadWithoutSync) {
            return Ok(());
        }
        let name = segment_name(segment);
        let file = self.storage.open(&name).on("open", &name, 0)?;
        file.sync_all().on("fsync", &name, 0)?;
        self.storage.sync_dir().on("sync of the directory", &name, 0)
    }

    fn load_header(&mut self, segment: SegmentId) -> Result<Loaded, Error> {
        let name = segment_name(segment);
        let file = self.storage.open(&name).on("open", &name, 0)?;
        let length = file.len_bytes().on("length", &name, 0)?;
        if length < SECTOR_BYTES as u64 {
            return Err(Error::corrupt(&name, 0, Damage::Length { expected: SECTOR_BYTES as u64, found: length }));
        }
        self.buffer.grow_to(SECTOR_BYTES);
        file.read_past_cache_exact_at(&mut self.buffer[..SECTOR_BYTES], 0).on("read", &name, 0)?;
        let sector = &self.buffer[..SECTOR_BYTES];
        let (header, header_crc) = SegmentHeader::decode(&name, sector, self.identity.uuid, segment)?;
        Ok(Loaded { name, header, header_crc, length })
    }

    fn load_bytes(&mut self, loaded: &Loaded, length: u64) -> Result<(), Error> {
        let file = self.storage.open(&loaded.name).on("open", &loaded.name, 0)?;
        let found = file.len_bytes().on("length", &loaded.name, 0)?;
        if found < length {
            return Err(Error::corrupt(&loaded.name, found, Damage::Length { expected: length, found }));
        }
        self.buffer.grow_to(length as usize);
        for offset in (0..length as usize).step_by(READ_BYTES) {
            let piece = &mut self.buffer[offset..(offset + READ_BYTES).min(length as usize)];
            let past = file.read_past_cache_exact_at(piece, offset as u64).on("read", &loaded.name, offset as u64)?;
            self.found.past_cache &= past;
        }
        self.found.done.bytes += length;
        Ok(())
    }

    /// A segment with a successor: whole up to the end that the successor names, or refused (rule 4a).
    fn replay_sealed(&mut self, loaded: &Loaded, successor: &Loaded) -> Result<(), Error> {
        let contradiction = |what| Err(Error::corrupt(&successor.name, 0, Damage::Contradiction { what }));
        let Some(end) = successor.header.predecessor else { return contradiction("the predecessor named") };
        if end.offset > loaded.header.segment_bytes || successor.header.start < loaded.header.start {
            return contradiction("the predecessor's end");
        }
        self.load_bytes(loaded, end.offset)?;
        let buffer = std::mem::take(&mut self.buffer);
        let mut walk = Walk::new(&buffer[..end.offset as usize], &loaded.header, loaded.header_crc);
        let mut gathered = Gathered::default();
        let walked = walk_to_end(&loaded.name, &mut walk, end, |header, offset, payload| {
            self.visit_group(loaded, header, offset, payload, &mut gathered)
        });
        let next_group = walk.expected;
        self.buffer = buffer;
        walked?;
        if next_group != successor.header.first_group {
            return contradiction("the number of the first group");
        }
        self.finish_segment();
        // Cut at its end, it was found at an earlier start and never closed.
        let is_closed = loaded.length > end.offset;
        self.found.sealed.push(Arc::new(gathered.sealed(loaded, end, next_group, is_closed)));
        Ok(())
    }

    /// The last segment: whole as far as it goes, and then the tail rule.
    fn replay_last(&mut self, loaded: &Loaded) -> Result<(), Error> {
        let length = loaded.header.segment_bytes;
        self.check_exact_length(loaded)?;
        self.load_bytes(loaded, length)?;
        let buffer = std::mem::take(&mut self.buffer);
        let bytes = &buffer[..length as usize];
        let mut walk = Walk::new(bytes, &loaded.header, loaded.header_crc);
        let (mut gathered, mut payload) = (Gathered::default(), Vec::new());
        while let Some((header, offset)) = walk.next_group(&mut payload) {
            self.visit_group(loaded, &header, offset, &payload, &mut gathered)?;
        }
        self.found.tail = Some(self.judge_tail(loaded, bytes, &walk)?);
        let (end, next_group) = (walk.end(), walk.expected);
        self.buffer = buffer;
        self.finish_segment();
        self.found.last_group = GroupSeq(next_group.0 - 1);
        self.found.last = Some(gathered.sealed(loaded, end, next_group, false));
        Ok(())
    }

    fn check_exact_length(&self, loaded: &Loaded) -> Result<(), Error> {
        let file = self.storage.open(&loaded.name).on("open", &loaded.name, 0)?;
        let (expected, found) = (loaded.header.segment_bytes, file.len_bytes().on("length", &loaded.name, 0)?);
        match found == expected {
            true => Ok(()),
            false => Err(Error::corrupt(&loaded.name, found, Damage::Length { expected, found })),
        }
    }

    fn judge_tail(&self, loaded: &Loaded, bytes: &[u8], walk: &Walk<'_>) -> Result<Tail, Error> {
        let seed = Seed::new(loaded.header.uuid, loaded.header.segment);
        let (expected, previous_crc) = (walk.expected, walk.previous_crc);
        let region = Region { bytes, seed: &seed, from: walk.at, expected, previous_crc };
        let evidence = region.examine(walk.is_closed());
        let verdict = judge(evidence);
        let offset = walk.at as u64;
        let cut = Cut { file: loaded.name.clone(), offset, group: expected };
        let cut = match verdict {
            Verdict::Keep => None,
            Verdict::Cut => Some(cut),
            Verdict::Refuse(refusal) if self.listener.cut_anything && refusal != Refusal::SuccessorMissing => Some(cut),
            Verdict::Refuse(refusal) => return Err(Error::corrupt(&loaded.name, offset, Damage::Tail(refusal))),
        };
        let sealed = walk.last.is_none_or(|last| last.kind == crate::group::GroupKind::Seal);
        Ok(Tail { evidence, verdict, cut, sealed })
    }

    fn visit_group(
        &mut self,
        loaded: &Loaded,
        header: &GroupHeader,
        offset: u64,
        payload: &[u8],
        gathered: &mut Gathered,
    ) -> Result<(), Error> {
        (self.listener.group)(&loaded.name, header, offset);
        self.found.group_count += 1;
        if header.kind != crate::group::GroupKind::Data {
            return Ok(());
        }
        let segment = loaded.header.segment;
        let (marks, replay, frames) = (&mut self.marks, &mut self.listener.replay, &mut self.found.done.frames);
        let mut left = header.frame_count;
        frames_of(&loaded.name, header, offset, payload, &mut |frame, at| {
            left -= 1;
            if left == 0 && planted::is(Planted::LastFrameDropped) {
                return Ok(());
            }
            gathered.note(&frame, at);
            let (journal, number) = (frame.header.journal, frame.header.number);
            marks.insert(journal, FrameMark { journal, number, lsn: frame.last_lsn() });
            *frames += 1;
            let stopped = |source| Error::Replay { file: loaded.name.clone(), offset: at, source };
            replay(frame, FrameAddress { segment, offset: at }).map_err(stopped)
        })
    }

    fn finish_segment(&mut self) {
        self.found.done.segments_done += 1;
        (self.listener.progress)(self.found.done);
    }
}

impl Gathered {
    fn note(&mut self, frame: &Frame<'_>, at: u64) {
        let (journal, number) = (frame.header.journal, frame.header.number);
        self.spans.entry(journal).or_insert_with(|| Span::of(frame)).extend(frame);
        self.gapped |= !self.index.note(journal, number, at as u32);
    }

    /// The segment as readers see it. Of a closed one the closing group says where its frames begin.
    fn sealed(self, loaded: &Loaded, end: SegmentEnd, next_group: GroupSeq, is_closed: bool) -> Sealed {
        let index = OnceLock::new();
        if !is_closed && !self.gapped {
            let fresh = index.set(Arc::new(self.index));
            assert!(fresh.is_ok(), "a new segment has no index yet");
        }
        Sealed { header: loaded.header, header_crc: loaded.header_crc, end, next_group, spans: self.spans, index }
    }
}
