//! Reads an image file past the page cache, in large pieces, and proves it on the way.
//!
//! Chunks come out of the buffer that the disk read into. Each is checked at its place before it is seen; that all of them are the
//! image's, and nothing else is there, is known only at the end.

use crate::chunk::{CHUNK_BYTES_MAX, ChunkSeed, HEAD_BYTES, length_and_number};
use crate::error::{Damage, Error, IoContext};
use crate::image::{Image, ImageId};
use crate::planted::{self, Planted};
use crate::record;
use std::io;
use std::ops::Range;
use tessera_wal::LogUuid;
use tessera_wal::layout::is_zero;
use tessera_wal::storage::{AlignedBuffer, SECTOR_BYTES, Storage, StorageFile};

/// How much is read at once, at most.
const READ_BYTES: usize = 4 << 20;

const SECTOR: u64 = SECTOR_BYTES as u64;
const _: () = assert!(
    READ_BYTES.is_multiple_of(SECTOR_BYTES) && READ_BYTES >= HEAD_BYTES + CHUNK_BYTES_MAX + SECTOR_BYTES,
    "a chunk fits wherever in a sector it begins"
);

/// An image file being read.
pub(crate) struct Scan<F: StorageFile> {
    file: F,
    name: String,
    uuid: LogUuid,
    image: Image,
    seed: ChunkSeed,
    hasher: blake3::Hasher,
    /// Bytes of the file from `window_at` on; the first `window_bytes` are read.
    window: AlignedBuffer,
    window_at: u64,
    window_bytes: usize,
    /// The first byte that was not taken yet.
    at: u64,
    next_chunk: u32,
    past_cache: bool,
    proven: bool,
}

/// Opens a file of images.
pub(crate) fn open<S: Storage>(storage: &S, name: &str) -> Result<S::File, Error> {
    match storage.open(name) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(Error::damaged(name, 0, Damage::Missing)),
        opened => opened.on("open", name, 0),
    }
}

/// What an image file says it is, by its last sector. Nothing else is proven.
pub(crate) fn described(file: &impl StorageFile, id: ImageId, uuid: LogUuid) -> Result<Image, Error> {
    let name = id.file_name();
    let found = file.len_bytes().on("length", &name, 0)?;
    if found < 2 * SECTOR {
        return Err(Error::damaged(&name, found, Damage::Cut { expected: 2 * SECTOR, found }));
    }
    let (at, mut sector) = (found / SECTOR * SECTOR - SECTOR, AlignedBuffer::zeroed(SECTOR_BYTES));
    file.read_past_cache_exact_at(&mut sector, at).on("read", &name, at)?;
    let image = record::read_trailer(&sector, uuid).map_err(|damage| Error::damaged(&name, at, damage))?;
    match image.id == id {
        true => Ok(image),
        false => Err(Error::damaged(&name, at, Damage::Swapped { expected: id, found: image.id })),
    }
}

impl<F: StorageFile> Scan<F> {
    /// Begins to read what must be `image`: its header is checked, and the length of its file.
    pub(crate) fn begin(file: F, uuid: LogUuid, image: Image) -> Result<Scan<F>, Error> {
        let (seed, name) = (ChunkSeed::new(uuid, image.id), image.file_name());
        let window_bytes = READ_BYTES.min(image.file_bytes().try_into().unwrap_or(READ_BYTES));
        let mut scan = Scan {
            file,
            name,
            uuid,
            image,
            seed,
            hasher: blake3::Hasher::new(),
            window: AlignedBuffer::zeroed(window_bytes),
            window_at: 0,
            window_bytes: 0,
            at: 0,
            next_chunk: 0,
            past_cache: true,
            proven: false,
        };
        let found = scan.file.len_bytes().on("length", &scan.name, 0)?;
        scan.check_header(found)?;
        scan.check_length(found)?;
        Ok(scan)
    }

    pub(crate) fn image(&self) -> &Image {
        &self.image
    }

    /// Whether every read so far really passed by the page cache.
    pub(crate) fn past_cache(&self) -> bool {
        self.past_cache
    }

    /// The next chunk; none after everything was proven.
    pub(crate) fn next_chunk(&mut self) -> Result<Option<&[u8]>, Error> {
        if self.next_chunk == self.image.chunks {
            if !self.proven {
                self.check_end()?;
                self.proven = true;
            }
            return Ok(None);
        }
        let chunk = self.take_chunk()?;
        self.next_chunk += 1;
        Ok(Some(&self.window[chunk]))
    }

    fn take_chunk(&mut self) -> Result<Range<usize>, Error> {
        const WHAT: &str = "a chunk";
        let (offset, end) = (self.at, self.image.chunks_end());
        // A head that would end behind the chunks reads into the trailer, and no length in it fits.
        let head = self.fill(HEAD_BYTES)?;
        let (length, number) = length_and_number(&self.window[head]);
        let fits = (1..=CHUNK_BYTES_MAX).contains(&length) && (HEAD_BYTES + length) as u64 <= end - offset;
        if !fits || number != self.next_chunk {
            return Err(self.damaged(offset, Damage::Contradiction { what: WHAT }));
        }
        let whole = self.fill(HEAD_BYTES + length)?;
        let (head, chunk) = self.window[whole.clone()].split_at(HEAD_BYTES);
        if !self.seed.holds(head, chunk) {
            return Err(self.damaged(offset, Damage::Bytes { what: WHAT }));
        }
        self.hasher.update(&self.window[whole.clone()]);
        self.at += whole.len() as u64;
        Ok(whole.start + HEAD_BYTES..whole.end)
    }

    fn check_header(&mut self, found: u64) -> Result<(), Error> {
        let expected = self.image.file_bytes();
        if found < SECTOR {
            return Err(self.damaged(found, Damage::Cut { expected, found }));
        }
        self.read_up_to((found / SECTOR * SECTOR).min(expected))?;
        let sector = &self.window[..SECTOR_BYTES];
        let (id, subject) = record::read_header(sector, self.uuid).map_err(|damage| self.damaged(0, damage))?;
        if id != self.image.id {
            return Err(self.damaged(0, Damage::Swapped { expected: self.image.id, found: id }));
        }
        if subject != self.image.subject {
            return Err(self.damaged(0, Damage::Contradiction { what: "the header" }));
        }
        self.hasher.update(sector);
        self.at = SECTOR;
        Ok(())
    }

    fn check_length(&self, found: u64) -> Result<(), Error> {
        let expected = self.image.file_bytes();
        match found {
            _ if found < expected => Err(self.damaged(found, Damage::Cut { expected, found })),
            _ if found > expected => Err(self.damaged(expected, Damage::Excess { expected, found })),
            _ => Ok(()),
        }
    }

    /// The chunks have the bytes they must have, nothing but zeroes fills them up, the trailer is this image's and the seal holds.
    fn check_end(&mut self) -> Result<(), Error> {
        let (end, trailer_at) = (self.at, self.image.trailer_at());
        if end != self.image.chunks_end() {
            return Err(self.damaged(end, Damage::Contradiction { what: "the length of the chunks" }));
        }
        let filled = (trailer_at - end) as usize;
        let rest = self.fill(filled + SECTOR_BYTES)?;
        let (zeroes, trailer) = self.window[rest].split_at(filled);
        if !is_zero(zeroes) {
            return Err(self.damaged(end, Damage::Bytes { what: "what fills the last sector up" }));
        }
        let found = record::read_trailer(trailer, self.uuid).map_err(|damage| self.damaged(trailer_at, damage))?;
        if found.id != self.image.id {
            return Err(self.damaged(trailer_at, Damage::Swapped { expected: self.image.id, found: found.id }));
        }
        if found != self.image {
            return Err(self.damaged(trailer_at, Damage::Contradiction { what: "the trailer" }));
        }
        self.hasher.update(zeroes);
        match *self.hasher.finalize().as_bytes() == self.image.seal || planted::is(Planted::SealUnchecked) {
            true => Ok(()),
            false => Err(self.damaged(0, Damage::Bytes { what: "the image as a whole" })),
        }
    }

    /// Where in the window the next `count` bytes of the file are, after reading them if they are not there yet.
    fn fill(&mut self, count: usize) -> Result<Range<usize>, Error> {
        let end = self.at + count as u64;
        assert!(end <= self.image.file_bytes(), "nothing is read behind the end");
        if end > self.window_at + self.window_bytes as u64 {
            self.move_on();
            self.read_up_to(self.image.file_bytes())?;
        }
        let start = (self.at - self.window_at) as usize;
        Ok(start..start + count)
    }

    /// Keeps what is read and not taken yet, from its sector on.
    fn move_on(&mut self) {
        let from = (self.at / SECTOR * SECTOR - self.window_at) as usize;
        self.window.copy_within(from..self.window_bytes, 0);
        self.window_bytes -= from;
        self.window_at += from as u64;
    }

    fn read_up_to(&mut self, end: u64) -> Result<(), Error> {
        let from = self.window_at + self.window_bytes as u64;
        let room = (self.window.len() - self.window_bytes).min((end - from) as usize);
        let into = &mut self.window[self.window_bytes..self.window_bytes + room];
        match self.file.read_past_cache_exact_at(into, from) {
            Ok(passed) => self.past_cache &= passed,
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                return Err(self.damaged(from, Damage::Cut { expected: self.image.file_bytes(), found: from }));
            }
            Err(error) => return Err(error).on("read", &self.name, from),
        }
        self.window_bytes += room;
        Ok(())
    }

    fn damaged(&self, offset: u64, damage: Damage) -> Error {
        Error::damaged(&self.name, offset, damage)
    }
}
