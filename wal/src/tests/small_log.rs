//! A log small enough to try every damage on: every flipped bit, every cut, every file lost.
//!
//! What comes of a damage is one of four. Exact: everything that was acknowledged is there and nothing else. Cut: the tail rule took the
//! last group, which no later one proves durable, for a torn write. Refused: a typed error. Anything else is silent, and none is (I12).

use super::scribe::*;
use crate::storage::Storage;
use crate::storage::sim::SimStorage;
use crate::*;
use std::collections::BTreeMap;
use std::ops::AddAssign;

pub(super) const SEGMENT_BYTES: u64 = 20480;
/// What stands behind the ends of the two closed segments: closing groups and zeroes, which nobody examines.
pub(super) const UNEXAMINED_BYTES: u64 = 4 * 4096;

/// How the log ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// With a seal: nothing may be cut.
    Sealed,
    /// With a group that nothing follows: the only one that may be cut.
    Unsealed,
    /// With a group that was never acknowledged, one of its two sectors missing.
    Torn,
}

type Journals = BTreeMap<JournalId, Cursor>;

/// Three segments, two of them closed: a frame of two sectors in the first, two journals in the second, a frame of two sectors at the end.
pub(super) struct SmallLog {
    pub(super) storage: SimStorage,
    end: End,
    /// Where the journals stand with everything acknowledged, chains included.
    whole: Journals,
    /// The same before the last group.
    shortened: Journals,
    pub(super) last_segment: String,
}

/// What became of the damages.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) exact: u64,
    pub(super) cut: u64,
    pub(super) refused: u64,
    pub(super) silent: Vec<String>,
}

impl SmallLog {
    pub(super) fn ending(end: End) -> SmallLog {
        let storage = new_log();
        let (mut writer, _, mut scribe, _) = open_and_read(&storage, &options(SEGMENT_BYTES)).unwrap();
        commit_each(&mut writer, &mut scribe, &[&[1; 4200], b"second"]);
        let both = [scribe.frame(0, b"third"), scribe.frame(7, b"of another journal")];
        writer.commit(&both.each_ref().map(Vec::as_slice)).unwrap();
        writer.turn_over().unwrap();
        let shortened = scribe.cursors.clone();
        commit_each(&mut writer, &mut scribe, &[&[4; 4200]]);
        if end == End::Sealed {
            writer.seal().unwrap();
        }
        assert_eq!(writer.stats().segments, 2, "segments begun besides the first");
        drop(writer);
        let spares = storage.list().unwrap().into_iter().filter(|name| name.starts_with("spare"));
        spares.for_each(|name| storage.lose(&name));
        let last_segment = segment_name(SegmentId(3));
        let mut log = SmallLog { storage, end, whole: scribe.cursors, shortened, last_segment };
        if end == End::Torn {
            log.tear();
        }
        log
    }

    /// The second sector of the last group did not reach the disk, and nobody was promised the group.
    fn tear(&mut self) {
        let mut bytes = self.storage.bytes(&self.last_segment);
        bytes[8192..12288].fill(0);
        self.storage.set_bytes(&self.last_segment, &bytes);
        self.whole = self.shortened.clone();
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.storage.list().unwrap()
    }

    /// Judges what a verification makes of the log as it is now; `file` was damaged.
    pub(super) fn judge(&self, file: &str, what: impl Fn() -> String, tally: &mut Tally) {
        let may_cut = self.end == End::Unsealed && file == self.last_segment;
        self.judge_where(may_cut, || format!("{file}: {}", what()), tally);
    }

    /// As [`SmallLog::judge`]; the last group may be cut only where nothing says any more that it was durable.
    pub(super) fn judge_where(&self, may_cut: bool, what: impl Fn() -> String, tally: &mut Tally) {
        let Ok(Report { problem: None, journals, .. }) = verify(&self.storage, &mut |_| {}) else {
            tally.refused += 1;
            return;
        };
        if journals == self.whole {
            tally.exact += 1;
        } else if may_cut && journals == self.shortened {
            tally.cut += 1;
        } else {
            tally.silent.push(what());
        }
    }

    /// Opening agrees with verification: the same frames, or a refusal.
    pub(super) fn opens_as_it_verifies(&self, what: &str) {
        let verified = verify(&self.storage, &mut |_| {}).ok().filter(|report| report.problem.is_none());
        let opened = open_and_read(&self.storage.kill(), &options(SEGMENT_BYTES));
        assert_eq!(opened.is_ok(), verified.is_some(), "{what}");
        if let (Ok((_, _, scribe, _)), Some(report)) = (opened, verified) {
            assert_eq!(scribe.cursors, report.journals, "{what}");
        }
    }
}

impl Tally {
    pub(super) fn cases(&self) -> u64 {
        self.exact + self.cut + self.refused + self.silent.len() as u64
    }

    /// Prints the figures, and fails when anything was silent.
    #[track_caller]
    pub(super) fn report(&self, what: &str) {
        println!(
            "{what}: {} cases: {} exact, {} cut, {} refused, {} silent",
            self.cases(),
            self.exact,
            self.cut,
            self.refused,
            self.silent.len()
        );
        assert!(self.silent.is_empty(), "{what}: {:?}", self.silent);
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Tally) {
        self.exact += other.exact;
        self.cut += other.cut;
        self.refused += other.refused;
        self.silent.extend(other.silent);
    }
}
