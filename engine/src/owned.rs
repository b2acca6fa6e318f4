//! One partition as its shard owns it: the ledger, the two lease desks, who is parked, whose raise waits, who waits for a saga.
//!
//! Everything but the ledger is soft: a crash takes it, clients retry, desks state their leases again.

use crate::ledger::Ledger;
use crate::letter::{Answer, Sink};
use crate::shard::happen;
use crate::turn::Turn;
use std::collections::{BTreeMap, VecDeque};
use tessera_domain::command::Claim;
use tessera_domain::lease::{HomeDesk, LesseeDesk};
use tessera_domain::stock::Stock;
use tessera_domain::{Need, Partition, Pool, Reason, Rejection};

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

/// Callers that may wait for the end of one saga: they ask the same, and one of them would be enough.
const SAGA_WAITERS_MAX: usize = 16;

/// Sagas that time ends in one turn of a partition, at most.
const SETTLED_SAGAS_MAX: usize = 64;

/// A partition and what its shard keeps beside it.
pub(crate) struct Owned {
    pub(crate) ledger: Ledger<Partition>,
    pub(crate) lessee: LesseeDesk,
    pub(crate) home: HomeDesk,
    /// By template.
    pub(crate) parked: BTreeMap<u32, Queue>,
    pub(crate) raised: Vec<Raised>,
    /// Who waits for the end of a saga, by its lsn.
    pub(crate) waiting: BTreeMap<u64, Vec<Slot>>,
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
            waiting: BTreeMap::new(),
            in_turn: false,
            heard_voids: 0,
            resend_ms: 0,
        }
    }

    /// Claims that wait.
    pub(crate) fn parked_claims(&self) -> u64 {
        self.parked.values().map(|queue| queue.claims.len() as u64).sum()
    }

    /// Lets somebody wait for the end of a saga.
    ///
    /// # Errors
    /// OVERLOADED if as many wait for it as may; the saga goes on.
    pub(crate) fn wait_for(&mut self, saga: u64, slot: Slot) -> Result<(), Rejection> {
        let waiting = self.waiting.entry(saga).or_default();
        if waiting.len() >= SAGA_WAITERS_MAX {
            return Err(Rejection::new(Reason::Overloaded, SAGA_WAITERS_MAX as i64));
        }
        waiting.push(slot);
        Ok(())
    }

    /// Records what time has brought to sagas, as much as one turn may take.
    pub(crate) fn settle_sagas(&mut self, turn: &mut Turn) {
        for _ in 0..SETTLED_SAGAS_MAX {
            let Some(happening) = self.ledger.state().decide_saga_time(self.ledger.now_ms()) else { return };
            let ended = happening.ended;
            happen(&mut self.ledger, happening, None, turn);
            self.tell_end(ended, turn);
        }
    }

    /// Answers those who wait for a saga that has just ended: the first one, and the others as who asks again.
    pub(crate) fn tell_end(&mut self, ended: Option<u64>, turn: &mut Turn) {
        let waiting = ended.and_then(|saga| self.waiting.remove(&saga)).unwrap_or_default();
        for (at, Slot { sink, tag }) in waiting.into_iter().enumerate() {
            let state = self.ledger.state();
            let answer = if at == 0 { state.latest_answer() } else { state.latest_answer_again() };
            turn.answer(&sink, vec![(tag, answer)]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::letter::Outlet;
    use std::sync::Arc;
    use tessera_domain::keyed::IdHashKey;
    use tessera_wal::JournalId;

    struct Deaf;

    impl Outlet for Deaf {
        fn deliver(&self, _answers: Vec<(u64, Answer)>) {}
    }

    #[test]
    fn as_many_as_may_wait_for_one_saga_and_others_for_another() {
        let ledger = Ledger::new(JournalId(0), Partition::new(0, IdHashKey::new(*b"a key for tests!")));
        let (mut owned, sink): (Owned, Sink) = (Owned::new(ledger, 1, 0), Arc::new(Deaf));
        let mut wait = |saga, tag| owned.wait_for(saga, Slot { sink: sink.clone(), tag });
        for tag in 0..16 {
            assert_eq!(wait(7, tag), Ok(()));
        }
        assert_eq!(wait(7, 16), Err(Rejection::new(Reason::Overloaded, 16)));
        assert_eq!(wait(8, 17), Ok(()));
    }
}
