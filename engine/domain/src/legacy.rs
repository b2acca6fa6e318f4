//! Codes of other houses 外部卡号, and the cards, or coupons 外部渠道券, that stand for them here: both are called cards below.
//!
//! A code lies in the partition that its keyed hash chooses, and so does its card, a coupon without an owner: whoever has the code asks
//! one partition once. Its text is nowhere, neither here nor in the journal. A code never leaves: it is what keeps a row from being
//! imported twice, however late somebody imports it again.

use crate::compact::{Lsn, Number};
use crate::container::{Entities, Filling, Index, Meeting};
use crate::digest::{Entity, EntityKind};
use crate::image::{Chunks, Fields, Restore};
use crate::keyed::LegacyKey;

/// A code and its card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LegacyCard {
    key: [u64; 2],
    /// What the row said that it was imported by, as a keyed hash: the same row again is the same import.
    pub(crate) row: u64,
    coupon: Number,
    lsn: Lsn,
}

const _: () = assert!(size_of::<LegacyCard>() == 40);

impl LegacyCard {
    fn new(key: LegacyKey, row: u64, coupon: Number, lsn: Lsn) -> LegacyCard {
        LegacyCard { key: [key.0 as u64, (key.0 >> 64) as u64], row, coupon, lsn }
    }

    fn key(&self) -> LegacyKey {
        LegacyKey(u128::from(self.key[1]) << 64 | u128::from(self.key[0]))
    }

    /// The card's number.
    pub(crate) fn coupon(&self) -> u64 {
        self.coupon.get()
    }

    /// The lsn of its import.
    pub(crate) fn lsn(&self) -> u64 {
        self.lsn.get()
    }
}

impl Entity for LegacyCard {
    const KIND: EntityKind = EntityKind::LegacyCard;
    fn fields(&self, visit: &mut impl FnMut(u16, u64)) {
        visit(1, self.key[0]);
        visit(2, self.key[1]);
        visit(3, self.row);
        visit(4, self.coupon.get() + 1);
        visit(5, self.lsn.get());
    }
}

impl Restore for LegacyCard {
    fn restore(_number: u64, fields: &Fields) -> Option<LegacyCard> {
        let (coupon, lsn) = (Number::new(fields.one_based(4)?)?, Lsn::new(fields.get(5))?);
        Some(LegacyCard::new(LegacyKey(fields.wide(1)), fields.get(3), coupon, lsn))
    }
}

/// All codes of other houses whose cards are in one partition.
#[derive(Default)]
pub(crate) struct LegacyCards {
    cards: Entities<LegacyCard>,
    by_key: Index,
}

impl LegacyCards {
    /// The card of this code.
    pub(crate) fn find(&self, key: LegacyKey) -> Option<&LegacyCard> {
        let number = self.by_key.find(hash(key), 0, |number| self.cards.get(number).is_some_and(|card| card.key() == key));
        self.cards.get(number?)
    }

    pub(crate) fn add(&mut self, key: LegacyKey, row: u64, coupon: u64, lsn: u64) {
        assert!(self.find(key).is_none(), "I5: a code is imported once");
        let number = self.cards.push(LegacyCard::new(key, row, Number::of(coupon), Lsn::of(lsn)));
        let cards = &self.cards;
        let hash_of = |number| hash(cards.get(number).expect("an indexed card is here").key());
        self.by_key.insert(hash(key), number, 0, hash_of);
    }

    pub(crate) fn save<E>(&self, out: &mut Chunks<'_, E>) -> Result<(), E> {
        out.numbered(&self.cards)
    }

    pub(crate) fn restore(&mut self, number: u64, fields: &Fields) -> Option<()> {
        self.cards.put_back(number, LegacyCard::restore(number, fields)?)
    }

    /// What follows from the cards of an image. The number of one whose code another has, if there is one.
    pub(crate) fn derive(&mut self) -> Result<(), u64> {
        let hashed = (0..).zip(self.cards.iter().map(|card| hash(card.key())));
        let filling = Filling::of(0, self.cards.len(), hashed);
        let key = |number| self.cards.get(number).expect("an indexed card is here").key();
        let meet = |earlier, later| if key(earlier) == key(later) { Meeting::Conflict } else { Meeting::Strangers };
        self.by_key = filling.finish(meet)?;
        Ok(())
    }

    pub(crate) fn digest(&self) -> u64 {
        self.cards.digest()
    }

    /// Bytes of memory that they hold.
    pub(crate) fn memory_bytes(&self) -> u64 {
        self.cards.memory_bytes() + self.by_key.memory_bytes()
    }
}

/// The upper half: the lower bits chose the partition and are alike here.
fn hash(key: LegacyKey) -> u64 {
    (key.0 >> 64) as u64
}
