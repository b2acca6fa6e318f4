//! A coupon or card: whose it is, under which terms, until when, and where its value is.
//!
//! Value is counted so that `available + held + captured + expired + voided + given = loaded` at every instant (I2, [`Value`]); a
//! one-use coupon holds one unit. What happens to few coupons (a reopened validity, a void, a load that is not what the terms
//! say) lives beside them in an [`Extension`], and marks in the coupon say whether there is one. EXPIRED is true at the
//! instant the window ends, so it is derived from time and never waits for a timer.

use crate::block::Blocks;
use crate::compact::{Amount, Lsn, Ms, Number};
use crate::container::{DEADLINES_CHUNK, Deadlines, Entities, Keyed, KeyedEntity};
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
    /// 转赠中: offered to whoever has the token; it may come back.
    Gifting = 5,
    /// 已转赠: somebody else has it now.
    Given = 6,
    /// 未激活: a card of a batch that was not sold yet.
    Unactivated = 7,
}

impl Life {
    /// The one of this number.
    pub(crate) fn from_number(number: u8) -> Option<Life> {
        use Life::*;
        [Active, Used, Expired, Void, Gifting, Given, Unactivated].into_iter().find(|&life| life as u8 == number)
    }
}

/// A coupon as the partition keeps it: 48 bytes, because coupons are many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Coupon {
    /// Its owner's number here, or [`NOBODY`].
    user: u32,
    /// Its adopted terms.
    pub terms: u32,
    older: Number,
    from_ms: Ms,
    until_ms: Ms,
    available: Amount,
    captured: Amount,
    last: Lsn,
    /// What is so or not, by the bits below.
    marks: u8,
    /// Version of the key that seals its code.
    pub key_version: u8,
}

const _: () = assert!(size_of::<Coupon>() == 48);

/// The owner of what belongs to whoever has its code; no user has this number.
const NOBODY: u32 = u32::MAX;

/// A deadline that has passed.
const AT_ONCE_MS: i64 = 0;

/// The lowest marks are the blocks.
const BLOCKS: u8 = 7;

/// A refund reopened it past its window.
const EXTENDED: u8 = 8;

/// It was made void.
const VOID: u8 = 16;

/// It was loaded with something else than its terms say, or its load was moved to a replacement.
const ADJUSTED: u8 = 32;

/// It came as a gift, or went as one: what did stands beside it.
const GIFT: u8 = 64;

/// It is a card that was not activated yet: nothing was loaded onto it.
const UNACTIVATED: u8 = 128;

impl Entity for Coupon {
    const KIND: EntityKind = EntityKind::Coupon;
    fn fields(&self, visit: &mut impl FnMut(u16, u64)) {
        // Users and terms are numbered from 0, and 0 is a default: + 1 keeps the first one counted.
        visit(1, self.owner().map_or(0, |owner| u64::from(owner) + 1));
        visit(2, u64::from(self.terms) + 1);
        visit(3, self.older.get());
        visit(4, self.from_ms.get());
        visit(5, self.until_ms.get());
        visit(6, self.available.get());
        visit(7, self.captured.get());
        visit(8, self.last.get());
        visit(9, u64::from(self.key_version));
        visit(10, u64::from(self.is(EXTENDED)));
        if !planted::is(Planted::BlocksUncovered) {
            visit(11, u64::from(self.blocks().number()));
        }
        visit(12, u64::from(self.is(VOID)));
        visit(13, u64::from(self.is(ADJUSTED)));
        visit(14, u64::from(self.is(GIFT)));
        visit(15, u64::from(self.is(UNACTIVATED)));
    }
}

impl Restore for Coupon {
    fn restore(_number: u64, fields: &Fields) -> Option<Coupon> {
        let blocks = Blocks::from_number(fields.narrow(11)?)?;
        let mut coupon = Coupon {
            user: if fields.get(1) == 0 { NOBODY } else { fields.one_based(1).filter(|&user| user != NOBODY)? },
            terms: fields.one_based(2)?,
            older: Number::new(fields.get(3))?,
            from_ms: Ms::new(fields.get(4))?,
            until_ms: Ms::new(fields.get(5))?,
            available: Amount::new(fields.get(6))?,
            captured: Amount::new(fields.get(7))?,
            last: Lsn::new(fields.get(8))?,
            marks: blocks.number(),
            key_version: fields.narrow(9)?,
        };
        for (field, mark) in [(10, EXTENDED), (12, VOID), (13, ADJUSTED), (14, GIFT), (15, UNACTIVATED)] {
            coupon.marks |= if fields.flag(field)? { mark } else { 0 };
        }
        Some(coupon)
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
    /// What was given to somebody else; 0 = it was not.
    pub(crate) given: i64,
    /// What it came with, if it came as a gift; 0 = it did not.
    pub(crate) received: i64,
    /// By which gift it came: the sender's partition, and the lsn of the gift there.
    pub(crate) origin: (u16, u64),
}

impl Entity for Extension {
    const KIND: EntityKind = EntityKind::Extension;
    fn fields(&self, visit: &mut impl FnMut(u16, u64)) {
        visit(1, self.until_ms as u64);
        visit(2, self.voided as u64);
        if !planted::is(Planted::LoadsUncovered) {
            visit(3, self.loaded.map_or(0, |loaded| loaded as u64 + 1));
        }
        visit(4, self.given as u64);
        visit(5, self.received as u64);
        visit(6, u64::from(self.origin.0));
        visit(7, self.origin.1);
    }
}

impl Restore for Extension {
    fn restore(coupon: u64, fields: &Fields) -> Option<Extension> {
        let loaded = fields.get(3).checked_sub(1).map(|loaded| loaded as i64);
        let [until_ms, voided, given, received] = [1, 2, 4, 5].map(|field| fields.get(field) as i64);
        let origin = (fields.narrow(6)?, fields.get(7));
        Some(Extension { coupon, until_ms, voided, loaded, given, received, origin })
    }
}

impl KeyedEntity for Extension {
    fn key(&self) -> u64 {
        self.coupon
    }
    fn at_default(key: u64) -> Extension {
        Extension { coupon: key, until_ms: 0, voided: 0, loaded: None, given: 0, received: 0, origin: (0, 0) }
    }
}

impl Coupon {
    /// A coupon that nothing has happened to yet; its numbers are those of an event that may be applied.
    pub(crate) fn new(
        owner: Option<u32>,
        terms: u32,
        older: u64,
        window: Window,
        loaded: i64,
        lsn: u64,
        key_version: u8,
    ) -> Coupon {
        Coupon {
            user: owner.unwrap_or(NOBODY),
            terms,
            older: Number::of(older),
            from_ms: Ms::of_signed(window.from_ms),
            until_ms: Ms::of_signed(window.until_ms),
            available: Amount::of_signed(loaded),
            captured: Amount::default(),
            last: Lsn::of(lsn),
            marks: 0,
            key_version,
        }
    }

    /// A card of a batch: whose code one has, whose it is. Nothing is on it, and no window counts yet.
    pub(crate) fn unactivated(terms: u32, older: u64, lsn: u64, key_version: u8) -> Coupon {
        let new = Coupon::new(None, terms, older, Window::default(), 0, lsn, key_version);
        Coupon { marks: UNACTIVATED, ..new }
    }

    /// From now on its face value is on it, and it may be used in this window.
    pub(crate) fn activate(&mut self, window: Window, loaded: i64) {
        self.marks &= !UNACTIVATED;
        (self.from_ms, self.until_ms) = (Ms::of_signed(window.from_ms), Ms::of_signed(window.until_ms));
        self.set_available(loaded);
    }

    /// Its owner's number here; `None` if it belongs to whoever has its code.
    pub fn owner(&self) -> Option<u32> {
        (self.user != NOBODY).then_some(self.user)
    }

    /// The next older coupon of the wallet, or of the share of its batch, + 1; 0 = none.
    pub fn older(&self) -> u64 {
        self.older.get()
    }

    /// Use window as fixed at issue.
    pub fn window(&self) -> Window {
        Window { from_ms: self.from_ms.signed(), until_ms: self.until_ms.signed() }
    }

    /// What can be spent: minor units, or one unit of a one-use coupon.
    pub fn available(&self) -> i64 {
        self.available.signed()
    }

    /// What was spent and not refunded.
    pub fn captured(&self) -> i64 {
        self.captured.signed()
    }

    /// Lsn of its latest event; each event names the one before, so history is a walk back.
    pub fn last(&self) -> u64 {
        self.last.get()
    }

    /// Why it may not be used for now.
    pub fn blocks(&self) -> Blocks {
        Blocks::from_number(self.marks & BLOCKS).expect("these bits are blocks")
    }

    pub(crate) fn set_blocks(&mut self, blocks: Blocks) {
        self.marks = self.marks & !BLOCKS | blocks.number();
    }

    /// Whether it came as a gift, or went as one.
    pub(crate) fn is_of_gift(&self) -> bool {
        self.is(GIFT)
    }

    /// Whether it was made void.
    pub fn is_void(&self) -> bool {
        self.is(VOID)
    }

    /// Whether it still waits for its activation.
    pub fn is_unactivated(&self) -> bool {
        self.is(UNACTIVATED)
    }

    /// Whether nothing was ever on it but what its terms say, and nothing was taken off it but by using it: no void, no gift, no other load.
    pub(crate) fn is_plain(&self) -> bool {
        !self.is(VOID | ADJUSTED | GIFT | UNACTIVATED)
    }

    fn is(&self, mark: u8) -> bool {
        self.marks & mark != 0
    }

    /// What was ever loaded onto it: its face value, or one unit.
    pub fn loaded(terms: &Terms) -> i64 {
        if terms.is_stored_value() { terms.face_value() } else { 1 }
    }

    /// Takes `amount` out of what is available: for a hold, an expiry, a void.
    pub(crate) fn take(&mut self, amount: i64) {
        assert!(amount > 0 && amount <= self.available(), "I2: only what is available is taken");
        self.set_available(self.available() - amount);
    }

    /// What was taken for a hold is available again.
    pub(crate) fn return_held(&mut self, amount: i64) {
        assert!(amount >= 0, "I2: what comes back is not below zero");
        self.set_available(self.available() + amount);
    }

    /// Adds to what is available, or takes from it if `amount` is below zero.
    pub(crate) fn add_available(&mut self, amount: i64) {
        assert!(self.available() + amount >= 0, "I2: only what is available is taken");
        self.set_available(self.available() + amount);
    }

    /// Takes `amount` of what is available.
    pub(crate) fn capture(&mut self, amount: i64) {
        self.take(amount);
        self.set_captured(self.captured() + amount);
    }

    /// Gives `amount` of what was captured back.
    pub(crate) fn give_back(&mut self, amount: i64) {
        self.uncapture(amount);
        self.set_available(self.available() + amount);
    }

    /// Takes `amount` of what was captured away.
    pub(crate) fn uncapture(&mut self, amount: i64) {
        assert!(amount >= 0 && amount <= self.captured(), "I2: only what was captured is refunded");
        self.set_captured(self.captured() - amount);
    }

    fn set_available(&mut self, amount: i64) {
        self.available = Amount::of_signed(amount);
    }

    fn set_captured(&mut self, amount: i64) {
        self.captured = Amount::of_signed(amount);
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
        self.coupons.change(number, |coupon| std::mem::replace(&mut coupon.last, Lsn::of(lsn)).get())
    }

    /// Makes the event of this lsn a coupon's latest and changes what it changes; gives the one before.
    pub(crate) fn change_chained(&mut self, number: u64, lsn: u64, change: impl FnOnce(&mut Coupon)) -> u64 {
        let before = self.coupons.change(number, |coupon| {
            change(coupon);
            std::mem::replace(&mut coupon.last, Lsn::of(lsn)).get()
        });
        self.await_expiry(number);
        before
    }

    pub(crate) fn reopen(&mut self, number: u64, until_ms: i64) {
        self.extensions.change(number, |extension| {
            assert!(until_ms > extension.until_ms, "a reopened card never gets shorter");
            extension.until_ms = until_ms;
        });
        self.change(number, |coupon| coupon.marks |= EXTENDED);
    }

    /// Makes a coupon void with what is available.
    pub(crate) fn make_void(&mut self, number: u64, amount: i64) {
        self.change(number, |coupon| {
            assert!(
                !coupon.is_void() && coupon.available() == amount,
                "I9: a coupon is made void once, with all that is available"
            );
            coupon.marks |= VOID;
            coupon.available = Amount::default();
        });
        self.extensions.change(number, |extension| extension.voided = amount);
    }

    /// Makes what is available of a coupon void with its template: again where more came back to it.
    pub(crate) fn void_rest(&mut self, number: u64, amount: i64) {
        self.change(number, |coupon| {
            assert_eq!(coupon.available(), amount, "I2: all that is available becomes void");
            coupon.marks |= VOID;
            coupon.available = Amount::default();
        });
        self.extensions.change(number, |extension| extension.voided += amount);
    }

    /// From now on this much was loaded onto a coupon.
    pub(crate) fn load(&mut self, number: u64, loaded: i64) {
        self.extensions.change(number, |extension| extension.loaded = Some(loaded));
        self.coupons.change(number, |coupon| coupon.marks |= ADJUSTED);
    }

    /// Gives all that is available of a coupon to somebody else.
    pub(crate) fn give(&mut self, number: u64, amount: i64) {
        self.change(number, |coupon| {
            assert_eq!(coupon.available(), amount, "I2: all that is available is given");
            coupon.take(amount);
            coupon.marks |= GIFT;
        });
        self.extensions.change(number, |extension| {
            assert_eq!(extension.given, 0, "I9: a coupon is given once");
            extension.given = amount;
        });
    }

    /// A new coupon came with this much by a gift: of which partition, and of which lsn there.
    pub(crate) fn mark_received(&mut self, number: u64, amount: i64, origin: (u16, u64)) {
        self.extensions.change(number, |extension| (extension.received, extension.origin) = (amount, origin));
        self.coupons.change(number, |coupon| coupon.marks |= GIFT);
    }

    /// The use window as it stands: the one fixed at issue, or its reopened end.
    pub(crate) fn window(&self, number: u64, coupon: &Coupon) -> Window {
        let fixed = coupon.window();
        if coupon.is(EXTENDED) { Window { until_ms: self.extensions.get(number).until_ms, ..fixed } } else { fixed }
    }

    /// The accounts of a coupon, of which `held` is set aside. I2.
    pub(crate) fn value(&self, number: u64, coupon: &Coupon, terms: &Terms, held: i64) -> Value {
        let (available, captured) = (coupon.available(), coupon.captured());
        let plain = Value { loaded: Coupon::loaded(terms), available, held, captured, ..Value::default() };
        match coupon.is(UNACTIVATED | VOID | ADJUSTED | GIFT) {
            true => self.extended_value(number, coupon, plain),
            false => plain.rest_expired(),
        }
    }

    /// The same of one that is not as its terms say.
    #[cold]
    fn extended_value(&self, number: u64, coupon: &Coupon, plain: Value) -> Value {
        if coupon.is_unactivated() {
            return Value::default();
        }
        let Extension { voided, given, received, loaded, .. } = self.extensions.get(number);
        let first = if received > 0 { received } else { plain.loaded };
        Value { loaded: loaded.unwrap_or(first), voided, given, received, ..plain }.rest_expired()
    }

    /// A coupon that something is due of at `now`, by what is said of each.
    pub(crate) fn due(&self, now_ms: i64, deadline_of: impl Fn(u64) -> Option<i64>) -> Option<u64> {
        self.deadlines.due(now_ms, deadline_of)
    }

    /// Every coupon may be due from now on. Costs a mark for each 1,024 of them.
    pub(crate) fn look_at_all(&mut self) {
        (0..self.coupons.next()).step_by(DEADLINES_CHUNK).for_each(|number| self.deadlines.add(number, AT_ONCE_MS));
    }

    /// This one may be.
    pub(crate) fn look_at(&mut self, number: u64) {
        self.deadlines.add(number, AT_ONCE_MS);
    }

    /// When what is available of a coupon expires, if anything is and ever does; at once if it came back to one that is void.
    pub(crate) fn expires_ms(&self, number: u64) -> Option<i64> {
        let coupon = self.get(number).filter(|coupon| coupon.available() > 0)?;
        if coupon.is_void() {
            return Some(AT_ONCE_MS);
        }
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
