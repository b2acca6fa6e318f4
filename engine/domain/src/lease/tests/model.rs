//! Every interleaving of the small world, and progress out of each of its states.
//!
//! The budgets here are the ones that end in seconds. Larger ones were exhausted by hand, without a
//! violation: stock 1 with claims `[2, 1]`, any crashes: 799,046 states; stock 1 with `[1, 1]`, a raise and
//! a second that passes: 878,164; nothing but a raise, `[2, 0]`, a crash and a second: 2,030,203.

use super::ledger::LESSEES;
use super::post::{Post, print_of};
use super::world::{Budget, Step, World};
use crate::lease::{REPEAT_MS, Sale};
use std::collections::HashSet;

/// Rounds of [`REPEAT_MS`] in which a fault-free network answers everything.
const ROUNDS_MAX: u32 = 24;

/// What a search has seen.
#[derive(Debug, Default, PartialEq, Eq)]
struct Seen {
    states: usize,
    /// States that differ in more than what was once sent.
    settled: usize,
    /// States in which a claim would be refused.
    refusing: usize,
}

/// Visits every state that can be reached; each must keep the promises and lead to answers.
fn search(start: World) -> Seen {
    let mut seen = Seen::default();
    let (mut states, mut settled) = (HashSet::from([print_of(&start)]), HashSet::new());
    let mut open = vec![start];
    while let Some(world) = open.pop() {
        seen.refusing += usize::from((0..LESSEES).any(|lessee| matches!(world.sale(lessee), Sale::SoldOut { .. })));
        let quiet = world.without_messages();
        if settled.insert(print_of(&quiet)) {
            answers_everything(quiet);
        }
        for step in world.steps() {
            let next = world.after(step);
            if states.insert(print_of(&next)) {
                open.push(next);
            }
        }
    }
    Seen { states: states.len(), settled: settled.len(), ..seen }
}

/// Whatever was on its way is lost; from here on nothing is. Then every claim, parked or still to
/// come, is sold a piece or refused, and none is refused while a piece is left.
fn answers_everything(mut world: World) {
    let before = world.clone();
    world.claim_all();
    for _ in 0..ROUNDS_MAX {
        world.wait(REPEAT_MS);
        deliver_all(&mut world);
        if (0..LESSEES).all(|lessee| world.parked(lessee) == 0) {
            return;
        }
    }
    panic!("somebody waits for ever: {before:?}\n-> {world:?}");
}

/// One tick of everybody and whatever follows from it, in the order of sending.
fn deliver_all(world: &mut World) {
    world.post = Post::default();
    world.step(Step::TickLessee(0));
    world.step(Step::TickLessee(1));
    world.step(Step::TickHome);
    while !world.post.is_empty() {
        for &(from, to, message) in std::mem::take(&mut world.post).iter() {
            world.step(Step::Deliver(from, to, message));
        }
    }
    world.ledger.check();
}

/// One claim at each lessee, whatever crashes whenever.
const CLAIMS: Budget = Budget { claims: [1, 1], crashes: None, seconds: 0, restocks: 0, raise: 0, impatient: true };

/// The same with a piece added at any time; nobody crashes.
const RAISE: Budget = Budget { crashes: Some(0), raise: 1, impatient: false, ..CLAIMS };

/// One lessee is refused before and after a raise, and anybody crashes once.
const RAISE_AND_CRASH: Budget = Budget { claims: [1, 0], crashes: Some(1), ..RAISE };

/// One lessee has sold the only piece; it comes back while the other one asks, waits or is refused.
const RESTOCK: Budget = Budget { crashes: Some(0), restocks: 1, impatient: false, ..CLAIMS };

fn check(stock: u64, budget: Budget, states_min: usize) {
    check_from(World::new(stock, budget), states_min, 1_000);
}

fn check_from(start: World, states_min: usize, refusing_min: usize) {
    let seen = search(start);
    println!("{seen:?}");
    assert!(seen.states >= states_min && seen.refusing > refusing_min, "the search went everywhere and saw refusals: {seen:?}");
}

#[test]
fn stock_one_is_sold_once_and_sold_out_is_true_whoever_crashes_whenever() {
    check(1, CLAIMS, 15_000);
}

#[test]
fn nobody_refuses_by_the_old_total_once_a_raise_was_acknowledged() {
    check(1, RAISE, 20_000);
}

#[test]
fn a_piece_that_comes_back_is_sold_again_and_never_twice() {
    let mut sold = World::new(1, RESTOCK);
    sold.step(Step::Claim(0));
    sold.wait(REPEAT_MS);
    deliver_all(&mut sold);
    assert_eq!((sold.ledger.issued(), sold.parked(0)), (1, 0), "the first lessee has sold the piece");
    check_from(sold.without_messages(), 500, 50);
}

#[test]
fn a_raise_is_obeyed_by_who_refused_before_and_crashed_since() {
    check(0, RAISE_AND_CRASH, 8_000);
}
