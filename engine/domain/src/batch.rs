//! Batches of gift cards: what was ordered stands at the batch's home, what was made of it in every partition that made some.
//!
//! The cards of a batch have no owner, so the chain that leads through a wallet leads through a batch's share: it costs no byte, and
//! whoever takes the codes walks it. A batch is known by the keyed hash of its id; its text is in the journal only.

use crate::container::{Keyed, KeyedEntity};
use crate::digest::{Entity, EntityKind};
use crate::image::{Chunks, Fields, Restore};

/// Most cards of one batch.
pub const BATCH_CARDS_MAX: u64 = 1_000_000;

/// Most cards that one command makes: a run, so that no turn does much of it.
pub const RUN_CARDS_MAX: u32 = 1_024;

/// A batch at its home.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Batch {
    key: u64,
    /// Its adopted terms + 1; 0 = there is no such batch.
    terms: u64,
    /// How many cards, in all partitions.
    pub(crate) count: u64,
    /// When it was opened, ms.
    pub(crate) opened_ms: i64,
    /// When it was complete, ms; 0 = not yet.
    pub(crate) completed_ms: i64,
    /// When the download of its codes was taken, ms; 0 = not yet.
    pub(crate) taken_ms: i64,
}

/// What one partition made of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BatchShare {
    key: u64,
    /// Its adopted terms + 1; 0 = nothing was made.
    terms: u64,
    /// How many cards this partition makes in all.
    pub(crate) wanted: u64,
    /// How many it has made.
    pub(crate) made: u64,
    /// The newest one's number + 1.
    pub(crate) newest: u64,
}

impl Batch {
    /// Its adopted terms.
    pub(crate) fn terms(&self) -> u32 {
        (self.terms - 1) as u32
    }
}

impl BatchShare {
    /// Its adopted terms; `None` before the first run.
    pub(crate) fn terms(&self) -> Option<u32> {
        self.terms.checked_sub(1).map(|terms| terms as u32)
    }
}

impl Entity for Batch {
    const KIND: EntityKind = EntityKind::Batch;
    fn fields(&self, visit: &mut impl FnMut(u16, u64)) {
        visit(1, self.terms);
        visit(2, self.count);
        visit(3, self.opened_ms as u64);
        visit(4, self.completed_ms as u64);
        visit(5, self.taken_ms as u64);
    }
}

impl Restore for Batch {
    fn restore(key: u64, fields: &Fields) -> Option<Batch> {
        let _: u32 = fields.one_based(1)?;
        Some(Batch {
            key,
            terms: fields.get(1),
            count: fields.get(2),
            opened_ms: fields.get(3) as i64,
            completed_ms: fields.get(4) as i64,
            taken_ms: fields.get(5) as i64,
        })
    }
}

impl KeyedEntity for Batch {
    fn key(&self) -> u64 {
        self.key
    }
    fn at_default(key: u64) -> Batch {
        Batch { key, terms: 0, count: 0, opened_ms: 0, completed_ms: 0, taken_ms: 0 }
    }
}

impl Entity for BatchShare {
    const KIND: EntityKind = EntityKind::BatchShare;
    fn fields(&self, visit: &mut impl FnMut(u16, u64)) {
        visit(1, self.terms);
        visit(2, self.wanted);
        visit(3, self.made);
        visit(4, self.newest);
    }
}

impl Restore for BatchShare {
    fn restore(key: u64, fields: &Fields) -> Option<BatchShare> {
        let _: u32 = fields.one_based(1)?;
        let share = BatchShare { key, terms: fields.get(1), wanted: fields.get(2), made: fields.get(3), newest: fields.get(4) };
        (share.made <= share.wanted && share.made <= share.newest).then_some(share)
    }
}

impl KeyedEntity for BatchShare {
    fn key(&self) -> u64 {
        self.key
    }
    fn at_default(key: u64) -> BatchShare {
        BatchShare { key, terms: 0, wanted: 0, made: 0, newest: 0 }
    }
}

/// All batches that a partition is the home of, and all that it made cards of.
#[derive(Default)]
pub(crate) struct Batches {
    homes: Keyed<Batch>,
    shares: Keyed<BatchShare>,
}

impl Batches {
    /// The batch of this key, if this is its home and it was opened.
    pub(crate) fn get(&self, key: u64) -> Option<Batch> {
        Some(self.homes.get(key)).filter(|batch| batch.terms != 0)
    }

    /// What was made of the batch of this key.
    pub(crate) fn share(&self, key: u64) -> BatchShare {
        self.shares.get(key)
    }

    pub(crate) fn open(&mut self, key: u64, terms: u32, count: u64, now_ms: i64) {
        self.homes.change(key, |batch| {
            assert!(batch.terms == 0, "I9: a batch is opened once");
            (batch.terms, batch.count, batch.opened_ms) = (u64::from(terms) + 1, count, now_ms);
        });
    }

    pub(crate) fn complete(&mut self, key: u64, now_ms: i64) {
        self.homes.change(key, |batch| {
            assert!(batch.terms != 0 && batch.completed_ms == 0, "I9: a batch that was opened is complete once");
            batch.completed_ms = now_ms;
        });
    }

    pub(crate) fn take(&mut self, key: u64, now_ms: i64) {
        self.homes.change(key, |batch| {
            assert!(batch.completed_ms != 0 && batch.taken_ms == 0, "I9: a batch that is complete is taken once");
            batch.taken_ms = now_ms;
        });
    }

    /// A run of `count` cards was made, `made` of `wanted` before; the newest of all is `newest`.
    pub(crate) fn make(&mut self, key: u64, terms: u32, wanted: u64, made: u64, count: u32, newest: u64) {
        self.shares.change(key, |share| {
            let terms = u64::from(terms) + 1;
            let is_first = *share == BatchShare::at_default(key);
            assert!(is_first || (share.terms, share.wanted) == (terms, wanted), "I9: a batch is of one kind of card");
            assert_eq!(share.made, made, "I9: a batch is made run by run");
            assert!(made + u64::from(count) <= wanted, "I1: no more cards are made than were ordered");
            (share.terms, share.wanted, share.made, share.newest) = (terms, wanted, made + u64::from(count), newest + 1);
        });
    }

    pub(crate) fn save<E>(&self, out: &mut Chunks<'_, E>) -> Result<(), E> {
        out.keyed(&self.homes)?;
        out.keyed(&self.shares)
    }

    pub(crate) fn restore(&mut self, kind: EntityKind, key: u64, fields: &Fields) -> Option<()> {
        match kind {
            EntityKind::Batch => self.homes.put_back(Batch::restore(key, fields)?),
            EntityKind::BatchShare => self.shares.put_back(BatchShare::restore(key, fields)?),
            _ => None,
        }
    }

    pub(crate) fn digest(&self) -> u64 {
        self.homes.digest().wrapping_add(self.shares.digest())
    }

    /// Bytes of memory that they hold.
    pub(crate) fn memory_bytes(&self) -> u64 {
        self.homes.memory_bytes() + self.shares.memory_bytes()
    }
}
