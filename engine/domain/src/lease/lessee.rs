//! The lessee's desk of one partition: sells from leases, parks who must wait, answers home.
//!
//! It counts parked claims; the claims themselves are the engine's, who serves them in their order
//! by [`LesseeDesk::sale`] whenever [`Next`] says so. One tab per pool asked for here since the
//! start, of days those of the last few, so the memory is bounded by the catalog. A crash loses all of it: claims that waited are
//! retried by their clients, and the new desk states every lease again.
//!
//! **A claim takes of several pools, or of none.** It waits for the first that lacks, in the order of [`Pool`]s' refusals, and keeps here
//! what it needs of those before: a recall takes only the rest. So of two partitions that lack what the other has, the one that waits
//! for the later pool keeps its own and gets that one, and none gives away what it has just got.

use super::message::{Effects, Message, leased};
use super::tab::Tab;
use super::{PARKED_CLAIMS_MAX, RESTOCK_MS, START_STATEMENTS_MAX};
use crate::event::Step;
use crate::planted::{self, Planted};
use crate::pool::{Need, Pool};
use crate::stock::Stock;
use std::collections::{BTreeMap, BTreeSet};

/// What becomes of one claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sale {
    /// What it takes is here: sell it.
    Sell,
    /// Every piece of this total is sold.
    SoldOut {
        /// The total.
        total: u64,
    },
    /// Nobody knows yet: keep the claim if [`LesseeDesk::park`] has room for it.
    Park,
}

/// What the engine does after a message, when its events are applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Nothing more.
    Nothing,
    /// Serve parked claims while there are pieces, then [`LesseeDesk::after_sales`].
    Serve,
    /// Serve parked claims while there are pieces, then [`LesseeDesk::finish_recall`].
    ServeThenReturn,
    /// Refuse every parked claim: this total is sold out.
    Refuse {
        /// The total.
        total: u64,
    },
}

/// The soft side of all leases of a partition.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LesseeDesk {
    /// Answers to statements of an earlier desk are not believed.
    started_ms: i64,
    tabs: BTreeMap<Pool, Tab>,
    /// Pools that parked claims wait for.
    asking: BTreeSet<Pool>,
    /// Parked claims of all pools.
    parked: u32,
    /// Leases found at the start that are still to be stated, the next one last.
    unstated: Vec<Pool>,
    /// Pools that pieces came back to, still to be stated.
    restocked: BTreeSet<Pool>,
    /// When they are.
    restock_ms: i64,
}

impl LesseeDesk {
    /// A desk for the leases that are found at the start; its ticks state them all.
    pub fn start(stock: &Stock, now_ms: i64) -> LesseeDesk {
        let mut unstated: Vec<Pool> = stock.leases().collect();
        unstated.sort_unstable_by(|a, b| b.cmp(a));
        LesseeDesk {
            started_ms: now_ms,
            tabs: BTreeMap::new(),
            asking: BTreeSet::new(),
            parked: 0,
            unstated,
            restocked: BTreeSet::new(),
            restock_ms: i64::MIN,
        }
    }

    /// What becomes of one claim that takes this of a pool, now.
    #[inline]
    pub fn sale(&self, stock: &Stock, need: Need, now_ms: i64) -> Sale {
        if stock.lessee(stock.source(need)).unsold() >= need.amount {
            return Sale::Sell;
        }
        match self.tabs.get(&need.pool).and_then(|tab| tab.sold_out_of(need.amount, now_ms)) {
            Some(total) => Sale::SoldOut { total },
            None => Sale::Park,
        }
    }

    /// Counts one claim that is parked for want of this. `false`: too many wait in this partition, answer that
    /// the stock is busy. I13.
    #[must_use]
    pub fn park(&mut self, stock: &Stock, need: Need) -> bool {
        if self.parked >= PARKED_CLAIMS_MAX {
            return false;
        }
        self.wait(stock, need, 1);
        true
    }

    /// Parked claims of this pool were answered, whatever the answer.
    pub fn unpark(&mut self, stock: &Stock, pool: Pool, claims: u32) {
        self.parked -= claims;
        let tab = self.tab(stock, pool);
        tab.unpark(claims);
        if tab.parked == 0 {
            self.asking.remove(&pool);
        }
    }

    /// Parked claims of one pool wait for another one now.
    pub fn wait_for(&mut self, stock: &Stock, from: Pool, need: Need, claims: u32) {
        self.unpark(stock, from, claims);
        self.wait(stock, need, claims);
    }

    fn wait(&mut self, stock: &Stock, need: Need, claims: u32) {
        self.parked += claims;
        self.asking.insert(need.pool);
        let tab = self.tab(stock, need.pool);
        tab.parked += claims;
        tab.note_need(need.amount);
    }

    /// Claims that are parked for want of this pool.
    pub fn parked(&self, pool: Pool) -> u32 {
        self.tabs.get(&pool).map_or(0, |tab| tab.parked)
    }

    /// Once per turn for each pool that was claimed from or served: home hears when the lease is low,
    /// when claims wait, or when a flag that is still needed grows old.
    pub fn after_sales(&mut self, stock: &Stock, need: Need, now_ms: i64, effects: &mut Effects) {
        let lease = stock.lessee(need.pool);
        let tab = self.tab(stock, need.pool);
        tab.note_need(need.amount);
        if tab.should_state(lease.unsold(), now_ms) {
            effects.state(tab.ask(need.pool, &lease, now_ms));
        }
    }

    /// Something came back to a pool: home hears of it soon, and of all that comes back until then at once.
    pub fn restocked(&mut self, pool: Pool, now_ms: i64) {
        if self.restocked.is_empty() {
            self.restock_ms = now_ms + RESTOCK_MS;
        }
        self.restocked.insert(pool);
    }

    /// A message from the pool's home. Of a day that is over everywhere nothing is heard any more.
    pub fn handle(&mut self, stock: &Stock, message: Message, now_ms: i64, effects: &mut Effects) -> Next {
        if message.pool().is_over(now_ms) {
            return Next::Nothing;
        }
        match message {
            Message::Grant { pool, granted, total } => self.receive(stock, pool, granted, total, effects),
            Message::Recall { .. } => Next::ServeThenReturn,
            Message::SoldOut { pool, total, need, asked_ms } => {
                self.close(stock, Need { pool, amount: need }, total, asked_ms, now_ms)
            }
            Message::Open { pool, total } => self.open(stock, pool, total, now_ms, effects),
            Message::Statement(_) => unreachable!("statements go to home"),
        }
    }

    /// A repeated or late grant names no more than was received, and adds nothing. I1.
    fn receive(&mut self, stock: &Stock, pool: Pool, granted: u64, total: u64, effects: &mut Effects) -> Next {
        let received = stock.lessee(pool).received;
        let counts_again = planted::is(Planted::GrantCountsAgain) || planted::is(Planted::BudgetGrantedTwice) && pool.is_budget();
        let granted = if counts_again && granted == received { granted + 1 } else { granted };
        if granted <= received {
            return Next::Nothing;
        }
        effects.events.push(leased(pool, Step::Received, 0, granted));
        self.tab(stock, pool).received(granted - received, total);
        Next::Serve
    }

    fn close(&mut self, stock: &Stock, need: Need, total: u64, asked_ms: i64, now_ms: i64) -> Next {
        let has_enough = stock.lessee(need.pool).unsold() >= need.amount;
        let is_old = has_enough || asked_ms < self.started_ms;
        if is_old || !self.tab(stock, need.pool).closed(total, need.amount, asked_ms, now_ms) {
            return Next::Nothing;
        }
        Next::Refuse { total }
    }

    /// Every opening is answered, so that home knows who has heard; who refused lately asks again.
    fn open(&mut self, stock: &Stock, pool: Pool, total: u64, now_ms: i64, effects: &mut Effects) -> Next {
        let lease = stock.lessee(pool);
        let tab = self.tab(stock, pool);
        let refused = tab.sold_out(now_ms).is_some();
        tab.opened(total);
        let statement = if refused { tab.ask(pool, &lease, now_ms) } else { tab.account(pool, &lease, now_ms) };
        effects.state(statement);
        Next::Nothing
    }

    /// Gives back what is left after the parked claims were served, but for what those need that wait for a later pool; states it.
    pub fn finish_recall(&mut self, stock: &Stock, pool: Pool, now_ms: i64, effects: &mut Effects) {
        let mut account = stock.lessee(pool);
        let kept = self.kept(pool);
        let rest = account.unsold().saturating_sub(kept);
        if rest > 0 {
            account.returned += rest;
            if !planted::is(Planted::ReturnOnlySaid) {
                effects.events.push(leased(pool, Step::Returned, 0, account.returned));
            }
        }
        assert!(account.unsold() <= kept, "I1: a recalled lease keeps only what claims here need");
        let tab = self.tab(stock, pool);
        if account.unsold() == 0 {
            tab.emptied();
        }
        effects.state(tab.account(pool, &account, now_ms));
    }

    /// What of a pool those claims of its template keep that wait for a pool which is asked after it. Nothing is asked after a stock.
    fn kept(&self, pool: Pool) -> u64 {
        let stock = Pool::stock(pool.template());
        let later = [stock, Pool::budget(pool.template())];
        let later = if pool.is_budget() { &later[..1] } else { &later[..] };
        let waiting: u32 = later.iter().map(|&other| self.parked(other)).sum();
        match self.tabs.get(&pool) {
            Some(tab) if !pool.is_stock() => tab.need().saturating_mul(u64::from(waiting)),
            _ => 0,
        }
    }

    /// Every [`super::REPEAT_MS`]: repeats what claims still wait for, and states what the start found.
    pub fn tick(&mut self, stock: &Stock, now_ms: i64, effects: &mut Effects) {
        let rest = self.unstated.len().saturating_sub(START_STATEMENTS_MAX);
        let mut stated = self.unstated.split_off(rest);
        if now_ms >= self.restock_ms {
            stated.extend(std::mem::take(&mut self.restocked).into_iter().rev());
        }
        for pool in stated.into_iter().rev().filter(|pool| !pool.is_over(now_ms)) {
            let lease = stock.lessee(pool);
            effects.state(self.tab(stock, pool).account(pool, &lease, now_ms));
        }
        for pool in &self.asking {
            let tab = self.tabs.get_mut(pool).expect("who asks has a tab");
            if tab.should_repeat(now_ms) {
                effects.state(tab.ask(*pool, &stock.lessee(*pool), now_ms));
            }
        }
    }

    /// For the model, whose clock stands: every repetition is due.
    #[cfg(test)]
    pub(super) fn make_due(&mut self) {
        self.tabs.values_mut().for_each(Tab::make_due);
        self.restock_ms = i64::MIN;
    }

    fn tab(&mut self, stock: &Stock, pool: Pool) -> &mut Tab {
        if pool.local_day().is_some() && !self.tabs.contains_key(&pool) {
            self.forget_days_before(pool);
        }
        self.tabs.entry(pool).or_insert_with(|| Tab::of(&stock.lessee(pool)))
    }

    /// Where a day begins, the tabs of the template's days long before it are closed: of a template a few days stay.
    fn forget_days_before(&mut self, pool: Pool) {
        let Some(days) = pool.days_before() else { return };
        let idle = self.tabs.range(days).filter(|(_, tab)| tab.parked == 0).map(|(&day, _)| day);
        let idle: Vec<Pool> = idle.collect();
        for day in idle {
            self.tabs.remove(&day);
        }
    }
}
