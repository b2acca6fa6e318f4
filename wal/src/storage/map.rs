//! The one room that says `unsafe`: a read-only map of a file that nobody writes any more.
//!
//! Relies on the directory lock: no other process of ours changes a sealed segment, and trimming unlinks or renames it, which
//! leaves a map whole. A media error is then a SIGBUS, which is a crash like any other.

use std::fs::File;
use std::io;
use std::ops::Deref;

/// A file's contents: mapped, or copied where a storage cannot map.
#[derive(Debug)]
pub enum Mapping {
    /// Mapped from a real file.
    Mapped(memmap2::Mmap),
    /// Copied.
    Copied(Vec<u8>),
}

impl Mapping {
    #[expect(unsafe_code, reason = "mmap has no safe form; sealed files are never written under the directory lock")]
    pub(super) fn of(file: &File) -> io::Result<Mapping> {
        // SAFETY: the file is sealed, and the directory lock keeps other processes of ours from changing it.
        let map = unsafe { memmap2::Mmap::map(file)? };
        Ok(Mapping::Mapped(map))
    }
}

impl Deref for Mapping {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Mapping::Mapped(map) => map,
            Mapping::Copied(bytes) => bytes,
        }
    }
}
