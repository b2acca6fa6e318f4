//! Earlier operations sent again while the run goes on: the server must give their first answer once more.
//!
//! A lane re-sends only what it has an answer to, because on one stream two requests in flight need ids that differ.

use foldhash::{HashMap, HashMapExt as _};

use super::book::Book;
use crate::{
    dice::Dice,
    record::{Record, Retry},
};

/// How often a lane looks for an answered operation before it puts the retry off.
const LOOKS_MAX: u32 = 4;

/// The retries of one lane.
pub struct Retries {
    all: Vec<Retry>,
    open: HashMap<u64, usize>,
    every: u64,
    owed: u64,
    since: u64,
    dice: Dice,
}

impl Retries {
    /// One retry for every `every` first sends; 0 = none.
    pub fn new(every: u64, seed: u64) -> Self {
        Self { all: Vec::new(), open: HashMap::new(), every, owed: 0, since: 0, dice: Dice::new(seed) }
    }

    /// Counts a first send.
    #[inline]
    pub fn count_first_send(&mut self) {
        self.since += 1;
        if self.since == self.every {
            (self.since, self.owed) = (0, self.owed + 1);
        }
    }

    /// Opens a retry if one is owed and an answered operation is found; returns its place.
    #[inline]
    pub fn open(&mut self, book: &Book) -> Option<usize> {
        if self.owed == 0 {
            return None;
        }
        let operation =
            (0..LOOKS_MAX).find_map(|_| book.answered(self.dice.roll()).filter(|found| !self.open.contains_key(found)))?;
        let place = self.all.len();
        self.all.push(Retry { operation, record: Record::UNSENT });
        self.open.insert(operation, place);
        self.owed -= 1;
        Some(place)
    }

    /// The retry at `place`.
    pub fn get_mut(&mut self, place: usize) -> &mut Retry {
        &mut self.all[place]
    }

    /// The place of the open retry of `operation`.
    pub fn open_place(&self, operation: u64) -> Option<usize> {
        self.open.get(&operation).copied()
    }

    /// Ends the open retry of `operation`.
    pub fn close(&mut self, operation: u64) {
        self.open.remove(&operation);
    }

    /// The places of all open retries.
    pub fn open_places(&self) -> Vec<usize> {
        self.open.values().copied().collect()
    }

    /// All retries, answered or not.
    pub fn into_all(self) -> Vec<Retry> {
        self.all
    }
}
