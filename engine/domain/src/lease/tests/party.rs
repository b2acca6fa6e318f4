//! A partition in the large world: a journal that a crash cuts, the stock it replays to, and both desks.
//!
//! What a turn hands over waits in the tail until it is synced; a crash drops the tail whole.

use super::POOL;
use super::shop::{Answer, Fact, Office, Out, Shop, apply};
use crate::lease::{HomeDesk, LesseeDesk, Message, PARKED_MS_MAX, To};
use crate::stock::Stock;

pub(super) struct Party {
    partitions: u16,
    catalog_total: u64,
    journal: Vec<Fact>,
    /// Pieces sold in the journal.
    pub(super) sold: u64,
    tail: Out,
    stock: Stock,
    home_desk: HomeDesk,
    lessee_desk: LesseeDesk,
    waits_since_ms: Option<i64>,
    /// Until when it is down.
    pub(super) down_until_ms: i64,
}

/// What a turn brought to those outside, once it is durable.
#[derive(Default)]
pub(super) struct Durable {
    pub(super) messages: Vec<(To, Message)>,
    pub(super) answers: Vec<Answer>,
    pub(super) heard: Vec<u64>,
}

impl Party {
    pub(super) fn new(partitions: u16, catalog_total: u64) -> Party {
        let stock = Stock::default();
        let (home_desk, lessee_desk) = (HomeDesk::start(partitions), LesseeDesk::start(&stock, 0));
        let (journal, tail) = (Vec::new(), Out::default());
        Party {
            partitions,
            catalog_total,
            journal,
            sold: 0,
            tail,
            stock,
            home_desk,
            lessee_desk,
            waits_since_ms: None,
            down_until_ms: 0,
        }
    }

    pub(super) fn hear(&mut self, from: u16, message: Message, now_ms: i64) {
        match message {
            Message::Statement(said) => self.office(now_ms, |office| office.hear(from, said)),
            message => self.shop(now_ms, |shop| shop.hear(message)),
        }
    }

    pub(super) fn claim(&mut self, claims: u32, now_ms: i64) {
        self.shop(now_ms, |shop| shop.claim(claims));
    }

    /// Raises, or only repeats the request if the raise survived a crash.
    pub(super) fn raise(&mut self, to: u64, now_ms: i64) {
        match self.stock.home(POOL).total < to {
            true => self.office(now_ms, |office| office.raise(to)),
            false => self.office(now_ms, |office| office.raised()),
        }
    }

    /// The timers of the engine. Gives the claims that waited too long.
    pub(super) fn tick(&mut self, now_ms: i64) -> u32 {
        self.shop(now_ms, |shop| shop.tick());
        self.office(now_ms, |office| office.tick());
        if self.waits_since_ms.is_none_or(|since_ms| now_ms - since_ms < PARKED_MS_MAX) {
            return 0;
        }
        let parked = self.lessee_desk.parked(POOL);
        self.shop(now_ms, |shop| shop.give_up());
        parked
    }

    /// Everything handed over so far is durable.
    pub(super) fn sync(&mut self) -> Durable {
        let Out { events, messages, answers, heard } = std::mem::take(&mut self.tail);
        self.sold += events.iter().filter(|fact| matches!(fact, Fact::Sold)).count() as u64;
        self.journal.extend(events);
        Durable { messages, answers, heard }
    }

    /// Gives the claims that got no answer.
    pub(super) fn crash(&mut self, until_ms: i64) -> u32 {
        let unanswered = self.lessee_desk.parked(POOL) + self.tail.answers.len() as u32;
        self.tail = Out::default();
        self.stock = Stock::default();
        self.journal.iter().for_each(|fact| apply(&mut self.stock, fact));
        self.home_desk = HomeDesk::start(self.partitions);
        self.lessee_desk = LesseeDesk::start(&self.stock, until_ms);
        (self.waits_since_ms, self.down_until_ms) = (None, until_ms);
        unanswered
    }

    fn shop(&mut self, now_ms: i64, act: impl FnOnce(&mut Shop)) {
        let out = std::mem::take(&mut self.tail);
        let mut shop = Shop { stock: &mut self.stock, desk: &mut self.lessee_desk, now_ms, out };
        act(&mut shop);
        self.tail = shop.out;
        let waits = self.lessee_desk.parked(POOL) > 0;
        self.waits_since_ms = waits.then(|| self.waits_since_ms.unwrap_or(now_ms));
    }

    fn office(&mut self, now_ms: i64, act: impl FnOnce(&mut Office)) {
        let (out, catalog_total) = (std::mem::take(&mut self.tail), self.catalog_total);
        let mut office = Office { stock: &mut self.stock, desk: &mut self.home_desk, now_ms, catalog_total, out };
        act(&mut office);
        self.tail = office.out;
    }
}
