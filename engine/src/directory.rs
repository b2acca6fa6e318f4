//! A data directory: what is in it, how it is made, and what it says of itself.
//!
//! ```text
//! DIR/keys    secret keys, mode 0600
//! DIR/wal/    the log, locked for the life of the process
//! DIR/images/ snapshots
//! ```
//!
//! The number of partitions and the check of the keys are kept as the log's caller bytes, so that no
//! journal is ever replayed with the wrong ones.

use crate::keys::{KEYS_NAME, NodeKeys};
use crate::node::Error;
use crate::rebuild::Keys;
use std::path::{Path, PathBuf};
use tessera_wal::LogUuid;
use tessera_wal::storage::disk::DiskStorage;

/// Most partitions of a directory: a code has eight bits for its partition.
pub const PARTITIONS_MAX: u16 = 256;

/// Partitions unless said otherwise.
pub const PARTITIONS_DEFAULT: u16 = 16;

/// The log's directory.
const LOG_NAME: &str = "wal";

/// The images' directory.
pub(crate) const IMAGES_NAME: &str = "images";

/// What a directory says of itself beside its log: kept as the log's caller bytes.
pub(crate) struct Layout {
    pub(crate) partitions: u16,
    keys: u64,
}

const LAYOUT_FORMAT: u16 = 1;

impl Layout {
    fn bytes(&self) -> Vec<u8> {
        [&LAYOUT_FORMAT.to_le_bytes()[..], &self.partitions.to_le_bytes(), &self.keys.to_le_bytes()].concat()
    }

    fn parse(bytes: &[u8]) -> Option<Layout> {
        let (format, rest) = bytes.split_first_chunk::<2>()?;
        let (partitions, rest) = rest.split_first_chunk::<2>()?;
        let keys = rest.try_into().ok()?;
        let layout = Layout { partitions: u16::from_le_bytes(*partitions), keys: u64::from_le_bytes(keys) };
        (*format == LAYOUT_FORMAT.to_le_bytes() && is_partition_count(layout.partitions)).then_some(layout)
    }
}

fn is_partition_count(partitions: u16) -> bool {
    partitions.is_power_of_two() && partitions <= PARTITIONS_MAX
}

/// Makes a data directory: keys, then an empty log.
///
/// # Errors
/// When there is one already, the number of partitions is not a power of two up to 256, or the disk fails.
pub fn init(dir: &Path, partitions: u16) -> Result<LogUuid, Error> {
    if !is_partition_count(partitions) {
        return Err(Error::Setting {
            setting: "partitions",
            found: u64::from(partitions),
            allowed: "a power of two from 1 to 256",
        });
    }
    let failed = |source| Error::Dir { dir: dir.into(), source };
    make_directory(dir).map_err(failed)?;
    // Keys without a log are those of an `init` that died between the two.
    if !dir.join(KEYS_NAME).exists() {
        NodeKeys::create(dir)?;
    }
    let layout = Layout { partitions, keys: NodeKeys::read(dir)?.check_number() };
    make_log(dir, &layout)
}

/// Makes an empty log with the keys and the layout of another directory.
pub(crate) fn init_like(dir: &Path, source: &Directory) -> Result<LogUuid, Error> {
    let failed = |source| Error::Dir { dir: dir.into(), source };
    make_directory(dir).map_err(failed)?;
    std::fs::copy(source.dir.join(KEYS_NAME), dir.join(KEYS_NAME)).map_err(failed)?;
    std::fs::File::open(dir.join(KEYS_NAME)).and_then(|keys| keys.sync_all()).map_err(failed)?;
    make_log(dir, &source.layout)
}

fn make_log(dir: &Path, layout: &Layout) -> Result<LogUuid, Error> {
    let failed = |source| Error::Dir { dir: dir.into(), source };
    let storage = DiskStorage::new(dir.join(LOG_NAME)).map_err(failed)?;
    let mut uuid = [0; 16];
    getrandom::fill(&mut uuid).map_err(|source| failed(std::io::Error::other(source)))?;
    tessera_wal::create(&storage, LogUuid(uuid), &layout.bytes())?;
    Ok(LogUuid(uuid))
}

/// Makes the name of a directory durable.
pub(crate) fn sync_parent(dir: &Path) -> std::io::Result<()> {
    match dir.canonicalize()?.parent() {
        Some(parent) => std::fs::File::open(parent)?.sync_all(),
        None => Ok(()),
    }
}

/// Makes the directories and their names durable.
fn make_directory(dir: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(dir.join(LOG_NAME))?;
    std::fs::create_dir_all(dir.join(IMAGES_NAME))?;
    let dir = dir.canonicalize()?;
    for made in [Some(dir.as_path()), dir.parent()].into_iter().flatten() {
        std::fs::File::open(made)?.sync_all()?;
    }
    Ok(())
}

/// A data directory that is there, with its keys.
pub struct Directory {
    /// Where it is.
    pub dir: PathBuf,
    /// Its secret keys.
    pub keys: NodeKeys,
    pub(crate) layout: Layout,
    pub(crate) log: DiskStorage,
    pub(crate) images: DiskStorage,
}

impl Directory {
    /// Reads what the directory is, before anything is replayed with the wrong keys. Locks nothing.
    ///
    /// # Errors
    /// When there is none, or it is not one of this build, or the keys are not its own.
    pub fn open(dir: &Path) -> Result<Directory, Error> {
        let failed = |source| Error::Dir { dir: dir.into(), source };
        let foreign = |what| Error::Foreign { dir: dir.into(), what };
        let keys = NodeKeys::read(dir)?;
        let log = DiskStorage::new(dir.join(LOG_NAME)).map_err(failed)?;
        let identity = tessera_wal::Identity::load(&log)?;
        let layout = Layout::parse(&identity.caller_bytes).ok_or(foreign("the directory's layout is not known to this build"))?;
        if layout.keys != keys.check_number() {
            return Err(foreign("the keys belong to another directory"));
        }
        // Directories of the first builds have none.
        std::fs::create_dir_all(dir.join(IMAGES_NAME)).map_err(failed)?;
        let images = DiskStorage::new(dir.join(IMAGES_NAME)).map_err(failed)?;
        Ok(Directory { dir: dir.into(), keys, layout, log, images })
    }

    /// How many partitions it has.
    pub fn partitions(&self) -> u16 {
        self.layout.partitions
    }

    pub(crate) fn rebuild_keys(&self) -> Keys {
        Keys { hash: self.keys.hash, check: self.keys.check_number() }
    }
}
