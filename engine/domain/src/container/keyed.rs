//! Entities found by a 64-bit key of their own, with their digest.
//!
//! For counters, leases and line ends: few bytes each, created at first touch, removed when they are
//! at their default again, so that what never happened costs nothing.

use super::table::Table;
use crate::digest::{Entity, contribution};

/// An entity that carries its own key.
pub trait KeyedEntity: Entity + Copy {
    /// The key, unique among its kind.
    fn key(&self) -> u64;

    /// The entity of this key with all fields at their default.
    fn at_default(key: u64) -> Self;
}

/// A set of keyed entities.
pub struct Keyed<E> {
    table: Table<E>,
    digest: u64,
}

impl<E: Copy> Default for Keyed<E> {
    fn default() -> Self {
        Keyed { table: Table::default(), digest: 0 }
    }
}

impl<E: KeyedEntity> Keyed<E> {
    /// The entity of this key; one at its default if none was ever changed.
    pub fn get(&self, key: u64) -> E {
        self.table.find(spread(key), |entity| entity.key() == key).unwrap_or_else(|| E::at_default(key))
    }

    /// Changes the entity of this key and the digest with it.
    pub fn change<R>(&mut self, key: u64, change: impl FnOnce(&mut E) -> R) -> R {
        let hash = spread(key);
        let is_it = |entity: &E| entity.key() == key;
        let mut entity = self.table.find(hash, is_it).unwrap_or_else(|| E::at_default(key));
        let before = contribution(key, &entity);
        let result = change(&mut entity);
        assert_eq!(entity.key(), key, "a change keeps the key");
        let after = contribution(key, &entity);
        self.digest = self.digest.wrapping_sub(before).wrapping_add(after);
        match after {
            0 => self.table.remove(hash, is_it),
            _ => self.table.put(hash, entity, is_it, |entity| spread(entity.key())),
        };
        result
    }

    /// Puts an entity back under its key; `None` if it is at its default or one of this key is here.
    pub fn put_back(&mut self, entity: E) -> Option<()> {
        let (key, hash) = (entity.key(), spread(entity.key()));
        let adds = contribution(key, &entity);
        if adds == 0 || self.table.find(hash, |entity| entity.key() == key).is_some() {
            return None;
        }
        self.digest = self.digest.wrapping_add(adds);
        self.table.grow_ahead(|entity| spread(entity.key()));
        self.table.insert(hash, entity, |entity| spread(entity.key()));
        Some(())
    }

    /// All that are not at their default, in an order that means nothing.
    pub fn iter(&self) -> impl Iterator<Item = &E> {
        self.table.iter()
    }

    /// The same by rising key. Takes memory for a list of them.
    pub fn sorted(&self) -> Vec<&E> {
        let mut sorted: Vec<&E> = self.iter().collect();
        sorted.sort_unstable_by_key(|entity| entity.key());
        sorted
    }

    /// The sum of what all of them add to the state digest.
    pub fn digest(&self) -> u64 {
        self.digest
    }

    /// Bytes of memory that it holds, by its table's capacity.
    pub fn memory_bytes(&self) -> u64 {
        self.table.memory_bytes()
    }
}

/// A hash of a key that is not secret: keys are our own dense numbers, so nobody can aim at a bucket.
pub fn spread(key: u64) -> u64 {
    let product = u128::from(key ^ 0xa076_1d64_78bd_642f) * 0xe703_7ed1_a0b4_28db;
    (product as u64) ^ ((product >> 64) as u64).rotate_left(32)
}
