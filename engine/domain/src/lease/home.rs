//! The home desk of one partition: grants, recalls, and knows when a stock is sold out or heard open.
//!
//! One counter per template that asked since the start, with one account for each lessee that stated:
//! bounded by the durable shares. Only templates that wait for something are visited by ticks.

use super::books::Books;
use super::counter::Counter;
use super::message::{Effects, Statement};
use super::raise::Raises;
use crate::stock::Stock;
use std::collections::{BTreeMap, BTreeSet};

/// The soft side of all stocks whose home is one partition.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HomeDesk {
    partitions: u16,
    counters: BTreeMap<u32, Counter>,
    raises: BTreeMap<u32, Raises>,
    /// Templates that somebody waits for.
    busy: BTreeSet<u32>,
}

impl HomeDesk {
    /// A desk that knows nothing yet, among so many partitions.
    pub fn start(partitions: u16) -> HomeDesk {
        assert!(partitions >= 1, "there is at least one partition");
        HomeDesk { partitions, counters: BTreeMap::new(), raises: BTreeMap::new(), busy: BTreeSet::new() }
    }

    /// A lessee's statement. `catalog_total` is what the stock opens with; while there is none, the
    /// statement is dropped and will be repeated.
    pub fn handle(
        &mut self,
        stock: &Stock,
        from: u16,
        said: Statement,
        catalog_total: Option<u64>,
        now_ms: i64,
        effects: &mut Effects,
    ) {
        assert!(from < self.partitions, "only a partition states");
        let template = said.template;
        let Some(mut books) = Books::open(stock, template, catalog_total, self.partitions, effects) else { return };
        let counter = self.counters.entry(template).or_default();
        counter.hear(from, &said, &mut books, now_ms);
        if let Some(raises) = self.raises.get_mut(&template) {
            raises.finish(counter, &mut books, now_ms);
        }
        self.note(template);
    }

    /// After `StockSet` is applied, and again when its request is repeated: tells every lessee, serves
    /// who waits, and lets the reply leave (see [`Effects::heard`]) when all have answered or no flag
    /// of the old total can be alive.
    pub fn raised(&mut self, stock: &Stock, template: u32, now_ms: i64, effects: &mut Effects) {
        let books = Books::open(stock, template, None, self.partitions, effects);
        let mut books = books.expect("only an opened stock is raised");
        let counter = self.counters.entry(template).or_default();
        self.raises.entry(template).or_default().begin(&mut books, now_ms);
        counter.advance(&mut books, now_ms);
        self.note(template);
    }

    /// Every [`super::REPEAT_MS`]: repeats what is unanswered and ends what has waited long enough.
    pub fn tick(&mut self, stock: &Stock, now_ms: i64, effects: &mut Effects) {
        for template in self.busy.clone() {
            let books = Books::open(stock, template, None, self.partitions, effects);
            let mut books = books.expect("who waits waits for an opened stock");
            let counter = self.counters.entry(template).or_default();
            counter.tick(&mut books, now_ms);
            if let Some(raises) = self.raises.get_mut(&template) {
                raises.tick(counter, &mut books, now_ms);
            }
            self.note(template);
        }
    }

    /// For the model, whose clock stands: every repetition is due.
    #[cfg(test)]
    pub(super) fn make_due(&mut self) {
        self.counters.values_mut().for_each(Counter::make_due);
        self.raises.values_mut().for_each(Raises::make_due);
    }

    fn note(&mut self, template: u32) {
        if self.raises.get(&template).is_some_and(Raises::is_empty) {
            self.raises.remove(&template);
        }
        let is_idle = self.counters.get(&template).is_none_or(Counter::is_idle);
        if is_idle && !self.raises.contains_key(&template) {
            self.busy.remove(&template);
        } else {
            self.busy.insert(template);
        }
    }
}
