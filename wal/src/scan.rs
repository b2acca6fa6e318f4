//! Walks the groups of one segment's bytes, in memory or mapped, and hands out their frames with addresses.
//!
//! A group is whole when every sector, its header, its payload and the CRC it follows are right. The walk knows where it must
//! end only from outside: from the successor's header, or from the tail rule.

use crate::error::{Damage, Error};
use crate::frame::Frame;
use crate::group::{GROUP_HEADER_BYTES, GroupHeader, GroupKind, hash_payload, payload_hasher};
use crate::index::Index;
use crate::number::{GroupSeq, SegmentId};
use crate::planted::{self, Planted};
use crate::sector::{Look, Seed, gather, spread_position};
use crate::segment::{SegmentEnd, SegmentHeader};
use crate::span::{Span, Spans};
use crate::storage::SECTOR_BYTES;

/// Where a frame begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FrameAddress {
    /// The segment.
    pub segment: SegmentId,
    /// The byte of its file.
    pub offset: u64,
}

/// Walks the whole groups of a segment.
pub(crate) struct Walk<'a> {
    bytes: &'a [u8],
    pub(crate) seed: Seed,
    /// Where the next group would begin.
    pub(crate) at: usize,
    /// The number it would have.
    pub(crate) expected: GroupSeq,
    /// The CRC it would follow.
    pub(crate) previous_crc: u32,
    /// The last group walked.
    pub(crate) last: Option<GroupHeader>,
}

impl<'a> Walk<'a> {
    pub(crate) fn new(bytes: &'a [u8], header: &SegmentHeader, header_crc: u32) -> Walk<'a> {
        Walk {
            bytes,
            seed: Seed::new(header.uuid, header.segment),
            at: SECTOR_BYTES,
            expected: header.first_group,
            previous_crc: header_crc,
            last: None,
        }
    }

    /// The next group, its offset and its payload, or nothing when no whole one stands there or the closing group was walked.
    pub(crate) fn next_group(&mut self, payload: &mut Vec<u8>) -> Option<(GroupHeader, u64)> {
        if self.is_closed() {
            return None;
        }
        let header = self.whole_group_here()?;
        let offset = self.at;
        payload.clear();
        gather(&self.bytes[offset..], GROUP_HEADER_BYTES, header.payload_bytes as usize, payload);
        self.at += header.disk_bytes();
        self.previous_crc = header.crc;
        self.last = Some(header);
        if header.kind != GroupKind::Closing {
            self.expected = self.expected.next();
        }
        Some((header, offset as u64))
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.last.is_some_and(|last| last.kind == GroupKind::Closing)
    }

    /// The segment's end as walked so far.
    pub(crate) fn end(&self) -> SegmentEnd {
        SegmentEnd { segment: self.seed.segment, offset: self.at as u64, crc: self.previous_crc }
    }

    fn whole_group_here(&self) -> Option<GroupHeader> {
        let rest = self.bytes.get(self.at..).filter(|rest| rest.len() >= SECTOR_BYTES)?;
        let offset = self.at as u64;
        let header = GroupHeader::parse(&rest[..SECTOR_BYTES], &self.seed, offset)?;
        let follows = header.group == self.expected && header.previous_crc == self.previous_crc;
        let sectors = rest.get(..header.disk_bytes()).filter(|_| follows)?;
        if planted::is(Planted::TornGroupAccepted) {
            return Some(header);
        }
        let is_whole = |(index, sector): (usize, &[u8])| {
            let at = offset + (index * SECTOR_BYTES) as u64;
            self.seed.look(sector, header.group, at) == Look::Whole
        };
        let mut hasher = payload_hasher(&self.seed, header.group, offset, header.previous_crc);
        hash_payload(sectors, header.payload_bytes as usize, &mut hasher);
        let whole = hasher.finalize() == header.payload_crc && sectors.chunks_exact(SECTOR_BYTES).enumerate().all(is_whole);
        whole.then_some(header)
    }
}

/// Walks a segment up to the end that its successor names, and hands each data group's frames to `visit`.
///
/// # Errors
/// `Corrupt` for anything but whole groups up to that end; whatever `visit` returns.
pub(crate) fn walk_to_end<'a>(
    file: &str,
    walk: &mut Walk<'a>,
    end: SegmentEnd,
    mut visit: impl FnMut(&GroupHeader, u64, &[u8]) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut payload = Vec::new();
    while (walk.at as u64) < end.offset {
        match walk.next_group(&mut payload) {
            Some((header, offset)) => visit(&header, offset, &payload)?,
            None => return Err(Error::corrupt(file, walk.at as u64, Damage::GroupMissing { group: walk.expected })),
        }
    }
    match walk.end() == end {
        true => Ok(()),
        false => Err(Error::corrupt(file, end.offset, Damage::EndDisagrees)),
    }
}

/// Hands out the frames of a data group with the bytes of the file at which they begin.
///
/// # Errors
/// `Corrupt` when the payload is not exactly the promised number of frames; whatever `visit` returns.
pub(crate) fn frames_of(
    file: &str,
    header: &GroupHeader,
    offset: u64,
    payload: &[u8],
    visit: &mut dyn FnMut(Frame<'_>, u64) -> Result<(), Error>,
) -> Result<(), Error> {
    let (mut position, mut count) = (0, 0);
    while position < payload.len() {
        let at = offset + spread_position(GROUP_HEADER_BYTES + position) as u64;
        let parsed = Frame::parse(&payload[position..]);
        let (frame, consumed) = parsed.map_err(|error| Error::corrupt(file, at, Damage::Frame(error)))?;
        visit(frame, at)?;
        position += consumed;
        count += 1;
    }
    match count == header.frame_count {
        true => Ok(()),
        false => Err(Error::corrupt(file, offset, Damage::Contradiction { what: "the count of frames" })),
    }
}

/// Walks a segment whose closing group is missing or damaged, for what its index would say.
///
/// # Errors
/// `Corrupt` for anything but whole groups of frames without gaps up to its end.
pub(crate) fn survey(
    file: &str,
    bytes: &[u8],
    header: &SegmentHeader,
    header_crc: u32,
    end: SegmentEnd,
) -> Result<(Index, Spans), Error> {
    let (mut index, mut spans) = (Index::default(), Spans::new());
    let mut walk = Walk::new(&bytes[..end.offset as usize], header, header_crc);
    walk_to_end(file, &mut walk, end, |header, offset, payload| {
        frames_of(file, header, offset, payload, &mut |frame, at| {
            let (journal, number) = (frame.header.journal, frame.header.number);
            spans.entry(journal).or_insert_with(|| Span::of(&frame)).extend(&frame);
            match index.note(journal, number, at as u32) {
                true => Ok(()),
                false => Err(Error::corrupt(file, at, Damage::Contradiction { what: "the number of a frame" })),
            }
        })
    })?;
    Ok((index, spans))
}

/// The index behind a closed segment's end, when its closing group is there and whole.
pub(crate) fn closing_index(bytes: &[u8], seed: Seed, end: SegmentEnd, group: GroupSeq) -> Option<Index> {
    let at = end.offset as usize;
    let mut walk = Walk { bytes, seed, at, expected: group, previous_crc: end.crc, last: None };
    let mut payload = Vec::new();
    let (header, _) = walk.next_group(&mut payload)?;
    (header.kind == GroupKind::Closing).then(|| Index::decode(&payload)).flatten()
}
