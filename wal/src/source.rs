//! Where a reader takes a segment's bytes from: a map once the segment is sealed, small windows while it is being written.

use crate::error::{Damage, Error, IoContext};
use crate::frame::{FRAME_BYTES_MAX, FRAME_HEADER_BYTES, Frame, FrameHeader, peek};
use crate::layout::Fields;
use crate::number::{FrameNo, JournalId};
use crate::sector::{SECTOR_PAYLOAD_BYTES, disk_bytes_for, gather};
use crate::storage::{Mapping, SECTOR_BYTES, StorageFile};

/// How much of the segment being written is read at once, at least.
const WINDOW_BYTES: u64 = 32 * 1024;

/// A segment's bytes up to its end.
pub(crate) struct Source {
    pub(crate) name: String,
    pub(crate) end: u64,
    bytes: Bytes,
}

enum Bytes {
    Mapped(Mapping),
    Window { file: Box<dyn StorageFile>, bytes: Vec<u8>, from: u64 },
}

/// Which frame must begin somewhere.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Expected {
    pub(crate) journal: JournalId,
    pub(crate) number: FrameNo,
}

impl Source {
    /// A sealed segment, as long as it must be.
    pub(crate) fn mapped(name: String, file: &dyn StorageFile, end: u64) -> Result<Source, Error> {
        let bytes = file.map().on("map", &name, 0)?;
        let found = bytes.len() as u64;
        match found < end {
            true => Err(Error::corrupt(&name, found, Damage::Length { expected: end, found })),
            false => Ok(Source { name, end, bytes: Bytes::Mapped(bytes) }),
        }
    }

    /// The segment being written.
    pub(crate) fn windowed(name: String, file: Box<dyn StorageFile>, end: u64) -> Source {
        Source { name, end, bytes: Bytes::Window { file, bytes: Vec::new(), from: 0 } }
    }

    /// The whole file, what is behind the end included; of the segment being written nothing.
    pub(crate) fn whole(&self) -> &[u8] {
        match &self.bytes {
            Bytes::Mapped(bytes) => bytes,
            Bytes::Window { .. } => &[],
        }
    }

    /// The frame that begins at a byte of the file, checked to be whole and the one expected there.
    pub(crate) fn frame<'o>(&mut self, at: u32, expected: Expected, out: &'o mut Vec<u8>) -> Result<Frame<'o>, Error> {
        self.gather(at, FRAME_HEADER_BYTES, out)?;
        let length = Fields(out).u32(4) as usize;
        if !(FRAME_HEADER_BYTES..=FRAME_BYTES_MAX).contains(&length) {
            return Err(self.contradiction(at));
        }
        self.gather(at, length, out)?;
        let parsed = Frame::parse(out).map_err(|error| Error::corrupt(&self.name, at.into(), Damage::Frame(error)));
        let (frame, _) = parsed?;
        self.check(at, &frame.header, expected).map(|()| frame)
    }

    /// What that frame says of itself; its checksum is not verified.
    pub(crate) fn header(&mut self, at: u32, expected: Expected) -> Result<FrameHeader, Error> {
        let mut head = Vec::with_capacity(FRAME_HEADER_BYTES);
        self.gather(at, FRAME_HEADER_BYTES, &mut head)?;
        let header = peek(&head).map_err(|error| Error::corrupt(&self.name, at.into(), Damage::Frame(error)))?;
        self.check(at, &header, expected).map(|()| header)
    }

    pub(crate) fn contradiction(&self, at: u32) -> Error {
        Error::corrupt(&self.name, at.into(), Damage::Contradiction { what: "the index" })
    }

    fn check(&self, at: u32, header: &FrameHeader, expected: Expected) -> Result<(), Error> {
        match header.journal == expected.journal && header.number == expected.number {
            true => Ok(()),
            false => Err(self.contradiction(at)),
        }
    }

    /// Takes the `length` bytes of a frame that begin at byte `at` of the file.
    fn gather(&mut self, at: u32, length: usize, out: &mut Vec<u8>) -> Result<(), Error> {
        out.clear();
        let within = at as usize % SECTOR_BYTES;
        let first = u64::from(at) - within as u64;
        let until = first + disk_bytes_for(within + length) as u64;
        if within >= SECTOR_PAYLOAD_BYTES || first < SECTOR_BYTES as u64 || until > self.end {
            return Err(self.contradiction(at));
        }
        match &mut self.bytes {
            Bytes::Mapped(bytes) => gather(bytes, at as usize, length, out),
            Bytes::Window { file, bytes, from } => {
                if first < *from || until > *from + bytes.len() as u64 {
                    // Nothing counts as read before it is.
                    bytes.clear();
                    let mut window = vec![0; (until.max(self.end.min(first + WINDOW_BYTES)) - first) as usize];
                    file.read_exact_at(&mut window, first).on("read", &self.name, first)?;
                    (*bytes, *from) = (window, first);
                }
                gather(bytes, (u64::from(at) - *from) as usize, length, out);
            }
        }
        Ok(())
    }
}
