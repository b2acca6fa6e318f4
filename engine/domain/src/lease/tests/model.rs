//! Every interleaving of the small world, and progress out of each of its states.

use super::ledger::LESSEES;
use super::post::{Post, print_of};
use super::world::{Budget, Step, World};
use crate::lease::REPEAT_MS;
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
        seen.refusing += usize::from(world.refuses(0) || world.refuses(1));
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


fn run(stock: u64, claims: [u8; 2], crashes: Option<u8>, seconds: u8, raise: u64, impatient: bool) {
    let t = std::time::Instant::now();
    let seen = search(World::new(stock, Budget { claims, crashes, seconds, raise, impatient }));
    println!("{stock} {claims:?} {crashes:?} {seconds} {raise} {impatient}: {seen:?} {:?}", t.elapsed());
}
#[test]
fn m1() { run(1, [1,1], None, 0, 0, false); }
#[test]
fn m2() { run(1, [1,1], None, 0, 0, true); }
#[test]
fn m3() { run(1, [2,1], None, 0, 0, false); }
#[test]
fn m4() { run(1, [1,1], Some(0), 0, 1, false); }
#[test]
fn m5() { run(1, [1,1], Some(0), 1, 1, false); }
#[test]
fn m6() { run(1, [1,1], Some(1), 0, 1, false); }
#[test]
fn m7() { run(1, [1,2], Some(0), 1, 1, false); }
#[test]
fn m8() { run(2, [1,1], None, 0, 0, false); }
#[test]
fn m9() { run(0, [1,1], Some(1), 1, 1, false); }
#[test]
fn n1() { run(0, [2,0], Some(1), 1, 1, false); }
#[test]
fn n2() { run(0, [1,1], Some(0), 1, 1, false); }
#[test]
fn n3() { run(0, [1,1], Some(1), 0, 1, false); }
#[test]
fn n4() { run(1, [2,0], Some(1), 1, 1, false); }
#[test]
fn n5() { run(0, [2,0], Some(2), 1, 1, false); }
#[test]
fn o1() { run(0, [1,0], Some(1), 1, 1, false); }
#[test]
fn o2() { run(0, [1,0], Some(1), 0, 1, false); }
#[test]
fn o3() { run(0, [1,1], Some(0), 0, 1, false); }
#[test]
fn o4() { run(0, [2,0], Some(1), 0, 1, false); }
