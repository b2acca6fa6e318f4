//! A group: what one write and one `fdatasync` make durable. Frames of all journals, or a seal, or a segment's index.
//!
//! Owns the header and the composing of the bytes. The header's checksum covers everything (through the payload's), is seeded by
//! the group's place, and the next group carries it on: so it is also the proof that nothing is missing between two groups.
//!
//! | offset | bytes | field |
//! |---|---|---|
//! | 0 | 4 | magic `TGRP` |
//! | 4 | 2 | format, 1 |
//! | 6 | 1 | kind: 0 data, 1 seal, 2 closing |
//! | 7 | 1 | zero |
//! | 8 | 16 | log uuid |
//! | 24 | 8 | segment |
//! | 32 | 8 | group_seq |
//! | 40 | 8 | durable_seq: the highest group known to be synced when this one was composed |
//! | 48 | 4 | length of the payload |
//! | 52 | 4 | count of frames |
//! | 56 | 4 | CRC of the group before; for a segment's first group, of the segment's header |
//! | 60 | 4 | CRC32 of the payload |
//! | 64 | 4 | zero |
//! | 68 | 4 | CRC32 of bytes 0..68: the CRC of the group |
//! | 72 | … | payload |
//!
//! Both CRCs are seeded as a sector's is; the payload's also by the CRC of the group before.

use crate::frame::FRAME_BYTES_MAX;
use crate::layout::{Fields, is_zero, put};
use crate::number::{GroupSeq, LogUuid, SegmentId};
use crate::sector::{Seed, disk_bytes_for, spread};
use crate::storage::AlignedBuffer;

/// The most bytes a group's payload may have, whatever the options say.
pub const GROUP_PAYLOAD_BYTES_MAX: usize = 16 * 1024 * 1024;
/// How many groups may be written and not yet synced at a time. At most so many are ever cut.
pub const PIPELINE_GROUPS_MAX: u64 = 1;

pub(crate) const GROUP_HEADER_BYTES: usize = 72;
pub(crate) const FORMAT: u16 = 1;
const MAGIC: [u8; 4] = *b"TGRP";
const CRC_AT: usize = 68;

const _: () = assert!(FRAME_BYTES_MAX <= GROUP_PAYLOAD_BYTES_MAX);

/// What a group is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum GroupKind {
    /// Frames.
    Data = 0,
    /// Nothing; evidence that the groups before it were durable.
    Seal = 1,
    /// The index of a segment whose successor is durable.
    Closing = 2,
}

/// What a group says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupHeader {
    /// What it is for.
    pub kind: GroupKind,
    /// Its number. A closing group bears the number of its successor's first group and does not use it up.
    pub group: GroupSeq,
    /// The highest group known to be synced when it was composed.
    pub durable: GroupSeq,
    /// The bytes of its payload.
    pub payload_bytes: u32,
    /// The frames in it.
    pub frame_count: u32,
    /// The CRC of the group before it.
    pub previous_crc: u32,
    /// The CRC of its payload.
    pub payload_crc: u32,
    /// Its own CRC.
    pub crc: u32,
}

impl GroupHeader {
    /// The bytes it takes on disk.
    #[must_use]
    pub fn disk_bytes(&self) -> usize {
        disk_bytes_for(GROUP_HEADER_BYTES + self.payload_bytes as usize)
    }

    /// Takes a header out of the first sector of a group. Consistent with its place and itself, or nothing.
    pub(crate) fn parse(sector: &[u8], seed: &Seed, offset: u64) -> Option<GroupHeader> {
        let fields = Fields(&sector[..GROUP_HEADER_BYTES]);
        let kind = match sector[6] {
            0 => GroupKind::Data,
            1 => GroupKind::Seal,
            2 => GroupKind::Closing,
            _ => return None,
        };
        let header = GroupHeader {
            kind,
            group: GroupSeq(fields.u64(32)),
            durable: GroupSeq(fields.u64(40)),
            payload_bytes: fields.u32(48),
            frame_count: fields.u32(52),
            previous_crc: fields.u32(56),
            payload_crc: fields.u32(60),
            crc: fields.u32(CRC_AT),
        };
        let in_place = fields.array(0) == MAGIC
            && fields.u16(4) == FORMAT
            && LogUuid(fields.array(8)) == seed.uuid
            && SegmentId(fields.u64(24)) == seed.segment;
        let bounded = header.payload_bytes as usize <= GROUP_PAYLOAD_BYTES_MAX && header.durable < header.group;
        let zeroed = sector[7] == 0 && is_zero(&sector[64..CRC_AT]);
        let whole = header.own_crc(fields.0, seed, offset) == header.crc;
        (in_place && bounded && zeroed && whole).then_some(header)
    }

    fn own_crc(&self, head: &[u8], seed: &Seed, offset: u64) -> u32 {
        let mut hasher = seed.hasher(self.group, offset);
        hasher.update(&head[..CRC_AT]);
        hasher.finalize()
    }

    fn encode(&mut self, seed: &Seed, offset: u64) -> [u8; GROUP_HEADER_BYTES] {
        let mut head = [0; GROUP_HEADER_BYTES];
        put(&mut head, 0, MAGIC);
        put(&mut head, 4, FORMAT.to_le_bytes());
        head[6] = self.kind as u8;
        put(&mut head, 8, seed.uuid.0);
        put(&mut head, 24, seed.segment.0.to_le_bytes());
        put(&mut head, 32, self.group.0.to_le_bytes());
        put(&mut head, 40, self.durable.0.to_le_bytes());
        put(&mut head, 48, self.payload_bytes.to_le_bytes());
        put(&mut head, 52, self.frame_count.to_le_bytes());
        put(&mut head, 56, self.previous_crc.to_le_bytes());
        put(&mut head, 60, self.payload_crc.to_le_bytes());
        self.crc = self.own_crc(&head, seed, offset);
        put(&mut head, CRC_AT, self.crc.to_le_bytes());
        head
    }
}

/// The checksum that a group's payload must have at its place, after its predecessor.
pub(crate) fn payload_hasher(seed: &Seed, group: GroupSeq, offset: u64, previous_crc: u32) -> crc32fast::Hasher {
    let mut hasher = seed.hasher(group, offset);
    hasher.update(&previous_crc.to_le_bytes());
    hasher
}

/// A group being composed, directly in the sectors that will be written. Its memory is kept from group to group.
#[derive(Debug, Default)]
pub(crate) struct Composer {
    sectors: AlignedBuffer,
    payload_bytes: usize,
}

/// Where a composed group goes and what it follows.
pub(crate) struct Place<'a> {
    pub(crate) seed: &'a Seed,
    pub(crate) offset: u64,
    pub(crate) group: GroupSeq,
    pub(crate) durable: GroupSeq,
    pub(crate) previous_crc: u32,
}

impl Composer {
    pub(crate) fn clear(&mut self) {
        self.payload_bytes = 0;
    }

    pub(crate) fn payload_bytes(&self) -> usize {
        self.payload_bytes
    }

    /// Where on disk, counted from the group's begin, the next pushed byte will lie.
    pub(crate) fn next_position(&self) -> usize {
        crate::sector::spread_position(GROUP_HEADER_BYTES + self.payload_bytes)
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) {
        let position = GROUP_HEADER_BYTES + self.payload_bytes;
        assert!(self.payload_bytes + bytes.len() <= GROUP_PAYLOAD_BYTES_MAX, "a group's payload is bounded");
        self.sectors.grow_to(disk_bytes_for(position + bytes.len()));
        spread(bytes, position, &mut self.sectors);
        self.payload_bytes += bytes.len();
    }

    /// Seals what was pushed. Returns the sectors to write and the group's header.
    pub(crate) fn finish(&mut self, kind: GroupKind, frame_count: u32, place: &Place<'_>) -> (&[u8], GroupHeader) {
        let end = GROUP_HEADER_BYTES + self.payload_bytes;
        let disk_bytes = disk_bytes_for(end);
        self.sectors.grow_to(disk_bytes);
        let last = crate::sector::spread_position(end - 1) + 1;
        self.sectors[last..disk_bytes].fill(0);
        let mut header = GroupHeader {
            kind,
            group: place.group,
            durable: place.durable,
            payload_bytes: self.payload_bytes as u32,
            frame_count,
            previous_crc: place.previous_crc,
            payload_crc: self.payload_crc(place),
            crc: 0,
        };
        let head = header.encode(place.seed, place.offset);
        spread(&head, 0, &mut self.sectors);
        place.seed.seal(&mut self.sectors[..disk_bytes], place.group, place.offset);
        (&self.sectors[..disk_bytes], header)
    }

    fn payload_crc(&self, place: &Place<'_>) -> u32 {
        let mut hasher = payload_hasher(place.seed, place.group, place.offset, place.previous_crc);
        hash_payload(&self.sectors, self.payload_bytes, &mut hasher);
        hasher.finalize()
    }
}

/// Hashes a group's payload where it lies in its sectors.
pub(crate) fn hash_payload(sectors: &[u8], payload_bytes: usize, hasher: &mut crc32fast::Hasher) {
    let (mut at, mut left) = (GROUP_HEADER_BYTES, payload_bytes);
    while left > 0 {
        let room = crate::sector::SECTOR_PAYLOAD_BYTES - at % crate::storage::SECTOR_BYTES;
        let count = room.min(left);
        hasher.update(&sectors[at..at + count]);
        left -= count;
        at += count + if count == room { 4 } else { 0 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OFFSET: u64 = 8192;

    fn seed() -> Seed {
        Seed::new(LogUuid([1; 16]), SegmentId(3))
    }

    /// The first sector of group 9 with other bytes somewhere, and a CRC that is right again.
    fn forged(at: usize, field: &[u8]) -> Vec<u8> {
        let (seed, mut composer) = (seed(), Composer::default());
        composer.push(b"payload");
        let place = Place { seed: &seed, offset: OFFSET, group: GroupSeq(9), durable: GroupSeq(8), previous_crc: 5 };
        let mut sector = composer.finish(GroupKind::Data, 1, &place).0.to_vec();
        put_at(&mut sector, at, field);
        let mut hasher = seed.hasher(GroupSeq(9), OFFSET);
        hasher.update(&sector[..CRC_AT]);
        put_at(&mut sector, CRC_AT, &hasher.finalize().to_le_bytes());
        sector
    }

    fn put_at(sector: &mut [u8], at: usize, field: &[u8]) {
        sector[at..at + field.len()].copy_from_slice(field);
    }

    #[test]
    fn a_header_that_contradicts_its_place_or_itself_is_none_whatever_its_crc_says() {
        let parse = |sector: &[u8]| GroupHeader::parse(sector, &seed(), OFFSET);
        assert_eq!(parse(&forged(0, b"TGRP")).unwrap().group, GroupSeq(9));
        let too_long = (GROUP_PAYLOAD_BYTES_MAX as u32 + 1).to_le_bytes();
        for (at, field) in [
            (0, &b"TGRQ"[..]),
            (4, &[2]),
            (6, &[3]),
            (7, &[1]),
            (8, &[2]),
            (24, &[4]),
            (40, &[9]),
            (40, &[10]),
            (48, &too_long),
            (64, &[1]),
            (67, &[1]),
        ] {
            assert_eq!(parse(&forged(at, field)), None, "byte {at}");
        }
        let mut torn = forged(0, b"TGRP");
        torn[56] ^= 1;
        assert_eq!(parse(&torn), None);
    }

    #[test]
    #[should_panic(expected = "a group's payload is bounded")]
    fn a_group_takes_no_byte_more_than_it_may_have() {
        let mut composer = Composer::default();
        composer.push(&vec![0; GROUP_PAYLOAD_BYTES_MAX]);
        composer.push(&[0]);
    }
}
