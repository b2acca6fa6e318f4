//! Snapshots of a real node: images, replays, restores, history, and what happens when any of it is damaged.
#![expect(clippy::unwrap_used, reason = "a test that fails says where")]

mod given;

use given::{Shop, open, open_with};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tessera_domain::command::Instrument;
use tessera_engine::directory::init;
use tessera_engine::history;
use tessera_engine::maintenance::{Maintenance, Operation, Outcome, State, Task};
use tessera_engine::offline;
use tessera_engine::rebuild::{From, Until};
use tessera_engine::replay::{Live, Replayed, replay};
use tessera_engine::snapshots::Policy;
use tessera_wal::JournalId;

/// Partitions of the directories here, and so one journal more.
const PARTITIONS: u16 = 2;

fn directory() -> (tempfile::TempDir, PathBuf) {
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path().join("data");
    init(&dir, PARTITIONS).unwrap();
    (temp, dir)
}

/// Waits for an operation that was just started.
fn ended(maintenance: &std::sync::Arc<Maintenance>, task: Task) -> Operation {
    let (operation, _) = maintenance.start(task).unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let operation = maintenance.get(operation.id).unwrap();
        if operation.state != State::Running {
            return operation;
        }
        assert!(Instant::now() < deadline, "an operation ends: {operation:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn snapshot(maintenance: &std::sync::Arc<Maintenance>) {
    let operation = ended(maintenance, Task::Snapshot);
    assert_eq!((operation.state, operation.error.as_str()), (State::Done, ""));
}

fn replayed(maintenance: &std::sync::Arc<Maintenance>, from: From, diff_live: bool) -> Vec<Replayed> {
    let task = Task::Replay { journal: None, from, until: Until::Durable, diff_live };
    let operation = ended(maintenance, task);
    assert_eq!(operation.state, State::Done, "{}", operation.error);
    let Outcome::Replay(replayed) = operation.outcome else { panic!("a replay comes to replayed journals") };
    replayed
}

/// The images of a directory, newest first of each journal.
fn images(dir: &Path) -> Vec<PathBuf> {
    offline::images(dir).unwrap().iter().map(|image| dir.join("images").join(image.file_name())).collect()
}

fn damage(file: &Path) {
    let mut bytes = std::fs::read(file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(file, bytes).unwrap();
}

#[test]
fn a_start_begins_with_images_and_ends_where_the_whole_log_would() {
    let (_temp, dir) = directory();
    let node = open(&dir, 1);
    let shop = Shop::open(&node);
    shop.trade(&node, 0..40);
    snapshot(&node.maintenance());
    shop.trade(&node, 40..60);
    let before = replayed(&node.maintenance(), From::Beginning, true);
    assert!(before.iter().all(|journal| journal.differences.is_empty()), "{before:?}");
    assert!(before.iter().all(|journal| journal.images_compared == 1), "each image lies on the way: {before:?}");
    assert!(before.iter().all(|journal| journal.live_digest == Some(journal.digest)), "the catalog, too: {before:?}");
    node.stop();

    let node = open(&dir, 2);
    let after = replayed(&node.maintenance(), From::NewestImage, true);
    assert!(after.iter().all(|journal| journal.image_lsn > 0 && journal.differences.is_empty()), "{after:?}");
    assert_eq!(digests(&after), digests(&before));
    shop.check(&node, 0..60);
    node.stop();
    let verified = offline::verify(&dir, &mut |_| {}).unwrap();
    assert!(verified.is_whole());
    assert!(verified.images.len() == 3 && verified.images.iter().all(|image| image.is_compared), "{verified:?}");
}

fn digests(journals: &[Replayed]) -> Vec<(u16, u64, u64)> {
    journals.iter().map(|journal| (journal.journal, journal.lsn, journal.digest)).collect()
}

#[test]
fn what_earlier_starts_wrote_counts_towards_the_next_round() {
    let (_temp, dir) = directory();
    let node = open(&dir, 1);
    let shop = Shop::open(&node);
    shop.trade(&node, 0..40);
    let written = node.log().stats().frame_bytes;
    node.stop();
    // Long enough for some looks where no round is due, and as long as a busy machine needs where one is.
    let (some_looks, any_time) = (Duration::from_secs(2), Duration::from_secs(60));
    let rounds_within = |log_bytes, patience| {
        let node = open_with(&dir, 1, Policy { log_bytes, interval: Duration::ZERO }).unwrap();
        let deadline = Instant::now() + patience;
        while node.maintenance().snapshots().overview().rounds == 0 && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(5));
        }
        let (rounds, alone) = (node.maintenance().snapshots().overview().rounds, node.log().stats().frame_bytes);
        node.stop();
        (rounds, alone)
    };
    let (rounds, alone) = rounds_within(4 * written, some_looks);
    assert_eq!(rounds, 0, "the tail is shorter than that");
    assert!(alone < written / 2, "a start by itself writes little: {alone} of {written}");
    assert_eq!(rounds_within(written / 2, any_time).0, 1, "no start wrote so much, all together did");
    assert_eq!(images(&dir).len(), 3);
    assert_eq!(rounds_within(written / 2, some_looks).0, 0, "what is in the images is no tail");
}

#[test]
fn a_damaged_newest_image_costs_the_older_one_and_no_state() {
    let (_temp, dir) = directory();
    let node = open(&dir, 1);
    let shop = Shop::open(&node);
    shop.trade(&node, 0..20);
    snapshot(&node.maintenance());
    shop.trade(&node, 20..40);
    snapshot(&node.maintenance());
    let before = replayed(&node.maintenance(), From::NewestImage, false);
    node.stop();

    let files = images(&dir);
    assert_eq!(files.len(), 6, "two of each journal");
    files.iter().step_by(2).for_each(|newest| damage(newest));
    let verified = offline::verify(&dir, &mut |_| {}).unwrap();
    assert_eq!(verified.images.iter().filter(|image| image.problem.is_some()).count(), 3, "each damaged image is named");

    let node = open(&dir, 1);
    let after = replayed(&node.maintenance(), From::NewestImage, false);
    assert_eq!(digests(&after), digests(&before));
    assert!(after.iter().all(|journal| journal.differences.len() == 1), "the refused image is told: {after:?}");
    shop.check(&node, 0..40);
    node.stop();
}

#[test]
fn images_that_are_all_damaged_or_missing_cost_time_while_the_log_is_whole() {
    let (_temp, dir) = directory();
    let node = open(&dir, 1);
    let shop = Shop::open(&node);
    shop.trade(&node, 0..20);
    snapshot(&node.maintenance());
    snapshot(&node.maintenance());
    node.stop();
    let files = images(&dir);
    let (some, rest) = files.split_at(3);
    some.iter().for_each(|file| damage(file));
    rest.iter().for_each(|file| std::fs::remove_file(file).unwrap());
    let node = open(&dir, 1);
    shop.check(&node, 0..20);
    node.stop();
}

#[test]
fn two_operators_who_ask_for_the_same_get_one_operation() {
    let (_temp, dir) = directory();
    let node = open(&dir, 1);
    Shop::open(&node).trade(&node, 0..20);
    let maintenance = node.maintenance();
    let task = Task::Replay { journal: None, from: From::Beginning, until: Until::Durable, diff_live: false };
    let (first, joined) = maintenance.start(task.clone()).unwrap();
    assert!(!joined);
    let (second, joined) = maintenance.start(task).unwrap();
    assert_eq!(joined, second.id == first.id, "joined is the same operation");
    let first = maintenance.get(first.id).unwrap();
    assert!(joined || first.state != State::Running, "only one that has ended is not joined: {first:?}");
    let _ = ended(&maintenance, Task::Snapshot);
    node.stop();
}

#[test]
fn a_restore_stands_where_it_was_told_to_and_serves() {
    let (temp, dir) = directory();
    let node = open(&dir, 1);
    let shop = Shop::open(&node);
    let cut_ms = shop.trade(&node, 0..20);
    std::thread::sleep(Duration::from_millis(3));
    shop.trade(&node, 20..40);
    snapshot(&node.maintenance());
    let (whole, past) = (temp.path().join("whole"), temp.path().join("past"));
    for (dir, until, coupons) in [(&whole, Until::Durable, 40), (&past, Until::Instant(cut_ms), 20)] {
        let operation = ended(&node.maintenance(), Task::Restore { dir: dir.clone(), until });
        let Outcome::Restore(restored) = &operation.outcome else { panic!("{operation:?}") };
        assert_eq!((operation.state, restored.coupons), (State::Done, coupons), "{}", operation.error);
    }
    let again = ended(&node.maintenance(), Task::Restore { dir: whole.clone(), until: Until::Durable });
    assert_eq!(again.state, State::Failed, "what exists is not written over");
    node.stop();
    for (dir, users) in [(&whole, 0..40), (&past, 0..20)] {
        assert!(offline::verify(dir, &mut |_| {}).unwrap().is_whole());
        let node = open(dir, 1);
        shop.check(&node, users);
        shop.trade(&node, 100..110);
        node.stop();
        assert!(offline::verify(dir, &mut |_| {}).unwrap().is_whole());
    }
    let leftovers = std::fs::read_dir(temp.path()).unwrap().count();
    assert_eq!(leftovers, 3, "nothing temporary is left");
}

#[test]
fn a_restored_directory_whose_image_is_damaged_before_its_first_start_is_refused() {
    let (temp, dir) = directory();
    let node = open(&dir, 1);
    let shop = Shop::open(&node);
    shop.trade(&node, 0..10);
    std::thread::sleep(Duration::from_millis(3));
    let new = temp.path().join("new");
    assert_eq!(ended(&node.maintenance(), Task::Restore { dir: new.clone(), until: Until::Durable }).state, State::Done);
    node.stop();
    images(&new).iter().for_each(|image| damage(image));
    let refused = given::try_open(&new, 1).map(|node| node.stop()).map_err(|error| error.to_string());
    assert!(refused.as_ref().is_err_and(|error| error.contains("images is whole")), "I12: {refused:?}");
}

#[test]
fn a_coupons_history_is_walked_back_to_its_claim_and_its_past_is_seen() {
    let (_temp, dir) = directory();
    let node = open(&dir, 1);
    let shop = Shop::open(&node);
    let claimed_ms = shop.trade(&node, 0..10);
    snapshot(&node.maintenance());
    std::thread::sleep(Duration::from_millis(3));
    let (partition, coupon, last) = shop.redeem(&node, 3);
    let mut session = node.log().history();
    let (facts, next) = history::of_coupon(&mut session, JournalId(partition), coupon, last, 10).unwrap();
    let kinds: Vec<String> = facts.iter().map(|fact| format!("{:?}", fact.event())).collect();
    assert!(kinds.len() == 2 && kinds[0].starts_with("Redeemed") && kinds[1].starts_with("Claimed"), "{kinds:?}");
    assert_eq!((next, facts[0].lsn), (None, last));
    let feed = history::from(&mut session, JournalId(partition), 1, 1_000).unwrap();
    assert!((1..).zip(&feed).all(|(lsn, fact)| fact.lsn == lsn) && feed.last().unwrap().lsn == last, "every event, in order");

    let mut rebuilder = node.maintenance().rebuilder();
    let mut at = |at_ms| {
        let until = Until::Instant(at_ms);
        let rebuilt = rebuilder.rebuild::<tessera_domain::Partition>(JournalId(partition), From::NewestImage, until).unwrap();
        let view = rebuilt.ledger.state().coupon_at(&Instrument::Known { coupon }, at_ms).unwrap();
        (view.available, view.captured)
    };
    assert_eq!(at(claimed_ms), (1, 0));
    assert_eq!(at(i64::MAX / 4), (0, 1));
    node.stop();
}

#[test]
fn a_live_state_that_differs_is_told_with_what_differs_in_it() {
    let (_temp, dir) = directory();
    let node = open(&dir, 1);
    Shop::open(&node).trade(&node, 0..10);
    let mut rebuilder = node.maintenance().rebuilder();
    let rebuilt = rebuilder.rebuild::<tessera_domain::Partition>(JournalId(0), From::Beginning, Until::Durable).unwrap();
    let state = rebuilt.ledger.into_state();
    let (lsn, digest, mut digests) = (state.lsn(), state.digest(), state.digests());
    assert_eq!(digests.iter().fold(0_u64, |sum, (_, part)| sum.wrapping_add(*part)), digest, "the parts make up the digest");
    let mut told = |live| {
        let from = From::NewestImage;
        let replayed =
            replay::<tessera_domain::Partition, _>(&mut rebuilder, JournalId(0), from, Until::Durable, Some(live), &mut |_| true);
        replayed.unwrap().unwrap().differences
    };
    assert_eq!(told(Live { lsn, digest, digests: digests.into() }), [""; 0]);
    for part in &mut digests[3..5] {
        part.1 ^= 1;
    }
    let differences = told(Live { lsn, digest: digest ^ 1, digests: digests.into() });
    assert!(differences.len() == 1 && differences[0].ends_with(": coupons, holds"), "{differences:?}");
    node.stop();
}
