//! Two secret functions out of 32 secret bytes: one makes tags, one makes the stream that hides a body.
//!
//! Each is AES-128 of the library, forwards only, on one block that its caller labels; the first eight bytes of the result
//! are the answer. Both sealings of this crate, codes and ids, are built from nothing else. The round keys are wiped when a
//! pair is dropped (feature `zeroize` of `aes`); a pair has no way to print itself.

use aes::Aes128Enc;
use aes::cipher::{BlockEncrypt, KeyInit};
use zeroize::ZeroizeOnDrop;

/// Secret bytes of a pair: 16 for the tag key, then 16 for the stream key.
pub const KEY_PAIR_BYTES: usize = 32;

pub(crate) struct KeyPair {
    tag: Aes128Enc,
    stream: Aes128Enc,
}

/// Does not compile without the library's wiping.
const fn wiped_on_drop<Key: ZeroizeOnDrop>() {}
const _: () = wiped_on_drop::<Aes128Enc>();

impl KeyPair {
    /// `None` if both halves are equal: then they are not two functions, and no random source made them.
    pub(crate) fn new(secret: &[u8; KEY_PAIR_BYTES]) -> Option<Self> {
        let (tag, stream) = secret.split_at(KEY_PAIR_BYTES / 2);
        if tag == stream {
            return None;
        }
        Some(KeyPair { tag: Aes128Enc::new_from_slice(tag).ok()?, stream: Aes128Enc::new_from_slice(stream).ok()? })
    }

    pub(crate) fn tag(&self, block: [u8; 16]) -> u64 {
        first_eight_bytes(&self.tag, block)
    }

    pub(crate) fn stream(&self, block: [u8; 16]) -> u64 {
        first_eight_bytes(&self.stream, block)
    }
}

fn first_eight_bytes(key: &Aes128Enc, block: [u8; 16]) -> u64 {
    let mut block = block.into();
    key.encrypt_block(&mut block);
    (u128::from_be_bytes(block.into()) >> 64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FIPS 197, appendix B and C.1: the library is AES, and the bytes are taken from the front.
    #[test]
    fn the_answer_is_the_front_of_an_aes_block() {
        let mut secret = [0; KEY_PAIR_BYTES];
        secret[..16].copy_from_slice(&0x2b7e1516_28aed2a6_abf71588_09cf4f3c_u128.to_be_bytes());
        secret[16..].copy_from_slice(&0x00010203_04050607_08090a0b_0c0d0e0f_u128.to_be_bytes());
        let keys = KeyPair::new(&secret).unwrap();
        let appendix_b = 0x3243f6a8_885a308d_313198a2_e0370734_u128.to_be_bytes();
        let appendix_c = 0x00112233_44556677_8899aabb_ccddeeff_u128.to_be_bytes();
        assert_eq!(keys.tag(appendix_b), 0x3925841d_02dc09fb);
        assert_eq!(keys.stream(appendix_c), 0x69c4e0d8_6a7b0430);
    }

    #[test]
    fn one_key_twice_is_no_pair() {
        assert!(KeyPair::new(&[7; KEY_PAIR_BYTES]).is_none());
    }
}
