//! What goes wrong: crashes and errors of the disk, a log or a disk without room, probes at bad moments, a clock set back.

use super::World;
use crate::violation::Checked;
use tessera_wal::storage::Storage;
use tessera_wal::storage::sim::Fault;

/// How long the log stays full, in ms.
const FULL_MS_MAX: i64 = 300;

/// What a disk may still take when it is nearly full: about two segments.
const ROOM_BYTES_MAX: usize = 300 * 1024;

/// Within so many writes, syncs and renames a crash comes when one is due.
const SOON_STEPS: usize = 40;

/// Farthest leap of time, in ms: over the deadlines of short holds and the ends of short validities.
const LEAP_MS_MAX: i64 = 25_000;

/// Most of the time a restart takes so long, in ms.
const RESTART_MS_MAX: i64 = 2_000;

/// How far a clock may be behind the newest frame at a start, in ms: what a node takes without being asked.
const BACK_MS_MAX: i64 = 5_000;

/// After so long a request may be forgotten, in ms.
const DAY_MS: i64 = 25 * 3_600_000;

impl World<'_> {
    pub(super) fn trouble(&mut self) -> Checked {
        let chances = self.plan.chances;
        if self.dice.chance(chances.crash) {
            match self.dice.chance(300) {
                true => self.crash()?,
                false => self.doom(),
            }
        }
        if self.dice.chance(chances.full) {
            self.full_until_ms = self.now_ms + self.dice.between(1, FULL_MS_MAX);
            self.totals.full_disks += 1;
        }
        if self.dice.chance(chances.capacity) {
            self.squeeze();
        }
        if self.dice.chance(chances.leap) {
            let leap_ms = self.dice.between(0, LEAP_MS_MAX);
            self.trace.note("leap", &[("ms", leap_ms as u64)]);
            self.advance(leap_ms);
        }
        if self.dice.chance(chances.probe) {
            self.probe();
        }
        let is_full = self.now_ms < self.full_until_ms;
        self.node().is_full = is_full;
        Ok(())
    }

    /// From now on the machine has few more writes to live, or one of them fails.
    pub(super) fn doom(&mut self) {
        let step = self.storage.steps() + self.dice.below(SOON_STEPS) as u64;
        let is_error = self.dice.chance(self.plan.chances.eio);
        self.trace.note("doomed", &[("step", step), ("eio", is_error.into())]);
        self.storage.fail_at(step, if is_error { Fault::Eio } else { Fault::Crash });
        self.is_doomed |= is_error;
    }

    /// Whether an error of the log is what was ordered: then the process ends, as law 5 says.
    pub(super) fn is_excused(&self) -> bool {
        self.is_doomed || self.storage.has_crashed()
    }

    /// The disk gets room for little more, or for all that comes.
    fn squeeze(&mut self) {
        self.make_room();
        if self.dice.chance(500) {
            let free_bytes = self.storage.free_bytes().unwrap_or(u64::MAX / 2);
            let capacity_bytes = u64::MAX / 2 - free_bytes + self.dice.below(ROOM_BYTES_MAX) as u64;
            self.trace.note("squeezed", &[("bytes", capacity_bytes)]);
            self.storage.set_capacity_bytes(Some(capacity_bytes));
            self.totals.full_disks += 1;
        }
    }

    /// An operator makes room.
    pub(super) fn make_room(&mut self) {
        self.storage.set_capacity_bytes(None);
    }

    fn probe(&mut self) {
        let (shard, now_ms) = (self.dice.below(usize::from(self.plan.shards)) as u16, self.now_ms);
        self.trace.note("probe", &[("shard", shard.into())]);
        self.node().probe(shard, now_ms);
    }

    /// How long the node is away. With letters that outlive it the clock goes on, because leases rest on that; without, it may
    /// be set back a little.
    pub(super) fn pass_downtime(&mut self) {
        let chances = self.plan.chances;
        if self.dice.chance(chances.day) && !self.is_quiet {
            self.clients.forget();
            self.advance(DAY_MS);
        } else if self.dice.chance(chances.back) {
            let back_ms = self.dice.between(0, BACK_MS_MAX);
            let first_ms = self.auditor.latest_ms() - BACK_MS_MAX;
            self.advance((self.now_ms - back_ms).max(first_ms).min(self.now_ms) - self.now_ms);
        } else {
            let away_ms = 1 + self.dice.between(0, RESTART_MS_MAX);
            self.advance(away_ms);
        }
    }
}
