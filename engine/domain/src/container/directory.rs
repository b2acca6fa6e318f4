//! Sub-tables by number, in groups, so that one more never moves those that are there: what doubles is the list of groups.

/// Sub-tables in a group; a power of two so that a number splits by shift and mask.
const GROUP: usize = 4096;

/// A list of sub-tables that only grows.
#[derive(Clone)]
pub(super) struct Directory<T>(Vec<Vec<T>>);

impl<T: Clone> Directory<T> {
    /// So many alike.
    pub(super) fn of(count: usize, table: &T) -> Directory<T> {
        let mut directory = Directory(vec![Vec::new()]);
        (0..count).for_each(|_| directory.push(table.clone()));
        directory
    }
}

impl<T> Directory<T> {
    /// Adds one; the first group grows with what is in it, so that few sub-tables take little.
    pub(super) fn push(&mut self, table: T) {
        if self.last().len() == GROUP {
            self.0.push(Vec::with_capacity(GROUP));
        }
        let last = self.0.len() - 1;
        self.0[last].push(table);
    }

    #[inline]
    pub(super) fn get(&self, number: usize) -> &T {
        &self.0[number / GROUP][number % GROUP]
    }

    #[inline]
    pub(super) fn get_mut(&mut self, number: usize) -> &mut T {
        &mut self.0[number / GROUP][number % GROUP]
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        (self.0.len() - 1) * GROUP + self.last().len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter().flatten()
    }

    /// The sub-table of these bits of a hash: by the low ones of the current level, or one less when not yet split.
    #[inline]
    pub(super) fn place(&self, bits: u64) -> usize {
        let count = self.len();
        let mask = usize::MAX >> (count - 1).leading_zeros().min(usize::BITS - 1);
        let place = bits as usize & mask;
        if place < count { place } else { place & (mask >> 1) }
    }

    /// The next to be split, in order.
    pub(super) fn next_to_split(&self) -> usize {
        self.len() - (1 << self.len().ilog2())
    }

    /// Bytes of memory that it holds, without what the sub-tables point to.
    pub(super) fn memory_bytes(&self) -> u64 {
        let tables: usize = self.0.iter().map(Vec::capacity).sum();
        (tables * size_of::<T>() + self.0.capacity() * size_of::<Vec<T>>()) as u64
    }

    #[inline]
    fn last(&self) -> &Vec<T> {
        self.0.last().expect("there is a group from the beginning")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sub_tables_are_found_by_number_over_several_groups() {
        let mut directory = Directory::of(1, &0);
        (1..3 * GROUP).for_each(|number| directory.push(number));
        assert!((0..3 * GROUP).all(|number| *directory.get(number) == number));
        *directory.get_mut(GROUP) = 7;
        assert_eq!((directory.len(), directory.iter().nth(GROUP)), (3 * GROUP, Some(&7)));
        assert!((3 * GROUP * 8..3 * GROUP * 8 + 200).contains(&(directory.memory_bytes() as usize)));
    }

    /// By bits 0 to 7: those of tables that are not there yet are found where the split will take them from.
    #[test]
    fn a_hash_is_placed_by_its_low_bits_among_any_number_of_sub_tables() {
        for (count, places, split) in [
            (1, [0, 0, 0, 0, 0, 0, 0, 0], 0),
            (2, [0, 1, 0, 1, 0, 1, 0, 1], 0),
            (3, [0, 1, 2, 1, 0, 1, 2, 1], 1),
            (4, [0, 1, 2, 3, 0, 1, 2, 3], 0),
            (6, [0, 1, 2, 3, 4, 5, 2, 3], 2),
        ] {
            let directory = Directory::of(count, &());
            assert_eq!(std::array::from_fn(|bits| directory.place(bits as u64)), places, "{count}");
            assert_eq!(directory.next_to_split(), split, "{count}");
        }
    }
}
