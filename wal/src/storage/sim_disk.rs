//! The state behind a simulated directory: files, names kept apart from them, and the faults to come.
//!
//! Owns the two questions a power cut asks: which unsynced changes of names happened, and (through each file) which unsynced
//! sectors were written back.

use super::sim::Fault;
use super::sim_file::Inode;
use std::collections::{BTreeMap, BTreeSet};
use std::io;

/// Whoever decides what a power cut keeps.
pub(super) struct Fate<'a> {
    pub(super) choose: &'a mut dyn FnMut(usize) -> usize,
}

impl Fate<'_> {
    pub(super) fn pick(&mut self, options: usize) -> usize {
        let choice = (self.choose)(options);
        assert!(choice < options, "a choice is one of its options");
        choice
    }
}

/// How a step goes on when it does not fail.
pub(super) enum Step {
    Proceed,
    Pretend,
    Misdirect(u32),
}

#[derive(Clone, Debug)]
enum NameChange {
    Create(String, u64),
    Rename(String, String, u64),
    Remove(String),
}

#[derive(Clone, Debug, Default)]
pub(super) struct SimDisk {
    inodes: BTreeMap<u64, Inode>,
    names: BTreeMap<String, u64>,
    durable_names: BTreeMap<String, u64>,
    changes: Vec<NameChange>,
    pub(super) steps: u64,
    pub(super) faults: BTreeMap<u64, Fault>,
    pub(super) crashed: bool,
    pub(super) fault_met: bool,
    pub(super) reads_fail: bool,
    pub(super) cache_in_the_way: bool,
    pub(super) locked: bool,
    pub(super) capacity_bytes: Option<u64>,
    pub(super) io_bytes_max: Option<usize>,
    pub(super) opens: u64,
    pub(super) bytes_read: u64,
}

impl SimDisk {
    pub(super) fn step(&mut self) -> io::Result<Step> {
        self.check_alive()?;
        let fault = self.faults.remove(&self.steps);
        self.steps += 1;
        self.fault_met |= fault.is_some();
        match fault {
            None => Ok(Step::Proceed),
            Some(Fault::Crash) => {
                self.crashed = true;
                self.check_alive().map(|()| Step::Proceed)
            }
            Some(Fault::Eio) => Err(eio()),
            Some(Fault::NoSpace) => Err(io::ErrorKind::StorageFull.into()),
            Some(Fault::DropWrite | Fault::DropSync) => Ok(Step::Pretend),
            Some(Fault::MisdirectWrite(sectors)) => Ok(Step::Misdirect(sectors)),
        }
    }

    pub(super) fn check_read(&self) -> io::Result<()> {
        self.check_alive()?;
        match self.reads_fail {
            true => Err(eio()),
            false => Ok(()),
        }
    }

    fn check_alive(&self) -> io::Result<()> {
        match self.crashed {
            true => Err(io::Error::new(io::ErrorKind::BrokenPipe, "the simulated machine has crashed")),
            false => Ok(()),
        }
    }

    pub(super) fn inode(&self, name: &str) -> Option<&Inode> {
        self.names.get(name).map(|&number| self.inode_numbered(number))
    }

    pub(super) fn inode_numbered(&self, number: u64) -> &Inode {
        self.inodes.get(&number).expect("an open file has an inode")
    }

    pub(super) fn inode_numbered_mut(&mut self, number: u64) -> &mut Inode {
        self.inodes.get_mut(&number).expect("an open file has an inode")
    }

    pub(super) fn open(&mut self, name: &str) -> io::Result<u64> {
        self.check_read()?;
        self.opens += 1;
        self.names.get(name).copied().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    pub(super) fn create(&mut self, name: &str) -> io::Result<u64> {
        if self.names.contains_key(name) {
            self.check_alive()?;
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        self.step()?;
        let number = self.inodes.keys().next_back().map_or(1, |last| last + 1);
        self.inodes.insert(number, Inode::default());
        self.names.insert(name.to_owned(), number);
        self.changes.push(NameChange::Create(name.to_owned(), number));
        Ok(number)
    }

    pub(super) fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        if !self.names.contains_key(from) {
            self.check_alive()?;
            return Err(io::ErrorKind::NotFound.into());
        }
        self.step()?;
        let number = self.names.remove(from).expect("looked up above");
        self.names.insert(to.to_owned(), number);
        self.changes.push(NameChange::Rename(from.to_owned(), to.to_owned(), number));
        Ok(())
    }

    pub(super) fn remove(&mut self, name: &str) -> io::Result<()> {
        if !self.names.contains_key(name) {
            self.check_alive()?;
            return Err(io::ErrorKind::NotFound.into());
        }
        self.step()?;
        self.names.remove(name);
        self.changes.push(NameChange::Remove(name.to_owned()));
        Ok(())
    }

    pub(super) fn list(&self) -> io::Result<Vec<String>> {
        self.check_read()?;
        Ok(self.names.keys().cloned().collect())
    }

    pub(super) fn sync_dir(&mut self) -> io::Result<()> {
        if let Step::Proceed = self.step()? {
            self.durable_names = self.names.clone();
            self.changes.clear();
        }
        Ok(())
    }

    pub(super) fn free_bytes(&self) -> u64 {
        let used: u64 = self.names.values().map(|&number| self.inode_numbered(number).len()).sum();
        self.capacity_bytes.unwrap_or(u64::MAX / 2).saturating_sub(used)
    }

    /// Lets a file reach `end` bytes, or says that the disk is full.
    pub(super) fn allocate(&mut self, number: u64, end: u64) -> io::Result<()> {
        let grows = end.saturating_sub(self.inode_numbered(number).len());
        match grows <= self.free_bytes() {
            true => Ok(()),
            false => Err(io::ErrorKind::StorageFull.into()),
        }
    }

    pub(super) fn without_process(&self) -> SimDisk {
        let (faults, io_bytes_max) = (BTreeMap::new(), None);
        SimDisk {
            faults,
            io_bytes_max,
            fault_met: false,
            crashed: false,
            reads_fail: false,
            locked: false,
            steps: 0,
            ..self.clone()
        }
    }

    pub(super) fn after_power_cut(&self, mut fate: Fate<'_>) -> SimDisk {
        let mut names = self.durable_names.clone();
        for change in &self.changes {
            if fate.pick(2) == 1 {
                change.apply(&mut names);
            }
        }
        let named: BTreeSet<u64> = names.values().copied().collect();
        let cut = |number| (number, self.inode_numbered(number).after_power_cut(&mut fate));
        let inodes = named.into_iter().map(cut).collect();
        let durable_names = names.clone();
        let capacity_bytes = self.capacity_bytes;
        SimDisk { inodes, names, durable_names, capacity_bytes, ..SimDisk::default() }
    }

    pub(super) fn flip_durable(&mut self, name: &str, bit: usize) {
        let number = *self.names.get(name).expect("a file of that name");
        self.inode_numbered_mut(number).flip_durable(bit);
    }

    pub(super) fn set_durable(&mut self, name: &str, bytes: Option<&[u8]>) {
        match bytes {
            None => {
                self.names.remove(name);
                self.durable_names.remove(name);
            }
            Some(bytes) => {
                let next = self.inodes.keys().next_back().map_or(1, |last| last + 1);
                let number = *self.names.entry(name.to_owned()).or_insert(next);
                self.durable_names.insert(name.to_owned(), number);
                self.inodes.insert(number, Inode::with_durable(bytes));
            }
        }
    }
}

impl NameChange {
    fn apply(&self, names: &mut BTreeMap<String, u64>) {
        match self {
            NameChange::Create(name, number) => {
                names.insert(name.clone(), *number);
            }
            NameChange::Rename(from, to, number) => {
                if names.get(from) == Some(number) {
                    names.remove(from);
                }
                names.insert(to.clone(), *number);
            }
            NameChange::Remove(name) => {
                names.remove(name);
            }
        }
    }
}

fn eio() -> io::Error {
    io::Error::from_raw_os_error(rustix::io::Errno::IO.raw_os_error())
}
