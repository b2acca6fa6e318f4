//! The engine's part around one desk: applies effects at once, keeps what leaves, serves who waits.

use super::{PIECE, POOL};
use crate::event::Event;
use crate::lease::{Effects, HomeDesk, LesseeDesk, Message, Next, Sale, Statement, To};
use crate::pool::Pool;
use crate::stock::Stock;

/// What a claim was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Sold,
    SoldOut { total: u64 },
}

/// One lessee, during one turn.
pub(super) struct Shop<'a> {
    pub(super) stock: &'a mut Stock,
    pub(super) desk: &'a mut LesseeDesk,
    pub(super) now_ms: i64,
    pub(super) out: Out,
}

/// What happened: an event that a desk emitted, or one of the engine's own.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fact {
    Desk(Event<'static>),
    Sold,
    Restocked,
    Raised { from: u64, to: u64 },
}

/// What a turn hands over.
#[derive(Default)]
pub(super) struct Out {
    pub(super) events: Vec<Fact>,
    pub(super) messages: Vec<(To, Message)>,
    pub(super) answers: Vec<Answer>,
    pub(super) heard: Vec<u64>,
}

impl Out {
    fn happen(&mut self, stock: &mut Stock, fact: Fact) {
        apply(stock, &fact);
        self.events.push(fact);
    }

    fn take(&mut self, stock: &mut Stock, effects: Effects) {
        effects.events.into_iter().for_each(|event| self.happen(stock, Fact::Desk(event)));
        self.messages.extend(effects.messages);
        self.heard.extend(effects.heard.into_iter().map(|(_, total)| total));
    }
}

impl Shop<'_> {
    /// A batch of claims, decided one by one.
    pub(super) fn claim(&mut self, claims: u32) {
        (0..claims).for_each(|_| self.claim_one());
        self.call(|desk, stock, now, effects| desk.after_sales(stock, PIECE, now, effects));
    }

    fn claim_one(&mut self) {
        match self.desk.sale(self.stock, PIECE, self.now_ms) {
            Sale::Sell => self.sell(),
            Sale::SoldOut { total } => self.out.answers.push(Answer::SoldOut { total }),
            Sale::Park => assert!(self.desk.park(self.stock, PIECE), "few enough wait"),
        }
    }

    pub(super) fn hear(&mut self, message: Message) {
        match self.call(|desk, stock, now, effects| desk.handle(stock, message, now, effects)) {
            Next::Nothing => {}
            Next::Serve => {
                self.serve();
                self.call(|desk, stock, now, effects| desk.after_sales(stock, PIECE, now, effects));
            }
            Next::ServeThenReturn => {
                self.serve();
                self.call(|desk, stock, now, effects| desk.finish_recall(stock, POOL, now, effects));
            }
            Next::Refuse { total } => self.leave(|shop| shop.out.answers.push(Answer::SoldOut { total })),
        }
    }

    pub(super) fn tick(&mut self) {
        self.call(|desk, stock, now, effects| desk.tick(stock, now, effects));
    }

    /// Parked claims leave without a piece: their time is over.
    pub(super) fn give_up(&mut self) {
        self.leave(|_| {});
    }

    /// A sold piece comes back: for who waits, and home hears of it.
    pub(super) fn restock(&mut self) {
        self.out.happen(self.stock, Fact::Restocked);
        self.desk.restocked(POOL, self.now_ms);
        self.serve();
    }

    fn serve(&mut self) {
        while self.desk.parked(POOL) > 0 && self.desk.sale(self.stock, PIECE, self.now_ms) == Sale::Sell {
            self.sell();
            self.desk.unpark(self.stock, POOL, 1);
        }
    }

    fn leave(&mut self, answer: impl Fn(&mut Self)) {
        let parked = self.desk.parked(POOL);
        (0..parked).for_each(|_| answer(self));
        self.desk.unpark(self.stock, POOL, parked);
    }

    fn sell(&mut self) {
        self.out.happen(self.stock, Fact::Sold);
        self.out.answers.push(Answer::Sold);
    }

    fn call<R>(&mut self, call: impl FnOnce(&mut LesseeDesk, &Stock, i64, &mut Effects) -> R) -> R {
        let mut effects = Effects::default();
        let result = call(self.desk, self.stock, self.now_ms, &mut effects);
        self.out.take(self.stock, effects);
        result
    }
}

/// One home, during one turn.
pub(super) struct Office<'a> {
    pub(super) stock: &'a mut Stock,
    pub(super) desk: &'a mut HomeDesk,
    pub(super) now_ms: i64,
    pub(super) catalog_total: u64,
    pub(super) out: Out,
}

impl Office<'_> {
    pub(super) fn hear(&mut self, from: u16, said: Statement) {
        let total = Some(self.catalog_total);
        self.call(|desk, stock, now, effects| desk.handle(stock, from, said, total, now, effects));
    }

    pub(super) fn tick(&mut self) {
        self.call(|desk, stock, now, effects| desk.tick(stock, now, effects));
    }

    /// The operator's raise of an opened stock.
    pub(super) fn raise(&mut self, to: u64) {
        let from = self.stock.home(POOL).total;
        self.out.happen(self.stock, Fact::Raised { from, to });
        self.raised();
    }

    /// What follows a raise, and the repetition of its request.
    pub(super) fn raised(&mut self) {
        self.call(|desk, stock, now, effects| desk.raised(stock, POOL, now, effects));
    }

    fn call(&mut self, call: impl FnOnce(&mut HomeDesk, &Stock, i64, &mut Effects)) {
        let mut effects = Effects::default();
        call(self.desk, self.stock, self.now_ms, &mut effects);
        self.out.take(self.stock, effects);
    }
}

/// What `apply` does with the events of stock.
pub(super) fn apply(stock: &mut Stock, fact: &Fact) {
    match fact {
        Fact::Sold => stock.issue(PIECE),
        Fact::Restocked => stock.restock(PIECE),
        Fact::Raised { from, to } => stock.set_total(POOL, *from, *to),
        Fact::Desk(event) => apply_event(stock, event),
    }
}

fn apply_event(stock: &mut Stock, event: &Event<'_>) {
    match event {
        Event::StockOpened(opened) => stock.open(Pool::stock(opened.template), opened.total),
        Event::LeaseGranted(lease) => stock.grant(Pool::stock(lease.template), lease.partition, lease.count),
        Event::LeaseReclaimed(lease) => stock.reclaim(Pool::stock(lease.template), lease.partition, lease.count),
        Event::LeaseReceived(lease) => stock.receive(Pool::stock(lease.template), lease.count),
        Event::LeaseReturned(lease) => stock.give_back(Pool::stock(lease.template), lease.count),
        other => panic!("a desk emits only events of stock: {other:?}"),
    }
}
