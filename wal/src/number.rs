//! The numbers and names a log is spoken of with. Each is its own type, so that an lsn is never taken for a frame number.
//!
//! Owns no behaviour beyond counting. All of them are on disk; their widths are final.

use std::fmt;

/// Names a journal: a partition `0..P`, or [`JournalId::CATALOG`]. The log gives it no other meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JournalId(pub u16);

impl JournalId {
    /// The journal of the catalog, which belongs to no partition.
    pub const CATALOG: JournalId = JournalId(0xFFFF);
}

/// The number of an event within its journal. The first event is 1; 0 stands before everything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lsn(pub u64);

/// The number of a frame within its journal, without gaps. The first frame is 1; 0 stands before everything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FrameNo(pub u64);

/// The number of a group within its log. The first group is 1; 0 stands before everything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupSeq(pub u64);

/// The number of a segment within its log, without gaps. The first segment is 1; 0 means "none".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SegmentId(pub u64);

/// The identity of a log, given by whoever creates it and seeded into every checksum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogUuid(pub [u8; 16]);

/// The blake3 hash that ties every frame of a journal to all frames before it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Chain(pub [u8; 32]);

impl Chain {
    /// The chain of a journal that has no frame yet.
    pub const START: Chain = Chain([0; 32]);
}

impl GroupSeq {
    /// The group after this one.
    #[must_use]
    pub fn next(self) -> GroupSeq {
        GroupSeq(self.0 + 1)
    }
}

impl SegmentId {
    /// The segment after this one.
    #[must_use]
    pub fn next(self) -> SegmentId {
        SegmentId(self.0 + 1)
    }
}

impl fmt::Debug for Chain {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Chain({}…)", hex(&self.0[..6]))
    }
}

impl fmt::Display for LogUuid {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&hex(&self.0))
    }
}

macro_rules! display_as_number {
    ($($name:ident),*) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(out)
            }
        }
    )*};
}
display_as_number!(Lsn, FrameNo, GroupSeq, SegmentId);

impl fmt::Display for JournalId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            JournalId::CATALOG => out.write_str("catalog"),
            JournalId(number) => number.fmt(out),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
