//! Public ids of coupons, redemptions and the like: 26 symbols that carry their partition and cannot be guessed.
//!
//! An id is a name, not a secret: it is listed, logged and stored by customers for years. It is sealed all the same, so that
//! nobody reads volumes from it or tries the neighbour's, and so that a foreign id is refused before any shard is asked.
//! Since customers store ids, their keys never change: there is one pair for the life of the data, without a version.
//!
//! # Bytes (final)
//!
//! Two zero bits and 128 bits, as 26 symbols of Crockford base32, most significant first (so the first symbol is 0 to 7):
//!
//! ```text
//! bit 127            64 63                                                0
//!     tag               body
//!     64                64 = type 4 ‖ partition 12 ‖ number 48, hidden
//!
//! tag  = first 64 bits of AES-128(tag key,    "sidT" 0 type partition₂ number₈)
//! body = (type ‖ partition ‖ number) ⊕
//!        first 64 bits of AES-128(stream key, "sidS" 0 0    0₂         tag₈)
//! ```
//!
//! Subscripts are bytes, big-endian. The argument is that of codes (`docs/decisions/0002-codes.md`), with a tag of 64 bits.
//! Relies on `code::prf` for the two secret functions; the labels keep ids and codes apart even under equal keys.

use crate::code::KEY_PAIR_BYTES;
use crate::code::prf::KeyPair;
use crate::crockford;
use core::fmt;
use subtle::ConstantTimeEq;

/// Symbols of an id.
pub const ID_SYMBOLS: usize = 26;

/// Highest partition an id can carry: 2¹² − 1.
pub const ID_PARTITION_MAX: u16 = (1 << PARTITION_BITS) - 1;

/// Highest number an id can carry: 2⁴⁸ − 1.
pub const ID_NUMBER_MAX: u64 = (1 << NUMBER_BITS) - 1;

const TYPE_BITS: u32 = 4;
const PARTITION_BITS: u32 = 12;
const NUMBER_BITS: u32 = 48;
const _: () = assert!(TYPE_BITS + PARTITION_BITS + NUMBER_BITS == u64::BITS);

/// What an id names. The numbers are part of the bytes: 1 to 15, never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum IdType {
    /// A coupon, by its serial in the partition.
    Coupon = 1,
    /// A redemption, by the lsn that made it.
    Redemption = 2,
    /// A refund, by the lsn that made it.
    Refund = 3,
    /// Where the next page of a list begins.
    Page = 4,
    /// A hold, by the lsn that made it.
    Hold = 5,
    /// A gift, by the lsn that offered it: the token, which is a secret until it is accepted.
    Gift = 6,
    /// A checkout, by the lsn that made it.
    Checkout = 7,
}

/// The one key pair of ids. Wiped when dropped; shows nothing of itself.
pub struct IdKeys(Box<KeyPair>);

/// A sealed id as 26 upper-case ASCII symbols.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SealedId([u8; ID_SYMBOLS]);

/// The text is not an id of ours of the expected type. Nothing more is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAnId;

impl IdKeys {
    /// Takes 16 bytes of tag key and 16 of stream key, uniformly random and used for nothing else. `None` if both halves
    /// are equal. The caller wipes its own copy.
    pub fn new(secret: &[u8; KEY_PAIR_BYTES]) -> Option<Self> {
        KeyPair::new(secret).map(|keys| IdKeys(Box::new(keys)))
    }

    /// The id of (type, partition, number): equal for equal arguments, different for different ones.
    ///
    /// # Panics
    /// If the partition is above [`ID_PARTITION_MAX`] or the number above [`ID_NUMBER_MAX`].
    pub fn seal(&self, id_type: IdType, partition: u16, number: u64) -> SealedId {
        assert!(partition <= ID_PARTITION_MAX, "partition {partition} does not fit an id");
        assert!(number <= ID_NUMBER_MAX, "number {number} does not fit an id");
        let named = Named { id_type: id_type as u8, partition, number };
        let tag = self.tag_of(named);
        let body = named.to_bits() ^ self.stream_of(tag);
        SealedId(crockford::text_of(u128::from(tag) << 64 | u128::from(body)))
    }

    /// Reads the partition and number of an id of the expected type: exactly 26 symbols, either case, no other spelling.
    ///
    /// # Errors
    /// [`NotAnId`] for everything that [`IdKeys::seal`] did not make for that type, but for one forgery in 2⁶⁴ tried.
    pub fn open(&self, expected: IdType, text: &str) -> Result<(u16, u64), NotAnId> {
        let (tag, body) = read(text).ok_or(NotAnId)?;
        let named = Named::from_bits(body ^ self.stream_of(tag));
        let genuine = self.tag_of(named).ct_eq(&tag) & named.id_type.ct_eq(&(expected as u8));
        if bool::from(genuine) { Ok((named.partition, named.number)) } else { Err(NotAnId) }
    }

    fn tag_of(&self, named: Named) -> u64 {
        self.0.tag(block(b"sidT", named.id_type, named.partition, named.number))
    }

    fn stream_of(&self, tag: u64) -> u64 {
        self.0.stream(block(b"sidS", 0, 0, tag))
    }
}

impl SealedId {
    /// The 26 symbols as the ASCII that they are.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The 26 symbols.
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.0).expect("symbols are ASCII")
    }
}

/// What the body of an id says.
#[derive(Clone, Copy)]
struct Named {
    id_type: u8,
    partition: u16,
    number: u64,
}

impl Named {
    fn to_bits(self) -> u64 {
        let type_and_partition = u64::from(self.id_type) << PARTITION_BITS | u64::from(self.partition);
        type_and_partition << NUMBER_BITS | self.number
    }

    fn from_bits(bits: u64) -> Self {
        Named {
            id_type: (bits >> (PARTITION_BITS + NUMBER_BITS)) as u8,
            partition: (bits >> NUMBER_BITS) as u16 & ID_PARTITION_MAX,
            number: bits & ID_NUMBER_MAX,
        }
    }
}

/// Tag and body as they stand in the symbols.
fn read(text: &str) -> Option<(u64, u64)> {
    let bits = crockford::number_of::<ID_SYMBOLS>(text)?;
    Some(((bits >> 64) as u64, bits as u64))
}

/// What AES is fed: label, zero, type, partition, number.
fn block(label: &[u8; 4], id_type: u8, partition: u16, number: u64) -> [u8; 16] {
    let mut block = [0; 16];
    block[..4].copy_from_slice(label);
    block[5] = id_type;
    block[6..8].copy_from_slice(&partition.to_be_bytes());
    block[8..].copy_from_slice(&number.to_be_bytes());
    block
}

impl fmt::Debug for IdKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdKeys(…)")
    }
}

impl fmt::Display for SealedId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for SealedId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealedId({self})")
    }
}

impl fmt::Display for NotAnId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an id")
    }
}

impl core::error::Error for NotAnId {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TYPES: [IdType; 7] =
        [IdType::Coupon, IdType::Redemption, IdType::Refund, IdType::Page, IdType::Hold, IdType::Gift, IdType::Checkout];

    fn keys() -> IdKeys {
        IdKeys::new(&core::array::from_fn(|at| at as u8)).unwrap()
    }

    fn text_of(symbols: [u8; ID_SYMBOLS]) -> String {
        String::from_utf8(crockford::encode(symbols).to_vec()).unwrap()
    }

    fn symbols_in(id: SealedId) -> [u8; ID_SYMBOLS] {
        crockford::symbols_of(crockford::number_of::<ID_SYMBOLS>(id.as_str()).unwrap())
    }

    /// Customers store these: a change of any of them is a lost coupon, never a new expectation.
    #[test]
    fn ids_of_fixed_keys_are_fixed() {
        let golden = [
            ((IdType::Coupon, 0, 0), "4S8RFMBNT5TH7Y2TWSPNWMR0FE"),
            ((IdType::Coupon, 15, 1), "6H9BQHKA378P0B22KQKXHCD8P7"),
            ((IdType::Redemption, 15, 1), "7THG5WXABEW9MBSANM9M2DSQMV"),
            ((IdType::Refund, 255, 123_456_789), "30TZ618YC1P1600ZPQBR2BDBD4"),
            ((IdType::Page, ID_PARTITION_MAX, ID_NUMBER_MAX), "07MZ5AF2JB71PFKCXG9N585N2S"),
            ((IdType::Hold, 15, 1), "6MJ24MA9Q8XEVE7KM4JCCMF53S"),
        ];
        for ((id_type, partition, number), id) in golden {
            assert_eq!(keys().seal(id_type, partition, number).as_str(), id);
        }
    }

    #[test]
    fn every_single_wrong_symbol_is_refused() {
        for id_type in TYPES {
            let id = keys().seal(id_type, 7, 1 << 40);
            let good: [u8; ID_SYMBOLS] = symbols_in(id);
            for (at, wrong) in (0..ID_SYMBOLS).flat_map(|at| (1..32).map(move |wrong| (at, wrong))) {
                let mut symbols = good;
                symbols[at] ^= wrong;
                assert_eq!(keys().open(id_type, &text_of(symbols)), Err(NotAnId), "symbol {at}");
            }
        }
    }

    #[test]
    fn an_id_of_another_type_is_refused() {
        for (sealed, expected) in TYPES.into_iter().flat_map(|a| TYPES.map(|b| (a, b))) {
            let id = keys().seal(sealed, 7, 8);
            let answer = if sealed == expected { Ok((7, 8)) } else { Err(NotAnId) };
            assert_eq!(keys().open(expected, id.as_str()), answer);
        }
    }

    #[test]
    fn an_id_of_another_house_is_refused() {
        let elsewhere = IdKeys::new(&core::array::from_fn(|at| at as u8 ^ 1)).unwrap();
        let id = elsewhere.seal(IdType::Coupon, 7, 8);
        assert_eq!(elsewhere.open(IdType::Coupon, id.as_str()), Ok((7, 8)));
        assert_eq!(keys().open(IdType::Coupon, id.as_str()), Err(NotAnId));
    }

    #[test]
    fn an_id_has_one_spelling_but_for_case() {
        let has_aliases = |id: &SealedId| id.as_str().contains('0') && id.as_str().contains('1');
        let mut ids = (0..).map(|number| keys().seal(IdType::Coupon, 0, number));
        let id = ids.find(has_aliases).unwrap();
        let text = id.as_str();
        assert!(keys().open(IdType::Coupon, &text.to_lowercase()).is_ok());
        for other in [text.replace('0', "O"), text.replace('1', "I"), text.replace('1', "l")] {
            assert_eq!(keys().open(IdType::Coupon, &other), Err(NotAnId));
        }
        for other in [&text[..25], &format!("{text}0"), &format!("{text} "), &format!("-{}", &text[1..]), ""] {
            assert_eq!(keys().open(IdType::Coupon, other), Err(NotAnId));
        }
    }

    #[test]
    fn bits_above_128_are_refused_not_ignored() {
        let id = keys().seal(IdType::Coupon, 1, 2);
        let good: [u8; ID_SYMBOLS] = symbols_in(id);
        for high in [8, 16, 24] {
            let mut symbols = good;
            symbols[0] |= high;
            assert_eq!(read(&text_of(symbols)), None);
        }
    }

    #[test]
    fn keys_show_nothing_and_need_two_halves() {
        assert_eq!(format!("{:?}", keys()), "IdKeys(…)");
        assert!(IdKeys::new(&[3; KEY_PAIR_BYTES]).is_none());
    }

    #[test]
    #[should_panic(expected = "partition 4096 does not fit")]
    fn a_partition_above_12_bits_is_not_sealed() {
        keys().seal(IdType::Coupon, ID_PARTITION_MAX + 1, 0);
    }

    #[test]
    #[should_panic(expected = "does not fit an id")]
    fn a_number_above_48_bits_is_not_sealed() {
        keys().seal(IdType::Coupon, 0, ID_NUMBER_MAX + 1);
    }

    proptest! {
        #[test]
        fn what_was_sealed_opens(which in 0_usize..4, partition in 0..=ID_PARTITION_MAX, number in 0..=ID_NUMBER_MAX) {
            let id = keys().seal(TYPES[which], partition, number);
            prop_assert_eq!(keys().open(TYPES[which], id.as_str()), Ok((partition, number)));
        }

        #[test]
        fn guesses_are_refused(bits: u128, which in 0_usize..4) {
            let guess = text_of(crockford::symbols_of(bits));
            prop_assert_eq!(keys().open(TYPES[which], &guess), Err(NotAnId));
        }
    }
}
