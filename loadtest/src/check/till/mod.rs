//! The mix, checked: every answer at a till, once more, by a plain model of what coupons, holds and redemptions are.
//!
//! The model is told nothing but what was asked and answered. Two operations of one account are ordered by (partition, lsn); what
//! has no position must be right somewhere between what was answered before it and what was asked after it ([`replay`]).

pub mod account;
pub mod coupon;
mod decide;
mod replay;
pub mod times;
pub mod view;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap, hash_map::Entry};

use super::{Findings, History, Violation, answers, order, retries};
use crate::{
    drive::{self, till::Played},
    plan::mix::{
        Deck, Verb,
        ask::{COUPONS_PER_USER, user_of},
    },
    record::{Record, Retry},
    wire::{
        answer::{Refused, fingerprint},
        refusal,
    },
};
use account::Account;
use replay::Seen;
use times::{Tick, Times};

/// Everything that is known of one round of the mix.
#[derive(Clone, Copy, Debug)]
pub struct Story<'a> {
    /// The coupons.
    pub deck: &'a Deck,
    /// The claims that dealt them.
    pub dealt: &'a [Record],
    /// What was asked at tills, and told.
    pub played: &'a Played,
    /// Instants that partitions told after everything else.
    pub ticks: &'a [Tick],
}

/// Checks all of it; the accounts as they must stand, of users with whom nothing was wrong.
pub fn check(story: Story<'_>, findings: &mut Findings) -> HashMap<u64, Account> {
    let (records, retries) = (&story.played.measured.records, &story.played.measured.retries);
    let joins = joins(&story);
    check_answers(&story, &joins, findings);
    order::check(History { records: &placed(&story, &joins), retries: &[] }, findings);
    check_time(&story, &joins, findings);
    let records = as_first(records, &joins);
    retries::check_by(retries::is_remembered_by_tills, History { records: &records, retries }, findings);

    let times = Times::of(ticks(story, &joins));
    let mut by_user: Vec<_> = story.seen(&joins).map(|seen| (user_of(seen.ask.coupon), seen)).collect();
    by_user.sort_by_key(|(user, _)| *user);
    let mut accounts = HashMap::new();
    for of_user in by_user.chunk_by(|a, b| a.0 == b.0) {
        let Some(&(user, _)) = of_user.first() else { continue };
        // What a server could not do just then changed nothing, and says nothing of the coupon.
        let all: Vec<_> = of_user.iter().map(|(_, seen)| *seen).filter(|seen| !is_transient(seen.record)).collect();
        accounts.extend(replay::account(&story, &times, user, &all, findings).map(|account| (user, account)));
    }
    let untouched =
        (0..=user_of(story.deck.coupons() - 1)).filter(|user| by_user.binary_search_by_key(user, |(user, _)| *user).is_err());
    accounts.extend(untouched.map(|user| (user, Account::new(story.deck, user))));
    accounts
}

impl<'a> Story<'a> {
    fn seen(self, joins: &'a HashMap<u64, u64>) -> impl Iterator<Item = Seen<'a>> {
        let Played { measured, acts } = self.played;
        (0_u64..).zip(measured.records.iter().zip(acts)).map(|(operation, (record, act))| Seen {
            operation,
            ask: &act.ask,
            told: act.told.as_ref(),
            record,
            joins: joins.get(&operation).copied(),
        })
    }
}

/// The partition of a user's coupons, by the claims that dealt them.
pub fn home_of(dealt: &[Record], user: u64) -> Option<u32> {
    let own = dealt.iter().skip(user as usize * COUPONS_PER_USER as usize).take(COUPONS_PER_USER as usize);
    own.into_iter().find(|record| record.is_accepted()).map(|record| record.partition)
}

/// A reply that joined another was given before from the first time on: for its own retries it is the first.
fn as_first(records: &[Record], joins: &HashMap<u64, u64>) -> Vec<Record> {
    let mut records = records.to_vec();
    for &operation in joins.keys() {
        if let Some(record) = records.get_mut(operation as usize) {
            record.replayed = false;
        }
    }
    records
}

/// Replies that an earlier operation was given already: a redemption has one id, and the lowest of its operations made it.
fn joins(story: &Story<'_>) -> HashMap<u64, u64> {
    let (mut first, mut joins) = (HashMap::new(), HashMap::new());
    for (operation, act) in (0_u64..).zip(&story.played.acts) {
        let Some(told) = act.told.as_ref().filter(|_| matches!(act.ask.verb, Verb::Redeem | Verb::Capture)) else { continue };
        match first.entry(&told.id) {
            Entry::Vacant(place) => drop(place.insert(operation)),
            Entry::Occupied(place) => drop(joins.insert(operation, *place.get())),
        }
    }
    joins
}

/// Each has its answer, about the coupon that was asked for; only what joined another, or was sent twice, was given before.
fn check_answers(story: &Story<'_>, joins: &HashMap<u64, u64>, findings: &mut Findings) {
    let retries: &[Retry] = &story.played.measured.retries;
    answers::check(History { records: &[], retries }, 0, findings);
    for seen in story.seen(joins) {
        let (operation, record) = (seen.operation, seen.record);
        findings.check(record.is_answered(), || Violation::Unanswered { operation });
        let is_honest = !record.replayed || record.sends > 1 || seen.joins.is_some();
        findings.check(is_honest, || Violation::ReplayOfNothing { operation });
        if let Some(first) = seen.joins {
            let records = &story.played.measured.records;
            let same = records.get(first as usize).is_some_and(|first| first.lsn == record.lsn && first.amount == record.amount);
            findings.check(record.replayed && same, || Violation::RetryDiffers { operation, what: "it was joined" });
        }
        let names_none = matches!(seen.ask.verb, Verb::Validate | Verb::FreezeUser | Verb::UnfreezeUser);
        if let Some(dealt) = story.deck.dealt(seen.ask.coupon).filter(|_| seen.told.is_some() && !names_none) {
            let is_named = record.coupon == fingerprint(dealt.coupon_id.as_bytes());
            findings.check(is_named, || Violation::WrongAnswer { operation, what: "it names another coupon".to_owned() });
        }
    }
}

/// The records of operations with a position of their own; the others as if they had not been sent.
fn placed(story: &Story<'_>, joins: &HashMap<u64, u64>) -> Vec<Record> {
    let has_place = |seen: &Seen<'_>| seen.joins.is_none() && seen.ask.verb != Verb::Validate;
    story.seen(joins).map(|seen| if has_place(&seen) { *seen.record } else { Record::UNSENT }).collect()
}

fn ticks<'a>(story: Story<'a>, joins: &'a HashMap<u64, u64>) -> impl Iterator<Item = Tick> {
    let told = story.seen(joins).filter(|seen| seen.ask.verb != Verb::Validate).filter_map(|seen| {
        let Record { partition, sent_ns, answered_ns, .. } = *seen.record;
        Some(Tick { partition, sent_ns, answered_ns, at_ms: seen.told?.at_ms, is_past: seen.tells_of_past() })
    });
    told.chain(story.ticks.iter().copied())
}

/// A partition's time never goes back along its lsns.
fn check_time(story: &Story<'_>, joins: &HashMap<u64, u64>, findings: &mut Findings) {
    let told = story.seen(joins).filter(|seen| seen.ask.verb != Verb::Validate && !seen.tells_of_past());
    let mut told: Vec<_> =
        told.filter_map(|seen| Some((seen.record.partition, seen.record.lsn, seen.told?.at_ms, seen.operation))).collect();
    told.sort_unstable();
    for pair in told.windows(2) {
        if let [(partition, _, earlier_ms, earlier), (other, _, later_ms, later)] = *pair
            && partition == other
        {
            findings.check(earlier_ms <= later_ms, || Violation::TimeWentBack { earlier, later, partition });
        }
    }
}

fn is_transient(record: &Record) -> bool {
    record.refusal().is_some_and(|reason| drive::is_transient(Refused { reason, value: 0 }))
}

/// How many operations were answered in each way: "Capture HOLD_EXPIRED".
pub fn census(played: &Played, census: &mut BTreeMap<String, u64>) {
    for (record, act) in played.measured.records.iter().zip(&played.acts) {
        let outcome = if record.is_accepted() { "accepted".to_owned() } else { refusal::name(record.reason.into()) };
        *census.entry(format!("{:?} {outcome}", act.ask.verb)).or_default() += 1;
    }
}
