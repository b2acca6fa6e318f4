//! The world: one machine, its clients, the post between its partitions and the clock, each step chosen by the dice.

mod boot;
mod damage;
mod rest;
mod step;
mod trouble;

use crate::audit::{Auditor, Goodput};
use crate::clients::Clients;
use crate::clock::Clocks;
use crate::dice::Dice;
use crate::history::End;
use crate::machine::{Node, new_directory};
use crate::plan::Plan;
use crate::planted::Planted;
use crate::post::Post;
use crate::totals::Totals;
use crate::trace::Trace;
use crate::violation::Checked;
use std::collections::BTreeMap;
use tessera_engine::letter::Answer;
use tessera_wal::storage::sim::{Fault, SimStorage};

/// When every world begins, in ms since the epoch.
const GENESIS_MS: i64 = 1_800_000_000_000;

/// Three seconds before the midnight of Shanghai that follows it.
const BEFORE_MIDNIGHT_MS: i64 = GENESIS_MS + 8 * 3_600_000 - 3_000;

/// A world.
pub(crate) struct World<'a> {
    plan: &'a Plan,
    planted: Option<Planted>,
    dice: Dice,
    pub(crate) trace: Trace,
    pub(crate) totals: Totals,
    /// The true time.
    now_ms: i64,
    clocks: Clocks,
    storage: SimStorage,
    /// The present life; none only while one begins.
    node: Option<Node>,
    /// What a crash may have kept of the life before.
    under_way: Vec<Vec<u8>>,
    clients: Clients,
    auditor: Auditor,
    post: Post,
    /// Answers on their way to clients: by time and number, the tag of the attempt.
    replies: BTreeMap<(i64, u64), (u64, Answer)>,
    replied: u64,
    /// Requests on their way to the node: by time and number, the operation and the tag of the attempt.
    requests: BTreeMap<(i64, u64), (usize, u64)>,
    requested: u64,
    /// Until when the disk stands still.
    stalled_until_ms: i64,
    /// Until when the log is called full.
    full_until_ms: i64,
    /// The machine stops between the write and the sync of the next group.
    tears_next: bool,
    /// An error of the disk is due in this life.
    is_doomed: bool,
    /// What the disk does with the next group instead of what it says.
    lie_next: Option<Fault>,
    /// The disk lies about something in this life.
    is_lied_to: bool,
    /// No more trouble from now on.
    is_quiet: bool,
    /// The disk has lied, and what came of it is judged: nothing more happens here.
    is_over: bool,
    goodput: Goodput,
}

impl<'a> World<'a> {
    pub(crate) fn new(plan: &'a Plan, seed: u64, planted: Option<Planted>, prints: bool) -> World<'a> {
        let begin_ms = if plan.limits { BEFORE_MIDNIGHT_MS } else { GENESIS_MS };
        World {
            plan,
            planted,
            dice: Dice::new(seed),
            trace: Trace::new(prints),
            totals: Totals::default(),
            now_ms: begin_ms,
            clocks: Clocks::new(begin_ms),
            storage: new_directory(seed),
            node: None,
            under_way: Vec::new(),
            clients: Clients::default(),
            auditor: Auditor::new(plan.partitions, planted),
            post: Post::new(plan.chances.letter, plan.shards, planted),
            replies: BTreeMap::new(),
            replied: 0,
            requests: BTreeMap::new(),
            requested: 0,
            stalled_until_ms: 0,
            full_until_ms: 0,
            tears_next: false,
            is_doomed: false,
            lie_next: None,
            is_lied_to: false,
            is_quiet: false,
            is_over: false,
            goodput: Goodput::default(),
        }
    }

    /// From the first start to rest.
    pub(crate) fn live(&mut self) -> Checked {
        self.boot()?;
        self.clients.begin(self.plan, &mut self.dice);
        for _ in 0..self.plan.steps {
            if !self.is_over {
                self.step()?;
            }
        }
        if !self.is_over {
            self.come_to_rest()?;
        }
        self.totals.writes = self.auditor.history.writes();
        let ended = |end| self.auditor.history.ended(end);
        [self.totals.orders, self.totals.returns] = self.auditor.history.orders();
        [self.totals.sagas, self.totals.refused_sagas] = self.auditor.history.sagas();
        self.totals.captures = ended(End::Captured);
        self.totals.releases = ended(End::Released);
        self.totals.expired_holds = ended(End::Expired);
        self.totals.revoked_holds = ended(End::Revoked);
        [self.totals.imports, self.totals.one_use_imports] = self.auditor.history.imports();
        [self.totals.gifts, self.totals.expired_gifts] = self.auditor.history.gifts();
        [self.totals.made_cards, self.totals.activated_cards] = self.auditor.history.batches();
        self.totals.replaced_cards = self.auditor.history.replaced();
        [self.totals.complete_batches, self.totals.taken_batches] = self.auditor.history.complete_batches();
        [self.totals.void_templates, self.totals.doomed] = self.auditor.history.voids();
        let limits = &self.auditor.history.limits;
        [self.totals.restocked, self.totals.days_dropped] = [limits.restocked, limits.dropped];
        self.totals.budget_raises = limits.raised;
        self.totals.expired_value = self.auditor.history.expired() as u64;
        Ok(())
    }

    fn node(&mut self) -> &mut Node {
        self.node.as_mut().expect("a world has a node but while it boots")
    }

    /// What the node reads on its clock.
    fn wall_ms(&self) -> i64 {
        self.clocks.wall_ms(self.now_ms)
    }

    fn advance(&mut self, elapsed_ms: i64) {
        self.now_ms += elapsed_ms;
        self.trace.now_ms = self.now_ms - GENESIS_MS;
    }
}
