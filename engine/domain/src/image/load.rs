//! Loading: chunks become a state again, row by row.
//!
//! What comes out is compared with the recorded digest before anything is made of it, and before anybody
//! may use it. Rows are checked for form here, and sections for their order where one is made
//! from another (terms before coupons, the clock before all). What entities are found by is made of all of them at the end, which
//! also finds two of one key.

use super::section::Section;
use super::{NotAnImage, NotTheState, Restore};
use crate::catalog::CatalogState;
use crate::digest::{Clock, EntityKind};
use crate::keyed::IdHashKey;
use crate::partition::Partition;

/// Makes a partition from the chunks of its image.
pub struct PartitionLoader(Partition);

impl PartitionLoader {
    /// Begins with an empty partition.
    pub fn new(id: u16, key: IdHashKey) -> PartitionLoader {
        let mut state = Partition::new(id, key);
        state.put_off();
        PartitionLoader(state)
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
            Some(EntityKind::VoidTerms) => section.keyed(|number, fields| state.terms.restore_void(number, fields)),
            Some(EntityKind::User) => section.numbered(|number, fields| state.users.restore(number, fields)),
            Some(EntityKind::ClaimCount) => section.keyed(|key, fields| state.users.restore_count(key, fields)),
            Some(EntityKind::DayCount) => section.keyed(|key, fields| state.users.restore_day_count(key, fields)),
            Some(EntityKind::Coupon) => section.numbered(|number, fields| state.coupons.restore(number, fields)),
            Some(EntityKind::Extension) => section.keyed(|key, fields| state.coupons.restore_extension(key, fields)),
            Some(EntityKind::Hold) => section.numbered(|number, fields| state.holds.restore(number, fields)),
            Some(EntityKind::Gift) => section.numbered(|number, fields| state.gifts.restore(number, fields)),
            Some(EntityKind::Redemption) => section.numbered(|number, fields| state.redemptions.restore(number, fields)),
            Some(EntityKind::Refund) => section.numbered(|number, fields| state.redemptions.restore_refund(number, fields)),
            Some(EntityKind::Checkout) => section.blobs(|number, bytes| state.checkouts.restore(number, bytes)),
            Some(EntityKind::CheckoutRefund) => section.numbered(|number, fields| state.checkouts.restore_refund(number, fields)),
            Some(EntityKind::Saga) => section.blobs(|lsn, bytes| state.sagas.restore(lsn, bytes)),
            Some(EntityKind::Pledge) => section.keyed(|lsn, fields| state.pledges.restore(lsn, fields)),
            Some(EntityKind::Request) => section.numbered(|number, fields| state.requests.restore(number, fields)),
            Some(
                kind @ (EntityKind::Home
                | EntityKind::HomeLessee
                | EntityKind::Lessee
                | EntityKind::PoolHome
                | EntityKind::PoolShare
                | EntityKind::PoolLessee),
            ) => section.keyed(|key, fields| state.stock.restore(kind, key, fields)),
            Some(kind @ (EntityKind::LineOut | EntityKind::LineIn)) => {
                section.keyed(|key, fields| state.lines.restore(kind, key, fields))
            }
            Some(EntityKind::LineMessage) => section.blobs(|key, bytes| state.lines.restore_message(key, bytes)),
            Some(kind @ (EntityKind::Batch | EntityKind::BatchShare)) => {
                section.keyed(|key, fields| state.batches.restore(kind, key, fields))
            }
            Some(EntityKind::LegacyCard) => section.numbered(|number, fields| state.legacy.restore(number, fields)),
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
        let [checkouts, checkout_refunds] = self.0.checkouts.forgotten();
        match kind {
            EntityKind::Request => self.0.requests.forgotten(),
            EntityKind::Redemption => redemptions,
            EntityKind::Refund => refunds,
            EntityKind::Hold => self.0.holds.forgotten(),
            EntityKind::Checkout => checkouts,
            EntityKind::CheckoutRefund => checkout_refunds,
            EntityKind::Gift => self.0.gifts.forgotten(),
            _ => 0,
        }
    }

    /// The partition, if it has the recorded digest and no two of its entities have one key.
    ///
    /// # Errors
    /// See [`NotTheState`].
    pub fn finish(mut self, recorded: u64) -> Result<Partition, NotTheState> {
        NotTheState::compare(recorded, self.0.digest())?;
        self.0.derive()?;
        Ok(self.0)
    }
}

/// Makes a catalog from the chunks of its image.
pub struct CatalogLoader(CatalogState);

impl CatalogLoader {
    /// Begins with an empty catalog.
    pub fn new(key: IdHashKey) -> CatalogLoader {
        let mut state = CatalogState::new(key);
        state.put_off();
        CatalogLoader(state)
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

    /// The catalog, if it has the recorded digest and no two of its requests have one key.
    ///
    /// # Errors
    /// See [`NotTheState`].
    pub fn finish(mut self, recorded: u64) -> Result<CatalogState, NotTheState> {
        NotTheState::compare(recorded, self.0.digest())?;
        self.0.catch_up()?;
        Ok(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Entity;
    use crate::image::PartitionCheck;
    use crate::image::row::{put_number, put_row};

    /// Shows what it was given; 0 = absent.
    struct Row<'a>(&'a [u64]);
    impl Entity for Row<'_> {
        const KIND: EntityKind = EntityKind::Partition;
        fn fields(&self, visit: &mut impl FnMut(u16, u64)) {
            (1..).zip(self.0).for_each(|(field, &value)| visit(field, value));
        }
    }

    /// A chunk of numbered rows, from 0 on.
    fn chunk(kind: EntityKind, rows: &[&[u64]]) -> Vec<u8> {
        let mut chunk = (kind as u16).to_le_bytes().to_vec();
        put_number(0, &mut chunk);
        rows.iter().for_each(|&row| put_row(&Row(row), &mut chunk));
        chunk
    }

    /// Rows that each are an entity, and whose digest is the recorded one, are refused for the last of them.
    fn check(kind: EntityKind, rows: &[&[u64]]) {
        let chunk = chunk(kind, rows);
        let key = IdHashKey::new([7; 16]);
        let mut whole = PartitionCheck::new(0, key);
        whole.take(&chunk).expect("each row is an entity");
        let Err(NotTheState::Digest(digest)) = whole.finish(0) else { panic!("something adds to the digest") };
        let mut loader = PartitionLoader::new(0, key);
        loader.take(&chunk).expect("each row is an entity");
        let twin = NotAnImage::Row { section: kind as u16, key: rows.len() as u64 - 1 };
        assert_eq!(loader.finish(digest).err(), Some(NotTheState::Content(twin)), "{kind:?}");
    }

    #[test]
    fn two_users_of_one_key_are_refused() {
        check(EntityKind::User, &[&[5, 6], &[5, 7], &[6, 6], &[5, 6]]);
    }

    #[test]
    fn two_requests_of_one_key_are_refused() {
        let request = |key: u64| [key, 1, 0, 0, 0, 0, 0, 1];
        check(EntityKind::Request, &[&request(5), &request(6), &request(5)]);
    }

    #[test]
    fn two_redemptions_of_one_natural_key_are_refused_however_many_an_order_has() {
        let redemption = |order: u64, natural: u64| [0, 1, natural, 1, 0, 0, 0, 0, 0, order];
        check(EntityKind::Redemption, &[&redemption(9, 5), &redemption(8, 6), &redemption(9, 5)]);
        for order in [9, 0] {
            let mut crowd: Vec<_> = (0..30).map(|natural| redemption(order, natural)).collect();
            crowd.push(redemption(order, 0));
            check(EntityKind::Redemption, &crowd.iter().map(|row| &row[..]).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_redemption_of_an_order_that_is_not_kept_has_no_twin_in_one_that_is() {
        let redemption = |order: u64, natural: u64| [0, 1, natural, 1, 0, 0, 0, 0, 0, order];
        let rows = [redemption(0, 5), redemption(9, 5)];
        let chunk = chunk(EntityKind::Redemption, &[&rows[0], &rows[1]]);
        let mut loader = PartitionLoader::new(0, IdHashKey::new([7; 16]));
        loader.take(&chunk).expect("each row is an entity");
        let digest = loader.digest();
        assert!(matches!(loader.finish(digest), Err(NotTheState::Content(NotAnImage::Row { section: 6, .. }))));
    }
}
