//! What fails ends no process and harms no image: the failed one is dropped and nothing is left of it, the named ones stay, and what
//! the disk may hold after a restart is one of two sets, both whole (fault matrix 4, 8).

use super::crash::power_cuts;
use super::folder::*;
use crate::planted::{Planted, plant};
use crate::*;
use tessera_wal::storage::sim::{Fault, SimStorage};
use tessera_wal::storage::{Storage, StorageFile};

/// What came of one fault.
#[derive(Debug, Default)]
struct Tally {
    refused: u64,
    disabled: u64,
    worlds: u64,
    violations: Vec<String>,
}

/// Two images are there; at each step of folding a third, `fault`.
fn fail_at_each_step(fault: Fault) -> Tally {
    let (origin, _) = folder(&[1, 2]);
    let mut tally = Tally::default();
    for step in 0.. {
        let storage = origin.kill();
        let images = Images::open(storage.clone(), UUID).unwrap();
        storage.fail_at(storage.steps() + step, fault);
        let folded = fold(&images, 0, 3);
        if !storage.has_met_a_fault() {
            folded.unwrap();
            return tally;
        }
        let possible: &[&[u64]] = match (&folded, fold(&images, 1, 1)) {
            (Ok(_), later) => {
                later.unwrap();
                &[&[3, 2]]
            }
            (Err(_), Err(Error::Disabled)) => {
                tally.disabled += 1;
                &[&[2, 1], &[3, 2]]
            }
            (Err(_), later) => {
                later.unwrap();
                tally.refused += 1;
                &[&[2, 1]]
            }
        };
        look_after(&storage, &images, possible, &mut tally, step);
    }
    unreachable!("some step is the last")
}

/// The shelf shows no more than it did, and every world after it is one of the possible.
fn look_after(storage: &SimStorage, images: &Images<SimStorage>, possible: &[&[u64]], tally: &mut Tally, step: u64) {
    let mut expect = |holds: bool, what: String| {
        if !holds {
            tally.violations.push(format!("step {step}: {what}"));
        }
    };
    let shown = positions(images, 0);
    expect(shown == possible[0], format!("{shown:?} shown"));
    let expected_files = 1 + images.list().len();
    let disabled = matches!(images.begin(subject(0, 9)), Err(Error::Disabled));
    let files = storage.list().unwrap();
    expect(disabled || files.len() == expected_files, format!("left behind: {files:?}"));
    let mut worlds = power_cuts(storage, 16, step);
    worlds.push(storage.kill());
    for world in &worlds {
        let after = Images::open(world.clone(), UUID).unwrap();
        let named = positions(&after, 0);
        expect(possible.contains(&named.as_slice()), format!("{named:?} after a restart"));
        let whole = after.list().iter().all(|image| read(&after, image).is_ok());
        expect(whole, "a damaged image".to_owned());
        expect(world.list().unwrap().len() == 1 + after.list().len(), "garbage after a restart".to_owned());
    }
    tally.worlds += worlds.len() as u64;
}

#[test]
fn an_error_of_the_disk_at_any_step_drops_the_image_and_nothing_else() {
    let tally = fail_at_each_step(Fault::Eio);
    assert_eq!(tally.violations, Vec::<String>::new());
    // The renames and the syncs of the directory, of the image and of the manifest.
    assert_eq!(tally.disabled, 4, "{tally:?}");
    assert!(tally.refused >= 6 && tally.worlds > 100, "{tally:?}");
}

#[test]
fn a_disk_full_at_any_step_drops_the_image_and_nothing_else() {
    let tally = fail_at_each_step(Fault::NoSpace);
    assert_eq!(tally.violations, Vec::<String>::new());
    // Only the syncs of the directory: a rename for which there is no room has not happened.
    assert_eq!(tally.disabled, 2, "{tally:?}");
    assert!(tally.refused >= 8 && tally.worlds > 100, "{tally:?}");
}

#[test]
fn files_left_behind_are_found() {
    plant(Some(Planted::LeftBehind));
    let tally = fail_at_each_step(Fault::Eio);
    plant(None);
    assert!(tally.violations.iter().any(|what| what.contains("left behind")), "{tally:?}");
}

/// What the disk's manifest names is not known then, so no file may take or give up a name.
#[test]
fn an_image_under_way_gets_no_name_once_the_shelf_is_disabled() {
    let ((origin, _), mut disabled) = (folder(&[1, 2]), 0);
    for step in 0.. {
        let storage = origin.kill();
        let images = Images::open(storage.clone(), UUID).unwrap();
        let under_way = images.begin(subject(1, 1)).unwrap();
        storage.fail_at(storage.steps() + step, Fault::Eio);
        let _ = fold(&images, 0, 3);
        if !storage.has_met_a_fault() {
            break;
        }
        let is_disabled = matches!(images.begin(subject(0, 9)), Err(Error::Disabled));
        assert_eq!(matches!(under_way.finish(), Err(Error::Disabled)), is_disabled, "step {step}");
        disabled += u64::from(is_disabled);
    }
    assert_eq!(disabled, 4, "two renames and two syncs of the directory");
}

#[test]
fn a_disk_that_fills_at_any_byte_refuses_and_goes_on_once_there_is_room() {
    let (origin, images) = folder(&[1, 2]);
    let used: u64 = origin.list().unwrap().iter().map(|name| origin.bytes(name).len() as u64).sum();
    let needed = images.list()[0].file_bytes() + 2 * origin.bytes("MANIFEST").len() as u64;
    let mut refusals = 0;
    for room in (0..needed + 1_024).step_by(512) {
        let storage = origin.kill();
        storage.set_capacity_bytes(Some(used + room));
        let images = Images::open(storage.clone(), UUID).unwrap();
        let before = storage.list().unwrap();
        match fold(&images, 0, 3) {
            Ok(_) => assert_eq!(positions(&images, 0), [3, 2]),
            Err(error) => {
                refusals += 1;
                assert_eq!(error.kind(), ErrorKind::DiskFull, "{error}");
                assert_eq!((storage.list().unwrap(), positions(&images, 0)), (before, vec![2, 1]), "room {room}");
                storage.set_capacity_bytes(None);
                fold(&images, 0, 3).unwrap();
            }
        }
        assert_eq!(positions(&reopened(&storage).unwrap(), 0), [3, 2], "room {room}");
    }
    assert!(refusals > 20, "{refusals}");
}

#[test]
fn a_start_on_a_full_disk_removes_what_fills_it() {
    let (origin, images) = folder(&[1, 2]);
    let mut writer = images.begin(subject(0, 3)).unwrap();
    writer.push(&[3; CHUNK_BYTES_MAX]).unwrap();
    let storage = origin.kill();
    storage.set_capacity_bytes(Some(0));
    let started = Images::open(storage.clone(), UUID).unwrap();
    assert_eq!((started.list(), storage.list().unwrap().len()), (images.list(), 3), "the rest is gone");
    storage.set_capacity_bytes(None);
    assert_eq!(fold(&started, 0, 3).unwrap().id, ImageId(4), "its number is not given again");
}

#[test]
fn a_first_start_on_a_full_disk_is_refused() {
    let storage = SimStorage::new();
    storage.set_capacity_bytes(Some(0));
    assert_eq!(Images::open(storage.clone(), UUID).err().unwrap().kind(), ErrorKind::DiskFull);
    storage.set_capacity_bytes(None);
    assert_eq!(Images::open(storage, UUID).unwrap().list(), []);
}

#[test]
fn a_write_that_was_dropped_or_went_astray_is_never_silent() {
    let ((origin, _), mut refused) = (folder(&[1, 2]), [0, 0]);
    for fault in [Fault::DropWrite, Fault::MisdirectWrite(1), Fault::MisdirectWrite(40)] {
        for step in 0.. {
            let storage = origin.kill();
            let images = Images::open(storage.clone(), UUID).unwrap();
            storage.fail_at(storage.steps() + step, fault);
            let folded = fold(&images, 0, 3);
            if !storage.has_met_a_fault() {
                break;
            }
            refused[0] += u64::from(folded.is_err());
            let expected: &[u64] = if folded.is_ok() { &[3, 2] } else { &[2, 1] };
            let after = reopened(&storage).unwrap_or_else(|error| {
                // Only the manifest is not read back before it counts; the next start refuses it.
                assert!(folded.is_ok() && error.kind() == ErrorKind::Corruption, "{error}");
                refused[1] += 1;
                rebuild(&storage, UUID).unwrap();
                reopened(&storage).unwrap()
            });
            assert_eq!(positions(&after, 0), expected, "{fault:?} at step {step}");
            assert!(after.list().iter().all(|image| read(&after, image).is_ok()), "{fault:?} at step {step}");
        }
    }
    assert_eq!(refused, [6, 3], "two writes of the image, one of the manifest, three faults");
}

#[test]
fn reads_that_fail_are_no_damage() {
    let (storage, images) = folder(&[1, 2]);
    storage.fail_reads(true);
    assert_eq!(images.read(&images.list()[0]).err().unwrap().kind(), ErrorKind::Io);
    assert_eq!(Images::open(storage.clone(), UUID).err().unwrap().kind(), ErrorKind::Io);
    storage.fail_reads(false);
    assert_eq!(images.keep_from().len(), 1, "both images still count");
}

/// The image is longer than what is read at once.
#[test]
fn a_read_that_fails_half_way_is_no_damage_and_an_end_met_half_way_is() {
    let (storage, images) = folder(&[]);
    let image = write(&images, subject(0, 1), &vec![vec![1; CHUNK_BYTES_MAX]; 6]).unwrap();
    let reader = images.read(&image).unwrap();
    storage.fail_reads(true);
    assert_eq!(reader.finish().unwrap_err().kind(), ErrorKind::Io);
    storage.fail_reads(false);
    let reader = images.read(&image).unwrap();
    storage.open(&image.file_name()).unwrap().set_len(5 << 20).unwrap();
    match reader.finish().unwrap_err() {
        Error::Damaged { damage, .. } => assert_eq!(damage, Damage::Cut { expected: image.file_bytes(), found: 4 << 20 }),
        error => panic!("{error} is no damage"),
    }
}

#[test]
#[should_panic(expected = "whose writing failed is dropped")]
fn a_failed_sync_is_never_tried_again() {
    let (storage, images) = folder(&[]);
    let mut writer = images.begin(subject(0, 1)).unwrap();
    let chunk = vec![1; CHUNK_BYTES_MAX];
    // The eighth write is followed by a sync.
    storage.fail_at(storage.steps() + 8, Fault::Eio);
    while writer.push(&chunk).is_ok() {}
    let _ = writer.push(&chunk);
}
