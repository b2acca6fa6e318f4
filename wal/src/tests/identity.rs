//! The two small files, with checksums that are right and fields that are not, and on a disk that fails.

use super::scribe::*;
use crate::identity::{BOUNDS_NAME, IDENTITY_NAME};
use crate::storage::sim::SimStorage;
use crate::*;

const CRC_AT: usize = 4092;

/// Changes a file and makes its checksum right again.
fn forge(storage: &SimStorage, name: &str, edit: &dyn Fn(&mut [u8])) {
    let mut bytes = storage.bytes(name);
    edit(&mut bytes);
    let crc = crc32fast::hash(&bytes[..CRC_AT]);
    bytes[CRC_AT..].copy_from_slice(&crc.to_le_bytes());
    storage.set_bytes(name, &bytes);
}

/// What a log says that was opened once and whose file was forged.
#[track_caller]
fn damage_of(name: &str, edit: &dyn Fn(&mut [u8])) -> Damage {
    let storage = new_log();
    drop(open_and_read(&storage, &options(16384)).unwrap());
    forge(&storage, name, edit);
    match open_and_read(&storage, &options(16384)).err().expect("it is refused") {
        Error::Corrupt { file, damage, .. } if file == name => damage,
        error => panic!("{error}"),
    }
}

#[test]
fn files_that_contradict_themselves_are_refused() {
    let contradiction = Damage::Contradiction { what: "the file" };
    for at in [12, 15, 32 + b"caller".len(), CRC_AT - 1] {
        assert_eq!(damage_of(IDENTITY_NAME, &|bytes| bytes[at] = 1), contradiction, "{IDENTITY_NAME} at {at}");
    }
    let too_long = (CALLER_BYTES_MAX as u16 + 1).to_le_bytes();
    assert_eq!(damage_of(IDENTITY_NAME, &|bytes| bytes[10..12].copy_from_slice(&too_long)), contradiction);
    for at in [10, 15, 56, CRC_AT - 1] {
        assert_eq!(damage_of(BOUNDS_NAME, &|bytes| bytes[at] = 1), contradiction, "{BOUNDS_NAME} at {at}");
    }
    assert_eq!(damage_of(BOUNDS_NAME, &|bytes| bytes[32..40].fill(0)), contradiction, "there is no segment 0");
}

#[test]
fn magic_and_checksum_are_both_demanded() {
    assert_eq!(damage_of(IDENTITY_NAME, &|bytes| bytes[0] = 0), Damage::Sector);
    let storage = new_log();
    storage.flip_bit(IDENTITY_NAME, 32 * 8);
    let refused = Identity::load(&storage).unwrap_err();
    assert!(matches!(refused, Error::Corrupt { damage: Damage::Sector, .. }), "{refused}");
}

#[test]
fn a_disk_that_fails_is_not_taken_for_a_directory_without_a_log() {
    let storage = new_log();
    storage.fail_reads(true);
    let failed = Identity::load(&storage).unwrap_err();
    assert_eq!(failed.kind(), ErrorKind::Io, "{failed}");
}
