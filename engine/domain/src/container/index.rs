//! An index of numbered entities by hash, 7 bytes an entry, that grows by one small table at a time.
//!
//! Linear hashing: an insert splits at most one sub-table, which holds [`SUBTABLE_TARGET`] entries on average and seldom more than
//! twice as many. A sub-table is a list of its entries sorted by 16 bits of their hashes. Hashes are even, so where in the list an
//! entry stands is known to within a few places, a search reads one or two cache lines, and there is no room between entries;
//! an insert moves what stands behind, half a KB on average. Only a split asks for whole hashes, which are where the entries point.
//!
//! Entries are numbers modulo 2³², counted from the oldest entity in memory, which the caller names.

use super::directory::Directory;

/// Entries of a sub-table, on average, that trigger the next split.
const SUBTABLE_TARGET: usize = 128;

/// How many times more sub-tables a full index gets at once while an image is loaded.
const LOADING_GROWTH: usize = 8;

/// Hash bits from here on choose the sub-table; the highest 16 sort its entries.
const SUBTABLE_SHIFT: u32 = 16;

/// Among how many slots an entry is looked for first, with where it is expected in their middle: in a sub-table of 256 each half is
/// four standard deviations.
const WINDOW: usize = 64;

/// An entry: the highest bits of its hash, and the low and high half of its number.
#[derive(Clone, Copy)]
struct Slot {
    tag: u16,
    number: [u16; 2],
}

const _: () = assert!(size_of::<Slot>() == 6);

/// Numbers of entities found by hash and equality.
#[derive(Clone)]
pub struct Index {
    tables: Directory<Vec<Slot>>,
    len: usize,
    /// Bytes of all sub-tables' capacity.
    room: u64,
}

impl Default for Index {
    fn default() -> Self {
        Index::of_tables(1)
    }
}

impl Index {
    /// Entities that can be told apart by 32 bits.
    pub const ENTRIES_MAX: u64 = u32::MAX as u64;

    /// The entry with this hash for which `is_it` holds; the oldest entity in memory has the number `first`.
    #[inline]
    pub fn find(&self, hash: u64, first: u64, is_it: impl FnMut(u64) -> bool) -> Option<u64> {
        // Holds and refunds are looked for in every redemption, and often there are none.
        if self.len == 0 {
            return None;
        }
        let slots = self.tables.get(self.place(hash));
        found(slots, begin_of(slots, tag(hash)), tag(hash), first, is_it).map(|(_, number)| number)
    }

    /// Reads what a search for this hash will read first, ahead of it; the number means nothing.
    #[inline]
    pub fn touch(&self, hash: u64) -> u64 {
        if self.len == 0 { 0 } else { begin_of(self.tables.get(self.place(hash)), tag(hash)) as u64 }
    }

    /// Adds an entry that is not there yet; `hash_of` gives the hash of entries that move.
    pub fn insert(&mut self, hash: u64, number: u64, first: u64, hash_of: impl Fn(u64) -> u64) {
        self.put(hash, number, first, |_| false, hash_of);
    }

    /// Puts an entry in the place of the one for which `is_it` holds, and gives that one; adds it if there is none.
    pub fn put(
        &mut self,
        hash: u64,
        number: u64,
        first: u64,
        is_it: impl FnMut(u64) -> bool,
        hash_of: impl Fn(u64) -> u64,
    ) -> Option<u64> {
        let (place, tag) = (self.place(hash), tag(hash));
        let slots = self.tables.get_mut(place);
        let at = begin_of(slots, tag);
        if let Some((at, number_before)) = found(slots, at, tag, first, is_it) {
            slots[at] = Slot::new(tag, number);
            return Some(number_before);
        }
        self.room += make_room(slots, 1);
        slots.insert(at, Slot::new(tag, number));
        self.len += 1;
        if self.len > self.tables.len() * SUBTABLE_TARGET {
            self.split(|number| hash_of(from_first(number, first)));
        }
        None
    }

    /// Removes this number, which has this hash; says whether it was there. Room that is left over by half is given back.
    pub fn remove(&mut self, hash: u64, number: u64) -> bool {
        if self.len == 0 {
            return false;
        }
        let (place, tag) = (self.place(hash), tag(hash));
        let slots = self.tables.get_mut(place);
        let begin = begin_of(slots, tag);
        let behind = slots[begin..].iter().take_while(|slot| slot.tag == tag);
        let Some(at) = behind.into_iter().position(|slot| slot.number() == number as u32) else { return false };
        slots.remove(begin + at);
        if slots.len() * 2 < slots.capacity() {
            self.room -= give_room_back(slots);
        }
        self.len -= 1;
        true
    }

    /// Before an insert while an image is loaded: a full index gets several times the sub-tables at once, so that an entry moves
    /// once or twice on the way to any size and not at every doubling. For as long as nobody waits: it takes a look at every entry.
    pub fn grow_ahead(&mut self, first: u64, hash_of: impl Fn(u64) -> u64) {
        if self.len < self.tables.len() * SUBTABLE_TARGET {
            return;
        }
        let more = Index::of_tables(self.tables.len().next_power_of_two() * LOADING_GROWTH);
        let old = std::mem::replace(self, more);
        // All of a new table come from one old one, in whose order they are.
        for slot in old.tables.iter().flatten() {
            let place = self.place(hash_of(from_first(slot.number(), first)));
            let slots = self.tables.get_mut(place);
            self.room += make_room(slots, 1);
            slots.push(*slot);
        }
        self.len = old.len;
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

    fn of_tables(count: usize) -> Index {
        Index { tables: Directory::of(count, &Vec::new()), len: 0, room: 0 }
    }

    /// Splits the next sub-table in order into itself and a new one at the end.
    fn split(&mut self, hash_of: impl Fn(u32) -> u64) {
        let (from, count) = (self.tables.next_to_split(), self.tables.len());
        let mut stays = std::mem::take(self.tables.get_mut(from));
        let mut moves = Vec::new();
        self.room += make_room(&mut moves, stays.len() / 2);
        self.tables.push(Vec::new());
        let mut grown = 0;
        stays.retain(|slot| {
            let place = self.place(hash_of(slot.number()));
            assert!(place == from || place == count, "a split moves entries to the new table only");
            if place == count {
                grown += make_room(&mut moves, 1);
                moves.push(*slot);
            }
            place == from
        });
        self.room = self.room + grown - give_room_back(&mut stays);
        *self.tables.get_mut(from) = stays;
        *self.tables.get_mut(count) = moves;
    }

    #[inline]
    fn place(&self, hash: u64) -> usize {
        self.tables.place(hash >> SUBTABLE_SHIFT)
    }
}

impl Slot {
    fn new(tag: u16, number: u64) -> Slot {
        Slot { tag, number: [number as u16, (number >> 16) as u16] }
    }

    #[inline]
    fn number(&self) -> u32 {
        u32::from(self.number[1]) << 16 | u32::from(self.number[0])
    }
}

#[inline]
fn tag(hash: u64) -> u16 {
    (hash >> 48) as u16
}

/// The number that is this one modulo 2³² and not before `first`.
#[inline]
fn from_first(number: u32, first: u64) -> u64 {
    first + u64::from(number.wrapping_sub(first as u32))
}

/// Where in a sub-table entries of this tag begin, or would stand.
#[inline]
fn begin_of(slots: &[Slot], tag: u16) -> usize {
    let is_below = |slot: &Slot| slot.tag < tag;
    let expected = (usize::from(tag) * slots.len()) >> 16;
    let low = expected.saturating_sub(WINDOW / 2).min(slots.len().saturating_sub(WINDOW));
    let Some(window) = slots[low..].first_chunk::<WINDOW>() else { return slots.partition_point(is_below) };
    // By halving, without a branch that could be guessed wrong.
    let mut begin = 0;
    for half in [32, 16, 8, 4, 2, 1] {
        begin += if is_below(&window[(begin + half - 1) % WINDOW]) { half } else { 0 };
    }
    begin += usize::from(is_below(&window[begin % WINDOW]));
    match begin {
        0 if low > 0 => slots.partition_point(is_below),
        WINDOW => slots.partition_point(is_below),
        _ => low + begin,
    }
}

const _: () = assert!(WINDOW == 64, "the halves add up to one less");

/// The entry of this tag for which `is_it` holds, and where it stands.
#[inline]
fn found(slots: &[Slot], begin: usize, tag: u16, first: u64, mut is_it: impl FnMut(u64) -> bool) -> Option<(usize, u64)> {
    let of_tag = slots[begin..].iter().take_while(|slot| slot.tag == tag);
    let numbers = of_tag.map(|slot| from_first(slot.number(), first));
    (begin..).zip(numbers).find(|&(_, number)| is_it(number))
}

/// Makes sure of room for `more`; gives by how many bytes it grew.
fn make_room(slots: &mut Vec<Slot>, more: usize) -> u64 {
    let before = slots.capacity();
    if slots.len() + more > before {
        slots.reserve_exact(room_for(slots.len() + more) - slots.len());
    }
    ((slots.capacity() - before) * size_of::<Slot>()) as u64
}

/// Leaves the room that so many need; gives by how many bytes it shrank.
fn give_room_back(slots: &mut Vec<Slot>) -> u64 {
    let before = slots.capacity();
    slots.shrink_to(room_for(slots.len()));
    ((before - slots.capacity()) * size_of::<Slot>()) as u64
}

/// The room that so many slots get: four sizes to a doubling, as allocators have them, so that a twelfth is left over on average.
fn room_for(slots: usize) -> usize {
    let bytes = slots * size_of::<Slot>();
    bytes.next_multiple_of((bytes.next_power_of_two() / 8).max(64)) / size_of::<Slot>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn hash(number: u64) -> u64 {
        (number ^ 0x5555).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(31).wrapping_mul(0xd6e8_feb8_6659_fd93)
    }

    fn lengths(index: &Index) -> Vec<usize> {
        index.tables.iter().map(Vec::len).collect()
    }

    fn recounted(index: &Index) -> u64 {
        index.tables.iter().map(|slots| slots.capacity() as u64 * 6).sum::<u64>() + index.tables.memory_bytes()
    }

    #[test]
    fn entries_are_found_after_many_splits_and_gone_after_removal() {
        let mut index = Index::default();
        for number in 0..50_000 {
            index.insert(hash(number), number, 0, hash);
        }
        assert!(index.tables.len() > 380 && !index.tables.len().is_power_of_two());
        let largest = lengths(&index).into_iter().max().unwrap();
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
    fn an_image_is_loaded_into_the_same_index_with_fewer_moves() {
        let mut loaded = Index::default();
        for number in 0..50_000 {
            loaded.grow_ahead(0, hash);
            loaded.insert(hash(number), number, 0, hash);
        }
        assert_eq!(loaded.tables.len(), 512, "it grew by eights");
        assert_eq!(loaded.memory_bytes(), recounted(&loaded));
        for number in 50_000..200_000 {
            loaded.insert(hash(number), number, 0, hash);
        }
        assert!((0..200_000).all(|number| loaded.find(hash(number), 0, |found| found == number) == Some(number)));
        assert_eq!((loaded.len(), loaded.find(hash(200_000), 0, |found| found == 200_000)), (200_000, None));
    }

    #[test]
    fn an_entry_takes_seven_bytes_at_any_size_and_room_is_given_back() {
        let mut index = Index::default();
        let bytes_of = |index: &Index| index.room + index.tables.len() as u64 * size_of::<Vec<Slot>>() as u64;
        for number in 0..300_000 {
            index.insert(hash(number), number, 0, hash);
            if number > 1_000 && number.is_multiple_of(997) {
                assert_eq!(index.memory_bytes(), recounted(&index));
                assert!(bytes_of(&index) * 5 < number * 37, "{} bytes for {number}", bytes_of(&index));
            }
        }
        (0..290_000).for_each(|number| assert!(index.remove(hash(number), number)));
        assert!(index.room < 10_000 * 6 * 3, "{} bytes for 10,000", index.room);
        assert_eq!(index.memory_bytes(), recounted(&index));
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
