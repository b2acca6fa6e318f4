//! The home desk of one partition: grants, recalls, and knows when a stock is sold out or heard open.
//!
//! One counter per pool that was asked for since the start, with one account for each lessee that stated:
//! bounded by the durable shares, and of days by those of the last few. Only pools that wait for something are visited by ticks.

use super::books::Books;
use super::counter::Counter;
use super::message::{Effects, Statement};
use super::raise::Raises;
use crate::pool::Pool;
use crate::stock::Stock;
use std::collections::{BTreeMap, BTreeSet};

/// The soft side of all stocks whose home is one partition.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HomeDesk {
    partitions: u16,
    counters: BTreeMap<Pool, Counter>,
    raises: BTreeMap<Pool, Raises>,
    /// Pools that somebody waits for.
    busy: BTreeSet<Pool>,
}

impl HomeDesk {
    /// A desk that knows nothing yet, among so many partitions.
    pub fn start(partitions: u16) -> HomeDesk {
        assert!(partitions >= 1, "there is at least one partition");
        HomeDesk { partitions, counters: BTreeMap::new(), raises: BTreeMap::new(), busy: BTreeSet::new() }
    }

    /// A lessee's statement. `catalog_total` is what the pool opens with; while there is none, the
    /// statement is dropped and will be repeated. A day that is over everywhere is not spoken of any more.
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
        let pool = said.pool;
        if pool.is_over(now_ms) {
            return;
        }
        let Some(mut books) = Books::open(stock, pool, catalog_total, self.partitions, effects) else { return };
        if !self.counters.contains_key(&pool) {
            self.forget_days_before(pool);
        }
        let counter = self.counters.entry(pool).or_default();
        counter.hear(from, &said, &mut books, now_ms);
        if let Some(raises) = self.raises.get_mut(&pool) {
            raises.finish(counter, &mut books, now_ms);
        }
        self.note(pool);
    }

    /// After `StockSet` or `BudgetSet` is applied, and again when its request is repeated: tells every lessee, serves
    /// who waits, and lets the reply leave (see [`Effects::heard`]) when all have answered or no flag
    /// of the old total can be alive.
    pub fn raised(&mut self, stock: &Stock, pool: Pool, now_ms: i64, effects: &mut Effects) {
        let books = Books::open(stock, pool, None, self.partitions, effects);
        let mut books = books.expect("only an opened stock is raised");
        let counter = self.counters.entry(pool).or_default();
        self.raises.entry(pool).or_default().begin(&mut books, now_ms);
        counter.raised();
        counter.advance(&mut books, now_ms);
        self.note(pool);
    }

    /// Every [`super::REPEAT_MS`]: repeats what is unanswered and ends what has waited long enough.
    pub fn tick(&mut self, stock: &Stock, now_ms: i64, effects: &mut Effects) {
        for pool in self.busy.clone() {
            let Some(mut books) = Books::open(stock, pool, None, self.partitions, effects) else {
                assert!(pool.is_over(now_ms), "who waits waits for an opened pool");
                self.forget(pool);
                continue;
            };
            let counter = self.counters.entry(pool).or_default();
            counter.tick(&mut books, now_ms);
            if let Some(raises) = self.raises.get_mut(&pool) {
                raises.tick(counter, &mut books, now_ms);
            }
            self.note(pool);
        }
    }

    /// What is soft of a pool is over.
    fn forget(&mut self, pool: Pool) {
        self.counters.remove(&pool);
        self.raises.remove(&pool);
        self.busy.remove(&pool);
    }

    /// Where a day begins, what is soft of the template's days long before it is over: of a template a few days stay.
    fn forget_days_before(&mut self, pool: Pool) {
        let Some(days) = pool.days_before() else { return };
        let over: Vec<Pool> = self.counters.range(days).map(|(&day, _)| day).collect();
        over.into_iter().for_each(|day| self.forget(day));
    }

    /// For the model, whose clock stands: every repetition is due.
    #[cfg(test)]
    pub(super) fn make_due(&mut self) {
        self.counters.values_mut().for_each(Counter::make_due);
        self.raises.values_mut().for_each(Raises::make_due);
    }

    fn note(&mut self, pool: Pool) {
        if self.raises.get(&pool).is_some_and(Raises::is_empty) {
            self.raises.remove(&pool);
        }
        let is_idle = self.counters.get(&pool).is_none_or(Counter::is_idle);
        if is_idle && !self.raises.contains_key(&pool) {
            self.busy.remove(&pool);
        } else {
            self.busy.insert(pool);
        }
    }
}
