//! One partition as its shard owns it: the ledger, the two lease desks, who is parked, whose raise waits.
//!
//! Everything but the ledger is soft: a crash takes it, clients retry, desks state their leases again.

use crate::ledger::Ledger;
use crate::letter::{Answer, Sink};
use std::collections::{BTreeMap, VecDeque};
use tessera_domain::command::Claim;
use tessera_domain::lease::{HomeDesk, LesseeDesk};
use tessera_domain::stock::Stock;
use tessera_domain::{Need, Partition, Pool};

/// Where one answer goes.
pub(crate) struct Slot {
    pub(crate) sink: Sink,
    pub(crate) tag: u64,
}

/// A claim that waits for a lease.
pub(crate) struct Parked {
    pub(crate) claim: Claim,
    pub(crate) slot: Slot,
    pub(crate) until_ms: i64,
}

/// The claims of one template that wait, in their order. All take of the same pools, so what the first one lacks they all wait for.
pub(crate) struct Queue {
    pub(crate) lacks: Need,
    pub(crate) claims: VecDeque<Parked>,
}

impl Queue {
    /// From now on its claims wait for this.
    pub(crate) fn wait_for(&mut self, need: Need, lessee: &mut LesseeDesk, stock: &Stock) {
        if need.pool != self.lacks.pool && !self.claims.is_empty() {
            lessee.wait_for(stock, self.lacks.pool, need, self.claims.len() as u32);
        }
        self.lacks = need;
    }
}

/// A raise whose answer waits until every lessee has heard of it.
pub(crate) struct Raised {
    pub(crate) pool: Pool,
    pub(crate) total: u64,
    pub(crate) slot: Slot,
    pub(crate) answer: Answer,
}

/// A partition and what its shard keeps beside it.
pub(crate) struct Owned {
    pub(crate) ledger: Ledger<Partition>,
    pub(crate) lessee: LesseeDesk,
    pub(crate) home: HomeDesk,
    /// By template.
    pub(crate) parked: BTreeMap<u32, Queue>,
    pub(crate) raised: Vec<Raised>,
    /// Whether the ledger has begun this turn.
    pub(crate) in_turn: bool,
    /// Void templates of the catalog, in its order, that the partition has heard of.
    pub(crate) heard_voids: usize,
    /// When unacknowledged line messages are sent again.
    pub(crate) resend_ms: i64,
}

impl Owned {
    /// Takes ownership of a replayed partition.
    pub(crate) fn new(ledger: Ledger<Partition>, partitions: u16, now_ms: i64) -> Owned {
        // Not before anything that an earlier desk of this partition can have stated with a frame.
        let lessee = LesseeDesk::start(ledger.state().stock(), now_ms.max(ledger.cursor().now_ms));
        Owned {
            ledger,
            lessee,
            home: HomeDesk::start(partitions),
            parked: BTreeMap::new(),
            raised: Vec::new(),
            in_turn: false,
            heard_voids: 0,
            resend_ms: 0,
        }
    }

    /// Claims that wait.
    pub(crate) fn parked_claims(&self) -> u64 {
        self.parked.values().map(|queue| queue.claims.len() as u64).sum()
    }
}
