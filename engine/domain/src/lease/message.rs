//! What desks say to each other, and what one call of a desk causes.
//!
//! Every number is absolute and durable at its sender, except what is marked as soft. A message is
//! fixed size and names its template, whose home is the only partition that lessees talk to.

use crate::event::{Event, Lease};

/// A lessee's account of one lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Statement {
    /// The template.
    pub template: u32,
    /// Pieces received in all.
    pub received: u64,
    /// Pieces given back in all.
    pub returned: u64,
    /// Pieces sold in all.
    pub issued: u64,
    /// Pieces put back after a void or a refund, in all.
    pub restocked: u64,
    /// Claims that wait for a piece; soft.
    pub parked: u32,
    /// The least amount that would help, in pieces; 0 = this only accounts; soft.
    pub need: u32,
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
        /// The template.
        template: u32,
        /// Granted in all.
        granted: u64,
        /// The stock's total.
        total: u64,
    },
    /// Home to lessee: serve who waits, then give back what is left.
    Recall {
        /// The template.
        template: u32,
    },
    /// Home to lessee: every piece of this total is sold.
    SoldOut {
        /// The template.
        template: u32,
        /// The total that is sold.
        total: u64,
        /// The time of the statement that this answers.
        asked_ms: i64,
    },
    /// Home to lessee: there may be pieces again.
    Open {
        /// The template.
        template: u32,
        /// The stock's total.
        total: u64,
    },
}

impl Message {
    /// The template it is about.
    pub fn template(&self) -> u32 {
        match *self {
            Message::Statement(Statement { template, .. })
            | Message::Grant { template, .. }
            | Message::Recall { template }
            | Message::SoldOut { template, .. }
            | Message::Open { template, .. } => template,
        }
    }
}

/// Where a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum To {
    /// The home of the message's template.
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
    /// Template and total of raises whose reply may leave: of every raise up to that total.
    pub heard: Vec<(u32, u64)>,
}

impl Effects {
    pub(super) fn state(&mut self, statement: Statement) {
        self.messages.push((To::Home, Message::Statement(statement)));
    }
}

/// The body of a lease event.
pub(super) fn lease(template: u32, partition: u16, count: u64) -> Lease {
    Lease { template, partition, count }
}
