//! Files whose checksums are right and which contradict themselves: no accident makes them, a mistake in a writer would. Each is refused
//! for what it is, before anything is made of it.

use super::folder::*;
use crate::*;
use std::ops::Range;
use tessera_wal::storage::sim::{Fault, SimStorage};
use tessera_wal::storage::{Storage, StorageFile};

const RECORD_BYTES: usize = 160;
/// Where the records of a manifest begin.
const RECORDS_AT: usize = 64;
/// Of the largest manifest that could be: two images for each of 65,536 journals.
const MANIFEST_BYTES_MAX: u64 = 64 + 65_536 * 2 * 160 + 4;

/// A manifest of three images: two of journal 0, newest first, and one of journal 7.
fn three() -> SimStorage {
    let (storage, images) = folder(&[1, 2]);
    fold(&images, 7, 1).unwrap();
    storage
}

fn record(number: usize) -> Range<usize> {
    RECORDS_AT + number * RECORD_BYTES..RECORDS_AT + (number + 1) * RECORD_BYTES
}

/// Changes bytes that a sum at their end covers, and the sum.
fn forge(bytes: &mut [u8], edit: impl Fn(&mut [u8])) {
    let sum_at = bytes.len() - 4;
    edit(&mut bytes[..sum_at]);
    let sum = crc32fast::hash(&bytes[..sum_at]);
    bytes[sum_at..].copy_from_slice(&sum.to_le_bytes());
}

#[track_caller]
fn damage_of<T>(result: Result<T, Error>) -> Damage {
    match result.err().expect("it is refused") {
        Error::Damaged { damage, .. } => damage,
        error => panic!("{error} is no damage"),
    }
}

/// The manifest of three images, forged.
fn forged(edit: impl Fn(&mut [u8])) -> Result<Vec<Image>, Error> {
    let storage = three();
    let mut bytes = storage.bytes("MANIFEST");
    forge(&mut bytes, edit);
    storage.set_bytes("MANIFEST", &bytes);
    assert_eq!(reopened(&storage).is_ok(), inspect(&storage, UUID).is_ok());
    inspect(&storage, UUID)
}

fn put_u64(bytes: &mut [u8], at: usize, number: u64) {
    bytes[at..at + 8].copy_from_slice(&number.to_le_bytes());
}

#[test]
fn a_manifest_that_contradicts_itself_is_refused() {
    assert_eq!(forged(|_| {}).unwrap().len(), 3);
    let (images, next) = (three().list().unwrap().len() as u64 - 1, 4);
    assert_eq!(images, 3);
    type Edit = fn(&mut [u8]);
    let forgeries: [(&str, Edit); 12] = [
        ("more images than it says", |bytes| bytes[48] = 2),
        ("fewer images than it says", |bytes| bytes[48] = 4),
        ("something in the zeroes", |bytes| bytes[55] = 1),
        ("the next image is one that is there", |bytes| put_u64(bytes, 40, 3)),
        ("no next image", |bytes| put_u64(bytes, 40, 0)),
        ("an image twice", |bytes| bytes.copy_within(record(0), record(1).start)),
        ("an image without a number", |bytes| put_u64(bytes, record(2).start, 0)),
        ("journals out of order", |bytes| bytes[record(0).start + 8] = 9),
        ("three images of a journal", |bytes| bytes[record(2).start + 8] = 0),
        ("something in a record's zeroes", |bytes| bytes[record(0).start + 10] = 1),
        ("something in a record's other zeroes", |bytes| bytes[record(0).start + 119] = 1),
        ("more bytes than chunks can hold", |bytes| put_u64(bytes, record(1).start + 120, 2 * (1 << 20) + 1)),
    ];
    for (what, edit) in forgeries {
        assert_eq!(damage_of(forged(edit)), Damage::Contradiction { what: "the manifest" }, "{what}");
    }
    let few = |bytes: &mut [u8]| put_u64(bytes, record(1).start + 120, 1);
    assert_eq!(damage_of(forged(few)), Damage::Contradiction { what: "the manifest" }, "fewer bytes than chunks");
    let last = move |bytes: &mut [u8]| put_u64(bytes, 40, next + 1);
    assert_eq!(forged(last).unwrap().len(), 3, "numbers may have been skipped");
}

#[test]
fn an_empty_manifest_has_a_next_image() {
    let (storage, _) = folder(&[]);
    Images::open(storage.clone(), UUID).unwrap();
    let bytes = storage.bytes("MANIFEST");
    for (next, fine) in [(1, true), (0, false)] {
        let mut forged = bytes.clone();
        forge(&mut forged, |bytes| put_u64(bytes, 40, next));
        storage.set_bytes("MANIFEST", &forged);
        assert_eq!(inspect(&storage, UUID).is_ok(), fine, "{next}");
    }
}

#[test]
fn a_manifest_larger_than_any_is_refused_by_its_length() {
    let storage = three();
    for (length, expected) in [
        (MANIFEST_BYTES_MAX, Damage::Bytes { what: "the manifest" }),
        (MANIFEST_BYTES_MAX + 1, Damage::Excess { expected: MANIFEST_BYTES_MAX, found: MANIFEST_BYTES_MAX + 1 }),
    ] {
        storage.open("MANIFEST").unwrap().set_len(length).unwrap();
        assert_eq!(damage_of(inspect(&storage, UUID)), expected);
    }
}

#[test]
fn a_disk_that_fails_is_not_taken_for_a_missing_manifest() {
    let storage = three();
    storage.fail_at(storage.steps(), Fault::Crash);
    storage.sync_dir().unwrap_err();
    assert_eq!(inspect(&storage, UUID).unwrap_err().kind(), ErrorKind::Io);
}

/// An image of 3 sectors with its header or trailer forged.
fn forged_image(sector: usize, edit: impl Fn(&mut [u8])) -> Result<Vec<Vec<u8>>, Error> {
    let (storage, images) = folder(&[1]);
    let image = images.list()[0].clone();
    let mut bytes = storage.bytes(&image.file_name());
    let sectors = bytes.len() / 4096;
    let at = if sector == 0 { 0 } else { (sectors - 1) * 4096 };
    forge(&mut bytes[at..at + 4096], edit);
    storage.set_bytes(&image.file_name(), &bytes);
    read(&images, &image)
}

#[test]
fn a_header_and_a_trailer_that_contradict_themselves_are_refused() {
    assert_eq!(forged_image(0, |_| {}).unwrap(), chunks(1));
    assert_eq!(forged_image(1, |_| {}).unwrap(), chunks(1));
    let header = Damage::Contradiction { what: "the header" };
    for at in [32 + 10, 32 + 15, 32 + 112, 32 + 120, 4091] {
        assert_eq!(damage_of(forged_image(0, |sector| sector[at] = 1)), header, "byte {at}");
    }
    assert_eq!(damage_of(forged_image(0, |sector| put_u64(sector, 32 + 88, 77))), header, "of another state");
    let trailer = Damage::Contradiction { what: "the trailer" };
    for at in [32 + 10, 32 + 116, 32 + 160, 4091] {
        assert_eq!(damage_of(forged_image(1, |sector| sector[at] = 1)), trailer, "byte {at}");
    }
    assert_eq!(damage_of(forged_image(1, |sector| put_u64(sector, 32 + 88, 77))), trailer, "of another state");
}

#[test]
fn an_image_says_whether_it_was_read_past_the_cache() {
    let (storage, images) = folder(&[1]);
    for refuses in [false, true] {
        storage.refuse_direct(refuses);
        let verified = images.read(&images.list()[0]).and_then(ImageReader::finish).unwrap();
        assert_eq!(verified.past_cache(), !refuses);
    }
}
