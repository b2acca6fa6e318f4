//! Loading: chunks become a state again, row by row.
//!
//! What comes out is compared with the recorded digest before anything is made of it, and before anybody
//! may use it. Rows are checked for form here, and sections for their order where one is made
//! from another (terms before coupons, the clock before all).

use super::row::{Fields, take_bytes, take_number, take_row};
use super::{NotAnImage, Restore};
use crate::catalog::CatalogState;
use crate::digest::{Clock, EntityKind};
use crate::keyed::IdHashKey;
use crate::partition::Partition;

/// Makes a partition from the chunks of its image.
pub struct PartitionLoader(Partition);

impl PartitionLoader {
    /// Begins with an empty partition.
    pub fn new(id: u16, key: IdHashKey) -> PartitionLoader {
        PartitionLoader(Partition::new(id, key))
    }

    /// Takes the next chunk.
    ///
    /// # Errors
    /// When it is not one of this build; then the loader is of no more use.
    pub fn take(&mut self, chunk: &[u8]) -> Result<(), NotAnImage> {
        let mut section = Section::open(chunk)?;
        let state = &mut self.0;
        match EntityKind::from_number(section.number) {
            Some(EntityKind::Partition) => section.keyed(|key, fields| state.set_clock(&Clock::restore(key, fields)?)),
            Some(EntityKind::Terms) => section.blobs(|number, bytes| state.restore_terms(number, bytes)),
            Some(EntityKind::User) => section.numbered(|number, fields| state.users.restore(number, fields)),
            Some(EntityKind::ClaimCount) => section.keyed(|key, fields| state.users.restore_count(key, fields)),
            Some(EntityKind::Coupon) => section.numbered(|number, fields| state.coupons.restore(number, fields)),
            Some(EntityKind::Extension) => section.keyed(|key, fields| state.coupons.restore_extension(key, fields)),
            Some(EntityKind::Hold) => section.numbered(|number, fields| state.holds.restore(number, fields)),
            Some(EntityKind::Redemption) => section.numbered(|number, fields| state.redemptions.restore(number, fields)),
            Some(EntityKind::Refund) => section.numbered(|number, fields| state.redemptions.restore_refund(number, fields)),
            Some(EntityKind::Request) => section.numbered(|number, fields| state.requests.restore(number, fields)),
            Some(kind @ (EntityKind::Home | EntityKind::HomeLessee | EntityKind::Lessee)) => {
                section.keyed(|key, fields| state.stock.restore(kind, key, fields))
            }
            Some(kind @ (EntityKind::LineOut | EntityKind::LineIn)) => {
                section.keyed(|key, fields| state.lines.restore(kind, key, fields))
            }
            Some(EntityKind::LineMessage) => section.blobs(|key, bytes| state.lines.restore_message(key, bytes)),
            Some(EntityKind::Template) | None => Err(NotAnImage::Section(section.number)),
        }
    }

    /// The partition, if it has the recorded digest; else the digest that it has.
    pub fn finish(mut self, recorded: u64) -> Result<Partition, u64> {
        match self.0.digest() {
            digest if digest == recorded => self.0.derive(),
            digest => return Err(digest),
        }
        Ok(self.0)
    }
}

/// Makes a catalog from the chunks of its image.
pub struct CatalogLoader(CatalogState);

impl CatalogLoader {
    /// Begins with an empty catalog.
    pub fn new(key: IdHashKey) -> CatalogLoader {
        CatalogLoader(CatalogState::new(key))
    }

    /// Takes the next chunk.
    ///
    /// # Errors
    /// When it is not one of this build; then the loader is of no more use.
    pub fn take(&mut self, chunk: &[u8]) -> Result<(), NotAnImage> {
        let mut section = Section::open(chunk)?;
        let state = &mut self.0;
        match EntityKind::from_number(section.number) {
            Some(EntityKind::Partition) => section.keyed(|key, fields| state.set_clock(&Clock::restore(key, fields)?)),
            Some(EntityKind::Template) => section.blobs(|number, bytes| state.restore_write(number, bytes)),
            Some(EntityKind::Request) => section.numbered(|number, fields| state.requests.restore(number, fields)),
            _ => Err(NotAnImage::Section(section.number)),
        }
    }

    /// The catalog, if it has the recorded digest; else the digest that it has.
    pub fn finish(self, recorded: u64) -> Result<CatalogState, u64> {
        match self.0.digest() {
            digest if digest == recorded => Ok(self.0),
            digest => Err(digest),
        }
    }
}

/// The rows of one chunk.
struct Section<'a> {
    number: u16,
    rows: &'a [u8],
}

impl<'a> Section<'a> {
    fn open(chunk: &'a [u8]) -> Result<Section<'a>, NotAnImage> {
        let (number, rows) = chunk.split_first_chunk().ok_or(NotAnImage::Malformed(0))?;
        Ok(Section { number: u16::from_le_bytes(*number), rows })
    }

    fn numbered(&mut self, mut take: impl FnMut(u64, &Fields) -> Option<()>) -> Result<(), NotAnImage> {
        let mut number = take_number(&mut self.rows).ok_or(NotAnImage::Malformed(self.number))?;
        while !self.rows.is_empty() {
            let fields = take_row(&mut self.rows).ok_or(NotAnImage::Malformed(self.number))?;
            take(number, &fields).ok_or(NotAnImage::Row { section: self.number, key: number })?;
            number = number.checked_add(1).ok_or(NotAnImage::Malformed(self.number))?;
        }
        Ok(())
    }

    fn keyed(&mut self, mut take: impl FnMut(u64, &Fields) -> Option<()>) -> Result<(), NotAnImage> {
        while !self.rows.is_empty() {
            let key = take_number(&mut self.rows).ok_or(NotAnImage::Malformed(self.number))?;
            let fields = take_row(&mut self.rows).ok_or(NotAnImage::Malformed(self.number))?;
            take(key, &fields).ok_or(NotAnImage::Row { section: self.number, key })?;
        }
        Ok(())
    }

    fn blobs(&mut self, mut take: impl FnMut(u64, &'a [u8]) -> Option<()>) -> Result<(), NotAnImage> {
        while !self.rows.is_empty() {
            let key = take_number(&mut self.rows).ok_or(NotAnImage::Malformed(self.number))?;
            let bytes = take_bytes(&mut self.rows).ok_or(NotAnImage::Malformed(self.number))?;
            take(key, bytes).ok_or(NotAnImage::Row { section: self.number, key })?;
        }
        Ok(())
    }
}
