//! What leaves a turn beside frames: answers to callers and letters to other actors.
//!
//! Both are passengers: the log lets them go when the frames they ride with are durable, and if the
//! process dies they die with it (law 3). Letters between partitions go this way even when both live on
//! one shard.

use crate::ledger::Ledger;
use std::sync::Arc;
use tessera_domain::catalog::Catalog;
use tessera_domain::command::Command;
use tessera_domain::{Partition, Rejection, Reply, lease};

/// What a caller hears.
pub type Answer = Result<Reply, Rejection>;

/// Where the answers of one caller go: one unary call, or one stream.
pub trait Outlet: Send + Sync {
    /// Takes answers, each with the tag of its request, in the order of completion. Must not block.
    fn deliver(&self, answers: Vec<(u64, Answer)>);
}

/// A shared outlet.
pub type Sink = Arc<dyn Outlet>;

/// One command for one partition.
pub struct Request {
    /// The partition that owns what it is about.
    pub partition: u16,
    /// The caller's mark, given back with the answer.
    pub tag: u64,
    /// What is asked.
    pub command: Command,
}

/// Requests of one caller for one shard: one message, however many they are.
pub struct Batch {
    /// The requests.
    pub requests: Vec<Request>,
    /// Where their answers go.
    pub sink: Sink,
}

/// A message from one actor to another.
pub enum Letter {
    /// Between the lessee and the home of a stock; may be lost.
    Lease {
        /// The sending partition.
        from: u16,
        /// The receiving partition.
        to: u16,
        /// What it says.
        message: lease::Message,
    },
    /// The message of a line; sent again until it is acknowledged.
    Line {
        /// The sending partition.
        from: u16,
        /// The receiving partition.
        to: u16,
        /// Its number on the line.
        number: u64,
        /// Its bytes.
        message: Box<[u8]>,
    },
    /// A line's acknowledgement, cumulative.
    LineAck {
        /// The partition that received.
        from: u16,
        /// The partition that sent.
        to: u16,
        /// The highest number received.
        through: u64,
    },
    /// A newer catalog, for one shard.
    Catalog {
        /// The shard.
        shard: u16,
        /// The catalog.
        catalog: Arc<Catalog>,
    },
    /// A recovered partition whose tenure is durable, for the shard that owns it from now on.
    Partition(Box<Ledger<Partition>>),
    /// A shard decides with this catalog, for the catalog's owner.
    Installed {
        /// The shard.
        shard: u16,
        /// The catalog's lsn.
        lsn: u64,
    },
}

/// Brings letters to actors. Must not block.
pub trait PostOffice: Send + Sync {
    /// Takes a letter. Lease and line letters may be lost: their protocols repeat themselves. `Catalog`,
    /// `Installed` and `Partition` are not repeated, so whoever brings them between processes has to keep them.
    fn post(&self, letter: Letter);
}

/// What waits for a frame to be durable.
pub enum Passenger {
    /// Answers of one caller.
    Answers {
        /// Where to.
        sink: Sink,
        /// Tag and answer.
        answers: Vec<(u64, Answer)>,
    },
    /// A letter.
    Letter {
        /// Who brings it.
        office: Arc<dyn PostOffice>,
        /// The letter.
        letter: Letter,
    },
    /// Anything else that must not happen before.
    Call(Box<dyn FnOnce() + Send>),
}

impl tessera_wal::Passenger for Passenger {
    fn release(self) {
        match self {
            Passenger::Answers { sink, answers } => sink.deliver(answers),
            Passenger::Letter { office, letter } => office.post(letter),
            Passenger::Call(call) => call(),
        }
    }
}
