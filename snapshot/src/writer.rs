//! Writes one image: under a temporary name, in large pieces, whole and synced before it takes its own name.
//!
//! Relies on nobody else writing under its number. Whatever fails on the way, the image is dropped and its file removed: a failed
//! sync is never tried again, and the log still holds everything. What an unclean end leaves is swept at the next start.

use crate::chunk::{ChunkSeed, HEAD_BYTES};
use crate::durable::{Unnamed, take_name};
use crate::error::{Error, IoContext};
use crate::files::remove;
use crate::image::{Image, ImageId, Subject};
use crate::images::Shelf;
use crate::planted::{self, Planted};
use crate::record;
use std::sync::Arc;
use tessera_wal::storage::{AlignedBuffer, SECTOR_BYTES, Storage, StorageFile};

/// How much is written at once.
const WRITE_BYTES: usize = 1 << 20;
/// How much is written between two syncs, so that a commit of the log beside it never waits for much more than this.
const SYNC_STEP_BYTES: u64 = 8 << 20;

const _: () = assert!(WRITE_BYTES.is_multiple_of(SECTOR_BYTES), "writes begin and end on sectors");

/// An image being written. Dropped unfinished, it leaves nothing behind.
pub struct ImageWriter<S: Storage> {
    shelf: Arc<Shelf<S>>,
    id: ImageId,
    subject: Subject,
    file: S::File,
    /// Bytes from `written` on, the first `filled` of which are given.
    buffer: AlignedBuffer,
    filled: usize,
    written: u64,
    unsynced_bytes: u64,
    chunks: u32,
    payload_bytes: u64,
    seed: ChunkSeed,
    hasher: blake3::Hasher,
    progress: Progress,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    UnderWay,
    /// Something failed; what the file holds is not known.
    Failed,
    Finished,
}

impl<S: Storage> ImageWriter<S> {
    pub(crate) fn begin(shelf: Arc<Shelf<S>>, id: ImageId, subject: Subject) -> Result<ImageWriter<S>, Error> {
        let name = id.temporary_name();
        let file = shelf.storage.create(&name).on("create", &name, 0)?;
        let header = record::header(shelf.uuid, id, &subject);
        let seed = ChunkSeed::new(shelf.uuid, id);
        let mut writer = ImageWriter {
            shelf,
            id,
            subject,
            file,
            buffer: AlignedBuffer::zeroed(WRITE_BYTES),
            filled: 0,
            written: 0,
            unsynced_bytes: 0,
            chunks: 0,
            payload_bytes: 0,
            seed,
            hasher: blake3::Hasher::new(),
            progress: Progress::UnderWay,
        };
        writer.append(&header)?;
        Ok(writer)
    }

    /// Adds a chunk of 1 to [`CHUNK_BYTES_MAX`](crate::CHUNK_BYTES_MAX) bytes.
    ///
    /// # Errors
    /// `DiskFull`, `Io`: this image is lost; drop the writer.
    ///
    /// # Panics
    /// When the chunk is empty or too long, or after an error.
    pub fn push(&mut self, chunk: &[u8]) -> Result<(), Error> {
        assert_eq!(self.progress, Progress::UnderWay, "an image whose writing failed is dropped");
        let head: [u8; HEAD_BYTES] = self.seed.head(self.chunks, chunk);
        self.chunks = self.chunks.checked_add(1).expect("an image has fewer chunks than a u32 counts");
        self.payload_bytes += chunk.len() as u64;
        let appended = self.append(&head).and_then(|()| self.append(chunk));
        self.fail_on_error(appended)
    }

    /// Ends the image: trailer, fsync, rename, fsync of the directory. It is whole and durable, but not installed yet: read it back
    /// first.
    ///
    /// # Errors
    /// `DiskFull`, `Io`, `Disabled`: this image is lost.
    ///
    /// # Panics
    /// After an error.
    pub fn finish(mut self) -> Result<Image, Error> {
        assert_eq!(self.progress, Progress::UnderWay, "an image whose writing failed is dropped");
        let written = self.write_end();
        let image = self.fail_on_error(written)?;
        let named = self.take_name();
        self.fail_on_error(named)?;
        self.progress = Progress::Finished;
        Ok(image)
    }

    fn write_end(&mut self) -> Result<Image, Error> {
        let padded = self.filled.next_multiple_of(SECTOR_BYTES);
        self.buffer[self.filled..padded].fill(0);
        self.filled = padded;
        self.flush()?;
        let image = Image {
            id: self.id,
            subject: self.subject.clone(),
            chunks: self.chunks,
            payload_bytes: self.payload_bytes,
            seal: *self.hasher.finalize().as_bytes(),
        };
        assert_eq!(self.written, image.trailer_at(), "the file is as long as it is said to be");
        let name = self.id.temporary_name();
        let trailer = record::trailer(self.shelf.uuid, &image);
        self.file.write_all_at(&trailer, self.written).on("write", &name, self.written)?;
        if !planted::is(Planted::UnsyncedImage) {
            self.file.sync_all().on("fsync", &name, 0)?;
        }
        Ok(image)
    }

    fn take_name(&self) -> Result<(), Error> {
        self.shelf.check_enabled()?;
        let (temporary, name) = (self.id.temporary_name(), self.id.file_name());
        take_name(&self.shelf.storage, &temporary, &name).map_err(|unnamed| match unnamed {
            Unnamed::Refused(error) => error,
            Unnamed::Unsure(error) => {
                self.shelf.disable();
                error
            }
        })
    }

    fn append(&mut self, mut bytes: &[u8]) -> Result<(), Error> {
        while !bytes.is_empty() {
            let room = self.buffer.len() - self.filled;
            let (piece, rest) = bytes.split_at(room.min(bytes.len()));
            self.buffer[self.filled..self.filled + piece.len()].copy_from_slice(piece);
            self.filled += piece.len();
            bytes = rest;
            if self.filled == self.buffer.len() {
                self.flush()?;
            }
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Error> {
        let (name, piece) = (self.id.temporary_name(), &self.buffer[..self.filled]);
        self.hasher.update(piece);
        self.file.write_all_at(piece, self.written).on("write", &name, self.written)?;
        self.written += self.filled as u64;
        self.unsynced_bytes += self.filled as u64;
        self.filled = 0;
        if self.unsynced_bytes >= SYNC_STEP_BYTES {
            self.file.sync_data().on("fdatasync", &name, self.written)?;
            self.unsynced_bytes = 0;
        }
        Ok(())
    }

    fn fail_on_error<T>(&mut self, result: Result<T, Error>) -> Result<T, Error> {
        if result.is_err() {
            self.progress = Progress::Failed;
        }
        result
    }
}

impl<S: Storage> Drop for ImageWriter<S> {
    fn drop(&mut self) {
        if self.progress != Progress::Finished {
            self.shelf.forget(self.id);
        }
    }
}

impl<S: Storage> Shelf<S> {
    /// Removes the files of an image that the manifest does not name, under either of its names. What cannot be removed now is
    /// garbage, which the next switch or the next start removes.
    pub(crate) fn forget(&self, id: ImageId) {
        if self.settle(id) && !planted::is(Planted::LeftBehind) {
            let _swept_later = remove(&self.storage, &id.temporary_name());
            let _swept_later = remove(&self.storage, &id.file_name());
        }
    }
}
