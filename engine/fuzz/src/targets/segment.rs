//! Segments: a log with one of its segments bent. With its checksums mended nothing is promised but that verification, showing and opening
//! end without a panic and agree; without, what was acknowledged is there up to a last group that nothing proves durable, or it is refused.

use super::golden;
use crate::bend::{Random, bent_in_place, one_in};
use crate::{Check, Outcome};
use std::collections::BTreeMap;
use tessera_wal::layout::{Fields, put};
use tessera_wal::storage::Storage;
use tessera_wal::storage::sim::SimStorage;
use tessera_wal::{Cursor, JournalId, Options, cut_tail, inspect, open, verify};

const SECTOR_BYTES: usize = 4096;
const SUM_AT: usize = SECTOR_BYTES - 4;
/// The segment's header, and in a group its header: where the number of the group stands, and the group's own sums.
const GROUP_AT: usize = 32;
const GROUP_SUM_AT: usize = 68;
const GROUP_HEADER_BYTES: usize = 72;

type Journals = BTreeMap<JournalId, Cursor>;

/// The golden log of the log's own format, as the files that it is.
struct Log {
    files: Vec<(String, Vec<u8>)>,
    segments: Vec<String>,
    whole: Journals,
    /// The same without the last group: what a torn tail leaves.
    shortened: Journals,
}

pub(crate) fn prepare() -> Check {
    let log = Log::load();
    Box::new(move |case| log.check(&mut Random(case)))
}

impl Log {
    fn load() -> Log {
        let entries = std::fs::read_dir(golden("wal/fixtures/v1")).expect("the golden log");
        let read = |path: std::path::PathBuf| {
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            (name, std::fs::read(path).expect("a golden file"))
        };
        let mut files: Vec<(String, Vec<u8>)> = entries.map(|entry| read(entry.expect("a file").path())).collect();
        files.sort();
        let segments: Vec<String> =
            files.iter().map(|(name, _)| name.clone()).filter(|name| name.starts_with("segment-")).collect();
        let mut log = Log { files, segments, whole: Journals::new(), shortened: Journals::new() };
        log.whole = journals(&log.storage()).expect("the golden log is whole");
        let (storage, last) = (log.storage(), log.segments.last().expect("segments"));
        let mut bytes = storage.bytes(last);
        let group = bytes.chunks(SECTOR_BYTES).rposition(|sector| sector.starts_with(b"TGRP")).expect("the last group");
        bytes[group * SECTOR_BYTES..].fill(0);
        storage.set_bytes(last, &bytes);
        log.shortened = journals(&storage).expect("without its last group it is whole too");
        log
    }

    fn storage(&self) -> SimStorage {
        let storage = SimStorage::new();
        self.files.iter().for_each(|(name, bytes)| storage.set_bytes(name, bytes));
        storage
    }

    fn check(&self, random: &mut Random) -> Outcome {
        let storage = self.storage();
        let name = &self.segments[random.below(self.segments.len())];
        let mut bytes = bent_in_place(random, &storage.bytes(name));
        let is_mended = !one_in(random, 3);
        if is_mended {
            mend(&mut bytes);
        }
        if one_in(random, 8) {
            bytes.truncate(random.below(bytes.len()));
        }
        storage.set_bytes(name, &bytes);
        let found = journals(&storage);
        let mut items = 0;
        let shown = inspect(&storage, &mut |_| items += 1);
        assert!(items <= bytes.len(), "what is shown is there");
        let opened = opened(&storage.kill());
        assert_eq!(opened.is_some(), found.is_some(), "opening and verification agree");
        // What no server opens an operator may cut, or not; either way it ends.
        let _cut_or_refused = cut_tail(&storage, &options());
        let Some(found) = found else { return Outcome::Refused };
        assert!(shown.is_ok(), "what is whole is shown");
        assert_eq!(opened.as_ref(), Some(&found));
        assert!(is_mended || found == self.whole || found == self.shortened, "I12: {name} was bent and nobody noticed");
        Outcome::Accepted
    }
}

/// Where the journals stand, when nothing is wrong.
fn journals(storage: &SimStorage) -> Option<Journals> {
    verify(storage, &mut |_| {}).ok().filter(|report| report.problem.is_none()).map(|report| report.journals)
}

fn options() -> Options {
    Options { segment_bytes: 16384, spare_count: 1, reserve_count: 0, ..Options::default() }
}

/// The same by opening it.
fn opened(storage: &SimStorage) -> Option<Journals> {
    let mut cursors = Journals::new();
    let mut follow = |frame: tessera_wal::Frame<'_>, _| {
        let resumes = frame.header.number.0 > 1 && !cursors.contains_key(&frame.header.journal);
        let cursor = cursors.entry(frame.header.journal).or_default();
        if resumes {
            cursor.resume(&frame);
            return Ok(());
        }
        cursor.accept(&frame).map_err(|error| tessera_wal::ReplayStop(Box::new(error)))
    };
    open(storage.clone(), &options(), &mut follow, &mut |_| {}).ok()?;
    assert!(storage.list().is_ok());
    Some(cursors)
}

/// Makes the sums of the segment's header, of group headers and of all sectors fit, as FORMATS tells; the sectors of a group bear the
/// number of the header before them.
fn mend(bytes: &mut [u8]) {
    let uuid_and_segment: Vec<u8> = bytes[16..40].to_vec();
    let mut group = 0_u64.to_le_bytes();
    for (at, sector) in bytes.chunks_exact_mut(SECTOR_BYTES).enumerate() {
        let offset = ((at * SECTOR_BYTES) as u64).to_le_bytes();
        if sector.iter().all(|&byte| byte == 0) {
            continue;
        }
        if at > 0 && sector.starts_with(b"TGRP") {
            group = Fields(sector).u64(GROUP_AT).to_le_bytes();
            let sum = sum(&[&uuid_and_segment, &group, &offset, &sector[..GROUP_SUM_AT]]);
            put(&mut sector[..GROUP_HEADER_BYTES], GROUP_SUM_AT, sum.to_le_bytes());
        }
        let sum = sum(&[&uuid_and_segment, &group, &offset, &sector[..SUM_AT]]);
        put(sector, SUM_AT, sum.to_le_bytes());
    }
}

fn sum(parts: &[&[u8]]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    parts.iter().for_each(|part| hasher.update(part));
    hasher.finalize()
}
