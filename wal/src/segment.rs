//! A segment: one file of fixed size with a header sector and then groups. Owns the header's bytes and the files' names.
//!
//! The header names its predecessor's end; it alone ends the predecessor, and bytes behind that end are never examined
//! (rule 4a). A segment has its name only once its header is synced (rule 4d).
//!
//! | offset | bytes | field |
//! |---|---|---|
//! | 0 | 8 | magic `TSRSEGMT` |
//! | 8 | 2 | format, 1 |
//! | 10 | 6 | zero |
//! | 16 | 16 | log uuid |
//! | 32 | 8 | segment |
//! | 40 | 8 | start number: how many times the log had been opened when it was made |
//! | 48 | 8 | bytes of the file |
//! | 56 | 8 | first group_seq |
//! | 64 | 8 | predecessor; 0 for none |
//! | 72 | 8 | end offset of the predecessor's last group; 0 for none |
//! | 80 | 4 | CRC of that group, or of the predecessor's header when it has no group |
//! | 84 | 4008 | zero |
//! | 4092 | 4 | CRC32 of the above, seeded as a sector of group 0 at offset 0 |

use crate::error::{Damage, Error};
use crate::layout::{Fields, is_zero, put};
use crate::number::{GroupSeq, LogUuid, SegmentId};
use crate::sector::{Look, SECTOR_PAYLOAD_BYTES, Seed};
use crate::storage::SECTOR_BYTES;

/// The most bytes a segment may have: an index names offsets in 32 bits, and recovery reads a segment whole.
pub const SEGMENT_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// The fewest: a header, a small group, and a closing group.
pub const SEGMENT_BYTES_MIN: u64 = 4 * SECTOR_BYTES as u64;

pub(crate) const FORMAT: u16 = 1;
const MAGIC: [u8; 8] = *b"TSRSEGMT";
const NO_GROUP: GroupSeq = GroupSeq(0);

/// What a segment says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentHeader {
    /// The log it belongs to.
    pub uuid: LogUuid,
    /// Its number.
    pub segment: SegmentId,
    /// How many times the log had been opened when it was made.
    pub start: u64,
    /// The bytes of its file, unless its end is known and the rest was given back.
    pub segment_bytes: u64,
    /// The number of its first group.
    pub first_group: GroupSeq,
    /// The end of the segment before it.
    pub predecessor: Option<SegmentEnd>,
}

/// Where a segment's last group ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentEnd {
    /// The segment.
    pub segment: SegmentId,
    /// The byte after its last group.
    pub offset: u64,
    /// The CRC of its last group, or of its header when it has none.
    pub crc: u32,
}

impl SegmentHeader {
    /// The header sector.
    pub(crate) fn encode(&self) -> [u8; SECTOR_BYTES] {
        let mut sector = [0; SECTOR_BYTES];
        put(&mut sector, 0, MAGIC);
        put(&mut sector, 8, FORMAT.to_le_bytes());
        put(&mut sector, 16, self.uuid.0);
        put(&mut sector, 32, self.segment.0.to_le_bytes());
        put(&mut sector, 40, self.start.to_le_bytes());
        put(&mut sector, 48, self.segment_bytes.to_le_bytes());
        put(&mut sector, 56, self.first_group.0.to_le_bytes());
        if let Some(end) = self.predecessor {
            put(&mut sector, 64, end.segment.0.to_le_bytes());
            put(&mut sector, 72, end.offset.to_le_bytes());
            put(&mut sector, 80, end.crc.to_le_bytes());
        }
        Seed::new(self.uuid, self.segment).seal(&mut sector, NO_GROUP, 0);
        sector
    }

    /// Takes the header out of the first sector of `file`, which must be segment `expected` of log `uuid`. Also returns the
    /// CRC that the first group follows.
    ///
    /// # Errors
    /// `Corrupt`, `Format` or `Foreign`.
    pub(crate) fn decode(file: &str, sector: &[u8], uuid: LogUuid, expected: SegmentId) -> Result<(Self, u32), Error> {
        let fields = Fields(sector);
        let named = LogUuid(fields.array(16));
        let whole = |seed: Seed| seed.look(sector, NO_GROUP, 0) == Look::Whole;
        let claimed = SegmentId(fields.u64(32));
        if fields.array(0) != MAGIC || !whole(Seed::new(named, claimed)) {
            return Err(Error::corrupt(file, 0, Damage::Sector));
        }
        if fields.u16(8) != FORMAT {
            return Err(Error::Format { file: file.to_owned(), found: fields.u16(8), known: FORMAT });
        }
        if named != uuid {
            return Err(Error::Foreign { file: file.to_owned(), expected: uuid, found: named });
        }
        let header = SegmentHeader::of(&fields, uuid);
        match claimed == expected && header.is_consistent() && is_zero(&sector[84..SECTOR_PAYLOAD_BYTES]) {
            true => Ok((header, fields.u32(SECTOR_PAYLOAD_BYTES))),
            false => Err(Error::corrupt(file, 0, Damage::Contradiction { what: "the segment header" })),
        }
    }

    fn of(fields: &Fields<'_>, uuid: LogUuid) -> SegmentHeader {
        let end = SegmentEnd { segment: SegmentId(fields.u64(64)), offset: fields.u64(72), crc: fields.u32(80) };
        SegmentHeader {
            uuid,
            segment: SegmentId(fields.u64(32)),
            start: fields.u64(40),
            segment_bytes: fields.u64(48),
            first_group: GroupSeq(fields.u64(56)),
            predecessor: (end.segment.0 != 0).then_some(end),
        }
    }

    fn is_consistent(&self) -> bool {
        let sectors = |bytes: u64| bytes >= SECTOR_BYTES as u64 && bytes.is_multiple_of(SECTOR_BYTES as u64);
        let sized = (SEGMENT_BYTES_MIN..=SEGMENT_BYTES_MAX).contains(&self.segment_bytes) && sectors(self.segment_bytes);
        let preceded = match self.predecessor {
            None => self.segment == SegmentId(1),
            Some(end) => end.segment.next() == self.segment && sectors(end.offset) && end.offset <= SEGMENT_BYTES_MAX,
        };
        sized && preceded && self.first_group.0 >= 1
    }
}

/// The name of a segment's file.
#[must_use]
pub fn segment_name(segment: SegmentId) -> String {
    format!("segment-{:012}.wal", segment.0)
}

/// The name of a segment's file in the archive.
#[must_use]
pub fn archive_name(segment: SegmentId) -> String {
    format!("archive/{}", segment_name(segment))
}

/// The segment that a file name stands for.
pub(crate) fn segment_of_name(name: &str) -> Option<SegmentId> {
    let digits = name.strip_prefix("segment-")?.strip_suffix(".wal")?;
    let number = digits.parse().ok()?;
    (segment_name(SegmentId(number)) == name).then_some(SegmentId(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> SegmentHeader {
        let predecessor = Some(SegmentEnd { segment: SegmentId(4), offset: 8192, crc: 77 });
        let (uuid, segment, first_group) = (LogUuid([1; 16]), SegmentId(5), GroupSeq(10));
        SegmentHeader { uuid, segment, start: 2, segment_bytes: 65536, first_group, predecessor }
    }

    #[test]
    fn a_header_reads_back() {
        let sector = header().encode();
        let (read, crc) = SegmentHeader::decode("f", &sector, LogUuid([1; 16]), SegmentId(5)).unwrap();
        assert_eq!((read, crc), (header(), u32::from_le_bytes(sector[4092..].try_into().unwrap())));
    }

    #[test]
    fn a_header_has_its_magic_and_a_checksum_that_holds() {
        let decode = |sector: &[u8]| SegmentHeader::decode("f", sector, LogUuid([1; 16]), SegmentId(5)).unwrap_err();
        let (mut torn, mut other) = (header().encode(), header().encode());
        torn[40] ^= 1;
        other[0] ^= 1;
        Seed::new(LogUuid([1; 16]), SegmentId(5)).seal(&mut other, NO_GROUP, 0);
        for sector in [torn, other] {
            assert!(matches!(decode(&sector), Error::Corrupt { damage: Damage::Sector, .. }));
        }
    }

    #[test]
    fn a_header_of_another_log_is_foreign_and_of_another_place_corrupt() {
        let sector = header().encode();
        let decode = |uuid, segment| SegmentHeader::decode("f", &sector, LogUuid([uuid; 16]), SegmentId(segment));
        assert!(matches!(decode(2, 5), Err(Error::Foreign { .. })));
        assert!(matches!(decode(1, 6), Err(Error::Corrupt { .. })));
    }

    #[test]
    fn names_lead_to_their_segments_and_only_them() {
        assert_eq!(segment_of_name(&segment_name(SegmentId(42))), Some(SegmentId(42)));
        for name in ["segment-1.wal", "spare-1", "segment-00000000000x.wal", "segment-000000000001.wal.tmp"] {
            assert_eq!(segment_of_name(name), None, "{name}");
        }
    }
}
