//! A coupon or card: whose it is, under which terms, until when, and where its value is.
//!
//! Value is counted so that `available + held + captured + expired + voided = loaded` at every instant (I2, [`Value`]); a
//! one-use coupon holds one unit. What happens to few coupons (a reopened validity, a void, a load that is not what the terms
//! say) lives beside them in an [`Extension`], and marks in the coupon say whether there is one. EXPIRED is true at the
//! instant the window ends, so it is derived from time and never waits for a timer.

use crate::block::Blocks;
use crate::container::{Deadlines, Entities, Keyed, KeyedEntity};
use crate::digest::{Entity, EntityKind};
use crate::image::{Chunks, Fields, Restore};
use crate::planted::{self, Planted};
use crate::terms::{Terms, Window};
use crate::value::Value;

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
    /// 已作废: an operator made it void.
    Void = 4,
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
    /// Why it may not be used for now.
    pub blocks: Blocks,
    /// Whether it was made void.
    pub void: bool,
    /// Whether it was loaded with something else than its terms say, or its load was moved to a replacement.
    pub adjusted: bool,
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
        if !planted::is(Planted::BlocksUncovered) {
            visit(11, u64::from(self.blocks.number()));
        }
        visit(12, u64::from(self.void));
        visit(13, u64::from(self.adjusted));
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
            blocks: Blocks::from_number(fields.narrow(11)?)?,
            void: fields.flag(12)?,
            adjusted: fields.flag(13)?,
        })
    }
}

/// What happened to few coupons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Extension {
    coupon: u64,
    /// The end of its validity after a refund reopened it; 0 = as fixed at issue.
    pub(crate) until_ms: i64,
    /// What was made void.
    pub(crate) voided: i64,
    /// What was loaded, if it is not what its terms say.
    pub(crate) loaded: Option<i64>,
}

impl Entity for Extension {
    const KIND: EntityKind = EntityKind::Extension;
    fn fields(&self, visit: &mut impl FnMut(u16, u64)) {
        visit(1, self.until_ms as u64);
        visit(2, self.voided as u64);
        visit(3, self.loaded.map_or(0, |loaded| loaded as u64 + 1));
    }
}

impl Restore for Extension {
    fn restore(coupon: u64, fields: &Fields) -> Option<Extension> {
        let loaded = fields.get(3).checked_sub(1).map(|loaded| loaded as i64);
        Some(Extension { coupon, until_ms: fields.get(1) as i64, voided: fields.get(2) as i64, loaded })
    }
}

impl KeyedEntity for Extension {
    fn key(&self) -> u64 {
        self.coupon
    }
    fn at_default(key: u64) -> Extension {
        Extension { coupon: key, until_ms: 0, voided: 0, loaded: None }
    }
}

impl Coupon {
    /// A coupon that nothing has happened to yet.
    pub(crate) fn new(user: u32, terms: u32, older: u64, window: Window, loaded: i64, lsn: u64, key_version: u8) -> Coupon {
        Coupon {
            user,
            terms,
            older,
            window,
            available: loaded,
            captured: 0,
            last: lsn,
            key_version,
            extended: false,
            blocks: Blocks::default(),
            void: false,
            adjusted: false,
        }
    }

    /// What was ever loaded onto it: its face value, or one unit.
    pub fn loaded(terms: &Terms) -> i64 {
        if terms.is_stored_value() { terms.face_value() } else { 1 }
    }

    /// Takes `amount` out of what is available: for a hold, an expiry, a void.
    pub(crate) fn take(&mut self, amount: i64) {
        assert!(amount > 0 && amount <= self.available, "I2: only what is available is taken");
        self.available -= amount;
    }

    /// What was taken for a hold is available again.
    pub(crate) fn return_held(&mut self, amount: i64) {
        assert!(amount >= 0, "I2: what comes back is not below zero");
        self.available += amount;
    }

    /// Takes `amount` of what is available.
    pub(crate) fn capture(&mut self, amount: i64) {
        assert!(amount > 0 && amount <= self.available, "I2: only what is available is captured");
        self.available -= amount;
        self.captured += amount;
    }

    /// Gives `amount` of what was captured back.
    pub(crate) fn give_back(&mut self, amount: i64) {
        assert!(amount >= 0 && amount <= self.captured, "I2: only what was captured is refunded");
        self.available += amount;
        self.captured -= amount;
    }
}

/// All coupons of one partition.
#[derive(Default)]
pub(crate) struct Coupons {
    coupons: Entities<Coupon>,
    extensions: Keyed<Extension>,
    /// When what is still available expires; derived.
    deadlines: Deadlines,
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

    /// Bytes of memory of the coupons and their extensions, and of the deadlines.
    pub(crate) fn memory_bytes(&self) -> [u64; 2] {
        [self.coupons.memory_bytes() + self.extensions.memory_bytes(), self.deadlines.memory_bytes()]
    }

    pub(crate) fn save<E>(&self, out: &mut Chunks<'_, E>) -> Result<(), E> {
        out.numbered(&self.coupons)?;
        out.keyed(&self.extensions)
    }

    pub(crate) fn restore(&mut self, number: u64, fields: &Fields) -> Option<()> {
        self.coupons.put_back(number, Coupon::restore(number, fields)?)
    }

    /// What follows from the entities of an image.
    pub(crate) fn derive(&mut self) {
        (0..self.coupons.next()).for_each(|number| self.await_expiry(number));
    }

    pub(crate) fn restore_extension(&mut self, coupon: u64, fields: &Fields) -> Option<()> {
        self.extensions.put_back(Extension::restore(coupon, fields)?)
    }

    pub(crate) fn add(&mut self, coupon: Coupon) -> u64 {
        let number = self.coupons.push(coupon);
        self.await_expiry(number);
        number
    }

    /// Changes a coupon; what becomes available is watched until it expires.
    pub(crate) fn change(&mut self, number: u64, change: impl FnOnce(&mut Coupon)) {
        self.coupons.change(number, change);
        self.await_expiry(number);
    }

    /// Makes the event of this lsn a coupon's latest; gives the one before.
    pub(crate) fn chain(&mut self, number: u64, lsn: u64) -> u64 {
        self.coupons.change(number, |coupon| std::mem::replace(&mut coupon.last, lsn))
    }

    pub(crate) fn reopen(&mut self, number: u64, until_ms: i64) {
        self.extensions.change(number, |extension| {
            assert!(until_ms > extension.until_ms, "a reopened card never gets shorter");
            extension.until_ms = until_ms;
        });
        self.change(number, |coupon| coupon.extended = true);
    }

    /// Makes a coupon void with what is available.
    pub(crate) fn make_void(&mut self, number: u64, amount: i64) {
        self.change(number, |coupon| {
            assert!(!coupon.void && coupon.available == amount, "I9: a coupon is made void once, with all that is available");
            coupon.void = true;
            coupon.available = 0;
        });
        self.extensions.change(number, |extension| extension.voided = amount);
    }

    /// From now on this much was loaded onto a coupon.
    pub(crate) fn load(&mut self, number: u64, loaded: i64) {
        self.extensions.change(number, |extension| extension.loaded = Some(loaded));
        self.coupons.change(number, |coupon| coupon.adjusted = true);
    }

    /// The use window as it stands: the one fixed at issue, or its reopened end.
    pub(crate) fn window(&self, number: u64, coupon: &Coupon) -> Window {
        if coupon.extended { Window { until_ms: self.extensions.get(number).until_ms, ..coupon.window } } else { coupon.window }
    }

    /// The accounts of a coupon, of which `held` is set aside. I2.
    pub(crate) fn value(&self, number: u64, coupon: &Coupon, terms: &Terms, held: i64) -> Value {
        let is_plain = !coupon.void && !coupon.adjusted;
        let (voided, loaded) = match is_plain {
            true => (0, None),
            false => {
                let extension = self.extensions.get(number);
                (extension.voided, extension.loaded)
            }
        };
        let loaded = loaded.unwrap_or_else(|| Coupon::loaded(terms));
        Value::with_rest_expired(loaded, coupon.available, held, coupon.captured, voided)
    }

    /// A coupon with something available whose validity has ended at `now`.
    pub(crate) fn due(&self, now_ms: i64) -> Option<u64> {
        self.deadlines.due(now_ms, |number| self.expires_ms(number))
    }

    /// When what is available of a coupon expires, if anything is and ever does.
    pub(crate) fn expires_ms(&self, number: u64) -> Option<i64> {
        let coupon = self.get(number).filter(|coupon| coupon.available > 0)?;
        Some(self.window(number, coupon).until_ms).filter(|&until_ms| until_ms != 0)
    }

    /// What is available of any coupon does not expire before this; nothing if it never does.
    pub(crate) fn next_expiry_ms(&self) -> Option<i64> {
        self.deadlines.bound_ms()
    }

    fn await_expiry(&mut self, number: u64) {
        if let Some(expires_ms) = self.expires_ms(number) {
            self.deadlines.add(number, expires_ms);
        }
    }
}
