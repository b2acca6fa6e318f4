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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::{FrameKind, seal};
    use crate::number::{Chain, GroupSeq, Lsn};
    use crate::sector::{Seed, spread};
    use crate::storage::Storage;
    use crate::storage::sim::SimStorage;

    const JOURNAL: JournalId = JournalId(3);
    /// Sectors that hold a frame each, behind one that holds none.
    const FRAMES: u64 = 20;
    const END: u64 = (1 + FRAMES) * SECTOR_BYTES as u64;

    fn frame(number: u64) -> Vec<u8> {
        let (tenure, first_lsn, kind) = (FrameNo(0), Lsn(number), FrameKind::Events);
        let (number, count) = (FrameNo(number), 1);
        let header =
            FrameHeader { journal: JOURNAL, number, tenure, first_lsn, count, now_ms: 0, catalog_lsn: 0, digest: 0, kind };
        let mut bytes = Vec::new();
        seal(&header, b"payload", &Chain::START, &mut bytes);
        bytes
    }

    /// Frame 1 begins sector 1, and so on.
    fn storage() -> SimStorage {
        let mut bytes = vec![0; END as usize + SECTOR_BYTES];
        (1..=FRAMES).for_each(|number| spread(&frame(number), 0, &mut bytes[at(number) as usize..][..SECTOR_BYTES]));
        Seed::new(crate::LogUuid([1; 16]), crate::SegmentId(1)).seal(&mut bytes, GroupSeq(1), 0);
        let storage = SimStorage::new();
        storage.set_bytes("f", &bytes);
        storage
    }

    fn at(number: u64) -> u32 {
        (number * SECTOR_BYTES as u64) as u32
    }

    fn expected(number: u64) -> Expected {
        Expected { journal: JOURNAL, number: FrameNo(number) }
    }

    #[test]
    fn only_the_frame_that_is_expected_is_taken() {
        let mut source = Source::mapped("f".to_owned(), &storage().open("f").unwrap(), END).unwrap();
        let mut out = Vec::new();
        assert_eq!(source.frame(at(2), expected(2), &mut out).unwrap().bytes(), frame(2));
        assert_eq!(source.header(at(2), expected(2)).unwrap().number, FrameNo(2));
        for wrong in [expected(1), expected(3), Expected { journal: JournalId(4), ..expected(2) }] {
            assert!(source.frame(at(2), wrong, &mut out).is_err(), "{wrong:?}");
            assert!(source.header(at(2), wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_frame_begins_behind_the_header_within_the_payload_of_a_sector_and_ends_before_the_end() {
        let storage = storage();
        let file = storage.open("f").unwrap();
        for at in [100, at(1) + SECTOR_PAYLOAD_BYTES as u32, at(FRAMES + 1)] {
            let mut source = Source::mapped("f".to_owned(), &file, END).unwrap();
            let refused = source.header(at, expected(1)).unwrap_err();
            assert!(matches!(refused, Error::Corrupt { damage: Damage::Contradiction { .. }, .. }), "{at}: {refused}");
        }
    }

    /// The window is shorter than the segment.
    #[test]
    fn a_segment_being_written_is_read_in_any_order_and_what_is_read_is_kept() {
        let storage = storage();
        let mut source = Source::windowed("f".to_owned(), Box::new(storage.open("f").unwrap()), END);
        let mut out = Vec::new();
        for (number, reads) in
            [(FRAMES, true), (FRAMES, false), (1, true), (1, false), (8, false), (9, true), (2, true), (9, false)]
        {
            let before = storage.bytes_read();
            assert_eq!(source.frame(at(number), expected(number), &mut out).unwrap().bytes(), frame(number));
            assert_eq!(storage.bytes_read() > before, reads, "frame {number}");
        }
    }
}
