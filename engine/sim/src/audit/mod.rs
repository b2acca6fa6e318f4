//! The auditors: one file for each invariant, over what left the node and what is durable.

mod i11_reads;
mod i1_stock;
mod i2_balance;
mod i3_writes;
mod i5_replies;
mod lines;
mod shadow;

use crate::clients::{Ask, Attempt, Op};
use crate::history::History;
use crate::violation::{Checked, holds};
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
    /// By template, the highest total that a raise was answered with.
    raised: BTreeMap<String, u64>,
}

impl Auditor {
    pub(crate) fn new(partitions: u16) -> Auditor {
        Auditor {
            shadow: Shadow::new(partitions),
            history: History::new(partitions),
            promises: Promises::default(),
            testimonies: Vec::new(),
            acknowledged: BTreeMap::new(),
            raised: BTreeMap::new(),
        }
    }

    /// What a client may rely on when it sends this now: the lsn its partition has acknowledged, the total its template has.
    pub(crate) fn floor(&self, ask: &Ask) -> (u64, u64) {
        let lsn = self.acknowledged.get(&ask.journal()).copied().unwrap_or(0);
        let raised = ask.template().and_then(|template| self.raised.get(template.as_str())).copied();
        (lsn, raised.unwrap_or(0))
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
        let binds = self.promises.hear(attempt.op, op, answer)?;
        self.check_sold_out(op, attempt, answer)?;
        self.check_order(op, attempt, answer)?;
        if binds || (!op.ask.is_write() && answer.is_ok()) {
            self.testimonies.push(Testimony { op: attempt.op, floor: attempt.floor, answer: answer.clone() });
        }
        if let (Ask::Partition(_, tessera_domain::command::Command::RaiseStock(raise)), Ok(Reply::StockRaised { total, .. })) =
            (&op.ask, answer)
        {
            let raised = self.raised.entry(raise.template.as_str().to_owned()).or_default();
            *raised = (*total).max(*raised);
        }
        Ok(())
    }

    fn check_sold_out(&self, op: &Op, attempt: Attempt, answer: &Answer) -> Checked {
        let Err(refusal) = answer else { return Ok(()) };
        let template = op.ask.template().and_then(|template| self.shadow.catalog.state().catalog().find(template));
        match (refusal.reason, template) {
            (Reason::SoldOut, Some(template)) => {
                let number = template.terms.template;
                i1_stock::check_sold_out(&self.history, number, refusal.value as u64, attempt.raised)
            }
            _ => Ok(()),
        }
    }

    /// I10: what happens after an acknowledgement has a higher lsn.
    fn check_order(&mut self, op: &Op, attempt: Attempt, answer: &Answer) -> Checked {
        let Some(written) = answer.as_ref().ok().and_then(Reply::written) else { return Ok(()) };
        let (journal, lsn) = (op.ask.journal(), written.lsn);
        holds(written.partition == journal, "I10", || format!("journal {journal} was asked, {} answered", written.partition))?;
        holds(written.replayed || lsn > attempt.floor, "I10", || {
            format!("operation {} happened at lsn {lsn}, and {} was acknowledged before it was sent", attempt.op, attempt.floor)
        })?;
        let highest = self.acknowledged.entry(journal).or_default();
        *highest = lsn.max(*highest);
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

    /// At rest, after demand for more than every stock.
    pub(crate) fn at_rest(&self) -> Checked {
        i1_stock::check_sold_to_the_last(&self.shadow, &self.history)?;
        i2_balance::check(&self.shadow, &self.history)?;
        lines::check(&self.shadow, true)
    }

    /// Whether every line's outbox is empty.
    pub(crate) fn lines_are_empty(&self) -> bool {
        lines::check(&self.shadow, true).is_ok()
    }
}
