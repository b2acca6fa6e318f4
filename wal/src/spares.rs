//! Spare segments: files zero-filled and synced ahead, so that a commit never allocates (rule 7) and a full disk is met
//! before anything is promised (rule 12).
//!
//! Owns the `spare-*` files. One found at start may hold anything and is zeroed again before use. A spare becomes a segment
//! only with a synced header, by a rename that the segment's maker does.

use crate::error::{Error, IoContext};
use crate::options::Options;
use crate::planted::{self, Planted};
use crate::storage::{Storage, StorageFile};
use crate::sync::atomic::{AtomicBool, Ordering};
use crate::sync::{Condvar, Mutex};
use std::collections::VecDeque;
use std::io;
use std::time::Duration;

/// How much is zeroed at once, and between two syncs, so that a commit beside it never waits for more than this.
const ZERO_CHUNK_BYTES: usize = 1024 * 1024;

/// A zeroed, synced file that waits to become a segment.
pub(crate) struct Spare<F> {
    pub(crate) name: String,
    pub(crate) file: F,
}

/// The spare segments of a log, shared by whoever uses and whoever makes them.
pub(crate) struct Spares<S: Storage> {
    storage: S,
    limits: Limits,
    state: Mutex<State<S::File>>,
    changed: Condvar,
    refusing: AtomicBool,
}

/// The limits that spares keep to; see [`Options`].
#[derive(Clone, Copy, Debug)]
struct Limits {
    segment_bytes: u64,
    spare_count: usize,
    reserve_count: usize,
}

struct State<F> {
    ready: VecDeque<Spare<F>>,
    unzeroed: Vec<String>,
    next_number: u64,
    disk_full: bool,
    /// Whether a thread makes spares, so that whoever needs one waits for it.
    kept_ahead: bool,
    stopping: bool,
}

impl<S: Storage> Spares<S> {
    /// Spares of a log, with the names of those found, which are not trusted.
    pub(crate) fn new(storage: S, options: &Options, found: Vec<String>) -> Spares<S> {
        let Options { segment_bytes, spare_count, reserve_count, .. } = *options;
        let limits = Limits { segment_bytes, spare_count, reserve_count };
        let next_number = found.iter().filter_map(|name| number_of(name)).max().map_or(1, |last| last + 1);
        let ready = VecDeque::new();
        let state = State { ready, unzeroed: found, next_number, disk_full: false, kept_ahead: false, stopping: false };
        let state = Mutex::new(state);
        Spares { storage, limits, state, changed: Condvar::new(), refusing: AtomicBool::new(false) }
    }

    pub(crate) fn ready_count(&self) -> usize {
        self.state.lock().ready.len()
    }

    /// Whether the disk is full and only the reserve is left: then no new frames are promised anything (rule 12).
    pub(crate) fn refuses_frames(&self) -> bool {
        self.refusing.load(Ordering::Acquire)
    }

    /// Whether a trimmed segment would be of use.
    pub(crate) fn wants_more(&self) -> bool {
        let state = self.state.lock();
        state.ready.len() + state.unzeroed.len() < self.limits.spare_count
    }

    /// Names a file that may be zeroed and used: a fresh name for a trimmed segment. Follow with [`Spares::adopt`].
    pub(crate) fn reserve_name(&self) -> String {
        self.state.lock().reserve_name()
    }

    /// Takes over a file that was renamed to a reserved name.
    pub(crate) fn adopt(&self, name: String) {
        self.state.lock().unzeroed.push(name);
        self.changed.notify_all();
    }

    /// A ready spare, or one made now.
    ///
    /// # Errors
    /// `DiskFull` when none is ready and none can be made; `Io` when the disk fails.
    pub(crate) fn take_or_make(&self) -> Result<Spare<S::File>, Error> {
        if self.ready_count() == 0 {
            self.make_one()?;
        }
        self.pop(&mut self.state.lock()).ok_or_else(|| self.disk_full())
    }

    /// A ready spare, waiting for whoever makes them; once nobody does any more, one made now.
    ///
    /// # Errors
    /// `DiskFull` when the log stops on a full disk; `Io` when the disk fails.
    pub(crate) fn take_or_wait(&self) -> Result<Spare<S::File>, Error> {
        let mut state = self.state.lock();
        loop {
            if let Some(spare) = self.pop(&mut state) {
                return Ok(spare);
            }
            if state.stopping {
                drop(state);
                return self.take_or_make();
            }
            self.changed.wait(&mut state);
        }
    }

    /// Makes the reserve; from now on a thread keeps it, and whoever needs a spare waits for one.
    ///
    /// # Errors
    /// `DiskFull` when there is no room for it; `Io` when the disk fails.
    pub(crate) fn keep_ahead(&self) -> Result<(), Error> {
        while self.ready_count() < self.limits.reserve_count {
            self.make_one()?;
        }
        self.state.lock().kept_ahead = true;
        Ok(())
    }

    /// Ends all waiting.
    pub(crate) fn stop(&self) {
        self.state.lock().stopping = true;
        self.changed.notify_all();
    }

    fn pop(&self, state: &mut State<S::File>) -> Option<Spare<S::File>> {
        let spare = state.ready.pop_front();
        self.note_change(state);
        spare
    }

    fn note_change(&self, state: &State<S::File>) {
        // Below the reserve what a turn begins now could wait for a segment that a full disk does not give.
        let ready_count = state.ready.len();
        let reserve_count = self.limits.reserve_count;
        let refusing = (state.kept_ahead && ready_count < reserve_count) || (state.disk_full && ready_count <= reserve_count);
        self.refusing.store(refusing, Ordering::Release);
        self.changed.notify_all();
    }

    fn disk_full(&self) -> Error {
        Error::DiskFull { segment_bytes: self.limits.segment_bytes }
    }

    /// Waits until too few spares are ready, or for `retry` when the disk is full. False when stopping.
    pub(crate) fn wait_until_wanted(&self, retry: Duration) -> bool {
        let mut state = self.state.lock();
        if state.disk_full && !state.stopping {
            self.changed.wait_for(&mut state, retry);
        }
        while state.ready.len() >= self.limits.spare_count && !state.stopping {
            self.changed.wait(&mut state);
        }
        !state.stopping
    }

    /// Zeroes and syncs one more spare.
    ///
    /// # Errors
    /// `DiskFull` without leaving anything behind; `Io` when the disk fails.
    pub(crate) fn make_one(&self) -> Result<(), Error> {
        let made = self.make();
        let mut state = self.state.lock();
        state.disk_full = matches!(made, Err(Error::DiskFull { .. }));
        let made = made.map(|spare| state.ready.push_back(spare));
        self.note_change(&state);
        made
    }

    fn make(&self) -> Result<Spare<S::File>, Error> {
        let unzeroed = self.state.lock().unzeroed.pop();
        let (name, file) = match unzeroed {
            Some(name) => self.storage.open(&name).map(|file| (name.clone(), file)).on("open", &name, 0)?,
            None => self.create()?,
        };
        match self.zero(&name, &file) {
            Err(Error::Io { source, .. }) if source.kind() == io::ErrorKind::StorageFull => {
                self.storage.remove(&name).on("remove", &name, 0)?;
                Err(self.disk_full())
            }
            result => result.map(|()| Spare { name, file }),
        }
    }

    fn create(&self) -> Result<(String, S::File), Error> {
        if self.storage.free_bytes().on("free space", "", 0)? < self.limits.segment_bytes {
            return Err(self.disk_full());
        }
        let name = self.reserve_name();
        match self.storage.create(&name) {
            Err(error) if error.kind() == io::ErrorKind::StorageFull => Err(self.disk_full()),
            created => Ok((name.clone(), created.on("create", &name, 0)?)),
        }
    }

    fn zero(&self, name: &str, file: &S::File) -> Result<(), Error> {
        let zeroes = vec![0; ZERO_CHUNK_BYTES.min(self.limits.segment_bytes as usize)];
        let length = file.len_bytes().on("length", name, 0)?;
        if planted::is(Planted::SpareNotZeroed) && length == self.limits.segment_bytes {
            return Ok(());
        }
        if length > self.limits.segment_bytes {
            file.set_len(self.limits.segment_bytes).on("truncate", name, self.limits.segment_bytes)?;
        }
        // A log that is still being opened commits nothing, so nothing waits: one sync at the end is much less work.
        let is_beside_commits = self.state.lock().kept_ahead;
        let mut offset = 0;
        while offset < self.limits.segment_bytes {
            let count = zeroes.len().min((self.limits.segment_bytes - offset) as usize);
            file.write_all_at(&zeroes[..count], offset).on("write", name, offset)?;
            if is_beside_commits {
                file.sync_data().on("fdatasync", name, offset)?;
            }
            offset += count as u64;
        }
        file.sync_all().on("fsync", name, 0)
    }
}

impl<F> State<F> {
    fn reserve_name(&mut self) -> String {
        self.next_number += 1;
        format!("spare-{:012}.wal", self.next_number - 1)
    }
}

/// Whether a file is a spare of this log.
pub(crate) fn is_spare_name(name: &str) -> bool {
    number_of(name).is_some()
}

fn number_of(name: &str) -> Option<u64> {
    name.strip_prefix("spare-")?.strip_suffix(".wal")?.parse().ok()
}
