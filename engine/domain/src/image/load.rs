//! Loading: chunks become a state again, row by row.
//!
//! What comes out is compared with the recorded digest before anything is made of it, and before anybody
//! may use it. Rows are checked for form here, and sections for their order where one is made
//! from another (terms before coupons, the clock before all).

use super::section::Section;
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

    /// The digest of what was taken.
    pub(super) fn digest(&self) -> u64 {
        self.0.digest()
    }

    /// The number of the oldest entity of a kind that is not forgotten.
    pub(super) fn first(&self, kind: EntityKind) -> u64 {
        let [redemptions, refunds] = self.0.redemptions.forgotten();
        match kind {
            EntityKind::Request => self.0.requests.forgotten(),
            EntityKind::Redemption => redemptions,
            EntityKind::Refund => refunds,
            EntityKind::Hold => self.0.holds.forgotten(),
            _ => 0,
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
