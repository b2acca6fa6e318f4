//! The machine of a journey: one life of a node after the other, on a disk that outlives them, at the time that it is told.
//!
//! Whoever asks waits until the answer is durable. A power cut on the way costs the asker nothing: the same requests are sent again.

use super::Error;
use super::standing::Standing;
use crate::clients::{Ask, is_transient};
use crate::dice::Dice;
use crate::machine::{Arrival, Node, after_crash, keys, lose_last_group, new_directory, options};
use crate::plan::{JOURNEY, Plan};
use crate::planted::Planted;
use crate::post::reader_of;
use crate::violation::{broken, holds};
use std::collections::BTreeMap;
use tessera_domain::{Reason, Reply};
use tessera_engine::catalog::CatalogRequest;
use tessera_engine::letter::{Answer, Batch, Letter, Request};
use tessera_engine::recovery;
use tessera_engine::shard::refuse;
use tessera_wal::JournalId;
use tessera_wal::storage::sim::{Fault, SimStorage};

const PLAN: &Plan = &JOURNEY;

pub(super) const PARTITIONS: u16 = PLAN.partitions;

/// Requests under way at once, so that no inbox and no turn is full.
const ASKED_AT_ONCE: usize = 16;

/// Rounds without an answer until time passes for who waits for it, and until nobody waits any longer.
const ROUNDS_PATIENT: u32 = 8;
const ROUNDS_MAX: u32 = 10_000;

/// Between two looks of the log at its spares, in rounds.
const IDLE_EVERY: u64 = 32;

/// See the module.
pub(super) struct Machine {
    storage: SimStorage,
    node: Option<Node>,
    /// Letters by reader.
    letters: Vec<Vec<Letter>>,
    answers: BTreeMap<u64, Answer>,
    next_tag: u64,
    now_ms: i64,
    dice: Dice,
    rounds: u64,
    planted: Option<Planted>,
    /// Power cuts.
    pub(super) crashes: u64,
}

impl Machine {
    /// A new directory and its first life.
    pub(super) fn new(seed: u64, now_ms: i64, planted: Option<Planted>) -> Result<Machine, Error> {
        let letters = (0..=PLAN.shards).map(|_| Vec::new()).collect();
        let storage = new_directory(seed);
        let (answers, dice) = (BTreeMap::new(), Dice::new(seed));
        let (node, next_tag, rounds, crashes) = (None, 0, 0, 0);
        let mut machine = Machine { storage, node, letters, answers, next_tag, now_ms, dice, rounds, planted, crashes };
        machine.boot().map(|_| machine)
    }

    /// It is this time, unless it is later already; what is due by then happens.
    pub(super) fn reach(&mut self, at_ms: i64) -> Result<(), Error> {
        self.now_ms = self.now_ms.max(at_ms);
        self.round()
    }

    /// Everything that is asked, answered in its order. Transient refusals are asked again.
    pub(super) fn ask(&mut self, asks: &[Ask]) -> Result<Vec<Answer>, Error> {
        let mut answers = Vec::with_capacity(asks.len());
        for chunk in asks.chunks(ASKED_AT_ONCE) {
            answers.extend(self.ask_at_once(chunk)?);
        }
        Ok(answers)
    }

    /// One write, with a power cut between its turn and its answer.
    pub(super) fn ask_in_a_crash(&mut self, ask: Ask) -> Result<Vec<Answer>, Error> {
        let step = self.storage.steps() + self.dice.below(2) as u64;
        self.storage.fail_at(step, Fault::Crash);
        self.ask(&[ask])
    }

    fn ask_at_once(&mut self, asks: &[Ask]) -> Result<Vec<Answer>, Error> {
        let mut done: Vec<Option<Answer>> = asks.iter().map(|_| None).collect();
        let mut under_way: BTreeMap<u64, usize> = BTreeMap::new();
        let mut lives = self.crashes;
        for round in 0..ROUNDS_MAX {
            if lives != self.crashes {
                lives = self.crashes;
                under_way.clear();
            }
            for place in 0..asks.len() {
                if done[place].is_none() && !under_way.values().any(|&other| other == place) {
                    let tag = self.send(asks[place].clone());
                    under_way.insert(tag, place);
                }
            }
            self.round()?;
            for (tag, answer) in std::mem::take(&mut self.answers) {
                if let Some(place) = under_way.remove(&tag).filter(|_| !is_transient(&answer)) {
                    done[place] = Some(answer);
                }
            }
            if done.iter().all(Option::is_some) {
                return Ok(done.into_iter().flatten().collect());
            }
            self.now_ms += i64::from(round >= ROUNDS_PATIENT);
        }
        Err(broken("I14", format!("no answer after {ROUNDS_MAX} rounds: {asks:?}")).into())
    }

    fn send(&mut self, ask: Ask) -> u64 {
        self.next_tag += 1;
        let tag = self.next_tag;
        let sink = self.node().pier(0).clone();
        match ask {
            Ask::Catalog(command) => self.node().accept_catalog(CatalogRequest { tag, command, sink }),
            Ask::Partition(partition, command) => {
                let batch = Batch { requests: vec![Request { partition, tag, command }], sink };
                if let Err(batch) = self.node().accept(partition % PLAN.shards, batch) {
                    refuse(batch, Reason::Overloaded);
                }
            }
        }
        tag
    }

    /// A turn of everybody, and all of it to the disk.
    fn round(&mut self) -> Result<(), Error> {
        let now_ms = self.now_ms;
        for shard in 0..PLAN.shards {
            let letters = std::mem::take(&mut self.letters[usize::from(shard)]);
            self.node().turn(shard, letters, now_ms);
        }
        let letters = std::mem::take(&mut self.letters[usize::from(PLAN.shards)]);
        self.node().catalog_turn(letters, now_ms);
        self.land();
        loop {
            match self.node().commit() {
                Ok(is_group) => {
                    self.land();
                    if !is_group {
                        break;
                    }
                }
                Err(_) if self.storage.has_crashed() => return self.lose_power().map(drop),
                Err(error) => return Err(broken("I3", format!("the log fails on a healthy disk: {error}")).into()),
            }
        }
        self.rounds += 1;
        if self.rounds.is_multiple_of(IDLE_EVERY) {
            let idled = self.node().idle();
            idled.map_err(|error| broken("I3", format!("the log fails on a healthy disk: {error}")))?;
        }
        Ok(())
    }

    /// What has left the node.
    fn land(&mut self) {
        for arrival in self.node().harbour.take() {
            match arrival {
                Arrival::Durable(_) => self.node().journal.landed(),
                Arrival::Answers(answers) => self.answers.extend(answers),
                Arrival::Letter(letter) => self.letters[usize::from(reader_of(&letter, PLAN.shards))].push(letter),
            }
        }
    }

    /// The power fails, and comes back to what the disk kept; answers that have left the node have left. Gives how the partitions stand.
    pub(super) fn lose_power(&mut self) -> Result<Standing, Error> {
        self.node = None;
        self.letters.iter_mut().for_each(Vec::clear);
        self.crashes += 1;
        self.storage = after_crash(&self.storage, &mut self.dice);
        if self.planted == Some(Planted::LastGroupLost) {
            lose_last_group(&self.storage);
        }
        self.boot()
    }

    fn boot(&mut self) -> Result<Standing, Error> {
        let recovered = recovery::recover(self.storage.clone(), &options(PLAN), keys(), PARTITIONS, &mut |_| {});
        let recovered = recovered.map_err(|error| broken("I3", format!("recovery refuses: {error}")))?;
        let standing = Standing::of(&recovered)?;
        let (_, started) = Node::start(recovered, PLAN, self.now_ms, self.planted);
        self.node = Some(started.map_err(|error| broken("I3", format!("the log takes no tenure: {error}")))?);
        self.land();
        Ok(standing)
    }

    /// Images of all journals, and a log without what they cover.
    pub(super) fn snapshot(&mut self) -> Result<(), Error> {
        for journal in (0..PARTITIONS).map(JournalId).chain([JournalId::CATALOG]) {
            let now_ms = self.now_ms;
            let made = self.node().snapshot(journal, now_ms);
            made.map_err(|error| broken("I6", format!("a snapshot fails on a healthy disk: {error}")))?;
        }
        Ok(())
    }

    /// What is durable, to be read.
    pub(super) fn history(&mut self) -> tessera_wal::History {
        self.node().journal.history()
    }

    /// One answer that is no refusal.
    pub(super) fn ask_one(&mut self, ask: Ask) -> Result<Reply, Error> {
        let mut answers = self.ask(std::slice::from_ref(&ask))?;
        let answer = answers.pop();
        holds(answer.is_some(), "I5", || "a request has no answer".into())?;
        granted(&ask, answer.expect("there is one"))
    }

    fn node(&mut self) -> &mut Node {
        self.node.as_mut().expect("a machine has a node but while it boots")
    }
}

/// A journey asks for nothing that may be refused.
pub(super) fn granted(ask: &Ask, answer: Answer) -> Result<Reply, Error> {
    answer.map_err(|refusal| Error::Refused { what: format!("{ask:?}"), refusal })
}
