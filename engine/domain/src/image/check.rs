//! Checking: the digest of the state that an image holds, from its bytes alone, without making that state.
//!
//! The digest is a sum over entities, so whoever has just written an image of a state compares it with that state's digest row by
//! row: no memory for a second state, no index, no waiting for memory. Each row must be an entity of this build, numbers go on
//! without gaps and keys rise, so that what loading would refuse is refused here too, but for two entities of one key: those are
//! found where indexes are made, when the image is loaded (decisions 20 and 22). Equal digests say that this is that state. I6.

use super::section::Section;
use super::{Fields, NotAnImage, NotTheState, Restore};
use crate::checkouts::{Checkout, CheckoutRefund};
use crate::coupon::{Coupon, Extension};
use crate::digest::{EntityKind, contribution};
use crate::gift::Gift;
use crate::hold::Hold;
use crate::image::PartitionLoader;
use crate::keyed::IdHashKey;
use crate::legacy::LegacyCard;
use crate::redemption::{Redemption, Refund};
use crate::request::Remembered;
use crate::user::{ClaimCount, DayCount, User};

/// Checks the chunks of a partition's image.
pub struct PartitionCheck {
    /// Clock, terms, stock and lines: they are few, and others are read by them.
    few: PartitionLoader,
    /// What all others add to the digest.
    sum: u64,
    /// The kind that is being read, and the least number or key that its next row may have.
    at: Option<(EntityKind, u64)>,
}

impl PartitionCheck {
    /// Begins.
    pub fn new(id: u16, key: IdHashKey) -> PartitionCheck {
        PartitionCheck { few: PartitionLoader::new(id, key), sum: 0, at: None }
    }

    /// Takes the next chunk.
    ///
    /// # Errors
    /// When it is not one that this build loads; then the check is of no more use.
    pub fn take(&mut self, chunk: &[u8]) -> Result<(), NotAnImage> {
        let section = Section::open(chunk)?;
        match EntityKind::from_number(section.number) {
            Some(EntityKind::User) => self.numbered::<User>(section),
            Some(EntityKind::Coupon) => self.numbered::<Coupon>(section),
            Some(EntityKind::Hold) => self.numbered::<Hold>(section),
            Some(EntityKind::Gift) => self.numbered::<Gift>(section),
            Some(EntityKind::LegacyCard) => self.numbered::<LegacyCard>(section),
            Some(EntityKind::Redemption) => self.numbered::<Redemption>(section),
            Some(EntityKind::Refund) => self.numbered::<Refund>(section),
            Some(EntityKind::Checkout) => self.checkouts(section),
            Some(EntityKind::CheckoutRefund) => self.numbered::<CheckoutRefund>(section),
            Some(EntityKind::Request) => self.numbered::<Remembered>(section),
            Some(EntityKind::ClaimCount) => self.keyed::<ClaimCount>(section),
            Some(EntityKind::DayCount) => self.keyed::<DayCount>(section),
            Some(EntityKind::Extension) => self.keyed::<Extension>(section),
            // The clock numbers what comes after it.
            Some(EntityKind::Partition) if self.at.is_some() => Err(NotAnImage::Row { section: section.number, key: 0 }),
            _ => self.few.take(chunk),
        }
    }

    /// Nothing, if it has the recorded digest.
    ///
    /// # Errors
    /// Else the digest that it has.
    pub fn finish(self, recorded: u64) -> Result<(), NotTheState> {
        NotTheState::compare(recorded, self.few.digest().wrapping_add(self.sum))
    }

    fn numbered<T: Restore>(&mut self, mut section: Section<'_>) -> Result<(), NotAnImage> {
        let mut next = self.least(T::KIND);
        section.numbered(|number, fields| {
            let is_next = std::mem::replace(&mut next, number.checked_add(1)?) == number;
            is_next.then(|| self.add::<T>(number, fields))?
        })?;
        self.at = Some((T::KIND, next));
        Ok(())
    }

    fn keyed<T: Restore>(&mut self, mut section: Section<'_>) -> Result<(), NotAnImage> {
        let mut least = self.least(T::KIND);
        section.keyed(|key, fields| {
            let rises = std::mem::replace(&mut least, key.checked_add(1)?) <= key;
            rises.then(|| self.add::<T>(key, fields))?
        })?;
        self.at = Some((T::KIND, least));
        Ok(())
    }

    fn checkouts(&mut self, mut section: Section<'_>) -> Result<(), NotAnImage> {
        let mut next = self.least(EntityKind::Checkout);
        section.blobs(|number, bytes| {
            let is_next = std::mem::replace(&mut next, number.checked_add(1)?) == number;
            let checkout = is_next.then(|| Checkout::from_bytes(bytes))??;
            self.sum = self.sum.wrapping_add(contribution(number, &checkout));
            Some(())
        })?;
        self.at = Some((EntityKind::Checkout, next));
        Ok(())
    }

    fn add<T: Restore>(&mut self, key: u64, fields: &Fields) -> Option<()> {
        self.sum = self.sum.wrapping_add(contribution(key, &T::restore(key, fields)?));
        Some(())
    }

    /// Where this kind goes on, or begins.
    fn least(&self, kind: EntityKind) -> u64 {
        match self.at {
            Some((at, least)) if at == kind => least,
            _ => self.few.first(kind),
        }
    }
}
