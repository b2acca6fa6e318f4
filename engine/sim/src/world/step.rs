//! One step: an actor's turn, a commit, requests, retries, replies, or only time.

use super::World;
use crate::audit;
use crate::clients::{Ask, is_transient};
use crate::machine::{Arrival, SnapshotError};
use crate::plan::Plan;
use crate::planted::Planted;
use crate::post::reader_of;
use crate::violation::{Checked, broken};
use tessera_domain::{Reason, Reply};
use tessera_engine::catalog::CatalogRequest;
use tessera_engine::letter::{Answer, Batch, Letter, Request};
use tessera_engine::shard::refuse;
use tessera_engine::snapshotter;
use tessera_snapshot as snapshot;
use tessera_wal::storage::Storage;
use tessera_wal::storage::sim::Fault;
use tessera_wal::{Error, ErrorKind, JournalId};

/// A request that is late travels so long at most, in ms.
const LATE_MS_MAX: i64 = 400;

/// A reply travels so long, in ms.
const REPLY_MS_MAX: i64 = 10;

/// Shards' turns, the catalog's, idling, requests, looks, retries, late retries, ticks, stalls; commits and snapshots are as the
/// plan says.
const STEPS: [u32; 9] = [32, 4, 1, 18, 8, 6, 3, 20, 1];

impl World<'_> {
    pub(super) fn step(&mut self) -> Checked {
        self.trouble()?;
        if self.is_over {
            return Ok(());
        }
        self.check_load(&[])?;
        let [turns, catalog, idling, asks, looks, retries, late, ticks, stalls] = STEPS;
        let Plan { commits, snapshots, .. } = *self.plan;
        match self.dice.weigh(&[turns, catalog, commits, idling, asks, looks, retries, late, ticks, stalls, snapshots]) {
            0 => self.shard_turn(),
            1 => self.catalog_turn(),
            2 => return self.commit().map(drop),
            3 => self.idle().and_then(|()| self.check_files())?,
            4 => self.ask(),
            5 => self.look(),
            6 => self.retry(),
            7 => self.retry_late(),
            8 => self.advance_a_little(),
            9 => self.stall(),
            _ => self.snapshot().and_then(|()| self.check_files())?,
        }
        if self.is_over { Ok(()) } else { self.land() }
    }

    fn check_load(&mut self, names: &[String]) -> Checked {
        let load = self.node().load(names);
        audit::check_load(&load)
    }

    /// I13 of files, where no fault of the disk keeps them from being removed.
    fn check_files(&mut self) -> Checked {
        match self.is_doomed || self.is_lied_to || self.is_over {
            true => Ok(()),
            false => {
                let names = self.storage.list().unwrap_or_default();
                self.check_load(&names)
            }
        }
    }

    /// One shard, or as many as take a turn while a smaller node would take one.
    fn shard_turn(&mut self) {
        for _ in 0..=self.dice.below(usize::from(self.plan.shards).div_ceil(2)) {
            let shard = self.dice.below(usize::from(self.plan.shards)) as u16;
            self.turn_of(shard);
        }
    }

    pub(super) fn turn_of(&mut self, shard: u16) {
        let (now_ms, wall_ms) = (self.now_ms, self.wall_ms());
        if self.node().may_begin(shard) {
            let letters = self.post.take(shard, now_ms, &mut self.totals);
            self.trace.note("turn", &[("shard", shard.into()), ("letters", letters.len() as u64)]);
            self.node().turn(shard, letters, wall_ms);
        }
    }

    pub(super) fn catalog_turn(&mut self) {
        let (catalog, now_ms, wall_ms) = (self.plan.shards, self.now_ms, self.wall_ms());
        if self.node().may_begin(catalog) {
            let letters = self.post.take(catalog, now_ms, &mut self.totals);
            self.node().catalog_turn(letters, wall_ms);
        }
    }

    /// One group. True when there was one. A disk that stands still lets the log wait, and everybody behind it.
    pub(super) fn commit(&mut self) -> Checked<bool> {
        if self.now_ms < self.stalled_until_ms && !self.is_quiet {
            return Ok(false);
        }
        if self.planted == Some(Planted::DroppedSync) {
            self.storage.fail_at(self.storage.steps() + 1, Fault::DropSync);
        }
        if std::mem::take(&mut self.tears_next) {
            self.storage.fail_at(self.storage.steps() + 1, Fault::Crash);
        }
        if let Some(fault) = self.lie_next.take() {
            // The write is the first step of a group, its sync the second.
            self.storage.fail_at(self.storage.steps() + u64::from(fault == Fault::DropSync), fault);
        }
        let committed = self.node().commit();
        self.after_io(committed)
    }

    fn idle(&mut self) -> Checked {
        let idled = self.node().idle();
        if idled.is_ok() {
            self.auditor.seal();
        }
        self.after_io(idled.map(|()| false)).map(drop)
    }

    /// The next image of one journal. A disk that is full, or failed, costs the image and nothing else.
    fn snapshot(&mut self) -> Checked {
        let number = self.dice.below(usize::from(self.plan.partitions) + 1) as u16;
        let journal = if number == self.plan.partitions { JournalId::CATALOG } else { JournalId(number) };
        let (wall_ms, is_blind) = (self.wall_ms(), !self.is_quiet && self.dice.chance(self.plan.chances.blind));
        self.storage.fail_reads(is_blind);
        let made = self.node().snapshot(journal, wall_ms);
        self.storage.fail_reads(false);
        self.trace.note("snapshot", &[("journal", journal.0.into()), ("made", u64::from(matches!(made, Ok(true))))]);
        match made {
            Ok(is_new) => {
                self.totals.snapshots += u64::from(is_new);
                let images = self.node().images();
                self.auditor.images(&images)
            }
            Err(SnapshotError::Fold(_)) if is_blind => {
                self.totals.blind_snapshots += 1;
                Ok(())
            }
            Err(SnapshotError::Trim(_)) if is_blind => self.crash(),
            Err(_) if self.is_excused() => self.crash(),
            Err(SnapshotError::Fold(snapshotter::Error::Write(error))) if error.kind() == snapshot::ErrorKind::DiskFull => Ok(()),
            // The image stands, and the log stays as long as it is.
            Err(SnapshotError::Trim(error)) if error.kind() == ErrorKind::DiskFull => Ok(()),
            Err(error) => Err(broken("I6", format!("a snapshot fails on a healthy disk: {error}"))),
        }
    }

    /// What left the log lands; a machine that crashed starts again.
    fn after_io(&mut self, done: Result<bool, Error>) -> Checked<bool> {
        match done {
            Ok(is_group) => {
                self.trace.note("log", &[("groups", u64::from(is_group)), ("writes", self.storage.steps())]);
                self.totals.commits += u64::from(is_group);
                self.land()?;
                self.auditor.group().map(|()| is_group)
            }
            Err(_) if self.is_excused() => self.crash().map(|()| false),
            Err(error) if error.kind() == ErrorKind::DiskFull => Ok(false),
            Err(error) => Err(broken("I3", format!("the log fails on a healthy disk: {error}"))),
        }
    }

    /// New requests, sent in one message to each shard.
    fn ask(&mut self) {
        let wanted = 1 + self.dice.below(self.plan.batch_max);
        let ops: Vec<usize> = (0..wanted).filter_map(|_| self.clients.next(self.plan, &mut self.dice)).collect();
        self.send(&ops);
    }

    /// Somebody reads what somebody else is just changing.
    fn look(&mut self) {
        if let Some(op) = self.clients.look(self.plan, &mut self.dice) {
            self.send(&[op]);
        }
    }

    fn retry(&mut self) {
        if let Some(op) = self.clients.impatient(self.now_ms) {
            self.send_again(op);
        }
    }

    /// Somebody asks again for what was answered long ago, or a moment ago, or not yet.
    fn retry_late(&mut self) {
        let young = self.clients.ops.len() - self.clients.oldest;
        if young > 0 {
            let op = self.clients.oldest + self.dice.below(young);
            self.send_again(op);
        }
    }

    pub(super) fn send_again(&mut self, op: usize) {
        self.totals.retries += 1;
        self.send(&[op]);
    }

    /// Sends operations. Some requests are late on their way, so that others overtake them, and some come twice.
    pub(super) fn send(&mut self, ops: &[usize]) {
        let mut arriving = Vec::with_capacity(ops.len());
        for &op in ops {
            let floor = self.auditor.floor(&self.clients.ops[op].ask);
            let tag = self.clients.send(op, floor, self.now_ms, &mut self.dice);
            self.trace.note("send", &[("op", op as u64), ("tag", tag)]);
            if self.is_quiet || !self.dice.chance(self.plan.chances.request) {
                arriving.push((op, tag));
                continue;
            }
            let due_ms = self.now_ms + self.dice.between(1, LATE_MS_MAX);
            self.requested += 1;
            self.requests.insert((due_ms, self.requested), (op, tag));
            match self.dice.chance(500) {
                true => self.totals.late_requests += 1,
                false => {
                    self.totals.double_requests += 1;
                    arriving.push((op, tag));
                }
            }
        }
        self.deliver(&arriving);
    }

    /// Brings requests to the node: each to the shard of its partition, all of one client.
    fn deliver(&mut self, arriving: &[(usize, u64)]) {
        let mut shares: Vec<Vec<Request>> = (0..self.plan.shards).map(|_| Vec::new()).collect();
        let pier = self.dice.below(usize::MAX);
        let sink = self.node().pier(pier).clone();
        for &(op, tag) in arriving {
            let ask = self.clients.ask_of(tag, self.planted);
            self.trace.tell("arrives", || format!("operation {op}: {ask:?}"));
            match ask {
                Ask::Partition(partition, command) => {
                    shares[usize::from(partition % self.plan.shards)].push(Request { partition, tag, command });
                }
                Ask::Catalog(command) => {
                    let sink = sink.clone();
                    self.node().accept_catalog(CatalogRequest { tag, command, sink });
                }
            }
        }
        for (shard, requests) in (0..).zip(shares).filter(|(_, requests)| !requests.is_empty()) {
            if let Err(batch) = self.node().accept(shard, Batch { requests, sink: sink.clone() }) {
                refuse(batch, Reason::Overloaded);
            }
        }
    }

    /// Requests whose way has ended.
    pub(super) fn bring_requests(&mut self) {
        while let Some(entry) = self.requests.first_entry().filter(|entry| entry.key().0 <= self.now_ms) {
            let late = entry.remove();
            self.deliver(&[late]);
        }
    }

    fn advance_a_little(&mut self) {
        let elapsed_ms = self.dice.between(0, 6);
        self.advance(elapsed_ms);
        self.bring_requests();
        self.bring_replies();
    }

    /// A process that does not get the processor.
    fn stall(&mut self) {
        let elapsed_ms = self.dice.between(20, 1_500);
        self.advance(elapsed_ms);
        self.bring_requests();
        self.bring_replies();
    }

    /// Everything that has left the node, in order.
    pub(super) fn land(&mut self) -> Checked {
        let mut is_new_group = true;
        for arrival in self.node().harbour.take() {
            match arrival {
                Arrival::Durable(frames) => {
                    if std::mem::take(&mut is_new_group) {
                        self.auditor.begin_group();
                    }
                    self.node().journal.landed();
                    self.auditor.durable(&frames, self.clocks.latest_ms(self.now_ms))?;
                    self.auditor.note_last(&frames);
                }
                Arrival::Answers(answers) => answers.into_iter().try_for_each(|(tag, answer)| self.answered(tag, answer))?,
                Arrival::Letter(letter) => self.posted(letter),
            }
        }
        Ok(())
    }

    fn answered(&mut self, tag: u64, answer: Answer) -> Checked {
        let attempt = self.clients.attempt(tag);
        self.totals.operations += 1;
        let lsn = answer.as_ref().ok().and_then(|reply| reply.written()).map_or(0, |written| written.lsn);
        let reason = answer.as_ref().err().map_or(0, |refusal| u64::from(refusal.reason as u16));
        self.trace.note("answer", &[("op", attempt.op as u64), ("tag", tag), ("lsn", lsn), ("refused", reason)]);
        self.totals.sold_out += u64::from(answer.as_ref().is_err_and(|refusal| refusal.reason == Reason::SoldOut));
        let is_exhausted = |reason| matches!(reason, Reason::TemplateDayLimitReached | Reason::BudgetExhausted);
        self.totals.exhausted += u64::from(answer.as_ref().is_err_and(|refusal| is_exhausted(refusal.reason)));
        self.totals.raises += u64::from(matches!(answer, Ok(Reply::StockRaised { .. })));
        self.auditor.answer(&self.clients.ops[attempt.op], attempt, &answer)?;
        if !self.is_quiet && self.dice.chance(self.plan.chances.reply) && !is_transient(&answer) {
            self.totals.lost_replies += 1;
            return Ok(());
        }
        let travel_ms = if self.is_quiet { 0 } else { self.dice.between(0, REPLY_MS_MAX) };
        self.replied += 1;
        self.replies.insert((self.now_ms + travel_ms, self.replied), (tag, answer));
        Ok(())
    }

    pub(super) fn bring_replies(&mut self) {
        while let Some(entry) = self.replies.first_entry().filter(|entry| entry.key().0 <= self.now_ms) {
            let (tag, answer) = entry.remove();
            self.clients.hear(tag, answer, self.now_ms);
        }
    }

    fn posted(&mut self, letter: Letter) {
        let actor = reader_of(&letter, self.plan.shards);
        self.post.send(actor, letter, self.now_ms, &mut self.dice, &mut self.totals);
    }
}
