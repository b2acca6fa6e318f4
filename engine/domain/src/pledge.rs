//! Pledges: cards of this partition that are held, or were charged, for a checkout of another one.
//!
//! Holds and redemptions are what they are; a pledge ties them to the saga at their home, whose word alone ends the hold. So it has no
//! deadline of its own: else home could count on a hold that had just expired. A pledge that was let go is forgotten at once,
//! since home says nothing more of it; one that was charged is known until home says that nothing will come back.

use crate::container::KeyedEntity;
use crate::digest::{Entity, EntityKind, contribution};
use crate::image::{Chunks, Fields, Restore};
use crate::terms::TIME_MS_MAX;
use std::collections::BTreeMap;

/// The deadline of a hold that ends by the word of another partition: the last instant there is.
pub const PLEDGED_UNTIL_MS: i64 = TIME_MS_MAX;

/// One card of a pledge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pledge {
    /// Lsn of its first hold, which names it.
    pub(crate) lsn: u64,
    /// The checkout's partition.
    pub(crate) home: u16,
    /// The saga there.
    pub(crate) saga: u64,
    /// Its place among the cards that were asked for.
    pub(crate) at: u8,
    pub(crate) coupon: u64,
    /// Lsn of its hold.
    pub(crate) hold: u64,
    /// Lsn of the redemption that it became; 0 = none.
    pub(crate) redemption: u64,
    /// Whether home has said what it pays.
    pub(crate) is_settled: bool,
}

impl Entity for Pledge {
    const KIND: EntityKind = EntityKind::Pledge;
    fn fields(&self, visit: &mut impl FnMut(u16, u64)) {
        visit(1, u64::from(self.home));
        visit(2, self.saga);
        visit(3, u64::from(self.at));
        visit(4, self.coupon + 1);
        visit(5, self.hold);
        visit(6, self.redemption);
        visit(7, u64::from(self.is_settled));
    }
}

impl Restore for Pledge {
    fn restore(lsn: u64, fields: &Fields) -> Option<Pledge> {
        let (home, saga, at, coupon) = (fields.narrow(1)?, fields.get(2), fields.narrow(3)?, fields.one_based(4)?);
        let is_settled = [false, true].into_iter().find(|&is| u64::from(is) == fields.get(7))?;
        Some(Pledge { lsn, home, saga, at, coupon, hold: fields.get(5), redemption: fields.get(6), is_settled })
    }
}

impl KeyedEntity for Pledge {
    fn key(&self) -> u64 {
        self.lsn
    }
    fn at_default(lsn: u64) -> Pledge {
        Pledge { lsn, ..Pledge::default() }
    }
}

/// All pledges of one partition.
#[derive(Default)]
pub(crate) struct Pledges {
    all: BTreeMap<(u16, u64, u8), Pledge>,
    digest: u64,
    /// By the lsn of the live hold; derived.
    by_hold: BTreeMap<u64, (u16, u64)>,
    /// By the lsn of the redemption; derived.
    by_redemption: BTreeMap<u64, (u16, u64)>,
}

impl Pledges {
    pub(crate) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The cards of one, in the order in which they were asked for.
    pub(crate) fn of(&self, home: u16, saga: u64) -> impl Iterator<Item = &Pledge> {
        self.all.range((home, saga, 0)..=(home, saga, u8::MAX)).map(|(_, pledge)| pledge)
    }

    /// Whether this live hold is one's.
    pub(crate) fn has_hold(&self, lsn: u64) -> bool {
        self.by_hold.contains_key(&lsn)
    }

    /// Whether this hold or redemption is one's.
    pub(crate) fn has(&self, lsn: u64) -> bool {
        self.has_hold(lsn) || self.by_redemption.contains_key(&lsn)
    }

    /// The oldest redemption that home may still have something given back of: its lsn.
    pub(crate) fn oldest_redemption(&self) -> Option<u64> {
        self.by_redemption.first_key_value().map(|(&lsn, _)| lsn)
    }

    /// The cards of one home's orders, of the newest order first.
    pub(crate) fn newest_first_of(&self, home: u16) -> impl Iterator<Item = &Pledge> {
        self.all.range((home, 0, 0)..=(home, u64::MAX, u8::MAX)).rev().map(|(_, pledge)| pledge)
    }

    /// The first home of any from this number on.
    pub(crate) fn next_home(&self, from: u16) -> Option<u16> {
        self.all.range((from, 0, 0)..).next().map(|(&(home, ..), _)| home)
    }

    /// `None` if there is one of its name already.
    pub(crate) fn add(&mut self, pledge: Pledge) -> Option<()> {
        let key = (pledge.home, pledge.saga, pledge.at);
        (!self.all.contains_key(&key)).then(|| self.put(pledge))
    }

    fn put(&mut self, pledge: Pledge) {
        self.digest = self.digest.wrapping_add(contribution(pledge.lsn, &pledge));
        let of = (pledge.home, pledge.saga);
        if !pledge.is_settled {
            self.by_hold.insert(pledge.hold, of);
        }
        if pledge.redemption != 0 {
            self.by_redemption.insert(pledge.redemption, of);
        }
        self.all.insert((pledge.home, pledge.saga, pledge.at), pledge);
    }

    fn remove(&mut self, key: (u16, u64, u8)) -> Pledge {
        let pledge = self.all.remove(&key).expect("I9: a pledge that changes exists");
        self.digest = self.digest.wrapping_sub(contribution(pledge.lsn, &pledge));
        self.by_hold.remove(&pledge.hold);
        self.by_redemption.remove(&pledge.redemption);
        pledge
    }

    /// Changes each card of one.
    pub(crate) fn change(&mut self, home: u16, saga: u64, mut change: impl FnMut(&mut Pledge)) {
        let keys: Vec<u8> = self.of(home, saga).map(|pledge| pledge.at).collect();
        for at in keys {
            let mut pledge = self.remove((home, saga, at));
            change(&mut pledge);
            self.put(pledge);
        }
    }

    /// Nobody asks for it any more.
    pub(crate) fn forget(&mut self, home: u16, saga: u64) {
        let keys: Vec<u8> = self.of(home, saga).map(|pledge| pledge.at).collect();
        for at in keys {
            let pledge = self.remove((home, saga, at));
            assert!(pledge.is_settled, "I8: a pledge that holds is not forgotten");
        }
    }

    pub(crate) fn save<E>(&self, out: &mut Chunks<'_, E>) -> Result<(), E> {
        let mut all: Vec<&Pledge> = self.all.values().collect();
        all.sort_unstable_by_key(|pledge| pledge.lsn);
        all.into_iter().try_for_each(|pledge| out.keyed_one(pledge))?;
        out.end()
    }

    pub(crate) fn restore(&mut self, lsn: u64, fields: &Fields) -> Option<()> {
        self.add(Pledge::restore(lsn, fields)?)
    }

    pub(crate) fn digest(&self) -> u64 {
        self.digest
    }

    /// Bytes of memory that they hold.
    pub(crate) fn memory_bytes(&self) -> u64 {
        let each = size_of::<((u16, u64, u8), Pledge)>() + size_of::<(u64, (u16, u64))>();
        (self.all.len() * each) as u64
    }
}
