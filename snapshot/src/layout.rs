//! Little-endian fields at fixed offsets, as the log lays them out.
//!
//! Every structure has a fixed size and is checked for it before a field is taken, so an offset out of range is a broken program,
//! not bad input: it panics.

use tessera_wal::storage::SECTOR_BYTES;

/// Takes fields out of a structure whose size has been checked.
pub(crate) struct Fields<'a>(pub(crate) &'a [u8]);

impl Fields<'_> {
    pub(crate) fn array<const N: usize>(&self, at: usize) -> [u8; N] {
        let mut out = [0; N];
        out.copy_from_slice(&self.0[at..at + N]);
        out
    }

    pub(crate) fn u16(&self, at: usize) -> u16 {
        u16::from_le_bytes(self.array(at))
    }

    pub(crate) fn u32(&self, at: usize) -> u32 {
        u32::from_le_bytes(self.array(at))
    }

    pub(crate) fn u64(&self, at: usize) -> u64 {
        u64::from_le_bytes(self.array(at))
    }

    pub(crate) fn i64(&self, at: usize) -> i64 {
        i64::from_le_bytes(self.array(at))
    }
}

/// Puts bytes at an offset.
pub(crate) fn put<const N: usize>(out: &mut [u8], at: usize, bytes: [u8; N]) {
    out[at..at + N].copy_from_slice(&bytes);
}

/// Whether all bytes are zero; at most a sector of them.
pub(crate) fn is_zero(bytes: &[u8]) -> bool {
    static ZEROES: [u8; SECTOR_BYTES] = [0; SECTOR_BYTES];
    *bytes == ZEROES[..bytes.len()]
}
