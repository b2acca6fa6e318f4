//! SipHash-1-3 of pieces: one round for every 8 bytes, three at the end of each 64 bits that come out.
//!
//! Every identifier is hashed several times on its way, so this is a place that is hot. What is hashed here is a few short texts and
//! numbers, put together in registers as they come; a general hasher pays for each piece and for a buffer. Source:
//! J.-P. Aumasson, D. J. Bernstein, "SipHash: a fast short-input PRF", 2012, and the authors' reference code for 128 bits. The tests
//! hold it against the package `siphasher`.

/// A hash that has begun.
#[derive(Clone, Copy)]
pub(super) struct Sip {
    v: [u64; 4],
    /// Bytes that do not fill a word yet, the lowest first.
    tail: u64,
    /// Bytes so far.
    len: u64,
}

impl Sip {
    #[inline(always)]
    pub(super) fn new(key: [u64; 2]) -> Sip {
        let v = [
            key[0] ^ 0x736f_6d65_7073_6575,
            key[1] ^ 0x646f_7261_6e64_6f6d ^ 0xee,
            key[0] ^ 0x6c79_6765_6e65_7261,
            key[1] ^ 0x7465_6462_7974_6573,
        ];
        Sip { v, tail: 0, len: 0 }
    }

    /// Adds the lowest `bytes` bytes of `word`, 8 at most; those above them are 0.
    #[inline(always)]
    pub(super) fn add(&mut self, word: u64, bytes: u64) {
        let held = self.len % 8;
        self.len += bytes;
        if held + bytes < 8 {
            self.tail |= word << (8 * held);
        } else {
            self.push(word, 8 * held);
        }
    }

    /// In registers throughout only where it is inlined with what was added before.
    #[inline(always)]
    pub(super) fn write(&mut self, bytes: &[u8]) {
        let held_bits = 8 * (self.len % 8);
        let (words, rest) = bytes.as_chunks();
        for word in words {
            self.push(u64::from_le_bytes(*word), held_bits);
        }
        self.len += 8 * words.len() as u64;
        self.add(short(rest), rest.len() as u64);
    }

    /// A word that fills the tail, which holds so many bits; the rest of it is the next tail.
    #[inline(always)]
    fn push(&mut self, word: u64, held_bits: u64) {
        self.compress(self.tail | word << held_bits);
        // In two steps, since an empty tail takes all 64 bits.
        self.tail = word >> 1 >> (63 - held_bits);
    }

    #[inline(always)]
    pub(super) fn finish_64(mut self) -> u64 {
        self.end()
    }

    #[inline(always)]
    pub(super) fn finish_128(mut self) -> u128 {
        let low = self.end();
        self.v[1] ^= 0xdd;
        u128::from(self.rounds_of_end()) << 64 | u128::from(low)
    }

    #[inline(always)]
    fn end(&mut self) -> u64 {
        self.compress(self.tail | self.len << 56);
        self.v[2] ^= 0xee;
        self.rounds_of_end()
    }

    #[inline(always)]
    fn rounds_of_end(&mut self) -> u64 {
        (0..3).for_each(|_| self.round());
        self.v[0] ^ self.v[1] ^ self.v[2] ^ self.v[3]
    }

    #[inline(always)]
    fn compress(&mut self, word: u64) {
        self.v[3] ^= word;
        self.round();
        self.v[0] ^= word;
    }

    #[inline(always)]
    fn round(&mut self) {
        let [mut a, mut b, mut c, mut d] = self.v;
        a = a.wrapping_add(b);
        c = c.wrapping_add(d);
        b = b.rotate_left(13) ^ a;
        d = d.rotate_left(16) ^ c;
        a = a.rotate_left(32).wrapping_add(d);
        c = c.wrapping_add(b);
        d = d.rotate_left(21) ^ a;
        b = b.rotate_left(17) ^ c;
        self.v = [a, b, c.rotate_left(32), d];
    }
}

/// Fewer than 8 bytes as a word, the first the lowest.
#[inline(always)]
fn short(bytes: &[u8]) -> u64 {
    let at = |place: usize| u64::from(bytes[place]) << (8 * place);
    match (bytes.first_chunk(), bytes.last_chunk()) {
        (Some(first), Some(last)) => {
            let behind = 8 * (bytes.len() - 4);
            u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << behind
        }
        _ if bytes.is_empty() => 0,
        // One to three bytes: some are said twice.
        _ => at(0) | at(bytes.len() / 2) | at(bytes.len() - 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use siphasher::sip128::{Hasher128, SipHasher13};
    use std::hash::Hasher;

    proptest! {
        /// The package has its own way with pieces, and a hash of them is that of what they make together.
        #[test]
        fn any_pieces_hash_as_the_package_hashes_what_they_make(
            key in proptest::array::uniform2(any::<u64>()),
            pieces in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 0..8),
        ) {
            let (mut sip, mut whole) = (Sip::new(key), SipHasher13::new_with_keys(key[0], key[1]));
            pieces.iter().for_each(|piece| sip.write(piece));
            whole.write(&pieces.concat());
            let expected = whole.finish128().as_u128();
            prop_assert_eq!((sip.finish_128(), sip.finish_64()), (expected, expected as u64));
        }

        #[test]
        fn a_number_is_hashed_as_its_bytes_are(before in 0..9usize, number: u64, bytes in 1..=8usize) {
            let (mut sip, mut plain) = (Sip::new([1, 2]), Sip::new([1, 2]));
            let kept = number & u64::MAX >> (64 - 8 * bytes);
            sip.write(&[7; 8][..before.min(8)]);
            sip.add(kept, bytes as u64);
            plain.write(&[&[7; 8][..before.min(8)], &number.to_le_bytes()[..bytes]].concat());
            prop_assert_eq!(sip.finish_128(), plain.finish_128());
        }
    }
}
