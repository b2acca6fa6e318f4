//! Memory that begins on a sector boundary, because a read past the cache must go into such memory.
//!
//! Safe: it allocates one sector more than asked for and uses the aligned part.

use super::SECTOR_BYTES;
use std::ops::{Deref, DerefMut};

/// Zeroed bytes whose first one lies on a sector boundary.
#[derive(Debug, Default)]
pub struct AlignedBuffer {
    bytes: Vec<u8>,
    start: usize,
    length: usize,
}

impl AlignedBuffer {
    /// A buffer of `length` zero bytes.
    #[must_use]
    pub fn zeroed(length: usize) -> AlignedBuffer {
        let bytes = vec![0; length + SECTOR_BYTES];
        let start = bytes.as_ptr().align_offset(SECTOR_BYTES);
        assert!(start < SECTOR_BYTES, "an allocation has an aligned part");
        AlignedBuffer { bytes, start, length }
    }

    /// Makes it at least `length` bytes long. New bytes are zero; old ones stay.
    pub fn grow_to(&mut self, length: usize) {
        if length > self.length {
            let mut grown = AlignedBuffer::zeroed(length.next_power_of_two());
            grown[..self.length].copy_from_slice(self);
            *self = grown;
        }
    }
}

impl Deref for AlignedBuffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes[self.start..self.start + self.length]
    }
}

impl DerefMut for AlignedBuffer {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.bytes[self.start..self.start + self.length]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_aligned_and_growing_keeps_it() {
        let mut buffer = AlignedBuffer::zeroed(10);
        buffer[9] = 7;
        buffer.grow_to(100_000);
        assert_eq!((buffer[9], buffer[10], buffer.as_ptr().align_offset(SECTOR_BYTES)), (7, 0, 0));
    }
}
