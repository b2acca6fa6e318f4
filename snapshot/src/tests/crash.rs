//! The harness of crash tests, and the first promise: after a crash at any step, with any part of what was not synced, the manifest
//! names the images it named before or those it was switching to, and all of them are whole (I3, I6; fault matrix 1, 2, 12).
//!
//! A ledger knows which images must be named. A session opens a directory, reads what it names, and folds more images, until a
//! planned crash. What power cuts leave of it is checked by further sessions.

use super::folder::*;
use crate::*;
use tessera_wal::storage::sim::{Fault, SimStorage};
use tessera_wal::{FrameNo, JournalId};

/// What the directory owes.
#[derive(Clone, Default)]
pub(super) struct Ledger {
    /// The positions that the manifest may name, newest first: those promised, then those it was switching to.
    possible: Vec<Vec<u64>>,
    /// The first frame that a trimmed log still has.
    log_from: u64,
    last: u64,
}

/// How a session ends that was not allowed to.
#[derive(Debug)]
pub(super) struct Violation(pub(super) String);

impl Ledger {
    pub(super) fn new() -> Ledger {
        Ledger { possible: vec![vec![]], ..Ledger::default() }
    }

    /// What is named is one of the possible, reads back whole, and meets the trimmed log.
    fn check(&mut self, images: &Images<SimStorage>) -> Result<(), Violation> {
        let named = positions(images, 0);
        if !self.possible.contains(&named) {
            return Err(Violation(format!("{named:?} named, {:?} possible", self.possible)));
        }
        for image in images.list() {
            let position = image.subject.cursor.number.0;
            let chunks_read = read(images, &image).map_err(|error| Violation(error.to_string()))?;
            if chunks_read != chunks(position) || position + 1 < self.log_from {
                return Err(Violation(format!("image at {position} for a log from {}", self.log_from)));
            }
        }
        self.possible = vec![named];
        Ok(())
    }

    fn begin(&mut self) -> u64 {
        self.last += 1;
        let mut next = vec![self.last];
        next.extend(self.possible[0].first());
        self.possible.push(next);
        self.last
    }

    fn promise(&mut self, images: &Images<SimStorage>) {
        self.possible.remove(0);
        self.log_from = images.keep_from().get(&JournalId(0)).map_or(0, |&FrameNo(first)| first);
    }
}

/// Opens, checks and folds. Ends quietly at a planned fault.
pub(super) fn session(storage: &SimStorage, ledger: &mut Ledger, folds: u8) -> Result<(), Violation> {
    let refused = |error: Error| match storage.has_met_a_fault() {
        true => Ok(()),
        false => Err(Violation(error.to_string())),
    };
    let images = match Images::open(storage.clone(), UUID) {
        Err(error) => return refused(error),
        Ok(images) => images,
    };
    ledger.check(&images)?;
    for _ in 0..folds {
        let position = ledger.begin();
        if let Err(error) = fold(&images, 0, position) {
            return refused(error);
        }
        ledger.promise(&images);
    }
    Ok(())
}

/// Every world that a session may leave: for each step a crash before it, and for each crash what power cuts and a mere kill
/// leave. `check` looks at each; the number of worlds is returned.
pub(super) fn for_each_crash(
    storage: &SimStorage,
    ledger: &Ledger,
    folds: u8,
    samples: usize,
    check: &mut dyn FnMut(SimStorage, Ledger) -> Result<(), Violation>,
) -> Result<u64, Violation> {
    let mut worlds = 0;
    for step in 0.. {
        let (storage, mut ledger) = (storage.kill(), ledger.clone());
        storage.fail_at(step, Fault::Crash);
        session(&storage, &mut ledger, folds)?;
        let mut images = power_cuts(&storage, samples, step);
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

/// What power cuts may leave: nothing kept, everything kept, and seeded samples between. Samples, because an image is a new file: of
/// its sectors is only decided where its name is kept.
pub(super) fn power_cuts(storage: &SimStorage, samples: usize, seed: u64) -> Vec<SimStorage> {
    storage.crash_images(0, samples, seed)
}

pub(super) fn crash_harness() -> Result<u64, Violation> {
    for_each_crash(&SimStorage::new(), &Ledger::new(), 4, 64, &mut |image, mut ledger| {
        let (started, mut seen) = (image.kill(), ledger.clone());
        session(&started, &mut seen, 0)?;
        for later in power_cuts(&started, 8, 0) {
            session(&later, &mut seen.clone(), 0)?;
        }
        session(&image, &mut ledger, 1)?;
        session(&image.crash(&mut |_| 0), &mut ledger, 0)
    })
}

#[test]
fn after_any_crash_the_manifest_names_whole_images_or_the_previous_ones() {
    let worlds = crash_harness().unwrap();
    assert!(worlds > 500, "{worlds} crash images");
}

#[test]
fn a_crash_of_short_writes_is_no_other() {
    let storage = SimStorage::new();
    let mut ledger = Ledger::new();
    session(&storage, &mut ledger, 2).unwrap();
    let mut worlds = 0;
    for step in 0.. {
        let (storage, mut ledger) = (storage.kill(), ledger.clone());
        storage.set_io_bytes_max(Some(1_000));
        storage.fail_at(step, Fault::Crash);
        session(&storage, &mut ledger, 1).unwrap();
        for image in power_cuts(&storage, 16, step) {
            worlds += 1;
            session(&image, &mut ledger.clone(), 1).unwrap();
        }
        if !storage.has_crashed() {
            break;
        }
    }
    assert!(worlds > 200, "{worlds} crash images");
}

#[test]
fn crashes_during_the_start_after_a_crash_lose_nothing() {
    let (mut second, mut third) = (0, 0);
    let first = for_each_crash(&SimStorage::new(), &Ledger::new(), 3, 4, &mut |image, ledger| {
        second += for_each_crash(&image, &ledger, 1, 4, &mut |image, mut ledger| {
            if second_is_sampled(&image) {
                third += for_each_crash(&image, &ledger, 1, 2, &mut |image, mut ledger| session(&image, &mut ledger, 1))?;
            }
            session(&image, &mut ledger, 1)
        })?;
        Ok(())
    });
    assert!(first.unwrap() > 100 && second > 3_000 && third > 3_000, "{second} and {third} crash images");
}

/// One in eight or so, by what the directory holds.
fn second_is_sampled(image: &SimStorage) -> bool {
    image.crash_choices().len() % 8 == 3
}
