//! Orders of several coupons and cards against a plain model: held, redeemed, captured in part, let go and returned at random.
//!
//! Everything is reckoned here a second time from the words of the semantics, in whole sums: what came back so far is made anew from all
//! units back so far, and never from the return before. After each step the answer and every coupon's accounts must agree.

use crate::given::story::story;
use crate::given::{Answer, World};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use std::collections::BTreeSet;
use tessera_domain::Reply;

/// What each coupon takes off, and with which return it comes back; then what is on each card.
const COUPONS: [(i64, Back); 3] = [(7, Back::WithTheLast), (50, Back::WithTheFirst), (31, Back::Never)];
const CARDS: [i64; 3] = [90, 400, 2_000];

/// How long an order is held, in ms.
const TTL_MS: i64 = 5_000;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Back {
    WithTheLast,
    WithTheFirst,
    Never,
}

/// Units and cost of each line, and what was taken off and paid.
#[derive(Clone, Debug)]
struct Order {
    lsn: u64,
    lines: Vec<(i64, i64)>,
    /// Of each discount: its coupon, its share of each line, what came back.
    discounts: Vec<(usize, Vec<i64>, i64)>,
    /// Of each card, in the order of payment: what it paid, what came back.
    cards: Vec<(usize, i64, i64)>,
    /// Units that came back.
    back: Vec<i64>,
    /// What was paid back beside the cards.
    outside: i64,
    /// Of a held one until when, and whether its parts have ended.
    deadline_ms: i64,
    is_over: bool,
    became: bool,
}

#[derive(Clone, Debug)]
enum Act {
    CheckOut { is_hold: bool, lines: Vec<(u32, i64)>, used: Vec<bool> },
    Capture { which: Index, kept: Option<Vec<Index>>, anew: bool },
    Release { which: Index },
    Refund { which: Index, units: Option<Vec<Index>> },
    Later(i64),
}

/// Available, held and captured of each coupon and card, and every order.
struct Plain {
    accounts: Vec<[i64; 3]>,
    held: Vec<Order>,
    redeemed: Vec<Order>,
    now_ms: i64,
}

/// What an answer says of money: by coupon, and beside them.
type Told = (Vec<(usize, i64)>, i64);

fn acts() -> impl Strategy<Value = Act> {
    let lines = || prop::collection::vec((1..4_u32, 1..120_i64), 1..4);
    let units = || prop::option::of(prop::collection::vec(any::<Index>(), 3));
    prop_oneof![
        4 => (any::<bool>(), lines(), prop::collection::vec(any::<bool>(), 6))
            .prop_map(|(is_hold, lines, used)| Act::CheckOut { is_hold, lines, used }),
        3 => (any::<Index>(), units(), any::<bool>()).prop_map(|(which, kept, anew)| Act::Capture { which, kept, anew }),
        1 => any::<Index>().prop_map(|which| Act::Release { which }),
        4 => (any::<Index>(), units()).prop_map(|(which, units)| Act::Refund { which, units }),
        1 => (0..TTL_MS).prop_map(Act::Later),
    ]
}

/// By largest remainder; of equal ones the larger weight first, then the lower line.
fn split(sum: i64, weights: &[i64]) -> Vec<i64> {
    let all: i64 = weights.iter().sum();
    let mut shares: Vec<i64> = weights.iter().map(|weight| sum * weight / all).collect();
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_by_key(|&line| (-(sum * weights[line] % all), -weights[line], line));
    let left = sum - shares.iter().sum::<i64>();
    order.into_iter().take(left as usize).for_each(|line| shares[line] += 1);
    shares
}

/// Of a share of each line what belongs to so many of its units.
fn part_of(shares: &[i64], lines: &[(i64, i64)], units: &[i64]) -> Vec<i64> {
    (0..shares.len()).map(|line| if lines[line].0 == 0 { 0 } else { shares[line] * units[line] / lines[line].0 }).collect()
}

fn sum(amounts: &[i64]) -> i64 {
    amounts.iter().sum()
}

impl Plain {
    fn new() -> Plain {
        let one_use = COUPONS.map(|_| [1, 0, 0]);
        let cards = CARDS.map(|balance| [balance, 0, 0]);
        Plain { accounts: [one_use, cards].concat(), held: Vec::new(), redeemed: Vec::new(), now_ms: 1_000 }
    }

    fn shift(&mut self, coupon: usize, from: usize, to: usize, amount: i64) {
        let of_use = if coupon < COUPONS.len() { 1 } else { amount };
        self.accounts[coupon][from] -= of_use;
        self.accounts[coupon][to] += of_use;
    }

    /// What these coupons do to these lines together; nothing if one of them can do nothing.
    fn reckon(&self, lines: &[(u32, i64)], used: &[usize]) -> Option<Order> {
        let lines: Vec<(i64, i64)> = lines.iter().map(|&(units, price)| (units.into(), price * i64::from(units))).collect();
        let mut left: Vec<i64> = lines.iter().map(|line| line.1).collect();
        let (mut discounts, mut cards) = (Vec::new(), Vec::new());
        for &coupon in used.iter().filter(|&&coupon| coupon < COUPONS.len()) {
            let off = COUPONS[coupon].0.min(sum(&left));
            if off == 0 || self.accounts[coupon][0] == 0 {
                return None;
            }
            let shares = split(off, &left);
            left.iter_mut().zip(&shares).for_each(|(left, share)| *left -= share);
            discounts.push((coupon, shares, 0));
        }
        let mut open = sum(&left);
        let mut paying: Vec<usize> = used.iter().copied().filter(|&coupon| coupon >= COUPONS.len()).collect();
        paying.sort_by_key(|&card| (self.accounts[card][0], card));
        for card in paying {
            let pays = open.min(self.accounts[card][0]);
            if pays == 0 {
                return None;
            }
            open -= pays;
            cards.push((card, pays, 0));
        }
        let back = vec![0; lines.len()];
        let order = Order { lsn: 0, lines, discounts, cards, back, outside: 0, deadline_ms: 0, is_over: false, became: false };
        Some(order)
    }

    fn check_out(&mut self, is_hold: bool, lines: &[(u32, i64)], used: &[usize], lsn: u64) -> Option<Told> {
        let order = self.reckon(lines, used)?;
        let told = order.told();
        for (coupon, amount) in told.0.clone() {
            self.shift(coupon, 0, if is_hold { 1 } else { 2 }, amount);
        }
        let order = Order { lsn, deadline_ms: self.now_ms + TTL_MS, ..order };
        if is_hold { &mut self.held } else { &mut self.redeemed }.push(order);
        Some(told)
    }

    fn capture(&mut self, at: usize, kept: &[i64], anew: bool, lsn: u64) -> Option<Told> {
        let held = self.held[at].clone();
        let costs: Vec<i64> = held.lines.iter().map(|line| line.1).collect();
        let lines: Vec<(i64, i64)> = kept.iter().copied().zip(part_of(&costs, &held.lines, kept)).collect();
        let mut left: i64 = lines.iter().map(|line| line.1).sum();
        if held.is_over && !anew || held.became || left == 0 {
            return None;
        }
        let before = self.accounts.clone();
        let (mut discounts, mut cards) = (Vec::new(), Vec::new());
        for (coupon, shares, _) in &held.discounts {
            let shares = part_of(shares, &held.lines, kept);
            left -= sum(&shares);
            let is_used = sum(&shares) > 0;
            if !held.is_over {
                self.shift(*coupon, 1, 0, 1);
            }
            if is_used {
                self.shift(*coupon, 0, 2, 1);
                discounts.push((*coupon, shares, 0));
            }
        }
        for &(card, paid, _) in &held.cards {
            let pays = paid.min(left);
            left -= pays;
            if !held.is_over {
                self.shift(card, 1, 0, paid);
            }
            self.shift(card, 0, 2, pays);
            if pays > 0 {
                cards.push((card, pays, 0));
            }
        }
        if self.accounts.iter().any(|accounts| accounts[0] < 0) {
            // What has ended is used elsewhere by now: nothing is taken.
            self.accounts = before;
            return None;
        }
        self.held[at].became = true;
        let back = vec![0; lines.len()];
        let order = Order { lsn, lines, discounts, cards, back, ..held };
        let told = order.told();
        self.redeemed.push(order);
        Some(told)
    }

    fn let_go(&mut self, at: usize) {
        let held = &mut self.held[at];
        if std::mem::replace(&mut held.is_over, true) || held.became {
            return;
        }
        for (coupon, amount) in held.told().0 {
            self.shift(coupon, 1, 0, amount);
        }
    }

    fn refund(&mut self, at: usize, units: &[i64]) -> Option<Told> {
        let order = self.redeemed[at].clone();
        let back: Vec<i64> = order.back.iter().zip(units).map(|(before, more)| before + more).collect();
        let is_too_many = back.iter().zip(&order.lines).any(|(back, line)| *back > line.0);
        if is_too_many || order.lines.iter().zip(&order.back).all(|(line, back)| line.0 == *back) {
            return None;
        }
        let mut told = Vec::new();
        let mut rest: Vec<i64> = order.lines.iter().map(|line| line.1).collect();
        for (number, (coupon, shares, before)) in order.discounts.iter().enumerate() {
            rest.iter_mut().zip(shares).for_each(|(rest, share)| *rest -= share);
            let given = sum(&part_of(shares, &order.lines, &back));
            let comes_back = match COUPONS[*coupon].1 {
                Back::WithTheLast => given == sum(shares) && *before < given,
                Back::WithTheFirst => *before == 0 && given > 0,
                Back::Never => false,
            };
            if comes_back {
                self.shift(*coupon, 2, 0, 1);
            }
            self.redeemed[at].discounts[number].2 = given;
            told.push((*coupon, given - before));
        }
        let mut money = sum(&part_of(&rest, &order.lines, &back));
        for (number, &(card, paid, before)) in order.cards.iter().enumerate().rev() {
            let given = money.min(paid);
            money -= given;
            self.shift(card, 2, 0, given - before);
            self.redeemed[at].cards[number].2 = given;
            told.push((card, given - before));
        }
        (self.redeemed[at].back, self.redeemed[at].outside) = (back, money);
        told.retain(|part| part.1 > 0);
        Some((told, money - order.outside))
    }

    fn later(&mut self, ms: i64) {
        self.now_ms += ms;
        for at in 0..self.held.len() {
            if self.held[at].deadline_ms <= self.now_ms {
                self.let_go(at);
            }
        }
    }
}

impl Act {
    fn name(&self) -> &'static str {
        match self {
            Act::CheckOut { is_hold: true, .. } => "hold",
            Act::CheckOut { .. } => "redeem",
            Act::Capture { anew: true, .. } => "capture anew",
            Act::Capture { kept: None, .. } => "capture",
            Act::Capture { .. } => "capture in part",
            Act::Release { .. } => "release",
            Act::Refund { units: None, .. } => "refund",
            Act::Refund { .. } => "refund in part",
            Act::Later(_) => "later",
        }
    }
}

impl Order {
    fn told(&self) -> Told {
        let discounts = self.discounts.iter().map(|(coupon, shares, _)| (*coupon, sum(shares)));
        let parts: Vec<(usize, i64)> = discounts.chain(self.cards.iter().map(|&(card, pays, _)| (card, pays))).collect();
        let cost: i64 = self.lines.iter().map(|line| line.1).sum();
        let applied: i64 = parts.iter().map(|part| part.1).sum();
        (parts, cost - applied)
    }
}

/// The real partition beside the plain one.
struct Run {
    world: World,
    plain: Plain,
    asked: usize,
    /// Kinds of acts that were answered, and of those that were refused.
    met: BTreeSet<(&'static str, bool)>,
}

impl Run {
    fn new() -> Run {
        let policy = |back| match back {
            Back::WithTheLast => "",
            Back::WithTheFirst => " refund=any",
            Back::Never => " refund=never",
        };
        let mut lines = String::new();
        for (number, (off, back)) in COUPONS.into_iter().enumerate() {
            lines += &format!("template c{number} cash {off} t{number} stack=always{}\n", policy(back));
        }
        for (number, balance) in (COUPONS.len()..).zip(CARDS) {
            lines += &format!("template c{number} card {balance} t{number}\n");
        }
        for number in 0..COUPONS.len() + CARDS.len() {
            lines += &format!("claim ann c{number} r{number}\n");
        }
        Run { world: story(&lines), plain: Plain::new(), asked: 0, met: BTreeSet::new() }
    }

    /// What the partition answers: nothing where it refuses.
    fn ask(&mut self, line: &str) -> Option<(u64, Told)> {
        match self.world.line(line).expect("it is asked") {
            Answer::Told(Reply::CheckedOut(told)) => {
                let parts = told.parts.iter().map(|part| (part.coupon as usize, part.applied)).collect();
                Some((told.written.lsn, (parts, told.payable)))
            }
            Answer::Told(Reply::CheckoutRefunded(told)) => {
                let parts = told.parts.iter().map(|part| (part.coupon as usize, part.amount)).collect();
                Some((told.written.lsn, (parts, told.outside)))
            }
            Answer::Told(Reply::CheckoutReleased(told)) => Some((told.written.lsn, Told::default())),
            Answer::Refused(_) => None,
            answer => panic!("`{line}`: {answer:?}"),
        }
    }

    fn step(&mut self, act: &Act) {
        self.asked += 1;
        let (number, words) = (self.asked, |units: &[i64]| {
            let said = units.iter().enumerate().filter(|(_, units)| **units > 0);
            said.map(|(line, units)| format!("{line}:{units}")).collect::<Vec<_>>().join(",")
        });
        // So many of each line, none where nothing is said; at most one more than there are.
        let chosen = |order: &Order, chosen: &[Index], more: i64| -> Vec<i64> {
            let lines = order.lines.iter().zip(chosen.iter().cycle());
            lines.map(|(line, index)| index.index((line.0 + more) as usize + 1) as i64).collect()
        };
        match act {
            Act::Later(ms) => {
                self.world.now_ms += ms;
                self.plain.later(*ms);
            }
            Act::CheckOut { is_hold, lines, used } => {
                let used: Vec<usize> = (0..used.len()).filter(|&coupon| used[coupon]).collect();
                if used.is_empty() {
                    return;
                }
                let named: Vec<String> = used.iter().map(|coupon| format!("ann:{coupon}")).collect();
                let goods: Vec<String> = lines.iter().map(|(units, price)| format!("tea:{units}x{price}")).collect();
                let (how, named, goods) = (if *is_hold { "hold" } else { "redeem" }, named.join("+"), goods.join(","));
                let ttl = if *is_hold { format!(" ttl={TTL_MS}") } else { String::new() };
                let found = self.ask(&format!("checkout {how} {named} shop/{number} q{number} lines={goods}{ttl}"));
                let lsn = found.as_ref().map_or(0, |found| found.0);
                let told = self.plain.check_out(*is_hold, lines, &used, lsn);
                self.compare(act, found, told);
            }
            Act::Capture { which, kept, anew } if !self.plain.held.is_empty() => {
                let at = which.index(self.plain.held.len());
                let held = self.plain.held[at].clone();
                let all: Vec<i64> = held.lines.iter().map(|line| line.0).collect();
                let kept = kept.as_ref().map(|kept| chosen(&held, kept, 0)).filter(|kept| sum(kept) > 0);
                let said = kept.as_ref().map_or(String::new(), |kept| format!(" units={}", words(kept)));
                let how = if *anew { " reacquire" } else { "" };
                let found = self.ask(&format!("checkout capture #{} q{number}{said}{how}", held.lsn));
                let lsn = found.as_ref().map_or(0, |found| found.0);
                // Who asks again for all of what was captured so is told it again.
                let told = if held.became {
                    found.clone().map(|found| found.1)
                } else {
                    self.plain.capture(at, &kept.unwrap_or(all), *anew, lsn)
                };
                self.compare(act, found, told);
            }
            Act::Release { which } if !self.plain.held.is_empty() => {
                let at = which.index(self.plain.held.len());
                let held = self.plain.held[at].clone();
                let found = self.ask(&format!("checkout release #{} q{number}", held.lsn));
                if !held.became {
                    self.plain.let_go(at);
                }
                self.compare(act, found, (!held.became).then(Told::default));
            }
            Act::Refund { which, units } if !self.plain.redeemed.is_empty() => {
                let at = which.index(self.plain.redeemed.len());
                let order = self.plain.redeemed[at].clone();
                let left: Vec<i64> = order.lines.iter().zip(&order.back).map(|(line, back)| line.0 - back).collect();
                let units = units.as_ref().map(|units| chosen(&order, units, 1)).filter(|units| sum(units) > 0);
                let said = units.as_ref().map_or(String::new(), |units| format!(" units={}", words(units)));
                let found = self.ask(&format!("checkout refund #{} q{number}{said}", order.lsn));
                let told = self.plain.refund(at, &units.unwrap_or(left));
                self.compare(act, found, told);
            }
            Act::Capture { .. } | Act::Release { .. } | Act::Refund { .. } => {}
        }
        self.look(act);
    }

    fn compare(&mut self, act: &Act, found: Option<(u64, Told)>, told: Option<Told>) {
        self.met.insert((act.name(), found.is_some()));
        assert_eq!(found.map(|found| found.1), told, "{act:?}");
    }

    /// Every coupon and card is where the plain model has it.
    fn look(&mut self, act: &Act) {
        for coupon in 0..self.plain.accounts.len() {
            let Some(Answer::Told(Reply::Coupon(view))) = self.world.line(&format!("view ann {coupon}")) else {
                panic!("a coupon is shown");
            };
            assert_eq!([view.available, view.held, view.captured], self.plain.accounts[coupon], "coupon {coupon} after {act:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn orders_agree_with_the_plain_model_at_every_step(acts in prop::collection::vec(acts(), 60)) {
        let mut run = Run::new();
        acts.iter().for_each(|act| run.step(act));
        run.world.restart();
    }
}

/// What is never met proves nothing.
#[test]
fn every_kind_of_order_is_met_and_refused() {
    let (mut runner, mut met) = (TestRunner::deterministic(), BTreeSet::new());
    for _ in 0..40 {
        let acts = prop::collection::vec(acts(), 60).new_tree(&mut runner).expect("acts are made").current();
        let mut run = Run::new();
        acts.iter().for_each(|act| run.step(act));
        met.extend(run.met);
    }
    let kinds = ["hold", "redeem", "capture", "capture anew", "capture in part", "release", "refund", "refund in part"];
    assert_eq!(met, kinds.into_iter().flat_map(|kind| [(kind, false), (kind, true)]).collect());
}
