//! How batches of cards come to be: opened, made run by run, complete, taken.

use super::Partition;
use crate::batch::{BATCH_CARDS_MAX, RUN_CARDS_MAX};
use crate::coupon::Coupon;
use crate::event;
use crate::partition::Divergence;
use crate::request::Operation;

impl Partition {
    pub(super) fn batch_opened(&mut self, event: &event::BatchOpened<'_>) -> Result<(), Divergence> {
        if self.terms.get(event.terms).is_none() {
            return self.unexpected("terms that were not adopted");
        }
        if !(1..=BATCH_CARDS_MAX).contains(&event.count) {
            return self.unexpected("a batch of more cards than one may have");
        }
        let batch = self.key.batch(event.batch);
        self.batches.open(batch, event.terms, event.count, self.time_ms);
        self.remember(Operation::OpenBatch, batch.into(), &event.request, 0, batch as i64);
        Ok(())
    }

    pub(super) fn cards_made(&mut self, event: &event::CardsMade<'_>) -> Result<(), Divergence> {
        let event::CardsMade { batch, terms, share, made, first, count, key_version, request } = *event;
        if self.terms.get(terms).is_none() {
            return self.unexpected("terms that were not adopted");
        }
        if !(1..=RUN_CARDS_MAX).contains(&count) || share > BATCH_CARDS_MAX || made > share {
            return self.unexpected("a run of more cards than one may have");
        }
        assert_eq!(first, self.coupons.next(), "coupons are numbered without gaps");
        let batch = self.key.batch(batch);
        let newest = first + u64::from(count) - 1;
        let mut older = self.batches.share(batch).newest;
        self.batches.make(batch, terms, share, made, count, newest);
        for number in first..=newest {
            self.coupons.add(Coupon::unactivated(terms, older, self.lsn, key_version));
            older = number + 1;
        }
        self.remember(Operation::MakeCards, run_subject(batch, made), &request, 0, batch as i64);
        Ok(())
    }

    pub(super) fn batch_completed(&mut self, event: &event::BatchMarked<'_>) {
        let batch = self.key.batch(event.batch);
        self.batches.complete(batch, self.time_ms);
        self.remember(Operation::CompleteBatch, batch.into(), &event.request, 0, batch as i64);
    }

    pub(super) fn batch_taken(&mut self, event: &event::BatchMarked<'_>) {
        let batch = self.key.batch(event.batch);
        self.batches.take(batch, self.time_ms);
        self.remember(Operation::TakeBatch, batch.into(), &event.request, 0, batch as i64);
    }
}

/// What a run is known by: its batch, and how many cards of it were made before.
pub(crate) fn run_subject(batch: u64, made: u64) -> u128 {
    u128::from(made) << 64 | u128::from(batch)
}
