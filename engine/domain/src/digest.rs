//! The state digest: 64 bits that change in O(1) with every event and equal what a recount gives.
//!
//! digest = wrapping sum, over the numbered fields of every entity, of `mix(kind, key, field,
//! value)`; a field at its default (0) adds nothing, so a later field leaves old digests as they
//! are. Numbers of kinds and fields are final: never reused, never retyped. It finds divergence
//! and damage, not forgery (the hash chain is for that).

use crate::image::{Fields, Restore};

/// The kinds of entities that are state, with their final numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum EntityKind {
    /// The partition itself.
    Partition = 1,
    /// Terms of one template version, as adopted by a partition.
    Terms = 2,
    /// A user with coupons here.
    User = 3,
    /// A coupon or card.
    Coupon = 4,
    /// How many a user got of one template.
    ClaimCount = 5,
    /// A redemption.
    Redemption = 6,
    /// A refund of a redemption.
    Refund = 7,
    /// A remembered request and its outcome.
    Request = 8,
    /// A reopened validity.
    Extension = 9,
    /// The stock of a template, at its home.
    Home = 10,
    /// What home granted to and got back from one lessee.
    HomeLessee = 11,
    /// What a lessee received, returned, issued and restocked.
    Lessee = 12,
    /// The sending end of a line.
    LineOut = 13,
    /// A message that waits in an outbox.
    LineMessage = 14,
    /// The receiving end of a line.
    LineIn = 15,
    /// A template in the catalog.
    Template = 16,
    /// A hold of a coupon for an order.
    Hold = 17,
    /// How many a user got of one template on one day.
    DayCount = 18,
    /// An order whose coupons and cards were held or redeemed together.
    Checkout = 19,
    /// A refund of such an order.
    CheckoutRefund = 20,
    /// A coupon offered to whoever has the token.
    Gift = 24,
    /// A batch of cards, at its home.
    Batch = 21,
    /// What a partition made of a batch.
    BatchShare = 22,
    /// A local day or a budget of a template, at its home.
    PoolHome = 25,
    /// What home granted of it to, and got back from, one lessee.
    PoolShare = 26,
    /// What a lessee received of it, returned, issued and restocked.
    PoolLessee = 27,
    /// A checkout with cards of other partitions, at its home.
    Saga = 28,
    /// A card that is held, or was charged, for a checkout of another partition.
    Pledge = 29,
    /// A code of another house, and its card.
    LegacyCard = 30,
    /// Terms whose template was made void, as a partition has heard of it.
    VoidTerms = 32,
}

impl EntityKind {
    /// The kind of this number.
    pub fn from_number(number: u16) -> Option<EntityKind> {
        use EntityKind::*;
        const ALL: [EntityKind; 30] = [
            Partition,
            Terms,
            User,
            Coupon,
            ClaimCount,
            Redemption,
            Refund,
            Request,
            Extension,
            Home,
            HomeLessee,
            Lessee,
            LineOut,
            LineMessage,
            LineIn,
            Template,
            Hold,
            DayCount,
            Checkout,
            CheckoutRefund,
            Gift,
            Batch,
            BatchShare,
            PoolHome,
            PoolShare,
            PoolLessee,
            Saga,
            Pledge,
            LegacyCard,
            VoidTerms,
        ];
        ALL.into_iter().find(|&kind| kind as u16 == number)
    }
}

/// Highest field number of an entity.
pub(crate) const FIELDS_MAX: usize = 24;

/// An entity whose fields are covered by the digest.
pub trait Entity {
    /// Which kind it is.
    const KIND: EntityKind;

    /// Visits every field of state, always all of them: its final number, at most [`FIELDS_MAX`], and its value, 0 being the
    /// default.
    fn fields(&self, visit: &mut impl FnMut(u16, u64));
}

/// How far a journal has come: part of the state of whatever is made from it.
pub(crate) struct Clock {
    pub(crate) lsn: u64,
    pub(crate) time_ms: i64,
    /// Requests forgotten so far: it numbers the next one when none is remembered.
    pub(crate) forgotten: u64,
    /// The same of redemptions, refunds, holds, gifts, checkouts and refunds of checkouts.
    pub(crate) forgotten_of: [u64; 6],
}

impl Entity for Clock {
    const KIND: EntityKind = EntityKind::Partition;
    fn fields(&self, visit: &mut impl FnMut(u16, u64)) {
        visit(1, self.lsn);
        visit(2, self.time_ms as u64);
        visit(3, self.forgotten);
        for (field, &forgotten) in (4..).zip(&self.forgotten_of) {
            visit(field, forgotten);
        }
    }
}

impl Restore for Clock {
    fn restore(key: u64, fields: &Fields) -> Option<Clock> {
        let forgotten_of = [4, 5, 6, 7, 8, 9].map(|field| fields.get(field));
        (key == 0).then_some(Clock { lsn: fields.get(1), time_ms: fields.get(2) as i64, forgotten: fields.get(3), forgotten_of })
    }
}

/// What this entity adds to the digest under `key`.
pub fn contribution<E: Entity>(key: u64, entity: &E) -> u64 {
    let seed = seed(key, E::KIND);
    let mut sum = 0u64;
    entity.fields(&mut |field, value| {
        if value != 0 {
            sum = sum.wrapping_add(mix(seed, field, value));
        }
    });
    sum
}

/// The values of an entity's fields before a change.
pub(crate) struct Before([u64; FIELDS_MAX]);

impl Before {
    /// As they are now.
    pub(crate) fn of(entity: &impl Entity) -> Before {
        let mut values = [0; FIELDS_MAX];
        entity.fields(&mut |field, value| values[usize::from(field) - 1] = value);
        Before(values)
    }

    /// What the change to `after` adds to the digest: only fields that differ are mixed, which for most events are few.
    pub(crate) fn adds<E: Entity>(&self, key: u64, after: &E) -> u64 {
        let seed = seed(key, E::KIND);
        let mut sum = 0u64;
        after.fields(&mut |field, value| {
            let before = self.0[usize::from(field) - 1];
            if before == value {
                return;
            }
            if before != 0 {
                sum = sum.wrapping_sub(mix(seed, field, before));
            }
            if value != 0 {
                sum = sum.wrapping_add(mix(seed, field, value));
            }
        });
        sum
    }
}

fn seed(key: u64, kind: EntityKind) -> u64 {
    fold(key ^ 0x9e37_79b9_7f4a_7c15, (kind as u64) ^ 0xd6e8_feb8_6659_fd93)
}

/// Spreads one field's value over 64 bits.
#[inline]
fn mix(seed: u64, field: u16, value: u64) -> u64 {
    let lane = seed ^ u64::from(field).wrapping_mul(0xa076_1d64_78bd_642f);
    fold(value ^ lane, lane.rotate_left(29) ^ 0xe703_7ed1_a0b4_28db)
}

/// The product of both, its halves folded together.
#[inline]
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product as u64) ^ (product >> 64) as u64
}

/// 64 bits for a text or an encoded body inside an entity (terms, line messages): FNV-1a, then folded.
pub fn text(bytes: &[u8]) -> u64 {
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325u64, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    fold(hash ^ 0x9e37_79b9_7f4a_7c15, bytes.len() as u64 ^ 0xd6e8_feb8_6659_fd93)
}

/// A text that many do not have: nothing to the digest where it is empty.
pub fn optional_text(bytes: &[u8]) -> u64 {
    if bytes.is_empty() { 0 } else { text(bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Pair(u64, u64);
    impl Entity for Pair {
        const KIND: EntityKind = EntityKind::Coupon;
        fn fields(&self, visit: &mut impl FnMut(u16, u64)) {
            visit(1, self.0);
            visit(2, self.1);
        }
    }

    #[test]
    fn a_default_field_adds_nothing_and_every_other_value_counts() {
        assert_eq!(contribution(7, &Pair(0, 0)), 0);
        let seen = [Pair(1, 0), Pair(0, 1), Pair(1, 1), Pair(2, 1)].map(|pair| contribution(7, &pair));
        assert!(seen.iter().all(|&sum| sum != 0));
        assert!((0..4).all(|i| (0..i).all(|j| seen[i] != seen[j])));
        assert_ne!(contribution(7, &Pair(1, 2)), contribution(8, &Pair(1, 2)));
    }

    #[test]
    fn a_change_adds_what_the_difference_of_the_contributions_is() {
        for (before, after) in [((0, 0), (1, 2)), ((1, 2), (1, 3)), ((1, 2), (0, 2)), ((5, 0), (0, 5)), ((4, 4), (4, 4))] {
            let (before, after) = (Pair(before.0, before.1), Pair(after.0, after.1));
            let difference = contribution(7, &after).wrapping_sub(contribution(7, &before));
            assert_eq!(Before::of(&before).adds(7, &after), difference);
        }
    }

    #[test]
    fn the_digest_is_the_recorded_one() {
        assert_eq!(contribution(7, &Pair(1, 2)), GOLDEN, "digests on disk would no longer match");
    }

    const GOLDEN: u64 = 7_379_127_360_208_297_987;
}
