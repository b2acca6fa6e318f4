//! A large world at random: loss, duplication, reordering and crashes at 16 and 128 partitions.
//!
//! Claims come at random partitions and are retried by their clients until they are answered, so in
//! the end each is sold a piece or refused, and the numbers must come out to the last piece.

use super::chance::Chance;
use super::party::{Durable, Party};
use super::shop::Answer;
use crate::lease::{Message, REPEAT_MS, To};
use std::collections::BTreeMap;

/// Claims that arrive in a millisecond at most.
const ARRIVALS_MAX: u64 = 120;

/// A run that takes longer is stuck.
const TIME_MS_MAX: i64 = 60_000;

/// The home of the template.
const HOME: u16 = 5;

struct Simulation {
    chance: Chance,
    now_ms: i64,
    parties: Vec<Party>,
    /// Messages by arrival: from, to, what.
    network: BTreeMap<i64, Vec<(u16, u16, Message)>>,
    /// Claims that clients still have to make.
    to_come: u32,
    sold: u64,
    refused: u64,
    total: u64,
    /// A raise whose reply has not come.
    raising: Option<u64>,
    crashes: u32,
    /// Milliseconds between crashes, on average.
    crash_every_ms: u64,
}

impl Simulation {
    fn new(seed: u64, partitions: u16, stock: u64, crash_every_ms: u64) -> Simulation {
        Simulation {
            chance: Chance(seed),
            now_ms: 1,
            parties: (0..partitions).map(|_| Party::new(partitions, stock)).collect(),
            network: BTreeMap::new(),
            to_come: 0,
            sold: 0,
            refused: 0,
            total: stock,
            raising: None,
            crashes: 0,
            crash_every_ms,
        }
    }

    /// Makes so many claims and runs until each is answered and every raise was replied to.
    fn claim(&mut self, claims: u32) {
        self.to_come += claims;
        let answered = self.sold + self.refused + u64::from(claims);
        while self.sold + self.refused < answered || self.raising.is_some() {
            assert!(self.now_ms < TIME_MS_MAX, "stuck: {} sold, {} refused, {} to come", self.sold, self.refused, self.to_come);
            self.millisecond();
        }
    }

    fn raise(&mut self, to: u64) {
        self.raising = Some(to);
        self.parties[usize::from(HOME)].raise(to, self.now_ms);
    }

    fn millisecond(&mut self) {
        self.now_ms += 1;
        self.arrive();
        self.deliver();
        if self.now_ms % REPEAT_MS == 0 {
            self.tick();
        }
        if self.chance.once_in(self.crash_every_ms) {
            self.crash();
        }
        self.sync();
    }

    fn arrive(&mut self) {
        let arriving = self.chance.below(ARRIVALS_MAX).min(u64::from(self.to_come)) as u32;
        let mut left = arriving;
        while left > 0 {
            let claims = left.min(1 + self.chance.below(8) as u32);
            let party = self.any();
            if self.is_up(party) {
                self.parties[party].claim(claims, self.now_ms);
                self.to_come -= claims;
            }
            left -= claims;
        }
    }

    fn deliver(&mut self) {
        for (from, to, message) in self.network.remove(&self.now_ms).unwrap_or_default() {
            if self.is_up(usize::from(to)) {
                self.parties[usize::from(to)].hear(from, message, self.now_ms);
            }
        }
    }

    fn tick(&mut self) {
        for party in 0..self.parties.len() {
            if self.is_up(party) {
                self.to_come += self.parties[party].tick(self.now_ms);
            }
        }
    }

    /// Half of the partitions, at random, have a sync that ends now.
    fn sync(&mut self) {
        for party in 0..self.parties.len() {
            if self.is_up(party) && self.chance.once_in(2) {
                let durable = self.parties[party].sync();
                self.leave(party as u16, durable);
            }
        }
    }

    fn leave(&mut self, from: u16, durable: Durable) {
        let sold: u64 = self.parties.iter().map(|party| party.sold).sum();
        durable.answers.iter().for_each(|answer| self.answer(*answer, sold));
        durable.messages.into_iter().for_each(|(to, message)| self.send(from, to, message));
        if let Some(raised) = self.raising.filter(|to| durable.heard.contains(to)) {
            (self.total, self.raising) = (raised, None);
        }
    }

    /// Who is refused is refused by a total that is sold and durable, and that no reply has replaced.
    fn answer(&mut self, answer: Answer, sold: u64) {
        match answer {
            Answer::Sold => self.sold += 1,
            Answer::SoldOut { total } => {
                assert!(sold >= total && total >= self.total, "I1: refused by {total} of {}, sold {sold}", self.total);
                self.refused += 1;
            }
        }
    }

    /// One in fifty is lost, one in fifty comes twice, one in ten comes late.
    fn send(&mut self, from: u16, to: To, message: Message) {
        let to = match to {
            To::Home => HOME,
            To::Lessee(lessee) => lessee,
        };
        let copies = match self.chance.below(50) {
            0 => 0,
            1 => 2,
            _ => 1,
        };
        for _ in 0..copies {
            let slow = if self.chance.once_in(10) { 150 } else { 4 };
            let arrival_ms = self.now_ms + 1 + self.chance.below(slow) as i64;
            self.network.entry(arrival_ms).or_default().push((from, to, message));
        }
    }

    fn crash(&mut self) {
        let party = self.any();
        let until_ms = self.now_ms + 1 + self.chance.below(40) as i64;
        self.to_come += self.parties[party].crash(until_ms);
        self.crashes += 1;
        if let Some(to) = self.raising.filter(|_| party == usize::from(HOME)) {
            self.parties[party].raise(to, until_ms);
        }
    }

    fn any(&mut self) -> usize {
        self.chance.below(self.parties.len() as u64) as usize
    }

    fn is_up(&self, party: usize) -> bool {
        self.now_ms >= self.parties[party].down_until_ms
    }
}

/// 20,000 claims for 10,000 pieces; then 5,000 pieces more for 8,000 claims.
fn sells_to_the_last_piece(seed: u64, partitions: u16, crash_every_ms: u64) {
    let mut world = Simulation::new(seed, partitions, 10_000, crash_every_ms);
    world.claim(20_000);
    assert_eq!((world.sold, world.refused), (10_000, 10_000), "seed {seed}");
    world.raise(15_000);
    world.claim(8_000);
    assert_eq!(world.sold, 15_000, "seed {seed}");
    assert_eq!(world.sold + world.refused, 28_000, "seed {seed}");
    println!("P {partitions}, seed {seed}: {} ms, {} crashes", world.now_ms, world.crashes);
}

#[test]
fn sixteen_partitions_sell_to_the_last_piece_and_all_of_a_raise() {
    (0..6).for_each(|seed| sells_to_the_last_piece(seed, 16, 25));
}

#[test]
fn a_hundred_and_twenty_eight_partitions_sell_to_the_last_piece_and_all_of_a_raise() {
    (0..2).for_each(|seed| sells_to_the_last_piece(seed, 128, 10));
}
