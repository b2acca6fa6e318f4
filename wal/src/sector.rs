//! Sectors: how a group's bytes are spread over the disk, and what each 4 KiB of it may look like afterwards.
//!
//! Every sector holds 4092 bytes of the group and ends in a CRC32 seeded by (log uuid, segment, group, offset). So a sector is
//! **whole** only as what it was written for and where it was written; a stale, moved or foreign one is not. A **zero**
//! sector was never written. Anything else is **rotten** (rule 4b).

use crate::layout::{Fields, is_zero, put};
use crate::number::{GroupSeq, LogUuid, SegmentId};
use crate::planted::{self, Planted};
use crate::storage::SECTOR_BYTES;

/// The bytes of a group that one sector holds.
pub(crate) const SECTOR_PAYLOAD_BYTES: usize = SECTOR_BYTES - 4;

/// What a sector looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    Whole,
    Zero,
    Rotten,
}

/// The part of every checksum that says which log and which segment the bytes are for.
#[derive(Clone, Debug)]
pub(crate) struct Seed {
    pub(crate) uuid: LogUuid,
    pub(crate) segment: SegmentId,
    hasher: crc32fast::Hasher,
}

impl Seed {
    pub(crate) fn new(uuid: LogUuid, segment: SegmentId) -> Seed {
        let mut hasher = crc32fast::Hasher::new();
        if !planted::is(Planted::UnseededCrc) {
            hasher.update(&uuid.0);
            hasher.update(&segment.0.to_le_bytes());
        }
        Seed { uuid, segment, hasher }
    }

    /// A checksum that holds only for this group, at this offset of this segment.
    pub(crate) fn hasher(&self, group: GroupSeq, offset: u64) -> crc32fast::Hasher {
        let mut hasher = self.hasher.clone();
        if planted::is(Planted::UnseededCrc) {
            return hasher;
        }
        let mut place = [0; 16];
        put(&mut place, 0, group.0.to_le_bytes());
        put(&mut place, 8, offset.to_le_bytes());
        hasher.update(&place);
        hasher
    }

    fn sector_crc(&self, sector: &[u8], group: GroupSeq, offset: u64) -> u32 {
        let mut hasher = self.hasher(group, offset);
        hasher.update(&sector[..SECTOR_PAYLOAD_BYTES]);
        hasher.finalize()
    }

    /// Writes the checksums of consecutive sectors, the first of which lies at `offset`.
    pub(crate) fn seal(&self, sectors: &mut [u8], group: GroupSeq, offset: u64) {
        assert!(sectors.len().is_multiple_of(SECTOR_BYTES), "sectors are sealed whole");
        for (index, sector) in sectors.chunks_exact_mut(SECTOR_BYTES).enumerate() {
            let crc = self.sector_crc(sector, group, offset + (index * SECTOR_BYTES) as u64);
            put(sector, SECTOR_PAYLOAD_BYTES, crc.to_le_bytes());
        }
    }

    /// What the sector at `offset` looks like to somebody who expects it to be of `group`.
    pub(crate) fn look(&self, sector: &[u8], group: GroupSeq, offset: u64) -> Look {
        assert_eq!(sector.len(), SECTOR_BYTES, "a sector is looked at whole");
        if Fields(sector).u32(SECTOR_PAYLOAD_BYTES) == self.sector_crc(sector, group, offset) {
            return Look::Whole;
        }
        if is_zero(sector) { Look::Zero } else { Look::Rotten }
    }
}

/// How many sectors so many bytes of a group take.
pub(crate) fn sectors_for(bytes: usize) -> usize {
    bytes.div_ceil(SECTOR_PAYLOAD_BYTES)
}

/// How many bytes on disk so many bytes of a group take.
pub(crate) fn disk_bytes_for(bytes: usize) -> usize {
    sectors_for(bytes) * SECTOR_BYTES
}

/// Where in its sectors a group's byte number `position` lies.
pub(crate) fn spread_position(position: usize) -> usize {
    position / SECTOR_PAYLOAD_BYTES * SECTOR_BYTES + position % SECTOR_PAYLOAD_BYTES
}

/// Copies `bytes` into `sectors` as the group's bytes from `position` on.
pub(crate) fn spread(mut bytes: &[u8], mut position: usize, sectors: &mut [u8]) {
    while !bytes.is_empty() {
        let room = SECTOR_PAYLOAD_BYTES - position % SECTOR_PAYLOAD_BYTES;
        let (piece, rest) = bytes.split_at(room.min(bytes.len()));
        let at = spread_position(position);
        sectors[at..at + piece.len()].copy_from_slice(piece);
        position += piece.len();
        bytes = rest;
    }
}

/// Appends to `out` the `length` bytes that begin at disk byte `at` of `sectors`, which begin on a sector boundary.
pub(crate) fn gather(sectors: &[u8], mut at: usize, length: usize, out: &mut Vec<u8>) {
    let mut left = length;
    while left > 0 {
        let room = SECTOR_PAYLOAD_BYTES - at % SECTOR_BYTES;
        let count = room.min(left);
        out.extend_from_slice(&sectors[at..at + count]);
        left -= count;
        at += count + if count == room { 4 } else { 0 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seed() -> Seed {
        Seed::new(LogUuid([7; 16]), SegmentId(3))
    }

    #[test]
    fn what_is_spread_is_gathered_from_any_position() {
        let bytes: Vec<u8> = (0..20_000_u32).map(|byte| byte as u8).collect();
        for position in [0, 72, 4091, 4092, 4093, 9000] {
            let mut sectors = vec![0; disk_bytes_for(position + bytes.len())];
            spread(&bytes, position, &mut sectors);
            let mut out = Vec::new();
            gather(&sectors, spread_position(position), bytes.len(), &mut out);
            assert_eq!(out, bytes, "{position}");
        }
    }

    #[test]
    fn a_sector_is_whole_only_for_its_group_and_place() {
        let mut sector = vec![5; SECTOR_BYTES];
        seed().seal(&mut sector, GroupSeq(9), 8192);
        assert_eq!(seed().look(&sector, GroupSeq(9), 8192), Look::Whole);
        assert_eq!(seed().look(&sector, GroupSeq(10), 8192), Look::Rotten);
        assert_eq!(seed().look(&sector, GroupSeq(9), 4096), Look::Rotten);
        let elsewhere = Seed::new(LogUuid([7; 16]), SegmentId(4));
        assert_eq!(elsewhere.look(&sector, GroupSeq(9), 8192), Look::Rotten);
        let foreign = Seed::new(LogUuid([8; 16]), SegmentId(3));
        assert_eq!(foreign.look(&sector, GroupSeq(9), 8192), Look::Rotten);
    }

    #[test]
    fn a_sector_never_written_is_zero_and_a_whole_one_of_zeroes_is_not() {
        let mut sector = vec![0; SECTOR_BYTES];
        assert_eq!(seed().look(&sector, GroupSeq(1), 4096), Look::Zero);
        seed().seal(&mut sector, GroupSeq(1), 4096);
        assert_eq!(seed().look(&sector, GroupSeq(1), 4096), Look::Whole);
    }
}
