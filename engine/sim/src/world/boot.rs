//! Crashes and starts: what a crash may leave is recovered and compared, several times over; one of it lives on.

use super::World;
use crate::history;
use crate::machine::{Node, after_crash, keys, lose_last_group, options};
use crate::planted::Planted;
use crate::violation::{Checked, broken};
use tessera_engine::recovery::{self, Recovered};
use tessera_wal::storage::Storage;
use tessera_wal::storage::sim::SimStorage;

/// Crashes in a row, the first included.
const NESTED_MAX: u32 = 3;

impl World<'_> {
    /// The node is gone; a new life begins on what is left.
    pub(super) fn crash(&mut self) -> Checked {
        if self.node.is_none() {
            return Ok(());
        }
        // What left the node before it died has left.
        self.land()?;
        let Some(node) = self.node.take() else { return Ok(()) };
        self.totals.crashes += 1;
        self.under_way = node.journal.under_way();
        self.trace.note("crash", &[("under_way", self.under_way.len() as u64)]);
        drop(node);
        let meets = history::kinds(&self.under_way)?;
        self.totals.lease_crashes += u64::from(meets.a_lease);
        self.totals.line_crashes += u64::from(meets.a_line);
        self.post.crash(&mut self.dice);
        self.pass_downtime();
        if self.is_lied_to && self.storage.has_met_a_fault() {
            return self.judge_lie();
        }
        self.look_aside()?;
        self.flip_aside()?;
        self.storage = after_crash(&self.storage, &mut self.dice);
        self.totals.images += 1;
        if self.planted == Some(Planted::LastGroupLost) {
            lose_last_group(&self.storage);
        }
        self.boot()
    }

    /// Other directories that the same crash might have left.
    fn look_aside(&mut self) -> Checked {
        for _ in 0..self.plan.side_images {
            let image = after_crash(&self.storage, &mut self.dice);
            self.totals.images += 1;
            let recovered = self.recover(&image)?;
            self.totals.tears += u64::from(recovered.log.cut.is_some());
            self.auditor.image(&recovered, &self.under_way)?;
        }
        Ok(())
    }

    /// Recovers and begins to serve, through further crashes.
    pub(super) fn boot(&mut self) -> Checked {
        let mut crashes = 0;
        while !self.begin_life(crashes)? {
            crashes += 1;
            self.totals.crashes += 1;
            self.totals.nested += 1;
            self.trace.note("nested crash", &[("depth", u64::from(crashes))]);
            self.look_aside()?;
            self.storage = after_crash(&self.storage, &mut self.dice);
            self.totals.images += 1;
            self.advance(1);
        }
        Ok(())
    }

    /// False when the machine crashed before it served.
    fn begin_life(&mut self, crashes: u32) -> Checked<bool> {
        (self.is_doomed, self.is_lied_to, self.tears_next) = (false, false, false);
        self.lie_next = None;
        self.storage.fail_reads(false);
        self.make_io_short();
        if !self.is_quiet && crashes < NESTED_MAX && self.dice.chance(self.plan.chances.nested) {
            self.doom_a_step();
        }
        let recovered = match self.recover(&self.storage.clone()) {
            Err(_) if self.is_excused() => return Ok(false),
            recovered => recovered?,
        };
        let under_way = std::mem::take(&mut self.under_way);
        let latest_ms = self.clocks.latest_ms(self.now_ms);
        let kept = self.auditor.recovered(&recovered, &under_way, &self.clients.ops, latest_ms)?;
        self.trace.note("recovered", &[("kept", kept as u64), ("of", under_way.len() as u64)]);
        self.start(recovered)
    }

    fn start(&mut self, recovered: Recovered<SimStorage>) -> Checked<bool> {
        self.restart_clock();
        let (journal_of_life, started) = Node::start(recovered, self.plan, self.wall_ms(), self.planted);
        match started {
            Ok(node) => {
                self.node = Some(node);
                self.land().map(|()| true)
            }
            Err(_) if self.is_excused() => {
                self.under_way = journal_of_life.under_way();
                Ok(false)
            }
            Err(error) => Err(broken("I3", format!("the log takes no tenure: {error}"))),
        }
    }

    /// Only a full disk may keep a log from opening, and only until there is room.
    fn recover(&self, storage: &SimStorage) -> Checked<Recovered<SimStorage>> {
        let mut recovered = self.try_to_recover(storage);
        if recovered.is_err() && self.is_full(storage) {
            storage.set_capacity_bytes(None);
            recovered = self.try_to_recover(storage);
        }
        recovered.map_err(|error| broken("I3", format!("recovery refuses: {error}")))
    }

    pub(super) fn try_to_recover(&self, storage: &SimStorage) -> Result<Recovered<SimStorage>, recovery::Error> {
        recovery::recover(storage.clone(), &options(self.plan), keys(), self.plan.partitions, &mut |_| {})
    }

    /// Whether a disk has no room for a segment.
    fn is_full(&self, storage: &SimStorage) -> bool {
        storage.free_bytes().is_ok_and(|free_bytes| free_bytes < self.plan.segment_bytes)
    }
}
