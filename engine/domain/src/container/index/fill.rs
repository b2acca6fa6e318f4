//! Filling: an index of many entries made at once, table by table, each sized once.
//!
//! Entries that come one by one each look for their sub-table all over memory, and are moved as it grows and splits. Here hashes are
//! taken in the order of the entities, entries wait by groups of sub-tables that lie side by side, and each group is then made where
//! the nearest caches hold it. Entries of one hash come in the order of their numbers, and whoever fills says what a later one
//! is to an earlier one, so that two entities of one key are found on the way.

use super::{Directory, Index, SUBTABLE_TARGET, SubTable, from_first, place_bits, tag};

/// Sub-tables that are made together: their entries take some 100 KB waiting, and as much in place.
const TABLES_TOGETHER: usize = 64;

const _: () = assert!(TABLES_TOGETHER.is_power_of_two() && TABLES_TOGETHER <= 1 << 16);

/// Of how many entries one must wait, so that an index is made anew instead of taking them one by one.
const WORTH: u64 = 8;

/// What an entry is to an earlier one that has the same tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meeting {
    /// They have different keys.
    Strangers,
    /// They have one key, which leads to the later one from now on.
    Succession,
    /// They have one key, and no two may.
    Conflict,
}

/// An entry that waits: its number, its tag above that, and on top its sub-table within the group.
#[derive(Clone, Copy)]
struct Waiting(u64);

impl Waiting {
    #[inline]
    fn new(number: u32, tag: u16, table: usize) -> Waiting {
        Waiting(u64::from(number) | u64::from(tag) << 32 | (table as u64) << 48)
    }

    #[inline]
    fn number(self) -> u32 {
        self.0 as u32
    }

    #[inline]
    fn tag(self) -> u16 {
        (self.0 >> 32) as u16
    }

    #[inline]
    fn table(self) -> usize {
        (self.0 >> 48) as usize
    }
}

/// Entries of which an index will be made.
pub struct Filling {
    groups: Vec<Vec<Waiting>>,
    tables: usize,
    first: u64,
}

impl Filling {
    /// Whether making an index anew takes less than putting those of `all` entries that wait into the one there is.
    pub fn is_worth(waiting: u64, all: u64) -> bool {
        waiting * WORTH >= all
    }

    /// Of these numbers, rising, each with its hash; they are about `count`, and none is before `first`.
    pub fn of(first: u64, count: u64, hashed: impl Iterator<Item = (u64, u64)>) -> Filling {
        // As many as hashes choose from evenly.
        let tables = (count as usize).div_ceil(SUBTABLE_TARGET).next_power_of_two();
        let groups = tables.div_ceil(TABLES_TOGETHER);
        let of_group = count as usize / groups;
        let room = || Vec::with_capacity(of_group + of_group / 16);
        let mut filling = Filling { groups: std::iter::repeat_with(room).take(groups).collect(), tables, first };
        for (number, hash) in hashed {
            assert!(number - first < Index::ENTRIES_MAX, "entities in memory are told apart by 32 bits of their numbers");
            let table = place_bits(hash) as usize & (tables - 1);
            let waiting = Waiting::new(number as u32, tag(hash), table % TABLES_TOGETHER);
            filling.groups[table / TABLES_TOGETHER].push(waiting);
        }
        filling
    }

    /// The index of them; `meet` is asked of each two of one tag, the earlier one first. The number of an entry that is in conflict
    /// with an earlier one, if there is one.
    pub fn finish(self, mut meet: impl FnMut(u64, u64) -> Meeting) -> Result<Index, u64> {
        let (first, mut left) = (self.first, self.tables);
        let mut index = Index { tables: Directory::of(0, &SubTable::default()), len: 0, room: 0 };
        for group in self.groups {
            let count = left.min(TABLES_TOGETHER);
            left -= count;
            index.take_group(&group, count, first, &mut meet)?;
        }
        Ok(index)
    }
}

impl Index {
    /// Makes the next sub-tables, of the entries of one group.
    fn take_group(
        &mut self,
        group: &[Waiting],
        count: usize,
        first: u64,
        meet: &mut impl FnMut(u64, u64) -> Meeting,
    ) -> Result<(), u64> {
        let mut entries = [0usize; TABLES_TOGETHER];
        group.iter().for_each(|waiting| entries[waiting.table()] += 1);
        let mut tables: Vec<SubTable> = entries[..count].iter().map(|&entries| SubTable::with_room(entries)).collect();
        for waiting in group {
            let number = from_first(waiting.number(), first);
            let mut conflict = false;
            let is_it = |earlier| {
                let meeting = meet(from_first(earlier, first), number);
                conflict |= meeting == Meeting::Conflict;
                meeting != Meeting::Strangers
            };
            let table = &mut tables[waiting.table()];
            if table.replace(waiting.tag(), waiting.number(), is_it).is_none() {
                table.insert(waiting.tag(), waiting.number());
                self.len += 1;
            }
            if conflict {
                return Err(number);
            }
        }
        for table in tables {
            self.room += table.bytes();
            self.tables.push(table);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::keyed::spread;
    use super::super::tests::recounted;
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn hash(number: u64) -> u64 {
        spread(spread(number))
    }

    #[test]
    fn many_entries_are_found_whatever_number_is_the_oldest_and_more_can_come() {
        for first in [0, (1 << 33) - 70_000] {
            let numbers = first..first + 140_000;
            let filling = Filling::of(first, 140_000, numbers.clone().map(|number| (number, hash(number))));
            let mut index = filling.finish(|_, _| Meeting::Strangers).unwrap();
            assert_eq!((index.len(), index.tables.len()), (140_000, 1_024));
            let more = numbers.end..numbers.end + 200_000;
            more.clone().for_each(|number| index.insert(hash(number), number, first, hash));
            for number in numbers.start..more.end {
                assert_eq!(index.find(hash(number), first, |found| found == number), Some(number));
            }
            assert_eq!(index.find(hash(more.end), first, |found| found == more.end), None);
            assert_eq!(index.memory_bytes(), recounted(&index));
        }
    }

    #[test]
    fn a_filled_index_takes_no_more_than_8_bytes_an_entry() {
        for count in [20_000, 66_000, 131_072, 200_000] {
            let filling = Filling::of(0, count, (0..count).map(|number| (number, hash(number))));
            let index = filling.finish(|_, _| Meeting::Strangers).unwrap();
            let bytes = index.room + index.tables.len() as u64 * size_of::<SubTable>() as u64;
            assert!(bytes < count * 8, "{bytes} bytes for {count}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

        /// Keys of which many are alike, hashes of few bits, and another count than was promised.
        #[test]
        fn what_is_filled_at_once_is_found_as_what_is_put_in_one_by_one(
            keys in proptest::collection::vec(0..30_000u64, 0..20_000),
            bits in 0..=20u32,
            first in 0..5_000u64,
            promised in 0..40_000u64,
        ) {
            let thin = |key: u64| hash(key / 2) & !(((1 << bits) - 1) << 44);
            let key_of = |number: u64| keys[(number - first) as usize];
            let is_it = |number: u64, key: u64| key_of(number) == key;
            let numbered = || (first..).zip(&keys).map(|(number, &key)| (number, thin(key)));
            let latest = Filling::of(first, promised, numbered()).finish(|earlier, later| {
                assert!(earlier < later);
                if is_it(earlier, key_of(later)) { Meeting::Succession } else { Meeting::Strangers }
            });
            let latest = latest.unwrap();
            let mut one_by_one = Index::default();
            let (mut plain, mut twice) = (BTreeMap::new(), None);
            for (number, &key) in (first..).zip(&keys) {
                one_by_one.put(thin(key), number, first, |other| is_it(other, key), |number| thin(key_of(number)));
                twice = twice.or(plain.insert(key, number).map(|_| number));
            }
            for key in 0..30_000 {
                let found = latest.find(thin(key), first, |number| is_it(number, key));
                prop_assert_eq!(found, plain.get(&key).copied());
                prop_assert_eq!(found, one_by_one.find(thin(key), first, |number| is_it(number, key)));
            }
            prop_assert_eq!((latest.len(), latest.memory_bytes()), (plain.len(), recounted(&latest)));
            let strict = Filling::of(first, promised, numbered()).finish(|earlier, later| {
                if is_it(earlier, key_of(later)) { Meeting::Conflict } else { Meeting::Strangers }
            });
            prop_assert_eq!(strict.is_err(), twice.is_some());
            if let Err(number) = strict {
                prop_assert!((first..number).any(|earlier| is_it(earlier, key_of(number))), "{number} has no earlier one");
            }
        }
    }
}
