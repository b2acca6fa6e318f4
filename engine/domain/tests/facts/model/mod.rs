//! The whole partition against a plain, slow model, over random sequences of commands and times.
//!
//! [`plain`] says what is true, in maps and strings; [`act`] makes the commands; [`recount`] makes the
//! digest from the model's own state, by the definition in the formats. After each step every answer, the
//! digest and the invariants must agree; at the end the journal replays to every digest (I6).

mod act;
mod ask;
mod card;
mod gift;
mod operator;
mod orders;
mod plain;
mod pool;
mod recount;
mod till;
mod time;
mod write;

use crate::given::{Answer, World, rebuilt, told::told};
use act::{Act, acts};
use plain::Plain;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use tessera_domain::Life;
use tessera_domain::command::{Command, Instrument};

/// Acts of one run.
const ACTS: usize = 120;

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_partition_agrees_with_the_plain_model_at_every_step(acts in proptest::collection::vec(acts(), ACTS)) {
        let mut run = Run::new();
        for act in &acts {
            run.step(act);
        }
        let replayed = rebuilt(&run.world.frames);
        prop_assert_eq!(replayed.digest(), run.world.partition.digest(), "I6");
    }
}

/// A model that never meets a case proves nothing about it: these answers must all have been compared.
const MET: [&str; 81] = [
    "active with",
    "balance ",
    "UNACTIVATED",
    "COUPON_NOT_ACTIVATED",
    "COUPON_ACTIVATED",
    "NOT_A_CARD",
    "coupon",
    "took",
    "gave",
    "takes",
    "total",
    "[",
    "t0",
    "PARKED for 1\n",
    " of day ",
    " of budget of ",
    "budget total ",
    "BUDGET_MISMATCH",
    "BUDGET_UNLIMITED",
    "replayed",
    " USED",
    "EXPIRED",
    "opened",
    "untouched",
    "unwritten",
    "INVALID_ARGUMENT",
    "REQUEST_ID_REUSED",
    "REQUEST_STORE_FULL",
    "TEMPLATE_NOT_FOUND",
    "CODE_NOT_ACCEPTED",
    "REDEMPTION_NOT_FOUND",
    "TEMPLATE_STOPPED",
    "TEMPLATE_NOT_STOPPED",
    "COUPON_USED",
    "ISSUE_NOT_STARTED",
    "ISSUE_ENDED",
    "USE_NOT_STARTED",
    "COUPON_EXPIRED",
    "CURRENCY_MISMATCH",
    "USER_LIMIT_REACHED",
    "USER_DAY_LIMIT_REACHED",
    "STOCK_UNLIMITED",
    "STOCK_MISMATCH",
    "AMOUNT_OUT_OF_RANGE",
    "BELOW_THRESHOLD",
    "INSUFFICIENT_BALANCE",
    "ORDER_ALREADY_REDEEMED",
    "ALREADY_REFUNDED",
    "held",
    "ended Released",
    "ended Expired",
    "ended Revoked",
    "in holds",
    " expired ",
    "voided",
    "VOID",
    "blocks",
    "account",
    "void ",
    " on coupon ",
    " less ",
    "COUPON_FROZEN",
    "COUPON_HELD",
    "HOLD_NOT_FOUND",
    "HOLD_CAPTURED",
    "HOLD_RELEASED",
    "HOLD_EXPIRED",
    "AMOUNT_ABOVE_HOLD",
    "REFUND_EXCEEDS_CAPTURE",
    "REDEMPTION_ARCHIVED",
    "GIFTING",
    "GIVEN",
    " given ",
    " received ",
    "ended Cancelled",
    " as coupon ",
    "COUPON_GIVEN",
    "COUPON_GIFTING",
    "GIFT_ENDED",
    "GIFT_TO_ONESELF",
    "NOT_TRANSFERABLE",
];

#[test]
fn the_random_acts_meet_every_kind_of_answer() {
    let mut runner = TestRunner::deterministic();
    let mut told = String::new();
    for _ in 0..800 {
        let mut run = Run::new();
        for _ in 0..ACTS {
            let act = acts().new_tree(&mut runner).expect("a strategy that rejects nothing").current();
            told.push_str(&run.step(&act));
            told.push('\n');
        }
    }
    let missing: Vec<_> = MET.iter().filter(|word| !told.contains(**word)).collect();
    assert!(missing.is_empty(), "never met: {missing:?}");
}

struct Run {
    world: World,
    plain: Plain,
    lives: Vec<Life>,
    /// By number of the hold: its state at the step before.
    states: Vec<u8>,
    lines: Vec<String>,
}

impl Run {
    fn new() -> Run {
        let mut world = World::new();
        world.requests_max = plain::REQUESTS_MAX as u64;
        let mut plain = Plain { now_ms: world.now_ms, key_version: world.key_version, ..Plain::default() };
        for template in plain::templates() {
            world.tell(&format!("template {} {}", template.id(), template.line));
            plain.templates.push(template);
            plain.catalog_lsn += 1;
        }
        world.tell(card::BATCH);
        plain.make_batch();
        Run { world, plain, lives: Vec::new(), states: Vec::new(), lines: Vec::new() }
    }

    /// One act, compared in everything; gives what was told.
    fn step(&mut self, act: &Act) -> String {
        let line = act.line(&self.plain);
        self.lines.push(line.clone());
        let answer = self.world.line(&line);
        if *act == Act::Forget {
            self.world.forget_in_partition();
        }
        let expected = self.plain.ask(&line);
        assert_eq!(answer.as_ref().map_or(String::new(), told), expected, "after\n{}", self.lines.join("\n"));
        assert_eq!(self.world.partition.lsn(), self.plain.lsn, "after\n{}", self.lines.join("\n"));
        assert_eq!(self.world.partition.digest(), recount::digest(&self.plain), "after\n{}", self.lines.join("\n"));
        self.hold_invariants();
        expected
    }

    fn hold_invariants(&mut self) {
        for &(template, of) in self.plain.leases.keys() {
            let lease = self.world.partition.stock().lessee(of.pool(template));
            // What replaces another one or came as a gift takes nothing.
            assert_eq!(self.plain.claimed(template, of), lease.issued, "I1: what is issued is counted");
            assert!(lease.issued <= lease.received + lease.restocked, "I1: never more than received and come back");
            assert!(lease.restocked <= lease.issued, "I1: only what was issued comes back");
        }
        for number in 0..self.plain.coupons.len() {
            self.hold_coupon(number);
        }
        self.hold_holds();
    }

    /// I8: a hold is live, then ended in one way, for ever. The digest has compared the states with the partition's.
    fn hold_holds(&mut self) {
        let states: Vec<u8> = self.plain.holds.iter().map(|hold| hold.state).collect();
        for (number, (&before, &after)) in self.states.iter().zip(&states).enumerate() {
            assert!(before == 1 || before == after, "I8: hold {number} ended by {before} and by {after}");
        }
        let live = states.iter().filter(|&&state| state == 1).count() as u64;
        let here = (states.len() - self.plain.forgotten[2]) as u64;
        assert_eq!(self.world.partition.holds(), [live, here], "I8: every hold is counted");
        self.states = states;
    }

    fn hold_coupon(&mut self, number: usize) {
        let coupon = &self.plain.coupons[number];
        let (one_use, loaded) = (coupon.body.kind != 3, coupon.loaded);
        let instrument = Instrument::Bearer { coupon: number as u64, key_version: coupon.key_version };
        let Answer::Told(tessera_domain::Reply::Coupon(view)) = self.world.ask(&Command::GetCoupon(instrument)) else {
            panic!("I3: a coupon stays");
        };
        let accounts = [view.available, view.held, view.captured, view.expired, view.voided, view.given];
        assert_eq!(accounts.iter().sum::<i64>(), loaded, "I2: value is conserved");
        assert!(accounts.iter().all(|&account| account >= 0), "I2: no account is below zero");
        let before = self.lives.get(number).copied().unwrap_or(view.life);
        assert!(is_legal(one_use, before, view.life), "I9: coupon {number} went from {before:?} to {:?}", view.life);
        self.lives.truncate(self.plain.coupons.len());
        match self.lives.get_mut(number) {
            Some(life) => *life = view.life,
            None => self.lives.push(view.life),
        }
    }
}

/// I9: what one step may do to a coupon. A one-use coupon that is held past its end may still be captured.
fn is_legal(one_use: bool, from: Life, to: Life) -> bool {
    match (from, to) {
        (Life::Active, Life::Gifting) | (Life::Gifting, Life::Active | Life::Expired | Life::Given) => true,
        (Life::Unactivated, Life::Active) => !one_use,
        (Life::Active | Life::Expired | Life::Unactivated, Life::Void) => true,
        (Life::Void, _) | (Life::Used, Life::Void) => from == to,
        (Life::Active, Life::Used) | (Life::Used, Life::Active | Life::Expired) => one_use,
        (Life::Expired, Life::Active) => !one_use,
        (Life::Expired, Life::Used) => one_use,
        (Life::Active, Life::Expired) => true,
        (from, to) => from == to,
    }
}
