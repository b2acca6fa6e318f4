//! What an image is: of which journal and up to where, how long, and the seal that tells it from every other.
//!
//! Only the journal and the cursor mean something here. The rest of a [`Subject`] is kept for whoever made the image.

use crate::chunk::HEAD_BYTES;
use std::fmt;
use tessera_wal::storage::SECTOR_BYTES;
use tessera_wal::{Cursor, JournalId};

/// The number of an image within its log: rising, from 1, never given twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ImageId(pub u64);

/// What an image is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// The journal it was folded from.
    pub journal: JournalId,
    /// Where the journal stood: the image holds every frame up to `cursor.number`, and the next one follows it.
    pub cursor: Cursor,
    /// The lsn of the catalog that the state had adopted.
    pub catalog_lsn: u64,
    /// The digest of the state, which a reader computes anew and compares.
    pub digest: u64,
    /// The check number of the keys under which identifiers were hashed.
    pub key_check: u64,
    /// When it was begun, milliseconds since 1970.
    pub created_ms: i64,
}

/// A whole image file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Its number.
    pub id: ImageId,
    /// What it is of.
    pub subject: Subject,
    /// How many chunks it has.
    pub chunks: u32,
    /// Bytes of all chunks together.
    pub payload_bytes: u64,
    /// blake3 of the file's header and chunks.
    pub seal: [u8; 32],
}

impl ImageId {
    /// The name under which the file of this image is whole.
    pub(crate) fn file_name(self) -> String {
        format!("image-{:012}.img", self.0)
    }

    /// The name under which it is written.
    pub(crate) fn temporary_name(self) -> String {
        format!("{}.tmp", self.file_name())
    }
}

impl Image {
    /// The name of its file.
    #[must_use]
    pub fn file_name(&self) -> String {
        self.id.file_name()
    }

    /// The exact length of its file: a sector of header, the chunks filled up to a sector, a sector of trailer.
    #[must_use]
    pub fn file_bytes(&self) -> u64 {
        self.trailer_at() + SECTOR_BYTES as u64
    }

    /// Where the last chunk ends.
    pub(crate) fn chunks_end(&self) -> u64 {
        SECTOR_BYTES as u64 + u64::from(self.chunks) * HEAD_BYTES as u64 + self.payload_bytes
    }

    /// Where the trailer begins.
    pub(crate) fn trailer_at(&self) -> u64 {
        self.chunks_end().next_multiple_of(SECTOR_BYTES as u64)
    }
}

impl fmt::Display for ImageId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}
