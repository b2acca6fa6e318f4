//! Image files and manifests: a bent image is refused, whatever of its checksums was mended, because its seal is not; a manifest that is
//! accepted names what it says, and nothing of it makes a panic.

use crate::bend::{Random, bent, bent_in_place, one_in};
use crate::{Check, Outcome};
use tessera_snapshot::{Image, Images, Subject, inspect};
use tessera_wal::layout::put;
use tessera_wal::storage::sim::SimStorage;
use tessera_wal::{Chain, Cursor, FrameNo, GroupSeq, JournalId, LogUuid, Lsn};

const UUID: LogUuid = LogUuid([0x5A; 16]);
const SECTOR_BYTES: usize = 4096;
const SUM_BYTES: usize = 4;

/// A directory with two images of one journal and one of another.
fn directory() -> SimStorage {
    let storage = SimStorage::new();
    let images = Images::open(storage.clone(), UUID).expect("an empty directory");
    for (journal, number) in [(0, 1), (0, 2), (7, 1)] {
        let cursor = Cursor { number: FrameNo(number), lsn: Lsn(3), chain: Chain([1; 32]), now_ms: 5, tenure: FrameNo(1) };
        let subject = Subject { journal: JournalId(journal), cursor, catalog_lsn: 4, digest: 9, key_check: 5, created_ms: 6 };
        let mut writer = images.begin(subject).expect("room");
        for length in [5_000, 7, 300] {
            writer.push(&vec![number as u8; length]).expect("room");
        }
        let image = writer.finish().expect("room");
        images
            .install(images.read(&image).and_then(tessera_snapshot::ImageReader::finish).expect("whole"), GroupSeq(3))
            .expect("room");
    }
    storage
}

pub(crate) fn prepare() -> Check {
    let storage = directory();
    let images = Images::look(storage.clone(), UUID).expect("whole");
    let list = images.list();
    let files: Vec<Vec<u8>> = list.iter().map(|image| storage.bytes(&image.file_name())).collect();
    Box::new(move |case| {
        let mut random = Random(case);
        let at = random.below(list.len());
        let (image, whole) = (&list[at], &files[at]);
        let mut bytes = if one_in(&mut random, 8) { bent(&mut random, &files) } else { bent_in_place(&mut random, whole) };
        if bytes.len() >= 3 * SECTOR_BYTES && !one_in(&mut random, 3) {
            mend(&mut bytes);
        }
        storage.set_bytes(&image.file_name(), &bytes);
        let read = read_to_the_end(&storage, image);
        storage.set_bytes(&image.file_name(), whole);
        match read {
            true => {
                assert!(bytes == *whole, "I12: an image was bent and nobody noticed");
                Outcome::Accepted
            }
            false => Outcome::Refused,
        }
    })
}

fn read_to_the_end(storage: &SimStorage, image: &Image) -> bool {
    let Ok(images) = Images::look(storage.clone(), UUID) else { panic!("the manifest is whole") };
    let Ok(mut reader) = images.read(image) else { return false };
    let mut given = 0;
    while let Ok(Some(chunk)) = reader.next_chunk() {
        given += chunk.len() as u64;
        assert!(given <= image.file_bytes(), "no more is given than the file has");
    }
    reader.finish().is_ok()
}

/// Makes the sums of header and trailer fit, and those of the chunks as far as their lengths lead.
fn mend(bytes: &mut [u8]) {
    let length = bytes.len();
    let image: Vec<u8> = bytes[32..40].to_vec();
    for sector in [0, length / SECTOR_BYTES * SECTOR_BYTES - SECTOR_BYTES] {
        enclose(&mut bytes[sector..sector + SECTOR_BYTES]);
    }
    let mut at = SECTOR_BYTES;
    while let Some(head) = bytes.get(at..at + 12) {
        let chunk = u32::from_le_bytes([head[0], head[1], head[2], head[3]]) as usize;
        let end = at + 12 + chunk;
        if chunk == 0 || end > length - SECTOR_BYTES {
            break;
        }
        let mut hasher = crc32fast::Hasher::new();
        for part in [&UUID.0[..], &image, &bytes[at..at + 8], &bytes[at + 12..end]] {
            hasher.update(part);
        }
        put(bytes, at + 8, hasher.finalize().to_le_bytes());
        at = end;
    }
}

/// Puts the sum of all bytes before it at the end.
fn enclose(bytes: &mut [u8]) {
    let at = bytes.len() - SUM_BYTES;
    let sum = crc32fast::hash(&bytes[..at]);
    put(bytes, at, sum.to_le_bytes());
}

pub(crate) fn prepare_manifest() -> Check {
    let storage = directory();
    let whole = storage.bytes("MANIFEST");
    let named = inspect(&storage, UUID).expect("whole");
    Box::new(move |case| {
        let mut random = Random(case);
        let mut bytes = bent(&mut random, std::slice::from_ref(&whole));
        let is_mended = bytes.len() > SUM_BYTES && !one_in(&mut random, 3);
        if is_mended {
            enclose(&mut bytes);
        }
        storage.set_bytes("MANIFEST", &bytes);
        let found = inspect(&storage, UUID);
        let opened = Images::look(storage.clone(), UUID);
        assert_eq!(opened.is_ok(), found.is_ok(), "opening and showing agree");
        let Ok(found) = found else { return Outcome::Refused };
        assert_eq!(opened.map(|images| images.list()).ok(), Some(found.clone()));
        assert!(found.len() * 160 < bytes.len(), "what is named is there");
        assert!(is_mended || found == named, "I12: the manifest was bent and nobody noticed");
        Outcome::Accepted
    })
}
