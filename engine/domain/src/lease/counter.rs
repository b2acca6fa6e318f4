//! What home remembers of one pool: what the lessees said last, who waits, and who is asked.
//!
//! Soft: after a crash the lessees in need state again within [`REPEAT_MS`], and the recall of the
//! others brings the rest of the accounts back. Until then home knows less, so it says "sold out"
//! later, never earlier: an account that was not heard is not empty unless nothing was ever granted.
//!
//! Who waits says how much one claim needs. Of stocks and days that is a piece; of a budget it is what a coupon covers, so there may
//! be something free that helps nobody: it is sold out for who needs more, once every lessee has given back what it had.

use super::account::Account;
use super::books::Books;
use super::message::Statement;
use super::{PARKED_MS_MAX, REPEAT_MS, SOLD_OUT_MS};
use crate::planted::{self, Planted};
use crate::stock::Share;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// One pool at its home. At most one account, one place in the queue and one question per partition.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Counter {
    pub(super) accounts: BTreeMap<u16, Account>,
    waiting: VecDeque<Waiting>,
    round: Option<Round>,
    /// Every lessee is known to have nothing: holds until something is granted or somebody states a piece.
    drained: bool,
    /// What "sold out" was said of last, while a lessee may believe it.
    flag: Option<Flag>,
}

/// A verdict that lessees refuse by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Flag {
    /// The least need that was refused.
    need: u64,
    until_ms: i64,
}

/// A lessee in need, in the order of asking.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Waiting {
    partition: u16,
    parked: u32,
    need: u64,
    asked_ms: i64,
    until_ms: i64,
}

/// A recall: whom it still waits for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Round {
    asked: BTreeSet<u16>,
    repeat_ms: i64,
}

impl Counter {
    /// Takes a statement in, and does whatever has become possible.
    pub(super) fn hear(&mut self, from: u16, said: &Statement, books: &mut Books, now_ms: i64) {
        let account = self.accounts.entry(from).or_default();
        let is_latest = account.hear(said);
        books.reclaim(from, account.returned);
        let share = books.share(from);
        let (is_empty, misses_grant) = (account.is_empty(&share), account.misses_grant(&share));
        self.note(from, is_empty);
        if is_latest && said.need > 0 && misses_grant {
            books.send_grant(from);
        } else if is_latest {
            self.enqueue(from, said, now_ms);
        }
        self.advance(books, now_ms);
        self.reopen(from, books, now_ms);
    }

    /// The total has risen, and every lessee is told: no verdict of before stands.
    pub(super) fn raised(&mut self) {
        self.flag = None;
    }

    /// Grants while pieces are free, in the order of asking; then says "sold out" if that is true;
    /// else recalls, for those who have claims waiting.
    pub(super) fn advance(&mut self, books: &mut Books, now_ms: i64) {
        self.serve(books);
        if self.is_drained(books) {
            self.refuse(books, now_ms);
            self.serve(books);
        }
        self.waiting.retain(|lessee| lessee.parked > 0);
        if !self.waiting.is_empty() && self.round.is_none() {
            self.ask_all(books, now_ms);
        }
    }

    /// Forgets who has not asked again. A recall that somebody still waits for begins anew: one lessee
    /// that cannot be reached must not keep the others' pieces from those who wait.
    pub(super) fn tick(&mut self, books: &mut Books, now_ms: i64) {
        self.waiting.retain(|lessee| now_ms < lessee.until_ms);
        if self.waiting.is_empty() {
            self.round = None;
        }
        if let Some(round) = self.round.take_if(|round| now_ms >= round.repeat_ms) {
            self.send_grants_again(&round, books);
            self.ask_all(books, now_ms);
        }
    }

    /// Whether nobody waits and nobody is asked.
    pub(super) fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.round.is_none()
    }

    #[cfg(test)]
    pub(super) fn make_due(&mut self) {
        self.round.iter_mut().for_each(|round| round.repeat_ms = i64::MIN);
    }

    /// An empty lessee has answered the round; one with pieces ends the verdict.
    fn note(&mut self, from: u16, is_empty: bool) {
        self.drained &= is_empty;
        if let Some(round) = self.round.as_mut().filter(|_| is_empty) {
            round.asked.remove(&from);
        }
        self.round.take_if(|round| round.asked.is_empty());
    }

    /// A lessee keeps its place while it asks, and leaves it when it does not.
    fn enqueue(&mut self, from: u16, said: &Statement, now_ms: i64) {
        let place = self.waiting.iter().position(|lessee| lessee.partition == from);
        let (parked, need, asked_ms, until_ms) = (said.parked, said.need, said.stated_ms, now_ms + PARKED_MS_MAX);
        let lessee = Waiting { partition: from, parked, need, asked_ms, until_ms };
        match place {
            Some(place) if said.need == 0 => drop(self.waiting.remove(place)),
            Some(place) => self.waiting[place] = lessee,
            None if said.need == 0 => {}
            None => self.waiting.push_back(lessee),
        }
    }

    fn serve(&mut self, books: &mut Books) {
        while let Some(lessee) = self.waiting.pop_front_if(|lessee| lessee.need <= books.free) {
            self.drained = false;
            books.grant(lessee.partition, portion(books.free, books.partitions, lessee.parked, lessee.need));
        }
    }

    /// Nobody who was granted anything has anything. I1: then what is not free is issued.
    fn is_drained(&mut self, books: &Books) -> bool {
        let all_empty =
            || planted::is(Planted::SoldOutUnproven) || books.lessees().all(|(lessee, share)| self.is_empty(lessee, &share));
        self.drained = self.drained || all_empty();
        self.drained
    }

    /// Nobody has anything beside what is free: whoever needs more than that is told so.
    fn refuse(&mut self, books: &mut Books, now_ms: i64) {
        let (served, refused): (VecDeque<_>, VecDeque<_>) = self.waiting.drain(..).partition(|lessee| lessee.need <= books.free);
        self.waiting = served;
        for lessee in &refused {
            books.say_sold_out(lessee.partition, lessee.need, lessee.asked_ms);
        }
        if let Some(need) = refused.iter().map(|lessee| lessee.need).min() {
            let before = self.flag.take().filter(|flag| now_ms < flag.until_ms);
            let need = before.map_or(need, |flag| flag.need.min(need));
            self.flag = Some(Flag { need, until_ms: now_ms + SOLD_OUT_MS });
        }
        self.round = None;
    }

    /// Pieces that come back after "sold out" was said: home calls them in, and says to all that there are some.
    fn reopen(&mut self, from: u16, books: &mut Books, now_ms: i64) {
        let Some(flag) = self.flag.as_ref().filter(|flag| now_ms < flag.until_ms && self.waiting.is_empty()) else { return };
        if books.free >= flag.need {
            self.flag = None;
            books.say_open_to_all();
        } else if self.accounts.get(&from).is_some_and(|account| account.unsold() > 0) {
            books.recall(from);
        }
    }

    /// Begins a round: recalls every lessee that is not known to be empty.
    fn ask_all(&mut self, books: &mut Books, now_ms: i64) {
        let full = books.lessees().filter(|(lessee, share)| !self.is_empty(*lessee, share));
        let asked: BTreeSet<u16> = full.map(|(lessee, _)| lessee).collect();
        assert!(!asked.is_empty(), "what is not sold out is somewhere");
        asked.iter().for_each(|lessee| books.recall(*lessee));
        self.round = Some(Round { asked, repeat_ms: now_ms + REPEAT_MS });
    }

    /// Whether a lessee that was granted pieces is known to have none.
    fn is_empty(&self, lessee: u16, share: &Share) -> bool {
        self.accounts.get(&lessee).is_some_and(|account| account.is_empty(share))
    }

    /// A grant that was lost with a crash must arrive before its lessee can be empty.
    fn send_grants_again(&self, round: &Round, books: &mut Books) {
        for lessee in &round.asked {
            let share = books.share(*lessee);
            if self.accounts.get(lessee).is_none_or(|account| account.misses_grant(&share)) {
                books.send_grant(*lessee);
            }
        }
    }
}

/// How much of what is free one lessee gets: a fair part, more for a crowd, never more than half of it
/// unless half is less than one: in claims, each of which needs so much.
fn portion(free: u64, partitions: u16, parked: u32, need: u64) -> u64 {
    let free = free / need;
    let fair = free.div_ceil(2 * u64::from(partitions));
    let crowd = u64::from(parked).min(free.div_ceil(2));
    fair.max(crowd).max(1).min(free) * need
}
