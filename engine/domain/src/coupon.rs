//! A coupon or card: whose it is, under which terms, until when, and where its value is.
//!
//! Value is counted so that `available + captured = loaded` at every instant (I2); a one-use coupon
//! holds one unit. EXPIRED is true at the instant the window ends, so it is derived from time and
//! never waits for a timer.

use crate::container::{Entities, Keyed, KeyedEntity};
use crate::digest::{Entity, EntityKind};
use crate::image::{Chunks, Fields, Restore};
use crate::terms::{Terms, Window};

/// Where a coupon stands in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Life {
    /// 已激活: may be used inside its window.
    Active = 1,
    /// 已使用: a one-use coupon after its redemption.
    Used = 2,
    /// 已过期: its window has ended.
    Expired = 3,
}

/// A coupon as the partition keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Coupon {
    /// Its owner's number here.
    pub user: u32,
    /// Its adopted terms.
    pub terms: u32,
    /// The next older coupon of the wallet + 1; 0 = none.
    pub older: u64,
    /// Use window as fixed at issue.
    pub window: Window,
    /// What can be spent: minor units, or one unit of a one-use coupon.
    pub available: i64,
    /// What was spent and not refunded.
    pub captured: i64,
    /// Lsn of its latest event; each event names the one before, so history is a walk back.
    pub last: u64,
    /// Version of the key that seals its code.
    pub key_version: u8,
    /// Whether a refund reopened it past its window.
    pub extended: bool,
}

impl Entity for Coupon {
    const KIND: EntityKind = EntityKind::Coupon;
    fn fields(&self, visit: &mut impl FnMut(u16, u64)) {
        // Users and terms are numbered from 0, and 0 is a default: + 1 keeps the first one counted.
        visit(1, u64::from(self.user) + 1);
        visit(2, u64::from(self.terms) + 1);
        visit(3, self.older);
        visit(4, self.window.from_ms as u64);
        visit(5, self.window.until_ms as u64);
        visit(6, self.available as u64);
        visit(7, self.captured as u64);
        visit(8, self.last);
        visit(9, u64::from(self.key_version));
        visit(10, u64::from(self.extended));
    }
}

impl Restore for Coupon {
    fn restore(_number: u64, fields: &Fields) -> Option<Coupon> {
        Some(Coupon {
            user: fields.one_based(1)?,
            terms: fields.one_based(2)?,
            older: fields.get(3),
            window: Window { from_ms: fields.get(4) as i64, until_ms: fields.get(5) as i64 },
            available: fields.get(6) as i64,
            captured: fields.get(7) as i64,
            last: fields.get(8),
            key_version: fields.narrow(9)?,
            extended: fields.flag(10)?,
        })
    }
}

/// The end of a card's validity after a refund reopened it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Extension {
    coupon: u64,
    pub(crate) until_ms: i64,
}

impl Entity for Extension {
    const KIND: EntityKind = EntityKind::Extension;
    fn fields(&self, visit: &mut impl FnMut(u16, u64)) {
        visit(1, self.until_ms as u64);
    }
}

impl Restore for Extension {
    fn restore(coupon: u64, fields: &Fields) -> Option<Extension> {
        Some(Extension { coupon, until_ms: fields.get(1) as i64 })
    }
}

impl KeyedEntity for Extension {
    fn key(&self) -> u64 {
        self.coupon
    }
    fn at_default(key: u64) -> Extension {
        Extension { coupon: key, until_ms: 0 }
    }
}

impl Coupon {
    /// What was ever loaded onto it: its face value, or one unit.
    pub fn loaded(terms: &Terms) -> i64 {
        if terms.is_stored_value() { terms.face_value() } else { 1 }
    }

    /// Takes `amount` out of what is available.
    fn capture(&mut self, amount: i64, lsn: u64) {
        assert!(amount > 0 && amount <= self.available, "I2: only what is available is captured");
        self.available -= amount;
        self.captured += amount;
        self.last = lsn;
    }

    /// Gives `amount` of what was captured back.
    fn give_back(&mut self, amount: i64, lsn: u64) {
        assert!(amount >= 0 && amount <= self.captured, "I2: only what was captured is refunded");
        self.available += amount;
        self.captured -= amount;
        self.last = lsn;
    }
}

/// All coupons of one partition.
#[derive(Default)]
pub(crate) struct Coupons {
    coupons: Entities<Coupon>,
    extensions: Keyed<Extension>,
}

impl Coupons {
    pub(crate) fn get(&self, number: u64) -> Option<&Coupon> {
        self.coupons.get(number)
    }

    pub(crate) fn next(&self) -> u64 {
        self.coupons.next()
    }

    pub(crate) fn len(&self) -> u64 {
        self.coupons.len()
    }

    pub(crate) fn digest(&self) -> u64 {
        self.coupons.digest().wrapping_add(self.extensions.digest())
    }

    pub(crate) fn save<E>(&self, out: &mut Chunks<'_, E>) -> Result<(), E> {
        out.numbered(&self.coupons)?;
        out.keyed(&self.extensions)
    }

    pub(crate) fn restore(&mut self, number: u64, fields: &Fields) -> Option<()> {
        self.coupons.put_back(number, Coupon::restore(number, fields)?)
    }

    pub(crate) fn restore_extension(&mut self, coupon: u64, fields: &Fields) -> Option<()> {
        self.extensions.put_back(Extension::restore(coupon, fields)?)
    }

    pub(crate) fn add(&mut self, coupon: Coupon) -> u64 {
        self.coupons.push(coupon)
    }

    pub(crate) fn capture(&mut self, number: u64, amount: i64, lsn: u64) {
        self.coupons.change(number, |coupon| coupon.capture(amount, lsn));
    }

    pub(crate) fn give_back(&mut self, number: u64, amount: i64, lsn: u64) {
        self.coupons.change(number, |coupon| coupon.give_back(amount, lsn));
    }

    pub(crate) fn reopen(&mut self, number: u64, until_ms: i64) {
        self.extensions.change(number, |extension| {
            assert!(until_ms > extension.until_ms, "a reopened card never gets shorter");
            extension.until_ms = until_ms;
        });
        self.coupons.change(number, |coupon| coupon.extended = true);
    }

    /// The use window as it stands: the one fixed at issue, or its reopened end.
    pub(crate) fn window(&self, number: u64, coupon: &Coupon) -> Window {
        if coupon.extended { Window { until_ms: self.extensions.get(number).until_ms, ..coupon.window } } else { coupon.window }
    }
}
