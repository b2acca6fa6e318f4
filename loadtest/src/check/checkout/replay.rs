//! One user's requests once more, in the order in which they were answered.
//!
//! Who was accepted tells the instant. Who was refused does not: that must be right at some instant between the answers that tell one
//! before and after it, and what changes in between are the deadlines of holds.

use std::collections::HashSet;

use tessera_proto::v1::Reason;

use super::{Findings, Stamp, Told, Violation, Wallet, wrong};
use crate::{
    drive,
    plan::checkout::{Act, No},
    record::Record,
    wire::{answer::Refused, refusal},
};

/// What one user asked and was told.
pub(super) struct Seen<'a> {
    /// Number of the first operation.
    pub(super) begin: usize,
    pub(super) acts: &'a [Act],
    pub(super) records: &'a [Record],
    /// Numbers of operations that were given an earlier one's reply.
    pub(super) joins: &'a HashSet<u64>,
    /// Where the user's coupons are.
    pub(super) partition: u32,
}

/// The wallet as it must stand; `None` when something was wrong, so that what follows from it is not found again.
pub(super) fn user(mut wallet: Wallet, seen: &Seen<'_>, findings: &mut Findings) -> Option<Wallet> {
    let mut now_ms = i64::MIN;
    for (place, (act, record)) in seen.acts.iter().zip(seen.records).enumerate() {
        let operation = (seen.begin + place) as u64;
        if is_transient(&act.told) {
            continue;
        }
        if let Some(position) = act.told.position() {
            let (expected, actual) = (seen.partition.into(), position.partition.into());
            findings.check(expected == actual, || Violation::WrongPartition { operation, expected, actual });
        }
        let until_ms = seen.next_instant(place);
        match step(&wallet, act, record, now_ms, until_ms) {
            Ok(after) => {
                findings.check(true, || wrong(operation, String::new()));
                wallet = after.unwrap_or(wallet);
                now_ms = now_ms.max(act.told.at_ms().unwrap_or(i64::MIN));
            }
            Err(what) => {
                let what = format!("user {}: {:?} {what}", act.user, act.ask);
                findings.check(false, || wrong(operation, what));
                return None;
            }
        }
    }
    Some(wallet)
}

impl Seen<'_> {
    /// The first instant that is told after this place.
    fn next_instant(&self, place: usize) -> i64 {
        let later = self.acts.iter().enumerate().skip(place + 1);
        let own = later.filter(|(place, _)| !self.joins.contains(&((self.begin + place) as u64)));
        own.filter_map(|(_, act)| act.told.at_ms()).next().unwrap_or(i64::MAX)
    }
}

/// The wallet afterwards; `None` = as before. An error is what follows instead.
fn step(wallet: &Wallet, act: &Act, record: &Record, now_ms: i64, until_ms: i64) -> Result<Option<Wallet>, String> {
    let turns = wallet.deadlines().filter(|&at_ms| now_ms < at_ms && at_ms <= until_ms);
    let told_ms = act.told.at_ms().filter(|&at_ms| at_ms >= now_ms);
    let mut instead = None;
    let stamp_ms = |at_ms| told_ms.unwrap_or(at_ms);
    for at_ms in told_ms.into_iter().chain([now_ms]).chain(turns) {
        let mut after = wallet.clone();
        let answer = after.answer_as_of(at_ms, &act.ask, &Stamp { at_ms: stamp_ms(at_ms), ..Stamp::of(&act.told) });
        if !after.has_asked && told_ms.is_some_and(|told_ms| told_ms != at_ms) {
            continue;
        }
        let expected = answer.unwrap_or_else(Told::No);
        if is_same(&expected, &act.told) {
            check_replayed(&expected, record)?;
            let is_changed = record.is_accepted() || after.has_asked;
            return Ok(is_changed.then_some(after));
        }
        instead.get_or_insert(expected);
    }
    let instead = instead.as_ref().map(spell).unwrap_or_default();
    Err(format!("was answered {}, {instead} follows", spell(&act.told)))
}

fn spell(told: &Told) -> String {
    match told {
        Told::No(No { reason, value, field }) if field.is_empty() => format!("{}({value})", refusal::name(*reason)),
        Told::No(No { reason, value, field }) => format!("{}({value}) of {field}", refusal::name(*reason)),
        Told::Out(_) | Told::Released(_) | Told::Refunded(_) => format!("{told:?}"),
    }
}

/// Whether replies are the same but for whether they say that they were given before.
fn is_same(expected: &Told, told: &Told) -> bool {
    let (mut expected, mut told) = (expected.clone(), told.clone());
    expected.take_replayed();
    told.take_replayed();
    if let (Told::No(expected), Told::No(told)) = (&mut expected, &mut told) {
        // Whether a coupon is another user's may show before its place is known.
        for no in [expected, told] {
            forget_place_of_strangers(no);
        }
    }
    expected == told
}

fn forget_place_of_strangers(no: &mut No) {
    if no.reason == i32::from(Reason::CodeNotAccepted) {
        no.field.clear();
    }
}

/// What was given before says so, and only that.
fn check_replayed(expected: &Told, record: &Record) -> Result<(), String> {
    match expected.clone().take_replayed() {
        true if !record.replayed => Err("was given an earlier reply that is not marked as replayed".to_owned()),
        false if record.replayed && record.sends == 1 => Err("was sent once and answered as a replay".to_owned()),
        _ => Ok(()),
    }
}

fn is_transient(told: &Told) -> bool {
    matches!(told, Told::No(no) if drive::is_transient(Refused { reason: no.reason, value: no.value }))
}
