//! Keyed hashes of identifiers: where a user lives, and under which 128 bits memory knows a name.
//!
//! Memory holds hashes, the journal holds texts; both sides meet here. The key is made at `init`,
//! kept with the codes' keys and never changes: it decides the partition of every user. SipHash-1-3
//! with a secret key gives no caller a way to aim at one partition or one bucket.

use siphasher::sip128::{Hasher128, SipHasher13};
use std::hash::Hasher;

/// The secret key of all identifier hashes of one data directory.
#[derive(Clone, Copy)]
pub struct IdHashKey([u64; 2]);

/// A user as memory and routing know them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UserKey(pub u128);

/// An order and what it does with one coupon, as memory knows them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OrderKey {
    /// The natural key of a redemption: merchant, order and coupon.
    pub natural: u128,
    /// The order whatever it redeems: merchant and order; 0 = not kept, as for events of the first version.
    pub order_only: u64,
}

/// What a hash is about, so that a user and an order of the same text never meet.
#[repr(u8)]
enum Domain {
    User = 1,
    Template = 2,
    Request = 3,
    Order = 4,
    Fingerprint = 5,
    OrderOnly = 6,
}

impl IdHashKey {
    /// From 16 secret bytes.
    pub fn new(bytes: [u8; 16]) -> IdHashKey {
        let (low, high) = bytes.split_at(8);
        let word = |half: &[u8]| u64::from_le_bytes(half.try_into().expect("a half is 8 bytes"));
        IdHashKey([word(low), word(high)])
    }

    /// The user's key.
    pub fn user(&self, user: &str) -> UserKey {
        UserKey(self.hash(Domain::User).bytes(user.as_bytes()).finish())
    }

    /// The hash of a template's id.
    pub fn template(&self, template: &str) -> u64 {
        self.hash(Domain::Template).bytes(template.as_bytes()).finish() as u64
    }

    /// The home partition of a template's stock, of `partitions` (a power of two).
    pub fn home_of(&self, template: &str, partitions: u16) -> u16 {
        partition_of(u128::from(self.template(template)), partitions)
    }

    /// The identity of a request: operation, what it is about, and the caller's request id.
    pub fn request(&self, operation: u8, subject: u128, request_id: &str) -> u128 {
        let mut hash = self.hash(Domain::Request);
        hash.bytes(&[operation]).bytes(&subject.to_le_bytes()).bytes(request_id.as_bytes()).finish()
    }

    /// Both keys of an order that does something with a coupon.
    pub fn order(&self, merchant: &str, order: &str, coupon: u64) -> OrderKey {
        OrderKey { natural: self.natural(merchant, order, coupon), order_only: self.order_only(merchant, order) }
    }

    /// The natural key of a redemption: merchant, order and coupon.
    pub fn natural(&self, merchant: &str, order: &str, coupon: u64) -> u128 {
        let mut hash = self.hash(Domain::Order);
        hash.bytes(&coupon.to_le_bytes()).text(merchant).bytes(order.as_bytes()).finish()
    }

    /// An order whatever it redeems: merchant and order. Never 0, which stands for none.
    pub fn order_only(&self, merchant: &str, order: &str) -> u64 {
        let hash = self.hash(Domain::OrderOnly).text(merchant).bytes(order.as_bytes()).finish();
        (hash as u64).max(1)
    }

    /// What a request asked for, in 64 bits: equal for an honest retry, different for another payload.
    pub fn fingerprint(&self, texts: &[&str], numbers: &[u64]) -> u64 {
        let mut hash = self.hash(Domain::Fingerprint);
        for text in texts {
            hash.text(text);
        }
        for number in numbers {
            hash.bytes(&number.to_le_bytes());
        }
        hash.finish() as u64
    }

    fn hash(&self, domain: Domain) -> Pieces {
        let hasher = SipHasher13::new_with_keys(self.0[0], self.0[1]);
        let mut held = [0; HELD_BYTES];
        held[0] = domain as u8;
        Pieces { hasher, held, len: 1, is_begun: false }
    }
}

/// Bytes that are collected before they are hashed. SipHash pays for each piece, and ours are short.
const HELD_BYTES: usize = 128;

/// A hash of many short pieces.
struct Pieces {
    hasher: SipHasher13,
    held: [u8; HELD_BYTES],
    len: usize,
    /// Whether the hasher has had pieces.
    is_begun: bool,
}

impl Pieces {
    #[inline]
    fn bytes(&mut self, bytes: &[u8]) -> &mut Pieces {
        match self.held[self.len..].get_mut(..bytes.len()) {
            Some(room) => {
                room.copy_from_slice(bytes);
                self.len += bytes.len();
            }
            None => {
                self.hasher.write(&self.held[..self.len]);
                self.hasher.write(bytes);
                (self.len, self.is_begun) = (0, true);
            }
        }
        self
    }

    /// A text that says its length, so that the next one does not run into it.
    #[inline]
    fn text(&mut self, text: &str) -> &mut Pieces {
        self.bytes(&[text.len() as u8]).bytes(text.as_bytes())
    }

    /// What one piece holds is hashed at once: that is the same hash, without what it costs to go on later.
    fn finish(&mut self) -> u128 {
        let held = &self.held[..self.len];
        if !self.is_begun {
            return self.hasher.hash(held).as_u128();
        }
        self.hasher.write(held);
        self.hasher.finish128().as_u128()
    }
}

impl UserKey {
    /// The user's partition, of `partitions` (a power of two).
    pub fn partition(self, partitions: u16) -> u16 {
        partition_of(self.0, partitions)
    }
}

fn partition_of(hash: u128, partitions: u16) -> u16 {
    assert!(partitions.is_power_of_two(), "the number of partitions is a power of two");
    (hash as u64 & u64::from(partitions - 1)) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_stable_across_versions_because_journals_and_routes_rest_on_them() {
        let key = IdHashKey::new(*b"0123456789abcdef");
        let seen = [
            key.user("alice").0,
            u128::from(key.home_of("summer", 16)),
            key.request(1, 2, "r"),
            key.natural("m", "o", 3),
            u128::from(key.fingerprint(&["a", "b"], &[1])),
            u128::from(key.order_only("m", "o")),
        ];
        check(&seen);
    }

    /// The recorded values; a difference means that old directories would route elsewhere.
    fn check(seen: &[u128]) {
        let text: Vec<String> = seen.iter().map(|value| format!("{value:x}")).collect();
        assert_eq!(text.join(" "), GOLDEN);
    }

    const GOLDEN: &str = "79c6c68db0289f46dd274a600847e1f6 2 2f8f5c9430c875196a0260fa362928ae d2443d7ef5b3de6ed7628683e2cbfde7 \
        389483c0ad459616 d15ef6b3ba9c32b8";

    #[test]
    fn pieces_hash_like_what_they_make_together() {
        let key = IdHashKey::new([7; 16]);
        for lengths in [[0, 5, 90], [60, 66, 1], [127, 1, 1], [1, 127, 200], [300, 2, 300]] {
            let (mut pieces, mut whole) = (key.hash(Domain::User), vec![Domain::User as u8]);
            for (length, letter) in lengths.into_iter().zip(1u8..) {
                let piece = vec![letter; length];
                pieces.bytes(&piece);
                whole.extend(piece);
            }
            let mut plain = SipHasher13::new_with_keys(key.0[0], key.0[1]);
            plain.write(&whole);
            assert_eq!(pieces.finish(), plain.finish128().as_u128(), "{lengths:?}");
        }
    }

    #[test]
    fn texts_in_a_fingerprint_do_not_run_into_each_other() {
        let key = IdHashKey::new([7; 16]);
        assert_ne!(key.fingerprint(&["ab", "c"], &[]), key.fingerprint(&["a", "bc"], &[]));
        assert_ne!(key.natural("ab", "c", 1), key.natural("a", "bc", 1));
    }
}
