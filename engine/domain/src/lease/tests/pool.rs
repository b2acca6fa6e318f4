//! Facts of days and budgets: what a claim needs is more than a piece, or is over, or comes back, or is kept for who waits.

use crate::event::{Event, PoolLeased, Step};
use crate::lease::{Effects, HomeDesk, LesseeDesk, Message, Next, SOLD_OUT_MS, Sale, Statement, To};
use crate::planted::{self, Planted};
use crate::pool::{Need, Pool};
use crate::stock::Stock;

const BUDGET: Pool = Pool::budget(7);
const DAY: Pool = Pool::day(7, 0);
const STOCK: Pool = Pool::stock(7);
const PARTITIONS: u16 = 4;
const DAY_MS: i64 = 86_400_000;

/// Received, returned and issued, with claims that wait for so much each.
fn states(pool: Pool, [received, returned, issued]: [u64; 3], parked: u32, need: u64) -> Statement {
    Statement { pool, received, returned, issued, restocked: 0, parked, need, heard: 0, stated_ms: 77 }
}

/// A home, whose catalog says so much.
struct Home {
    stock: Stock,
    desk: HomeDesk,
    total: u64,
}

impl Home {
    fn new(total: u64) -> Home {
        Home { stock: Stock::default(), desk: HomeDesk::start(PARTITIONS), total }
    }

    /// What is said to a statement: to whom, what, and a number of it.
    fn hear(&mut self, now_ms: i64, from: u16, said: Statement) -> Vec<(u16, char, u64)> {
        let mut effects = Effects::default();
        self.desk.handle(&self.stock, from, said, Some(self.total), now_ms, &mut effects);
        apply(&mut self.stock, &effects);
        effects.messages.into_iter().map(brief).collect()
    }
}

fn brief((to, message): (To, Message)) -> (u16, char, u64) {
    let To::Lessee(lessee) = to else { panic!("home speaks to lessees: {message:?}") };
    match message {
        Message::Grant { granted, .. } => (lessee, 'G', granted),
        Message::Recall { .. } => (lessee, 'R', 0),
        Message::SoldOut { need, .. } => (lessee, 'S', need),
        Message::Open { total, .. } => (lessee, 'O', total),
        Message::Statement(_) => panic!("home states nothing"),
    }
}

fn apply(stock: &mut Stock, effects: &Effects) {
    for event in &effects.events {
        match event {
            Event::PoolOpened(opened) => stock.open(Pool::of_numbers(opened.template, opened.day).expect("a pool"), opened.total),
            Event::PoolLeased(leased) => lease(stock, leased),
            other => panic!("days and budgets have events of their own: {other:?}"),
        }
    }
}

fn lease(stock: &mut Stock, &PoolLeased { template, day, step, partition, count }: &PoolLeased) {
    let pool = Pool::of_numbers(template, day).expect("a pool");
    match Step::from_number(step).expect("a step") {
        Step::Granted => stock.grant(pool, partition, count),
        Step::Reclaimed => stock.reclaim(pool, partition, count),
        Step::Received => stock.receive(pool, count),
        Step::Returned => stock.give_back(pool, count),
    }
}

#[test]
fn a_budget_is_granted_in_covers_and_what_covers_nobody_stays_free() {
    let mut home = Home::new(1_000);
    assert_eq!(home.hear(0, 1, states(BUDGET, [0, 0, 0], 1, 300)), [(1, 'G', 300)]);
    assert_eq!(home.hear(0, 2, states(BUDGET, [0, 0, 0], 9, 300)), [(2, 'G', 300)], "half of the two that are left");
    assert_eq!(home.hear(0, 3, states(BUDGET, [0, 0, 0], 9, 300)), [(3, 'G', 300)]);
    assert_eq!(home.stock.home(BUDGET).free(), 100);
}

#[test]
fn a_budget_is_exhausted_when_all_that_came_back_is_below_the_need() {
    let mut home = Home::new(500);
    home.hear(0, 1, states(BUDGET, [0, 0, 0], 1, 300));
    assert_eq!(home.hear(1, 2, states(BUDGET, [0, 0, 0], 1, 300)), [(1, 'R', 0)], "200 are free, 300 may be unsold");
    assert_eq!(home.hear(2, 1, states(BUDGET, [300, 0, 300], 0, 0)), [(2, 'S', 300)]);
    assert_eq!(home.hear(3, 3, states(BUDGET, [0, 0, 0], 1, 200)), [(3, 'G', 200)], "not for who needs less");
}

#[test]
fn parts_that_come_back_make_a_whole() {
    let mut home = Home::new(500);
    home.hear(0, 1, states(BUDGET, [0, 0, 0], 1, 400));
    home.hear(1, 2, states(BUDGET, [0, 0, 0], 1, 300));
    assert_eq!(home.hear(2, 1, states(BUDGET, [400, 400, 0], 0, 0)), [(2, 'G', 300)]);
}

#[test]
fn what_comes_back_after_sold_out_was_said_is_called_home_and_said_to_all() {
    let mut home = Home::new(300);
    home.hear(0, 1, states(BUDGET, [0, 0, 0], 1, 300));
    home.hear(1, 1, states(BUDGET, [300, 0, 300], 0, 0));
    assert_eq!(home.hear(2, 2, states(BUDGET, [0, 0, 0], 1, 300)), [(2, 'S', 300)]);
    let back = Statement { restocked: 300, ..states(BUDGET, [300, 0, 300], 0, 0) };
    assert_eq!(home.hear(100, 1, back), [(1, 'R', 0)]);
    let returned = Statement { returned: 300, ..back };
    let opened: Vec<_> = (0..PARTITIONS).map(|lessee| (lessee, 'O', 300)).collect();
    assert_eq!(home.hear(101, 1, returned), opened);
    assert_eq!(home.hear(102, 2, states(BUDGET, [0, 0, 0], 1, 300)), [(2, 'G', 300)]);
}

#[test]
fn what_comes_back_when_no_flag_can_be_alive_stays_where_it_is() {
    let mut home = Home::new(1);
    home.hear(0, 1, states(DAY, [0, 0, 0], 1, 1));
    home.hear(1, 1, states(DAY, [1, 0, 1], 0, 0));
    home.hear(2, 2, states(DAY, [0, 0, 0], 1, 1));
    let back = Statement { restocked: 1, ..states(DAY, [1, 0, 1], 0, 0) };
    assert_eq!(home.hear(2 + SOLD_OUT_MS, 1, back), []);
}

#[test]
fn of_a_day_that_is_over_everywhere_nobody_says_anything() {
    let mut home = Home::new(5);
    assert_eq!(home.hear(3 * DAY_MS, 1, states(DAY, [0, 0, 0], 1, 1)), []);
    assert!(!home.stock.home(DAY).opened);
    let mut lessee = Lessee::new();
    let grant = Message::Grant { pool: DAY, granted: 3, total: 5 };
    assert_eq!(lessee.hear(3 * DAY_MS, grant), (Next::Nothing, vec![]));
    assert_eq!(lessee.stock.lessee(DAY).received, 0);
}

#[test]
fn desks_forget_the_days_before_the_last_few() {
    let (mut home, mut lessee) = (Home::new(5), Lessee::new());
    for day in 0..400 {
        let now_ms = i64::from(day) * DAY_MS;
        let pool = Pool::day(7, day);
        home.hear(now_ms, 1, states(pool, [0, 0, 0], 1, 1));
        lessee.hear(now_ms, Message::SoldOut { pool, total: 5, need: 1, asked_ms: now_ms });
    }
    // Debug text tells of every tab and every counter.
    let (home, lessee) = (format!("{:?}", home.desk), format!("{:?}", lessee.desk));
    assert!(home.contains("day 399") && lessee.contains("day 399"));
    assert!(!home.contains("day 395 ") && !lessee.contains("day 395 "), "{lessee}");
}

/// A lessee that starts at time 0 with nothing.
struct Lessee {
    stock: Stock,
    desk: LesseeDesk,
}

impl Lessee {
    fn new() -> Lessee {
        let stock = Stock::default();
        Lessee { desk: LesseeDesk::start(&stock, 0), stock }
    }

    fn hear(&mut self, now_ms: i64, message: Message) -> (Next, Vec<Message>) {
        let mut effects = Effects::default();
        let next = self.desk.handle(&self.stock, message, now_ms, &mut effects);
        apply(&mut self.stock, &effects);
        (next, effects.messages.into_iter().map(|(_, message)| message).collect())
    }

    fn recall(&mut self, pool: Pool) -> Statement {
        assert_eq!(self.hear(5, Message::Recall { pool }).0, Next::ServeThenReturn);
        let mut effects = Effects::default();
        self.desk.finish_recall(&self.stock, pool, 5, &mut effects);
        apply(&mut self.stock, &effects);
        match effects.messages[..] {
            [(To::Home, Message::Statement(said))] => said,
            ref other => panic!("a recall is answered by a statement: {other:?}"),
        }
    }
}

#[test]
fn a_recall_takes_what_nobody_here_needs_for_what_they_wait_for() {
    let mut lessee = Lessee::new();
    lessee.hear(0, Message::Grant { pool: DAY, granted: 5, total: 9 });
    lessee.hear(0, Message::Grant { pool: BUDGET, granted: 1_000, total: 9_000 });
    let budget = Need { pool: BUDGET, amount: 300 };
    let mut effects = Effects::default();
    lessee.desk.after_sales(&lessee.stock, budget, 0, &mut effects);
    for _ in 0..2 {
        assert!(lessee.desk.park(&lessee.stock, Need { pool: STOCK, amount: 1 }));
    }
    assert_eq!(lessee.recall(DAY).unsold(), 2);
    assert_eq!(lessee.recall(BUDGET).unsold(), 600);
    lessee.desk.wait_for(&lessee.stock, STOCK, Need { pool: DAY, amount: 1 }, 2);
    assert_eq!(lessee.recall(BUDGET).unsold(), 0, "who waits for a day keeps nothing of what comes after it");
}

#[test]
fn a_flag_is_about_who_needs_as_much() {
    let mut lessee = Lessee::new();
    assert!(lessee.desk.park(&lessee.stock, Need { pool: BUDGET, amount: 300 }));
    let (next, _) = lessee.hear(1, Message::SoldOut { pool: BUDGET, total: 900, need: 300, asked_ms: 0 });
    assert_eq!(next, Next::Refuse { total: 900 });
    let sale = |amount| lessee.desk.sale(&lessee.stock, Need { pool: BUDGET, amount }, 2);
    assert_eq!([sale(299), sale(300)], [Sale::Park, Sale::SoldOut { total: 900 }]);
}

#[test]
fn a_planted_second_grant_of_a_budget_breaks_its_home() {
    planted::plant(Some(Planted::BudgetGrantedTwice));
    let mut lessee = Lessee::new();
    let grant = Message::Grant { pool: BUDGET, granted: 300, total: 900 };
    lessee.hear(0, grant);
    lessee.hear(1, grant);
    planted::plant(None);
    let mut home = Home::new(900);
    home.hear(0, 1, states(BUDGET, [0, 0, 0], 1, 300));
    let said = states(BUDGET, [lessee.stock.lessee(BUDGET).received, 0, 0], 1, 300);
    let broken = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| home.hear(2, 1, said)));
    assert!(broken.is_err(), "I1: more was received than granted");
}

#[test]
fn a_planted_second_return_of_a_coupon_breaks_its_lease() {
    let piece = Need { pool: STOCK, amount: 1 };
    let restock = |fault| {
        planted::plant(fault);
        let mut stock = Stock::default();
        stock.receive(STOCK, 1);
        stock.issue(piece);
        let broken = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| stock.restock(piece))).is_err();
        planted::plant(None);
        broken
    };
    assert_eq!([restock(None), restock(Some(Planted::RestockedTwice))], [false, true]);
}
