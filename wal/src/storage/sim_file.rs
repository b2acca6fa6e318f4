//! One simulated file: a durable state, and on top of it what was written since and is not synced.
//!
//! A sector remembers every version written since the last sync, because a disk may have written back any of them. Versions
//! whose sync failed stay readable through the cache and are neither durable nor dirty: a later sync does not save them.

use super::sim_disk::{Fate, SimDisk, Step};
use super::{Mapping, SECTOR_BYTES, StorageFile};
use crate::sync::Mutex;
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

type Sector = Arc<[u8; SECTOR_BYTES]>;

/// An open simulated file.
#[derive(Debug)]
pub struct SimFile {
    disk: Arc<Mutex<SimDisk>>,
    inode: u64,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Inode {
    durable: BTreeMap<u64, Sector>,
    durable_len: u64,
    /// Versions since the last sync, oldest first.
    dirty: BTreeMap<u64, Vec<Sector>>,
    /// Versions whose sync failed.
    orphaned: BTreeMap<u64, Sector>,
    len: u64,
}

impl Inode {
    pub(super) fn with_durable(bytes: &[u8]) -> Inode {
        let mut inode = Inode::default();
        inode.write(bytes, 0);
        inode.sync();
        inode
    }

    pub(super) fn len(&self) -> u64 {
        self.len
    }

    pub(super) fn cached_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![0; self.len as usize];
        self.read(&mut bytes, 0, true);
        bytes
    }

    /// Reads as the page cache shows it, or as the device has it once dirty pages were written back.
    pub(super) fn read(&self, into: &mut [u8], offset: u64, through_cache: bool) -> usize {
        let count = into.len().min(self.len.saturating_sub(offset) as usize);
        for (at, byte_range) in pieces(offset, count) {
            let within = ((offset + byte_range.start as u64) % SECTOR_BYTES as u64) as usize;
            let length = byte_range.len();
            match self.sector(at, through_cache) {
                Some(sector) => into[byte_range].copy_from_slice(&sector[within..within + length]),
                None => into[byte_range].fill(0),
            }
        }
        count
    }

    pub(super) fn write(&mut self, bytes: &[u8], offset: u64) {
        for (at, byte_range) in pieces(offset, bytes.len()) {
            let within = ((offset + byte_range.start as u64) % SECTOR_BYTES as u64) as usize;
            if let Ok(whole) = bytes[byte_range.clone()].try_into() {
                self.set_sector(at, whole);
                continue;
            }
            let mut sector = self.sector(at, true).map_or([0; SECTOR_BYTES], |sector| **sector);
            sector[within..within + byte_range.len()].copy_from_slice(&bytes[byte_range]);
            self.set_sector(at, &sector);
        }
        self.len = self.len.max(offset + bytes.len() as u64);
    }

    pub(super) fn set_len(&mut self, len: u64) {
        let kept = len.div_ceil(SECTOR_BYTES as u64);
        let beyond: Vec<u64> = self.known_sectors().filter(|&at| at >= kept).collect();
        for at in beyond {
            self.set_sector(at, &[0; SECTOR_BYTES]);
        }
        self.len = len;
    }

    pub(super) fn sync(&mut self) {
        for (at, versions) in std::mem::take(&mut self.dirty) {
            let newest = versions.last().expect("a dirty sector has a version");
            self.durable.insert(at, Arc::clone(newest));
        }
        self.durable_len = self.len;
    }

    /// The sync failed: nothing is durable by it, the pages count as clean, and the cache still shows them.
    pub(super) fn fail_sync(&mut self) {
        for (at, mut versions) in std::mem::take(&mut self.dirty) {
            self.orphaned.insert(at, versions.pop().expect("a dirty sector has a version"));
        }
    }

    pub(super) fn after_power_cut(&self, fate: &mut Fate<'_>) -> Inode {
        let mut durable = self.durable.clone();
        for (&at, sector) in &self.orphaned {
            if fate.pick(2) == 1 {
                durable.insert(at, Arc::clone(sector));
            }
        }
        for (&at, versions) in &self.dirty {
            if let Some(version) = fate.pick(1 + versions.len()).checked_sub(1) {
                durable.insert(at, Arc::clone(&versions[version]));
            }
        }
        let len = match self.len == self.durable_len || fate.pick(2) == 1 {
            true => self.len,
            false => self.durable_len,
        };
        Inode { durable, durable_len: len, len, ..Inode::default() }
    }

    pub(super) fn flip_durable(&mut self, bit: usize) {
        let (at, within) = (bit / 8 / SECTOR_BYTES, bit / 8 % SECTOR_BYTES);
        let sector = self.durable.entry(at as u64).or_insert_with(|| Arc::new([0; SECTOR_BYTES]));
        Arc::make_mut(sector)[within] ^= 1 << (bit % 8);
    }

    fn known_sectors(&self) -> impl Iterator<Item = u64> + '_ {
        self.durable.keys().chain(self.dirty.keys()).chain(self.orphaned.keys()).copied()
    }

    fn sector(&self, at: u64, through_cache: bool) -> Option<&Sector> {
        let dirty = self.dirty.get(&at).and_then(|versions| versions.last());
        let orphaned = self.orphaned.get(&at).filter(|_| through_cache);
        dirty.or(orphaned).or_else(|| self.durable.get(&at))
    }

    /// A version equal to the durable one is no news: it adds no choice to a crash.
    fn set_sector(&mut self, at: u64, sector: &[u8; SECTOR_BYTES]) {
        let durable = self.durable.get(&at).map_or(&[0; SECTOR_BYTES], |durable| durable);
        let is_news = self.dirty.contains_key(&at) || self.orphaned.contains_key(&at) || sector != durable;
        if is_news {
            self.orphaned.remove(&at);
            self.dirty.entry(at).or_default().push(Arc::new(*sector));
        }
    }
}

/// The sectors that `count` bytes from `offset` touch, each with the range of those bytes that lies in it.
fn pieces(offset: u64, count: usize) -> impl Iterator<Item = (u64, std::ops::Range<usize>)> {
    let sector_bytes = SECTOR_BYTES as u64;
    let end = offset + count as u64;
    (offset / sector_bytes..end.div_ceil(sector_bytes)).map(move |at| {
        let from = (at * sector_bytes).max(offset) - offset;
        let to = ((at + 1) * sector_bytes).min(end).max(offset) - offset;
        (at, from as usize..to as usize)
    })
}

impl SimFile {
    pub(super) fn new(disk: Arc<Mutex<SimDisk>>, inode: u64) -> SimFile {
        SimFile { disk, inode }
    }

    fn read(&self, into: &mut [u8], offset: u64, through_cache: bool) -> io::Result<usize> {
        let mut disk = self.disk.lock();
        disk.check_read()?;
        let io_bytes_max = disk.io_bytes_max.unwrap_or(usize::MAX);
        // What passes by the cache moves in whole sectors.
        let least = if through_cache { 1 } else { SECTOR_BYTES };
        let count = into.len().min(io_bytes_max.max(least) / least * least);
        let count = disk.inode_numbered(self.inode).read(&mut into[..count], offset, through_cache);
        disk.bytes_read += count as u64;
        Ok(count)
    }

    fn sync(&self) -> io::Result<()> {
        let mut disk = self.disk.lock();
        match disk.step() {
            Ok(Step::Proceed) => disk.inode_numbered_mut(self.inode).sync(),
            Ok(_) => {}
            Err(error) if disk.crashed => return Err(error),
            Err(error) => {
                disk.inode_numbered_mut(self.inode).fail_sync();
                return Err(error);
            }
        }
        Ok(())
    }
}

impl StorageFile for SimFile {
    fn len_bytes(&self) -> io::Result<u64> {
        let disk = self.disk.lock();
        disk.check_read()?;
        Ok(disk.inode_numbered(self.inode).len())
    }

    fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<usize> {
        self.read(into, offset, true)
    }

    fn read_past_cache_at(&self, into: &mut [u8], offset: u64) -> io::Result<(usize, bool)> {
        assert!(offset.is_multiple_of(SECTOR_BYTES as u64), "a read past the cache begins on a sector");
        let count = self.read(into, offset, false)?;
        Ok((count, !self.disk.lock().cache_in_the_way))
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        let mut disk = self.disk.lock();
        let count = bytes.len().min(disk.io_bytes_max.unwrap_or(usize::MAX));
        let offset = match disk.step()? {
            Step::Proceed => offset,
            Step::Pretend => return Ok(count),
            Step::Misdirect(sectors) => offset + u64::from(sectors) * SECTOR_BYTES as u64,
        };
        disk.allocate(self.inode, offset + count as u64)?;
        disk.inode_numbered_mut(self.inode).write(&bytes[..count], offset);
        Ok(count)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.sync()
    }

    fn sync_all(&self) -> io::Result<()> {
        self.sync()
    }

    fn set_len(&self, length_bytes: u64) -> io::Result<()> {
        let mut disk = self.disk.lock();
        disk.step()?;
        disk.inode_numbered_mut(self.inode).set_len(length_bytes);
        Ok(())
    }

    fn map(&self) -> io::Result<Mapping> {
        let disk = self.disk.lock();
        disk.check_read()?;
        Ok(Mapping::Copied(disk.inode_numbered(self.inode).cached_bytes()))
    }
}
