//! Identifiers on the wire: 16 bytes that carry a number and belong to one run.
//!
//! A request id encodes the operation's number, so that an outcome finds its record without a map. The tag keeps two runs
//! against one server apart; five symbols suffice for that and are not a secret.

use std::hash::{BuildHasher, RandomState};

/// Length of every identifier.
pub const ID_BYTES: usize = 16;

/// An identifier: tag (5), letter (1), number in hexadecimal (10).
pub type Id = [u8; ID_BYTES];

const TAG_BYTES: usize = 5;
const DIGITS: usize = ID_BYTES - TAG_BYTES - 1;
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const HEX: &[u8; 16] = b"0123456789abcdef";

/// What an identifier names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Noun {
    /// A request.
    Request = b'r',
    /// A request that captures what another holds.
    Capture = b'c',
    /// A user.
    User = b'u',
    /// A template.
    Template = b't',
    /// A merchant.
    Merchant = b'm',
    /// A merchant's order.
    Order = b'o',
}

/// Makes and reads the identifiers of one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ids {
    tag: [u8; TAG_BYTES],
}

impl Ids {
    /// The identifiers of run number `run`; numbers count modulo 2^25.
    pub fn of_run(run: u64) -> Self {
        let symbol = |place: usize| ALPHABET[(run >> (5 * (TAG_BYTES - 1 - place)) & 31) as usize];
        Self { tag: std::array::from_fn(symbol) }
    }

    /// A run number that an earlier run hardly had.
    pub fn fresh_run() -> u64 {
        RandomState::new().hash_one(std::process::id()) & ((1 << (5 * TAG_BYTES)) - 1)
    }

    /// The identifier of number `number`.
    #[inline]
    pub fn id(&self, noun: Noun, number: u64) -> Id {
        debug_assert!(number < 1 << (4 * DIGITS));
        let mut id = [0; ID_BYTES];
        id[..TAG_BYTES].copy_from_slice(&self.tag);
        id[TAG_BYTES] = noun as u8;
        for (place, digit) in id[TAG_BYTES + 1..].iter_mut().enumerate() {
            *digit = HEX[(number >> (4 * (DIGITS - 1 - place)) & 15) as usize];
        }
        id
    }

    /// The same, as text.
    pub fn text(&self, noun: Noun, number: u64) -> String {
        self.id(noun, number).iter().map(|&byte| char::from(byte)).collect()
    }

    /// The number in `id`; `None` if it is not one of this run's.
    #[inline]
    pub fn number(&self, noun: Noun, id: &[u8]) -> Option<u64> {
        let id: &Id = id.try_into().ok()?;
        if id[..TAG_BYTES] != self.tag || id[TAG_BYTES] != noun as u8 {
            return None;
        }
        id[TAG_BYTES + 1..].iter().try_fold(0_u64, |number, &digit| Some(number << 4 | hex(digit)?))
    }
}

#[inline]
fn hex(digit: u8) -> Option<u64> {
    match digit {
        b'0'..=b'9' => Some(u64::from(digit - b'0')),
        b'a'..=b'f' => Some(u64::from(digit - b'a' + 10)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_comes_back_from_its_id() {
        let ids = Ids::of_run(0x123_4567);
        for number in [0, 1, 0xabc, (1 << 40) - 1] {
            assert_eq!(ids.number(Noun::Request, &ids.id(Noun::Request, number)), Some(number));
        }
    }

    #[test]
    fn another_run_or_noun_or_length_is_a_stranger() {
        let ids = Ids::of_run(7);
        let id = ids.id(Noun::User, 5);
        assert_eq!(ids.number(Noun::Request, &id), None);
        assert_eq!(Ids::of_run(8).number(Noun::User, &id), None);
        assert_eq!(ids.number(Noun::User, &id[..15]), None);
    }

    #[test]
    fn an_id_reads_as_tag_letter_number() {
        assert_eq!(Ids::of_run(1).text(Noun::Template, 255), "00001t00000000ff");
    }
}
