//! What can go wrong with images, in words an operator can act on.
//!
//! None of it ends the process. The log holds everything an image holds until it is trimmed, and it is trimmed only by images that
//! were read back whole; so an image that fails is dropped, and the log stays as long as it is.

use crate::image::ImageId;
use std::io;
use tessera_wal::LogUuid;
use thiserror::Error;

/// What to do about an [`enum@Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// Bytes that were durable are damaged or gone. The older image or the log itself stands in.
    Corruption,
    /// A file of another log.
    Foreign,
    /// A format this build does not know.
    Format,
    /// The disk is full.
    DiskFull,
    /// The disk failed.
    Io,
    /// An earlier failure left open what the disk holds.
    Disabled,
}

/// How a file is not what it must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Damage {
    /// The file is not there.
    #[error("the file is missing")]
    Missing,
    /// The file ends early.
    #[error("the file ends at byte {found}, it must have {expected}")]
    Cut {
        /// Bytes it must have.
        expected: u64,
        /// Bytes it has.
        found: u64,
    },
    /// The file goes on behind its end.
    #[error("the file has {found} bytes, it must end at {expected}")]
    Excess {
        /// Bytes it must have.
        expected: u64,
        /// Bytes it has.
        found: u64,
    },
    /// A checksum does not hold.
    #[error("{what} is not what was written")]
    Bytes {
        /// The part that it covers.
        what: &'static str,
    },
    /// It belongs to another log.
    #[error("it belongs to log {found}")]
    Foreign {
        /// That log.
        found: LogUuid,
    },
    /// It is another image than the one of this name.
    #[error("it is image {found}, not image {expected}")]
    Swapped {
        /// The image of this name.
        expected: ImageId,
        /// The image it is.
        found: ImageId,
    },
    /// Its format is not known.
    #[error("it has format {found}, which this build does not know")]
    Format {
        /// Its format.
        found: u16,
    },
    /// Fields contradict each other or what is known from elsewhere.
    #[error("{what} contradicts what is known of it")]
    Contradiction {
        /// The part that does.
        what: &'static str,
    },
}

/// An operating error of images.
#[derive(Debug, Error)]
pub enum Error {
    /// A file is damaged.
    #[error("{file} at byte {offset}: {damage}")]
    Damaged {
        /// The file.
        file: String,
        /// The byte where the damage begins.
        offset: u64,
        /// What is wrong.
        damage: Damage,
    },
    /// The disk is full. Nothing is left behind and nothing is lost.
    #[error("the disk has no room for {file}")]
    DiskFull {
        /// What was to be written.
        file: String,
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
    /// A rename or a sync of the directory failed before, so what the disk holds is not known.
    #[error("a rename or a sync of the directory failed before; no more images until a restart")]
    Disabled,
}

impl Error {
    /// What to do about it.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Error::Damaged { damage: Damage::Foreign { .. }, .. } => ErrorKind::Foreign,
            Error::Damaged { damage: Damage::Format { .. }, .. } => ErrorKind::Format,
            Error::Damaged { .. } => ErrorKind::Corruption,
            Error::DiskFull { .. } => ErrorKind::DiskFull,
            Error::Io { .. } => ErrorKind::Io,
            Error::Disabled => ErrorKind::Disabled,
        }
    }

    /// One sentence for the operator.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        self.kind().advice()
    }

    pub(crate) fn damaged(file: &str, offset: u64, damage: Damage) -> Error {
        Error::Damaged { file: file.to_owned(), offset, damage }
    }

    /// For a failed rename or sync of the directory. It is never the harmless `DiskFull`: what the disk holds is not known.
    pub(crate) fn unsure(operation: &'static str, file: &str, source: io::Error) -> Error {
        Error::Io { operation, file: file.to_owned(), offset: 0, source }
    }
}

impl ErrorKind {
    /// One sentence for the operator.
    #[must_use]
    pub fn advice(self) -> &'static str {
        match self {
            ErrorKind::Corruption => "keep a copy, restore the file; a damaged manifest can be rebuilt from whole images",
            ErrorKind::Foreign => "take the file of the other log away",
            ErrorKind::Format => "use the build that wrote it",
            ErrorKind::DiskFull => "make room; the next image is tried by itself",
            ErrorKind::Io => "look at the disk; the log holds everything the image would",
            ErrorKind::Disabled => "look at the disk, then start again; the log holds everything",
        }
    }
}

/// Names what was tried on which file when the disk fails or is full.
pub(crate) trait IoContext<T> {
    fn on(self, operation: &'static str, file: &str, offset: u64) -> Result<T, Error>;
}

impl<T> IoContext<T> for io::Result<T> {
    fn on(self, operation: &'static str, file: &str, offset: u64) -> Result<T, Error> {
        self.map_err(|source| match source.kind() {
            io::ErrorKind::StorageFull => Error::DiskFull { file: file.to_owned() },
            _ => Error::Io { operation, file: file.to_owned(), offset, source },
        })
    }
}
