//! Every planted fault is found, within a bounded number of worlds.

use std::time::Instant;
use tessera_sim::{Order, Plan, Planted, run};

/// Worlds until a fault must be found.
const SEEDS_MAX: u64 = 40;

/// The invariants whose auditors may find it; which one is first hangs on the seed.
fn found(planted: Planted, scenario: &str, invariants: &[&str]) {
    let (plan, begin) = (Plan::named(scenario).expect("a scenario of that name"), Instant::now());
    let failure = (1..=SEEDS_MAX).find_map(|seed| run(Order { planted: Some(planted), ..Order::of(plan, seed) }).err());
    let failure = failure.unwrap_or_else(|| panic!("{planted:?} was not found in {SEEDS_MAX} worlds"));
    let (seed, invariant) = (failure.order.seed, failure.violation.invariant);
    println!("{planted:?}: seed {seed}, {:?}, {}", begin.elapsed(), failure.violation);
    assert!(invariants.contains(&invariant), "{planted:?} was found by {failure}");
}

#[test]
fn an_answer_released_before_its_sync_is_found() {
    found(Planted::EarlyRelease, "mixed-4-2", &["I2", "I3", "I5", "I11"]);
}

#[test]
fn a_read_of_what_is_not_durable_is_found() {
    found(Planted::ReadLeak, "mixed-1-1", &["I3", "I5", "I11"]);
}

#[test]
fn a_letter_released_before_its_sync_is_found() {
    found(Planted::LetterLeak, "lease-2-2", &["I2", "assertion"]);
}

#[test]
fn a_sync_that_did_nothing_is_found() {
    found(Planted::DroppedSync, "mixed-4-2", &["I3", "I6"]);
}

#[test]
fn a_recovery_that_loses_the_last_group_is_found() {
    found(Planted::LastGroupLost, "mixed-4-2", &["I3"]);
}

#[test]
fn a_grant_that_counts_twice_is_found() {
    found(Planted::GrantTwice, "lease-2-2", &["I1", "I2", "assertion"]);
}

#[test]
fn a_sold_out_that_is_not_true_is_found() {
    found(Planted::SoldOutTooEarly, "lease-2-2", &["I1"]);
}

#[test]
fn a_sold_out_that_outlives_a_raise_is_found() {
    found(Planted::FlagOutlivesRaise, "lease-2-2", &["I1"]);
}

#[test]
fn a_catalog_change_acknowledged_before_every_shard_obeys_is_found() {
    found(Planted::InstalledEarly, "mixed-4-2", &["I3", "I10"]);
}

#[test]
fn an_outbox_that_is_not_sent_again_is_found() {
    found(Planted::OutboxNotResent, "lines-4-2", &["law 4"]);
}

#[test]
fn a_hold_captured_after_its_deadline_is_found() {
    found(Planted::CaptureAfterDeadline, "tills-4-2", &["I8"]);
}

#[test]
fn value_that_a_release_gives_back_twice_is_found() {
    found(Planted::ReleaseTwice, "tills-4-2", &["I8"]);
}

#[test]
fn an_expiry_of_what_is_held_is_found() {
    found(Planted::ExpiryTakesHeld, "tills-4-2", &["I2"]);
}

#[test]
fn a_retry_that_counts_as_new_is_found() {
    found(Planted::RetryRenamed, "mixed-4-2", &["I3", "I5"]);
}
