//! Values numbered from 0 without gaps, in chunks: growth allocates one chunk and moves nothing, the oldest can leave at the front.
//!
//! A chunk's pages are touched as it fills, so that no push pays for all of them. What doubles is the list of chunks, 300 KB at
//! 50,000,000 values, and the first chunk until it is full.

use std::collections::VecDeque;

/// Values in one chunk; a power of two so that a number splits by shift and mask.
pub(super) const CHUNK: usize = 4096;

/// A growing sequence of values, from the oldest that is kept to the next that will come.
#[derive(Clone)]
pub struct Numbered<T> {
    chunks: VecDeque<Vec<T>>,
    first: u64,
    next: u64,
}

impl<T> Default for Numbered<T> {
    fn default() -> Self {
        Numbered { chunks: VecDeque::new(), first: 0, next: 0 }
    }
}

impl<T: Clone> Numbered<T> {
    /// Adds one; gives its number.
    pub fn push(&mut self, value: T) -> u64 {
        let number = self.next;
        let slot = number as usize % CHUNK;
        if slot == 0 || self.chunks.is_empty() {
            // The first chunk grows with what is in it, so that a few values take little.
            let mut chunk = Vec::with_capacity(if number == 0 { 0 } else { CHUNK });
            // What was below it in its chunk has been forgotten; those slots are never looked at.
            chunk.resize(slot, value.clone());
            self.chunks.push_back(chunk);
        }
        self.chunks.back_mut().expect("a chunk was just made sure of").push(value);
        self.next += 1;
        number
    }

    /// Removes the oldest; gives its number and it.
    pub fn pop_first(&mut self) -> Option<(u64, T)> {
        let number = self.first;
        let value = self.get(number)?.clone();
        self.first += 1;
        if (self.first as usize).is_multiple_of(CHUNK) {
            self.chunks.pop_front();
        }
        Some((number, value))
    }
}

impl<T> Numbered<T> {
    /// Numbers go on from `first`; `None` if there are values or they began elsewhere already.
    pub fn begin_at(&mut self, first: u64) -> Option<()> {
        let is_untouched = self.chunks.is_empty() && self.next == 0;
        is_untouched.then(|| (self.first, self.next) = (first, first))
    }

    /// The value of this number, if it is here.
    #[inline]
    pub fn get(&self, number: u64) -> Option<&T> {
        let (chunk, slot) = self.place(number)?;
        self.chunks.get(chunk)?.get(slot)
    }

    /// The same, to change it.
    #[inline]
    pub fn get_mut(&mut self, number: u64) -> Option<&mut T> {
        let (chunk, slot) = self.place(number)?;
        self.chunks.get_mut(chunk)?.get_mut(slot)
    }

    /// All of them, from the oldest.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.chunks.iter().flatten().skip(self.first as usize % CHUNK)
    }

    /// The number the next value will get.
    #[inline]
    pub fn next(&self) -> u64 {
        self.next
    }

    /// The number of the oldest value that is here.
    #[inline]
    pub fn first(&self) -> u64 {
        self.first
    }

    /// How many are here.
    #[inline]
    pub fn len(&self) -> u64 {
        self.next - self.first
    }

    /// Bytes of memory that it holds, by its chunks' capacity, without what the values point to.
    pub fn memory_bytes(&self) -> u64 {
        let values: usize = self.chunks.iter().map(Vec::capacity).sum();
        (values * size_of::<T>() + self.chunks.capacity() * size_of::<Vec<T>>()) as u64
    }

    #[inline]
    fn place(&self, number: u64) -> Option<(usize, usize)> {
        let is_here = number >= self.first && number < self.next;
        let base = self.first as usize / CHUNK;
        is_here.then(|| (number as usize / CHUNK - base, number as usize % CHUNK))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_by_number_while_the_oldest_leave_over_several_chunks() {
        let (many, gone) = (3 * CHUNK as u64 + 10, 2 * CHUNK as u64 + 5);
        let mut numbered = Numbered::default();
        assert!((0..many).all(|number| numbered.push(number * 2) == number));
        *numbered.get_mut(gone).unwrap() = 7;
        assert!((0..gone).all(|number| numbered.pop_first() == Some((number, number * 2))));
        assert_eq!((numbered.first(), numbered.next(), numbered.len()), (gone, many, many - gone));
        assert_eq!((numbered.get(gone - 1), numbered.get(gone), numbered.get(many)), (None, Some(&7), None));
        assert_eq!(
            numbered.iter().copied().collect::<Vec<_>>()[1..],
            (gone + 1..many).map(|number| number * 2).collect::<Vec<_>>()
        );
        let slots = numbered.chunks.capacity() as u64 * 24;
        assert_eq!(numbered.memory_bytes(), 2 * 8 * CHUNK as u64 + slots, "chunks that were forgotten take no memory");
    }

    #[test]
    fn numbers_go_on_where_they_ended() {
        let mut numbered = Numbered::default();
        assert_eq!(numbered.begin_at(CHUNK as u64 + 3), Some(()));
        assert_eq!(numbered.push('a'), CHUNK as u64 + 3);
        assert_eq!((numbered.begin_at(0), numbered.get(CHUNK as u64 + 2)), (None, None));
        assert_eq!(numbered.pop_first(), Some((CHUNK as u64 + 3, 'a')));
    }
}
