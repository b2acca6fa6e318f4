//! What desks say to each other, and what one call of a desk causes.
//!
//! Every number is absolute and durable at its sender, except what is marked as soft. A message is
//! fixed size and names its pool, whose home is the only partition that lessees talk to.

use crate::event::{Event, Lease, PoolLeased, PoolOpened, Step, StockOpened};
use crate::pool::Pool;

/// A lessee's account of one lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Statement {
    /// The pool; its pieces are minor units where it is a budget.
    pub pool: Pool,
    /// Pieces received in all.
    pub received: u64,
    /// Pieces given back in all.
    pub returned: u64,
    /// Pieces sold in all.
    pub issued: u64,
    /// Pieces put back from coupons that ended without having been used, in all.
    pub restocked: u64,
    /// Claims that wait for a piece; soft.
    pub parked: u32,
    /// The least amount that would help, what one claim takes; 0 = this only accounts; soft.
    pub need: u64,
    /// The largest total the lessee has heard of; soft.
    pub heard: u64,
    /// The lessee's time; soft.
    pub stated_ms: i64,
}

impl Statement {
    /// Pieces that the lessee could sell when it said this.
    pub fn unsold(&self) -> u64 {
        self.received + self.restocked - self.returned - self.issued
    }
}

/// One message between a lessee and a home.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Message {
    /// Lessee to home: the lessee's account, and what it needs.
    Statement(Statement),
    /// Home to lessee: what it was granted in all, out of which total.
    Grant {
        /// The pool.
        pool: Pool,
        /// Granted in all.
        granted: u64,
        /// The pool's total.
        total: u64,
    },
    /// Home to lessee: serve who waits, then give back what is left.
    Recall {
        /// The pool.
        pool: Pool,
    },
    /// Home to lessee: what is left of this total is less than the need, and what is less is nothing where one piece is needed.
    SoldOut {
        /// The pool.
        pool: Pool,
        /// The total that is sold.
        total: u64,
        /// What is needed and no longer there.
        need: u64,
        /// The time of the statement that this answers.
        asked_ms: i64,
    },
    /// Home to lessee: there may be pieces again.
    Open {
        /// The pool.
        pool: Pool,
        /// The pool's total.
        total: u64,
    },
}

impl Message {
    /// The pool it is about.
    pub fn pool(&self) -> Pool {
        match *self {
            Message::Statement(Statement { pool, .. })
            | Message::Grant { pool, .. }
            | Message::Recall { pool }
            | Message::SoldOut { pool, .. }
            | Message::Open { pool, .. } => pool,
        }
    }
}

/// Where a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum To {
    /// The home of the message's pool.
    Home,
    /// A lessee: this partition.
    Lessee(u16),
}

/// What a call causes; calls only add to it.
#[derive(Debug, Default)]
pub struct Effects {
    /// To append and apply, in order, before the next call.
    pub events: Vec<Event<'static>>,
    /// To send, in order, once the frame of this turn is durable.
    pub messages: Vec<(To, Message)>,
    /// Pool and total of raises whose reply may leave: of every raise up to that total.
    pub heard: Vec<(Pool, u64)>,
}

impl Effects {
    pub(super) fn state(&mut self, statement: Statement) {
        self.messages.push((To::Home, Message::Statement(statement)));
    }
}

/// A count of a lease that rises: in the events that stocks always had, or in the one of all other pools.
pub(super) fn leased(pool: Pool, step: Step, partition: u16, count: u64) -> Event<'static> {
    let (template, day) = (pool.template(), pool.local_day());
    if !pool.is_stock() {
        return Event::PoolLeased(PoolLeased { template, day, step: step as u8, partition, count });
    }
    let lease = Lease { template, partition, count };
    match step {
        Step::Granted => Event::LeaseGranted(lease),
        Step::Reclaimed => Event::LeaseReclaimed(lease),
        Step::Received => Event::LeaseReceived(lease),
        Step::Returned => Event::LeaseReturned(lease),
    }
}

/// A pool is opened at its home.
pub(super) fn opened(pool: Pool, total: u64) -> Event<'static> {
    let (template, day) = (pool.template(), pool.local_day());
    match pool.is_stock() {
        true => Event::StockOpened(StockOpened { template, total }),
        false => Event::PoolOpened(PoolOpened { template, day, total }),
    }
}
