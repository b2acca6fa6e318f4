//! One template, user = operation modulo 10.

use super::*;
use crate::record::Record;

struct Sale([Terms; 1]);

impl Claimed for Sale {
    fn user(&self, operation: u64) -> u64 {
        operation % 10
    }

    fn template(&self, _operation: u64) -> u32 {
        0
    }

    fn terms(&self) -> &[Terms] {
        &self.0
    }
}

fn accepted(at_ns: u64, coupon: u64) -> Record {
    Record { sent_ns: at_ns, answered_ns: at_ns + 1, coupon, lsn: coupon, sends: 1, ..Record::UNSENT }
}

fn sold_out(at_ns: u64) -> Record {
    Record { reason: 70, ..accepted(at_ns, 0) }
}

#[track_caller]
fn check_found(stock: u64, records: &[Record], expected: &[Violation]) {
    let mut findings = Findings::default();
    let sale = Sale([Terms { stock: Some(stock), per_user_limit: 1 }]);
    check(History { records, retries: &[] }, &sale, &mut findings);
    assert_eq!(findings.listed, expected);
    assert!(findings.checked > 0);
}

#[test]
fn sold_to_the_last_piece_is_right() {
    check_found(2, &[accepted(1, 1), accepted(1, 2), sold_out(5)], &[]);
}

#[test]
fn one_more_than_the_stock_is_found() {
    check_found(1, &[accepted(1, 1), accepted(1, 2)], &[Violation::Oversold { template: 0, accepted: 2, stock: 1 }]);
}

#[test]
fn sold_out_before_the_last_piece_is_found() {
    check_found(
        3,
        &[accepted(1, 1), accepted(1, 2), sold_out(5)],
        &[Violation::NotSoldOut { template: 0, accepted: 2, stock: 3 }],
    );
}

#[test]
fn a_piece_sold_after_sold_out_is_found() {
    check_found(2, &[accepted(1, 1), sold_out(2), accepted(9, 2)], &[Violation::AcceptedAfterSoldOut { operation: 2 }]);
}

#[test]
fn a_claim_in_flight_when_sold_out_was_said_may_succeed() {
    check_found(2, &[accepted(1, 1), sold_out(2), accepted(3, 2)], &[]);
}

#[test]
fn one_coupon_for_two_claims_is_found() {
    check_found(5, &[accepted(1, 1), accepted(1, 1)], &[Violation::SameCoupon { first: 0, second: 1 }]);
}

#[test]
fn a_second_coupon_beyond_the_limit_is_found() {
    let mut records = vec![Record { reason: 60, ..accepted(1, 0) }; 11];
    (records[0], records[10]) = (accepted(1, 1), accepted(1, 2));
    check_found(5, &records, &[Violation::OverUserLimit { user: 0, template: 0, accepted: 2, limit: 1 }]);
}
