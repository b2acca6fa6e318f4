//! An image described in bytes: in the header what it is of, in the trailer and in the manifest the whole of it.
//!
//! | offset | bytes | field |
//! |---|---|---|
//! | 0 | 8 | image |
//! | 8 | 2 | journal |
//! | 10 | 6 | zero |
//! | 16 | 8 | frame number |
//! | 24 | 8 | lsn |
//! | 32 | 8 | tenure |
//! | 40 | 8 | time of that frame, ms |
//! | 48 | 32 | chain after that frame |
//! | 80 | 8 | catalog lsn |
//! | 88 | 8 | state digest |
//! | 96 | 8 | check number of the keys |
//! | 104 | 8 | created, ms |
//! | 112 | 4 | count of chunks: here a header ends |
//! | 116 | 4 | zero |
//! | 120 | 8 | bytes of all chunks |
//! | 128 | 32 | seal |

use crate::chunk::CHUNK_BYTES_MAX;
use crate::envelope;
use crate::error::Damage;
use crate::image::{Image, ImageId, Subject};
use tessera_wal::layout::{Fields, is_zero, put};
use tessera_wal::storage::SECTOR_BYTES;
use tessera_wal::{Chain, Cursor, FrameNo, JournalId, LogUuid, Lsn};

/// The description of a whole image.
pub(crate) const RECORD_BYTES: usize = 160;

const SUBJECT_BYTES: usize = 112;
const HEADER_MAGIC: [u8; 8] = *b"TSRIMAGE";
const TRAILER_MAGIC: [u8; 8] = *b"TSRIMEND";
const INSIDE: usize = envelope::INSIDE_AT;

/// The first sector of an image file.
pub(crate) fn header(uuid: LogUuid, id: ImageId, subject: &Subject) -> [u8; SECTOR_BYTES] {
    let mut sector = [0; SECTOR_BYTES];
    put_subject(&mut sector[INSIDE..], id, subject);
    envelope::enclose(&mut sector, HEADER_MAGIC, envelope::FORMAT, uuid);
    sector
}

/// The last sector of an image file.
pub(crate) fn trailer(uuid: LogUuid, image: &Image) -> [u8; SECTOR_BYTES] {
    let mut sector = [0; SECTOR_BYTES];
    put_image(&mut sector[INSIDE..], image);
    envelope::enclose(&mut sector, TRAILER_MAGIC, envelope::FORMAT, uuid);
    sector
}

/// What a header says the image is of.
pub(crate) fn read_header(sector: &[u8], uuid: LogUuid) -> Result<(ImageId, Subject), Damage> {
    envelope::check(sector, HEADER_MAGIC, envelope::FORMAT, uuid, "the header")?;
    rest_is_zero(sector, INSIDE + SUBJECT_BYTES, "the header")?;
    take_subject(&sector[INSIDE..], "the header")
}

/// What a trailer says the image is.
pub(crate) fn read_trailer(sector: &[u8], uuid: LogUuid) -> Result<Image, Damage> {
    envelope::check(sector, TRAILER_MAGIC, envelope::FORMAT, uuid, "the trailer")?;
    rest_is_zero(sector, INSIDE + RECORD_BYTES, "the trailer")?;
    take_image(&sector[INSIDE..], "the trailer")
}

fn rest_is_zero(sector: &[u8], from: usize, what: &'static str) -> Result<(), Damage> {
    match is_zero(&sector[from..SECTOR_BYTES - envelope::CRC_BYTES]) {
        true => Ok(()),
        false => Err(Damage::Contradiction { what }),
    }
}

fn put_subject(out: &mut [u8], id: ImageId, subject: &Subject) {
    let cursor = &subject.cursor;
    put(out, 0, id.0.to_le_bytes());
    put(out, 8, subject.journal.0.to_le_bytes());
    put(out, 16, cursor.number.0.to_le_bytes());
    put(out, 24, cursor.lsn.0.to_le_bytes());
    put(out, 32, cursor.tenure.0.to_le_bytes());
    put(out, 40, cursor.now_ms.to_le_bytes());
    put(out, 48, cursor.chain.0);
    put(out, 80, subject.catalog_lsn.to_le_bytes());
    put(out, 88, subject.digest.to_le_bytes());
    put(out, 96, subject.key_check.to_le_bytes());
    put(out, 104, subject.created_ms.to_le_bytes());
}

pub(crate) fn put_image(out: &mut [u8], image: &Image) {
    put_subject(out, image.id, &image.subject);
    put(out, 112, image.chunks.to_le_bytes());
    put(out, 120, image.payload_bytes.to_le_bytes());
    put(out, 128, image.seal);
}

fn take_subject(bytes: &[u8], what: &'static str) -> Result<(ImageId, Subject), Damage> {
    let fields = Fields(bytes);
    if fields.u64(0) == 0 || !is_zero(&bytes[10..16]) {
        return Err(Damage::Contradiction { what });
    }
    let cursor = Cursor {
        number: FrameNo(fields.u64(16)),
        lsn: Lsn(fields.u64(24)),
        chain: Chain(fields.array(48)),
        now_ms: fields.i64(40),
        tenure: FrameNo(fields.u64(32)),
    };
    let subject = Subject {
        journal: JournalId(fields.u16(8)),
        cursor,
        catalog_lsn: fields.u64(80),
        digest: fields.u64(88),
        key_check: fields.u64(96),
        created_ms: fields.i64(104),
    };
    Ok((ImageId(fields.u64(0)), subject))
}

/// Its lengths are bounded, so that nothing that is computed from them overflows.
pub(crate) fn take_image(bytes: &[u8], what: &'static str) -> Result<Image, Damage> {
    let (id, subject) = take_subject(bytes, what)?;
    let fields = Fields(bytes);
    let (chunks, payload_bytes) = (fields.u32(112), fields.u64(120));
    let most = u64::from(chunks) * CHUNK_BYTES_MAX as u64;
    if !(u64::from(chunks)..=most).contains(&payload_bytes) || !is_zero(&bytes[116..120]) {
        return Err(Damage::Contradiction { what });
    }
    Ok(Image { id, subject, chunks, payload_bytes, seal: fields.array(128) })
}
