//! An index that grows by one small table at a time: linear hashing over hashbrown tables.
//!
//! A doubling map of 29 M entries was seen to stop for 1.4 s. Here an insert splits at most one
//! sub-table of about [`SUBTABLE_TARGET`] entries, so no insert does more than some 100 µs of work.
//! Entries are small values that know their own keys; the caller supplies equality and hash. For numbers of entities, whose keys
//! live where the numbers point, there is [`Index`](super::Index), which is denser.

use super::directory::Directory;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

/// Entries per sub-table that trigger the next split, on average.
const SUBTABLE_TARGET: usize = 1024;

/// How much larger a full table becomes at once while an image is loaded.
const LOADING_GROWTH: usize = 8;

/// Hash bits below this choose the bucket inside a sub-table; those from here on choose the sub-table.
const SUBTABLE_SHIFT: u32 = 16;

/// Small values found by hash and equality.
#[derive(Clone)]
pub struct Table<T> {
    tables: Directory<HashTable<T>>,
    len: usize,
}

impl<T: Copy> Default for Table<T> {
    fn default() -> Self {
        Table { tables: Directory::of(1, &HashTable::new()), len: 0 }
    }
}

impl<T: Copy> Table<T> {
    /// The entry with this hash for which `equal` holds.
    #[inline]
    pub fn find(&self, hash: u64, equal: impl FnMut(&T) -> bool) -> Option<T> {
        // Holds and refunds are looked for in every redemption, and often there are none.
        if self.len == 0 {
            return None;
        }
        self.table(hash).find(hash, equal).copied()
    }

    /// Adds an entry that is not there yet; `hash_of` gives the hash of entries that move.
    pub fn insert(&mut self, hash: u64, entry: T, hash_of: impl Fn(&T) -> u64) {
        self.table_mut(hash).insert_unique(hash, entry, &hash_of);
        self.grow(&hash_of);
    }

    /// Puts an entry in the place of the one for which `equal` holds, and gives that one; adds it if there is none.
    pub fn put(&mut self, hash: u64, entry: T, equal: impl FnMut(&T) -> bool, hash_of: impl Fn(&T) -> u64) -> Option<T> {
        match self.table_mut(hash).entry(hash, equal, &hash_of) {
            Entry::Occupied(mut found) => Some(std::mem::replace(found.get_mut(), entry)),
            Entry::Vacant(vacant) => {
                vacant.insert(entry);
                self.grow(&hash_of);
                None
            }
        }
    }

    /// Removes the entry with this hash for which `equal` holds.
    pub fn remove(&mut self, hash: u64, equal: impl FnMut(&T) -> bool) -> Option<T> {
        let (entry, _) = self.table_mut(hash).find_entry(hash, equal).ok()?.remove();
        self.len -= 1;
        Some(entry)
    }

    /// All entries, in an order that means nothing.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.tables.iter().flat_map(HashTable::iter)
    }

    /// Before an insert while an image is loaded: a table that is full gets several times the room at once, so that an entry moves
    /// once or twice on the way to any size and not at every doubling. For as long as nobody waits: it takes a look at every entry.
    pub fn grow_ahead(&mut self, hash_of: impl Fn(&T) -> u64) {
        if self.len < self.tables.len() * SUBTABLE_TARGET {
            return;
        }
        let count = self.tables.len().next_power_of_two() * LOADING_GROWTH;
        let old = std::mem::replace(&mut self.tables, Directory::of(count, &HashTable::new()));
        for entry in old.iter().flatten() {
            let hash = hash_of(entry);
            self.table_mut(hash).insert_unique(hash, *entry, &hash_of);
        }
    }

    /// Bytes of memory that it holds, by its tables' capacity.
    pub fn memory_bytes(&self) -> u64 {
        let tables: usize = self.tables.iter().map(HashTable::allocation_size).sum();
        tables as u64 + self.tables.memory_bytes()
    }

    /// How many entries there are.
    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.len
    }

    /// An entry came; if that makes too many, one sub-table is split.
    fn grow(&mut self, hash_of: &impl Fn(&T) -> u64) {
        self.len += 1;
        if self.len > self.tables.len() * SUBTABLE_TARGET {
            self.split(hash_of);
        }
    }

    /// Splits the next sub-table in order into itself and a new one at the end.
    fn split(&mut self, hash_of: &impl Fn(&T) -> u64) {
        let (from, count) = (self.tables.next_to_split(), self.tables.len());
        let old = self.tables.get_mut(from);
        // About half of the old entries go to each; room for a little more spares them ten allocations on the way there.
        let room = old.len() * 5 / 8;
        let old = std::mem::replace(old, HashTable::with_capacity(room));
        self.tables.push(HashTable::with_capacity(room));
        for entry in old {
            let hash = hash_of(&entry);
            let place = self.place(hash);
            assert!(place == from || place == count, "a split moves entries to the new table only");
            self.table_mut(hash).insert_unique(hash, entry, hash_of);
        }
    }

    #[inline]
    fn table(&self, hash: u64) -> &HashTable<T> {
        self.tables.get(self.place(hash))
    }

    #[inline]
    fn table_mut(&mut self, hash: u64) -> &mut HashTable<T> {
        let place = self.place(hash);
        self.tables.get_mut(place)
    }

    #[inline]
    fn place(&self, hash: u64) -> usize {
        self.tables.place(hash >> SUBTABLE_SHIFT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(value: &u32) -> u64 {
        (u64::from(*value) ^ 0x5555).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(31).wrapping_mul(0xd6e8_feb8_6659_fd93)
    }

    #[test]
    fn entries_are_found_after_many_splits_and_gone_after_removal() {
        let mut table = Table::default();
        for value in 0..50_000u32 {
            table.insert(hash(&value), value, hash);
        }
        assert!(table.tables.len() > 40 && !table.tables.len().is_power_of_two());
        let largest = table.tables.iter().map(HashTable::len).max().unwrap();
        assert!(largest < 4 * SUBTABLE_TARGET, "no sub-table is large: {largest}");
        for value in (0..50_000u32).step_by(3) {
            assert_eq!(table.remove(hash(&value), |entry| *entry == value), Some(value));
        }
        for value in 0..50_000u32 {
            let found = table.find(hash(&value), |entry| *entry == value);
            assert_eq!(found, (value % 3 != 0).then_some(value));
        }
        assert_eq!(table.len(), 50_000 - 16_667);
        let mut loaded = Table::default();
        for value in 0..50_000u32 {
            loaded.grow_ahead(hash);
            loaded.insert(hash(&value), value, hash);
        }
        assert_eq!(loaded.tables.len(), 64, "it grew by eights");
        for value in 50_000..100_000u32 {
            loaded.insert(hash(&value), value, hash);
        }
        assert!((0..100_000u32).all(|value| loaded.find(hash(&value), |entry| *entry == value) == Some(value)));
        assert_eq!((loaded.len(), loaded.find(hash(&100_000), |entry| *entry == 100_000)), (100_000, None));
        let bytes = table.memory_bytes() - table.tables.memory_bytes();
        assert!((50_000 * 5..50_000 * 16).contains(&bytes), "4 bytes and a control byte an entry, with room: {bytes}");
    }
}
