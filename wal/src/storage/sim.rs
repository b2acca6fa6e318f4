//! A simulated directory that forgets what was not synced. Deterministic: the same calls and the same seed give the same bytes.
//!
//! A [`SimStorage`] is a handle; clones share one disk, as two handles to a real directory do. From it come other worlds:
//! [`SimStorage::kill`] is what a killed process leaves (the page cache lives on), [`SimStorage::crash_images`] what a power
//! cut may leave. Faults are placed at numbered steps; a step is one call that changes something. Reads are no steps.

use super::Storage;
use super::sim_disk::{Fate, SimDisk};
pub use super::sim_file::SimFile;
use crate::sync::Mutex;
use std::io;
use std::sync::Arc;

/// What goes wrong at a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The machine stops before the step. Every later call fails.
    Crash,
    /// The step fails with EIO. A failed sync leaves its bytes readable and not durable.
    Eio,
    /// The step fails with ENOSPC.
    NoSpace,
    /// A write claims success and does nothing.
    DropWrite,
    /// A write goes this many sectors further into the file.
    MisdirectWrite(u32),
    /// A sync claims success and does nothing.
    DropSync,
}

/// A small seeded generator (splitmix64), so that no random crate decides what a seed means.
#[derive(Clone, Debug)]
pub struct Random(pub u64);

impl Random {
    /// The next 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        word ^ (word >> 31)
    }

    /// A number below `bound`, which is not 0.
    pub fn below(&mut self, bound: usize) -> usize {
        assert!(bound > 0, "a choice has an option");
        (self.next_u64() % bound as u64) as usize
    }
}

/// A handle to a simulated directory.
#[derive(Clone, Debug, Default)]
pub struct SimStorage {
    disk: Arc<Mutex<SimDisk>>,
}

/// Holds a simulated directory.
#[derive(Debug)]
pub struct SimLock {
    disk: Arc<Mutex<SimDisk>>,
}

impl Drop for SimLock {
    fn drop(&mut self) {
        self.disk.lock().locked = false;
    }
}

impl SimStorage {
    /// An empty directory.
    #[must_use]
    pub fn new() -> SimStorage {
        SimStorage::default()
    }

    /// How many steps were made. The next one has this number.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.disk.lock().steps
    }

    /// How many times a file was asked for by its name.
    #[must_use]
    pub fn opens(&self) -> u64 {
        self.disk.lock().opens
    }

    /// How many bytes were read, maps aside.
    #[must_use]
    pub fn bytes_read(&self) -> u64 {
        self.disk.lock().bytes_read
    }

    /// Places a fault at a step yet to come.
    pub fn fail_at(&self, step: u64, fault: Fault) {
        self.disk.lock().faults.insert(step, fault);
    }

    /// Makes every read from now on fail with EIO, or succeed again.
    pub fn fail_reads(&self, fail: bool) {
        self.disk.lock().reads_fail = fail;
    }

    /// Makes every read past the cache say that the cache was in its way, as on filesystems that refuse O_DIRECT.
    pub fn refuse_direct(&self, refuse: bool) {
        self.disk.lock().cache_in_the_way = refuse;
    }

    /// Bounds the bytes of all files together; beyond, allocation fails with ENOSPC.
    pub fn set_capacity_bytes(&self, capacity_bytes: Option<u64>) {
        self.disk.lock().capacity_bytes = capacity_bytes;
    }

    /// Lets one call read or write at most so many bytes. Each short write is a step of its own.
    pub fn set_io_bytes_max(&self, io_bytes_max: Option<usize>) {
        self.disk.lock().io_bytes_max = io_bytes_max;
    }

    /// Whether a [`Fault::Crash`] has happened.
    #[must_use]
    pub fn has_crashed(&self) -> bool {
        self.disk.lock().crashed
    }

    /// Whether any fault that was placed has happened.
    #[must_use]
    pub fn has_met_a_fault(&self) -> bool {
        self.disk.lock().fault_met
    }

    /// What a killed process leaves: the page cache and all unsynced names live on, the lock and the faults do not.
    #[must_use]
    pub fn kill(&self) -> SimStorage {
        SimStorage { disk: Arc::new(Mutex::new(self.disk.lock().without_process())) }
    }

    /// How many options each choice of a power cut has, in the order in which [`SimStorage::crash`] asks.
    #[must_use]
    pub fn crash_choices(&self) -> Vec<usize> {
        let mut options = Vec::new();
        let _oldest = self.crash(&mut |count| {
            options.push(count);
            0
        });
        options
    }

    /// What a power cut leaves. For each unsynced sector, length and name `choose` gets the number of its possible states and
    /// picks one: 0 is the last durable one, the highest is the newest.
    #[must_use]
    pub fn crash(&self, choose: &mut dyn FnMut(usize) -> usize) -> SimStorage {
        let fate = Fate { choose };
        SimStorage { disk: Arc::new(Mutex::new(self.disk.lock().after_power_cut(fate))) }
    }

    /// What power cuts leave: every combination when there are at most `images_max`, else that many seeded samples (nothing
    /// kept and everything kept among them).
    #[must_use]
    pub fn crash_images(&self, images_max: usize, sample_count: usize, seed: u64) -> Vec<SimStorage> {
        let choices = self.crash_choices();
        let combinations = choices.iter().try_fold(1_usize, |all, &count| all.checked_mul(count));
        match combinations.filter(|&count| count <= images_max) {
            Some(count) => (0..count).map(|number| self.crash_combination(number)).collect(),
            None => self.crash_samples(sample_count, seed),
        }
    }

    fn crash_combination(&self, mut number: usize) -> SimStorage {
        self.crash(&mut |count| {
            let choice = number % count;
            number /= count;
            choice
        })
    }

    fn crash_samples(&self, sample_count: usize, seed: u64) -> Vec<SimStorage> {
        let mut random = Random(seed);
        let mut images = vec![self.crash(&mut |_| 0), self.crash(&mut |count| count - 1)];
        while images.len() < sample_count {
            images.push(self.crash(&mut |count| random.below(count)));
        }
        images
    }

    /// A file's bytes as the page cache shows them.
    ///
    /// # Panics
    /// When there is no such file.
    #[must_use]
    pub fn bytes(&self, name: &str) -> Vec<u8> {
        self.disk.lock().inode(name).expect("a file of that name").cached_bytes()
    }

    /// Replaces a file's bytes, durably and outside of all rules: this is how rot and meddling are simulated.
    pub fn set_bytes(&self, name: &str, bytes: &[u8]) {
        self.disk.lock().set_durable(name, Some(bytes));
    }

    /// Removes a file, durably and outside of all rules.
    pub fn lose(&self, name: &str) {
        self.disk.lock().set_durable(name, None);
    }

    /// Flips one bit of a file on the disk. Whatever the cache holds of that sector is not changed.
    ///
    /// # Panics
    /// When there is no such file.
    pub fn flip_bit(&self, name: &str, bit: usize) {
        self.disk.lock().flip_durable(name, bit);
    }
}

impl Storage for SimStorage {
    type File = SimFile;
    type Lock = SimLock;

    fn open(&self, name: &str) -> io::Result<SimFile> {
        let inode = self.disk.lock().open(name)?;
        Ok(SimFile::new(Arc::clone(&self.disk), inode))
    }

    fn create(&self, name: &str) -> io::Result<SimFile> {
        let inode = self.disk.lock().create(name)?;
        Ok(SimFile::new(Arc::clone(&self.disk), inode))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.disk.lock().rename(from, to)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.disk.lock().remove(name)
    }

    fn list(&self) -> io::Result<Vec<String>> {
        self.disk.lock().list()
    }

    fn sync_dir(&self) -> io::Result<()> {
        self.disk.lock().sync_dir()
    }

    fn lock(&self) -> io::Result<SimLock> {
        let mut disk = self.disk.lock();
        if disk.locked {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        disk.locked = true;
        Ok(SimLock { disk: Arc::clone(&self.disk) })
    }

    fn free_bytes(&self) -> io::Result<u64> {
        Ok(self.disk.lock().free_bytes())
    }
}

#[cfg(test)]
#[path = "sim_tests.rs"]
mod tests;
