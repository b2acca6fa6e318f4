//! Sub-tables by number, in groups, so that one more never moves those that are there: what doubles is the list of groups.

/// Sub-tables in a group; a power of two so that a number splits by shift and mask.
const GROUP: usize = 4096;

/// A list of sub-tables that only grows.
#[derive(Clone)]
pub(super) struct Directory<T> {
    groups: Vec<Vec<T>>,
    len: usize,
    /// The bits of a hash that the current level looks at.
    mask: usize,
}

impl<T: Clone> Directory<T> {
    /// So many alike.
    pub(super) fn of(count: usize, table: &T) -> Directory<T> {
        let mut directory = Directory { groups: vec![Vec::new()], len: 0, mask: 0 };
        (0..count).for_each(|_| directory.push(table.clone()));
        directory
    }
}

impl<T> Directory<T> {
    /// Adds one; the first group grows with what is in it, so that few sub-tables take little.
    pub(super) fn push(&mut self, table: T) {
        if self.len > 0 && self.len.is_multiple_of(GROUP) {
            self.groups.push(Vec::with_capacity(GROUP));
        }
        self.groups.last_mut().expect("there is a group from the beginning").push(table);
        self.len += 1;
        self.mask = self.len.next_power_of_two() - 1;
    }

    #[inline]
    pub(super) fn get(&self, number: usize) -> &T {
        &self.groups[number / GROUP][number % GROUP]
    }

    #[inline]
    pub(super) fn get_mut(&mut self, number: usize) -> &mut T {
        &mut self.groups[number / GROUP][number % GROUP]
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.groups.iter().flatten()
    }

    /// The sub-table of these bits of a hash: by the low ones of the current level, or one less when not yet split.
    #[inline]
    pub(super) fn place(&self, bits: u64) -> usize {
        let place = bits as usize & self.mask;
        if place < self.len { place } else { place & (self.mask >> 1) }
    }

    /// The next to be split, in order.
    pub(super) fn next_to_split(&self) -> usize {
        self.len - (1 << self.len.ilog2())
    }

    /// Bytes of memory that it holds, without what the sub-tables point to.
    pub(super) fn memory_bytes(&self) -> u64 {
        let tables: usize = self.groups.iter().map(Vec::capacity).sum();
        (tables * size_of::<T>() + self.groups.capacity() * size_of::<Vec<T>>()) as u64
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
