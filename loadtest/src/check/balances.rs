//! Cards: every redemption took what it says, and each balance follows from the one before it.
//!
//! The redemptions of a card stand in one partition, so their lsns put them into the order in which they happened.

use super::{Decision, Findings, History, Violation};

/// Checks every reply's balance; returns what is left on each card: its face value less every accepted amount.
pub fn check(
    history: History<'_>,
    cards: u64,
    face_value_minor: i64,
    card_of: impl Fn(u64) -> u64,
    findings: &mut Findings,
) -> Vec<i64> {
    let mut redemptions: Vec<_> =
        history.decisions().map(|decision| (card_of(decision.operation), decision.record.lsn, decision)).collect();
    redemptions.sort_unstable_by_key(|&(card, lsn, _)| (card, lsn));
    let mut balances = vec![face_value_minor; cards as usize];
    for of_card in redemptions.chunk_by(|a, b| a.0 == b.0) {
        let mut shown = face_value_minor;
        for &(card, _, Decision { operation, record }) in of_card {
            // From the balance shown before, so that one fault is listed once; the sum in the end knows all of them.
            let (expected, actual) = (shown.saturating_sub(record.amount), record.balance_after_minor);
            findings.check(expected == actual && actual >= 0, || Violation::WrongBalanceAfter {
                card,
                operation,
                expected,
                actual,
            });
            shown = actual;
            let left = &mut balances[card as usize];
            *left = left.saturating_sub(record.amount);
        }
    }
    balances
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Record;

    fn redeemed(lsn: u64, amount: i64, balance_after_minor: i64) -> Record {
        Record { sent_ns: 1, answered_ns: 2, lsn, amount, balance_after_minor, sends: 1, ..Record::UNSENT }
    }

    fn run(records: &[Record]) -> (Vec<i64>, Findings) {
        let mut findings = Findings::default();
        let balances = check(History { records, retries: &[] }, 1, 500, |_| 0, &mut findings);
        (balances, findings)
    }

    #[test]
    fn balances_follow_in_the_order_of_lsns() {
        let (balances, findings) = run(&[redeemed(9, 150, 200), redeemed(3, 150, 350)]);
        assert_eq!((balances, findings.violations, findings.checked), (vec![200], 0, 2));
    }

    #[test]
    fn a_balance_that_does_not_follow_is_found() {
        let (_, findings) = run(&[redeemed(3, 150, 350), redeemed(9, 150, 350)]);
        let expected = Violation::WrongBalanceAfter { card: 0, operation: 1, expected: 200, actual: 350 };
        assert_eq!(findings.listed, [expected]);
    }
}
