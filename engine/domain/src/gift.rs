//! Gifts 转赠: coupons offered to whoever shows the token, each from its one beginning to exactly one end.
//!
//! A gift is named by the lsn of its event. A coupon has at most one that is open; which one is kept beside the entities, derived,
//! as are the deadlines of all. An ended gift stays for as long as a remembered request may refer to it, and an accepted one
//! until the receiver's partition has said what became of it. Gifts leave at the front only: an open one, of at most seven days,
//! keeps those behind it.

use crate::container::{Deadlines, Entities, Table, spread};
use crate::digest::{Entity, EntityKind};
use crate::image::{Fields, Restore};
use crate::keyed::UserKey;
use crate::planted::{self, Planted};

/// How long a gift waits when nobody says: 24 hours.
pub const GIFT_TTL_DEFAULT_MS: i64 = 24 * 3_600_000;

/// The shortest wait of a gift: a minute.
pub const GIFT_TTL_MS_MIN: i64 = 60_000;

/// The longest wait of a gift: 7 days.
pub const GIFT_TTL_MS_MAX: i64 = 7 * 86_400_000;

/// How long a gift is known after its end: 24 hours.
pub const GIFT_MEMORY_MS: i64 = 24 * 3_600_000;

/// Where a gift stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum GiftState {
    /// It waits for whoever has the token.
    Open = 1,
    /// Somebody has accepted it.
    Accepted = 2,
    /// Its owner took it back.
    Cancelled = 3,
    /// Its deadline passed.
    Expired = 4,
}

impl GiftState {
    /// The state of this number.
    pub fn from_number(number: u8) -> Option<GiftState> {
        use GiftState::*;
        [Open, Accepted, Cancelled, Expired].into_iter().find(|&state| state as u8 == number)
    }
}

/// A gift as the partition keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Gift {
    pub(crate) lsn: u64,
    pub(crate) coupon: u64,
    pub(crate) deadline_ms: i64,
    pub(crate) state: GiftState,
    /// When it ended; 0 while it is open.
    pub(crate) ended_ms: i64,
    /// Who accepted it; 0 = nobody.
    pub(crate) receiver: UserKey,
    /// The receiver's partition.
    pub(crate) to: u16,
    /// What was given.
    pub(crate) amount: i64,
    /// The coupon that it became in the receiver's partition: number + 1; 0 = not heard of yet.
    pub(crate) successor: u64,
}

impl Entity for Gift {
    const KIND: EntityKind = EntityKind::Gift;
    fn fields(&self, visit: &mut impl FnMut(u16, u64)) {
        visit(1, self.lsn);
        visit(2, self.coupon + 1);
        visit(3, self.deadline_ms as u64);
        visit(4, self.state as u64);
        visit(5, self.ended_ms as u64);
        visit(6, self.receiver.0 as u64);
        visit(7, (self.receiver.0 >> 64) as u64);
        visit(8, u64::from(self.to));
        visit(9, self.amount as u64);
        visit(10, self.successor);
    }
}

impl Restore for Gift {
    fn restore(_number: u64, fields: &Fields) -> Option<Gift> {
        Some(Gift {
            lsn: fields.get(1),
            coupon: fields.one_based(2)?,
            deadline_ms: fields.get(3) as i64,
            state: GiftState::from_number(fields.narrow(4)?)?,
            ended_ms: fields.get(5) as i64,
            receiver: UserKey(fields.wide(6)),
            to: fields.narrow(8)?,
            amount: fields.get(9) as i64,
            successor: fields.get(10),
        })
    }
}

impl Gift {
    /// Whether it can be accepted at `now`.
    pub(crate) fn is_open(&self, now_ms: i64) -> bool {
        self.state == GiftState::Open && (now_ms < self.deadline_ms || planted::is(Planted::GiftNeverExpires))
    }

    /// What it is at `now`, and when it ended; what is past its deadline has expired, recorded or not.
    pub(crate) fn state_at(&self, now_ms: i64) -> (GiftState, i64) {
        match self.state == GiftState::Open && !self.is_open(now_ms) {
            true => (GiftState::Expired, self.deadline_ms),
            false => (self.state, self.ended_ms),
        }
    }

    /// Whether it is too long past its end to be known.
    pub(crate) fn is_unknown(&self, now_ms: i64) -> bool {
        self.state != GiftState::Open && self.ended_ms + GIFT_MEMORY_MS <= now_ms
    }

    /// Whether the receiver's partition has still to say what became of it.
    fn is_awaited(&self) -> bool {
        self.state == GiftState::Accepted && self.successor == 0
    }
}

/// The open gift of a coupon; derived.
#[derive(Clone, Copy, Debug)]
struct OfCoupon {
    coupon: u64,
    gift: u64,
}

/// All gifts of one partition.
#[derive(Default)]
pub(crate) struct Gifts {
    gifts: Entities<Gift>,
    by_coupon: Table<OfCoupon>,
    deadlines: Deadlines,
    open: u64,
}

impl Gifts {
    pub(crate) fn get(&self, number: u64) -> Option<&Gift> {
        self.gifts.get(number)
    }

    /// The gift whose event has this lsn.
    pub(crate) fn at_lsn(&self, lsn: u64) -> Option<(u64, &Gift)> {
        self.gifts.find_rising(lsn, |gift| gift.lsn)
    }

    /// The open gift of a coupon, due or not.
    #[inline]
    pub(crate) fn open_of(&self, coupon: u64) -> Option<&Gift> {
        // It is asked with each use of a coupon, and mostly there are none at all.
        if self.open == 0 {
            return None;
        }
        let of = self.by_coupon.find(spread(coupon), |of| of.coupon == coupon)?;
        self.get(of.gift)
    }

    /// The open gift of a coupon, if its deadline has passed.
    pub(crate) fn due_of(&self, coupon: u64, now_ms: i64) -> Option<&Gift> {
        self.open_of(coupon).filter(|gift| !gift.is_open(now_ms))
    }

    /// An open gift of any coupon whose deadline has passed.
    pub(crate) fn due(&self, now_ms: i64) -> Option<&Gift> {
        let is_open = |gift: &&Gift| gift.state == GiftState::Open && !planted::is(Planted::GiftNeverExpires);
        let deadline = |number| self.get(number).filter(is_open).map(|gift| gift.deadline_ms);
        self.get(self.deadlines.due(now_ms, deadline)?)
    }

    /// No open gift ends by itself before this; nothing if there is none.
    pub(crate) fn next_deadline_ms(&self) -> Option<i64> {
        self.deadlines.bound_ms().filter(|_| self.open > 0)
    }

    /// How many are open.
    pub(crate) fn open(&self) -> u64 {
        self.open
    }

    /// How many are here, open or ended.
    pub(crate) fn len(&self) -> u64 {
        self.gifts.len()
    }

    pub(crate) fn digest(&self) -> u64 {
        self.gifts.digest()
    }

    /// Bytes of memory of the gifts with their index, and of the deadlines.
    pub(crate) fn memory_bytes(&self) -> [u64; 2] {
        [self.gifts.memory_bytes() + self.by_coupon.memory_bytes(), self.deadlines.memory_bytes()]
    }

    /// How many have left; they are numbered through.
    pub(crate) fn forgotten(&self) -> u64 {
        self.gifts.first()
    }

    /// All of them, for an image.
    pub(crate) fn entities(&self) -> &Entities<Gift> {
        &self.gifts
    }

    /// Goes on after so many gifts that are no longer here.
    pub(crate) fn begin_at(&mut self, forgotten: u64) -> Option<()> {
        self.gifts.begin_at(forgotten)
    }

    pub(crate) fn restore(&mut self, number: u64, fields: &Fields) -> Option<()> {
        self.gifts.put_back(number, Gift::restore(number, fields)?)
    }

    /// What follows from the entities of an image.
    pub(crate) fn derive(&mut self) {
        for number in self.gifts.first()..self.gifts.next() {
            let Gift { coupon, deadline_ms, state, .. } = *self.get(number).expect("a gift between first and next is here");
            if state == GiftState::Open {
                self.await_end(number, coupon, deadline_ms);
            }
        }
    }

    pub(crate) fn add(&mut self, lsn: u64, coupon: u64, deadline_ms: i64) -> u64 {
        assert!(self.open_of(coupon).is_none(), "I9: a coupon is offered once at a time");
        let (receiver, state) = (UserKey::default(), GiftState::Open);
        let gift = Gift { lsn, coupon, deadline_ms, state, ended_ms: 0, receiver, to: 0, amount: 0, successor: 0 };
        let number = self.gifts.push(gift);
        self.await_end(number, coupon, deadline_ms);
        number
    }

    /// From now on it is its coupon's open gift.
    fn await_end(&mut self, number: u64, coupon: u64, deadline_ms: i64) {
        self.deadlines.add(number, deadline_ms);
        self.by_coupon.insert(spread(coupon), OfCoupon { coupon, gift: number }, |of| spread(of.coupon));
        self.open += 1;
    }

    /// The end of an open gift.
    pub(crate) fn end(&mut self, number: u64, state: GiftState, now_ms: i64) {
        let coupon = self.gifts.change(number, |gift| {
            assert!(gift.state == GiftState::Open && state != GiftState::Open, "I9: a gift ends once");
            (gift.state, gift.ended_ms) = (state, now_ms);
            gift.coupon
        });
        self.by_coupon.remove(spread(coupon), |of| of.coupon == coupon);
        self.open -= 1;
    }

    /// Who accepted it, where they are, and what was given.
    pub(crate) fn give(&mut self, number: u64, receiver: UserKey, to: u16, amount: i64) {
        self.gifts.change(number, |gift| (gift.receiver, gift.to, gift.amount) = (receiver, to, amount));
    }

    /// It has become this coupon in the receiver's partition.
    pub(crate) fn arrive(&mut self, number: u64, coupon: u64) {
        self.gifts.change(number, |gift| {
            assert!(gift.is_awaited(), "I9: an accepted gift arrives, once");
            gift.successor = coupon + 1;
        });
    }

    /// Forgets ended gifts of a lower number than this.
    pub(crate) fn forget_before(&mut self, before: u64) {
        assert!(before <= self.gifts.next(), "only what was offered is forgotten");
        while self.gifts.first() < before {
            let (_, gift) = self.gifts.forget_first().expect("the first gift is here");
            assert!(gift.state != GiftState::Open, "I9: an open gift is not forgotten");
        }
    }

    /// Up to which number gifts may be forgotten at `now`, if any: those that ended so long ago that no remembered
    /// request refers to them; bounded.
    pub(crate) fn forgettable(&self, now_ms: i64, at_most: u64, is_referred: impl Fn(i64) -> bool) -> Option<u64> {
        self.gifts.gone_before(at_most, |gift| {
            gift.is_unknown(now_ms) && !gift.is_awaited() && !is_referred(gift.ended_ms + GIFT_MEMORY_MS)
        })
    }
}
