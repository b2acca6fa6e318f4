//! Proof that the crash tests can fail: faults planted on purpose are found.

use super::crash::*;
use super::scribe::*;
use crate::planted::{Planted, plant};
use crate::storage::sim::Fault;

fn crash_harness() -> Result<u64, Violation> {
    for_each_crash(&new_log(), &Ledger::default(), 6, 64, &mut |image, mut ledger| {
        session(&image, &mut ledger, 1)?;
        session(&image.crash(&mut |_| 0), &mut ledger, 0)
    })
}

fn found_by_crashes(fault: Planted) {
    plant(Some(fault));
    let outcome = crash_harness();
    plant(None);
    assert!(outcome.is_err(), "{fault:?} was not found");
}

#[test]
fn an_early_acknowledgement_is_found() {
    found_by_crashes(Planted::EarlyAcknowledgement);
}

#[test]
fn a_skipped_directory_sync_is_found() {
    found_by_crashes(Planted::SkippedDirectorySync);
}

#[test]
fn a_recovery_that_reads_without_syncing_is_found() {
    found_by_crashes(Planted::ReadWithoutSync);
}

#[test]
fn a_failed_sync_tried_again_is_found() {
    let outcome = |fault| {
        plant(fault);
        let (storage, mut ledger) = (new_log(), Ledger::default());
        session(&storage, &mut ledger, 1).unwrap();
        let quiet = storage.kill();
        session(&quiet, &mut ledger.clone(), 1).unwrap();
        let last_sync = quiet.steps() - 1;
        let storage = storage.kill();
        storage.fail_at(last_sync, Fault::Eio);
        let _ = session(&storage, &mut ledger, 1);
        plant(None);
        session(&storage.crash(&mut |_| 0), &mut ledger, 0)
    };
    assert!(outcome(None).is_ok());
    assert!(outcome(Some(Planted::SyncRetried)).is_err());
}
