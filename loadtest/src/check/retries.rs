//! A request that is sent again gets its first answer again.
//!
//! All attempts of one request are looked at together: the run's own record, retries in the run, and those sent after it.
//!
//! - All accepted replies are the same, `replayed` apart; at most one of them is not a replay.
//! - After an accepted reply was answered, every later attempt is answered by its replay.
//! - After a remembered refusal was answered, every later attempt is answered by the same refusal.

use tessera_proto::v1::Reason;

use super::{Findings, History, Violation};
use crate::{
    record::{Record, Retry},
    wire::answer::Kind,
};

/// Reasons of a redemption that are remembered: those that speak of an existing coupon.
const REMEMBERED: std::ops::RangeInclusive<i32> = 30..=59;

/// Reasons that an existing redemption or order gives, remembered as well.
const REMEMBERED_OF_REDEMPTIONS: [Reason; 3] =
    [Reason::OrderAlreadyRedeemed, Reason::AlreadyRefunded, Reason::RefundExceedsCapture];

/// Whether an answer must be given again: accepted ones, and the refusals that are remembered.
pub fn is_remembered(kind: Kind, record: &Record) -> bool {
    match kind {
        Kind::Claim | Kind::Issue => record.is_accepted(),
        Kind::Redeem => record.is_accepted() || record.refusal().is_some_and(|reason| REMEMBERED.contains(&reason)),
        Kind::Till => is_remembered_by_tills(record),
    }
}

/// The same of what is asked at tills: holds, captures, releases, redemptions, refunds, freezes and voids.
pub fn is_remembered_by_tills(record: &Record) -> bool {
    let of_redemption = |reason| REMEMBERED_OF_REDEMPTIONS.iter().any(|&known| i32::from(known) == reason);
    is_remembered(Kind::Redeem, record) || record.refusal().is_some_and(of_redemption)
}

/// Checks every request that was sent more than once.
pub fn check(kind: Kind, history: History<'_>, findings: &mut Findings) {
    check_by(|record| is_remembered(kind, record), history, findings);
}

/// The same with a memory of its own.
pub fn check_by(is_remembered: impl Fn(&Record) -> bool, history: History<'_>, findings: &mut Findings) {
    for attempts in history.retries.chunk_by(|a, b| a.operation == b.operation) {
        let Some(Retry { operation, .. }) = attempts.first() else { continue };
        let Some(own) = history.records.get(*operation as usize) else { continue };
        let attempts = || std::iter::once(own).chain(attempts.iter().map(|retry| &retry.record));
        check_accepted(*operation, attempts, findings);
        check_order(&is_remembered, *operation, attempts, findings);
    }
}

/// One reply for all, and one attempt that made it.
fn check_accepted<'a, I: Iterator<Item = &'a Record>>(operation: u64, attempts: impl Fn() -> I, findings: &mut Findings) {
    let accepted = || attempts().filter(|attempt| attempt.is_accepted());
    let Some(one) = accepted().next() else { return };
    for other in accepted().skip(1) {
        findings.check(other.reply == one.reply, || Violation::RetryDiffers { operation, what: "two accepted replies" });
    }
    let firsts = accepted().filter(|attempt| !attempt.replayed).count();
    findings.check(firsts <= 1, || Violation::RetryNotReplayed { operation });
    // The first reply can only have been missed when something was sent twice.
    let missed = attempts().any(|attempt| attempt.sends > 1);
    findings.check(firsts >= 1 || missed, || Violation::ReplayOfNothing { operation });
}

/// What was sent after a remembered answer got that answer.
fn check_order<'a, I: Iterator<Item = &'a Record>>(
    is_remembered: impl Fn(&Record) -> bool,
    operation: u64,
    attempts: impl Fn() -> I,
    findings: &mut Findings,
) {
    let remembered = attempts().filter(|attempt| is_remembered(attempt)).min_by_key(|attempt| attempt.answered_ns);
    let Some(first) = remembered else { return };
    for later in attempts().filter(|attempt| attempt.sent_ns > first.answered_ns && attempt.is_answered()) {
        findings.check(later.reason == first.reason, || Violation::RetryDiffers { operation, what: "its outcome flipped" });
        if later.reason == first.reason {
            findings.check(later.reply == first.reply, || Violation::RetryDiffers { operation, what: "its content changed" });
        }
        let is_marked = later.replayed || !later.is_accepted();
        findings.check(is_marked, || Violation::RetryNotReplayed { operation });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepted(sent_ns: u64, reply: u64, replayed: bool) -> Record {
        Record { sent_ns, answered_ns: sent_ns + 1, reply, replayed, sends: 1, ..Record::UNSENT }
    }

    fn refused(sent_ns: u64, reason: u16) -> Record {
        Record { sent_ns, answered_ns: sent_ns + 1, reason, reply: u64::from(reason), sends: 1, ..Record::UNSENT }
    }

    #[track_caller]
    fn check_found(kind: Kind, first: Record, retry: Record, expected: &[Violation]) {
        let mut findings = Findings::default();
        let retries = [Retry { operation: 0, record: retry }];
        check(kind, History { records: &[first], retries: &retries }, &mut findings);
        assert_eq!(findings.listed, expected);
    }

    #[test]
    fn the_first_reply_again_is_right() {
        check_found(Kind::Claim, accepted(1, 5, false), accepted(9, 5, true), &[]);
    }

    #[test]
    fn another_reply_is_found() {
        let expected = [
            Violation::RetryDiffers { operation: 0, what: "two accepted replies" },
            Violation::RetryDiffers { operation: 0, what: "its content changed" },
        ];
        check_found(Kind::Claim, accepted(1, 5, false), accepted(9, 6, true), &expected);
    }

    #[test]
    fn a_second_execution_is_found() {
        let expected = [Violation::RetryNotReplayed { operation: 0 }, Violation::RetryNotReplayed { operation: 0 }];
        check_found(Kind::Claim, accepted(1, 5, false), accepted(9, 5, false), &expected);
    }

    #[test]
    fn an_accepted_claim_refused_afterwards_is_found() {
        let expected = [Violation::RetryDiffers { operation: 0, what: "its outcome flipped" }];
        check_found(Kind::Claim, accepted(1, 5, false), refused(9, 70), &expected);
    }

    #[test]
    fn a_refused_claim_may_be_accepted_later() {
        check_found(Kind::Claim, refused(1, 71), accepted(9, 5, false), &[]);
    }

    #[test]
    fn a_refused_redemption_accepted_later_is_found() {
        let expected =
            [Violation::RetryDiffers { operation: 0, what: "its outcome flipped" }, Violation::RetryNotReplayed { operation: 0 }];
        check_found(Kind::Redeem, refused(1, 53), accepted(9, 5, false), &expected);
    }

    #[test]
    fn a_refusal_of_no_coupon_is_not_remembered() {
        check_found(Kind::Redeem, refused(1, 23), accepted(9, 5, false), &[]);
    }

    #[test]
    fn a_reply_missed_by_a_lost_connection_is_right() {
        let first = Record { sends: 2, ..accepted(1, 5, true) };
        check_found(Kind::Claim, first, accepted(9, 5, true), &[]);
    }
}
