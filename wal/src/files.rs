//! A directory as readers see it, whatever storage it is on.
//!
//! Readers are handed around by code that does not care for the kind of storage, so here it is erased.

use crate::error::{Damage, Error, IoContext};
use crate::number::SegmentId;
use crate::segment::{archive_name, segment_name};
use crate::storage::{Storage, StorageFile};
use std::io;
use std::sync::Arc;

/// Opens and lists files.
pub(crate) trait Files: Send + Sync {
    fn open(&self, name: &str) -> io::Result<Box<dyn StorageFile>>;
    fn list(&self) -> io::Result<Vec<String>>;
}

/// A storage, held together with its lock.
pub(crate) struct Held<S: Storage> {
    pub(crate) storage: S,
    pub(crate) _lock: Arc<S::Lock>,
}

impl<S: Storage> Files for Held<S> {
    fn open(&self, name: &str) -> io::Result<Box<dyn StorageFile>> {
        Ok(Box::new(self.storage.open(name)?))
    }

    fn list(&self) -> io::Result<Vec<String>> {
        self.storage.list()
    }
}

/// An open file and its name, unless there is none of that name.
pub(crate) type Named = Option<(String, Box<dyn StorageFile>)>;

/// A segment's file. Trimming moves it from the log into the archive, never back.
pub(crate) fn open_segment(files: &dyn Files, segment: SegmentId) -> Result<Named, Error> {
    match open_named(files, segment_name(segment))? {
        Some(found) => Ok(Some(found)),
        None => open_named(files, archive_name(segment)),
    }
}

/// A file by its name.
pub(crate) fn open_named(files: &dyn Files, name: String) -> Result<Named, Error> {
    match files.open(&name) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        opened => Ok(Some((name.clone(), opened.on("open", &name, 0)?))),
    }
}

/// A segment must be here, and no file of it is.
pub(crate) fn missing(file: &str, segment: SegmentId) -> Error {
    Error::corrupt(file, 0, Damage::SegmentMissing { segment })
}
