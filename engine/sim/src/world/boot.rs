//! Crashes and starts: what a crash may leave is recovered and compared, several times over; one of it lives on.

use super::World;
use crate::history;
use crate::machine::{Node, after_crash, hash_key, lose_last_group, options};
use crate::planted::Planted;
use crate::violation::{Checked, broken};
use tessera_engine::recovery::{self, Recovered};
use tessera_wal::storage::sim::{Fault, SimStorage};

/// Crashes in a row, the first included.
const NESTED_MAX: u32 = 3;

/// Within so many writes, syncs and renames a crash comes when one is due.
const SOON_STEPS: usize = 40;

/// Most of the time a restart takes so long, in ms; time never stands still over one.
const RESTART_MS_MAX: i64 = 2_000;

impl World<'_> {
    /// From now on the machine has few more writes to live.
    pub(super) fn doom(&mut self) {
        let step = self.storage.steps() + self.dice.below(SOON_STEPS) as u64;
        self.trace.note("doomed", &[("step", step)]);
        self.storage.fail_at(step, Fault::Crash);
    }

    /// The node is gone; a new life begins on what is left.
    pub(super) fn crash(&mut self) -> Checked {
        let Some(node) = self.node.take() else { return Ok(()) };
        self.totals.crashes += 1;
        self.under_way = node.journal.under_way();
        self.trace.note("crash", &[("under_way", self.under_way.len() as u64)]);
        drop(node);
        let meets = history::kinds(&self.under_way)?;
        self.totals.lease_crashes += u64::from(meets.a_lease);
        self.totals.line_crashes += u64::from(meets.a_line);
        self.post.crash(&mut self.dice);
        let wait_ms = 1 + self.dice.between(0, RESTART_MS_MAX);
        self.advance(wait_ms);
        self.look_aside()?;
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
        if !self.is_quiet && crashes < NESTED_MAX && self.dice.chance(self.plan.chances.nested) {
            self.doom();
        }
        let recovered = match self.recover(&self.storage.clone()) {
            Err(_) if self.storage.has_crashed() => return Ok(false),
            recovered => recovered?,
        };
        let under_way = std::mem::take(&mut self.under_way);
        let kept = self.auditor.recovered(&recovered, &under_way, &self.clients.ops)?;
        self.trace.note("recovered", &[("kept", kept as u64), ("of", under_way.len() as u64)]);
        self.start(recovered)
    }

    fn start(&mut self, recovered: Recovered<SimStorage>) -> Checked<bool> {
        let (journal_of_life, started) = Node::start(recovered, self.plan, self.now_ms, self.planted);
        match started {
            Ok(node) => {
                self.node = Some(node);
                self.land().map(|()| true)
            }
            Err(_) if self.storage.has_crashed() => {
                self.under_way = journal_of_life.under_way();
                Ok(false)
            }
            Err(error) => Err(broken("I3", format!("the log takes no tenure: {error}"))),
        }
    }

    fn recover(&self, storage: &SimStorage) -> Checked<Recovered<SimStorage>> {
        let recovered = recovery::recover(storage.clone(), &options(), hash_key(), self.plan.partitions, 0, &mut |_| {});
        recovered.map_err(|error| broken("I3", format!("recovery refuses: {error}")))
    }
}
