//! Commands in a turn: record what is due for what they are about, decide, record, answer from what was remembered; park a
//! claim that needs a lease, and let whoever opened a saga wait for its end.

use super::line::happen;
use super::{Scene, Shard, context, enter, note_restock, restock_in};
use crate::ledger::Ledger;
use crate::letter::{Answer, Request, Sink};
use crate::owned::{Owned, Parked, Queue, Raised, Slot};
use crate::planted::{self, Planted};
use crate::turn::Turn;
use std::collections::VecDeque;
use tessera_domain::command::{Claim, Command, Keys};
use tessera_domain::lease::{Effects, PARKED_MS_MAX};
use tessera_domain::{Decision, Events, HOLDS_PER_COUPON_MAX, Need, Partition, Pool, Reason, Rejection, Reply};

impl Shard {
    /// Decides one request; its answer goes to `answers`, unless it has to wait.
    pub(super) fn run(
        &mut self,
        request: &Request,
        keys: &Keys,
        sink: &Sink,
        scene: &mut Scene,
        turn: &mut Turn,
        answers: &mut Vec<(u64, Answer)>,
    ) {
        let &Request { partition, tag, ref command } = request;
        if !self.owns(partition) {
            let reason = if partition < self.settings.partitions { Reason::Recovering } else { Reason::NotOwner };
            answers.push((tag, Err(reason.into())));
            return;
        }
        match self.decide(partition, command, keys, scene, turn) {
            Outcome::Answer(answer) => match (command, &answer) {
                (
                    Command::RaiseStock(raise) | Command::RaiseBudget(raise),
                    Ok(Reply::StockRaised { written: Some(_), total }),
                ) => {
                    let template = self.catalog.find(&raise.template).expect("a raised template is in the catalog");
                    let pool_of = if matches!(command, Command::RaiseStock(_)) { Pool::stock } else { Pool::budget };
                    let raised = Raised {
                        pool: pool_of(template.terms.template),
                        total: *total,
                        slot: Slot { sink: sink.clone(), tag },
                        answer,
                    };
                    self.await_hearing(partition, raised, scene, turn);
                }
                _ => answers.push((tag, answer)),
            },
            Outcome::Park(need) => {
                let Command::Claim(claim) = command else { unreachable!("only claims are parked") };
                if let Err(refusal) = self.park(partition, need, claim.clone(), Slot { sink: sink.clone(), tag }) {
                    answers.push((tag, Err(refusal)));
                }
            }
            Outcome::Wait(saga) => {
                let owned = self.enter(partition, scene);
                if let Err(refusal) = owned.wait_for(saga, Slot { sink: sink.clone(), tag }) {
                    answers.push((tag, Err(refusal)));
                }
            }
        }
    }

    /// Decides and records, by the command's keys.
    pub(super) fn decide(
        &mut self,
        partition: u16,
        command: &Command,
        keys: &Keys,
        scene: &mut Scene,
        turn: &mut Turn,
    ) -> Outcome {
        let Shard { catalog, settings, owned, .. } = self;
        let owned = enter(owned, partition, scene.wall_ms, catalog.lsn());
        let now_ms = owned.ledger.now_ms();
        if let Command::Claim(claim) = command
            && let Some(template) = catalog.find(&claim.template)
        {
            template.each_need(now_ms, |need| scene.note_claim(partition, need));
        }
        if scene.has_log_room && !planted::is(Planted::DueUnrecorded) && !settle(owned, command, scene, turn) {
            return Outcome::Answer(Err(Reason::Overloaded.into()));
        }
        // What an order is to let go elsewhere is let go before it asks there again.
        if let Command::Checkout(checkout) = command
            && scene.has_log_room
            && !checkout.apart.is_empty()
        {
            owned.settle_sagas(turn);
        }
        let context = context(settings, catalog, &owned.lessee, now_ms);
        let mut restocked = None;
        let outcome = match owned.ledger.state().decide_by(&context, command, keys) {
            Decision::Answer(reply) => Outcome::Answer(Ok(reply)),
            Decision::Refuse(rejection) => Outcome::Answer(Err(rejection)),
            Decision::Park(need) => Outcome::Park(need),
            Decision::Wait(saga) => Outcome::Wait(saga),
            Decision::Happen(_) | Decision::HappenTogether(_) | Decision::Send(_) | Decision::Open(_) if !scene.has_log_room => {
                Outcome::Answer(Err(Reason::LogFull.into()))
            }
            Decision::HappenTogether(group) => {
                owned.ledger.record_together(&group, keys, &mut turn.sealed);
                Outcome::Answer(owned.ledger.state().latest_answer())
            }
            Decision::Happen(events) => {
                record(&mut owned.ledger, &events, keys);
                owned.ledger.split(&mut turn.sealed);
                restocked = restock_in(&events);
                Outcome::Answer(owned.ledger.state().latest_answer())
            }
            Decision::Send(happening) => {
                happen(&mut owned.ledger, *happening, Some(keys), turn);
                Outcome::Answer(owned.ledger.state().latest_answer())
            }
            Decision::Open(happening) => {
                happen(&mut owned.ledger, *happening, Some(keys), turn);
                Outcome::Wait(owned.ledger.state().newest_saga())
            }
        };
        note_restock(owned, restocked, scene);
        outcome
    }

    /// Behind the other claims of its template, which wait for what it waits for.
    fn park(&mut self, partition: u16, need: Need, claim: Claim, slot: Slot) -> Result<(), Rejection> {
        let Owned { lessee, ledger, parked, .. } =
            self.owned[usize::from(partition)].as_mut().expect("a claim is decided by its owner");
        if !lessee.park(ledger.state().stock(), need) {
            return Err(Reason::StockBusy.into());
        }
        let until_ms = ledger.now_ms() + PARKED_MS_MAX;
        let queue = parked.entry(need.pool.template()).or_insert_with(|| Queue { lacks: need, claims: VecDeque::new() });
        queue.wait_for(need, lessee, ledger.state().stock());
        queue.claims.push_back(Parked { claim, slot, until_ms });
        Ok(())
    }

    /// A raise is answered when every lessee has heard of it, so that whoever claims after the reply finds it.
    fn await_hearing(&mut self, partition: u16, raised: Raised, scene: &mut Scene, turn: &mut Turn) {
        let owned = self.enter(partition, scene);
        let mut effects = Effects::default();
        let now_ms = owned.ledger.now_ms();
        owned.home.raised(owned.ledger.state().stock(), raised.pool, now_ms, &mut effects);
        owned.raised.push(raised);
        self.carry_out(partition, effects, scene, turn);
    }
}

/// What deciding a command came to.
pub(super) enum Outcome {
    /// An answer.
    Answer(Answer),
    /// It waits for this.
    Park(Need),
    /// It waits for the end of this saga.
    Wait(u64),
}

/// Events that time may bring to what one command is about: every hold of a coupon, and its end.
pub(super) const DUE_EVENTS_MAX: u32 = HOLDS_PER_COUPON_MAX + 1;

/// Records what is due for what a command is about; `false` if there is more than one command may take: then it is refused, and
/// a retry goes on from there.
#[inline(always)]
fn settle(owned: &mut Owned, command: &Command, scene: &mut Scene, turn: &mut Turn) -> bool {
    for _ in 0..DUE_EVENTS_MAX {
        let Some(events) = owned.ledger.state().due(command, owned.ledger.now_ms()) else { return true };
        owned.ledger.record_all(&events, &mut turn.sealed);
        note_restock(owned, restock_in(&events), scene);
    }
    owned.ledger.state().due(command, owned.ledger.now_ms()).is_none()
}

/// What was decided becomes facts of the frame that is open.
fn record(ledger: &mut Ledger<Partition>, events: &Events<'_>, keys: &Keys) {
    events.iter().for_each(|event| ledger.add_by(event, keys));
}
