//! Positions: one for each write, and rising in real time within a partition.
//!
//! What was sent after another write of its partition had been answered was decided after it, so its lsn is higher. A resent
//! operation counts from its first send: it may have been decided then.

use super::{Decision, Findings, History, Violation};

/// Both, over all accepted writes.
pub fn check(history: History<'_>, findings: &mut Findings) {
    let mut decisions: Vec<_> = history.decisions().collect();
    decisions.sort_unstable_by_key(|decision| (decision.record.partition, decision.record.lsn));
    for partition in decisions.chunk_by(|a, b| a.record.partition == b.record.partition) {
        check_unique(partition, findings);
        check_real_time(partition, findings);
    }
}

fn check_unique(partition: &[Decision<'_>], findings: &mut Findings) {
    for (first, second) in partition.iter().zip(&partition[1..]) {
        findings.check(first.record.lsn < second.record.lsn, || Violation::SamePosition {
            first: first.operation,
            second: second.operation,
            partition: first.record.partition,
            lsn: first.record.lsn,
        });
    }
}

/// From the highest lsn down: nobody was sent after the earliest answer among the lsns above.
fn check_real_time(partition: &[Decision<'_>], findings: &mut Findings) {
    let mut earliest: Option<&Decision<'_>> = None;
    for later in partition.iter().rev() {
        if let Some(earlier) = earliest {
            findings.check(later.record.sent_ns <= earlier.record.answered_ns, || Violation::OutOfOrder {
                earlier: earlier.operation,
                later: later.operation,
                partition: later.record.partition,
            });
        }
        let answered_ns = later.record.answered_ns;
        earliest = Some(earliest.filter(|earlier| earlier.record.answered_ns <= answered_ns).unwrap_or(later));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Record;

    fn at(sent_ns: u64, answered_ns: u64, partition: u32, lsn: u64) -> Record {
        Record { sent_ns, answered_ns, partition, lsn, sends: 1, ..Record::UNSENT }
    }

    #[track_caller]
    fn check_found(records: &[Record], expected: &[Violation]) {
        let mut findings = Findings::default();
        check(History { records, retries: &[] }, &mut findings);
        assert_eq!(findings.listed, expected);
        assert!(findings.checked > 0);
    }

    #[test]
    fn overlapping_writes_stand_in_any_order() {
        check_found(&[at(1, 9, 0, 2), at(2, 8, 0, 1)], &[]);
    }

    #[test]
    fn a_later_write_with_a_lower_lsn_is_found() {
        let expected = Violation::OutOfOrder { earlier: 0, later: 1, partition: 0 };
        check_found(&[at(1, 5, 0, 7), at(6, 9, 0, 3)], &[expected]);
    }

    #[test]
    fn a_lower_lsn_behind_an_unrelated_one_is_found() {
        let expected = Violation::OutOfOrder { earlier: 0, later: 2, partition: 0 };
        check_found(&[at(1, 5, 0, 7), at(1, 20, 0, 5), at(6, 9, 0, 3)], &[expected]);
    }

    #[test]
    fn partitions_have_no_order_between_them() {
        check_found(&[at(1, 5, 0, 7), at(1, 5, 0, 8), at(6, 9, 1, 3)], &[]);
    }

    #[test]
    fn two_writes_at_one_position_are_found() {
        let expected = Violation::SamePosition { first: 0, second: 1, partition: 4, lsn: 7 };
        let mut findings = Findings::default();
        check(History { records: &[at(1, 5, 4, 7), at(1, 5, 4, 7)], retries: &[] }, &mut findings);
        let swapped = Violation::SamePosition { first: 1, second: 0, partition: 4, lsn: 7 };
        assert!(findings.listed == [expected] || findings.listed == [swapped], "{:?}", findings.listed);
    }
}
