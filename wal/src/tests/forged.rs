//! Bytes whose checksums are right and which contradict each other all the same: no accident makes them, a mistake in a writer would. The
//! rows of the tail rule that need such bytes, and headers that disagree about where a segment ends.

use super::scribe::*;
use crate::group::{Composer, Place};
use crate::sector::Seed;
use crate::segment::{SegmentEnd, SegmentHeader};
use crate::storage::SECTOR_BYTES;
use crate::storage::sim::SimStorage;
use crate::tail::Region;
use crate::*;

/// The group that would come next, and where.
const EXPECTED: GroupSeq = GroupSeq(7);
const FROM: usize = SECTOR_BYTES;
const PREVIOUS_CRC: u32 = 99;
/// Payloads of groups of so many sectors.
const ONE_SECTOR: usize = 100;
const TWO_SECTORS: usize = 5_000;
const FIVE_SECTORS: usize = 20_000;

/// Eight sectors behind a header sector.
struct Sheet {
    seed: Seed,
    bytes: Vec<u8>,
}

impl Sheet {
    fn new() -> Sheet {
        Sheet { seed: Seed::new(UUID, SegmentId(1)), bytes: vec![0; 9 * SECTOR_BYTES] }
    }

    fn group(&self, group: GroupSeq, durable: u64, sector: usize, payload: &[u8], previous_crc: u32) -> Vec<u8> {
        let offset = (sector * SECTOR_BYTES) as u64;
        let place = Place { seed: &self.seed, offset, group, durable: GroupSeq(durable), previous_crc };
        let mut composer = Composer::default();
        composer.push(payload);
        composer.finish(GroupKind::Data, 1, &place).0.to_vec()
    }

    /// The sectors of the expected group, with such a payload.
    fn next(&self, payload: &[u8]) -> Vec<u8> {
        self.group(EXPECTED, EXPECTED.0 - 1, 1, payload, PREVIOUS_CRC)
    }

    /// Puts sectors where they belong, from one of their own on; what is behind the end of the sheet falls off.
    fn put(&mut self, sector: usize, sectors: &[u8]) {
        let at = sector * SECTOR_BYTES;
        let count = sectors.len().min(self.bytes.len() - at);
        self.bytes[at..at + count].copy_from_slice(&sectors[..count]);
    }

    fn zero(&mut self, sector: usize) {
        self.bytes[sector * SECTOR_BYTES..(sector + 1) * SECTOR_BYTES].fill(0);
    }

    fn region(&self, from: usize) -> Region<'_> {
        Region { bytes: &self.bytes, seed: &self.seed, from, expected: EXPECTED, previous_crc: PREVIOUS_CRC }
    }

    #[track_caller]
    fn shows(&self, remains: Remains, later: Later) {
        let evidence = self.region(FROM).examine(false);
        assert_eq!((evidence.remains, evidence.later), (remains, later));
    }
}

#[test]
fn behind_a_closed_end_and_behind_the_file_nothing_is_looked_at() {
    let mut sheet = Sheet::new();
    sheet.bytes[3 * SECTOR_BYTES] = 1;
    let nothing = |closed| Evidence { closed, closing_torn: false, remains: Remains::Nothing, later: Later::None };
    assert_eq!(sheet.region(FROM).examine(true), nothing(true));
    assert_eq!(sheet.region(sheet.bytes.len()).examine(false), nothing(false));
    assert_eq!(sheet.region(FROM).examine(false).remains, Remains::Rotten);
}

#[test]
fn a_torn_group_that_claims_more_than_the_file_has_is_rot() {
    let (mut fits, mut exceeds) = (Sheet::new(), Sheet::new());
    // Eight sectors are there: a group of eight, the last one missing, and a group of nine.
    let eight = fits.next(&[5; 8 * 4092 - 72]);
    assert_eq!(eight.len(), 8 * SECTOR_BYTES);
    fits.put(1, &eight);
    fits.zero(8);
    fits.shows(Remains::Torn, Later::None);
    let nine = exceeds.next(&[5; 8 * 4092]);
    exceeds.put(1, &nine);
    exceeds.zero(8);
    exceeds.shows(Remains::Rotten, Later::None);
}

#[test]
fn a_torn_group_that_follows_another_predecessor_is_rot() {
    for (previous_crc, remains) in [(PREVIOUS_CRC, Remains::Torn), (PREVIOUS_CRC + 1, Remains::Rotten)] {
        let mut sheet = Sheet::new();
        let group = sheet.group(EXPECTED, EXPECTED.0 - 1, 1, &[5; TWO_SECTORS], previous_crc);
        sheet.put(1, &group);
        sheet.zero(2);
        sheet.shows(remains, Later::None);
    }
}

#[test]
fn whole_sectors_of_two_groups_of_one_number_are_rot() {
    let mut sheet = Sheet::new();
    let (one, other) = (sheet.next(&[5; TWO_SECTORS]), sheet.next(&[6; TWO_SECTORS]));
    sheet.put(1, &one);
    sheet.put(2, &other[SECTOR_BYTES..]);
    sheet.shows(Remains::Rotten, Later::None);
}

#[test]
fn a_sector_of_the_expected_group_behind_its_own_end_is_rot() {
    let mut sheet = Sheet::new();
    let (short, long) = (sheet.next(&[5; TWO_SECTORS]), sheet.next(&[5; FIVE_SECTORS]));
    sheet.put(1, &short);
    sheet.zero(2);
    sheet.shows(Remains::Torn, Later::None);
    sheet.put(3, &long[2 * SECTOR_BYTES..3 * SECTOR_BYTES]);
    sheet.shows(Remains::Rotten, Later::None);
}

#[test]
fn rot_behind_whole_sectors_of_a_headless_group_is_seen() {
    let mut sheet = Sheet::new();
    let group = sheet.next(&[5; FIVE_SECTORS]);
    sheet.put(3, &group[2 * SECTOR_BYTES..3 * SECTOR_BYTES]);
    sheet.shows(Remains::Torn, Later::None);
    sheet.bytes[6 * SECTOR_BYTES + 9] = 1;
    sheet.shows(Remains::Rotten, Later::None);
}

#[test]
fn a_header_of_the_expected_number_elsewhere_is_no_later_group() {
    let mut sheet = Sheet::new();
    let displaced = sheet.group(EXPECTED, EXPECTED.0 - 1, 4, &[5; ONE_SECTOR], PREVIOUS_CRC);
    sheet.put(4, &displaced);
    sheet.shows(Remains::Torn, Later::None);
}

#[test]
fn of_several_later_groups_one_that_proves_durability_is_enough() {
    let mut sheet = Sheet::new();
    let undurable = sheet.group(GroupSeq(9), EXPECTED.0 - 1, 3, &[5; TWO_SECTORS], 1);
    sheet.put(3, &undurable);
    sheet.shows(Remains::Nothing, Later::Undurable);
    let durable = sheet.group(GroupSeq(10), EXPECTED.0, 6, &[5; ONE_SECTOR], 2);
    sheet.put(6, &durable);
    sheet.shows(Remains::Nothing, Later::Durable);
}

#[test]
fn a_whole_group_of_the_next_number_after_another_predecessor_is_rot() {
    let storage = new_log();
    let (mut writer, _, mut scribe, _) = open_and_read(&storage, &options(16384)).unwrap();
    commit_each(&mut writer, &mut scribe, &[b"one"]);
    let end = writer.segment.end;
    drop(writer);
    let (seed, frame, name) = (Seed::new(UUID, SegmentId(1)), scribe.frame(0, b"two"), segment_name(SegmentId(1)));
    for (previous_crc, frames) in [(end.crc, Some(2)), (end.crc ^ 1, None)] {
        let place = Place { seed: &seed, offset: end.offset, group: GroupSeq(2), durable: GroupSeq(1), previous_crc };
        let mut composer = Composer::default();
        composer.push(&frame);
        let mut bytes = storage.bytes(&name);
        bytes[8192..12288].copy_from_slice(composer.finish(GroupKind::Data, 1, &place).0);
        storage.set_bytes(&name, &bytes);
        let opened = frames_of(&storage, &options(16384));
        assert_eq!(opened.as_ref().map(Vec::len).ok(), frames);
        assert!(opened.is_ok() || matches!(opened, Err(Error::Corrupt { damage: Damage::Tail(Refusal::Rot), .. })));
    }
}

/// A log of two starts, so of two segments, the first of them cut at its end.
fn two_segments() -> (SimStorage, SegmentHeader) {
    let storage = new_log();
    for _ in 0..2 {
        let (mut writer, _, mut scribe, _) = open_and_read(&storage, &options(16384)).unwrap();
        commit_each(&mut writer, &mut scribe, &[b"one"]);
    }
    let sector = &storage.bytes(&segment_name(SegmentId(2)))[..SECTOR_BYTES];
    let (header, _) = SegmentHeader::decode("2", sector, UUID, SegmentId(2)).unwrap();
    (storage, header)
}

#[track_caller]
fn refuses(header: &SegmentHeader, storage: &SimStorage, what: &'static str) {
    let name = segment_name(header.segment);
    let mut bytes = storage.bytes(&name);
    bytes[..SECTOR_BYTES].copy_from_slice(&header.encode());
    storage.set_bytes(&name, &bytes);
    let problem = verify(storage, &mut |_| {}).unwrap().problem;
    let Some(Error::Corrupt { file, damage, .. }) = problem else { panic!("{problem:?}") };
    assert_eq!((file, damage), (name, Damage::Contradiction { what }));
}

#[test]
fn a_successor_that_contradicts_its_predecessor_is_refused() {
    let (storage, header) = two_segments();
    let end = header.predecessor.unwrap();
    assert_eq!((header.start, end.offset), (2, 8192));
    let with = |end| SegmentHeader { predecessor: Some(end), ..header };
    let beyond = with(SegmentEnd { offset: 16384 + 4096, ..end });
    refuses(&beyond, &storage, "the predecessor's end");
    refuses(&SegmentHeader { start: 0, ..header }, &storage, "the predecessor's end");
    let (storage, header) = two_segments();
    refuses(&SegmentHeader { first_group: header.first_group.next(), ..header }, &storage, "the number of the first group");
}

#[test]
fn a_segment_header_that_contradicts_itself_is_refused() {
    let (storage, header) = two_segments();
    let end = header.predecessor.unwrap();
    let with = |end| SegmentHeader { predecessor: Some(end), ..header };
    for forged in [
        SegmentHeader { segment_bytes: 12288, ..header },
        SegmentHeader { segment_bytes: SEGMENT_BYTES_MAX + 4096, ..header },
        SegmentHeader { segment_bytes: 16385, ..header },
        SegmentHeader { first_group: GroupSeq(0), ..header },
        SegmentHeader { predecessor: None, ..header },
        with(SegmentEnd { segment: SegmentId(2), ..end }),
        with(SegmentEnd { offset: 0, ..end }),
        with(SegmentEnd { offset: 8193, ..end }),
        with(SegmentEnd { offset: SEGMENT_BYTES_MAX + 4096, ..end }),
    ] {
        refuses(&forged, &storage, "the segment header");
    }
}

#[test]
fn what_was_read_is_counted() {
    let (storage, _) = two_segments();
    let report = verify(&storage, &mut |_| {}).unwrap();
    assert_eq!((report.whole.segments_done, report.whole.segments, report.whole.frames), (2, 2, 2));
    assert_eq!(report.whole.bytes, 8192 + 16384, "the first up to its end, the last whole");
}
