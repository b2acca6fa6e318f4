//! Batches of cards in the plain model: opened at their home, made run by run, never more than was asked for, complete when all of them
//! are there, taken once; each card activated once.

use super::card::{Accounts, Card, Version};
use super::fact::What;
use super::shelf::Shelf;
use crate::violation::{Checked, holds};
use tessera_domain::event;

/// A batch at its home.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Batch {
    pub(crate) count: u64,
    pub(crate) opened: At,
    pub(crate) completed: Option<At>,
    pub(crate) taken: Option<At>,
}

/// Lsn and time of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct At {
    pub(crate) lsn: u64,
    pub(crate) ms: i64,
}

impl Shelf {
    pub(super) fn batch_opened(&mut self, event: &event::BatchOpened<'_>, lsn: u64, ms: i64) -> Checked<What> {
        let (_, is_stored_value) = self.sketch(event.terms);
        let batch = Batch { count: event.count, opened: At { lsn, ms }, completed: None, taken: None };
        let before = self.batches.insert(event.batch.to_owned(), batch);
        holds(before.is_none() && is_stored_value, "I9", || format!("{event:?} of a batch that is {before:?}"))?;
        Ok(What::Other)
    }

    pub(super) fn batch_completed(&mut self, event: &event::BatchMarked<'_>, lsn: u64, ms: i64) -> Checked<What> {
        let batch = self.batches.get_mut(event.batch).filter(|batch| batch.completed.is_none());
        holds(batch.is_some(), "I9", || format!("{event:?} of a batch that is complete, or none"))?;
        batch.into_iter().for_each(|batch| batch.completed = Some(At { lsn, ms }));
        Ok(What::Other)
    }

    pub(super) fn batch_taken(&mut self, event: &event::BatchMarked<'_>, lsn: u64, ms: i64) -> Checked<What> {
        let batch = self.batches.get_mut(event.batch);
        let may = batch.as_ref().is_some_and(|batch| batch.completed.is_some() && batch.taken.is_none());
        holds(may, "I9", || format!("{event:?} of a batch that is {batch:?}"))?;
        let count = batch.map_or(0, |batch| {
            batch.taken = Some(At { lsn, ms });
            batch.count
        });
        Ok(What::BatchTaken { count, taken_ms: ms })
    }

    /// How many cards of a batch were made here.
    pub(crate) fn made(&self, batch: &str) -> u64 {
        self.runs.get(batch).map_or(0, |&(_, made)| made)
    }

    /// How many cards of any batch were made here.
    pub(super) fn made_in_all(&self) -> u64 {
        self.runs.values().map(|&(_, made)| made).sum()
    }

    pub(super) fn cards_made(&mut self, event: &event::CardsMade<'_>, lsn: u64) -> Checked<What> {
        let (wanted, made) = self.runs.get(event.batch).copied().unwrap_or((event.share, 0));
        let after = made + u64::from(event.count);
        let follows = (wanted, made) == (event.share, event.made) && after <= wanted;
        let is_next = event.first == self.cards.len() as u64;
        holds(follows && is_next, "I9", || format!("{event:?} after {made} of {wanted} cards, {} here", self.cards.len()))?;
        self.runs.insert(event.batch.to_owned(), (wanted, after));
        let (template, is_stored_value) = self.sketch(event.terms);
        let card = Card {
            terms: event.terms as usize,
            template,
            user: String::new(),
            is_stored_value,
            loaded: 0,
            received: 0,
            from_ms: 0,
            until_ms: 0,
            is_frozen: false,
            is_void: false,
            is_doomed: self.is_of_void(event.terms as usize),
            is_unactivated: true,
            gift: None,
            versions: vec![Version { lsn, accounts: Accounts::default() }],
        };
        self.cards.extend((0..event.count).map(|_| card.clone()));
        Ok(What::Other)
    }

    pub(super) fn activated(&mut self, event: &event::Activated<'_>, lsn: u64) -> Checked<What> {
        let terms = self.card(event.coupon)?.terms;
        let face_value = self.face_value(terms);
        let card = self.card(event.coupon)?;
        let may = card.is_unactivated && !card.is_void && !card.is_doomed && !card.is_frozen;
        holds(may, "I9", || format!("a card is activated at lsn {lsn} that is not to be: {card:?}"))?;
        holds(event.loaded == face_value, "I2", || format!("{event:?} of a card of {face_value}"))?;
        (card.is_unactivated, card.loaded) = (false, event.loaded);
        (card.from_ms, card.until_ms) = (event.use_from_ms, event.use_until_ms);
        card.put(lsn, |accounts| accounts.available += event.loaded)?;
        Ok(What::Activated)
    }
}
