//! A lost manifest is refused, and rebuilt from the images that are whole.

use super::folder::*;
use crate::*;
use tessera_wal::LogUuid;
use tessera_wal::storage::Storage;

#[test]
fn images_without_a_manifest_are_refused_and_not_removed() {
    let (storage, images) = folder(&[1, 2]);
    storage.lose("MANIFEST");
    let (before, refused) = (storage.list().unwrap(), reopened(&storage).err().unwrap());
    assert_eq!(refused.to_string(), "MANIFEST at byte 0: the file is missing");
    assert_eq!(refused.advice(), "keep a copy, restore the file; a damaged manifest can be rebuilt from whole images");
    assert!(inspect(&storage, UUID).is_err());
    assert_eq!(storage.list().unwrap(), before);
    let rebuilt = rebuild(&storage, UUID).unwrap();
    assert_eq!((rebuilt.images, rebuilt.refused.len()), (images.list(), 0));
    assert_eq!(reopened(&storage).unwrap().list(), images.list());
}

#[test]
fn a_rebuilt_manifest_names_the_two_newest_whole_images_of_each_journal() {
    let (storage, images) = folder(&[1, 2]);
    fold(&images, 1, 7).unwrap();
    let newer = write(&images, subject(0, 3), &chunks(3)).unwrap();
    let damaged = write(&images, subject(0, 4), &chunks(4)).unwrap();
    storage.flip_bit(&damaged.file_name(), 6_000 * 8);
    storage.flip_bit("MANIFEST", 300);
    let rebuilt = rebuild(&storage, UUID).unwrap();
    assert_eq!(rebuilt.refused.len(), 1);
    assert!(rebuilt.refused[0].to_string().starts_with(&damaged.file_name()), "{}", rebuilt.refused[0]);
    let images = Images::open(storage.kill(), UUID).unwrap();
    assert_eq!((positions(&images, 0), positions(&images, 1)), (vec![3, 2], vec![7]));
    assert_eq!(images.list(), rebuilt.images);
    assert_eq!(images.list()[0], newer);
    let next = images.begin(subject(0, 5)).unwrap();
    assert_eq!(next.finish().unwrap().id, ImageId(damaged.id.0 + 1), "no number is given twice");
}

#[test]
fn files_swapped_by_name_and_files_of_another_log_are_not_taken_in() {
    let (storage, images) = folder(&[1, 2]);
    let names = [0, 1].map(|at| images.list()[at].file_name());
    let bytes = names.each_ref().map(|name| storage.bytes(name));
    storage.set_bytes(&names[0], &bytes[1]);
    storage.set_bytes(&names[1], &bytes[0]);
    let before = storage.bytes("MANIFEST");
    for uuid in [UUID, LogUuid([9; 16])] {
        let rebuilt = rebuild(&storage, uuid).unwrap();
        assert_eq!((rebuilt.images.len(), rebuilt.refused.len()), (0, 2));
        assert_eq!(storage.bytes("MANIFEST"), before, "nothing is written when nothing is whole");
    }
}

#[test]
fn a_directory_without_images_is_rebuilt_empty() {
    let (storage, _) = folder(&[]);
    storage.lose("MANIFEST");
    let rebuilt = rebuild(&storage, UUID).unwrap();
    assert_eq!((rebuilt.images.len(), rebuilt.refused.len()), (0, 0));
    assert_eq!(reopened(&storage).unwrap().list(), []);
}

#[test]
fn a_manifest_that_is_whole_is_rebuilt_from_the_files_alone() {
    let (storage, images) = folder(&[1, 2]);
    let [newest, older] = [0, 1].map(|at| images.list()[at].clone());
    storage.flip_bit(&newest.file_name(), 6_000 * 8);
    let rebuilt = rebuild(&storage, UUID).unwrap();
    assert_eq!((&rebuilt.images, rebuilt.refused.len()), (&vec![older.clone()], 1));
    assert_eq!(inspect(&storage, UUID).unwrap(), [older], "what the manifest named before does not count");
}

#[test]
fn a_file_too_short_for_header_and_trailer_is_cut() {
    let (storage, images) = folder(&[1]);
    let name = images.list()[0].file_name();
    for length in [0, 4095, 4096, 4100, 8191] {
        storage.set_bytes(&name, &vec![7; length]);
        let refused = rebuild(&storage, UUID).unwrap().refused;
        let Error::Damaged { damage, .. } = &refused[0] else { panic!("{refused:?}") };
        assert_eq!(*damage, Damage::Cut { expected: 8192, found: length as u64 });
    }
}
