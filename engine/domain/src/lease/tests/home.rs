//! Facts of the home desk.

use super::POOL;
use super::shop::{Fact, Office, Out};
use crate::event::Event;
use crate::lease::{Effects, HomeDesk, Message, PARKED_MS_MAX, REPEAT_MS, SOLD_OUT_MS, Statement, To};
use crate::stock::Stock;

const PARTITIONS: u16 = 4;

/// A home among four partitions whose catalog says so many pieces.
struct Case {
    stock: Stock,
    desk: HomeDesk,
    total: u64,
}

impl Case {
    fn new(total: u64) -> Case {
        Case { stock: Stock::default(), desk: HomeDesk::start(PARTITIONS), total }
    }

    fn at(&mut self, now_ms: i64, act: impl FnOnce(&mut Office)) -> Out {
        let (stock, desk, catalog_total) = (&mut self.stock, &mut self.desk, self.total);
        let mut office = Office { stock, desk, now_ms, catalog_total, out: Out::default() };
        act(&mut office);
        office.out
    }

    fn hear(&mut self, now_ms: i64, from: u16, said: Statement) -> Out {
        self.at(now_ms, |office| office.hear(from, said))
    }

    fn tick(&mut self, now_ms: i64) -> Out {
        self.at(now_ms, |office| office.tick())
    }

    /// One piece each is out, at these lessees, and nothing is free.
    fn all_out(lessees: u16) -> Case {
        let mut case = Case::new(u64::from(lessees));
        (0..lessees).for_each(|lessee| drop(case.hear(0, lessee, asks([0, 0, 0], 1))));
        assert_eq!(case.stock.home(POOL).free(), 0);
        case
    }
}

/// Received, returned, issued, and claims that wait.
fn asks([received, returned, issued]: [u64; 3], parked: u32) -> Statement {
    Statement { parked, need: 1, ..accounts([received, returned, issued]) }
}

fn accounts([received, returned, issued]: [u64; 3]) -> Statement {
    Statement { pool: POOL, received, returned, issued, restocked: 0, parked: 0, need: 0, heard: 0, stated_ms: 77 }
}

fn hears(total: u64) -> Statement {
    Statement { heard: total, ..accounts([0, 0, 0]) }
}

/// To whom, and what, in one letter and a number.
fn said(out: &Out) -> Vec<(u16, char, u64)> {
    out.messages.iter().map(|(to, message)| brief(*to, *message)).collect()
}

fn brief(to: To, message: Message) -> (u16, char, u64) {
    let To::Lessee(lessee) = to else { panic!("home speaks to lessees: {message:?}") };
    match message {
        Message::Grant { granted, .. } => (lessee, 'G', granted),
        Message::Recall { .. } => (lessee, 'R', 0),
        Message::SoldOut { total, .. } => (lessee, 'S', total),
        Message::Open { total, .. } => (lessee, 'O', total),
        Message::Statement(_) => panic!("home states nothing"),
    }
}

#[test]
fn a_stock_is_opened_at_first_demand_from_the_catalog_or_not_at_all() {
    let mut case = Case::new(100);
    let mut effects = Effects::default();
    case.desk.handle(&case.stock, 1, asks([0, 0, 0], 1), None, 0, &mut effects);
    assert!(effects.events.is_empty() && effects.messages.is_empty());
    let out = case.hear(0, 1, asks([0, 0, 0], 1));
    assert!(
        matches!(out.events[..], [Fact::Desk(Event::StockOpened(opened)), Fact::Desk(Event::LeaseGranted(_))] if opened.total == 100)
    );
    assert_eq!(case.hear(0, 2, asks([0, 0, 0], 1)).events.len(), 1, "opened once");
}

#[test]
fn a_grant_is_a_fair_part_or_more_for_a_crowd_but_at_most_half_and_at_least_one() {
    for (total, parked, granted) in
        [(800, 0, 100), (800, 1, 100), (800, 250, 250), (800, 9_999, 400), (7, 1, 1), (1, 5, 1), (3, 9, 2)]
    {
        let out = Case::new(total).hear(0, 1, asks([0, 0, 0], parked));
        assert_eq!(said(&out), [(1, 'G', granted)], "free {total}, parked {parked}");
    }
}

#[test]
fn a_lessee_that_asks_again_before_it_received_is_told_the_same_grant() {
    let mut case = Case::new(100);
    let first = said(&case.hear(0, 1, asks([0, 0, 0], 1)));
    let again = case.hear(1, 1, asks([0, 0, 0], 5));
    assert!(again.events.is_empty());
    assert_eq!(said(&again), first);
}

#[test]
fn the_need_of_a_statement_that_was_overtaken_is_not_believed() {
    let mut case = Case::new(100);
    case.hear(0, 1, asks([0, 0, 0], 1));
    case.hear(1, 1, accounts([13, 0, 1]));
    let late = case.hear(2, 1, asks([0, 0, 0], 1));
    assert!(late.events.is_empty() && late.messages.is_empty());
}

#[test]
fn when_nothing_is_free_whoever_may_have_pieces_is_recalled_and_nobody_else() {
    let mut case = Case::all_out(2);
    assert_eq!(said(&case.hear(1, 3, asks([0, 0, 0], 4))), [(0, 'R', 0), (1, 'R', 0)], "2 was never granted anything");
}

#[test]
fn a_low_lessee_where_nobody_waits_causes_no_recall() {
    let mut case = Case::all_out(2);
    assert!(case.hear(1, 0, asks([1, 0, 1], 0)).messages.is_empty());
}

#[test]
fn what_comes_back_is_taken_once_and_goes_to_who_waits_longest() {
    let mut case = Case::all_out(2);
    case.hear(1, 3, asks([0, 0, 0], 1));
    case.hear(2, 2, asks([0, 0, 0], 1));
    let out = case.hear(3, 0, accounts([1, 1, 0]));
    assert!(matches!(out.events[..], [Fact::Desk(Event::LeaseReclaimed(back)), Fact::Desk(Event::LeaseGranted(grant))]
        if (back.partition, back.count, grant.partition) == (0, 1, 3)));
    assert!(case.hear(4, 0, accounts([1, 1, 0])).events.is_empty());
}

#[test]
fn one_round_ends_before_the_next_begins() {
    let mut case = Case::all_out(2);
    case.hear(1, 3, asks([0, 0, 0], 1));
    case.hear(1, 2, asks([0, 0, 0], 1));
    assert_eq!(said(&case.hear(2, 0, accounts([1, 1, 0]))), [(3, 'G', 1)], "1 has not answered");
    assert_eq!(said(&case.hear(3, 1, accounts([1, 0, 1]))), [(3, 'R', 0)], "the next round asks the new lessee");
}

#[test]
fn sold_out_is_said_when_the_last_lessee_is_empty_and_not_before() {
    let mut case = Case::all_out(2);
    case.hear(1, 3, asks([0, 0, 0], 1));
    assert!(case.hear(2, 0, accounts([1, 0, 1])).messages.is_empty());
    assert!(case.hear(3, 1, accounts([1, 0, 0])).messages.is_empty(), "1 has a piece");
    assert_eq!(said(&case.hear(4, 1, accounts([1, 0, 1]))), [(3, 'S', 2)]);
    let renewal = case.hear(5, 1, asks([1, 0, 1], 0));
    assert_eq!(said(&renewal), [(1, 'S', 2)], "who asks is answered");
    assert!(matches!(renewal.messages[0].1, Message::SoldOut { asked_ms: 77, .. }), "by the lessee's own time");
}

#[test]
fn a_restarted_home_does_not_say_sold_out_before_it_has_heard_everybody() {
    let mut case = Case::all_out(2);
    case.desk = HomeDesk::start(PARTITIONS);
    assert_eq!(said(&case.hear(1, 0, asks([1, 0, 1], 1))), [(1, 'R', 0)]);
    assert_eq!(said(&case.hear(2, 1, accounts([1, 0, 1]))), [(0, 'S', 2)]);
}

#[test]
fn a_grant_that_was_lost_in_a_crash_is_sent_again_with_the_next_round() {
    let mut case = Case::all_out(1);
    case.desk = HomeDesk::start(PARTITIONS);
    case.hear(1, 3, asks([0, 0, 0], 1));
    assert!(case.hear(2, 0, accounts([0, 0, 0])).messages.is_empty(), "its piece is on its way or lost");
    assert!(case.tick(REPEAT_MS).messages.is_empty(), "not yet");
    assert_eq!(said(&case.tick(REPEAT_MS + 1)), [(0, 'G', 1), (0, 'R', 0)]);
}

#[test]
fn a_lessee_that_cannot_be_reached_keeps_its_own_pieces_only() {
    let mut case = Case::all_out(2);
    case.hear(1, 3, asks([0, 0, 0], 1));
    case.hear(2, 0, accounts([1, 1, 0]));
    case.hear(3, 3, accounts([1, 0, 0]));
    case.hear(4, 2, asks([0, 0, 0], 1));
    let again = case.tick(REPEAT_MS + 1);
    assert!(said(&again).contains(&(3, 'R', 0)), "1 is silent, 3 has a piece: {:?}", said(&again));
}

#[test]
fn a_recall_is_not_repeated_for_those_who_have_not_asked_for_a_while() {
    let mut case = Case::all_out(2);
    case.hear(1, 3, asks([0, 0, 0], 1));
    assert!(!case.tick(PARKED_MS_MAX).messages.is_empty());
    assert!(case.tick(PARKED_MS_MAX + REPEAT_MS).messages.is_empty());
}

#[test]
fn a_raise_is_told_to_all_and_heard_when_the_last_has_answered() {
    let mut case = Case::all_out(1);
    let out = case.at(10, |office| office.raise(5));
    assert_eq!(said(&out), [(0, 'O', 5), (1, 'O', 5), (2, 'O', 5), (3, 'O', 5)]);
    case.hear(11, 0, Statement { heard: 5, ..accounts([1, 0, 1]) });
    for lessee in [1, 2] {
        assert!(case.hear(11, lessee, hears(5)).heard.is_empty());
    }
    assert_eq!(said(&case.tick(10 + REPEAT_MS)), [(3, 'O', 5)], "told again");
    assert!(case.hear(70, 3, hears(4)).heard.is_empty(), "an older total is no answer");
    assert_eq!(case.hear(71, 3, hears(5)).heard, [5]);
}

#[test]
fn a_raise_that_somebody_does_not_hear_is_over_when_no_flag_can_be_alive() {
    let mut case = Case::all_out(1);
    case.at(10, |office| office.raise(5));
    assert!(case.tick(10 + SOLD_OUT_MS - 1).heard.is_empty());
    assert_eq!(case.tick(10 + SOLD_OUT_MS).heard, [5]);
    assert!(case.tick(10 + SOLD_OUT_MS + REPEAT_MS).messages.is_empty());
}

#[test]
fn a_raise_serves_who_waits_and_takes_back_the_verdict() {
    let mut case = Case::all_out(1);
    case.hear(1, 0, asks([1, 0, 1], 0));
    assert_eq!(said(&case.hear(1, 3, asks([0, 0, 0], 2))), [(3, 'S', 1)]);
    case.at(2, |office| office.raise(3));
    assert_eq!(said(&case.hear(3, 3, asks([0, 0, 0], 2))), [(3, 'G', 1)]);
    assert_eq!(said(&case.hear(4, 2, asks([0, 0, 0], 2))), [(2, 'G', 1)]);
    assert_eq!(said(&case.hear(5, 0, asks([1, 0, 1], 2))), [(2, 'R', 0), (3, 'R', 0)], "not sold out: asked for");
}
