//! What goes wrong: crashes, errors, lies and stalls of the disk, a log or a disk without room, probes at bad moments, clocks that jump.

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

/// Of a thousand dooms, so many come between the write and the sync of the next group.
const TEARS: u32 = 250;

/// Of a thousand lies, so many are about the next group of the log.
const LIES_ABOUT_GROUPS: u32 = 600;

/// Farthest leap of time, in ms: over the deadlines of short holds and the ends of short validities.
const LEAP_MS_MAX: i64 = 25_000;

/// Most of the time a restart takes so long, in ms.
const RESTART_MS_MAX: i64 = 2_000;

/// How long the disk stands still at most, in ms.
const STALL_MS_MAX: i64 = 1_500;

/// How short reads and writes of a life with short ones are, in bytes: whole sectors, as the log's rule 4b has it that a sector
/// is written or not.
const SHORT_BYTES: [usize; 3] = [4_096, 8_192, 20_480];

/// A misdirected write goes so many sectors too far at most.
const ASTRAY_SECTORS_MAX: usize = 8;

/// A leap of the clock over a downtime after which nobody may ask for what was answered before, in ms.
const FORGETFUL_LEAP_MS: i64 = 3_600_000;

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
            if self.is_over {
                return Ok(());
            }
        }
        if self.dice.chance(chances.lie) {
            self.lie();
        }
        if self.dice.chance(chances.full) {
            self.full_until_ms = self.now_ms + self.dice.between(1, FULL_MS_MAX);
            self.totals.full_disks += 1;
        }
        if self.dice.chance(chances.stall) {
            self.stalled_until_ms = self.now_ms + self.dice.between(1, STALL_MS_MAX);
            self.totals.stalls += 1;
        }
        if self.dice.chance(chances.capacity) {
            self.squeeze();
        }
        if self.dice.chance(chances.jump) {
            let wrong_ms = self.clocks.disturb(self.now_ms, &mut self.dice);
            self.trace.note("clock", &[("wrong by", wrong_ms as u64)]);
            self.totals.clock_jumps += 1;
        }
        if self.dice.chance(chances.leap) {
            let leap_ms = self.dice.between(0, LEAP_MS_MAX);
            self.trace.note("leap", &[("ms", leap_ms as u64)]);
            self.advance(leap_ms);
        }
        if self.dice.chance(chances.brink) {
            self.go_to_the_brink();
        }
        if self.dice.chance(chances.probe) {
            self.probe();
        }
        let is_full = self.now_ms < self.full_until_ms;
        self.node().is_full = is_full;
        Ok(())
    }

    /// From now on the machine has few more writes to live, or one of them fails.
    fn doom(&mut self) {
        match self.dice.chance(TEARS) {
            true => self.tears_next = true,
            false => self.doom_a_step(),
        }
    }

    /// One of the next writes, syncs and renames is the last, or fails.
    pub(super) fn doom_a_step(&mut self) {
        if self.is_lied_to {
            return;
        }
        let step = self.storage.steps() + self.dice.below(SOON_STEPS) as u64;
        let fault = match (self.dice.chance(self.plan.chances.error), self.dice.chance(500)) {
            (false, _) => Fault::Crash,
            (true, true) => Fault::Eio,
            (true, false) => Fault::NoSpace,
        };
        self.trace.tell("doomed", || format!("step {step}: {fault:?}"));
        self.storage.fail_at(step, fault);
        self.is_doomed |= fault != Fault::Crash;
        self.totals.disk_errors += u64::from(fault != Fault::Crash);
    }

    /// One of the next writes or syncs is not what the disk says it is.
    fn lie(&mut self) {
        if self.is_lied_to || self.is_doomed {
            return;
        }
        let step = self.storage.steps() + self.dice.below(SOON_STEPS) as u64;
        let fault = match self.dice.below(3) {
            0 => Fault::DropWrite,
            1 => Fault::DropSync,
            _ => Fault::MisdirectWrite(1 + self.dice.below(ASTRAY_SECTORS_MAX) as u32),
        };
        let of_next_group = self.dice.chance(LIES_ABOUT_GROUPS);
        self.trace.tell("lied to", || format!("{fault:?} at step {step}, or of the next group: {of_next_group}"));
        match of_next_group {
            true => self.lie_next = Some(fault),
            false => self.storage.fail_at(step, fault),
        }
        self.is_lied_to = true;
        self.totals.lies += 1;
    }

    /// Whether an error of the log is what was ordered: then the process ends, as law 5 says.
    pub(super) fn is_excused(&self) -> bool {
        let is_lied_to = self.is_lied_to && self.storage.has_met_a_fault();
        self.is_doomed || is_lied_to || self.storage.has_crashed()
    }

    /// Some lives have reads and writes that are shorter than what was asked for.
    pub(super) fn make_io_short(&mut self) {
        if !self.is_quiet && self.dice.chance(self.plan.chances.short) {
            self.storage.set_io_bytes_max(self.dice.pick(&SHORT_BYTES).copied());
            self.totals.short_lives += 1;
        }
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
        let (shard, wall_ms) = (self.dice.below(usize::from(self.plan.shards)) as u16, self.wall_ms());
        self.trace.note("probe", &[("shard", shard.into())]);
        if self.node().may_begin(shard) {
            self.node().probe(shard, wall_ms);
        }
    }

    /// A hold or a coupon is used in the millisecond of its end, or in one beside it.
    fn go_to_the_brink(&mut self) {
        let wall_ms = self.wall_ms();
        let Some((at_ms, op)) = self.clients.brink(self.plan, wall_ms, &mut self.dice) else { return };
        self.advance(at_ms - wall_ms);
        self.send(&[op]);
        let home = self.clients.ops[op].ask.journal() % self.plan.shards;
        self.turn_of(home);
        self.totals.brinks += 1;
    }

    /// How long the node is away.
    pub(super) fn pass_downtime(&mut self) {
        let chances = self.plan.chances;
        if self.dice.chance(chances.day) && !self.is_quiet {
            self.forget_clients();
            self.advance(DAY_MS);
        } else {
            let away_ms = 1 + self.dice.between(0, RESTART_MS_MAX);
            self.advance(away_ms);
        }
    }

    /// A life's clock begins at the system's. With letters that outlive the node it goes on, because leases rest on that; without,
    /// it may have been set back a little.
    pub(super) fn restart_clock(&mut self) {
        let (chances, newest_ms) = (self.plan.chances, self.auditor.newest_ms());
        match newest_ms {
            _ if self.is_quiet => self.clocks.set_right(),
            Some(newest_ms) if self.dice.chance(chances.back) => {
                let back_ms = self.dice.between(0, BACK_MS_MAX);
                self.clocks.set_back(self.now_ms, newest_ms, back_ms);
            }
            _ => {}
        }
        if chances.letter > 0 || self.is_quiet {
            self.clocks.keep_up(self.now_ms);
        }
        let (is_refused, leap_ms) = self.clocks.restart(self.now_ms, newest_ms);
        self.totals.clock_refusals += u64::from(is_refused);
        if leap_ms > FORGETFUL_LEAP_MS {
            self.forget_clients();
        }
    }

    /// So much time has passed that a request may count as new: nobody asks for what was asked before.
    fn forget_clients(&mut self) {
        self.clients.forget();
        self.requests.clear();
    }
}
