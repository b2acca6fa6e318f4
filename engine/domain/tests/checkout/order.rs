//! Which orders are reckoned at all.

use crate::shop::id;
use tessera_domain::checkout::{CATEGORIES_MAX, LINES_MAX, Line, Order};
use tessera_domain::money::AMOUNT_MAX;
use tessera_domain::{Reason, Rejection};

fn line(quantity: u32, unit_price: i64) -> Line {
    Line { goods: None, categories: Vec::new(), merchant: id("m"), quantity, unit_price }
}

#[track_caller]
fn check_refused(lines: Vec<Line>, shipping: i64, field: &'static str, limit: i64) {
    assert_eq!(Order::new(lines, shipping), Err(Rejection::invalid(field, limit)));
}

#[test]
fn an_order_knows_its_amounts() {
    let order = Order::new(vec![line(3, 100), line(1, 0)], 50).unwrap();
    assert_eq!((order.amounts(), order.shipping(), order.total()), (&[300, 0][..], 50, 350));
    assert_eq!(order.lines(), [line(3, 100), line(1, 0)]);
}

#[test]
fn an_order_has_1_to_200_lines() {
    check_refused(vec![], 100, "order.lines", 1);
    assert!(Order::new(vec![line(1, 1); LINES_MAX], 0).is_ok());
    check_refused(vec![line(1, 1); LINES_MAX + 1], 0, "order.lines", 200);
}

#[test]
fn a_line_has_units_that_cost_no_less_than_nothing() {
    check_refused(vec![line(1, 1), line(0, 1)], 0, "order.lines.quantity", 1);
    check_refused(vec![line(1, 1), line(1, -1)], 0, "order.lines.unit_price_minor", 0);
    check_refused(vec![line(1, 1)], -1, "order.shipping_minor", 0);
}

#[test]
fn a_line_has_at_most_16_categories() {
    let of = |count| Line { categories: vec![id("c"); count], ..line(1, 1) };
    assert!(Order::new(vec![of(CATEGORIES_MAX)], 0).is_ok());
    check_refused(vec![of(CATEGORIES_MAX + 1)], 0, "order.lines.category_ids", 16);
}

#[test]
fn an_order_costs_something() {
    check_refused(vec![line(5, 0), line(1, 0)], 0, "order.lines.unit_price_minor", 1);
    assert_eq!(Order::new(vec![line(5, 0)], 1).unwrap().total(), 1);
}

#[test]
fn lines_and_shipping_together_are_an_amount() {
    let refusal = Err(Rejection { reason: Reason::AmountOutOfRange, field: "order.lines", value: AMOUNT_MAX });
    assert_eq!(Order::new(vec![line(1, AMOUNT_MAX - 1)], 1).unwrap().total(), AMOUNT_MAX);
    assert_eq!(Order::new(vec![line(1, AMOUNT_MAX)], 1), refusal);
    assert_eq!(Order::new(vec![line(1, 1)], i64::MAX), refusal);
    assert_eq!(Order::new(vec![line(2, AMOUNT_MAX / 2 + 1)], 0), refusal);
    assert_eq!(Order::new(vec![line(u32::MAX, i64::MAX); LINES_MAX], i64::MAX), refusal);
}

#[test]
fn what_is_malformed_is_told_before_what_is_too_much() {
    check_refused(vec![line(2, AMOUNT_MAX), line(0, 1)], 0, "order.lines.quantity", 1);
}
