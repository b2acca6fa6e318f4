//! Facts of the lessee's desk.

use super::shop::{Answer, Fact, Out, Shop};
use super::{PIECE, POOL};
use crate::event::Event;
use crate::lease::{
    Effects, LesseeDesk, Message, PARKED_CLAIMS_MAX, REPEAT_MS, SOLD_OUT_MS, START_STATEMENTS_MAX, Sale, Statement,
};
use crate::pool::{Need, Pool};
use crate::stock::Stock;

/// A lessee that starts at time 0 with nothing.
struct Case {
    stock: Stock,
    desk: LesseeDesk,
}

impl Case {
    fn new() -> Case {
        let stock = Stock::default();
        let desk = LesseeDesk::start(&stock, 0);
        Case { stock, desk }
    }

    fn at(&mut self, now_ms: i64, act: impl FnOnce(&mut Shop)) -> Out {
        let mut shop = Shop { stock: &mut self.stock, desk: &mut self.desk, now_ms, out: Out::default() };
        act(&mut shop);
        shop.out
    }

    fn claim(&mut self, now_ms: i64, claims: u32) -> Out {
        self.at(now_ms, |shop| shop.claim(claims))
    }

    fn hear(&mut self, now_ms: i64, message: Message) -> Out {
        self.at(now_ms, |shop| shop.hear(message))
    }

    /// A lessee with pieces and an opinion of the total.
    fn granted(granted: u64) -> Case {
        let mut case = Case::new();
        case.hear(0, grant(granted));
        case
    }

    /// A lessee that asked at time 0 and was told "sold out".
    fn flagged() -> Case {
        let mut case = Case::new();
        case.claim(0, 1);
        case.hear(1, sold_out(10, 0));
        case
    }
}

fn grant(granted: u64) -> Message {
    Message::Grant { pool: POOL, granted, total: 1_000 }
}

fn sold_out(total: u64, asked_ms: i64) -> Message {
    Message::SoldOut { pool: POOL, total, need: 1, asked_ms }
}

fn open(total: u64) -> Message {
    Message::Open { pool: POOL, total }
}

const RECALL: Message = Message::Recall { pool: POOL };

fn statements(out: &Out) -> Vec<Statement> {
    let statement = |message: &Message| match message {
        Message::Statement(said) => *said,
        other => panic!("a lessee only states: {other:?}"),
    };
    out.messages.iter().map(|(_, message)| statement(message)).collect()
}

fn only_statement(out: &Out) -> Statement {
    let statements = statements(out);
    assert_eq!(statements.len(), 1, "one statement: {statements:?}");
    statements[0]
}

#[test]
fn the_first_claims_wait_are_stated_once_and_again_only_after_a_while() {
    let mut case = Case::new();
    let said = only_statement(&case.claim(0, 3));
    assert_eq!((said.parked, said.need, said.received), (3, 1, 0));
    assert!(case.claim(1, 2).messages.is_empty(), "an answer is due");
    assert!(case.at(REPEAT_MS - 1, |shop| shop.tick()).messages.is_empty());
    assert_eq!(only_statement(&case.at(REPEAT_MS, |shop| shop.tick())).parked, 5);
}

#[test]
fn claims_that_gave_up_are_not_stated_again_and_the_next_one_is_at_once() {
    let mut case = Case::new();
    case.claim(0, 3);
    case.at(200, |shop| shop.give_up());
    assert!(case.at(250, |shop| shop.tick()).messages.is_empty());
    assert_eq!(only_statement(&case.claim(251, 1)).parked, 1);
}

#[test]
fn a_grant_serves_who_waits_in_the_same_turn_and_asks_for_the_rest() {
    let mut case = Case::new();
    case.claim(0, 3);
    let out = case.hear(1, grant(2));
    assert!(matches!(out.events[..], [Fact::Desk(Event::LeaseReceived(lease)), Fact::Sold, Fact::Sold] if lease.count == 2));
    assert_eq!((only_statement(&out).parked, out.answers), (1, vec![Answer::Sold; 2]));
}

#[test]
fn a_repeated_or_late_grant_adds_nothing() {
    let mut case = Case::granted(5);
    for granted in [5, 3] {
        let out = case.hear(1, grant(granted));
        assert!(out.events.is_empty() && out.messages.is_empty());
    }
    assert_eq!(case.stock.lessee(POOL).unsold(), 5);
}

#[test]
fn a_lease_is_stated_at_half_and_each_time_it_has_halved_again() {
    let mut case = Case::granted(16);
    let stated: Vec<u64> = (0..16).flat_map(|_| statements(&case.claim(1, 1))).map(|said| said.unsold()).collect();
    assert_eq!(stated, [8, 4, 2, 1, 0]);
}

#[test]
fn a_recall_gives_back_what_is_left_and_asks_for_nothing() {
    let mut case = Case::granted(5);
    case.claim(1, 1);
    let out = case.hear(2, RECALL);
    assert!(matches!(out.events[..], [Fact::Desk(Event::LeaseReturned(lease))] if lease.count == 4));
    let said = only_statement(&out);
    assert_eq!((said.returned, said.issued, said.unsold(), said.need), (4, 1, 0, 0));
}

#[test]
fn a_recall_of_an_empty_lease_is_answered_without_an_event() {
    let mut case = Case::new();
    case.claim(0, 2);
    let out = case.hear(1, RECALL);
    assert!(out.events.is_empty());
    assert_eq!((only_statement(&out).parked, only_statement(&out).need), (2, 1));
}

#[test]
fn sold_out_refuses_who_waits_and_who_comes_until_a_second_after_it_was_asked_for() {
    let mut case = Case::new();
    case.claim(0, 2);
    assert_eq!(case.hear(400, sold_out(10, 0)).answers, [Answer::SoldOut { total: 10 }; 2]);
    assert_eq!(case.claim(SOLD_OUT_MS - 1, 1).answers, [Answer::SoldOut { total: 10 }]);
    assert!(case.claim(SOLD_OUT_MS, 1).answers.is_empty(), "it waits again");
}

#[test]
fn a_flag_under_demand_is_renewed_in_its_last_quarter_by_few_statements() {
    let mut case = Case::flagged();
    assert!((2..750).all(|now| case.claim(now, 9).messages.is_empty()));
    let asked: Vec<i64> = (750..SOLD_OUT_MS).filter(|now| !case.claim(*now, 9).messages.is_empty()).collect();
    assert_eq!(asked, [750, 800, 850, 900, 950]);
    case.hear(999, sold_out(10, 950));
    assert!((SOLD_OUT_MS..1_700).all(|now| case.claim(now, 1).answers == [Answer::SoldOut { total: 10 }]));
}

#[test]
fn a_flag_without_demand_costs_nothing() {
    let mut case = Case::flagged();
    assert!((2..2_000).all(|now| case.at(now, |shop| shop.tick()).messages.is_empty()));
}

#[test]
fn sold_out_of_a_smaller_total_than_was_heard_of_is_ignored() {
    for news in [open(11), Message::Grant { pool: POOL, granted: 1, total: 11 }] {
        let mut case = Case::flagged();
        case.hear(2, news);
        case.claim(3, 2);
        assert!(case.hear(4, sold_out(10, 3)).answers.is_empty());
        assert_eq!(case.hear(4, sold_out(11, 3)).answers.last(), Some(&Answer::SoldOut { total: 11 }));
    }
}

#[test]
fn sold_out_that_comes_too_late_or_answers_an_earlier_desk_is_ignored() {
    let mut case = Case::new();
    case.claim(0, 1);
    assert!(case.hear(SOLD_OUT_MS, sold_out(10, 0)).answers.is_empty());
    case.desk = LesseeDesk::start(&case.stock, 1_001);
    case.claim(1_001, 1);
    assert!(case.hear(1_002, sold_out(10, 1_000)).answers.is_empty());
    assert_eq!(case.hear(1_002, sold_out(10, 1_001)).answers.len(), 1);
}

#[test]
fn an_opening_ends_the_flag_and_is_answered_by_asking_for_pieces() {
    let mut case = Case::flagged();
    let said = only_statement(&case.hear(2, open(20)));
    assert_eq!((said.heard, said.need), (20, 1));
    assert_eq!(case.desk.sale(&case.stock, PIECE, 3), Sale::Park);
    let again = only_statement(&case.hear(3, open(20)));
    assert_eq!((again.heard, again.need), (20, 0), "every opening is answered; nobody waits here");
}

#[test]
fn an_opening_that_was_overtaken_leaves_the_flag() {
    let mut case = Case::flagged();
    case.hear(2, open(9));
    assert_eq!(case.claim(3, 1).answers, [Answer::SoldOut { total: 10 }]);
}

#[test]
fn a_start_states_every_lease_some_at_each_tick() {
    let mut stock = Stock::default();
    let leases = START_STATEMENTS_MAX as u32 + 5;
    (0..leases).for_each(|template| stock.receive(Pool::stock(template), 3));
    let mut desk = LesseeDesk::start(&stock, 0);
    let mut tick = |now_ms| {
        let mut effects = Effects::default();
        desk.tick(&stock, now_ms, &mut effects);
        effects.messages.iter().map(|(_, message)| message.pool().template()).collect::<Vec<u32>>()
    };
    let stated = [tick(0), tick(50), tick(100)];
    assert_eq!(stated.each_ref().map(Vec::len), [START_STATEMENTS_MAX, 5, 0]);
    assert!(stated.concat().into_iter().eq(0..leases));
}

#[test]
fn a_partition_parks_no_more_claims_than_its_limit_over_all_templates() {
    let mut case = Case::new();
    let piece = |template| Need { pool: Pool::stock(template), amount: 1 };
    assert!((0..PARKED_CLAIMS_MAX).all(|claim| case.desk.park(&case.stock, piece(claim % 3))));
    assert!(!case.desk.park(&case.stock, piece(9)));
    case.desk.unpark(&case.stock, Pool::stock(0), 1);
    assert!(case.desk.park(&case.stock, piece(9)));
}
