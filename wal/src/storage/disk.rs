//! A real directory, by rustix and the standard library.
//!
//! `fdatasync` is the only thing that makes an acknowledgement true. Reads past the cache use O_DIRECT; where a filesystem
//! refuses it (some tmpfs and overlay mounts) the cached pages are dropped instead, and the caller is told.

use super::{Mapping, SECTOR_BYTES, Storage, StorageFile};
use rustix::fs::{Advice, FlockOperation, Mode, OFlags};
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const ARCHIVE: &str = "archive";
const LOCK_NAME: &str = "LOCK";

/// A directory of the machine.
#[derive(Clone, Debug)]
pub struct DiskStorage {
    root: Arc<PathBuf>,
}

/// A file of the machine.
#[derive(Debug)]
pub struct DiskFile {
    file: File,
}

/// Holds the `flock` of the directory's `LOCK` file.
#[derive(Debug)]
pub struct DiskLock {
    _file: File,
}

impl DiskStorage {
    /// The existing directory at `root`.
    ///
    /// # Errors
    /// `NotADirectory` when there is none.
    pub fn new(root: impl Into<PathBuf>) -> io::Result<DiskStorage> {
        let root = root.into();
        match root.is_dir() {
            true => Ok(DiskStorage { root: Arc::new(root) }),
            false => Err(io::Error::new(io::ErrorKind::NotADirectory, root.display().to_string())),
        }
    }

    /// Where it is.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    fn names_below(&self, folder: &str, prefix: &str, into: &mut Vec<String>) -> io::Result<()> {
        for entry in std::fs::read_dir(self.path(folder))? {
            let entry = entry?;
            if let (true, Ok(name)) = (entry.file_type()?.is_file(), entry.file_name().into_string()) {
                into.push(format!("{prefix}{name}"));
            }
        }
        Ok(())
    }

    fn ensure_archive(&self, name: &str) -> io::Result<()> {
        if name.starts_with("archive/") && !self.path(ARCHIVE).is_dir() {
            std::fs::create_dir(self.path(ARCHIVE))?;
        }
        Ok(())
    }
}

impl Storage for DiskStorage {
    type File = DiskFile;
    type Lock = DiskLock;

    fn open(&self, name: &str) -> io::Result<DiskFile> {
        Ok(DiskFile { file: OpenOptions::new().read(true).write(true).open(self.path(name))? })
    }

    fn create(&self, name: &str) -> io::Result<DiskFile> {
        self.ensure_archive(name)?;
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true).mode(0o600);
        Ok(DiskFile { file: options.open(self.path(name))? })
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.ensure_archive(to)?;
        std::fs::rename(self.path(from), self.path(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        std::fs::remove_file(self.path(name))
    }

    fn list(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        self.names_below("", "", &mut names)?;
        if self.path(ARCHIVE).is_dir() {
            self.names_below(ARCHIVE, "archive/", &mut names)?;
        }
        names.sort();
        Ok(names)
    }

    fn sync_dir(&self) -> io::Result<()> {
        if self.path(ARCHIVE).is_dir() {
            File::open(self.path(ARCHIVE))?.sync_all()?;
        }
        File::open(self.path(""))?.sync_all()
    }

    fn lock(&self) -> io::Result<DiskLock> {
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(self.path(LOCK_NAME))?;
        rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive)?;
        Ok(DiskLock { _file: file })
    }

    fn free_bytes(&self) -> io::Result<u64> {
        let about = rustix::fs::statvfs(self.root.as_path())?;
        Ok(about.f_bavail.saturating_mul(about.f_frsize))
    }
}

impl DiskFile {
    /// The same file, opened so that reads come from the device. By its descriptor, so that a rename does not matter.
    fn open_direct(&self) -> io::Result<File> {
        use std::os::fd::AsRawFd;
        let path = format!("/proc/self/fd/{}", self.file.as_raw_fd());
        Ok(File::from(rustix::fs::open(path, OFlags::RDONLY | OFlags::DIRECT | OFlags::CLOEXEC, Mode::empty())?))
    }

    fn read_direct(&self, into: &mut [u8], offset: u64) -> io::Result<usize> {
        self.open_direct()?.read_at(into, offset)
    }

    fn read_after_dropping_cache(&self, into: &mut [u8], offset: u64) -> io::Result<usize> {
        let length = std::num::NonZeroU64::new(into.len() as u64);
        rustix::fs::fadvise(&self.file, offset, length, Advice::DontNeed)?;
        self.file.read_at(into, offset)
    }
}

impl StorageFile for DiskFile {
    fn len_bytes(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<usize> {
        self.file.read_at(into, offset)
    }

    fn read_past_cache_at(&self, into: &mut [u8], offset: u64) -> io::Result<(usize, bool)> {
        assert!(offset.is_multiple_of(SECTOR_BYTES as u64), "a read past the cache begins on a sector");
        match self.read_direct(into, offset) {
            Ok(count) => Ok((count, true)),
            Err(error) if refuses_direct(&error) => Ok((self.read_after_dropping_cache(into, offset)?, false)),
            Err(error) => Err(error),
        }
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        self.file.write_at(bytes, offset)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn sync_all(&self) -> io::Result<()> {
        self.file.sync_all()
    }

    fn set_len(&self, length_bytes: u64) -> io::Result<()> {
        self.file.set_len(length_bytes)
    }

    fn map(&self) -> io::Result<Mapping> {
        Mapping::of(&self.file)
    }
}

/// EINVAL and EOPNOTSUPP: the filesystem has no O_DIRECT. ENOENT and ENXIO: there is no /proc to reopen by.
fn refuses_direct(error: &io::Error) -> bool {
    use rustix::io::Errno;
    let refusals = [Errno::INVAL, Errno::OPNOTSUPP, Errno::NOENT, Errno::NXIO];
    refusals.iter().any(|errno| error.raw_os_error() == Some(errno.raw_os_error()))
}

#[cfg(test)]
#[path = "disk_tests.rs"]
mod tests;
