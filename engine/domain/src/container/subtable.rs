//! One small table of an index: buckets of a cache line, nearly full at any size.
//!
//! An entry is 16 bits of its hash, the tag, and a number of 32 bits. The tag says in which bucket the entry belongs; if that is full
//! it stands in the next that is not, and each bucket that it passed counts it, so that a search ends at the first that none passed.
//! A larger table is made from tags alone, without a look at what the numbers point to. Tables grow by a quarter to a seventh, in
//! the sizes that allocators have, up to [`FULL`] of their slots.

/// Slots of a bucket.
const SLOTS: usize = 10;

/// How many entries so many buckets hold at most: fifteen of sixteen slots, so that a search seldom looks into a third bucket.
const FULL: (usize, usize) = (75, 8);

/// The tag of a free slot.
const FREE: u16 = 0;

/// Slots, taken from the first on.
#[derive(Clone, Copy, Default)]
struct Bucket {
    tags: [u16; SLOTS],
    /// How many slots are taken, and 16 for each entry that stands further on because this one was full.
    state: u32,
    numbers: [u32; SLOTS],
}

/// An entry that passed, in the state of a bucket.
const PASSED: u32 = 16;

const _: () = assert!(size_of::<Bucket>() == 64 && SLOTS < PASSED as usize);

impl Bucket {
    #[inline]
    fn taken(&self) -> usize {
        (self.state % PASSED) as usize
    }

    /// Whether no entry that belongs here or before stands further on.
    #[inline]
    fn ends_search(&self) -> bool {
        self.state < PASSED
    }

    /// Looks at all slots at once: mostly none has the tag.
    #[inline]
    fn has(&self, tag: u16) -> bool {
        self.tags.iter().fold(false, |has, &other| has | (other == tag))
    }

    /// Into the next free slot; `false` if there is none.
    #[inline]
    fn add(&mut self, tag: u16, number: u32) -> bool {
        let slot = self.taken();
        if slot == SLOTS {
            return false;
        }
        (self.tags[slot], self.numbers[slot]) = (tag, number);
        self.state += 1;
        true
    }

    /// Frees a slot; the last takes its place.
    fn remove(&mut self, slot: usize) {
        let last = self.taken() - 1;
        (self.tags[slot], self.numbers[slot]) = (self.tags[last], self.numbers[last]);
        self.tags[last] = FREE;
        self.state -= 1;
    }

    fn entries(&self) -> impl Iterator<Item = (u16, u32)> {
        let taken = self.taken();
        self.tags[..taken].iter().copied().zip(self.numbers[..taken].iter().copied())
    }
}

/// Entries by tag.
#[derive(Clone)]
pub(super) struct SubTable {
    buckets: Box<[Bucket]>,
    len: u32,
}

const _: () = assert!(size_of::<SubTable>() == 24);

impl Default for SubTable {
    fn default() -> Self {
        SubTable::with_room(0)
    }
}

/// The highest bits of a hash; never that of a free slot.
#[inline]
pub(super) fn tag(hash: u64) -> u16 {
    ((hash >> 48) as u16).max(FREE + 1)
}

impl SubTable {
    pub(super) fn of(entries: &[(u16, u32)]) -> SubTable {
        let mut table = SubTable::with_room(entries.len());
        entries.iter().for_each(|&(tag, number)| place(&mut table.buckets, tag, number));
        table.len = entries.len() as u32;
        table
    }

    /// Empty, with room for so many.
    pub(super) fn with_room(entries: usize) -> SubTable {
        SubTable { buckets: vec![Bucket::default(); buckets_for(entries)].into_boxed_slice(), len: 0 }
    }

    /// The number of this tag for which `is_it` holds.
    #[inline]
    pub(super) fn find(&self, tag: u16, is_it: impl Fn(u32) -> bool) -> Option<u32> {
        let (bucket, slot) = self.seek(tag, is_it)?;
        Some(self.buckets[bucket].numbers[slot])
    }

    /// Reads what [`SubTable::find`] will read first; the number means nothing.
    #[inline]
    pub(super) fn touch(&self, tag: u16) -> u64 {
        self.buckets[self.home(tag)].state.into()
    }

    /// Puts a number in the place of the one for which `is_it` holds, and gives that one.
    pub(super) fn replace(&mut self, tag: u16, number: u32, is_it: impl FnMut(u32) -> bool) -> Option<u32> {
        let (bucket, slot) = self.seek(tag, is_it)?;
        Some(std::mem::replace(&mut self.buckets[bucket].numbers[slot], number))
    }

    /// Adds a number; gives by how many bytes the table grew.
    pub(super) fn insert(&mut self, tag: u16, number: u32) -> u64 {
        let grown = if self.len as usize * FULL.1 >= self.buckets.len() * FULL.0 { self.resize(1) } else { 0 };
        place(&mut self.buckets, tag, number);
        self.len += 1;
        grown.unsigned_abs()
    }

    /// Removes a number, if it is here; gives by how many bytes the table shrank: room that is left over by half is given back.
    pub(super) fn remove(&mut self, tag: u16, number: u32) -> Option<u64> {
        let (bucket, slot) = self.seek(tag, |other| other == number)?;
        self.buckets[bucket].remove(slot);
        let mut passed = self.home(tag);
        while passed != bucket {
            self.buckets[passed].state -= PASSED;
            passed = self.after(passed);
        }
        self.len -= 1;
        let is_roomy = buckets_for(self.len as usize) * 2 < self.buckets.len();
        Some(if is_roomy { self.resize(0).unsigned_abs() } else { 0 })
    }

    /// All of them, in an order that means nothing.
    pub(super) fn entries(&self) -> impl Iterator<Item = (u16, u32)> {
        self.buckets.iter().flat_map(Bucket::entries)
    }

    /// Bytes that it points to.
    pub(super) fn bytes(&self) -> u64 {
        size_of_val(&*self.buckets) as u64
    }

    /// Room for so many more than there are; gives by how many bytes the table grew.
    fn resize(&mut self, more: usize) -> i64 {
        let mut table = SubTable::with_room(self.len as usize + more);
        table.len = self.len;
        for bucket in &self.buckets {
            for (tag, number) in bucket.entries() {
                place(&mut table.buckets, tag, number);
            }
        }
        let before = std::mem::replace(self, table);
        self.bytes() as i64 - before.bytes() as i64
    }

    /// Where the number of this tag for which `is_it` holds stands.
    #[inline]
    fn seek(&self, tag: u16, mut is_it: impl FnMut(u32) -> bool) -> Option<(usize, usize)> {
        let mut at = self.home(tag);
        for _ in 0..self.buckets.len() {
            let bucket = &self.buckets[at];
            if bucket.has(tag) {
                let mut from = 0;
                while let Some(behind) = bucket.tags[from..].iter().position(|&other| other == tag) {
                    if is_it(bucket.numbers[from + behind]) {
                        return Some((at, from + behind));
                    }
                    from += behind + 1;
                }
            }
            if bucket.ends_search() {
                return None;
            }
            at = self.after(at);
        }
        None
    }

    #[inline]
    fn home(&self, tag: u16) -> usize {
        home(tag, self.buckets.len())
    }

    #[inline]
    fn after(&self, bucket: usize) -> usize {
        if bucket + 1 < self.buckets.len() { bucket + 1 } else { 0 }
    }
}

/// The bucket, of so many, in which entries of a tag belong.
#[inline]
fn home(tag: u16, buckets: usize) -> usize {
    usize::from(tag).wrapping_mul(buckets) >> u16::BITS
}

/// Into the first bucket that is not full, from where it belongs on.
#[inline]
fn place(buckets: &mut [Bucket], tag: u16, number: u32) {
    let mut at = home(tag, buckets.len());
    while !buckets[at].add(tag, number) {
        buckets[at].state += PASSED;
        at = if at + 1 < buckets.len() { at + 1 } else { 0 };
    }
}

/// Buckets for so many entries: four sizes to a doubling.
fn buckets_for(entries: usize) -> usize {
    let least = (entries * FULL.1).div_ceil(FULL.0).max(1);
    least.next_multiple_of((least.next_power_of_two() / 8).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_table_has_room_for_what_it_is_made_for_in_sizes_of_allocators() {
        let sizes: Vec<usize> = (0..260).map(buckets_for).collect();
        assert!(sizes.iter().enumerate().all(|(entries, buckets)| entries * FULL.1 <= buckets * FULL.0));
        let mut distinct = sizes;
        distinct.dedup();
        assert_eq!(distinct, [1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 28]);
    }

    #[test]
    fn the_tag_of_a_hash_is_never_that_of_a_free_slot() {
        assert_eq!([0, 1 << 48, 2 << 48, u64::MAX].map(tag), [1, 1, 2, u16::MAX]);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

        /// Few tags, so that buckets overflow into the next ones and around the end.
        #[test]
        fn exactly_what_a_plain_list_has_is_found_and_what_passed_is_counted(
            acts in proptest::collection::vec((0..12u16, 0..60u32, 0..3u8), 300),
            spread in 1..5_957u16,
        ) {
            let (mut table, mut plain) = (SubTable::default(), Vec::new());
            let mut bytes = table.bytes();
            for (tag, number, act) in acts {
                let tag = u16::MAX - tag * spread;
                let known = plain.iter().position(|&known| known == (tag, number));
                match (act, known) {
                    (0, _) => {
                        let removed = table.remove(tag, number);
                        prop_assert_eq!(removed.is_some(), known.map(|at| plain.swap_remove(at)).is_some());
                        bytes -= removed.unwrap_or(0);
                    }
                    (_, None) => {
                        bytes += table.insert(tag, number);
                        plain.push((tag, number));
                    }
                    (_, Some(at)) => {
                        prop_assert_eq!(table.replace(tag, number + 100, |other| other == number), Some(number));
                        plain[at].1 += 100;
                    }
                }
                prop_assert_eq!((table.len as usize, table.bytes()), (plain.len(), bytes));
                let (mut all, mut expected): (Vec<_>, _) = (table.entries().collect(), plain.clone());
                all.sort_unstable();
                expected.sort_unstable();
                prop_assert_eq!(all, expected);
                prop_assert!(plain.iter().all(|&(tag, number)| table.find(tag, |other| other == number) == Some(number)));
                prop_assert_eq!(table.find(tag, |other| other == 1_000), None);
            }
            plain.drain(..).for_each(|(tag, number)| assert!(table.remove(tag, number).is_some()));
            prop_assert!(table.buckets.iter().all(|bucket| bucket.state == 0), "nothing is left, and nothing passed");
        }
    }
}
