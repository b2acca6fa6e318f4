//! The two small files that say which log this is: `log.id`, written once, and `log.bounds`, rewritten at each start and trim.
//!
//! Each is one checksummed sector, replaced by writing a temporary file, syncing it, renaming it and syncing the directory.
//! `log.id` is the last step of creation: without it there is no log. `log.bounds` names segments that must be here, so that a
//! lost first or last segment is noticed even where no neighbour names it.
//!
//! | offset | bytes | `log.id` | `log.bounds` |
//! |---|---|---|---|
//! | 0 | 8 | magic `TSRLOGID` | magic `TSRBOUND` |
//! | 8 | 2 | format, 1 | format, 1 |
//! | 10 | 2 | length of the caller's bytes | zero |
//! | 12 | 4 | zero | zero |
//! | 16 | 16 | log uuid | log uuid |
//! | 32 | 8 | caller's bytes, then zero | first segment |
//! | 40 | 8 | … | a segment that was the last one once; 0 before the first start |
//! | 48 | 8 | … | start number: how many times the log was opened |
//! | 4092 | 4 | CRC32 of bytes 0..4092 | same |

use crate::error::{Damage, Error, IoContext};
use crate::layout::{Fields, is_zero, put};
use crate::number::{LogUuid, SegmentId};
use crate::storage::{SECTOR_BYTES, Storage, StorageFile};
use std::io;

/// The most bytes a caller may keep in `log.id`.
pub const CALLER_BYTES_MAX: usize = SECTOR_BYTES - CALLER_AT - 4;

pub(crate) const IDENTITY_NAME: &str = "log.id";
pub(crate) const BOUNDS_NAME: &str = "log.bounds";
const FORMAT: u16 = 1;
const IDENTITY_MAGIC: [u8; 8] = *b"TSRLOGID";
const BOUNDS_MAGIC: [u8; 8] = *b"TSRBOUND";
const CALLER_AT: usize = 32;
const CRC_AT: usize = SECTOR_BYTES - 4;

/// Which log this is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Its identity, seeded into every checksum.
    pub uuid: LogUuid,
    /// What its creator wanted to keep with it; opaque here, at most [`CALLER_BYTES_MAX`].
    pub caller_bytes: Vec<u8>,
}

/// Which segments must be here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bounds {
    pub(crate) first: SegmentId,
    pub(crate) last_once: SegmentId,
    pub(crate) start: u64,
}

impl Identity {
    /// Reads which log is in a directory, without its lock.
    ///
    /// # Errors
    /// `Missing` when there is none; `Corrupt`, `Format`, `Io`.
    pub fn load(storage: &impl Storage) -> Result<Identity, Error> {
        let sector = match load(storage, IDENTITY_NAME, IDENTITY_MAGIC) {
            Err(Error::Corrupt { damage: Damage::FileMissing, .. }) => return Err(Error::Missing),
            other => other?,
        };
        let fields = Fields(&sector);
        let end = CALLER_AT + usize::from(fields.u16(10));
        if end > CRC_AT || !is_zero(&sector[12..16]) || !is_zero(&sector[end..CRC_AT]) {
            return Err(contradiction(IDENTITY_NAME));
        }
        Ok(Identity { uuid: LogUuid(fields.array(16)), caller_bytes: sector[CALLER_AT..end].to_vec() })
    }

    pub(crate) fn store(&self, storage: &impl Storage) -> Result<(), Error> {
        assert!(self.caller_bytes.len() <= CALLER_BYTES_MAX, "the caller's bytes are bounded");
        let mut sector = begin(IDENTITY_MAGIC, self.uuid);
        put(&mut sector, 10, (self.caller_bytes.len() as u16).to_le_bytes());
        sector[CALLER_AT..CALLER_AT + self.caller_bytes.len()].copy_from_slice(&self.caller_bytes);
        replace(storage, IDENTITY_NAME, sector)
    }
}

impl Bounds {
    pub(crate) fn load(storage: &impl Storage, uuid: LogUuid) -> Result<Bounds, Error> {
        let sector = load(storage, BOUNDS_NAME, BOUNDS_MAGIC)?;
        let fields = Fields(&sector);
        let found = LogUuid(fields.array(16));
        if found != uuid {
            return Err(Error::Foreign { file: BOUNDS_NAME.to_owned(), expected: uuid, found });
        }
        let bounds = Bounds { first: SegmentId(fields.u64(32)), last_once: SegmentId(fields.u64(40)), start: fields.u64(48) };
        match bounds.first.0 >= 1 && is_zero(&sector[10..16]) && is_zero(&sector[56..CRC_AT]) {
            true => Ok(bounds),
            false => Err(contradiction(BOUNDS_NAME)),
        }
    }

    pub(crate) fn store(&self, storage: &impl Storage, uuid: LogUuid) -> Result<(), Error> {
        let mut sector = begin(BOUNDS_MAGIC, uuid);
        put(&mut sector, 32, self.first.0.to_le_bytes());
        put(&mut sector, 40, self.last_once.0.to_le_bytes());
        put(&mut sector, 48, self.start.to_le_bytes());
        replace(storage, BOUNDS_NAME, sector)
    }
}

fn begin(magic: [u8; 8], uuid: LogUuid) -> [u8; SECTOR_BYTES] {
    let mut sector = [0; SECTOR_BYTES];
    put(&mut sector, 0, magic);
    put(&mut sector, 8, FORMAT.to_le_bytes());
    put(&mut sector, 16, uuid.0);
    sector
}

fn load(storage: &impl Storage, name: &str, magic: [u8; 8]) -> Result<[u8; SECTOR_BYTES], Error> {
    let file = match storage.open(name) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(Error::corrupt(name, 0, Damage::FileMissing)),
        opened => opened.on("open", name, 0)?,
    };
    let length = file.len_bytes().on("length", name, 0)?;
    if length != SECTOR_BYTES as u64 {
        return Err(Error::corrupt(name, 0, Damage::Length { expected: SECTOR_BYTES as u64, found: length }));
    }
    let mut sector = [0; SECTOR_BYTES];
    file.read_exact_at(&mut sector, 0).on("read", name, 0)?;
    let fields = Fields(&sector);
    if fields.array(0) != magic || fields.u32(CRC_AT) != crc32fast::hash(&sector[..CRC_AT]) {
        return Err(Error::corrupt(name, 0, Damage::Sector));
    }
    match fields.u16(8) {
        FORMAT => Ok(sector),
        found => Err(Error::Format { file: name.to_owned(), found, known: FORMAT }),
    }
}

/// Rule 8: the new file is whole and durable before it takes the name, and the name is durable before anyone relies on it.
/// `DiskFull` says that nothing was replaced; once it was, a disk without room for the name has failed.
fn replace(storage: &impl Storage, name: &str, sector: [u8; SECTOR_BYTES]) -> Result<(), Error> {
    match put_in_place(storage, name, sector) {
        Err(Error::Io { source, .. }) if source.kind() == io::ErrorKind::StorageFull => {
            Err(Error::DiskFull { segment_bytes: SECTOR_BYTES as u64 })
        }
        Err(error) => Err(error),
        Ok(()) => storage.sync_dir().on("sync of the directory", name, 0),
    }
}

fn put_in_place(storage: &impl Storage, name: &str, mut sector: [u8; SECTOR_BYTES]) -> Result<(), Error> {
    let crc = crc32fast::hash(&sector[..CRC_AT]);
    put(&mut sector, CRC_AT, crc.to_le_bytes());
    let temporary = format!("{name}.tmp");
    match storage.remove(&temporary) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error).on("remove", &temporary, 0),
        _ => {}
    }
    let file = storage.create(&temporary).on("create", &temporary, 0)?;
    file.write_all_at(&sector, 0).on("write", &temporary, 0)?;
    file.sync_all().on("sync", &temporary, 0)?;
    storage.rename(&temporary, name).on("rename", &temporary, 0)
}

fn contradiction(name: &str) -> Error {
    Error::corrupt(name, 0, Damage::Contradiction { what: "the file" })
}
