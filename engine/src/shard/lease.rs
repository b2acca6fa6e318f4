//! Leases in a turn: letters between desks, parked claims that are served, returned or refused.
//!
//! The desks (in `domain`) decide; here their events are recorded, their messages become letters, and
//! the claims that wait are taken up again, in their order.

use super::command::Outcome;
use super::{Scene, Shard};
use crate::letter::{Answer, Letter};
use crate::owned::{Owned, Parked, Queue};
use crate::turn::Turn;
use tessera_domain::command::{Command, Keys};
use tessera_domain::lease::{Effects, Message, Next, To};
use tessera_domain::{Need, Pool, Reason};

impl Shard {
    /// A lease message; dropped when its events would find no room, since every one is repeated.
    pub(super) fn read_lease(&mut self, from: u16, to: u16, message: Message, scene: &mut Scene, turn: &mut Turn) {
        if !scene.has_log_room {
            return;
        }
        let pool = message.pool();
        let template = pool.template();
        let catalog_total = self.catalog.get(template).and_then(|template| template.opens_with(pool));
        let owned = self.enter(to, scene);
        let now_ms = owned.ledger.now_ms();
        let stock = owned.ledger.state().stock();
        let mut effects = Effects::default();
        let next = match message {
            Message::Statement(statement) => {
                owned.home.handle(stock, from, statement, catalog_total, now_ms, &mut effects);
                Next::Nothing
            }
            message => owned.lessee.handle(stock, message, now_ms, &mut effects),
        };
        self.carry_out(to, effects, scene, turn);
        match next {
            Next::Nothing => {}
            // What is exhausted refuses them as they are decided.
            Next::Serve | Next::Refuse { .. } => self.serve(to, template, scene, turn),
            Next::ServeThenReturn => {
                self.serve(to, template, scene, turn);
                self.return_lease(to, pool, scene, turn);
            }
        }
    }

    /// Records the events of a desk and sends its messages.
    pub(super) fn carry_out(&mut self, partition: u16, effects: Effects, scene: &mut Scene, turn: &mut Turn) {
        let Effects { events, messages, heard } = effects;
        let owned = self.enter(partition, scene);
        for event in &events {
            owned.ledger.record(event, &mut turn.sealed);
        }
        for (pool, total) in heard {
            let (answered, waiting) = owned.raised.drain(..).partition(|raised| raised.pool == pool && raised.total <= total);
            owned.raised = waiting;
            let answered: Vec<crate::owned::Raised> = answered;
            for raised in answered {
                turn.answer(&raised.slot.sink, vec![(raised.slot.tag, raised.answer)]);
            }
        }
        for (to, message) in messages {
            if let Some(to) = self.address(to, message.pool().template()) {
                turn.send(Letter::Lease { from: partition, to, message });
            }
        }
    }

    /// The partition that a desk means; none while this shard has not heard of the template.
    fn address(&self, to: To, template: u32) -> Option<u16> {
        match to {
            To::Lessee(partition) => Some(partition),
            To::Home => {
                let template = self.catalog.get(template)?;
                Some(self.settings.key.home_of(template.terms.template_id.as_str(), self.settings.partitions))
            }
        }
    }

    /// Takes parked claims up again, in their order, until one would have to wait: all behind it wait for what it lacks.
    fn serve(&mut self, partition: u16, template: u32, scene: &mut Scene, turn: &mut Turn) {
        let Some(mut queue) = self.enter(partition, scene).parked.remove(&template) else { return };
        let (mut served, mut lacking) = (0, None);
        while let Some(parked) = queue.claims.pop_front() {
            let command = Command::Claim(parked.claim);
            let keys = Keys::of(&command, &self.settings.key);
            match self.decide(partition, &command, &keys, scene, turn) {
                Outcome::Answer(answer) => {
                    served += 1;
                    turn.answer(&parked.slot.sink, vec![(parked.slot.tag, answer)]);
                }
                Outcome::Park(need) => {
                    let Command::Claim(claim) = command else { unreachable!("a claim was parked") };
                    queue.claims.push_front(Parked { claim, ..parked });
                    lacking = Some(need);
                    break;
                }
                Outcome::Wait(_) => unreachable!("a claim waits for no saga"),
            }
        }
        self.unpark(partition, template, served, queue, lacking);
    }

    fn unpark(&mut self, partition: u16, template: u32, answered: u32, mut rest: Queue, lacking: Option<Need>) {
        let Owned { lessee, ledger, parked, .. } =
            self.owned[usize::from(partition)].as_mut().expect("a claim waits at its owner");
        if answered > 0 {
            lessee.unpark(ledger.state().stock(), rest.lacks.pool, answered);
        }
        if let Some(need) = lacking {
            rest.wait_for(need, lessee, ledger.state().stock());
        }
        if !rest.claims.is_empty() {
            parked.insert(template, rest);
        }
    }

    /// What has come back in this turn is for who waits.
    pub(super) fn serve_restocked(&mut self, scene: &mut Scene, turn: &mut Turn) {
        while let Some((partition, template)) = scene.restocked.pop() {
            self.serve(partition, template, scene, turn);
        }
    }

    fn return_lease(&mut self, partition: u16, pool: Pool, scene: &mut Scene, turn: &mut Turn) {
        let owned = self.enter(partition, scene);
        let now_ms = owned.ledger.now_ms();
        let mut effects = Effects::default();
        owned.lessee.finish_recall(owned.ledger.state().stock(), pool, now_ms, &mut effects);
        self.carry_out(partition, effects, scene, turn);
    }

    /// Answers the claims at the front of their queue that have waited too long. Each is decided a last time, because
    /// another copy of it may have been served in the meantime: that one's reply is its answer too (I5).
    fn give_up_parked(&mut self, partition: u16, template: u32, now_ms: i64, scene: &mut Scene, turn: &mut Turn) {
        let owned = self.owned[usize::from(partition)].as_mut().expect("a claim waits at its owner");
        let Some(mut queue) = owned.parked.remove(&template) else { return };
        let mut answered = 0;
        while let Some(parked) = queue.claims.pop_front_if(|parked| parked.until_ms <= now_ms) {
            let command = Command::Claim(parked.claim);
            let keys = Keys::of(&command, &self.settings.key);
            let answer: Answer = match self.decide(partition, &command, &keys, scene, turn) {
                Outcome::Answer(answer) => answer,
                Outcome::Park(_) => Err(Reason::StockBusy.into()),
                Outcome::Wait(_) => unreachable!("a claim waits for no saga"),
            };
            turn.answer(&parked.slot.sink, vec![(parked.slot.tag, answer)]);
            answered += 1;
        }
        self.unpark(partition, template, answered, queue, None);
    }

    /// Claims that waited too long, and what the desks repeat.
    pub(super) fn tick_leases(&mut self, partition: u16, scene: &mut Scene, turn: &mut Turn) {
        let owned = self.enter(partition, scene);
        let now_ms = owned.ledger.now_ms();
        let waiting: Vec<u32> = owned.parked.keys().copied().collect();
        for template in waiting {
            self.give_up_parked(partition, template, now_ms, scene, turn);
        }
        if !scene.has_log_room {
            return;
        }
        let owned = self.enter(partition, scene);
        let mut effects = Effects::default();
        owned.lessee.tick(owned.ledger.state().stock(), now_ms, &mut effects);
        self.carry_out(partition, effects, scene, turn);
        let owned = self.enter(partition, scene);
        let mut effects = Effects::default();
        owned.home.tick(owned.ledger.state().stock(), now_ms, &mut effects);
        self.carry_out(partition, effects, scene, turn);
    }

    /// Once per turn for every lease that was sold from or asked for.
    pub(super) fn settle(&mut self, scene: &mut Scene, turn: &mut Turn) {
        let mut claimed = std::mem::take(&mut scene.claimed);
        claimed.sort_unstable();
        claimed.dedup();
        for (partition, need) in claimed {
            let owned = self.enter(partition, scene);
            let now_ms = owned.ledger.now_ms();
            let mut effects = Effects::default();
            owned.lessee.after_sales(owned.ledger.state().stock(), need, now_ms, &mut effects);
            self.carry_out(partition, effects, scene, turn);
        }
    }
}
