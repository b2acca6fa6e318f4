//! Crashes upon crashes: during the recovery from a crash, and during the recovery from that (fault matrix 12).

use super::crash::*;
use super::scribe::*;
use crate::storage::sim::Random;

#[test]
fn a_crash_during_recovery_and_the_commits_after_it_loses_nothing() {
    let mut second = 0;
    let first = for_each_crash(&new_log(), &Ledger::default(), 3, 4, &mut |image, ledger| {
        second += for_each_crash(&image, &ledger, 1, 4, &mut |image, mut ledger| session(&image, &mut ledger, 0))?;
        Ok(())
    });
    assert!(first.unwrap() > 50 && second > 2_000, "{second} crash images");
}

#[test]
fn three_crashes_in_a_row_lose_nothing() {
    let (mut random, mut worlds) = (Random(2026), 0);
    for _ in 0..2 {
        for_each_crash(&new_log(), &Ledger::default(), 3, 3, &mut |image, ledger| {
            if random.below(8) > 0 {
                return Ok(());
            }
            for_each_crash(&image, &ledger, 2, 3, &mut |image, ledger| {
                if random.below(24) > 0 {
                    return Ok(());
                }
                worlds += for_each_crash(&image, &ledger, 2, 4, &mut |image, mut ledger| session(&image, &mut ledger, 1))?;
                Ok(())
            })?;
            Ok(())
        })
        .unwrap();
    }
    assert!(worlds > 2_000, "{worlds} crash images");
}
