//! The same count of every pool: of stocks under the keys that they always had, of all others under their own.

use super::entity::Counted;
use crate::container::{Keyed, KeyedEntity};
use crate::digest::{Entity, EntityKind};
use crate::image::{Fields, Restore};
use crate::pool::Pool;

/// One count of all pools.
pub(super) struct Pools<E: Counted> {
    stocks: Keyed<E>,
    others: Keyed<Other<E>>,
}

/// A count of what is no stock.
#[derive(Clone, Copy)]
pub(super) struct Other<E>(pub(super) E);

impl<E: Counted> Default for Pools<E> {
    fn default() -> Self {
        Pools { stocks: Keyed::default(), others: Keyed::default() }
    }
}

impl<E: Counted> Pools<E> {
    /// The count of a pool, and of one of its lessees where there are several.
    #[inline]
    pub(super) fn get(&self, pool: Pool, partition: u16) -> E {
        match pool.is_stock() {
            true => self.stocks.get(E::stock_key(pool.template(), partition)),
            false => self.others.get(E::other_key(pool, partition)).0,
        }
    }

    pub(super) fn change<R>(&mut self, pool: Pool, partition: u16, change: impl FnOnce(&mut E) -> R) -> R {
        match pool.is_stock() {
            true => self.stocks.change(E::stock_key(pool.template(), partition), change),
            false => self.others.change(E::other_key(pool, partition), |other| change(&mut other.0)),
        }
    }

    pub(super) fn forget(&mut self, pool: Pool, partition: u16) {
        self.change(pool, partition, |counted| *counted = E::of(pool, partition));
    }

    /// All that are not at their default, in an order that means nothing.
    pub(super) fn iter(&self) -> impl Iterator<Item = &E> {
        self.stocks.iter().chain(self.others.iter().map(|other| &other.0))
    }

    pub(super) fn stocks(&self) -> &Keyed<E> {
        &self.stocks
    }

    pub(super) fn others(&self) -> &Keyed<Other<E>> {
        &self.others
    }

    pub(super) fn put_stock_back(&mut self, entity: E) -> Option<()> {
        self.stocks.put_back(entity)
    }

    pub(super) fn put_other_back(&mut self, entity: E) -> Option<()> {
        self.others.put_back(Other(entity))
    }

    pub(super) fn digest(&self) -> u64 {
        self.stocks.digest().wrapping_add(self.others.digest())
    }

    pub(super) fn memory_bytes(&self) -> u64 {
        self.stocks.memory_bytes() + self.others.memory_bytes()
    }
}

impl<E: Counted> Entity for Other<E> {
    const KIND: EntityKind = E::OTHER;
    fn fields(&self, visit: &mut impl FnMut(u16, u64)) {
        self.0.fields(visit);
    }
}

impl<E: Counted> KeyedEntity for Other<E> {
    fn key(&self) -> u64 {
        E::other_key(self.0.pool(), self.0.partition())
    }
    fn at_default(key: u64) -> Self {
        Other(E::of_other_key(key).expect("the key of a pool is made of its number"))
    }
}

impl<E: Counted> Restore for Other<E> {
    fn restore(key: u64, fields: &Fields) -> Option<Self> {
        E::of_other_key(key)?.with(fields).map(Other)
    }
}
