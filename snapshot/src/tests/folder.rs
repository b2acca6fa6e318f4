//! Makes images of which it knows every byte, installs them as the engine does, and reads back what a directory names.

use crate::*;
use tessera_wal::storage::Storage;
use tessera_wal::storage::sim::SimStorage;
use tessera_wal::{Chain, Cursor, FrameNo, GroupSeq, JournalId, LogUuid, Lsn};

pub(super) const UUID: LogUuid = LogUuid([0xA5; 16]);

/// What an image of `journal` at `position` is of. Its digest is the position, so that whoever reads it can tell.
pub(super) fn subject(journal: u16, position: u64) -> Subject {
    let cursor = Cursor {
        number: FrameNo(position),
        lsn: Lsn(position * 3),
        chain: Chain([position as u8; 32]),
        now_ms: 1_000 + position as i64,
        tenure: FrameNo(1),
    };
    let journal = JournalId(journal);
    Subject { journal, cursor, catalog_lsn: 4, digest: position, key_check: 5, created_ms: 6 }
}

/// The group of the log that is durable when it is made.
pub(super) fn group(position: u64) -> GroupSeq {
    GroupSeq(position * 10)
}

/// The chunks of such an image: two, which take more than one sector.
pub(super) fn chunks(position: u64) -> Vec<Vec<u8>> {
    vec![vec![position as u8; 5_000], vec![!position as u8; 7]]
}

pub(super) fn write<S: Storage>(images: &Images<S>, subject: Subject, chunks: &[Vec<u8>]) -> Result<Image, Error> {
    let mut writer = images.begin(subject)?;
    for chunk in chunks {
        writer.push(chunk)?;
    }
    writer.finish()
}

/// Every chunk of an image, proven.
pub(super) fn read<S: Storage>(images: &Images<S>, image: &Image) -> Result<Vec<Vec<u8>>, Error> {
    let (mut reader, mut chunks) = (images.read(image)?, Vec::new());
    while let Some(chunk) = reader.next_chunk()? {
        chunks.push(chunk.to_vec());
    }
    reader.finish().map(|_| chunks)
}

/// Writes, reads back and installs, as the engine does.
pub(super) fn fold<S: Storage>(images: &Images<S>, journal: u16, position: u64) -> Result<Image, Error> {
    let image = write(images, subject(journal, position), &chunks(position))?;
    let verified = images.read(&image).and_then(ImageReader::finish).inspect_err(|_| images.discard(image.clone()))?;
    images.install(verified, group(position))?;
    Ok(image)
}

/// An open directory with images of journal 0 at these positions.
pub(super) fn folder(positions: &[u64]) -> (SimStorage, Images<SimStorage>) {
    let storage = SimStorage::new();
    let images = Images::open(storage.clone(), UUID).unwrap();
    for &position in positions {
        fold(&images, 0, position).unwrap();
    }
    (storage, images)
}

pub(super) fn reopened(storage: &SimStorage) -> Result<Images<SimStorage>, Error> {
    Images::open(storage.kill(), UUID)
}

/// The positions of a journal's images, newest first.
pub(super) fn positions<S: Storage>(images: &Images<S>, journal: u16) -> Vec<u64> {
    images.newest_first(JournalId(journal)).iter().map(|image| image.subject.cursor.number.0).collect()
}
