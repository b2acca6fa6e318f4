//! Every flipped bit, every other length, and every file in another's place is refused with what is wrong. None is silent (I12;
//! fault matrix 5, 6).

use super::folder::*;
use crate::planted::{Planted, plant};
use crate::*;
use tessera_wal::storage::sim::SimStorage;
use tessera_wal::{GroupSeq, JournalId, LogUuid};

/// A folder with one small image.
fn small() -> (SimStorage, Images<SimStorage>, Image) {
    let (storage, images) = folder(&[]);
    let image = write(&images, subject(0, 1), &[b"some state".to_vec(), b"and more".to_vec()]).unwrap();
    images.install(images.read(&image).unwrap().finish().unwrap(), GroupSeq(0)).unwrap();
    (storage, images, image)
}

#[track_caller]
fn damage<T>(result: Result<T, Error>) -> Damage {
    match result.err().expect("damage is found") {
        Error::Damaged { damage, .. } => damage,
        error => panic!("{error} is no damage"),
    }
}

#[test]
fn no_flipped_bit_of_an_image_is_silent() {
    let (storage, images, image) = small();
    let name = image.file_name();
    let mut refused = 0;
    for bit in 0..image.file_bytes() as usize * 8 {
        storage.flip_bit(&name, bit);
        let _ = damage(read(&images, &image));
        storage.flip_bit(&name, bit);
        refused += 1;
    }
    assert_eq!(refused, 3 * 4096 * 8, "header, chunks and trailer: all of it");
    read(&images, &image).unwrap();
}

#[test]
fn no_flipped_bit_of_a_manifest_is_silent() {
    let (storage, _, image) = small();
    for bit in 0..storage.bytes("MANIFEST").len() * 8 {
        storage.flip_bit("MANIFEST", bit);
        let _ = damage(inspect(&storage, UUID));
        let _ = damage(reopened(&storage));
        storage.flip_bit("MANIFEST", bit);
    }
    assert_eq!(inspect(&storage, UUID).unwrap(), [image]);
}

#[test]
fn no_other_length_of_an_image_is_silent() {
    let (storage, images, image) = small();
    let bytes = storage.bytes(&image.file_name());
    for length in 0..bytes.len() {
        storage.set_bytes(&image.file_name(), &bytes[..length]);
        let expected = Damage::Cut { expected: bytes.len() as u64, found: length as u64 };
        assert_eq!(damage(read(&images, &image)), expected);
    }
    for more in [1, 4095, 4096, 12_288] {
        storage.set_bytes(&image.file_name(), &[&bytes[..], &vec![0; more]].concat());
        let expected = Damage::Excess { expected: bytes.len() as u64, found: (bytes.len() + more) as u64 };
        assert_eq!(damage(read(&images, &image)), expected);
    }
}

#[test]
fn no_other_length_of_a_manifest_is_silent() {
    let (storage, ..) = small();
    let bytes = storage.bytes("MANIFEST");
    for length in 0..bytes.len() {
        storage.set_bytes("MANIFEST", &bytes[..length]);
        let _ = damage(inspect(&storage, UUID));
    }
    for more in [1, 4, 160, 25_000_000] {
        storage.set_bytes("MANIFEST", &[&bytes[..], &vec![0; more]].concat());
        let _ = damage(inspect(&storage, UUID));
    }
}

#[test]
fn images_in_each_others_place_are_refused() {
    let (storage, images) = folder(&[1, 2]);
    let (newer, older) = (images.list()[0].clone(), images.list()[1].clone());
    let (newer_bytes, older_bytes) = (storage.bytes(&newer.file_name()), storage.bytes(&older.file_name()));
    storage.set_bytes(&newer.file_name(), &older_bytes);
    storage.set_bytes(&older.file_name(), &newer_bytes);
    assert_eq!(damage(read(&images, &newer)), Damage::Swapped { expected: newer.id, found: older.id });
    assert_eq!(damage(read(&images, &older)), Damage::Swapped { expected: older.id, found: newer.id });
    storage.lose(&newer.file_name());
    assert_eq!(damage(read(&images, &newer)), Damage::Missing);
}

#[test]
fn files_of_another_log_are_refused() {
    let (storage, images, image) = small();
    let (other_storage, other) = (SimStorage::new(), LogUuid([9; 16]));
    let others = Images::open(other_storage.clone(), other).unwrap();
    fold(&others, 0, 1).unwrap();
    let foreign = Damage::Foreign { found: other };
    storage.set_bytes(&image.file_name(), &other_storage.bytes(&image.file_name()));
    assert_eq!(damage(read(&images, &image)), foreign);
    storage.set_bytes("MANIFEST", &other_storage.bytes("MANIFEST"));
    assert_eq!(damage(inspect(&storage, UUID)), foreign);
    let refused = reopened(&storage).err().unwrap();
    assert_eq!((refused.kind(), damage(Err::<(), _>(refused))), (ErrorKind::Foreign, foreign));
}

/// Puts the chunks of one image into the file of another, whose chunks have the same lengths.
fn with_chunks_of(target: &SimStorage, source: &SimStorage, target_name: &str, source_name: &str) {
    let (mut bytes, chunks) = (target.bytes(target_name), source.bytes(source_name));
    let between = 4096..bytes.len() - 4096;
    bytes[between.clone()].copy_from_slice(&chunks[between]);
    target.set_bytes(target_name, &bytes);
}

#[test]
fn chunks_of_another_image_are_refused_at_once() {
    let misplaced = || {
        let (storage, images) = folder(&[1, 2]);
        let [newer, older] = [0, 1].map(|at| images.list()[at].clone());
        with_chunks_of(&storage, &storage, &newer.file_name(), &older.file_name());
        images.read(&newer).unwrap().next_chunk().map(|_| ())
    };
    assert_eq!(damage(misplaced()), Damage::Bytes { what: "a chunk" });
    plant(Some(Planted::UnseededChunks));
    let unseeded = misplaced();
    plant(None);
    assert!(unseeded.is_ok(), "without the seed it would not be seen here");
}

#[test]
fn chunks_that_the_same_number_once_had_are_refused_by_the_seal() {
    let stale = || {
        let ((storage, images, image), (other_storage, others)) = (small(), folder(&[]));
        let other = write(&others, subject(0, 1), &[b"old  state".to_vec(), b"and less".to_vec()]).unwrap();
        assert_eq!(other.id, image.id);
        with_chunks_of(&storage, &other_storage, &image.file_name(), &other.file_name());
        read(&images, &image)
    };
    assert_eq!(damage(stale()), Damage::Bytes { what: "the image as a whole" });
    plant(Some(Planted::SealUnchecked));
    let unchecked = stale();
    plant(None);
    assert_eq!(unchecked.unwrap()[0], b"old  state", "without the seal it would be believed");
}

#[test]
fn a_damaged_image_counts_no_more_and_gives_its_place_first() {
    let (storage, images) = folder(&[1, 2]);
    let newest = images.list()[0].clone();
    storage.flip_bit(&newest.file_name(), 5_000 * 8);
    assert_eq!(images.keep_from().len(), 1);
    let _ = damage(read(&images, &newest));
    assert_eq!(images.keep_from().len(), 0, "one whole image is not enough to trim by");
    assert_eq!(positions(&images, 0), [2, 1], "the manifest still names it");
    fold(&images, 0, 3).unwrap();
    assert_eq!(positions(&images, 0), [3, 1], "the whole one stayed");
    assert_eq!(images.keep_from()[&JournalId(0)].0, 2);
}

#[test]
fn an_image_that_no_state_comes_of_counts_no_more_and_gives_its_place_first() {
    let (_, images) = folder(&[1, 2]);
    images.distrust(&images.list()[0]);
    assert_eq!(images.keep_from().len(), 0, "one image that loads is not enough to trim by");
    fold(&images, 0, 3).unwrap();
    assert_eq!(positions(&images, 0), [3, 1], "the one that loads stayed");
    assert_eq!(images.keep_from()[&JournalId(0)].0, 2);
}

#[test]
fn damage_is_told_in_words_with_its_numbers() {
    let swapped = Damage::Swapped { expected: ImageId(2), found: ImageId(3) };
    let error = Error::damaged("image-000000000002.img", 4096, swapped);
    assert_eq!(error.to_string(), "image-000000000002.img at byte 4096: it is image 3, not image 2");
}
