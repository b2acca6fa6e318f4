//! An account's operations once more, through the plain model.
//!
//! What moved something has a position: those operations are taken in the order of their lsns, at the instants that they tell,
//! and each must have been answered as the model answers then. Refusals, validations and replies that were given before have no
//! place of their own. They must be right in *some* state at *some* instant that they can have met: not before the state made by
//! the last operation that was answered before they were sent, not behind the first that was sent after they were answered, and
//! within the instants of [`Times`]. A till alone at its coupon leaves them one state; only at everybody's coupons are there several.

use super::{
    Story,
    account::Account,
    decide::{No, Verdict},
    home_of,
    times::Times,
};
use crate::{
    check::{Findings, Violation},
    plan::mix::{Ask, Told, Verb},
    record::Record,
    wire::refusal,
};

/// What is looked at of one operation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen<'a> {
    pub(super) operation: u64,
    pub(super) ask: &'a Ask,
    pub(super) told: Option<&'a Told>,
    pub(super) record: &'a Record,
    /// The operation whose reply this one was given once more.
    pub(super) joins: Option<u64>,
}

/// A question without a place of its own, and the states that it can have met.
struct Question<'a> {
    seen: Seen<'a>,
    first: usize,
    last: usize,
    from_ms: i64,
    to_ms: i64,
    answers: Vec<String>,
}

/// Replays one user's operations; `None` when something was wrong, so that what follows from it is not found again.
pub(super) fn account(story: &Story<'_>, times: &Times, user: u64, all: &[Seen<'_>], findings: &mut Findings) -> Option<Account> {
    let (mut moves, questions): (Vec<Seen<'_>>, Vec<Seen<'_>>) = all.iter().partition(|seen| seen.has_place());
    moves.sort_unstable_by_key(|seen| seen.record.lsn);
    let partition = home_of(story.dealt, user);
    for seen in &moves {
        let (expected, actual) = (u64::from(partition?), u64::from(seen.record.partition));
        findings.check(expected == actual, || Violation::WrongPartition { operation: seen.operation, expected, actual });
    }
    let mut account = Account::new(story.deck, user);
    let order = Order::of(&moves, account.dealt_ms());
    let mut open: Vec<_> = questions.into_iter().map(|seen| Question::new(seen, &order, times, partition)).collect();
    open.sort_by_key(|question| std::cmp::Reverse(question.first));

    let mut met: Vec<Question<'_>> = Vec::new();
    for state in 0..=moves.len() {
        while open.last().is_some_and(|question| question.first <= state) {
            met.extend(open.pop());
        }
        let between = (order.instant_before(state), order.instant_from(state));
        met.retain_mut(|question| !question.is_met(&account, between));
        for missed in met.extract_if(.., |question| question.last <= state) {
            findings.check(false, || missed.violation());
        }
        let Some(seen) = moves.get(state) else { break };
        if let Err(what) = check_move(&account, seen, order.instant_from(state + 1)) {
            findings.check(false, || Violation::WrongAnswer { operation: seen.operation, what });
            return None;
        }
        if let Some(told) = seen.told {
            account.apply(seen.operation, seen.ask, told);
        }
    }
    let checked = all.len() as u64;
    findings.merge(Findings { checked, ..Findings::default() });
    Some(account)
}

impl Seen<'_> {
    /// Whether its reply has a position that is its own.
    fn has_place(&self) -> bool {
        self.told.is_some() && self.joins.is_none() && self.ask.verb != Verb::Validate
    }

    /// Whether the instant that it tells may be an earlier one than its own.
    pub(super) fn tells_of_past(&self) -> bool {
        self.joins.is_some() || self.ask.verb == Verb::Release
    }
}

/// An operation with a position, against the model's answer at its instant.
fn check_move(account: &Account, seen: &Seen<'_>, until_ms: i64) -> Result<(), String> {
    let Some(told) = seen.told else { return Ok(()) };
    let describe = |what: String| format!("{:?} of coupon {} {what}", seen.ask.verb, seen.ask.coupon);
    let at_ms = instant_of(account, seen, told, until_ms);
    match account.decide(seen.ask, at_ms) {
        Ok(Verdict::Done(expected)) => {
            let expected = with_said(seen.ask, expected, told);
            if expected == *told { Ok(()) } else { Err(describe(format!("was told {told:?}, the model says {expected:?}"))) }
        }
        Ok(Verdict::Joins(first)) => Err(describe(format!("was done again, operation {first} had done it"))),
        Err(no) => Err(describe(format!("was accepted, {} follows", refusal::name(no.reason.into())))),
    }
}

/// A release that says `expired` was decided at some instant from the deadline on; all others tell theirs.
fn instant_of(account: &Account, seen: &Seen<'_>, told: &Told, until_ms: i64) -> i64 {
    let hold = account.coupon(seen.ask.coupon).and_then(|coupon| coupon.holds.get(&seen.ask.first));
    match hold.filter(|_| seen.ask.verb == Verb::Release && told.is_late) {
        Some(hold) => hold.deadline_ms.min(until_ms),
        None => told.at_ms,
    }
}

/// What the model cannot know is as it was said: instants, ids, and whether a hold says what would be left on the card.
fn with_said(ask: &Ask, expected: Told, told: &Told) -> Told {
    let mut expected = Told { at_ms: told.at_ms, id: told.id.clone(), ..expected };
    if let (Some(expected), Some(told)) = (&mut expected.replacement, &told.replacement) {
        expected.id = told.id.clone();
    }
    if ask.verb == Verb::Hold && told.balance_after.is_none() {
        expected.balance_after = None;
    }
    expected
}

impl<'a> Question<'a> {
    fn new(seen: Seen<'a>, order: &Order, times: &Times, partition: Option<u32>) -> Self {
        let (first, last) = order.around(seen.record);
        let (from_ms, to_ms) = partition.map_or((i64::MIN, i64::MAX), |partition| times.around(partition, seen.record));
        Self { seen, first, last, from_ms, to_ms, answers: Vec::new() }
    }

    /// Whether the answer is right in this state at some instant of `between`; keeps what would have been.
    fn is_met(&mut self, account: &Account, between: (i64, i64)) -> bool {
        let (from_ms, to_ms) = (self.from_ms.max(between.0), self.to_ms.min(between.1));
        if from_ms > to_ms {
            return false;
        }
        let turns = account.turns(from_ms, to_ms).collect::<Vec<_>>();
        std::iter::once(from_ms).chain(turns).any(|at_ms| self.is_right(account, at_ms))
    }

    fn is_right(&mut self, account: &Account, at_ms: i64) -> bool {
        let decision = account.decide(self.seen.ask, at_ms);
        let is_right = match (&decision, self.seen.told) {
            (Err(no), None) => is_refused_so(no, self.seen.record),
            (Ok(Verdict::Joins(first)), Some(_)) => self.seen.joins == Some(*first),
            (Ok(Verdict::Done(expected)), Some(told)) => {
                self.seen.joins.is_none() && *told == with_said(self.seen.ask, expected.clone(), told)
            }
            (Err(_), Some(_)) | (Ok(_), None) => false,
        };
        if !is_right {
            let answer = match decision {
                Ok(Verdict::Done(_)) => "accepted".to_owned(),
                Ok(Verdict::Joins(first)) => format!("the reply of operation {first}"),
                Err(no) => format!("{}{}", refusal::name(no.reason.into()), no.value.map_or(String::new(), |v| format!("({v})"))),
            };
            if !self.answers.contains(&answer) {
                self.answers.push(answer);
            }
        }
        is_right
    }

    fn violation(&self) -> Violation {
        let Seen { operation, ask, told, record, .. } = self.seen;
        let actual = match told {
            Some(told) => format!("was told {told:?}"),
            None => format!("was refused with {}({})", refusal::name(record.reason.into()), record.amount),
        };
        let expected = if self.answers.is_empty() { "nothing".to_owned() } else { self.answers.join(" or ") };
        Violation::WrongAnswer {
            operation,
            what: format!("{:?} of coupon {} {actual}, {expected} follows", ask.verb, ask.coupon),
        }
    }
}

fn is_refused_so(no: &No, record: &Record) -> bool {
    i32::from(no.reason) == i32::from(record.reason) && no.value.is_none_or(|value| value == record.amount)
}

/// The order of an account's moves, and what it says of everything else.
struct Order {
    /// By answer: one more than the last place so far.
    answered: Vec<(u64, usize)>,
    /// By request: the first place from there on.
    sent: Vec<(u64, usize)>,
    /// Before each state: the latest instant told by then.
    before_ms: Vec<i64>,
    /// From each state on: the earliest instant told.
    from_ms: Vec<i64>,
}

impl Order {
    /// Of an account whose coupons were dealt at `dealt_ms`.
    fn of(moves: &[Seen<'_>], dealt_ms: i64) -> Self {
        let mut answered: Vec<_> = moves.iter().zip(1..).map(|(seen, place)| (seen.record.answered_ns, place)).collect();
        answered.sort_unstable();
        let mut last = 0;
        answered.iter_mut().for_each(|(_, place)| {
            last = last.max(*place);
            *place = last;
        });
        let mut sent: Vec<_> = moves.iter().zip(0..).map(|(seen, place)| (seen.record.sent_ns, place)).collect();
        sent.sort_unstable();
        let mut first = moves.len();
        sent.iter_mut().rev().for_each(|(_, place)| {
            first = first.min(*place);
            *place = first;
        });
        let (mut before_ms, mut from_ms) = (vec![dealt_ms; moves.len() + 1], vec![i64::MAX; moves.len() + 2]);
        for (place, seen) in moves.iter().enumerate() {
            before_ms[place + 1] = before_ms[place].max(seen.told.map_or(i64::MIN, |told| told.at_ms));
        }
        for (place, seen) in moves.iter().enumerate().rev() {
            let told_ms = seen.told.filter(|_| !seen.tells_of_past()).map_or(i64::MAX, |told| told.at_ms);
            from_ms[place] = from_ms[place + 1].min(told_ms);
        }
        Self { answered, sent, before_ms, from_ms }
    }

    /// The first and the last state that a question can have met.
    fn around(&self, record: &Record) -> (usize, usize) {
        let before = self.answered.partition_point(|&(answered_ns, _)| answered_ns < record.sent_ns);
        let first = before.checked_sub(1).and_then(|last| self.answered.get(last)).map_or(0, |&(_, place)| place);
        let after = self.sent.partition_point(|&(sent_ns, _)| sent_ns <= record.answered_ns);
        let last = self.sent.get(after).map_or(self.before_ms.len() - 1, |&(_, place)| place);
        (first, last.max(first))
    }

    fn instant_before(&self, state: usize) -> i64 {
        self.before_ms.get(state).copied().unwrap_or(i64::MIN)
    }

    fn instant_from(&self, state: usize) -> i64 {
        self.from_ms.get(state).copied().unwrap_or(i64::MAX)
    }
}
