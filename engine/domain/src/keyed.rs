//! Keyed hashes of identifiers: where a user lives, and under which 128 bits memory knows a name.
//!
//! Memory holds hashes, the journal holds texts; both sides meet here. The key is made at `init`,
//! kept with the codes' keys and never changes: it decides the partition of every user. SipHash-1-3
//! with a secret key gives no caller a way to aim at one partition or one bucket.

mod sip;

use sip::Sip;

/// The secret key of all identifier hashes of one data directory.
#[derive(Clone, Copy)]
pub struct IdHashKey([u64; 2]);

/// A user as memory and routing know them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UserKey(pub u128);

/// A code of another house, as memory and routing know it: its text is nowhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LegacyKey(pub u128);

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
    Batch = 21,
    LegacyCode = 30,
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
        UserKey(self.hash(Domain::User).last(user).finish())
    }

    /// The hash of a template's id.
    pub fn template(&self, template: &str) -> u64 {
        self.hash(Domain::Template).last(template).finish_64()
    }

    /// The home partition of a template's stock, of `partitions` (a power of two).
    pub fn home_of(&self, template: &str, partitions: u16) -> u16 {
        partition_of(u128::from(self.template(template)), partitions)
    }

    /// The hash of a batch's id.
    pub fn batch(&self, batch: &str) -> u64 {
        self.hash(Domain::Batch).last(batch).finish_64()
    }

    /// The home partition of a batch, of `partitions` (a power of two).
    pub fn home_of_batch(&self, batch: &str, partitions: u16) -> u16 {
        partition_of(u128::from(self.batch(batch)), partitions)
    }

    /// The key of a code of another house.
    pub fn legacy(&self, code: &str) -> LegacyKey {
        LegacyKey(self.hash(Domain::LegacyCode).last(code).finish())
    }

    /// The identity of a request: operation, what it is about, and the caller's request id.
    pub fn request(&self, operation: u8, subject: u128, request_id: &str) -> u128 {
        let about = self.hash(Domain::Request).byte(operation).number(subject as u64).number((subject >> 64) as u64);
        about.last(request_id).finish()
    }

    /// Both keys of an order that does something with a coupon.
    pub fn order(&self, merchant: &str, order: &str, coupon: u64) -> OrderKey {
        OrderKey { natural: self.natural(merchant, order, coupon), order_only: self.order_only(merchant, order) }
    }

    /// The natural key of a redemption: merchant, order and coupon.
    pub fn natural(&self, merchant: &str, order: &str, coupon: u64) -> u128 {
        self.hash(Domain::Order).number(coupon).text(merchant).last(order).finish()
    }

    /// An order whatever it redeems: merchant and order. Never 0, which stands for none.
    pub fn order_only(&self, merchant: &str, order: &str) -> u64 {
        self.hash(Domain::OrderOnly).text(merchant).last(order).finish_64().max(1)
    }

    /// What a request asked for, in 64 bits: equal for an honest retry, different for another payload.
    pub fn fingerprint(&self, texts: &[&str], numbers: &[u64]) -> u64 {
        let texts = texts.iter().fold(self.hash(Domain::Fingerprint), |hash, text| hash.text(text));
        numbers.iter().fold(texts, |hash, &number| hash.number(number)).finish_64()
    }

    #[inline(always)]
    fn hash(&self, domain: Domain) -> Pieces {
        let mut pieces = Pieces(Sip::new(self.0));
        pieces.0.add(domain as u64, 1);
        pieces
    }
}

/// A hash of short pieces, one after the other.
struct Pieces(Sip);

impl Pieces {
    #[inline(always)]
    fn number(mut self, number: u64) -> Pieces {
        self.0.add(number, 8);
        self
    }

    #[inline(always)]
    fn byte(mut self, byte: u8) -> Pieces {
        self.0.add(byte.into(), 1);
        self
    }

    /// The last text, which has no other behind it that it could run into.
    #[inline(always)]
    fn last(mut self, text: &str) -> Pieces {
        self.0.write(text.as_bytes());
        self
    }

    /// A text that says its length, so that the next piece does not run into it.
    #[inline(always)]
    fn text(self, text: &str) -> Pieces {
        self.byte(text.len() as u8).last(text)
    }

    #[inline(always)]
    fn finish(self) -> u128 {
        self.0.finish_128()
    }

    #[inline(always)]
    fn finish_64(self) -> u64 {
        self.0.finish_64()
    }
}

impl UserKey {
    /// The user's partition, of `partitions` (a power of two).
    pub fn partition(self, partitions: u16) -> u16 {
        partition_of(self.0, partitions)
    }
}

impl LegacyKey {
    /// The partition of the code's card, of `partitions` (a power of two).
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
    fn texts_in_a_fingerprint_do_not_run_into_each_other() {
        let key = IdHashKey::new([7; 16]);
        assert_ne!(key.fingerprint(&["ab", "c"], &[]), key.fingerprint(&["a", "bc"], &[]));
        assert_ne!(key.natural("ab", "c", 1), key.natural("a", "bc", 1));
    }
}
