//! The secret keys of a data directory: identifier hashes, public ids, codes.
//!
//! They are made once, by `init`, and kept in one file that only the owner may read. Without them no
//! journal of the directory can be replayed and no code be read: they are backed up like the log, and
//! apart from it. Code keys have versions; the other two never change, because routes, journals and
//! customers rest on them.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use tessera_domain::code::{CodeKeys, KEY_PAIR_BYTES};
use tessera_domain::keyed::IdHashKey;
use tessera_domain::sealed_id::IdKeys;
use zeroize::Zeroizing;

/// The file's name in a data directory.
pub const KEYS_NAME: &str = "keys";

const MAGIC: &[u8; 8] = b"TSRAKEYS";
const FORMAT: u32 = 1;
const HASH_KEY_BYTES: usize = 16;
const ENTRY_BYTES: usize = 1 + KEY_PAIR_BYTES;
const HEAD_BYTES: usize = 8 + 4 + HASH_KEY_BYTES + KEY_PAIR_BYTES + 1 + 1;
const CRC_BYTES: usize = 4;
const FILE_BYTES_MAX: u64 = 4096;

/// All keys, in memory.
pub struct NodeKeys {
    /// Of identifiers: routing, and what memory knows names by.
    pub hash: IdHashKey,
    /// Of coupon, redemption and page ids.
    pub ids: IdKeys,
    /// Of codes.
    pub codes: CodeKeys,
}

/// Why there are no keys.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The disk, or no such file.
    #[error("{file}: {source}")]
    Io {
        /// Which file.
        file: PathBuf,
        /// The disk's answer.
        #[source]
        source: io::Error,
    },
    /// Not a key file, damaged, or of another format.
    #[error("{file}: {what}")]
    Unreadable {
        /// Which file.
        file: PathBuf,
        /// What is wrong.
        what: &'static str,
    },
}

impl NodeKeys {
    /// Makes new keys and writes them crash-safely, readable by the owner only (mode 0600).
    ///
    /// # Errors
    /// When there are keys already, or the disk or the system's randomness fails.
    pub fn create(dir: &Path) -> Result<(), KeysError> {
        let file = dir.join(KEYS_NAME);
        let io = |source| KeysError::Io { file: file.clone(), source };
        if file.exists() {
            return Err(io(io::ErrorKind::AlreadyExists.into()));
        }
        let bytes = fresh().map_err(io)?;
        let temporary = dir.join("keys.tmp");
        let mut out = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary).map_err(io)?;
        out.write_all(&bytes).and_then(|()| out.sync_all()).map_err(io)?;
        std::fs::rename(&temporary, &file).and_then(|()| File::open(dir)?.sync_all()).map_err(io)
    }

    /// Reads the keys of a data directory.
    ///
    /// # Errors
    /// When there are none, or the file is not whole.
    pub fn read(dir: &Path) -> Result<NodeKeys, KeysError> {
        let file = dir.join(KEYS_NAME);
        let mut bytes = Zeroizing::new(Vec::new());
        let read = File::open(&file).and_then(|opened| opened.take(FILE_BYTES_MAX).read_to_end(&mut bytes));
        read.map_err(|source| KeysError::Io { file: file.clone(), source })?;
        parse(&bytes).map_err(|what| KeysError::Unreadable { file, what })
    }

    /// A number that tells these keys from others without revealing them: kept with the log, so that
    /// the keys of another directory are refused.
    pub fn check_number(&self) -> u64 {
        self.hash.fingerprint(&["tessera keys"], &[])
    }
}

fn fresh() -> io::Result<Zeroizing<Vec<u8>>> {
    let mut secret = Zeroizing::new(vec![0; HASH_KEY_BYTES + 2 * KEY_PAIR_BYTES]);
    getrandom::fill(&mut secret).map_err(io::Error::other)?;
    let (never_change, code) = secret.split_at(HASH_KEY_BYTES + KEY_PAIR_BYTES);
    let mut bytes = Zeroizing::new(Vec::with_capacity(HEAD_BYTES + ENTRY_BYTES + CRC_BYTES));
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&FORMAT.to_le_bytes());
    bytes.extend_from_slice(never_change);
    // The current version, how many follow, then the first.
    bytes.extend_from_slice(&[0, 1, 0]);
    bytes.extend_from_slice(code);
    let crc = crc32fast::hash(&bytes);
    bytes.extend_from_slice(&crc.to_le_bytes());
    Ok(bytes)
}

fn parse(bytes: &[u8]) -> Result<NodeKeys, &'static str> {
    let (body, crc) = bytes.split_last_chunk::<CRC_BYTES>().ok_or("the file is cut short")?;
    let (magic, body_rest) = body.split_first_chunk::<8>().ok_or("the file is cut short")?;
    if magic != MAGIC {
        return Err("this is not a key file");
    }
    let (format, rest) = body_rest.split_first_chunk::<4>().ok_or("the file is cut short")?;
    if u32::from_le_bytes(*format) != FORMAT {
        return Err("the key file is of another format: use the build that wrote it");
    }
    if crc32fast::hash(body) != u32::from_le_bytes(*crc) {
        return Err("the key file is damaged: restore it from its backup");
    }
    let (hash, rest) = rest.split_first_chunk::<HASH_KEY_BYTES>().ok_or("the file is cut short")?;
    let (ids, rest) = rest.split_first_chunk::<KEY_PAIR_BYTES>().ok_or("the file is cut short")?;
    let (&[current, count], entries) = rest.split_first_chunk::<2>().ok_or("the file is cut short")?;
    let (entries, tail) = entries.as_chunks::<ENTRY_BYTES>();
    if entries.len() != usize::from(count) || !tail.is_empty() {
        return Err("the key file does not hold as many keys as it says");
    }
    let secrets = entries.iter().map(|entry| {
        let (version, secret) = entry.split_first().expect("an entry is not empty");
        (*version, secret.try_into().expect("an entry is a version and a key pair"))
    });
    let codes = CodeKeys::new(current, secrets).map_err(|_| "the code keys do not form a set")?;
    let ids = IdKeys::new(ids).ok_or("the id keys are alike")?;
    Ok(NodeKeys { hash: IdHashKey::new(*hash), ids, codes })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn keys_are_made_once_for_the_owner_only_and_read_back_alike() {
        let dir = tempfile::tempdir().unwrap();
        NodeKeys::create(dir.path()).unwrap();
        let mode = std::fs::metadata(dir.path().join(KEYS_NAME)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let (once, again) = (NodeKeys::read(dir.path()).unwrap(), NodeKeys::read(dir.path()).unwrap());
        assert_eq!(once.check_number(), again.check_number());
        assert_eq!(again.codes.open(once.codes.seal(0, 3, 9).as_str()).unwrap().serial, 9);
        assert!(matches!(NodeKeys::create(dir.path()), Err(KeysError::Io { .. })));
    }

    #[test]
    fn a_key_file_with_any_flipped_bit_or_cut_anywhere_is_refused() {
        let bytes = fresh().unwrap();
        assert!(parse(&bytes).is_ok());
        for bit in 0..bytes.len() * 8 {
            let mut damaged = bytes.to_vec();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert!(parse(&damaged).is_err(), "bit {bit}");
        }
        for length in 0..bytes.len() {
            assert!(parse(&bytes[..length]).is_err(), "{length} bytes");
        }
    }
}
