//! Pairs of a hold and its capture: each moved what its plan says, on its card, and each balance follows from what was before.
//!
//! The writes of a card stand in one partition, so their lsns put them into the order in which they happened. Nothing but an
//! accepted capture takes value: what is left on a card follows from them alone.

use super::{Decision, Findings, History, Violation};
use crate::{
    plan::pairs::{Pairs, STEPS, Step},
    record::Record,
    wire::answer::fingerprint,
};

/// Of each hold that was accepted, its record.
struct Holds<'a>(Vec<Option<&'a Record>>);

/// Checks every accepted write; returns what is left on each card: its face value less every accepted capture.
pub fn check(history: History<'_>, plan: &Pairs, findings: &mut Findings) -> Vec<i64> {
    let mut holds = Holds(vec![None; history.records.len().div_ceil(STEPS as usize)]);
    let mut decisions = Vec::new();
    for decision in history.decisions() {
        check_names(&decision, plan, findings);
        if let Step::Hold(pair) = Step::of(decision.operation) {
            holds.0[pair as usize] = Some(decision.record);
        }
        decisions.push((plan.card(decision.operation), decision.record.lsn, decision));
    }
    decisions.sort_unstable_by_key(|&(card, lsn, _)| (card, lsn));
    let mut left = vec![plan.face_value_minor(); plan.issues().cards() as usize];
    for of_card in decisions.chunk_by(|a, b| a.0 == b.0) {
        check_balances(of_card, plan, &holds, &mut left, findings);
    }
    left
}

/// The amount that was asked for, on the card that was named.
fn check_names(&Decision { operation, record }: &Decision<'_>, plan: &Pairs, findings: &mut Findings) {
    let asked = plan.moved_minor(operation);
    findings.check(record.amount == asked, || wrong(operation, format!("{} minor units of {asked}", record.amount)));
    let card = plan.card(operation);
    let is_own = record.coupon == fingerprint(&plan.issues().card(card).coupon_id);
    findings.check(is_own, || wrong(operation, format!("it names another coupon than card {card}")));
}

/// From one write of a card to the next: a hold takes from what is available, its capture gives back what it leaves.
fn check_balances(
    of_card: &[(u64, u64, Decision<'_>)],
    plan: &Pairs,
    holds: &Holds<'_>,
    left: &mut [i64],
    findings: &mut Findings,
) {
    let mut available = plan.face_value_minor();
    for &(card, lsn, Decision { operation, record }) in of_card {
        let Step::Capture(pair) = Step::of(operation) else {
            available = available.saturating_sub(record.amount);
            continue;
        };
        let left = &mut left[card as usize];
        *left = left.saturating_sub(record.amount);
        // From the balance shown before, so that one fault is listed once; the sum in the end knows all of them.
        let (before, actual) = (available, record.balance_after_minor);
        available = actual;
        let Some(hold) = holds.0[pair as usize] else {
            findings.check(false, || wrong(operation, "it captures what was never held".to_owned()));
            continue;
        };
        let is_after = hold.partition == record.partition && hold.lsn < lsn;
        findings.check(is_after, || wrong(operation, "it does not stand behind its hold".to_owned()));
        let expected = before.saturating_add(hold.amount).saturating_sub(record.amount);
        findings.check(expected == actual && actual >= 0, || Violation::WrongBalanceAfter { card, operation, expected, actual });
    }
}

fn wrong(operation: u64, what: String) -> Violation {
    Violation::WrongAnswer { operation, what }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        ids::Ids,
        plan::{cards::Issues, redeems::By, skew::Skew},
    };

    /// One card of 600, for two pairs.
    fn plan() -> Pairs {
        Pairs::new(Arc::new(Issues::new(1, Ids::of_run(1))), 2, By::Owner, Skew::Hot, 5)
    }

    fn told(lsn: u64, amount: i64, balance_after_minor: i64) -> Record {
        let coupon = fingerprint(&plan().issues().card(0).coupon_id);
        Record { sent_ns: 1, answered_ns: 2, lsn, amount, coupon, balance_after_minor, sends: 1, ..Record::UNSENT }
    }

    #[track_caller]
    fn check_found(records: [Record; 4], expected: &[&str]) -> i64 {
        let mut findings = Findings::default();
        let left = check(History { records: &records, retries: &[] }, &plan(), &mut findings);
        assert_eq!(findings.listed.iter().map(ToString::to_string).collect::<Vec<_>>(), expected);
        left[0]
    }

    /// Two holds, then the capture of the second, then that of the first.
    fn right() -> [Record; 4] {
        [told(1, 150, 0), told(4, 150, 300), told(2, 150, 0), told(3, 150, 300)]
    }

    #[test]
    fn captures_take_what_holds_promised_in_the_order_of_lsns() {
        assert_eq!(check_found(right(), &[]), 300);
    }

    #[test]
    fn a_hold_that_is_not_captured_takes_nothing_in_the_end() {
        let [first, capture, second, _] = right();
        assert_eq!(check_found([first, capture, second, Record::UNSENT], &[]), 450);
    }

    #[test]
    fn value_taken_twice_is_found() {
        let [first, _, second, other] = right();
        let expected = ["card 0: operation 1 left 150 minor units, 300 follow from the redemptions before it"];
        check_found([first, told(4, 150, 150), second, other], &expected);
    }

    #[test]
    fn another_amount_or_coupon_is_found() {
        let [_, capture, second, _] = right();
        let expected = ["operation 0: 151 minor units of 150", "operation 0: it names another coupon than card 0"];
        let strange = Record { coupon: 7, ..told(1, 151, 0) };
        // What was held too much is back when it is captured.
        check_found([strange, capture, second, told(3, 150, 299)], &expected);
    }

    #[test]
    fn a_capture_of_nothing_or_before_its_hold_is_found() {
        let (second, other, capture) = (told(2, 150, 0), told(3, 150, 450), told(4, 150, 450));
        let late = [told(5, 150, 0), capture, second, other];
        assert_eq!(check_found(late, &["operation 1: it does not stand behind its hold"]), 300);
        let refused = Record { reason: 53, ..told(1, 150, 0) };
        let expected = ["operation 1: it captures what was never held"];
        assert_eq!(check_found([refused, capture, second, other], &expected), 300, "value it took all the same");
    }
}
