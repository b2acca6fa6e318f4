//! The lessee's desk of one partition: sells from leases, parks who must wait, answers home.
//!
//! It counts parked claims; the claims themselves are the engine's, who serves them in their order
//! by [`LesseeDesk::sale`] whenever [`Next`] says so. One tab per template asked for here since the
//! start, so the memory is bounded by the catalog. A crash loses all of it: claims that waited are
//! retried by their clients, and the new desk states every lease again.

use super::message::{Effects, Message, lease};
use super::tab::Tab;
use super::{PARKED_CLAIMS_MAX, START_STATEMENTS_MAX};
use crate::event::Event;
use crate::planted::{self, Planted};
use crate::stock::Stock;
use std::collections::{BTreeMap, BTreeSet};

/// What becomes of one claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sale {
    /// A piece is here: sell it.
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
    tabs: BTreeMap<u32, Tab>,
    /// Templates with parked claims.
    asking: BTreeSet<u32>,
    /// Parked claims of all templates.
    parked: u32,
    /// Leases found at the start that are still to be stated, the next one last.
    unstated: Vec<u32>,
}

impl LesseeDesk {
    /// A desk for the leases that are found at the start; its ticks state them all.
    pub fn start(stock: &Stock, now_ms: i64) -> LesseeDesk {
        let mut unstated: Vec<u32> = stock.leases().collect();
        unstated.sort_unstable_by(|a, b| b.cmp(a));
        LesseeDesk { started_ms: now_ms, tabs: BTreeMap::new(), asking: BTreeSet::new(), parked: 0, unstated }
    }

    /// What becomes of one claim of this template, now.
    #[inline]
    pub fn sale(&self, stock: &Stock, template: u32, now_ms: i64) -> Sale {
        if stock.lessee(template).unsold() >= 1 {
            return Sale::Sell;
        }
        match self.tabs.get(&template).and_then(|tab| tab.sold_out(now_ms)) {
            Some(total) => Sale::SoldOut { total },
            None => Sale::Park,
        }
    }

    /// Counts one parked claim of this template. `false`: too many wait in this partition, answer that
    /// the stock is busy. I13.
    #[must_use]
    pub fn park(&mut self, stock: &Stock, template: u32) -> bool {
        if self.parked >= PARKED_CLAIMS_MAX {
            return false;
        }
        self.parked += 1;
        self.asking.insert(template);
        self.tab(stock, template).parked += 1;
        true
    }

    /// Parked claims of this template were answered, whatever the answer.
    pub fn unpark(&mut self, stock: &Stock, template: u32, claims: u32) {
        self.parked -= claims;
        let tab = self.tab(stock, template);
        tab.unpark(claims);
        if tab.parked == 0 {
            self.asking.remove(&template);
        }
    }

    /// Claims of this template that are parked.
    pub fn parked(&self, template: u32) -> u32 {
        self.tabs.get(&template).map_or(0, |tab| tab.parked)
    }

    /// Once per turn for each template that was claimed or served: home hears when the lease is low,
    /// when claims wait, or when a flag that is still needed grows old.
    pub fn after_sales(&mut self, stock: &Stock, template: u32, now_ms: i64, effects: &mut Effects) {
        let lease = stock.lessee(template);
        let tab = self.tab(stock, template);
        if tab.should_state(lease.unsold(), now_ms) {
            effects.state(tab.ask(template, &lease, now_ms));
        }
    }

    /// A message from the template's home.
    pub fn handle(&mut self, stock: &Stock, message: Message, now_ms: i64, effects: &mut Effects) -> Next {
        match message {
            Message::Grant { template, granted, total } => self.receive(stock, template, granted, total, effects),
            Message::Recall { .. } => Next::ServeThenReturn,
            Message::SoldOut { template, total, asked_ms } => self.close(stock, template, total, asked_ms, now_ms),
            Message::Open { template, total } => self.open(stock, template, total, now_ms, effects),
            Message::Statement(_) => unreachable!("statements go to home"),
        }
    }

    /// A repeated or late grant names no more than was received, and adds nothing. I1.
    fn receive(&mut self, stock: &Stock, template: u32, granted: u64, total: u64, effects: &mut Effects) -> Next {
        let received = stock.lessee(template).received;
        let granted = if planted::is(Planted::GrantCountsAgain) && granted == received { granted + 1 } else { granted };
        if granted <= received {
            return Next::Nothing;
        }
        effects.events.push(Event::LeaseReceived(lease(template, 0, granted)));
        self.tab(stock, template).received(granted - received, total);
        Next::Serve
    }

    fn close(&mut self, stock: &Stock, template: u32, total: u64, asked_ms: i64, now_ms: i64) -> Next {
        let has_pieces = stock.lessee(template).unsold() > 0;
        if has_pieces || asked_ms < self.started_ms || !self.tab(stock, template).closed(total, asked_ms, now_ms) {
            return Next::Nothing;
        }
        Next::Refuse { total }
    }

    /// Every opening is answered, so that home knows who has heard; who refused lately asks again.
    fn open(&mut self, stock: &Stock, template: u32, total: u64, now_ms: i64, effects: &mut Effects) -> Next {
        let lease = stock.lessee(template);
        let tab = self.tab(stock, template);
        let refused = tab.sold_out(now_ms).is_some();
        tab.opened(total);
        let statement = if refused { tab.ask(template, &lease, now_ms) } else { tab.account(template, &lease, now_ms) };
        effects.state(statement);
        Next::Nothing
    }

    /// Gives back what is left after the parked claims were served, and states it.
    pub fn finish_recall(&mut self, stock: &Stock, template: u32, now_ms: i64, effects: &mut Effects) {
        let mut account = stock.lessee(template);
        if account.unsold() > 0 {
            account.returned += account.unsold();
            if !planted::is(Planted::ReturnOnlySaid) {
                effects.events.push(Event::LeaseReturned(lease(template, 0, account.returned)));
            }
        }
        assert_eq!(account.unsold(), 0, "I1: a recalled lease is empty");
        let tab = self.tab(stock, template);
        tab.emptied();
        effects.state(tab.account(template, &account, now_ms));
    }

    /// Every [`super::REPEAT_MS`]: repeats what claims still wait for, and states what the start found.
    pub fn tick(&mut self, stock: &Stock, now_ms: i64, effects: &mut Effects) {
        let rest = self.unstated.len().saturating_sub(START_STATEMENTS_MAX);
        for template in self.unstated.split_off(rest).into_iter().rev() {
            let lease = stock.lessee(template);
            effects.state(self.tab(stock, template).account(template, &lease, now_ms));
        }
        for template in &self.asking {
            let tab = self.tabs.get_mut(template).expect("who asks has a tab");
            if tab.should_repeat(now_ms) {
                effects.state(tab.ask(*template, &stock.lessee(*template), now_ms));
            }
        }
    }

    /// For the model, whose clock stands: every repetition is due.
    #[cfg(test)]
    pub(super) fn make_due(&mut self) {
        self.tabs.values_mut().for_each(Tab::make_due);
    }

    fn tab(&mut self, stock: &Stock, template: u32) -> &mut Tab {
        self.tabs.entry(template).or_insert_with(|| Tab::of(&stock.lessee(template)))
    }
}
