//! What can go wrong with a log, in words an operator can act on.
//!
//! Errors carry fields, keep their source and name file and offset where there is one. [`Error::kind`] says what to do.
//! A broken invariant is not an error: it panics, and the log's thread aborts the process.

use crate::number::{FrameNo, GroupSeq, JournalId, LogUuid, Lsn, SegmentId};
use crate::tail::Refusal;
use std::fmt;
use std::io;
use thiserror::Error;

/// What to do about an [`enum@Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// Bytes that were durable are damaged. Restore from the archive or a mirror, or let an operator cut the tail.
    Corruption,
    /// Another process holds the directory. Stop it first.
    Locked,
    /// A file of another log. Take it away.
    Foreign,
    /// A format this build does not know. Use the build that wrote it.
    Format,
    /// No log here. Create one.
    Missing,
    /// A log is here already. Choose another directory.
    Exists,
    /// The disk is full. Make room; the log goes on by itself.
    DiskFull,
    /// The disk failed. The process must end; what was acknowledged is safe.
    Io,
    /// Whoever replays the frames stopped.
    Replay,
    /// The frames asked for were trimmed away.
    Trimmed,
    /// The options contradict each other, or a request does not fit them.
    Usage,
}

/// The last frame known to be whole before damage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameMark {
    /// Its journal.
    pub journal: JournalId,
    /// Its number.
    pub number: FrameNo,
    /// The lsn of the last event up to it.
    pub lsn: Lsn,
}

/// The last whole frame of every journal before damage. What is damaged begins right after each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extent(pub Vec<FrameMark>);

/// Where and how bytes are damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Damage {
    /// A file is shorter or longer than it must be.
    #[error("the file has {found} bytes, it must have {expected}")]
    Length {
        /// Bytes it must have.
        expected: u64,
        /// Bytes it has.
        found: u64,
    },
    /// A file is missing.
    #[error("the file is missing")]
    FileMissing,
    /// A sector's checksum does not hold.
    #[error("a sector is not what was written")]
    Sector,
    /// A structure's fields contradict its place or each other.
    #[error("{what} contradicts its place")]
    Contradiction {
        /// The structure.
        what: &'static str,
    },
    /// A group is missing that later evidence shows to have been durable.
    #[error("group {group} is missing before the end of its segment")]
    GroupMissing {
        /// The group.
        group: GroupSeq,
    },
    /// The log ends before a group that an image proves to have been durable.
    #[error(
        "the log ends with group {found}, and an image proves that group {proven} was durable: the disk lost what it had confirmed"
    )]
    Behind {
        /// The group that was durable.
        proven: GroupSeq,
        /// The log's last group.
        found: GroupSeq,
    },
    /// A segment's end is not where, or not what, its successor says.
    #[error("the segment does not end as its successor says")]
    EndDisagrees,
    /// A segment file is missing.
    #[error("segment {segment} is missing")]
    SegmentMissing {
        /// The segment.
        segment: SegmentId,
    },
    /// A frame inside a whole group is not whole.
    #[error("a frame is damaged: {0}")]
    Frame(crate::frame::FrameError),
    /// A frame does not follow its predecessor.
    #[error("journal {journal}: {error}")]
    Continuity {
        /// The journal.
        journal: JournalId,
        /// How.
        error: crate::cursor::ContinuityError,
    },
    /// The tail of the log may not be cut.
    #[error("the tail may not be cut: {0}")]
    Tail(Refusal),
}

/// Whoever replays cannot go on. Carries the reason out through [`crate::open`].
#[derive(Debug, Error)]
#[error("{0}")]
pub struct ReplayStop(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// An operating error of the log.
#[derive(Debug, Error)]
pub enum Error {
    /// Damaged bytes.
    #[error("{file} at byte {offset}: {damage}; {extent}")]
    Corrupt {
        /// The file.
        file: String,
        /// The byte where the damage begins.
        offset: u64,
        /// What is wrong.
        damage: Damage,
        /// What was whole before it.
        extent: Extent,
    },
    /// Another process holds the directory.
    #[error("another process holds this directory")]
    Locked,
    /// A file names another log.
    #[error("{file} belongs to log {found}, this is log {expected}")]
    Foreign {
        /// The file.
        file: String,
        /// This log.
        expected: LogUuid,
        /// The log it names.
        found: LogUuid,
    },
    /// A file of a format this build does not know.
    #[error("{file} has format {found}; this build reads format {known}")]
    Format {
        /// The file.
        file: String,
        /// Its format.
        found: u16,
        /// The format known.
        known: u16,
    },
    /// No log here.
    #[error("there is no log here: log.id is missing")]
    Missing,
    /// A log is here already.
    #[error("{file} is here already")]
    Exists {
        /// What is here.
        file: String,
    },
    /// The disk is full.
    #[error("the disk has no room for a segment of {segment_bytes} bytes")]
    DiskFull {
        /// What was to be made.
        segment_bytes: u64,
    },
    /// The disk failed.
    #[error("{operation} of {file} at byte {offset} failed: {source}")]
    Io {
        /// What was tried.
        operation: &'static str,
        /// The file.
        file: String,
        /// The byte.
        offset: u64,
        /// The disk's answer.
        source: io::Error,
    },
    /// An earlier error made the writer useless; the process must end.
    #[error("the log failed before; nothing more is written")]
    Poisoned,
    /// The caller stopped the replay.
    #[error("replay stopped at {file} byte {offset}: {source}")]
    Replay {
        /// The file.
        file: String,
        /// The frame's byte.
        offset: u64,
        /// Why.
        source: ReplayStop,
    },
    /// The frames asked for are gone.
    #[error("journal {journal} begins at frame {first_available} here")]
    Trimmed {
        /// The journal.
        journal: JournalId,
        /// The first frame that is still here.
        first_available: FrameNo,
    },
    /// Options or a request out of bounds.
    #[error("{what}: {found} is not within {least}..={most}")]
    Bounds {
        /// The option or request.
        what: &'static str,
        /// Its value.
        found: u64,
        /// The least allowed.
        least: u64,
        /// The most allowed.
        most: u64,
    },
}

impl Error {
    /// What to do about it.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Error::Corrupt { .. } => ErrorKind::Corruption,
            Error::Locked => ErrorKind::Locked,
            Error::Foreign { .. } => ErrorKind::Foreign,
            Error::Format { .. } => ErrorKind::Format,
            Error::Missing => ErrorKind::Missing,
            Error::Exists { .. } => ErrorKind::Exists,
            Error::DiskFull { .. } => ErrorKind::DiskFull,
            Error::Io { source, .. } if source.kind() == io::ErrorKind::StorageFull => ErrorKind::DiskFull,
            Error::Io { .. } | Error::Poisoned => ErrorKind::Io,
            Error::Replay { .. } => ErrorKind::Replay,
            Error::Trimmed { .. } => ErrorKind::Trimmed,
            Error::Bounds { .. } => ErrorKind::Usage,
        }
    }

    pub(crate) fn corrupt(file: &str, offset: u64, damage: Damage) -> Error {
        Error::Corrupt { file: file.to_owned(), offset, damage, extent: Extent::default() }
    }

    /// Adds what was whole before the damage.
    pub(crate) fn with_extent(mut self, known: impl FnOnce() -> Extent) -> Error {
        if let Error::Corrupt { extent, .. } = &mut self {
            *extent = known();
        }
        self
    }
}

impl ErrorKind {
    /// One sentence for the operator.
    #[must_use]
    pub fn advice(self) -> &'static str {
        match self {
            ErrorKind::Corruption => "keep a copy, run verify, restore the damaged file; cut the tail only by decision",
            ErrorKind::Locked => "stop the process that holds the directory",
            ErrorKind::Foreign => "take the file of the other log away",
            ErrorKind::Format => "use the build that wrote this log",
            ErrorKind::Missing => "create a log first",
            ErrorKind::Exists => "choose an empty directory",
            ErrorKind::DiskFull => "make room; the log goes on by itself",
            ErrorKind::Io => "look at the disk; then start again, nothing acknowledged is lost",
            ErrorKind::Replay => "look at the reason given by the reader",
            ErrorKind::Trimmed => "read from the archive, or from the first available frame",
            ErrorKind::Usage => "correct the option or the request",
        }
    }
}

impl fmt::Display for Extent {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return out.write_str("no frame is known to be whole before it");
        }
        out.write_str("damaged are the lsns after")?;
        for (index, mark) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            write!(out, "{comma} {} of journal {}", mark.lsn, mark.journal)?;
        }
        Ok(())
    }
}

/// Names what was tried on which file when the disk fails.
pub(crate) trait IoContext<T> {
    fn on(self, operation: &'static str, file: &str, offset: u64) -> Result<T, Error>;
}

impl<T> IoContext<T> for io::Result<T> {
    fn on(self, operation: &'static str, file: &str, offset: u64) -> Result<T, Error> {
        self.map_err(|source| Error::Io { operation, file: file.to_owned(), offset, source })
    }
}
