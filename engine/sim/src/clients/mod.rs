//! The clients: what they asked, what they heard, and when they ask again.

mod batch;
mod gift;
mod import;
mod known;
mod op;
mod orders;
mod till;
mod workload;

use crate::dice::Dice;
use crate::plan::Plan;
use crate::planted::Planted;
pub(crate) use known::Known;
pub(crate) use op::{Ask, Attempt, Floor, Op, Switched, as_first, id, is_transient, op_of};
use tessera_engine::letter::Answer;
pub(crate) use workload::{BUDGET, COVER, DAILY, DAILY_MAX, DAY_STOCK, DAYED, FUNDED, FUNDED_STOCK, MERCHANT, claim};

/// A client waits so long for an answer before it asks again, in ms, at least.
const PATIENCE_MS: i64 = 250;

/// Of a thousand new operations, so many confuse an earlier one.
const CONFUSED: u32 = 80;

/// Planted: attempts among which an earlier one of the same operation is looked for.
const RENAMED_AMONG: usize = 500;

/// Every operation of a run.
#[derive(Default)]
pub(crate) struct Clients {
    pub(crate) ops: Vec<Op>,
    attempts: Vec<Attempt>,
    /// Operations without a final answer.
    open: Vec<usize>,
    /// Operations before this one may be forgotten by now: nobody asks for them again.
    pub(crate) oldest: usize,
    pub(crate) known: Known,
}

impl Clients {
    /// The first operations: the catalog is written.
    pub(crate) fn begin(&mut self, plan: &Plan, dice: &mut Dice) {
        for ask in workload::creations(plan, dice, self.ops.len()) {
            self.add(ask);
        }
    }

    /// A new operation, if the mix finds one and there is patience for it.
    pub(crate) fn next(&mut self, plan: &Plan, dice: &mut Dice) -> Option<usize> {
        if self.open.len() >= plan.open_max {
            return None;
        }
        if let Some(op) = self.confuse(dice) {
            return Some(op);
        }
        let ask = workload::next(&self.known, plan, dice, self.ops.len())?;
        Some(self.add(ask))
    }

    /// A till that loses its memory: the same order under another request id, or the same request id for another amount.
    fn confuse(&mut self, dice: &mut Dice) -> Option<usize> {
        if self.oldest == self.ops.len() || !dice.chance(CONFUSED) {
            return None;
        }
        let original = self.oldest + dice.below(self.ops.len() - self.oldest);
        let Op { ask, answer, imposter_of: None, .. } = &self.ops[original] else { return None };
        if dice.chance(600) {
            let twin = ask.twin(self.ops.len())?;
            return Some(self.add(twin));
        }
        let dearer = ask.dearer().filter(|_| answer.as_ref().is_some_and(|answer| ask.is_bound_by(answer)))?;
        let op = self.add(dearer);
        self.ops[op].imposter_of = Some(original);
        Some(op)
    }

    /// A look at what an unanswered request is about to change.
    pub(crate) fn look(&mut self, plan: &Plan, dice: &mut Dice) -> Option<usize> {
        let ask = dice.pick(&self.open).and_then(|&op| workload::look(&self.ops[op].ask, plan));
        ask.map(|ask| self.add(ask))
    }

    /// A use of what ends soon, and the time at which it is to be asked for.
    pub(crate) fn brink(&mut self, plan: &Plan, wall_ms: i64, dice: &mut Dice) -> Option<(i64, usize)> {
        let (at_ms, ask) = till::brink(&self.known, plan, wall_ms, dice, self.ops.len())?;
        Some((at_ms, self.add(ask)))
    }

    pub(crate) fn add(&mut self, ask: Ask) -> usize {
        self.ops.push(Op { ask, imposter_of: None, answer: None, retry_ms: 0 });
        self.open.push(self.ops.len() - 1);
        self.ops.len() - 1
    }

    /// An operation that was not answered in time.
    pub(crate) fn impatient(&self, now_ms: i64) -> Option<usize> {
        self.open.iter().copied().find(|&op| self.ops[op].retry_ms <= now_ms)
    }

    /// What goes out with an attempt.
    pub(crate) fn ask_of(&self, tag: u64, planted: Option<Planted>) -> Ask {
        let op = self.attempts[tag as usize].op;
        let is_retry = || self.attempts[..tag as usize].iter().rev().take(RENAMED_AMONG).any(|earlier| earlier.op == op);
        match planted == Some(Planted::RetryRenamed) && is_retry() {
            true => self.ops[op].ask.renamed(tag),
            false => self.ops[op].ask.clone(),
        }
    }

    /// Operations without a final answer.
    pub(crate) fn open_ops(&self) -> &[usize] {
        &self.open
    }

    pub(crate) fn has_open(&self) -> bool {
        !self.open.is_empty()
    }

    /// Sends an operation: gives the tag of the attempt.
    pub(crate) fn send(&mut self, op: usize, floor: Floor, now_ms: i64, dice: &mut Dice) -> u64 {
        self.ops[op].retry_ms = now_ms + PATIENCE_MS + dice.between(0, PATIENCE_MS);
        self.attempts.push(Attempt { op, floor });
        self.attempts.len() as u64 - 1
    }

    /// A day has passed.
    pub(crate) fn forget(&mut self) {
        self.oldest = self.ops.len();
        self.open.clear();
    }

    pub(crate) fn attempt(&self, tag: u64) -> Attempt {
        self.attempts[tag as usize]
    }

    /// An answer reaches its client.
    pub(crate) fn hear(&mut self, tag: u64, answer: Answer, now_ms: i64) {
        let number = self.attempts[tag as usize].op;
        let op = &mut self.ops[number];
        if is_transient(&answer) {
            op.retry_ms = op.retry_ms.min(now_ms + PATIENCE_MS / 10);
        } else if op.answer.is_none() {
            self.known.learn(&op.ask, &answer);
            op.answer = Some(answer);
            self.open.retain(|&open| open != number);
        }
    }
}
