//! Proof that the crash tests can fail: faults planted on purpose are found.

use super::crash::crash_harness;
use crate::planted::{Planted, plant};

fn found_by_crashes(fault: Planted) {
    plant(Some(fault));
    let outcome = crash_harness();
    plant(None);
    assert!(outcome.is_err(), "{fault:?} was not found");
}

#[test]
fn an_image_named_before_it_is_synced_is_found() {
    found_by_crashes(Planted::UnsyncedImage);
}

#[test]
fn a_skipped_directory_sync_is_found() {
    found_by_crashes(Planted::UnsyncedName);
}

#[test]
fn an_image_removed_before_the_switch_is_durable_is_found() {
    found_by_crashes(Planted::EarlyRemoval);
}

#[test]
fn a_start_that_believes_the_cache_is_found() {
    found_by_crashes(Planted::UnsyncedStart);
}
