//! Every operation has one answer, and it is the one it had to get.

use super::{Findings, History, Violation};
use crate::{record::Record, wire::refusal};

/// Every operation and every retry was answered; a first reply is no replay.
pub fn check(history: History<'_>, strays: u64, findings: &mut Findings) {
    check_asked(history, |_| true, strays, findings);
}

/// The same of a plan some of whose operations are not to be asked.
pub fn check_asked(history: History<'_>, is_asked: impl Fn(u64) -> bool, strays: u64, findings: &mut Findings) {
    findings.check(strays == 0, || Violation::Strays { count: strays });
    for (operation, record) in (0..).zip(history.records).filter(|&(operation, _)| is_asked(operation)) {
        findings.check(record.is_answered(), || Violation::Unanswered { operation });
        let is_honest = !record.replayed || record.sends > 1;
        findings.check(is_honest, || Violation::ReplayOfNothing { operation });
    }
    for retry in history.retries {
        findings.check(retry.record.is_answered(), || Violation::Unanswered { operation: retry.operation });
    }
}

/// Every operation whose fate is known met it; `reason_of` gives `Some(0)` for accepted, `None` for either.
pub fn check_fates(history: History<'_>, reason_of: impl Fn(u64) -> Option<i32>, findings: &mut Findings) {
    let own = (0..).zip(history.records);
    let again = history.retries.iter().map(|retry| (retry.operation, &retry.record));
    for (operation, record) in own.chain(again).filter(|(_, record)| record.is_answered()) {
        if let Some(expected) = reason_of(operation) {
            findings.check(i32::from(record.reason) == expected, || Violation::WrongOutcome {
                operation,
                expected: spell(expected),
                actual: spell_record(record),
            });
        }
    }
}

fn spell(reason: i32) -> String {
    if reason == 0 { "accepted".to_owned() } else { format!("refused with {}", refusal::name(reason)) }
}

fn spell_record(record: &Record) -> String {
    spell(i32::from(record.reason))
}
