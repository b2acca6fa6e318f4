//! What an audit compares of orders with cards of other partitions: what their home says that cards pay, and what the cards' partition has taken.

use super::Partition;
use std::collections::BTreeMap;

/// What cards pay for one order of another partition, or get back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tendered {
    /// What was captured.
    pub charged: i64,
    /// What of it was given back.
    pub given_back: i64,
    /// Whether cards may be held for it, or are.
    pub is_open: bool,
}

/// What a partition tells of orders over partitions; of the newest, where they are many.
#[derive(Clone, Debug, Default)]
pub struct TenderBook {
    /// By saga and the cards' partition: what it says of its own orders.
    pub said: BTreeMap<(u64, u16), Tendered>,
    /// Of its own orders before this saga it tells nothing; 0 = of all.
    pub said_since: u64,
    /// By home and saga: what it has done for others.
    pub done: BTreeMap<(u16, u64), Tendered>,
    /// By home: of orders before this saga it tells nothing; of a home that is not here all.
    pub done_since: BTreeMap<u16, u64>,
}

impl TenderBook {
    /// The oldest saga of this home of which it tells what it has done.
    pub fn done_since(&self, home: u16) -> u64 {
        self.done_since.get(&home).copied().unwrap_or(0)
    }
}

impl Partition {
    /// What it tells of at most so many orders of its own, and of at most so many cards for each other home.
    pub fn tender_book(&self, sagas_max: usize, cards_max: usize) -> TenderBook {
        let mut book = TenderBook::default();
        self.tell_said(&mut book, sagas_max);
        let mut next = self.pledges.next_home(0);
        while let Some(home) = next {
            self.tell_done(&mut book, home, cards_max);
            next = self.pledges.next_home(home + 1);
        }
        book
    }

    fn tell_said(&self, book: &mut TenderBook, sagas_max: usize) {
        for (at, saga) in self.sagas.newest_first().enumerate() {
            if at == sagas_max {
                return;
            }
            book.said_since = saga.lsn;
            for (one, given_back) in saga.given_back(saga.body.refunded) {
                let tendered = book.said.entry((saga.lsn, one.partition)).or_default();
                tendered.charged += one.captured;
                tendered.given_back += given_back;
                tendered.is_open = saga.is_asking() || saga.is_held();
            }
        }
        book.said_since = 0;
    }

    fn tell_done(&self, book: &mut TenderBook, home: u16, cards_max: usize) {
        let mut newest = u64::MAX;
        for (at, pledge) in self.pledges.newest_first_of(home).enumerate() {
            // The cards of one order are told together.
            if at >= cards_max && pledge.saga != newest {
                book.done_since.insert(home, newest);
                return;
            }
            newest = pledge.saga;
            let tendered = book.done.entry((home, pledge.saga)).or_default();
            let redemption = self.redemptions.at_lsn(pledge.redemption).map(|(_, redemption)| redemption);
            tendered.charged += redemption.map_or(0, |redemption| redemption.applied);
            tendered.given_back += redemption.map_or(0, |redemption| redemption.refunded);
            tendered.is_open = !pledge.is_settled;
        }
    }
}
