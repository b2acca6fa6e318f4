//! A frame: the events of one journal in one turn, sealed with a checksum and with the hash chain of its journal.
//!
//! The same bytes stand on disk and travel on the wire, so a frame knows nothing of groups, sectors or segments. The payload
//! is opaque. The length is bounded before anything is read by it, and the checksum covers it.
//!
//! | offset | bytes | field |
//! |---|---|---|
//! | 0 | 2 | magic `TF` |
//! | 2 | 1 | format, 1 |
//! | 3 | 1 | kind: 0 events, 1 tenure |
//! | 4 | 4 | length of the whole frame |
//! | 8 | 4 | CRC32 of all other bytes of the frame |
//! | 12 | 4 | count of events |
//! | 16 | 8 | number |
//! | 24 | 8 | tenure |
//! | 32 | 8 | first lsn |
//! | 40 | 8 | now, milliseconds since 1970, signed |
//! | 48 | 8 | catalog lsn |
//! | 56 | 8 | digest of the state after the frame |
//! | 64 | 2 | journal |
//! | 66 | 6 | zero |
//! | 72 | 32 | chain = blake3(previous chain ‖ bytes 0..8 ‖ bytes 12..72 ‖ payload) |
//! | 104 | … | payload |

use crate::layout::{Fields, is_zero, put};
use crate::number::{Chain, FrameNo, JournalId, Lsn};
use thiserror::Error;

/// The most bytes a frame may have, header included. A replicated log carries one frame in one message.
pub const FRAME_BYTES_MAX: usize = 512 * 1024;
/// The bytes before a frame's payload.
pub const FRAME_HEADER_BYTES: usize = 104;
/// The most bytes a frame's payload may have.
pub const FRAME_PAYLOAD_BYTES_MAX: usize = FRAME_BYTES_MAX - FRAME_HEADER_BYTES;

const MAGIC: [u8; 2] = *b"TF";
const FORMAT: u8 = 1;
const CRC_AT: usize = 8;
const CHAIN_AT: usize = 72;

/// What a frame is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum FrameKind {
    /// Carries `count` events, at least one.
    Events = 0,
    /// An owner begins: no events, and the tenure is the frame's own number.
    Tenure = 1,
}

/// What a frame says of itself besides its payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameHeader {
    /// The journal it belongs to.
    pub journal: JournalId,
    /// Its number there, without gaps.
    pub number: FrameNo,
    /// The number of the tenure frame under which it was written; 0 before the first.
    pub tenure: FrameNo,
    /// The lsn of its first event; for a frame without events, the lsn the next event will have.
    pub first_lsn: Lsn,
    /// How many events it holds.
    pub count: u32,
    /// The partition's time, milliseconds since 1970.
    pub now_ms: i64,
    /// The lsn of the catalog it was decided with.
    pub catalog_lsn: u64,
    /// The digest of the partition's state after it.
    pub digest: u64,
    /// What it is for.
    pub kind: FrameKind,
}

impl FrameHeader {
    fn obeys_its_kind(&self) -> bool {
        match self.kind {
            FrameKind::Events => self.count >= 1 && self.tenure < self.number,
            FrameKind::Tenure => self.count == 0 && self.tenure == self.number,
        }
    }
}

/// Bytes that are no frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum FrameError {
    /// Fewer bytes than a frame needs.
    #[error("a frame needs {needed} bytes, {there} are there")]
    Short {
        /// Bytes needed, as far as known.
        needed: usize,
        /// Bytes there.
        there: usize,
    },
    /// Not the magic of a frame.
    #[error("no frame begins here")]
    Magic,
    /// A format this build does not know.
    #[error("frame format {found} is unknown; this build reads format 1")]
    Format {
        /// The format found.
        found: u8,
    },
    /// A length no frame can have.
    #[error("frame length {found} is out of bounds")]
    Length {
        /// The length found.
        found: usize,
    },
    /// The checksum disagrees.
    #[error("frame checksum disagrees: {found:#010x} stored, {computed:#010x} computed")]
    Checksum {
        /// As stored.
        found: u32,
        /// As computed.
        computed: u32,
    },
    /// The checksum holds, but the fields contradict each other.
    #[error("frame fields contradict each other")]
    Contradiction,
}

/// A frame whose checksum holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// What it says of itself.
    pub header: FrameHeader,
    /// What it carries.
    pub payload: &'a [u8],
    /// The chain of its journal, this frame included.
    pub chain: Chain,
    bytes: &'a [u8],
}

/// Appends a sealed frame to `out` and returns the chain of its journal after it.
///
/// # Panics
/// When the payload is longer than [`FRAME_PAYLOAD_BYTES_MAX`], or the header contradicts its kind.
pub fn seal(header: &FrameHeader, payload: &[u8], previous: &Chain, out: &mut Vec<u8>) -> Chain {
    assert!(payload.len() <= FRAME_PAYLOAD_BYTES_MAX, "a frame's payload is bounded: {} bytes", payload.len());
    assert!(header.obeys_its_kind(), "a frame obeys its kind: {header:?}");
    let length = FRAME_HEADER_BYTES + payload.len();
    let mut head = head_without_sums(header, length as u32);
    let chain = chain_after(previous, &head, payload);
    put(&mut head, CHAIN_AT, chain.0);
    let crc = checksum(&head, payload);
    put(&mut head, CRC_AT, crc.to_le_bytes());
    out.extend_from_slice(&head);
    out.extend_from_slice(payload);
    chain
}

impl<'a> Frame<'a> {
    /// Takes the frame that begins `bytes`, and says how many bytes it takes. Its checksum is verified, its chain is not.
    ///
    /// # Errors
    /// When no whole, consistent frame begins there.
    pub fn parse(bytes: &'a [u8]) -> Result<(Frame<'a>, usize), FrameError> {
        let length = length_of(bytes)?;
        let bytes = &bytes[..length];
        let (head, payload) = bytes.split_at(FRAME_HEADER_BYTES);
        let found = Fields(head).u32(CRC_AT);
        let computed = checksum(head, payload);
        if found != computed {
            return Err(FrameError::Checksum { found, computed });
        }
        let header = header_of(head)?;
        let chain = Chain(Fields(head).array(CHAIN_AT));
        Ok((Frame { header, payload, chain, bytes }, length))
    }

    /// Whether the frame's chain follows from the chain before it.
    #[must_use]
    pub fn verify_chain(&self, previous: &Chain) -> bool {
        chain_after(previous, &self.bytes[..FRAME_HEADER_BYTES], self.payload) == self.chain
    }

    /// The frame as it stands on disk and travels on the wire.
    #[must_use]
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The lsn of the last event up to and including this frame.
    #[must_use]
    pub fn last_lsn(&self) -> Lsn {
        Lsn(self.header.first_lsn.0 + u64::from(self.header.count) - 1)
    }
}

/// What a frame says of itself, from its first [`FRAME_HEADER_BYTES`]; its checksum is not verified.
pub(crate) fn peek(head: &[u8]) -> Result<FrameHeader, FrameError> {
    assert_eq!(head.len(), FRAME_HEADER_BYTES, "a header is looked at whole");
    match Fields(head).array(0) == MAGIC && head[2] == FORMAT {
        true => header_of(head),
        false => Err(FrameError::Magic),
    }
}

/// The bounded length of the frame that begins `bytes`; magic and format are checked first.
fn length_of(bytes: &[u8]) -> Result<usize, FrameError> {
    if bytes.len() < FRAME_HEADER_BYTES {
        return Err(FrameError::Short { needed: FRAME_HEADER_BYTES, there: bytes.len() });
    }
    let fields = Fields(bytes);
    if fields.array(0) != MAGIC {
        return Err(FrameError::Magic);
    }
    if bytes[2] != FORMAT {
        return Err(FrameError::Format { found: bytes[2] });
    }
    let length = fields.u32(4) as usize;
    if !(FRAME_HEADER_BYTES..=FRAME_BYTES_MAX).contains(&length) {
        return Err(FrameError::Length { found: length });
    }
    if bytes.len() < length {
        return Err(FrameError::Short { needed: length, there: bytes.len() });
    }
    Ok(length)
}

fn header_of(head: &[u8]) -> Result<FrameHeader, FrameError> {
    let fields = Fields(head);
    let kind = match head[3] {
        0 => FrameKind::Events,
        1 => FrameKind::Tenure,
        _ => return Err(FrameError::Contradiction),
    };
    let header = FrameHeader {
        journal: JournalId(fields.u16(64)),
        number: FrameNo(fields.u64(16)),
        tenure: FrameNo(fields.u64(24)),
        first_lsn: Lsn(fields.u64(32)),
        count: fields.u32(12),
        now_ms: fields.i64(40),
        catalog_lsn: fields.u64(48),
        digest: fields.u64(56),
        kind,
    };
    let numbered = header.number.0 >= 1 && header.first_lsn.0 >= 1 && header.first_lsn.0 < u64::MAX / 2;
    match numbered && header.obeys_its_kind() && is_zero(&head[66..72]) {
        true => Ok(header),
        false => Err(FrameError::Contradiction),
    }
}

fn head_without_sums(header: &FrameHeader, length: u32) -> [u8; FRAME_HEADER_BYTES] {
    let mut head = [0; FRAME_HEADER_BYTES];
    put(&mut head, 0, MAGIC);
    head[2] = FORMAT;
    head[3] = header.kind as u8;
    put(&mut head, 4, length.to_le_bytes());
    put(&mut head, 12, header.count.to_le_bytes());
    put(&mut head, 16, header.number.0.to_le_bytes());
    put(&mut head, 24, header.tenure.0.to_le_bytes());
    put(&mut head, 32, header.first_lsn.0.to_le_bytes());
    put(&mut head, 40, header.now_ms.to_le_bytes());
    put(&mut head, 48, header.catalog_lsn.to_le_bytes());
    put(&mut head, 56, header.digest.to_le_bytes());
    put(&mut head, 64, header.journal.0.to_le_bytes());
    head
}

/// Bytes that are hashed at once to begin with: blake3 takes its chunks of 1 KiB sixteen together, but only of one piece and only from a
/// multiple of sixteen on, so behind a head that is hashed by itself it would take them by ones, twos and fours.
const HASHED_FIRST_BYTES: usize = 16 * 1024;

/// Bytes before the payload that are hashed with it.
const HASHED_HEAD_BYTES: usize = 32 + CHAIN_AT - 4;

fn chain_after(previous: &Chain, head: &[u8], payload: &[u8]) -> Chain {
    let mut first = [0; HASHED_HEAD_BYTES];
    first[..32].copy_from_slice(&previous.0);
    first[32..32 + CRC_AT].copy_from_slice(&head[..CRC_AT]);
    first[32 + CRC_AT..].copy_from_slice(&head[CRC_AT + 4..CHAIN_AT]);
    let mut hasher = blake3::Hasher::new();
    let rest = match payload.len() > blake3::CHUNK_LEN {
        true => hash_with_head(&mut hasher, &first, payload),
        false => {
            hasher.update(&first);
            payload
        }
    };
    hasher.update(rest);
    Chain(hasher.finalize().into())
}

/// Hashes the head and as much of the payload as goes with it; gives what is left.
fn hash_with_head<'a>(hasher: &mut blake3::Hasher, head: &[u8; HASHED_HEAD_BYTES], payload: &'a [u8]) -> &'a [u8] {
    let (with_head, rest) = payload.split_at(payload.len().min(HASHED_FIRST_BYTES - HASHED_HEAD_BYTES));
    let mut first = [0; HASHED_FIRST_BYTES];
    first[..HASHED_HEAD_BYTES].copy_from_slice(head);
    first[HASHED_HEAD_BYTES..][..with_head.len()].copy_from_slice(with_head);
    hasher.update(&first[..HASHED_HEAD_BYTES + with_head.len()]);
    rest
}

fn checksum(head: &[u8], payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&head[..CRC_AT]);
    hasher.update(&head[CRC_AT + 4..]);
    hasher.update(payload);
    hasher.finalize()
}

#[cfg(test)]
#[path = "frame_tests.rs"]
mod tests;
