//! Seals (version, partition, serial) into a code and opens it again.
//!
//! The tag is both proof and synthetic IV: it depends on everything it protects, so equal contents give the equal code
//! without a nonce, and different contents are hidden under different streams unless their tags collide. The tag in turn is
//! hidden under the body, so whoever changes any bit of a code in hand changes the tag it opens with, hence the stream, hence
//! every bit of the contents: a code in hand helps no guess of another. Opening runs from
//! cheap to dear: symbols, check symbol, version, tag; whatever fails, the caller learns one thing, [`NotACode`].

use super::check::{self, CHECKED_SYMBOLS};
use super::keys::{CodeKeys, KEY_VERSIONS};
use super::prf::KeyPair;
use super::{CODE_SYMBOLS, Code};
use crate::crockford;
use core::fmt;
use subtle::ConstantTimeEq;

const VERSION_BITS: u32 = 3;
const TAG_BITS: u32 = 30;
const PARTITION_BITS: u32 = 8;
const SERIAL_BITS: u32 = 34;
const BODY_BITS: u32 = PARTITION_BITS + SERIAL_BITS;

const _: () = assert!(1 << VERSION_BITS == KEY_VERSIONS);
const _: () = assert!((VERSION_BITS + TAG_BITS + BODY_BITS) as usize == CHECKED_SYMBOLS * crockford::SYMBOL_BITS);
const _: () = assert!(CHECKED_SYMBOLS + 1 == CODE_SYMBOLS);

/// Highest serial of a partition: 2³⁴ − 1, about 17 thousand million codes.
pub const SERIAL_MAX: u64 = (1 << SERIAL_BITS) - 1;

/// What an accepted code says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opened {
    /// Key version it was sealed under. The coupon must have been issued under the same.
    pub version: u8,
    /// Partition that owns the coupon, 0 to 255. The reader checks that this node has so many.
    pub partition: u8,
    /// Number of the code within its partition, at most [`SERIAL_MAX`].
    pub serial: u64,
}

/// The text is not a code of ours: mistyped, malformed, of a version not held, or guessed. Which of them is not told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotACode;

impl CodeKeys {
    /// The code of (version, partition, serial): equal for equal arguments, different for different ones.
    ///
    /// # Panics
    /// If the version is not held (ask [`CodeKeys::holds`] first when it comes from an old coupon), or the serial is above
    /// [`SERIAL_MAX`].
    pub fn seal(&self, version: u8, partition: u8, serial: u64) -> Code {
        assert!(serial <= SERIAL_MAX, "serial {serial} does not fit a code");
        let keys = self.pair(version).expect("a code is sealed under a version that is held");
        let opened = Opened { version, partition, serial };
        let tag = tag_of(keys, opened);
        let body = body_of(opened) ^ stream_of(keys, version, tag);
        write(Sealed { version, hidden_tag: tag ^ veil_of(keys, version, body), body })
    }

    /// Reads a code as people type it: either case, I and L as 1, O as 0, hyphens and spaces ignored.
    ///
    /// # Errors
    /// [`NotACode`] for everything that [`CodeKeys::seal`] did not make under a version held here, but for one forgery in
    /// 2³⁰ that are tried.
    pub fn open(&self, text: &str) -> Result<Opened, NotACode> {
        self.open_or_fault(text).map_err(|_| NotACode)
    }

    pub(super) fn open_or_fault(&self, text: &str) -> Result<Opened, Fault> {
        let sealed = read(text)?;
        let keys = self.pair(sealed.version).ok_or(Fault::Version)?;
        let (tag, opened) = unhide(keys, sealed);
        if bool::from(tag_of(keys, opened).ct_eq(&tag)) { Ok(opened) } else { Err(Fault::Tag) }
    }
}

/// What a well-formed text would say if its tag were right.
#[cfg(test)]
pub(super) fn contents_of(keys: &CodeKeys, text: &str) -> Opened {
    let sealed = read(text).unwrap();
    unhide(keys.pair(sealed.version).unwrap(), sealed).1
}

/// Why a text is not a code, for the tests of this folder only: told outside, it would help whoever guesses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    Symbols,
    Check,
    Version,
    Tag,
}

/// The fields of a code as they stand in its symbols.
#[derive(Clone, Copy)]
struct Sealed {
    version: u8,
    hidden_tag: u64,
    body: u64,
}

fn write(sealed: Sealed) -> Code {
    let version_and_tag = u128::from(sealed.version) << TAG_BITS | u128::from(sealed.hidden_tag);
    let checked = version_and_tag << BODY_BITS | u128::from(sealed.body);
    let check = check::check_symbol(&crockford::symbols_of(checked));
    Code(crockford::text_of(checked << crockford::SYMBOL_BITS | u128::from(check)))
}

fn read(text: &str) -> Result<Sealed, Fault> {
    let symbols: [u8; CODE_SYMBOLS] = crockford::decode_typed(text).ok_or(Fault::Symbols)?;
    if !check::is_consistent(&symbols) {
        return Err(Fault::Check);
    }
    let bits = crockford::bits_of(&symbols) >> crockford::SYMBOL_BITS;
    Ok(Sealed {
        version: (bits >> (TAG_BITS + BODY_BITS)) as u8,
        hidden_tag: (bits >> BODY_BITS) as u64 & ((1 << TAG_BITS) - 1),
        body: bits as u64 & ((1 << BODY_BITS) - 1),
    })
}

fn body_of(opened: Opened) -> u64 {
    u64::from(opened.partition) << SERIAL_BITS | opened.serial
}

/// The tag the code was sealed with, if it was, and what it says then.
fn unhide(keys: &KeyPair, sealed: Sealed) -> (u64, Opened) {
    let tag = sealed.hidden_tag ^ veil_of(keys, sealed.version, sealed.body);
    let body = sealed.body ^ stream_of(keys, sealed.version, tag);
    let opened = Opened { version: sealed.version, partition: (body >> SERIAL_BITS) as u8, serial: body & SERIAL_MAX };
    (tag, opened)
}

fn tag_of(keys: &KeyPair, opened: Opened) -> u64 {
    keys.tag(block(b"codT", opened.version, opened.partition, opened.serial)) >> (64 - TAG_BITS)
}

fn stream_of(keys: &KeyPair, version: u8, tag: u64) -> u64 {
    keys.stream(block(b"codS", version, 0, tag)) >> (64 - BODY_BITS)
}

fn veil_of(keys: &KeyPair, version: u8, body: u64) -> u64 {
    keys.tag(block(b"codV", version, 0, body)) >> (64 - TAG_BITS)
}

/// What AES is fed: label, two zeros, version, partition, number.
fn block(label: &[u8; 4], version: u8, partition: u8, number: u64) -> [u8; 16] {
    let mut block = [0; 16];
    block[..4].copy_from_slice(label);
    block[6] = version;
    block[7] = partition;
    block[8..].copy_from_slice(&number.to_be_bytes());
    block
}

impl fmt::Display for NotACode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a code")
    }
}

impl core::error::Error for NotACode {}
