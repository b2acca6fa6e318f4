//! The owner of the catalog: decides its commands, publishes each durable change, answers when all shards obey.
//!
//! A change leaves in three steps: its frame is made durable; the new catalog rides with it to every
//! shard; when every shard has answered that it decides with it, the caller is answered. What is sent
//! after that reply obeys; what is in flight may still succeed.

use crate::ledger::Ledger;
use crate::letter::{Answer, Letter, Passenger, PostOffice, Sink};
use crate::replay::Live;
use crate::turn::Turn;
use std::collections::VecDeque;
use std::sync::Arc;
use tessera_domain::catalog::{Catalog, CatalogState, Limits};
use tessera_domain::command::CatalogCommand;
use tessera_domain::{Decision, Reason, Reply};
use tessera_wal::Handover;

/// One command for the catalog.
pub struct CatalogRequest {
    /// The caller's mark.
    pub tag: u64,
    /// What is asked.
    pub command: CatalogCommand,
    /// Where the answer goes.
    pub sink: Sink,
}

/// The catalog's owner.
pub struct CatalogOwner {
    ledger: Ledger<CatalogState>,
    office: Arc<dyn PostOffice>,
    /// The lsn that each shard decides with.
    installed: Vec<u64>,
    /// Answers that wait for all shards, by rising lsn.
    waiting: VecDeque<Waiting>,
}

struct Waiting {
    lsn: u64,
    sink: Sink,
    tag: u64,
    answer: Answer,
}

impl CatalogOwner {
    /// The owner of a replayed catalog, which every shard began with.
    pub fn new(ledger: Ledger<CatalogState>, office: Arc<dyn PostOffice>, shards: u16) -> CatalogOwner {
        let installed = vec![ledger.state().lsn(); usize::from(shards)];
        CatalogOwner { ledger, office, installed, waiting: VecDeque::new() }
    }

    /// One turn at this wall time.
    pub fn turn(
        &mut self,
        requests: impl IntoIterator<Item = CatalogRequest>,
        letters: impl IntoIterator<Item = Letter>,
        wall_ms: i64,
        has_log_room: bool,
    ) -> Vec<Handover<Passenger>> {
        let mut turn = Turn::new(self.office.clone());
        self.ledger.begin(wall_ms, self.ledger.state().lsn());
        let before = self.ledger.state().lsn();
        for request in requests {
            self.run(request, has_log_room, &mut turn);
        }
        for letter in letters {
            self.read(letter);
        }
        if has_log_room {
            self.forget(&mut turn);
        }
        self.ledger.seal(&mut turn.sealed);
        if self.ledger.state().lsn() > before {
            self.publish(&mut turn);
        }
        self.answer_obeyed(&mut turn);
        turn.hand_over()
    }

    /// Hands over where the catalog stands; `tell` hears it when everything in it is durable.
    pub fn report(&self, tell: impl FnOnce(Live) + Send + 'static) -> Vec<Handover<Passenger>> {
        let state = self.ledger.state();
        let live = Live { lsn: state.lsn(), digest: state.digest(), digests: state.digests().into() };
        let mut turn = Turn::new(self.office.clone());
        turn.call(move || tell(live));
        turn.hand_over()
    }

    fn run(&mut self, request: CatalogRequest, has_log_room: bool, turn: &mut Turn) {
        let CatalogRequest { tag, command, sink } = request;
        let events = match self.ledger.state().decide(&Limits::default(), &command) {
            Decision::Answer(reply) => return self.answer(Ok(reply), sink, tag, turn),
            Decision::Refuse(rejection) => return self.answer(Err(rejection), sink, tag, turn),
            Decision::Park(_) => unreachable!("the catalog parks nothing"),
            Decision::Send(_) | Decision::Open(_) | Decision::Wait(_) => unreachable!("the catalog has no lines"),
            Decision::Happen(_) if !has_log_room => return self.answer(Err(Reason::LogFull.into()), sink, tag, turn),
            Decision::Happen(events) => events,
            Decision::HappenTogether(_) => unreachable!("the catalog checks nothing out"),
        };
        for event in &events {
            self.ledger.record(event, &mut turn.sealed);
        }
        let answer = self.ledger.state().latest_answer();
        self.answer(answer, sink, tag, turn);
    }

    /// A write's answer waits for the shards, also when it is a repeated one; everything else leaves with this turn.
    fn answer(&mut self, answer: Answer, sink: Sink, tag: u64, turn: &mut Turn) {
        match answer.as_ref().ok().and_then(Reply::written) {
            Some(_) => self.waiting.push_back(Waiting { lsn: self.ledger.state().lsn(), sink, tag, answer }),
            None => turn.answer(&sink, vec![(tag, answer)]),
        }
    }

    fn read(&mut self, letter: Letter) {
        let Letter::Installed { shard, lsn } = letter else { unreachable!("only installations are told to the catalog's owner") };
        let installed = &mut self.installed[usize::from(shard)];
        *installed = lsn.max(*installed);
    }

    fn forget(&mut self, turn: &mut Turn) {
        if let Some(event) = self.ledger.state().decide_time(self.ledger.now_ms()) {
            self.ledger.record(&event, &mut turn.sealed);
        }
    }

    fn publish(&self, turn: &mut Turn) {
        let catalog: Arc<Catalog> = Arc::new(self.ledger.state().catalog().clone());
        for shard in 0..self.installed.len() as u16 {
            turn.send(Letter::Catalog { shard, catalog: catalog.clone() });
        }
    }

    fn answer_obeyed(&mut self, turn: &mut Turn) {
        let obeyed = self.installed.iter().copied().min().unwrap_or(0);
        while let Some(waiting) = self.waiting.pop_front_if(|waiting| waiting.lsn <= obeyed) {
            turn.answer(&waiting.sink, vec![(waiting.tag, waiting.answer)]);
        }
    }
}
