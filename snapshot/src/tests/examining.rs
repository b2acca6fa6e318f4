//! Files of images are examined one by one, whatever the manifest says.

use super::folder::*;
use crate::*;
use tessera_wal::LogUuid;
use tessera_wal::storage::Storage;

#[test]
fn every_file_is_described_with_its_chunks_and_the_damage_is_placed() {
    let (storage, images) = folder(&[1, 2]);
    let unnamed = write(&images, subject(1, 9), &chunks(9)).unwrap();
    storage.flip_bit(&images.list()[0].file_name(), (4_096 + 12 + 5_000 + 12 + 3) * 8);
    storage.lose("MANIFEST");
    let before = storage.list().unwrap();
    let examined = examine(&storage, UUID).unwrap();
    let [whole, damaged, other] = examined.as_slice() else { panic!("three files: {examined:?}") };
    assert_eq!((whole.image.as_ref(), &whole.chunk_bytes[..]), (Some(&images.list()[1]), &[5_000, 7][..]));
    assert!(whole.problem.is_none() && whole.file_bytes == images.list()[1].file_bytes(), "{whole:?}");
    assert_eq!((damaged.id, &damaged.chunk_bytes[..]), (images.list()[0].id, &[5_000][..]), "up to the damage");
    let said = damaged.problem.as_ref().unwrap().to_string();
    assert_eq!(said, format!("{} at byte 9108: a chunk is not what was written", images.list()[0].file_name()));
    assert_eq!((other.image.as_ref(), other.problem.is_none()), (Some(&unnamed), true), "named or not");
    assert_eq!(storage.list().unwrap(), before);
}

#[test]
fn a_file_that_is_no_image_of_this_log_is_a_problem_and_no_image() {
    let (storage, images) = folder(&[1]);
    let name = images.list()[0].file_name();
    let foreign = examine(&storage, LogUuid([9; 16])).unwrap();
    assert!(foreign[0].image.is_none() && foreign[0].problem.is_some(), "{foreign:?}");
    storage.set_bytes(&name, b"short");
    let cut = examine(&storage, UUID).unwrap();
    assert!(cut[0].file_bytes == 5 && cut[0].image.is_none() && cut[0].problem.is_some(), "{cut:?}");
}
