//! The auditors: one file for each invariant, over what left the node and what is durable.

mod i10_order;
mod i11_reads;
mod i1_stock;
mod i2_balance;
mod i3_writes;
mod i5_replies;
mod i8_holds;
mod lines;
mod shadow;

use crate::clients::{Ask, Attempt, Floor, Op};
use crate::history::History;
use crate::planted::Planted;
use crate::violation::Checked;
use i5_replies::Promises;
use shadow::Shadow;
pub(crate) use shadow::for_each_frame;
use std::collections::BTreeMap;
use tessera_domain::{Reason, Reply};
use tessera_engine::letter::Answer;
use tessera_engine::recovery::Recovered;
use tessera_wal::storage::Storage;

/// Something that was told and is checked against the next recovery.
struct Testimony {
    op: usize,
    floor: u64,
    answer: Answer,
}

/// All auditors of one world.
pub(crate) struct Auditor {
    pub(crate) shadow: Shadow,
    pub(crate) history: History,
    promises: Promises,
    testimonies: Vec<Testimony>,
    /// By journal, the highest lsn that an answer named.
    acknowledged: BTreeMap<u16, u64>,
    /// By template, what raises and writes were answered with.
    templates: BTreeMap<String, Floor>,
}

impl Auditor {
    pub(crate) fn new(partitions: u16, planted: Option<Planted>) -> Auditor {
        Auditor {
            shadow: Shadow::new(partitions),
            history: History::new(partitions, planted),
            promises: Promises::default(),
            testimonies: Vec::new(),
            acknowledged: BTreeMap::new(),
            templates: BTreeMap::new(),
        }
    }

    /// What a client may rely on when it sends this now.
    pub(crate) fn floor(&self, ask: &Ask) -> Floor {
        let lsn = self.acknowledged.get(&ask.journal()).copied().unwrap_or(0);
        let template = ask.template().and_then(|template| self.templates.get(template.as_str())).copied();
        Floor { lsn, ..template.unwrap_or_default() }
    }

    /// The time of the newest durable frame.
    pub(crate) fn latest_ms(&self) -> i64 {
        let partitions = self.shadow.partitions.iter().map(|ledger| ledger.cursor().now_ms);
        partitions.chain([self.shadow.catalog.cursor().now_ms]).max().unwrap_or(0)
    }

    /// The log says that these frames are durable.
    pub(crate) fn durable(&mut self, frames: &[u8]) -> Checked {
        shadow::for_each_frame(frames, &mut |frame| {
            self.shadow.follow(&frame)?;
            self.history.note(&frame)
        })
    }

    /// A group is durable: what must hold between any two.
    pub(crate) fn group(&self) -> Checked {
        i1_stock::check_identity(&self.shadow, &self.history)
    }

    /// An answer leaves the node.
    pub(crate) fn answer(&mut self, op: &Op, attempt: Attempt, answer: &Answer) -> Checked {
        if let Some(original) = op.imposter_of {
            return i5_replies::unmask(original, self.history.effect(original), answer);
        }
        let binds = self.promises.hear(attempt.op, op, answer)?;
        self.check_sold_out(op, attempt, answer)?;
        self.check_order(op, attempt, answer)?;
        i10_order::check_catalog(attempt.op, attempt.floor, answer)?;
        if binds || (!op.ask.is_write() && answer.is_ok()) {
            self.testimonies.push(Testimony { op: attempt.op, floor: attempt.floor.lsn, answer: answer.clone() });
        }
        if let (Some(template), Ok(reply)) = (op.ask.template(), answer) {
            i10_order::raise_floor(self.templates.entry(template.as_str().to_owned()).or_default(), reply);
        }
        Ok(())
    }

    fn check_sold_out(&self, op: &Op, attempt: Attempt, answer: &Answer) -> Checked {
        let Err(refusal) = answer else { return Ok(()) };
        let template = op.ask.template().and_then(|template| self.shadow.catalog.state().catalog().find(template));
        match (refusal.reason, template) {
            (Reason::SoldOut, Some(template)) => {
                let number = template.terms.template;
                i1_stock::check_sold_out(&self.history, number, refusal.value as u64, attempt.floor.raised)
            }
            _ => Ok(()),
        }
    }

    fn check_order(&mut self, op: &Op, attempt: Attempt, answer: &Answer) -> Checked {
        let Some(written) = answer.as_ref().ok().and_then(Reply::written) else { return Ok(()) };
        i10_order::check_write(op.ask.journal(), attempt, written)?;
        let highest = self.acknowledged.entry(written.partition).or_default();
        *highest = written.lsn.max(*highest);
        Ok(())
    }

    /// A directory that a crash may have left, recovered aside: how much of what was under way it kept.
    pub(crate) fn image<S: Storage>(&self, recovered: &Recovered<S>, under_way: &[Vec<u8>]) -> Checked<usize> {
        shadow::kept(recovered, &self.shadow.marks(), under_way)
    }

    /// The recovery that the world goes on with: what it kept is durable, and everything told before must be there.
    pub(crate) fn recovered<S: Storage>(
        &mut self,
        recovered: &Recovered<S>,
        under_way: &[Vec<u8>],
        ops: &[Op],
    ) -> Checked<usize> {
        let kept = self.image(recovered, under_way)?;
        under_way[..kept].iter().try_for_each(|frames| self.durable(frames))?;
        for told in std::mem::take(&mut self.testimonies) {
            self.check_testimony(&told, &ops[told.op])?;
        }
        i2_balance::check(&self.shadow, &self.history)?;
        i8_holds::check(&self.shadow, &self.history)?;
        lines::check(&self.shadow, false)?;
        self.group()?;
        Ok(kept)
    }

    fn check_testimony(&self, told: &Testimony, op: &Op) -> Checked {
        match (&op.ask, &told.answer) {
            (ask, answer) if ask.is_write() => i3_writes::check(&self.history, told.op, answer),
            (Ask::Partition(partition, _), Ok(reply)) => {
                i11_reads::check(&self.history.partitions[usize::from(*partition)], &op.ask, told.floor, reply)
            }
            _ => Ok(()),
        }
    }

    /// At rest, after demand for more than every stock; what was due before `due_ms` is written.
    pub(crate) fn at_rest(&self, due_ms: i64) -> Checked {
        i8_holds::check(&self.shadow, &self.history)?;
        i8_holds::check_at_rest(&self.history, due_ms)?;
        i1_stock::check_sold_to_the_last(&self.shadow, &self.history)?;
        i2_balance::check(&self.shadow, &self.history)?;
        lines::check(&self.shadow, true)
    }

    /// Whether every line's outbox is empty.
    pub(crate) fn lines_are_empty(&self) -> bool {
        lines::check(&self.shadow, true).is_ok()
    }
}
