//! The harness of crash tests, and the first promise: a crash at any step, with any part of what was not synced, loses no
//! acknowledged group and shows no half of one (I3, I4; fault matrix 1, 2).
//!
//! A ledger knows what was promised and what was under way. A session opens a log, checks what it replays against the ledger,
//! and commits more, until a planned crash. What power cuts leave of it is checked by further sessions.

use super::scribe::*;
use crate::storage::sim::{Fault, SimStorage};
use crate::*;

pub(super) const SEGMENT_BYTES: u64 = 16384;

/// What the log owes.
#[derive(Clone, Default)]
pub(super) struct Ledger {
    promised: Vec<Vec<u8>>,
    under_way: Vec<Vec<u8>>,
    session: u8,
}

/// How a session ends that was not allowed to.
#[derive(Debug)]
pub(super) struct Violation(pub(super) String);

impl Ledger {
    /// What is replayed is what was promised, and perhaps the whole group that was under way.
    fn check(&self, seen: &[Vec<u8>]) -> Result<(), Violation> {
        let all: Vec<Vec<u8>> = self.promised.iter().chain(&self.under_way).cloned().collect();
        match seen == self.promised || seen == all {
            true => Ok(()),
            false => Err(Violation(format!(
                "{} promised, {} under way, {} seen",
                self.promised.len(),
                self.under_way.len(),
                seen.len()
            ))),
        }
    }
}

/// Opens, checks and commits. Ends quietly at a planned fault.
pub(super) fn session(storage: &SimStorage, ledger: &mut Ledger, commits: u8) -> Result<(), Violation> {
    let refused = |error: Error| match storage.has_met_a_fault() {
        true => Ok(()),
        false => Err(Violation(error.to_string())),
    };
    let (mut writer, seen, mut scribe, _) = match open_and_read(storage, &options(SEGMENT_BYTES)) {
        Err(error) => return refused(error),
        Ok(opened) => opened,
    };
    ledger.check(&seen)?;
    (ledger.promised, ledger.under_way) = (seen, Vec::new());
    ledger.session += 1;
    for commit in 0..commits {
        ledger.under_way = group(&mut scribe, ledger.session, commit);
        let slices: Vec<&[u8]> = ledger.under_way.iter().map(Vec::as_slice).collect();
        if let Err(error) = writer.commit(&slices) {
            return refused(error);
        }
        ledger.promised.append(&mut ledger.under_way);
        if commit % 3 == 1 && writer.seal().and_then(|()| writer.prepare_spare()).is_err() {
            return Ok(());
        }
    }
    Ok(())
}

/// Two frames of two journals; every other group takes two sectors.
fn group(scribe: &mut Scribe, session: u8, commit: u8) -> Vec<Vec<u8>> {
    let long = vec![session; if commit.is_multiple_of(2) { 5000 } else { 50 }];
    vec![scribe.frame(commit.into(), &[session, commit]), scribe.frame(7, &long)]
}

/// Every world that a session may leave: for each step a crash before it, and for each crash what power cuts and a mere kill
/// leave. `check` looks at each; the number of worlds is returned.
pub(super) fn for_each_crash(
    storage: &SimStorage,
    ledger: &Ledger,
    commits: u8,
    samples: usize,
    check: &mut dyn FnMut(SimStorage, Ledger) -> Result<(), Violation>,
) -> Result<u64, Violation> {
    let mut worlds = 0;
    for step in 0.. {
        let (storage, mut ledger) = (storage.kill(), ledger.clone());
        storage.fail_at(step, Fault::Crash);
        session(&storage, &mut ledger, commits)?;
        let mut images = storage.crash_images(if samples >= 64 { 1024 } else { samples }, samples, step);
        images.push(storage.kill());
        for image in images {
            worlds += 1;
            check(image, ledger.clone()).map_err(|Violation(what)| Violation(format!("step {step}: {what}")))?;
        }
        if !storage.has_crashed() {
            break;
        }
    }
    Ok(worlds)
}

#[test]
fn no_crash_loses_an_acknowledged_group_or_shows_half_a_group() {
    let worlds = for_each_crash(&new_log(), &Ledger::default(), 12, 64, &mut |image, mut ledger| {
        session(&image, &mut ledger, 1)?;
        session(&image.crash(&mut |_| 0), &mut ledger, 0)
    });
    let worlds = worlds.unwrap();
    assert!(worlds > 400, "{worlds} crash images");
}

#[test]
fn no_failed_call_loses_an_acknowledged_group_whether_the_cache_lives_on_or_not() {
    let mut worlds = 0;
    for fault in [Fault::Eio, Fault::NoSpace] {
        for step in 0.. {
            let (storage, mut ledger) = (new_log().kill(), Ledger::default());
            storage.fail_at(step, fault);
            session(&storage, &mut ledger, 8).unwrap();
            for image in storage.crash_images(64, 16, step).into_iter().chain([storage.kill()]) {
                let (mut after, mut later) = (ledger.clone(), ledger.clone());
                session(&image.kill(), &mut after, 1).unwrap();
                session(&image.crash(&mut |_| 0), &mut later, 1).unwrap();
                worlds += 2;
            }
            if !storage.has_met_a_fault() {
                break;
            }
        }
    }
    assert!(worlds > 500, "{worlds} worlds");
}

#[test]
fn no_crash_of_creation_leaves_half_a_log() {
    for step in 0.. {
        let storage = SimStorage::new();
        storage.fail_at(step, Fault::Crash);
        let created = create(&storage, UUID, b"").is_ok();
        for image in storage.crash_images(1024, 64, step) {
            let opened = open_and_read(&image, &options(SEGMENT_BYTES)).map(|_| ());
            match opened {
                Err(Error::Missing) if !created => create(&image, UUID, b"").unwrap(),
                opened => opened.unwrap(),
            }
        }
        if created {
            break;
        }
    }
}

#[test]
fn the_simulated_world_is_deterministic() {
    let run = || {
        let mut seen = Vec::new();
        for_each_crash(&new_log(), &Ledger::default(), 2, 8, &mut |image, _| {
            seen.push(format!("{:?}", frames_of(&image, &options(SEGMENT_BYTES)).map(|frames| frames.len())));
            Ok(())
        })
        .unwrap();
        seen
    };
    assert_eq!(run(), run());
}
