//! Entities numbered from 0 without gaps, in chunks, with their digest.
//!
//! Growth allocates one chunk; the oldest entities can leave at the front. The only way to change an
//! entity is [`Entities::change`], which keeps the digest true.

use crate::digest::{Before, Entity, contribution};
use std::collections::VecDeque;

/// Entities in one chunk; a power of two so that a number splits by shift and mask.
const CHUNK: usize = 1024;

/// A growing sequence of entities and the digest of those that are in it.
pub struct Entities<E> {
    chunks: VecDeque<Vec<E>>,
    first: u64,
    next: u64,
    digest: u64,
}

impl<E> Default for Entities<E> {
    fn default() -> Self {
        Entities { chunks: VecDeque::new(), first: 0, next: 0, digest: 0 }
    }
}

impl<E: Entity + Clone> Entities<E> {
    /// Adds one; gives its number.
    pub fn push(&mut self, entity: E) -> u64 {
        let number = self.next;
        let (_, slot) = self.place(number);
        if slot == 0 || self.chunks.is_empty() {
            // What was below it in its chunk has been forgotten; those slots are never looked at.
            let mut chunk = Vec::with_capacity(CHUNK);
            chunk.resize(slot, entity.clone());
            self.chunks.push_back(chunk);
        }
        self.digest = self.digest.wrapping_add(contribution(number, &entity));
        self.chunks.back_mut().expect("a chunk was just made sure of").push(entity);
        self.next += 1;
        number
    }

    /// Numbers go on from `first`; `None` if there are entities or they began elsewhere already.
    pub fn begin_at(&mut self, first: u64) -> Option<()> {
        let is_untouched = self.chunks.is_empty() && self.next == 0;
        is_untouched.then(|| (self.first, self.next) = (first, first))
    }

    /// Puts an entity back under its number; `None` if that is not the next.
    pub fn put_back(&mut self, number: u64, entity: E) -> Option<()> {
        (number == self.next && self.push(entity) == number).then_some(())
    }

    /// The entity of this number, if it is here.
    #[inline]
    pub fn get(&self, number: u64) -> Option<&E> {
        if number < self.first || number >= self.next {
            return None;
        }
        let (chunk, slot) = self.place(number);
        self.chunks.get(chunk)?.get(slot)
    }

    /// Changes one entity and the digest with it; panics if it is not here.
    pub fn change<R>(&mut self, number: u64, change: impl FnOnce(&mut E) -> R) -> R {
        assert!(number >= self.first && number < self.next, "entity {number} is in memory");
        let (chunk, slot) = self.place(number);
        let entity = &mut self.chunks[chunk][slot];
        let before = Before::of(entity);
        let result = change(entity);
        self.digest = self.digest.wrapping_add(before.adds(number, entity));
        result
    }

    /// Removes the oldest; gives its number and it.
    pub fn forget_first(&mut self) -> Option<(u64, E)> {
        let number = self.first;
        let entity = self.get(number)?.clone();
        self.digest = self.digest.wrapping_sub(contribution(number, &entity));
        self.first += 1;
        if (self.first as usize).is_multiple_of(CHUNK) {
            self.chunks.pop_front();
        }
        Some((number, entity))
    }

    /// The entity whose `key` is `wanted`, with its number: by halving, where keys rise with numbers.
    pub fn find_rising(&self, wanted: u64, key: impl Fn(&E) -> u64) -> Option<(u64, &E)> {
        let (mut low, mut high) = (self.first, self.next);
        while low < high {
            let middle = low + (high - low) / 2;
            if key(self.get(middle)?) < wanted { low = middle + 1 } else { high = middle }
        }
        self.get(low).filter(|entity| key(entity) == wanted).map(|entity| (low, entity))
    }

    /// The number the next entity will get.
    pub fn next(&self) -> u64 {
        self.next
    }

    /// The number of the oldest entity that is here.
    pub fn first(&self) -> u64 {
        self.first
    }

    /// How many are here.
    pub fn len(&self) -> u64 {
        self.next - self.first
    }

    /// The sum of what all of them add to the state digest.
    pub fn digest(&self) -> u64 {
        self.digest
    }

    /// Bytes of memory that it holds, by its chunks' capacity.
    pub fn memory_bytes(&self) -> u64 {
        (self.chunks.len() * CHUNK * size_of::<E>() + self.chunks.capacity() * size_of::<Vec<E>>()) as u64
    }

    #[inline]
    fn place(&self, number: u64) -> (usize, usize) {
        let base = self.first as usize / CHUNK;
        (number as usize / CHUNK - base, number as usize % CHUNK)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::EntityKind;

    #[derive(Clone, Debug, PartialEq)]
    struct One(u64);
    impl Entity for One {
        const KIND: EntityKind = EntityKind::Coupon;
        fn fields(&self, visit: &mut impl FnMut(u16, u64)) {
            visit(1, self.0);
        }
    }

    fn recount(entities: &Entities<One>) -> u64 {
        (entities.first()..entities.next())
            .fold(0, |sum, number| sum.wrapping_add(contribution(number, entities.get(number).unwrap())))
    }

    #[test]
    fn the_digest_equals_a_recount_after_pushes_changes_and_forgetting_over_several_chunks() {
        let mut entities = Entities::default();
        for value in 0..3000 {
            assert_eq!(entities.push(One(value)), value);
        }
        for number in (0..3000).step_by(7) {
            entities.change(number, |one| one.0 *= 3);
        }
        for number in 0..2100 {
            assert_eq!(entities.forget_first().unwrap().0, number);
        }
        assert_eq!((entities.first(), entities.next(), entities.len()), (2100, 3000, 900));
        assert_eq!(entities.get(2099), None);
        assert_eq!(entities.get(2100), Some(&One(6300)));
        assert_eq!(entities.digest(), recount(&entities));
        let (chunks, slots) = (entities.memory_bytes() / 8 / 1024, entities.chunks.capacity() as u64 * 24);
        assert!(chunks == 1 && entities.memory_bytes() == 8 * 1024 + slots, "chunks that were forgotten take no memory");
        while entities.forget_first().is_some() {}
        assert_eq!(entities.digest(), 0);
    }
}
