//! The end of a run: no more trouble, time passes, everything unanswered is asked again, every stock is sold; then the audit.

use super::World;
use crate::audit::Goodput;
use crate::clients::{DAYED, claim};
use crate::history::day_of;
use crate::violation::{Checked, broken};
use tessera_domain::Reason;

/// One round of rest, in ms.
const ROUND_MS: i64 = 5;

/// Rounds until everything must have been answered: 30 s of the world's time.
const ROUNDS_MAX: u32 = 6_000;

/// In quiet times what is due is written within this, in ms.
const DUE_MS_MAX: i64 = 100;

/// Claims for each template in one sweep.
const SWEEP_CLAIMS: usize = 48;

/// Users of the sweep are numbered from here on.
const SWEEP_USERS: i64 = 1_000_000;

impl World<'_> {
    pub(super) fn come_to_rest(&mut self) -> Checked {
        self.is_quiet = true;
        self.post.trouble = 0;
        self.full_until_ms = 0;
        self.make_room();
        self.trace.note("rest", &[]);
        // A doom that has not come yet would end the quiet.
        self.crash()?;
        if self.is_over {
            return Ok(());
        }
        self.goodput = Goodput::begin(self.now_ms, self.clients.open_ops());
        self.settle("every request is answered")?;
        self.sell_out()?;
        self.exhaust_the_day()?;
        self.ask_everything_again()?;
        let due_ms = self.wall_ms() - DUE_MS_MAX;
        self.auditor.at_rest(due_ms)?;
        self.crash()?;
        self.auditor.at_rest(due_ms)
    }

    /// Rounds until nobody waits for anything.
    fn settle(&mut self, what: &str) -> Checked {
        for _ in 0..ROUNDS_MAX {
            self.round()?;
            if !self.clients.has_open() && self.post.is_empty() && self.requests.is_empty() && self.auditor.lines_are_empty() {
                return Ok(());
            }
        }
        let open = self.clients.open_ops().first().map(|&op| format!("operation {op}: {:?}", self.clients.ops[op].ask));
        let lines = if self.auditor.lines_are_empty() { "are" } else { "are not" };
        let invariant = if open.is_some() { "I14" } else { "law 4" };
        Err(broken(invariant, format!("in quiet times {what}; open is {open:?}, outboxes {lines} empty")))
    }

    fn round(&mut self) -> Checked {
        self.advance(ROUND_MS);
        self.bring_requests();
        (0..self.plan.shards).for_each(|shard| self.turn_of(shard));
        self.catalog_turn();
        self.land()?;
        while self.commit()? {}
        self.bring_replies();
        while let Some(op) = self.clients.impatient(self.now_ms) {
            self.send_again(op);
        }
        self.land()?;
        let ops = &self.clients.ops;
        self.goodput.check(self.now_ms, |op| ops[op].answer.is_none())
    }

    /// Demand beyond every stock: claims until a whole sweep hears "sold out".
    fn sell_out(&mut self) -> Checked {
        let mut user = SWEEP_USERS;
        for sale in
            (0..self.clients.known.sales.len()).filter(|&sale| self.clients.known.sale(sale).is_some()).collect::<Vec<_>>()
        {
            loop {
                let sweep: Vec<usize> = (0..SWEEP_CLAIMS)
                    .map(|_| {
                        user += 1;
                        let op = self.clients.ops.len();
                        self.clients.add(claim(self.plan, &format!("sale{sale}"), user, op))
                    })
                    .collect();
                self.send(&sweep);
                self.settle("a sale is sold out")?;
                let is_over = |op: &usize| {
                    let answer = self.clients.ops[*op].answer.as_ref();
                    answer.is_some_and(|answer| answer.as_ref().is_err_and(|refusal| refusal.reason == Reason::SoldOut))
                };
                if sweep.iter().all(is_over) {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Demand beyond what a day gives out: claims until a whole sweep hears so, and then the day has given out all of it. A sweep over a
    /// midnight says nothing.
    fn exhaust_the_day(&mut self) -> Checked {
        if !self.clients.known.templates.contains_key(DAYED) {
            return Ok(());
        }
        let mut user = 2 * SWEEP_USERS;
        loop {
            let day = day_of(self.wall_ms());
            let mut sweep = Vec::new();
            for _ in 0..SWEEP_CLAIMS {
                user += 1;
                let op = self.clients.ops.len();
                sweep.push(self.clients.add(claim(self.plan, DAYED, user, op)));
            }
            self.send(&sweep);
            self.settle("a day is exhausted")?;
            let is_over = |op: &usize| {
                let answer = self.clients.ops[*op].answer.as_ref();
                answer
                    .is_some_and(|answer| answer.as_ref().is_err_and(|refusal| refusal.reason == Reason::TemplateDayLimitReached))
            };
            if sweep.iter().all(is_over) && day == day_of(self.wall_ms()) {
                return self.auditor.day_is_exhausted(DAYED, day);
            }
        }
    }

    /// I5: every operation of the run, once more.
    fn ask_everything_again(&mut self) -> Checked {
        for op in self.clients.oldest..self.clients.ops.len() {
            if self.clients.ops[op].ask.is_write() {
                self.send_again(op);
            }
            if op % SWEEP_CLAIMS == 0 {
                self.round()?;
            }
        }
        self.settle("late retries are answered")
    }
}
