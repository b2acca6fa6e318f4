//! What the log asks of a disk: a directory of flat names (and `archive/` below it) with files that are read, written and
//! synced at offsets. [`disk`] is the real one, [`sim`] a simulated one that forgets what was not synced.
//!
//! Reads and writes may be short here; the provided `_exact` and `_all` methods are the only loops. Nothing here retries an
//! error: what to do about it is the caller's.

mod aligned;
pub mod disk;
mod map;
pub mod sim;
mod sim_disk;
mod sim_file;

pub use aligned::AlignedBuffer;
pub use map::Mapping;
use std::io;

/// The unit in which disks lose writes, and in which all log files are read and written.
pub const SECTOR_BYTES: usize = 4096;

/// A directory. Clones are handles to the same directory.
pub trait Storage: Clone + Send + Sync + 'static {
    /// A file in it.
    type File: StorageFile;
    /// Exclusive ownership of it, given up when dropped.
    type Lock: Send + Sync + 'static;

    /// Opens an existing file for reading and writing.
    ///
    /// # Errors
    /// `NotFound` when there is none.
    fn open(&self, name: &str) -> io::Result<Self::File>;
    /// Creates a file. Its name is durable only after [`Storage::sync_dir`].
    ///
    /// # Errors
    /// `AlreadyExists` when there is one.
    fn create(&self, name: &str) -> io::Result<Self::File>;
    /// Renames, replacing what has the new name. Durable only after [`Storage::sync_dir`].
    ///
    /// # Errors
    /// As the disk says.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;
    /// Removes a file. Durable only after [`Storage::sync_dir`].
    ///
    /// # Errors
    /// As the disk says.
    fn remove(&self, name: &str) -> io::Result<()>;
    /// All names in order, those of the archive as `archive/NAME`.
    ///
    /// # Errors
    /// As the disk says.
    fn list(&self) -> io::Result<Vec<String>>;
    /// Makes all creations, renames and removals so far durable.
    ///
    /// # Errors
    /// As the disk says.
    fn sync_dir(&self) -> io::Result<()>;
    /// Takes the directory for this process until the lock is dropped.
    ///
    /// # Errors
    /// `WouldBlock` when somebody holds it.
    fn lock(&self) -> io::Result<Self::Lock>;
    /// Bytes that can still be allocated.
    ///
    /// # Errors
    /// As the disk says.
    fn free_bytes(&self) -> io::Result<u64>;
}

/// An open file. It stays open under its old and its new name when it is renamed.
pub trait StorageFile: Send + Sync + 'static {
    /// Its length.
    ///
    /// # Errors
    /// As the disk says.
    fn len_bytes(&self) -> io::Result<u64>;
    /// Reads at an offset, perhaps fewer bytes than asked for; 0 at the end.
    ///
    /// # Errors
    /// As the disk says.
    fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<usize>;
    /// Reads what the device holds and not what the page cache holds. Offset, length and memory are multiples of
    /// [`SECTOR_BYTES`]. Returns the bytes read, and whether the cache was really passed by.
    ///
    /// # Errors
    /// As the disk says.
    fn read_past_cache_at(&self, into: &mut [u8], offset: u64) -> io::Result<(usize, bool)>;
    /// Writes at an offset, perhaps fewer bytes than given.
    ///
    /// # Errors
    /// As the disk says.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize>;
    /// Makes contents durable, and the length where reading them needs it.
    ///
    /// # Errors
    /// As the disk says. Contents are then lost: abort, never retry.
    fn sync_data(&self) -> io::Result<()>;
    /// Makes contents and all metadata durable.
    ///
    /// # Errors
    /// As the disk says. Contents are then lost: abort, never retry.
    fn sync_all(&self) -> io::Result<()>;
    /// Cuts or extends with zeroes.
    ///
    /// # Errors
    /// As the disk says.
    fn set_len(&self, length_bytes: u64) -> io::Result<()>;
    /// The whole contents for reading. Only for files that nobody writes any more.
    ///
    /// # Errors
    /// As the disk says.
    fn map(&self) -> io::Result<Mapping>;

    /// Fills `into`.
    ///
    /// # Errors
    /// `UnexpectedEof` when the file ends before.
    fn read_exact_at(&self, into: &mut [u8], offset: u64) -> io::Result<()> {
        let mut done = 0;
        while done < into.len() {
            match self.read_at(&mut into[done..], offset + done as u64)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                count => done += count,
            }
        }
        Ok(())
    }

    /// Fills `into` past the cache; says whether the cache was really passed by.
    ///
    /// # Errors
    /// `UnexpectedEof` when the file ends before.
    fn read_past_cache_exact_at(&self, into: &mut [u8], offset: u64) -> io::Result<bool> {
        let (mut done, mut passed) = (0, true);
        while done < into.len() {
            let (count, past) = self.read_past_cache_at(&mut into[done..], offset + done as u64)?;
            if count == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            done += count;
            passed &= past;
        }
        Ok(passed)
    }

    /// Writes all of `bytes`.
    ///
    /// # Errors
    /// As the disk says; then some of the bytes may be written.
    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let mut done = 0;
        while done < bytes.len() {
            match self.write_at(&bytes[done..], offset + done as u64)? {
                0 => return Err(io::ErrorKind::WriteZero.into()),
                count => done += count,
            }
        }
        Ok(())
    }
}
