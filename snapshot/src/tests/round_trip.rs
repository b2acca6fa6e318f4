//! What is written is read; what is installed stays; what is left out goes.

use super::folder::*;
use crate::*;
use tessera_wal::storage::disk::DiskStorage;
use tessera_wal::storage::sim::SimStorage;
use tessera_wal::storage::{Storage, StorageFile};
use tessera_wal::{FrameNo, GroupSeq, JournalId, KeepFrom};

/// Chunks of these lengths, each of its own bytes.
fn chunks_of(lengths: &[usize]) -> Vec<Vec<u8>> {
    let byte = |chunk: usize, at: usize| (chunk * 31 + at / 7) as u8;
    lengths.iter().enumerate().map(|(chunk, &length)| (0..length).map(|at| byte(chunk, at)).collect()).collect()
}

#[track_caller]
fn come_back<S: Storage>(storage: S, lengths: &[usize]) {
    let images = Images::open(storage.clone(), UUID).unwrap();
    let chunks = chunks_of(lengths);
    let image = write(&images, subject(3, 7), &chunks).unwrap();
    assert_eq!((image.chunks as usize, image.payload_bytes as usize), (lengths.len(), lengths.iter().sum()));
    assert_eq!(image.file_bytes(), storage.open(&image.file_name()).unwrap().len_bytes().unwrap());
    assert!(read(&images, &image).unwrap() == chunks, "{lengths:?}");
    assert_eq!(images.read(&image).unwrap().subject(), &subject(3, 7));
}

#[test]
fn chunks_of_every_length_come_back_in_order() {
    let most = CHUNK_BYTES_MAX;
    // Chunk ends before, on and behind the ends of sectors, of writes and of reads.
    for lengths in [&[][..], &[1], &[4084], &[4085], &[4083, 1, 1], &[most; 9], &[most, 1, most - 1, 4084], &[300_000; 30]] {
        come_back(SimStorage::new(), lengths);
    }
}

#[test]
fn chunks_come_back_from_a_real_disk() {
    let folder = tempfile::tempdir().unwrap();
    let storage = DiskStorage::new(folder.path()).unwrap();
    come_back(storage.clone(), &[CHUNK_BYTES_MAX, 5, 70_000, CHUNK_BYTES_MAX, CHUNK_BYTES_MAX, CHUNK_BYTES_MAX, 4084]);
    let images = Images::open(storage.clone(), UUID).unwrap();
    for position in 1..=3 {
        fold(&images, 0, position).unwrap();
    }
    drop(images);
    assert_eq!(positions(&Images::open(storage.clone(), UUID).unwrap(), 0), [3, 2]);
    assert_eq!(storage.list().unwrap(), ["MANIFEST", "image-000000000003.img", "image-000000000004.img"]);
}

#[test]
fn short_reads_and_writes_change_nothing() {
    let storage = SimStorage::new();
    storage.set_io_bytes_max(Some(5_000));
    come_back(storage, &[10_000, 3, 100_000]);
}

/// A commit of the log beside it waits for no more than that.
#[test]
fn an_image_being_written_is_synced_after_every_eight_writes() {
    let (storage, images) = folder(&[]);
    let mut writer = images.begin(subject(0, 1)).unwrap();
    let before = storage.steps();
    for _ in 0..33 {
        writer.push(&[1; CHUNK_BYTES_MAX]).unwrap();
    }
    assert_eq!(storage.steps() - before, 33 + 4, "a write for each of the largest chunks, and the syncs");
}

#[test]
fn a_journal_keeps_two_images_and_the_rest_is_removed() {
    let (storage, images) = folder(&[1, 2, 3]);
    fold(&images, 1, 9).unwrap();
    for images in [images, reopened(&storage).unwrap()] {
        assert_eq!((positions(&images, 0), positions(&images, 1)), (vec![3, 2], vec![9]));
        assert_eq!(images.list().len(), 3);
        assert_eq!(images.keep_from(), KeepFrom::from([(JournalId(0), FrameNo(3))]), "one image of journal 1 is not enough");
        for image in images.list() {
            assert_eq!(read(&images, &image).unwrap(), chunks(image.subject.digest));
        }
    }
    assert_eq!(storage.list().unwrap().len(), 4, "three images and the manifest");
    assert_eq!(inspect(&storage, UUID).unwrap(), reopened(&storage).unwrap().list());
}

#[test]
fn an_image_at_the_position_of_the_newest_is_installed() {
    let (_, images) = folder(&[4, 4, 4]);
    assert_eq!(positions(&images, 0), [4, 4]);
    assert_eq!(images.keep_from(), KeepFrom::from([(JournalId(0), FrameNo(5))]));
}

#[test]
#[should_panic(expected = "the position of images does not go back")]
fn an_image_of_an_earlier_position_is_never_installed() {
    let (_, images) = folder(&[4]);
    let _ = fold(&images, 0, 3);
}

#[test]
#[should_panic(expected = "installed once")]
fn an_image_is_not_installed_twice() {
    let (_, images) = folder(&[4]);
    let verified = images.read(&images.list()[0]).unwrap().finish().unwrap();
    let _ = images.install(verified, GroupSeq(0));
}

#[test]
fn an_unfinished_image_leaves_nothing_behind() {
    let (storage, images) = folder(&[1]);
    let before = storage.list().unwrap();
    let mut writer = images.begin(subject(0, 2)).unwrap();
    writer.push(&[1; 100]).unwrap();
    assert_eq!(storage.list().unwrap().len(), before.len() + 1);
    drop(writer);
    assert_eq!(storage.list().unwrap(), before);
}

#[test]
fn a_discarded_image_is_removed_and_an_installed_one_is_not() {
    let (storage, images) = folder(&[1]);
    let before = storage.list().unwrap();
    let image = write(&images, subject(0, 2), &chunks(2)).unwrap();
    images.discard(image);
    images.discard(images.list()[0].clone());
    assert_eq!(storage.list().unwrap(), before);
}

#[test]
fn a_switch_leaves_the_images_of_others_under_way_alone() {
    let (_, images) = folder(&[]);
    let mut writer = images.begin(subject(1, 1)).unwrap();
    let finished = write(&images, subject(2, 1), &chunks(1)).unwrap();
    fold(&images, 0, 1).unwrap();
    writer.push(b"more").unwrap();
    let written = writer.finish().unwrap();
    for image in [written, finished] {
        images.install(images.read(&image).unwrap().finish().unwrap(), GroupSeq(0)).unwrap();
    }
    assert_eq!(images.list().len(), 3);
}

#[test]
fn a_reader_goes_on_while_its_image_is_replaced() {
    let (_, images) = folder(&[1, 2]);
    let mut reader = images.read(&images.newest_first(JournalId(0))[1]).unwrap();
    assert!(reader.next_chunk().unwrap().is_some());
    fold(&images, 0, 3).unwrap();
    assert_eq!(positions(&images, 0), [3, 2]);
    assert_eq!(reader.finish().unwrap().image().subject, subject(0, 1));
}

#[test]
fn no_number_is_given_twice_even_after_a_kill() {
    let (storage, images) = folder(&[1]);
    let _left = write(&images, subject(0, 2), &chunks(2)).unwrap();
    let killed = reopened(&storage).unwrap();
    assert_eq!(killed.list(), images.list());
    assert_eq!(write(&killed, subject(0, 2), &chunks(2)).unwrap().id, ImageId(3));
}

#[test]
fn an_empty_directory_gets_a_manifest_and_other_files_are_left_alone() {
    let storage = SimStorage::new();
    storage.set_bytes("log.id", b"other");
    storage.set_bytes("image-7.img", b"not ours");
    assert_eq!(inspect(&storage, UUID).unwrap(), []);
    Images::open(storage.clone(), UUID).unwrap();
    assert_eq!(storage.list().unwrap(), ["MANIFEST", "image-7.img", "log.id"]);
    assert_eq!(inspect(&storage, UUID).unwrap(), []);
}

#[test]
fn handles_are_shared_between_threads() {
    fn is_shared<T: Clone + Send + Sync + 'static>(_: &T) {}
    let (_, images) = folder(&[1]);
    is_shared(&images);
    let other = images.clone();
    fold(&images, 0, 2).unwrap();
    assert_eq!(positions(&other, 0), [2, 1]);
}

/// I12: a log that ends before it has lost what it had.
#[test]
fn a_manifest_proves_the_highest_group_that_was_durable_when_an_image_was_made() {
    let (storage, images) = folder(&[1, 2]);
    assert_eq!((images.proven(), proven(&storage, UUID).unwrap()), (group(2), group(2)));
    let of_another_log = write(&images, subject(1, 9), &chunks(9)).unwrap();
    images.install(images.read(&of_another_log).unwrap().finish().unwrap(), GroupSeq(0)).unwrap();
    assert_eq!(reopened(&storage).unwrap().proven(), group(2), "it does not fall, and a start keeps it");
    rebuild(&storage, UUID).unwrap();
    assert_eq!(proven(&storage, UUID).unwrap(), GroupSeq(0), "a rebuilt one knows of no group");
    assert_eq!(proven(&SimStorage::new(), UUID).unwrap(), GroupSeq(0));
}
