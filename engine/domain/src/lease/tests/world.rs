//! A small world for exhaustive search: one home, two lessees, and every message ever sent.
//!
//! A message stays deliverable for ever, so reordering, duplication and any delay are covered, and
//! its loss is that it is never delivered. Each step is durable at once: a step whose frame is lost in
//! a crash was seen by nobody, so it equals no step, followed by the crash. The clock stands but for
//! explicit steps, and every repetition is always due: a tick may come at any time.

use super::ledger::{LESSEES, Ledger};
use super::post::Post;
use super::shop::{Answer, Office, Out, Shop};
use super::{PIECE, POOL};
use crate::lease::{HomeDesk, LesseeDesk, Message, Sale, To};
use crate::stock::Stock;

/// What may still happen from outside.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Budget {
    /// Claims that are still to come, by lessee.
    pub(super) claims: [u8; LESSEES as usize],
    /// Crashes; `None` = any number.
    pub(super) crashes: Option<u8>,
    /// Seconds that may pass.
    pub(super) seconds: u8,
    /// Sold pieces that may still come back.
    pub(super) restocks: u8,
    /// Pieces that an operator may still add, at once.
    pub(super) raise: u64,
    /// Whether parked claims may run out of time.
    pub(super) impatient: bool,
}

#[derive(Clone, Debug, Hash)]
pub(super) struct World {
    catalog_total: u64,
    now_ms: i64,
    budget: Budget,
    pub(super) ledger: Ledger,
    home_desk: HomeDesk,
    desks: [LesseeDesk; LESSEES as usize],
    /// Whether the reply of the raise has left.
    raise_heard: bool,
    pub(super) post: Post,
}

/// One step of somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Claim(u16),
    Deliver(u16, To, Message),
    TickLessee(u16),
    TickHome,
    CrashLessee(u16),
    CrashHome,
    GiveUp(u16),
    Restock(u16),
    Raise,
    SecondPasses,
}

impl World {
    pub(super) fn new(catalog_total: u64, budget: Budget) -> World {
        let desk = LesseeDesk::start(&Stock::default(), 0);
        World {
            catalog_total,
            now_ms: 0,
            budget,
            ledger: Ledger::default(),
            home_desk: HomeDesk::start(LESSEES),
            desks: [desk.clone(), desk],
            raise_heard: false,
            post: Post::default(),
        }
    }

    /// Every step that is possible here.
    pub(super) fn steps(&self) -> Vec<Step> {
        let mut steps: Vec<Step> = self.post.iter().map(|&(from, to, message)| Step::Deliver(from, to, message)).collect();
        steps.push(Step::TickHome);
        for lessee in 0..LESSEES {
            steps.push(Step::TickLessee(lessee));
            if self.budget.claims[usize::from(lessee)] > 0 {
                steps.push(Step::Claim(lessee));
            }
            if self.budget.restocks > 0 && self.ledger.out_of(lessee) > 0 {
                steps.push(Step::Restock(lessee));
            }
            if self.budget.impatient && self.parked(lessee) > 0 {
                steps.push(Step::GiveUp(lessee));
            }
        }
        if self.budget.crashes != Some(0) {
            steps.extend([Step::CrashHome, Step::CrashLessee(0), Step::CrashLessee(1)]);
        }
        if self.budget.raise > 0 && self.ledger.total.is_some() {
            steps.push(Step::Raise);
        }
        if self.budget.seconds > 0 {
            steps.push(Step::SecondPasses);
        }
        steps
    }

    /// The world after a step; panics if the step broke a promise.
    pub(super) fn after(&self, step: Step) -> World {
        let mut world = self.clone();
        world.step(step);
        world.desks.iter_mut().for_each(LesseeDesk::make_due);
        world.home_desk.make_due();
        world.check();
        world
    }

    pub(super) fn step(&mut self, step: Step) {
        match step {
            Step::Claim(lessee) => {
                self.budget.claims[usize::from(lessee)] -= 1;
                self.shop(lessee, |shop| shop.claim(1));
            }
            Step::Deliver(from, To::Home, Message::Statement(said)) => self.office(|office| office.hear(from, said)),
            Step::Deliver(_, To::Lessee(lessee), message) => self.shop(lessee, |shop| shop.hear(message)),
            Step::Deliver(_, To::Home, other) => panic!("only statements go home: {other:?}"),
            Step::TickLessee(lessee) => self.shop(lessee, |shop| shop.tick()),
            Step::TickHome => self.office(|office| office.tick()),
            Step::GiveUp(lessee) => self.shop(lessee, |shop| shop.give_up()),
            Step::Restock(lessee) => {
                self.budget.restocks -= 1;
                self.shop(lessee, |shop| shop.restock());
            }
            Step::Raise => {
                let to = self.ledger.total.expect("only an opened stock is raised") + std::mem::take(&mut self.budget.raise);
                self.office(|office| office.raise(to));
            }
            Step::SecondPasses => {
                self.budget.seconds -= 1;
                self.now_ms += crate::lease::SOLD_OUT_MS;
            }
            Step::CrashHome | Step::CrashLessee(_) => self.crash(step),
        }
    }

    /// Soft state is lost. Where crashes are counted, the clock moves on: a restart takes time.
    fn crash(&mut self, step: Step) {
        if let Some(crashes) = self.budget.crashes.as_mut() {
            *crashes -= 1;
            self.now_ms += 1;
        }
        match step {
            Step::CrashLessee(lessee) => {
                let stock = self.ledger.lessee_stock(lessee);
                self.desks[usize::from(lessee)] = LesseeDesk::start(&stock, self.now_ms);
            }
            _ => self.home_desk = HomeDesk::start(LESSEES),
        }
    }

    pub(super) fn parked(&self, lessee: u16) -> u32 {
        self.desks[usize::from(lessee)].parked(POOL)
    }

    /// The same, after everything that is on its way was lost.
    pub(super) fn without_messages(&self) -> World {
        World { post: Post::default(), ..self.clone() }
    }

    /// What a claim would be told here, now.
    pub(super) fn sale(&self, lessee: u16) -> Sale {
        self.desks[usize::from(lessee)].sale(&self.ledger.lessee_stock(lessee), PIECE, self.now_ms)
    }

    /// Every claim that was still to come, comes.
    pub(super) fn claim_all(&mut self) {
        for lessee in 0..LESSEES {
            while self.budget.claims[usize::from(lessee)] > 0 {
                self.step(Step::Claim(lessee));
            }
        }
    }

    /// Time goes on, for a world that is run and not searched.
    pub(super) fn wait(&mut self, ms: i64) {
        self.now_ms += ms;
    }

    fn shop(&mut self, lessee: u16, act: impl FnOnce(&mut Shop)) {
        let mut stock = self.ledger.lessee_stock(lessee);
        let desk = &mut self.desks[usize::from(lessee)];
        let mut shop = Shop { stock: &mut stock, desk, now_ms: self.now_ms, out: Out::default() };
        act(&mut shop);
        let out = shop.out;
        self.ledger.read_lessee(lessee, &stock);
        out.answers.iter().for_each(|answer| self.check_answer(*answer));
        self.send(lessee, out.messages);
    }

    fn office(&mut self, act: impl FnOnce(&mut Office)) {
        let mut stock = self.ledger.home_stock();
        let (desk, catalog_total) = (&mut self.home_desk, self.catalog_total);
        let mut office = Office { stock: &mut stock, desk, now_ms: self.now_ms, catalog_total, out: Out::default() };
        act(&mut office);
        let out = office.out;
        self.ledger.read_home(&stock);
        self.raise_heard |= !out.heard.is_empty();
        out.messages.iter().for_each(|(_, message)| self.check_verdict(message));
        self.send(LESSEES, out.messages);
    }

    fn send(&mut self, from: u16, messages: Vec<(To, Message)>) {
        messages.into_iter().for_each(|(to, message)| self.post.send((from, to, message)));
    }

    /// What a claim would be told is checked in every state, whether or not one comes.
    fn check(&self) {
        self.ledger.check();
        for lessee in 0..LESSEES {
            if let Sale::SoldOut { total } = self.sale(lessee) {
                self.check_answer(Answer::SoldOut { total });
            }
        }
    }

    /// "Sold out" names a total that is sold; once a raise is acknowledged, no total but the new one.
    fn check_answer(&self, answer: Answer) {
        let Answer::SoldOut { total } = answer else { return };
        let now = self.ledger.total.expect("only an opened stock is sold out");
        assert!(total <= now && self.ledger.issued() >= total, "I1: sold out of {total} when it is");
        assert!(total == now || !self.raise_heard, "nobody refuses by the old total after the raise was acknowledged");
    }

    fn check_verdict(&self, message: &Message) {
        if let Message::SoldOut { total, .. } = message {
            let (now, issued) = (self.ledger.total, self.ledger.issued());
            assert_eq!(now, Some(*total), "home says what it has");
            // What has come back since a lessee stated is not known yet.
            let may_be = *total..=*total + self.ledger.restocked();
            assert!(may_be.contains(&issued), "I1: home says sold out when the last piece is issued");
        }
    }
}
