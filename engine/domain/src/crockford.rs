//! Crockford's base32: how a code and an id look to people.
//!
//! The alphabet leaves out I, L, O and U, so a symbol read aloud or copied from a receipt is hard to mistake. This file owns
//! the alphabet and both ways of reading it: leniently what people type, strictly what programs echo. It knows nothing of
//! codes, ids or keys, relies on nothing, and allocates nothing.

/// The symbol of each five-bit value, in Crockford's order.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Bits that one symbol carries.
pub const SYMBOL_BITS: usize = 5;

/// Longest text that is looked at when people type; more is refused unread.
pub const TYPED_BYTES_MAX: usize = 64;

const SYMBOLS_IN_A_WORD: usize = 12;
const _: () = assert!(SYMBOLS_IN_A_WORD * SYMBOL_BITS <= 64);

/// Marks a byte that is no symbol.
const NONE: u8 = 0xFF;

/// What programs may send back: the alphabet in either case.
static STRICT: [u8; 256] = strict();

/// What people may type: the strict symbols, and I and L as 1, O as 0.
static LENIENT: [u8; 256] = lenient();

/// Reads exactly `N` symbols as people type them: either case, I and L as 1, O as 0, hyphens and spaces ignored.
/// `None` if there are fewer or more symbols, any other byte, or more than [`TYPED_BYTES_MAX`] bytes.
pub fn decode_typed<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.len() > TYPED_BYTES_MAX {
        return None;
    }
    // What programs pass on has no separators.
    if let Some(symbols) = looked_up(text, &LENIENT) {
        return Some(symbols);
    }
    let mut typed = text.bytes().filter(|byte| !matches!(byte, b'-' | b' '));
    let mut symbols = [0; N];
    for symbol in &mut symbols {
        *symbol = typed_symbol(typed.next()?)?;
    }
    typed.next().is_none().then_some(symbols)
}

/// Cuts the lowest `5·N` bits into symbols, most significant first; bits beyond 128 are zero. Word by word, as they are joined.
pub(crate) fn symbols_of<const N: usize>(mut bits: u128) -> [u8; N] {
    let mut symbols = [0; N];
    for chunk in symbols.rchunks_mut(SYMBOLS_IN_A_WORD) {
        let mut word = bits as u64;
        for symbol in chunk.iter_mut().rev() {
            *symbol = (word & 31) as u8;
            word >>= SYMBOL_BITS;
        }
        bits >>= SYMBOLS_IN_A_WORD * SYMBOL_BITS;
    }
    symbols
}

/// Writes the lowest `5·N` bits, of an even `N`, as upper-case ASCII, most significant first: two symbols at a look.
pub(crate) fn text_of<const N: usize>(mut bits: u128) -> [u8; N] {
    const { assert!(N.is_multiple_of(2)) };
    let mut text = [0; N];
    for chunk in text.rchunks_mut(SYMBOLS_IN_A_WORD) {
        let mut word = bits as u64;
        for pair in chunk.rchunks_exact_mut(2) {
            pair.copy_from_slice(&PAIRS[(word & 0x3FF) as usize]);
            word >>= 2 * SYMBOL_BITS;
        }
        bits >>= SYMBOLS_IN_A_WORD * SYMBOL_BITS;
    }
    text
}

/// Reads exactly `N` symbols in either case as the number that they write; `None` for any other text, and for more than 128 bits.
pub(crate) fn number_of<const N: usize>(text: &str) -> Option<u128> {
    joined(&looked_up::<N>(text, &STRICT)?)
}

/// The `N` symbols of a text in which nothing else stands. A byte that is no symbol has bits that no symbol has.
#[inline]
fn looked_up<const N: usize>(text: &str, table: &[u8; 256]) -> Option<[u8; N]> {
    let text: &[u8; N] = text.as_bytes().try_into().ok()?;
    let (mut symbols, mut seen) = ([0; N], 0);
    for (symbol, byte) in symbols.iter_mut().zip(text) {
        *symbol = table[usize::from(*byte)];
        seen |= *symbol;
    }
    (seen < 1 << SYMBOL_BITS).then_some(symbols)
}

/// Joins symbols, most significant first.
///
/// # Panics
/// If the value needs more than 128 bits.
pub(crate) fn bits_of<const N: usize>(symbols: &[u8; N]) -> u128 {
    joined(symbols).expect("symbols fit 128 bits")
}

/// Words are joined apart from each other, since a shift of 128 bits for every symbol would be the dearest part of reading.
fn joined<const N: usize>(symbols: &[u8; N]) -> Option<u128> {
    let (first, words) = symbols.as_rchunks::<SYMBOLS_IN_A_WORD>();
    words.iter().try_fold(u128::from(word_of(first)), |bits, word| {
        let fits = bits.leading_zeros() as usize >= SYMBOLS_IN_A_WORD * SYMBOL_BITS;
        fits.then_some(bits << (SYMBOLS_IN_A_WORD * SYMBOL_BITS) | u128::from(word_of(word)))
    })
}

fn word_of(symbols: &[u8]) -> u64 {
    symbols.iter().fold(0, |word, &symbol| word << SYMBOL_BITS | u64::from(symbol))
}

/// The two symbols of each ten-bit value.
static PAIRS: [[u8; 2]; 1024] = pairs();

const fn pairs() -> [[u8; 2]; 1024] {
    let mut table = [[0; 2]; 1024];
    let mut value = 0;
    while value < 1024 {
        table[value] = [ALPHABET[value >> SYMBOL_BITS], ALPHABET[value & 31]];
        value += 1;
    }
    table
}

fn typed_symbol(byte: u8) -> Option<u8> {
    let symbol = LENIENT[usize::from(byte)];
    (symbol != NONE).then_some(symbol)
}

const fn strict() -> [u8; 256] {
    let mut table = [NONE; 256];
    let mut value = 0;
    while value < 32 {
        let symbol = ALPHABET[value as usize];
        table[symbol as usize] = value;
        table[symbol.to_ascii_lowercase() as usize] = value;
        value += 1;
    }
    table
}

const fn lenient() -> [u8; 256] {
    let mut table = strict();
    table[b'I' as usize] = 1;
    table[b'i' as usize] = 1;
    table[b'L' as usize] = 1;
    table[b'l' as usize] = 1;
    table[b'O' as usize] = 0;
    table[b'o' as usize] = 0;
    table
}

/// Writes five-bit values one by one: what [`text_of`] and codes are held against.
#[cfg(test)]
pub(crate) fn encode<const N: usize>(symbols: [u8; N]) -> [u8; N] {
    symbols.map(|symbol| ALPHABET[usize::from(symbol)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_alphabet_is_crockfords() {
        let all: [u8; 32] = core::array::from_fn(|value| value as u8);
        assert_eq!(&encode(all), b"0123456789ABCDEFGHJKMNPQRSTVWXYZ");
        assert_eq!(decode_typed("0123456789ABCDEFGHJKMNPQRSTVWXYZ"), Some(all));
        assert_eq!(decode_typed("0123456789abcdefghjkmnpqrstvwxyz"), Some(all));
    }

    #[test]
    fn what_people_confuse_is_read_as_what_was_meant() {
        assert_eq!(decode_typed("oO-iI lL"), Some([0, 0, 1, 1, 1, 1]));
        assert_eq!(decode_typed(" z-Z-9 9-"), Some([31, 31, 9, 9]));
    }

    #[test]
    fn programs_get_no_second_spelling() {
        for text in ["O0", "I1", "L1", "0-", "0 ", "000", "0", ""] {
            assert_eq!(number_of::<2>(text), None, "{text:?}");
        }
    }

    #[test]
    fn every_other_byte_is_refused() {
        let symbols: Vec<char> = ('\0'..='\u{ff}').filter(|c| decode_typed::<1>(&c.to_string()).is_some()).collect();
        let expected: Vec<char> = ('\0'..='\u{ff}').filter(|&c| c.is_ascii_alphanumeric() && !matches!(c, 'u' | 'U')).collect();
        assert_eq!(symbols, expected);
        assert_eq!(decode_typed::<1>("券"), None);
    }

    #[test]
    fn the_number_of_symbols_is_exact_and_the_text_bounded() {
        assert_eq!(decode_typed::<4>("012"), None);
        assert_eq!(decode_typed::<4>("01234"), None);
        let longest = format!("{}7", "-".repeat(TYPED_BYTES_MAX - 1));
        assert_eq!(decode_typed(&longest), Some([7]));
        assert_eq!(decode_typed::<1>(&format!("-{longest}")), None);
    }

    #[test]
    fn a_number_of_too_many_bits_is_none() {
        assert_eq!(number_of::<26>("7ZZZZZZZZZZZZZZZZZZZZZZZZZ"), Some(u128::MAX));
        assert_eq!(number_of::<26>("80000000000000000000000000"), None);
    }

    proptest! {
        #[test]
        fn a_number_is_written_and_read_symbol_by_symbol(bits: u128, at in 0_usize..26, wrong in "[ILOUilou!券]") {
            let text = String::from_utf8(text_of::<26>(bits).to_vec()).unwrap();
            prop_assert_eq!(text.as_bytes(), &encode(symbols_of::<26>(bits)));
            prop_assert_eq!(number_of::<26>(&text), Some(bits));
            prop_assert_eq!(bits_of(&symbols_of::<26>(bits)), bits);
            prop_assert_eq!(number_of::<26>(&text.to_lowercase()), Some(bits));
            let mut symbols: Vec<String> = text.chars().map(String::from).collect();
            symbols[at] = wrong;
            prop_assert_eq!(number_of::<26>(&symbols.concat()), None);
        }
    }

    #[test]
    fn bits_are_cut_from_the_top() {
        assert_eq!(symbols_of(0b10000_00001), [16, 1]);
        assert_eq!(symbols_of::<26>(u128::MAX)[0], 7);
        assert_eq!(bits_of(&[16, 1]), 0b10000_00001);
    }

    #[test]
    #[should_panic]
    fn more_than_128_bits_do_not_fit() {
        let mut symbols = [0; 26];
        symbols[0] = 8;
        bits_of(&symbols);
    }
}
