//! Little-endian fields at fixed offsets: the one way in which numbers come into the bytes of our files and out of them.
//!
//! Every structure on disk has a fixed size and is checked for it before a field is taken, so an offset out of range is a
//! broken program, not bad input: it panics.

use crate::storage::SECTOR_BYTES;

/// Takes fields out of a structure whose size has been checked.
pub struct Fields<'a>(pub &'a [u8]);

impl Fields<'_> {
    /// The bytes at an offset.
    pub fn array<const N: usize>(&self, at: usize) -> [u8; N] {
        let mut out = [0; N];
        out.copy_from_slice(&self.0[at..at + N]);
        out
    }

    /// Two bytes as a number.
    pub fn u16(&self, at: usize) -> u16 {
        u16::from_le_bytes(self.array(at))
    }

    /// Four bytes as a number.
    pub fn u32(&self, at: usize) -> u32 {
        u32::from_le_bytes(self.array(at))
    }

    /// Eight bytes as a number.
    pub fn u64(&self, at: usize) -> u64 {
        u64::from_le_bytes(self.array(at))
    }

    /// Eight bytes as a signed number.
    pub fn i64(&self, at: usize) -> i64 {
        i64::from_le_bytes(self.array(at))
    }
}

/// Puts bytes at an offset.
pub fn put<const N: usize>(out: &mut [u8], at: usize, bytes: [u8; N]) {
    out[at..at + N].copy_from_slice(&bytes);
}

/// Whether all bytes are zero. Compares whole sectors, because recovery asks it of whole segments.
pub fn is_zero(bytes: &[u8]) -> bool {
    static ZEROES: [u8; SECTOR_BYTES] = [0; SECTOR_BYTES];
    bytes.chunks(SECTOR_BYTES).all(|chunk| *chunk == ZEROES[..chunk.len()])
}
