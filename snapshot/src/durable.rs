//! How a finished file takes its name (rule 8): rename, then sync of the directory, and what is known when one of them fails.

use crate::error::Error;
use crate::planted::{self, Planted};
use std::io;
use tessera_wal::storage::Storage;

/// A file has not taken its name, as far as is known.
pub(crate) enum Unnamed {
    /// The directory is as it was.
    Refused(Error),
    /// The disk may hold either; only a restart finds out.
    Unsure(Error),
}

/// Gives a synced temporary file its name, durably.
pub(crate) fn take_name<S: Storage>(storage: &S, temporary: &str, name: &str) -> Result<(), Unnamed> {
    storage.rename(temporary, name).map_err(|error| match error.kind() {
        io::ErrorKind::StorageFull => Unnamed::Refused(Error::DiskFull { file: name.to_owned() }),
        _ => Unnamed::Unsure(Error::unsure("rename", name, error)),
    })?;
    if planted::is(Planted::UnsyncedName) {
        return Ok(());
    }
    storage.sync_dir().map_err(|error| Unnamed::Unsure(Error::unsure("sync of the directory", name, error)))
}
