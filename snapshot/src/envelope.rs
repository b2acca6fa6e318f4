//! What encloses every structure of this room: in front what it is and whose, behind a checksum over all of it.
//!
//! | offset | bytes | field |
//! |---|---|---|
//! | 0 | 8 | magic |
//! | 8 | 2 | format: 1, of a manifest also 2 |
//! | 10 | 6 | zero |
//! | 16 | 16 | log uuid |
//! | 32 | … | the structure |
//! | length − 4 | 4 | CRC32 of all bytes before |

use crate::error::Damage;
use tessera_wal::LogUuid;
use tessera_wal::layout::{Fields, is_zero, put};

/// Where the enclosed structure begins.
pub(crate) const INSIDE_AT: usize = 32;
/// The checksum behind it.
pub(crate) const CRC_BYTES: usize = 4;

/// Of what is the same as in the first release.
pub(crate) const FORMAT: u16 = 1;

/// Says what `bytes` are and seals them.
pub(crate) fn enclose(bytes: &mut [u8], magic: [u8; 8], format: u16, uuid: LogUuid) {
    put(bytes, 0, magic);
    put(bytes, 8, format.to_le_bytes());
    put(bytes, 16, uuid.0);
    let crc_at = bytes.len() - CRC_BYTES;
    let crc = crc32fast::hash(&bytes[..crc_at]);
    put(bytes, crc_at, crc.to_le_bytes());
}

/// Whether `bytes` are whole, of a format up to the `newest` and of this log; their format. What they hold is not judged here.
pub(crate) fn check(bytes: &[u8], magic: [u8; 8], newest: u16, uuid: LogUuid, what: &'static str) -> Result<u16, Damage> {
    let (fields, crc_at) = (Fields(bytes), bytes.len() - CRC_BYTES);
    if fields.array(0) != magic || fields.u32(crc_at) != crc32fast::hash(&bytes[..crc_at]) {
        return Err(Damage::Bytes { what });
    }
    let format = fields.u16(8);
    if !(FORMAT..=newest).contains(&format) {
        return Err(Damage::Format { found: format });
    }
    let found = LogUuid(fields.array(16));
    if found != uuid {
        return Err(Damage::Foreign { found });
    }
    match is_zero(&bytes[10..16]) {
        true => Ok(format),
        false => Err(Damage::Contradiction { what }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_format_and_another_log_are_told_from_damage() {
        let uuid = LogUuid([7; 16]);
        let mut bytes = [0; 64];
        enclose(&mut bytes, *b"TSRTEST1", FORMAT, uuid);
        assert_eq!(check(&bytes, *b"TSRTEST1", FORMAT, uuid, "it"), Ok(FORMAT));
        assert_eq!(check(&bytes, *b"TSRTEST2", FORMAT, uuid, "it"), Err(Damage::Bytes { what: "it" }));
        let other = LogUuid([8; 16]);
        assert_eq!(check(&bytes, *b"TSRTEST1", FORMAT, other, "it"), Err(Damage::Foreign { found: uuid }));
        put(&mut bytes, 8, 2_u16.to_le_bytes());
        assert_eq!(check(&bytes, *b"TSRTEST1", FORMAT, uuid, "it"), Err(Damage::Bytes { what: "it" }));
        let crc = crc32fast::hash(&bytes[..60]);
        put(&mut bytes, 60, crc.to_le_bytes());
        assert_eq!(check(&bytes, *b"TSRTEST1", FORMAT, uuid, "it"), Err(Damage::Format { found: 2 }));
        assert_eq!(check(&bytes, *b"TSRTEST1", 2, uuid, "it"), Ok(2));
        put(&mut bytes, 8, 0_u16.to_le_bytes());
        let crc = crc32fast::hash(&bytes[..60]);
        put(&mut bytes, 60, crc.to_le_bytes());
        assert_eq!(check(&bytes, *b"TSRTEST1", 2, uuid, "it"), Err(Damage::Format { found: 0 }));
    }
}
