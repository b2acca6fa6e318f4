//! Images: all state of a partition, or of the catalog, as chunks of bytes, and the way back.
//!
//! An image holds what the digest covers and nothing else: for every entity its key and its numbered
//! fields, a field at its default left out. So a state that was loaded has the digest of the bytes it was loaded from, and
//! comparing it with the recorded one verifies the image (I6). Indexes and whatever else is derived are made again once all
//! entities are back, the indexes each at once.
//!
//! ```text
//! chunk  = section u16 LE ‖ rows          section = EntityKind
//! rows   = number of the first ‖ row...   of numbered entities: the others follow without gaps
//!        | (key ‖ row)...                 of keyed entities, by rising key
//!        | (key ‖ length ‖ bytes)...      of terms, templates and line messages
//! row    = mask ‖ value...                bit i of the mask: field i + 1 follows
//! ```
//!
//! All numbers but the section are LEB128. A chunk is complete in itself and at most
//! [`CHUNK_BYTES_MAX`] long. A field that a later build adds is absent in older images, as in older
//! digests; a section or field that this build does not know is refused.

mod check;
mod load;
mod row;
mod save;
mod section;

pub use check::PartitionCheck;
pub use load::{CatalogLoader, PartitionLoader};
pub(crate) use row::Fields;
pub(crate) use save::Chunks;

use crate::codec::BODY_BYTES_MAX;
use crate::digest::{Entity, EntityKind};
use std::fmt;

/// Most bytes of a chunk.
pub const CHUNK_BYTES_MAX: usize = 512 * 1024;

/// Bytes at which a chunk is closed: a row or an encoded event more, and it is still within its bound.
const CHUNK_BYTES: usize = 256 * 1024;

const _: () = assert!(CHUNK_BYTES + BODY_BYTES_MAX + 64 <= CHUNK_BYTES_MAX);

/// An entity that can be made again from its key and its fields.
pub(crate) trait Restore: Entity + Sized {
    /// The entity that showed these fields; `None` if no entity of this build does.
    fn restore(key: u64, fields: &Fields) -> Option<Self>;
}

/// Why bytes are not an image of this build.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotAnImage {
    /// A section that this build does not know, or that does not belong to this kind of state.
    Section(u16),
    /// A section's bytes do not decode, or not to their end.
    Malformed(u16),
    /// A row of a section has a number that no entity of this build has.
    Row {
        /// The section.
        section: u16,
        /// Its key or number.
        key: u64,
    },
}

impl fmt::Display for NotAnImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotAnImage::Section(section) => write!(f, "image section {section} is unknown to this build: use a newer one"),
            NotAnImage::Malformed(section) => write!(f, "image section {section} does not decode"),
            NotAnImage::Row { section, key } => write!(f, "image section {section}: {key} is not an entity of this build"),
        }
    }
}

impl std::error::Error for NotAnImage {}

/// Two entities of one kind have one key, which leads to one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Twins {
    /// Their kind.
    pub kind: EntityKind,
    /// The number of the later one.
    pub number: u64,
}

impl fmt::Display for Twins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "I5: {:?} {} has a key that another has", self.kind, self.number)
    }
}

impl Twins {
    pub(crate) fn of(kind: EntityKind) -> impl Fn(u64) -> Twins {
        move |number| Twins { kind, number }
    }
}

/// Why what was taken from chunks is not the state that was saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotTheState {
    /// It has this digest, which is another.
    Digest(u64),
    /// It is no state of this build.
    Content(NotAnImage),
}

impl NotTheState {
    fn compare(recorded: u64, found: u64) -> Result<(), NotTheState> {
        if found == recorded { Ok(()) } else { Err(NotTheState::Digest(found)) }
    }
}

impl From<Twins> for NotTheState {
    fn from(twins: Twins) -> NotTheState {
        NotTheState::Content(NotAnImage::Row { section: twins.kind as u16, key: twins.number })
    }
}
