//! The auditors: one file for each invariant, over what left the node and what is durable.

mod batches;
mod gifts;
mod i10_order;
mod i11_reads;
mod i12_damage;
mod i13_limits;
mod i14_goodput;
mod i16_chain;
mod i1_stock;
mod i2_balance;
mod i3_writes;
mod i4_whole;
mod i5_replies;
mod i6_images;
mod i8_holds;
pub(crate) mod i9_transitions;
mod lines;
mod sagas;
mod shadow;

use crate::clients::{Ask, Attempt, DAY_STOCK, Floor, Op, id};
use crate::history::History;
use crate::planted::Planted;
use crate::violation::{Checked, holds};
use i5_replies::Promises;
use i12_damage::LastGroup;
pub(crate) use i12_damage::Verdict;
pub(crate) use i13_limits::{Load, check as check_load};
pub(crate) use i14_goodput::Goodput;
use shadow::Shadow;
pub(crate) use shadow::for_each_frame;
use std::collections::BTreeMap;
use tessera_domain::{Reason, Reply};
use tessera_engine::letter::Answer;
use tessera_engine::recovery::{Error, Recovered};
use tessera_snapshot::Image;
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
    last_group: LastGroup,
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
            last_group: LastGroup::default(),
        }
    }

    /// What a client may rely on when it sends this now.
    pub(crate) fn floor(&self, ask: &Ask) -> Floor {
        let lsn = self.acknowledged.get(&ask.journal()).copied().unwrap_or(0);
        let template = ask.template().and_then(|template| self.templates.get(template.as_str())).copied();
        Floor { lsn, ..template.unwrap_or_default() }
    }

    /// The time of the newest durable frame.
    pub(crate) fn newest_ms(&self) -> Option<i64> {
        let partitions = self.shadow.partitions.iter().map(|ledger| ledger.cursor());
        let begun = partitions.chain([self.shadow.catalog.cursor()]).filter(|cursor| cursor.number.0 > 0);
        begun.map(|cursor| cursor.now_ms).max()
    }

    /// The log says that these frames are durable. None may be of a time after `latest_ms`.
    pub(crate) fn durable(&mut self, frames: &[u8], latest_ms: i64) -> Checked {
        shadow::for_each_frame(frames, &mut |frame| {
            i10_order::check_time(&frame, latest_ms)?;
            self.shadow.follow(&frame)?;
            self.history.note(&frame)
        })
    }

    /// Whatever becomes durable next is the last group.
    pub(crate) fn begin_group(&mut self) {
        self.last_group = LastGroup { before: self.shadow.marks(), handovers: Vec::new(), is_sealed: false };
    }

    /// These frames are of the last group.
    pub(crate) fn note_last(&mut self, frames: &[u8]) {
        self.last_group.handovers.push(frames.to_vec());
    }

    /// The last group is sealed.
    pub(crate) fn seal(&mut self) {
        self.last_group.is_sealed = true;
    }

    /// What became of a directory that was damaged.
    pub(crate) fn damaged<S: Storage>(
        &self,
        recovered: &Result<Recovered<S>, Error>,
        under_way: &[Vec<u8>],
        file: &str,
        damage: &str,
    ) -> Checked<Verdict> {
        if let Err(error) = recovered {
            i12_damage::check_refused(file, error)?;
        }
        i12_damage::judge(recovered, &self.shadow.marks(), under_way, &self.last_group, damage)
    }

    /// The images that the manifest names.
    pub(crate) fn images(&self, images: &[Image]) -> Checked {
        i6_images::check(&self.shadow, images)
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
        i9_transitions::check_code(&self.history, &op.ask, answer)?;
        if let Err(refusal) = answer {
            batches::check_refused(&self.history, &op.ask, attempt.floor.lsn, refusal)?;
        }
        self.check_order(op, attempt, answer)?;
        i10_order::check_catalog(&self.history, op, attempt, answer)?;
        if binds || (!op.ask.is_write() || op.ask.is_of_making()) && answer.is_ok() {
            self.testimonies.push(Testimony { op: attempt.op, floor: attempt.floor.lsn, answer: answer.clone() });
        }
        if let (Some(template), Ok(reply)) = (op.ask.template(), answer) {
            i10_order::raise_floor(self.templates.entry(template.as_str().to_owned()).or_default(), &op.ask, reply);
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
            (Reason::BudgetExhausted, Some(template)) => {
                let number = template.terms.template;
                i1_stock::check_exhausted(&self.history, number, refusal.value as u64, attempt.floor.budget)
            }
            _ => Ok(()),
        }
    }

    fn check_order(&mut self, op: &Op, attempt: Attempt, answer: &Answer) -> Checked {
        let Some(written) = answer.as_ref().ok().and_then(Reply::written) else { return Ok(()) };
        i10_order::check_write(op.ask.journal(), attempt, written)?;
        i1_stock::check_raise(&self.history, &op.ask, written)?;
        let highest = self.acknowledged.entry(written.partition).or_default();
        *highest = written.lsn.max(*highest);
        Ok(())
    }

    /// A directory that a crash may have left, recovered aside: how much of what was under way it kept.
    pub(crate) fn image<S: Storage>(&self, recovered: &Recovered<S>, under_way: &[Vec<u8>]) -> Checked<usize> {
        i4_whole::kept(recovered, &self.shadow.marks(), under_way)
    }

    /// The recovery that the world goes on with: what it kept is durable, and everything told before must be there.
    pub(crate) fn recovered<S: Storage>(
        &mut self,
        recovered: &Recovered<S>,
        under_way: &[Vec<u8>],
        ops: &[Op],
        latest_ms: i64,
    ) -> Checked<usize> {
        let kept = self.image(recovered, under_way)?;
        if kept > 0 {
            self.begin_group();
        }
        for frames in &under_way[..kept] {
            self.durable(frames, latest_ms)?;
            self.note_last(frames);
        }
        i6_images::check(&self.shadow, &recovered.images.list())?;
        for told in std::mem::take(&mut self.testimonies) {
            self.check_testimony(&told, &ops[told.op])?;
        }
        i2_balance::check(&self.shadow, &self.history)?;
        i8_holds::check(&self.shadow, &self.history)?;
        lines::check(&self.shadow, false)?;
        gifts::check(&self.shadow, &self.history, false)?;
        sagas::check(&self.shadow)?;
        batches::check(&self.shadow, &self.history)?;
        self.group()?;
        Ok(kept)
    }

    fn check_testimony(&self, told: &Testimony, op: &Op) -> Checked {
        match (&op.ask, &told.answer) {
            (ask, answer) if ask.is_write() && !ask.is_of_making() => i3_writes::check(&self.history, told.op, answer),
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
        gifts::check(&self.shadow, &self.history, true)?;
        gifts::check_at_rest(&self.history, due_ms)?;
        sagas::check(&self.shadow)?;
        sagas::check_at_rest(&self.history, due_ms)?;
        batches::check(&self.shadow, &self.history)?;
        i1_stock::check_sold_to_the_last(&self.shadow, &self.history)?;
        i2_balance::check(&self.shadow, &self.history)?;
        lines::check(&self.shadow, true)
    }

    /// After demand for more than a template gives out on this day.
    pub(crate) fn day_is_exhausted(&self, template: &str, day: i64) -> Checked {
        let found = self.shadow.catalog.state().catalog().find(&id(template.to_owned()));
        let given = found.map(|found| self.history.limits.on(found.terms.template, day));
        holds(given == Some(DAY_STOCK), "I1", || format!("{given:?} of {DAY_STOCK} on day {day}, and demand was larger"))
    }

    /// Whether every line's outbox is empty.
    pub(crate) fn lines_are_empty(&self) -> bool {
        lines::check(&self.shadow, true).is_ok()
    }
}
