//! The tail rule: what recovery does with the end of the last segment. A pure table; nothing here reads or writes.
//!
//! Recovery walks the groups of the last segment while they are whole. What remains behind the last whole one is examined up
//! to the end of the file and judged (rules 4b to 4d). The rows, first match wins:
//!
//! | row | the last whole group | what remains behind it | later group found | verdict |
//! |---|---|---|---|---|
//! | A | is the closing group | anything | any | refuse: the successor is missing |
//! | B | any | the header of a closing group, torn | any | refuse: the successor is missing |
//! | C | any | anything | composed after the damaged one was durable | refuse: it was durable |
//! | D | any | anything | composed before that | refuse: more groups in flight than a log ever has |
//! | E | any | a sector neither whole nor zero | none | refuse: rot; an operator may cut it |
//! | F | any, sealed or not | whole sectors of the next group and zero ones | none | cut |
//! | G | any, sealed or not | zeroes to the end | none | keep |
//!
//! A seal needs no row of its own: it is a later group to all before it (row C), and torn itself it holds nothing (row F).

use crate::group::{GROUP_PAYLOAD_BYTES_MAX, GroupHeader, GroupKind};
use crate::layout::{Fields, is_zero};
use crate::number::GroupSeq;
use crate::planted::{self, Planted};
use crate::sector::{Look, Seed, disk_bytes_for};
use crate::storage::SECTOR_BYTES;
use thiserror::Error;

/// What stands behind the last whole group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remains {
    /// Zeroes to the end.
    Nothing,
    /// Whole sectors of the next group and zero ones.
    Torn,
    /// A sector that is neither, or a group that contradicts itself.
    Rotten,
}

/// A group found behind a damaged one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Later {
    /// None.
    None,
    /// One that was composed when the damaged group was durable.
    Durable,
    /// One that was composed when it was not.
    Undurable,
}

/// All that the verdict depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// Whether the last whole group is the segment's closing group.
    pub closed: bool,
    /// Whether the header of a torn closing group stands there.
    pub closing_torn: bool,
    /// What stands behind the last whole group.
    pub remains: Remains,
    /// What was found behind that.
    pub later: Later,
}

/// What recovery does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The log ends cleanly after the last whole group.
    Keep,
    /// What stands behind it was never acknowledged: it is left behind.
    Cut,
    /// It may have been acknowledged: no start.
    Refuse(Refusal),
}

/// Why the tail may not be cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The segment is closed, so it had a successor.
    #[error("the segment is closed and its successor is missing")]
    SuccessorMissing,
    /// A later group says that the damaged one was durable.
    #[error("a later group proves that the damaged one was durable")]
    WasDurable,
    /// A later group says that it was not, which no log writes.
    #[error("more groups were in flight than a log ever has")]
    PipelineExceeded,
    /// A sector is neither whole nor zero.
    #[error("a sector is neither whole nor zero: this is rot, not a torn write")]
    Rot,
}

/// The table.
#[must_use]
pub fn judge(evidence: Evidence) -> Verdict {
    match evidence {
        Evidence { closed: true, .. } | Evidence { closing_torn: true, .. } => Verdict::Refuse(Refusal::SuccessorMissing),
        Evidence { later: Later::Durable, .. } if planted::is(Planted::TailCutTooFar) => Verdict::Cut,
        Evidence { later: Later::Durable, .. } => Verdict::Refuse(Refusal::WasDurable),
        Evidence { later: Later::Undurable, .. } => Verdict::Refuse(Refusal::PipelineExceeded),
        Evidence { remains: Remains::Rotten, .. } => Verdict::Refuse(Refusal::Rot),
        Evidence { remains: Remains::Torn, .. } => Verdict::Cut,
        Evidence { remains: Remains::Nothing, .. } => Verdict::Keep,
    }
}

/// The part of a segment behind its last whole group.
pub(crate) struct Region<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) seed: &'a Seed,
    pub(crate) from: usize,
    /// The group that would stand at `from`.
    pub(crate) expected: GroupSeq,
    pub(crate) previous_crc: u32,
}

impl Region<'_> {
    /// Looks at every sector behind the last whole group.
    pub(crate) fn examine(&self, closed: bool) -> Evidence {
        let nothing = Evidence { closed, closing_torn: false, remains: Remains::Nothing, later: Later::None };
        if self.from >= self.bytes.len() || closed {
            return nothing;
        }
        match self.header_at(self.from).filter(|header| header.group == self.expected) {
            Some(header) => self.examine_torn(&header, nothing),
            None => self.examine_headless(nothing),
        }
    }

    /// The group's header is whole, so its extent is known.
    fn examine_torn(&self, header: &GroupHeader, mut evidence: Evidence) -> Evidence {
        let end = self.from + header.disk_bytes();
        if end > self.bytes.len() || header.previous_crc != self.previous_crc {
            return Evidence { remains: Remains::Rotten, ..evidence };
        }
        let looks = || self.looks(self.from, end);
        evidence.remains = match looks().any(|look| look == Look::Rotten) || !looks().any(|look| look == Look::Zero) {
            true => Remains::Rotten,
            false => Remains::Torn,
        };
        evidence.closing_torn = header.kind == GroupKind::Closing;
        self.examine_rest(end, end, evidence)
    }

    /// The group's first sector is not its header: its sectors may stand wherever the longest group would reach.
    fn examine_headless(&self, mut evidence: Evidence) -> Evidence {
        if !is_zero(self.sector(self.from)) {
            evidence.remains = Remains::Rotten;
        }
        let reach = self.from + disk_bytes_for(GROUP_PAYLOAD_BYTES_MAX);
        self.examine_rest(self.from + SECTOR_BYTES, reach, evidence)
    }

    fn examine_rest(&self, mut at: usize, torn_until: usize, mut evidence: Evidence) -> Evidence {
        while at < self.bytes.len() {
            if is_zero(self.sector(at)) {
                at += SECTOR_BYTES;
            } else if let Some(later) = self.header_at(at).filter(|header| header.group > self.expected) {
                evidence.later = self.weigh(&later, evidence.later);
                at += later.disk_bytes();
            } else if at < torn_until && self.look(at) == Look::Whole && evidence.remains != Remains::Rotten {
                evidence.remains = Remains::Torn;
                at += SECTOR_BYTES;
            } else {
                evidence.remains = Remains::Rotten;
                at += SECTOR_BYTES;
            }
        }
        evidence
    }

    fn weigh(&self, later: &GroupHeader, so_far: Later) -> Later {
        match so_far == Later::Durable || later.durable >= self.expected {
            true => Later::Durable,
            false => Later::Undurable,
        }
    }

    /// A group header that is whole by its own word.
    fn header_at(&self, at: usize) -> Option<GroupHeader> {
        let sector = self.sector(at);
        let group = GroupSeq(Fields(sector).u64(32));
        let whole = self.seed.look(sector, group, at as u64) == Look::Whole;
        GroupHeader::parse(sector, self.seed, at as u64).filter(|_| whole)
    }

    fn looks(&self, from: usize, to: usize) -> impl Iterator<Item = Look> + '_ {
        (from..to).step_by(SECTOR_BYTES).map(|at| self.look(at))
    }

    fn look(&self, at: usize) -> Look {
        self.seed.look(self.sector(at), self.expected, at as u64)
    }

    fn sector(&self, at: usize) -> &[u8] {
        &self.bytes[at..at + SECTOR_BYTES]
    }
}
