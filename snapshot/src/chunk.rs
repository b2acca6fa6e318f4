//! Chunks: the pieces in which an image is written and given back, each with a checksum that holds only at its place.
//!
//! | offset | bytes | field |
//! |---|---|---|
//! | 0 | 4 | length, 1 to [`CHUNK_BYTES_MAX`] |
//! | 4 | 4 | number, from 0 |
//! | 8 | 4 | CRC32, seeded by (log uuid, image id), over bytes 0..8 and the chunk |
//!
//! The seed and the number make a chunk of another log, another image or another place invalid. The checksum says where an
//! image is damaged; that it is whole, its seal says.

use crate::image::ImageId;
use crate::planted::{self, Planted};
use tessera_wal::LogUuid;
use tessera_wal::layout::{Fields, put};

/// The most bytes of one chunk.
pub const CHUNK_BYTES_MAX: usize = 1 << 20;

/// What stands before each chunk.
pub(crate) const HEAD_BYTES: usize = 12;

const CRC_AT: usize = 8;

/// The part of every checksum that says which log and which image the chunk is of.
#[derive(Clone, Debug)]
pub(crate) struct ChunkSeed {
    hasher: crc32fast::Hasher,
}

impl ChunkSeed {
    pub(crate) fn new(uuid: LogUuid, image: ImageId) -> ChunkSeed {
        let mut hasher = crc32fast::Hasher::new();
        if !planted::is(Planted::UnseededChunks) {
            hasher.update(&uuid.0);
            hasher.update(&image.0.to_le_bytes());
        }
        ChunkSeed { hasher }
    }

    /// What stands before chunk `number`.
    pub(crate) fn head(&self, number: u32, chunk: &[u8]) -> [u8; HEAD_BYTES] {
        assert!((1..=CHUNK_BYTES_MAX).contains(&chunk.len()), "a chunk is bounded and not empty");
        let mut head = [0; HEAD_BYTES];
        put(&mut head, 0, (chunk.len() as u32).to_le_bytes());
        put(&mut head, 4, number.to_le_bytes());
        let crc = self.crc(&head, chunk);
        put(&mut head, CRC_AT, crc.to_le_bytes());
        head
    }

    /// Whether `chunk` is what was written behind `head`, of this image.
    pub(crate) fn holds(&self, head: &[u8], chunk: &[u8]) -> bool {
        Fields(head).u32(CRC_AT) == self.crc(head, chunk)
    }

    fn crc(&self, head: &[u8], chunk: &[u8]) -> u32 {
        let mut hasher = self.hasher.clone();
        hasher.update(&head[..CRC_AT]);
        hasher.update(chunk);
        hasher.finalize()
    }
}

/// The length and the number that a head names. Not trusted before the checksum holds.
pub(crate) fn length_and_number(head: &[u8]) -> (usize, u32) {
    let fields = Fields(head);
    (fields.u32(0) as usize, fields.u32(4))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunk_holds_only_in_its_log_its_image_and_its_place() {
        let seed = |uuid, image| ChunkSeed::new(LogUuid([uuid; 16]), ImageId(image));
        let head = seed(1, 1).head(3, b"state");
        assert!(seed(1, 1).holds(&head, b"state"));
        assert!(!seed(2, 1).holds(&head, b"state"), "another log");
        assert!(!seed(1, 2).holds(&head, b"state"), "another image");
        assert!(!seed(1, 1).holds(&head, b"statf"), "other bytes");
        let mut moved = head;
        moved[4] = 4;
        assert!(!seed(1, 1).holds(&moved, b"state"), "another place");
    }
}
