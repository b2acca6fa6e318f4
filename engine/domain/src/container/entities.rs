//! Entities numbered from 0 without gaps, with their digest.
//!
//! Growth allocates one chunk; the oldest entities can leave at the front. The only way to change an
//! entity is [`Entities::change`], which keeps the digest true.

use super::numbered::Numbered;
use crate::digest::{Before, Entity, contribution};
use std::cmp::Ordering;

/// A growing sequence of entities and the digest of those that are in it.
pub struct Entities<E> {
    all: Numbered<E>,
    digest: u64,
}

impl<E> Default for Entities<E> {
    fn default() -> Self {
        Entities { all: Numbered::default(), digest: 0 }
    }
}

impl<E: Entity + Clone> Entities<E> {
    /// Adds one; gives its number.
    pub fn push(&mut self, entity: E) -> u64 {
        self.digest = self.digest.wrapping_add(contribution(self.all.next(), &entity));
        self.all.push(entity)
    }

    /// Numbers go on from `first`; `None` if there are entities or they began elsewhere already.
    pub fn begin_at(&mut self, first: u64) -> Option<()> {
        self.all.begin_at(first)
    }

    /// Puts an entity back under its number; `None` if that is not the next.
    pub fn put_back(&mut self, number: u64, entity: E) -> Option<()> {
        (number == self.next() && self.push(entity) == number).then_some(())
    }

    /// The entity of this number, if it is here.
    #[inline]
    pub fn get(&self, number: u64) -> Option<&E> {
        self.all.get(number)
    }

    /// All of them, from the oldest.
    pub fn iter(&self) -> impl Iterator<Item = &E> {
        self.all.iter()
    }

    /// Changes one entity and the digest with it; panics if it is not here.
    pub fn change<R>(&mut self, number: u64, change: impl FnOnce(&mut E) -> R) -> R {
        let Some(entity) = self.all.get_mut(number) else { panic!("entity {number} is in memory") };
        let before = Before::of(entity);
        let result = change(entity);
        self.digest = self.digest.wrapping_add(before.adds(number, entity));
        result
    }

    /// Changes what no field of one entity shows, because it is derived; panics if it is not here.
    pub fn derive(&mut self, number: u64, change: impl FnOnce(&mut E)) {
        let Some(entity) = self.all.get_mut(number) else { panic!("entity {number} is in memory") };
        let before = contribution(number, entity);
        change(entity);
        debug_assert_eq!(before, contribution(number, entity), "I6: what is derived is not state");
    }

    /// Removes the oldest; gives its number and it.
    pub fn forget_first(&mut self) -> Option<(u64, E)> {
        let (number, entity) = self.all.pop_first()?;
        self.digest = self.digest.wrapping_sub(contribution(number, &entity));
        Some((number, entity))
    }

    /// Up to which number the oldest may be forgotten, if any: as many as are `gone`, one behind the other, and no more than `at_most`.
    pub fn gone_before(&self, at_most: u64, gone: impl Fn(&E) -> bool) -> Option<u64> {
        let first = self.first();
        let count = (first..first + at_most).take_while(|&number| self.get(number).is_some_and(&gone)).count() as u64;
        (count > 0).then_some(first + count)
    }

    /// The entity whose `key` is `wanted`, with its number, where keys rise with numbers: looked for where it would be if they rose
    /// evenly, which they nearly do, so a few looks find one of millions; every fourth look halves what is left, so no keys are slow.
    pub fn find_rising(&self, wanted: u64, key: impl Fn(&E) -> u64) -> Option<(u64, &E)> {
        let key_at = |number| self.get(number).map(&key);
        let (mut low, mut high) = (self.first(), self.next().checked_sub(1)?);
        let (mut least, mut most) = (key_at(low)?, key_at(high)?);
        for look in 1u32.. {
            if !(least..=most).contains(&wanted) {
                return None;
            }
            let span = high - low;
            let even = u128::from(wanted - least) * u128::from(span) / u128::from(most - least).max(1);
            let number = low + if look.is_multiple_of(4) { span / 2 } else { even as u64 };
            let found = self.get(number)?;
            match key(found).cmp(&wanted) {
                Ordering::Equal => return Some((number, found)),
                Ordering::Less => (low, least) = (number + 1, key_at(number + 1)?),
                Ordering::Greater => (high, most) = (number.checked_sub(1)?, key_at(number - 1)?),
            }
        }
        None
    }

    /// The oldest entity whose `key` is above `bound`, where keys rise with numbers.
    pub fn first_above(&self, bound: u64, key: impl Fn(&E) -> u64) -> Option<&E> {
        let (mut low, mut high) = (self.first(), self.next());
        while low < high {
            let middle = low + (high - low) / 2;
            match self.get(middle).is_some_and(|entity| key(entity) > bound) {
                true => high = middle,
                false => low = middle + 1,
            }
        }
        self.get(low)
    }

    /// The number the next entity will get.
    #[inline]
    pub fn next(&self) -> u64 {
        self.all.next()
    }

    /// The number of the oldest entity that is here.
    #[inline]
    pub fn first(&self) -> u64 {
        self.all.first()
    }

    /// How many are here.
    pub fn len(&self) -> u64 {
        self.all.len()
    }

    /// The sum of what all of them add to the state digest.
    pub fn digest(&self) -> u64 {
        self.digest
    }

    /// Bytes of memory that it holds, by its chunks' capacity.
    pub fn memory_bytes(&self) -> u64 {
        self.all.memory_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::super::numbered::CHUNK;
    use super::*;
    use crate::digest::EntityKind;
    use std::cell::Cell;

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
    fn an_entity_is_found_by_a_key_that_rises_however_unevenly() {
        type Shape = (&'static str, fn(u64) -> u64, u32);
        // Each look that does not halve is for nothing at worst.
        let looks_max = 4 * 9_000u64.next_power_of_two().ilog2();
        let shapes: [Shape; 4] = [
            ("evenly", |number| 5 + 2 * number, 2),
            ("nearly evenly", |number| 8 * number + number * 2_654_435_761 % 7, 8),
            ("with a jump", |number| number + if number < 3_000 { 0 } else { 1 << 40 }, looks_max),
            ("ever faster", |number| 1 << (number / 160), looks_max),
        ];
        for (name, key, looks_max) in shapes {
            let mut entities = Entities::default();
            let rising = |number: u64| key(number) + number;
            (0..9_000).for_each(|number| assert_eq!(entities.push(One(rising(number))), number));
            (0..100).for_each(|number| assert!(entities.forget_first().is_some_and(|(first, _)| first == number)));
            for wanted in 0..9_000 {
                let looks = Cell::new(0);
                let counted = |one: &One| {
                    looks.set(looks.get() + 1);
                    one.0
                };
                let found = entities.find_rising(rising(wanted), counted).map(|(number, _)| number);
                assert_eq!(found, (wanted >= 100).then_some(wanted), "{name}");
                assert!(looks.get() <= 2 + 2 * looks_max, "{name}: {} looks for {wanted}", looks.get());
                let is_between = wanted + 1 < 9_000 && rising(wanted) + 1 < rising(wanted + 1);
                assert!(
                    !is_between || entities.find_rising(rising(wanted) + 1, |one| one.0).is_none(),
                    "{name}: between {wanted}"
                );
            }
            assert!(entities.find_rising(0, |one| one.0).is_none() && entities.find_rising(u64::MAX, |one| one.0).is_none());
        }
        assert!(Entities::<One>::default().find_rising(1, |one| one.0).is_none());
    }

    #[test]
    fn the_digest_equals_a_recount_after_pushes_changes_and_forgetting_over_several_chunks() {
        let (many, gone) = (3 * CHUNK as u64 - 72, 2 * CHUNK as u64 + 52);
        let mut entities = Entities::default();
        for value in 0..many {
            assert_eq!(entities.push(One(value)), value);
        }
        for number in (0..many).step_by(7) {
            entities.change(number, |one| one.0 *= 3);
        }
        for number in 0..gone {
            assert_eq!(entities.forget_first().unwrap().0, number);
        }
        assert_eq!((entities.first(), entities.next(), entities.len()), (gone, many, many - gone));
        assert_eq!(entities.get(gone - 1), None);
        assert_eq!(entities.get(gone.next_multiple_of(7)), Some(&One(gone.next_multiple_of(7) * 3)));
        assert_eq!(entities.digest(), recount(&entities));
        while entities.forget_first().is_some() {}
        assert_eq!(entities.digest(), 0);
    }
}
