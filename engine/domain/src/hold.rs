//! Holds 锁定: value set aside for an order, each from its one beginning to exactly one end (I8).
//!
//! A hold is named by the lsn of its event. Beside the entities live four indexes, none of them state: the newest hold of a natural
//! key (merchant, order, coupon); of each coupon the chain of its live holds, soonest deadline first, with their count and sum;
//! and the deadlines of all. An ended hold stays for as long as a remembered request may refer to it, so that late captures and
//! releases are told what became of it. Holds leave at the front only: a live one, of at most seven days, keeps those behind it.

use crate::container::{Deadlines, Entities, Filling, Index, Meeting, Table, spread};
use crate::digest::{Entity, EntityKind};
use crate::image::{Fields, Restore};
use crate::keyed::OrderKey;
use crate::planted::{self, Planted};

/// Live holds of one coupon.
pub const HOLDS_PER_COUPON_MAX: u32 = 4096;

/// How long a hold lives when nobody says: 15 minutes.
pub const HOLD_TTL_DEFAULT_MS: i64 = 15 * 60_000;

/// The shortest life of a hold.
pub const HOLD_TTL_MS_MIN: i64 = 5_000;

/// The longest life of a hold: 7 days.
pub const HOLD_TTL_MS_MAX: i64 = 7 * 86_400_000;

/// How long a hold is known after its end: 24 hours.
pub const HOLD_MEMORY_MS: i64 = 24 * 3_600_000;

/// Where a hold stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum HoldState {
    /// Its value is set aside.
    Live = 1,
    /// It became a redemption.
    Captured = 2,
    /// It was let go, or replaced by the same order.
    Released = 3,
    /// Its deadline passed.
    Expired = 4,
    /// An operator took it away.
    Revoked = 5,
}

impl HoldState {
    /// The state of this number.
    pub fn from_number(number: u8) -> Option<HoldState> {
        use HoldState::*;
        [Live, Captured, Released, Expired, Revoked].into_iter().find(|&state| state as u8 == number)
    }
}

/// A hold as the partition keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hold {
    pub(crate) lsn: u64,
    pub(crate) coupon: u64,
    /// Keyed hash of (merchant, order, coupon).
    pub(crate) order: u128,
    /// Keyed hash of (merchant, order).
    pub(crate) order_only: u64,
    /// Order amount, or what is to be charged.
    pub(crate) amount: i64,
    /// The discount it fixes, or the charge.
    pub(crate) applied: i64,
    /// What it took from the coupon: the charge, or the one unit of a one-use coupon.
    pub(crate) held: i64,
    pub(crate) deadline_ms: i64,
    pub(crate) state: HoldState,
    /// When it ended; 0 while it lives.
    pub(crate) ended_ms: i64,
    /// Lsn of the redemption it became, also after its end by `reacquire`; 0 = none.
    pub(crate) redemption: u64,
    /// Derived: neighbours among the coupon's live holds, by deadline; number + 1, 0 = none.
    links: Links,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Links {
    sooner: u64,
    later: u64,
}

impl Entity for Hold {
    const KIND: EntityKind = EntityKind::Hold;
    fn fields(&self, visit: &mut impl FnMut(u16, u64)) {
        visit(1, self.lsn);
        visit(2, self.coupon + 1);
        visit(3, self.order as u64);
        visit(4, (self.order >> 64) as u64);
        visit(5, self.order_only);
        visit(6, self.amount as u64);
        visit(7, self.applied as u64);
        visit(8, self.held as u64);
        visit(9, self.deadline_ms as u64);
        visit(10, self.state as u64);
        visit(11, self.ended_ms as u64);
        visit(12, self.redemption);
    }
}

impl Restore for Hold {
    fn restore(_number: u64, fields: &Fields) -> Option<Hold> {
        Some(Hold {
            lsn: fields.get(1),
            coupon: fields.one_based(2)?,
            order: fields.wide(3),
            order_only: fields.get(5),
            amount: fields.get(6) as i64,
            applied: fields.get(7) as i64,
            held: fields.get(8) as i64,
            deadline_ms: fields.get(9) as i64,
            state: HoldState::from_number(fields.narrow(10)?)?,
            ended_ms: fields.get(11) as i64,
            redemption: fields.get(12),
            links: Links::default(),
        })
    }
}

/// What a new hold says.
pub(crate) struct NewHold {
    pub(crate) lsn: u64,
    pub(crate) coupon: u64,
    pub(crate) order: OrderKey,
    pub(crate) amount: i64,
    pub(crate) applied: i64,
    pub(crate) held: i64,
    pub(crate) deadline_ms: i64,
}

impl Hold {
    pub(crate) fn order_key(&self) -> OrderKey {
        OrderKey { natural: self.order, order_only: self.order_only }
    }

    /// Whether its value is still set aside at `now`.
    pub(crate) fn is_live(&self, now_ms: i64) -> bool {
        let last_ms = self.deadline_ms - i64::from(!planted::is(Planted::DeadlineInclusive));
        self.state == HoldState::Live && now_ms <= last_ms
    }

    /// Whether it is too long past its end to be known.
    pub(crate) fn is_unknown(&self, now_ms: i64) -> bool {
        self.state != HoldState::Live && self.ended_ms + HOLD_MEMORY_MS <= now_ms
    }
}

/// The live holds of one coupon; derived.
#[derive(Clone, Copy, Debug, Default)]
struct OfCoupon {
    coupon: u64,
    /// Number + 1.
    soonest: u64,
    /// Number + 1.
    latest: u64,
    held: i64,
    count: u32,
}

/// All holds of one partition.
#[derive(Default)]
pub(crate) struct Holds {
    holds: Entities<Hold>,
    by_order: Index,
    by_coupon: Table<OfCoupon>,
    deadlines: Deadlines,
    live: u64,
}

impl Holds {
    pub(crate) fn get(&self, number: u64) -> Option<&Hold> {
        self.holds.get(number)
    }

    /// The hold whose event has this lsn.
    pub(crate) fn at_lsn(&self, lsn: u64) -> Option<(u64, &Hold)> {
        self.holds.find_rising(lsn, |hold| hold.lsn)
    }

    /// The newest hold of this natural key.
    pub(crate) fn of_order(&self, order: u128) -> Option<(u64, &Hold)> {
        let is_it = |number| self.get(number).is_some_and(|hold| hold.order == order);
        let number = self.by_order.find(order as u64, self.holds.first(), is_it)?;
        Some((number, self.get(number)?))
    }

    /// Reads ahead what [`Holds::of_order`] will read first; the number means nothing.
    pub(crate) fn touch(&self, order: OrderKey) -> u64 {
        if order.natural == 0 { 0 } else { self.by_order.touch(order.natural as u64) }
    }

    /// The live holds of a coupon, soonest deadline first.
    pub(crate) fn live_of(&self, coupon: u64) -> impl Iterator<Item = (u64, &Hold)> {
        let mut next = self.of_coupon(coupon).soonest;
        std::iter::from_fn(move || {
            let number = next.checked_sub(1)?;
            let hold = self.get(number).expect("a linked hold is here");
            next = hold.links.later;
            Some((number, hold))
        })
    }

    /// What the live holds of a coupon set aside, and how many they are.
    pub(crate) fn held(&self, coupon: u64) -> (i64, u32) {
        // It is asked twice with each event of a coupon, and often there are none at all.
        if self.live == 0 {
            return (0, 0);
        }
        let of = self.of_coupon(coupon);
        (of.held, of.count)
    }

    /// A live hold of a coupon whose deadline has passed.
    pub(crate) fn due_of(&self, coupon: u64, now_ms: i64) -> Option<(u64, &Hold)> {
        self.live_of(coupon).next().filter(|(_, hold)| !hold.is_live(now_ms))
    }

    /// A live hold of any coupon whose deadline has passed.
    pub(crate) fn due(&self, now_ms: i64) -> Option<(u64, &Hold)> {
        let deadline = |number| self.get(number).filter(|hold| hold.state == HoldState::Live).map(|hold| hold.deadline_ms);
        let number = self.deadlines.due(now_ms, deadline)?;
        Some((number, self.get(number)?))
    }

    /// No live hold ends by itself before this; nothing if there is none.
    pub(crate) fn next_deadline_ms(&self) -> Option<i64> {
        self.deadlines.bound_ms().filter(|_| self.live > 0)
    }

    /// The holds of a coupon that are here, live or ended, newest first. Looks at all holds.
    pub(crate) fn all_of(&self, coupon: u64) -> impl Iterator<Item = &Hold> {
        let all = (self.holds.first()..self.holds.next()).rev().filter_map(|number| self.get(number));
        all.filter(move |hold| hold.coupon == coupon)
    }

    /// The number that the next hold will get.
    pub(crate) fn next(&self) -> u64 {
        self.holds.next()
    }

    /// How many are live.
    pub(crate) fn live(&self) -> u64 {
        self.live
    }

    /// How many are here, live or ended.
    pub(crate) fn len(&self) -> u64 {
        self.holds.len()
    }

    pub(crate) fn digest(&self) -> u64 {
        self.holds.digest()
    }

    /// Bytes of memory of the holds with their index by coupon, of that by order, and of the deadlines.
    pub(crate) fn memory_bytes(&self) -> [u64; 3] {
        let holds = self.holds.memory_bytes() + self.by_coupon.memory_bytes();
        [holds, self.by_order.memory_bytes(), self.deadlines.memory_bytes()]
    }

    /// How many have left; they are numbered through.
    pub(crate) fn forgotten(&self) -> u64 {
        self.holds.first()
    }

    pub(crate) fn add(&mut self, new: NewHold) -> u64 {
        let NewHold { lsn, coupon, order, amount, applied, held, deadline_ms } = new;
        assert!(held > 0, "I2: a hold sets something aside");
        let hold = Hold {
            lsn,
            coupon,
            order: order.natural,
            order_only: order.order_only,
            amount,
            applied,
            held,
            deadline_ms,
            state: HoldState::Live,
            ended_ms: 0,
            redemption: 0,
            links: Links::default(),
        };
        let number = self.holds.push(hold);
        self.index(number, order.natural);
        self.await_end(number, deadline_ms);
        number
    }

    /// From now on it is one of its coupon's live holds.
    fn await_end(&mut self, number: u64, deadline_ms: i64) {
        self.deadlines.add(number, deadline_ms);
        self.link(number);
        self.live += 1;
    }

    /// All of them, for an image.
    pub(crate) fn entities(&self) -> &Entities<Hold> {
        &self.holds
    }

    /// Goes on after so many holds that are no longer here.
    pub(crate) fn begin_at(&mut self, forgotten: u64) -> Option<()> {
        self.holds.begin_at(forgotten)
    }

    pub(crate) fn restore(&mut self, number: u64, fields: &Fields) -> Option<()> {
        self.holds.put_back(number, Hold::restore(number, fields)?)
    }

    /// What follows from the entities of an image.
    pub(crate) fn derive(&mut self) {
        let (first, next) = (self.holds.first(), self.holds.next());
        let filling = Filling::of(first, self.holds.len(), (first..).zip(self.holds.iter().map(|hold| hold.order as u64)));
        let order = |number| self.get(number).expect("an indexed hold is here").order;
        let meet = |earlier, later| if order(earlier) == order(later) { Meeting::Succession } else { Meeting::Strangers };
        self.by_order = filling.finish(meet).expect("holds of one order follow each other");
        for number in first..next {
            let Hold { deadline_ms, state, .. } = *self.get(number).expect("a hold between first and next is here");
            if state == HoldState::Live {
                self.await_end(number, deadline_ms);
            }
        }
    }

    /// The end of a live hold. I8.
    pub(crate) fn end(&mut self, number: u64, state: HoldState, now_ms: i64) {
        self.unlink(number);
        self.holds.change(number, |hold| {
            assert!(hold.state == HoldState::Live && state != HoldState::Live, "I8: a hold ends once");
            hold.state = state;
            hold.ended_ms = now_ms;
        });
        self.live -= 1;
    }

    /// The order of this hold has redeemed.
    pub(crate) fn become_redemption(&mut self, number: u64, redemption: u64) {
        self.holds.change(number, |hold| {
            assert!(hold.redemption == 0, "I8: a hold becomes one redemption");
            hold.redemption = redemption;
        });
    }

    /// Forgets ended holds of a lower number than this.
    pub(crate) fn forget_before(&mut self, before: u64) {
        assert!(before <= self.holds.next(), "only what was held is forgotten");
        while self.holds.first() < before {
            let (number, hold) = self.holds.forget_first().expect("the first hold is here");
            assert!(hold.state != HoldState::Live, "I8: a live hold is not forgotten");
            self.by_order.remove(hold.order as u64, number);
        }
    }

    /// Makes it the newest of its natural key.
    fn index(&mut self, number: u64, order: u128) {
        let holds = &self.holds;
        let same = |other| holds.get(other).is_some_and(|hold| hold.order == order);
        let hash = |number| holds.get(number).expect("an indexed hold is here").order as u64;
        self.by_order.put(order as u64, number, holds.first(), same, hash);
    }

    fn of_coupon(&self, coupon: u64) -> OfCoupon {
        let found = self.by_coupon.find(spread(coupon), |of| of.coupon == coupon);
        found.unwrap_or(OfCoupon { coupon, ..OfCoupon::default() })
    }

    fn put_of_coupon(&mut self, of: OfCoupon) {
        let (hash, same) = (spread(of.coupon), |other: &OfCoupon| other.coupon == of.coupon);
        match of.count {
            0 => self.by_coupon.remove(hash, same),
            _ => self.by_coupon.put(hash, of, same, |of| spread(of.coupon)),
        };
    }

    /// Into its coupon's chain, behind all that are due before it or with it; mostly that is the end.
    fn link(&mut self, number: u64) {
        let Hold { coupon, held, deadline_ms, .. } = *self.get(number).expect("a new hold is here");
        let mut of = self.of_coupon(coupon);
        let mut sooner = of.latest;
        while let Some(hold) = self.neighbour(sooner).filter(|hold| hold.deadline_ms > deadline_ms) {
            sooner = hold.links.sooner;
        }
        let later = self.neighbour(sooner).map_or(of.soonest, |hold| hold.links.later);
        self.holds.change(number, |hold| hold.links = Links { sooner, later });
        match sooner.checked_sub(1) {
            Some(before) => self.holds.change(before, |hold| hold.links.later = number + 1),
            None => of.soonest = number + 1,
        }
        match later.checked_sub(1) {
            Some(behind) => self.holds.change(behind, |hold| hold.links.sooner = number + 1),
            None => of.latest = number + 1,
        }
        of.count += 1;
        of.held += held;
        assert!(of.count <= HOLDS_PER_COUPON_MAX, "I13: the holds of a coupon are bounded");
        self.put_of_coupon(of);
    }

    /// Out of its coupon's chain.
    fn unlink(&mut self, number: u64) {
        let Hold { coupon, held, links: Links { sooner, later }, .. } = *self.get(number).expect("a live hold is here");
        let mut of = self.of_coupon(coupon);
        match sooner.checked_sub(1) {
            Some(before) => self.holds.change(before, |hold| hold.links.later = later),
            None => of.soonest = later,
        }
        match later.checked_sub(1) {
            Some(behind) => self.holds.change(behind, |hold| hold.links.sooner = sooner),
            None => of.latest = sooner,
        }
        self.holds.change(number, |hold| hold.links = Links::default());
        of.count -= 1;
        of.held -= held;
        self.put_of_coupon(of);
    }

    fn neighbour(&self, link: u64) -> Option<&Hold> {
        self.get(link.checked_sub(1)?)
    }

    /// Up to which number holds may be forgotten at `now`, if any: those that ended so long ago that no remembered
    /// request refers to them; bounded.
    pub(crate) fn forgettable(&self, now_ms: i64, at_most: u64, is_referred: impl Fn(i64) -> bool) -> Option<u64> {
        self.holds.gone_before(at_most, |hold| hold.is_unknown(now_ms) && !is_referred(hold.ended_ms + HOLD_MEMORY_MS))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(holds: &mut Holds, coupon: u64, order: u128, deadline_ms: i64) -> u64 {
        let lsn = holds.holds.next() + 1;
        let order = OrderKey { natural: order, order_only: 1 };
        holds.add(NewHold { lsn, coupon, order, amount: 10, applied: 10, held: 10, deadline_ms })
    }

    fn chain(holds: &Holds, coupon: u64) -> Vec<u64> {
        holds.live_of(coupon).map(|(number, _)| number).collect()
    }

    #[test]
    fn live_holds_of_a_coupon_are_chained_by_deadline_and_summed() {
        let mut holds = Holds::default();
        for (order, deadline_ms) in [(1, 50), (2, 30), (3, 50), (4, 90), (5, 40)] {
            held(&mut holds, 7, order, deadline_ms);
        }
        held(&mut holds, 8, 6, 10);
        assert_eq!(chain(&holds, 7), [1, 4, 0, 2, 3]);
        assert_eq!((holds.held(7), holds.held(8), holds.held(9)), ((50, 5), (10, 1), (0, 0)));
        for (number, rest) in [(1, vec![4, 0, 2, 3]), (3, vec![4, 0, 2]), (0, vec![4, 2]), (4, vec![2]), (2, vec![])] {
            holds.end(number, HoldState::Released, 20);
            assert_eq!(chain(&holds, 7), rest);
        }
        assert_eq!((holds.held(7), holds.live()), ((0, 0), 1));
    }

    #[test]
    fn a_coupons_next_due_hold_is_its_soonest() {
        let mut holds = Holds::default();
        held(&mut holds, 7, 1, 50);
        held(&mut holds, 7, 2, 30);
        assert!(holds.due_of(7, 29).is_none() && holds.due(29).is_none());
        assert_eq!(holds.due_of(7, 30).map(|(number, _)| number), Some(1));
        assert_eq!(holds.due(30).map(|(number, _)| number), Some(1));
        holds.end(1, HoldState::Expired, 30);
        assert!(holds.due_of(7, 49).is_none() && holds.due(49).is_none());
        assert_eq!(holds.due(50).map(|(number, _)| number), Some(0));
    }

    #[test]
    fn the_newest_hold_of_an_order_is_found_until_it_is_forgotten() {
        let mut holds = Holds::default();
        held(&mut holds, 7, 1, 50);
        holds.end(0, HoldState::Released, 20);
        held(&mut holds, 7, 1, 60);
        assert_eq!(holds.of_order(1).map(|(number, _)| number), Some(1));
        holds.forget_before(1);
        assert_eq!(holds.of_order(1).map(|(number, _)| number), Some(1));
        holds.end(1, HoldState::Captured, 30);
        assert_eq!(holds.forgettable(30 + HOLD_MEMORY_MS - 1, 9, |_| false), None);
        assert_eq!(holds.forgettable(30 + HOLD_MEMORY_MS, 9, |_| true), None);
        assert_eq!(holds.forgettable(30 + HOLD_MEMORY_MS, 9, |at_ms| at_ms < 30 + HOLD_MEMORY_MS), Some(2));
        holds.forget_before(2);
        assert!(holds.of_order(1).is_none() && holds.at_lsn(2).is_none() && holds.digest() == 0);
    }

    #[test]
    #[should_panic(expected = "I8: a hold ends once")]
    fn a_hold_that_would_end_twice_is_a_broken_invariant() {
        let mut holds = Holds::default();
        let number = held(&mut holds, 7, 1, 50);
        held(&mut holds, 7, 2, 50);
        holds.end(number, HoldState::Released, 20);
        holds.end(number, HoldState::Expired, 50);
    }
}
