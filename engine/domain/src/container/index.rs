//! An index of numbered entities by hash, 7.4 to 7.9 bytes an entry, that grows by one small table at a time.
//!
//! Linear hashing: an insert splits at most one [`SubTable`], which holds [`SUBTABLE_TARGET`] entries on average and seldom more than
//! twice as many. Sub-tables keep 16 bits of each hash and are nearly full at any size; only a split asks for whole hashes, which
//! are where the entries point.
//!
//! Whoever has many entries at once fills an index of them instead ([`Filling`]).
//!
//! Entries are numbers modulo 2³², counted from the oldest entity in memory, which the caller names.

mod fill;

pub use fill::{Filling, Meeting};

use super::directory::Directory;
use super::subtable::{SubTable, tag};

/// Entries of a sub-table, on average, that trigger the next split.
const SUBTABLE_TARGET: usize = 256;

/// Hash bits from here on choose the sub-table; the highest 16 choose the place in it.
const SUBTABLE_SHIFT: u32 = 16;

/// Numbers of entities found by hash and equality.
#[derive(Clone)]
pub struct Index {
    tables: Directory<SubTable>,
    len: usize,
    /// Bytes that all sub-tables point to.
    room: u64,
}

impl Default for Index {
    fn default() -> Self {
        let table = SubTable::default();
        Index { room: table.bytes(), tables: Directory::of(1, &table), len: 0 }
    }
}

impl Index {
    /// Entities that can be told apart by 32 bits.
    pub const ENTRIES_MAX: u64 = u32::MAX as u64;

    /// The entry with this hash for which `is_it` holds; the oldest entity in memory has the number `first`.
    #[inline]
    pub fn find(&self, hash: u64, first: u64, is_it: impl Fn(u64) -> bool) -> Option<u64> {
        // Holds and refunds are looked for in every redemption, and often there are none.
        if self.len == 0 {
            return None;
        }
        let found = self.tables.get(self.place(hash)).find(tag(hash), |number| is_it(from_first(number, first)));
        found.map(|number| from_first(number, first))
    }

    /// Reads what a search for this hash will read first, ahead of it; the number means nothing.
    #[inline]
    pub fn touch(&self, hash: u64) -> u64 {
        self.tables.get(self.place(hash)).touch(tag(hash))
    }

    /// Adds an entry that is not there yet; `hash_of` gives the hash of entries that move.
    pub fn insert(&mut self, hash: u64, number: u64, first: u64, hash_of: impl Fn(u64) -> u64) {
        self.add(self.place(hash), tag(hash), number, first, hash_of);
    }

    /// Puts an entry in the place of the one for which `is_it` holds, and gives that one; adds it if there is none.
    pub fn put(
        &mut self,
        hash: u64,
        number: u64,
        first: u64,
        is_it: impl Fn(u64) -> bool,
        hash_of: impl Fn(u64) -> u64,
    ) -> Option<u64> {
        let (place, tag) = (self.place(hash), tag(hash));
        let is_it = |number| is_it(from_first(number, first));
        let before = self.tables.get_mut(place).replace(tag, number as u32, is_it);
        if before.is_none() {
            self.add(place, tag, number, first, hash_of);
        }
        before.map(|number| from_first(number, first))
    }

    #[inline]
    fn add(&mut self, place: usize, tag: u16, number: u64, first: u64, hash_of: impl Fn(u64) -> u64) {
        assert!(number - first < Index::ENTRIES_MAX, "entities in memory are told apart by 32 bits of their numbers");
        self.room += self.tables.get_mut(place).insert(tag, number as u32);
        self.len += 1;
        if self.len > self.tables.len() * SUBTABLE_TARGET {
            self.split(|number| hash_of(from_first(number, first)));
        }
    }

    /// Removes this number, which has this hash; says whether it was there.
    pub fn remove(&mut self, hash: u64, number: u64) -> bool {
        let place = self.place(hash);
        let removed = self.tables.get_mut(place).remove(tag(hash), number as u32);
        if let Some(given_back) = removed {
            self.len -= 1;
            self.room -= given_back;
        }
        removed.is_some()
    }

    /// Bytes of memory that it holds, by its tables' capacity.
    pub fn memory_bytes(&self) -> u64 {
        self.room + self.tables.memory_bytes()
    }

    /// How many entries there are.
    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Splits the next sub-table in order into itself and a new one at the end.
    fn split(&mut self, hash_of: impl Fn(u32) -> u64) {
        let (from, count) = (self.tables.next_to_split(), self.tables.len());
        self.tables.push(SubTable::default());
        let old = std::mem::take(self.tables.get_mut(from));
        let (stay, move_on): (Vec<_>, Vec<_>) = old.entries().partition(|&(_, number)| {
            let place = self.place(hash_of(number));
            assert!(place == from || place == count, "a split moves entries to the new table only");
            place == from
        });
        for (place, entries) in [(from, stay), (count, move_on)] {
            let table = SubTable::of(&entries);
            self.room += table.bytes();
            *self.tables.get_mut(place) = table;
        }
        self.room -= old.bytes();
    }

    #[inline]
    fn place(&self, hash: u64) -> usize {
        self.tables.place(place_bits(hash))
    }
}

/// The bits of a hash that choose the sub-table.
#[inline]
fn place_bits(hash: u64) -> u64 {
    hash >> SUBTABLE_SHIFT
}

/// The number that is this one modulo 2³² and not before `first`.
#[inline]
fn from_first(number: u32, first: u64) -> u64 {
    first + u64::from(number.wrapping_sub(first as u32))
}

#[cfg(test)]
mod tests {
    use super::super::keyed::spread;
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    /// As uneven as real hashes are: those of consecutive numbers would fill sub-tables too evenly.
    fn hash(number: u64) -> u64 {
        spread(spread(number))
    }

    pub(super) fn recounted(index: &Index) -> u64 {
        index.tables.iter().map(SubTable::bytes).sum::<u64>() + index.tables.memory_bytes()
    }

    #[test]
    fn entries_are_found_after_many_splits_and_gone_after_removal() {
        let mut index = Index::default();
        for number in 0..50_000 {
            index.insert(hash(number), number, 0, hash);
        }
        assert!(index.tables.len() > 190 && !index.tables.len().is_power_of_two());
        let largest = index.tables.iter().map(|table| table.entries().count()).max().unwrap();
        assert!(largest < 4 * SUBTABLE_TARGET, "no sub-table is large: {largest}");
        for number in (0..50_000).step_by(3) {
            assert!(index.remove(hash(number), number) && !index.remove(hash(number), number));
        }
        for number in 0..50_000 {
            let found = index.find(hash(number), 0, |found| found == number);
            assert_eq!(found, (number % 3 != 0).then_some(number));
        }
        assert_eq!(index.len(), 50_000 - 16_667);
    }

    #[test]
    fn an_entry_takes_8_bytes_at_most_at_any_size_and_room_is_given_back() {
        let mut index = Index::default();
        let bytes_of = |index: &Index| index.room + index.tables.len() as u64 * size_of::<SubTable>() as u64;
        for number in 0..300_000 {
            index.insert(hash(number), number, 0, hash);
            if number > 10_000 && number.is_multiple_of(997) {
                assert_eq!(index.memory_bytes(), recounted(&index));
                assert!(bytes_of(&index) < number * 8, "{} bytes for {number}", bytes_of(&index));
            }
        }
        let full = index.room;
        (0..290_000).for_each(|number| assert!(index.remove(hash(number), number)));
        assert!(index.room * 10 < full, "{} bytes are left of {full}", index.room);
        assert_eq!(index.memory_bytes(), recounted(&index));
    }

    #[test]
    #[should_panic(expected = "told apart by 32 bits")]
    fn a_number_that_32_bits_do_not_tell_apart_is_a_broken_caller() {
        Index::default().insert(7, 1 << 32, 0, hash);
    }

    #[test]
    fn numbers_beyond_2_to_the_32_are_counted_from_the_oldest() {
        let first = (1 << 33) - 2;
        let mut index = Index::default();
        for number in first..first + 5 {
            index.insert(hash(number), number, first, hash);
        }
        assert!((first..first + 5).all(|number| index.find(hash(number), first, |found| found == number) == Some(number)));
        assert!(index.remove(hash(first), first));
        assert_eq!(index.find(hash(first + 4), first + 1, |_| true), Some(first + 4));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

        /// Hashes of few bits, so that many entries share a tag, a sub-table, or both.
        #[test]
        fn exactly_what_a_plain_map_has_is_found(acts in proptest::collection::vec((0..900u64, 0..4u8), 2_000), bits in 0..=20u32) {
            let thin = |number: u64| hash(number / 2) & !(((1 << bits) - 1) << 44);
            let (mut index, mut plain) = (Index::default(), BTreeMap::new());
            for (key, act) in acts {
                let is_it = |number: u64| number % 1_000 == key;
                if act == 0 {
                    let known = plain.remove(&key);
                    prop_assert_eq!(index.remove(thin(key), known.unwrap_or(key)), known.is_some());
                } else {
                    // Another number for the same key takes its place.
                    let number = key + 1_000 * u64::from(act);
                    let before = index.put(thin(key), number, 0, is_it, |number| thin(number % 1_000));
                    prop_assert_eq!(before, plain.insert(key, number));
                }
                prop_assert_eq!(index.find(thin(key), 0, is_it), plain.get(&key).copied());
            }
            for key in 0..900 {
                prop_assert_eq!(index.find(thin(key), 0, |number| number % 1_000 == key), plain.get(&key).copied());
            }
        }
    }
}
