//! Redemptions and their refunds, as long as they are in memory.
//!
//! A redemption is named by the lsn of its event. Numbers rise with lsns, so the list is its own
//! index; by its order it is found through [`Orders`]. A redemption can be refunded for [`REFUND_WINDOW_MS`] and is forgotten a
//! day later, the oldest first.

mod orders;
mod times;

use crate::container::Entities;
use crate::coupon::Life;
use crate::digest::{Entity, EntityKind};
use crate::image::{Chunks, Fields, Restore};
use crate::keyed::OrderKey;
use crate::request::REQUEST_MEMORY_MS;
use orders::{Link, Orders};

/// How long a redemption can be refunded: 30 days.
pub const REFUND_WINDOW_MS: i64 = 30 * 86_400_000;

/// A coupon used or a card charged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Redemption {
    pub(crate) lsn: u64,
    pub(crate) coupon: u64,
    /// Keyed hash of (merchant, order, coupon).
    pub(crate) order: u128,
    /// Order amount, or what was to be charged; minor units.
    pub(crate) amount: i64,
    /// Discount given, or charge made.
    pub(crate) applied: i64,
    /// The card's balance right after; 0 for a one-use coupon.
    pub(crate) balance_after: i64,
    pub(crate) at_ms: i64,
    /// What of `applied` was refunded.
    pub(crate) refunded: i64,
    /// Keyed hash of (merchant, order); 0 = not kept, as in events of the first version.
    pub(crate) order_only: u64,
    /// Derived: its place among the redemptions of its order, which it is given when it is added.
    pub(crate) link: Link,
}

impl Redemption {
    /// Whether its refund window has passed: true at the instant, whether it is forgotten yet or not.
    pub(crate) fn is_archived(&self, now_ms: i64) -> bool {
        self.at_ms + REFUND_WINDOW_MS <= now_ms
    }

    /// Whether somebody who asks again may be given its outcome: it stands, and what is remembered of it ends with its window.
    pub(crate) fn may_be_joined(&self, now_ms: i64) -> bool {
        self.refunded == 0 && !self.is_archived(now_ms)
    }

    fn order_key(&self) -> OrderKey {
        OrderKey { natural: self.order, order_only: self.order_only }
    }

    /// What of it was not refunded.
    pub(crate) fn left(&self) -> i64 {
        self.applied - self.refunded
    }
}

impl Entity for Redemption {
    const KIND: EntityKind = EntityKind::Redemption;
    fn fields(&self, visit: &mut impl FnMut(u16, u64)) {
        visit(1, self.lsn);
        visit(2, self.coupon + 1);
        visit(3, self.order as u64);
        visit(4, (self.order >> 64) as u64);
        visit(5, self.amount as u64);
        visit(6, self.applied as u64);
        visit(7, self.balance_after as u64);
        visit(8, self.at_ms as u64);
        visit(9, self.refunded as u64);
        visit(10, self.order_only);
    }
}

impl Restore for Redemption {
    fn restore(_number: u64, fields: &Fields) -> Option<Redemption> {
        Some(Redemption {
            lsn: fields.get(1),
            coupon: fields.one_based(2)?,
            order: fields.wide(3),
            amount: fields.get(5) as i64,
            applied: fields.get(6) as i64,
            balance_after: fields.get(7) as i64,
            at_ms: fields.get(8) as i64,
            refunded: fields.get(9) as i64,
            order_only: fields.get(10),
            link: Link::default(),
        })
    }
}

/// One refund of a redemption.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refund {
    /// The redemption's number.
    pub(crate) redemption: u64,
    pub(crate) amount: i64,
    /// What came back to the coupon.
    pub(crate) restored: i64,
    pub(crate) balance_after: i64,
    /// End of the coupon's validity right after, 0 = none.
    pub(crate) until_ms: i64,
    pub(crate) at_ms: i64,
    /// The coupon that stands for a void one from then on: number + 1, 0 = none.
    pub(crate) replacement: u64,
    /// What the coupon was right after, where that does not follow from the rest: a refund that was not the first under
    /// [`RefundPolicy::Any`](crate::terms::RefundPolicy::Any).
    pub(crate) life: Option<Life>,
}

impl Entity for Refund {
    const KIND: EntityKind = EntityKind::Refund;
    fn fields(&self, visit: &mut impl FnMut(u16, u64)) {
        visit(1, self.redemption + 1);
        visit(2, self.amount as u64);
        visit(3, self.balance_after as u64);
        visit(4, self.until_ms as u64);
        visit(5, self.at_ms as u64);
        visit(6, self.restored as u64);
        visit(7, self.replacement);
        visit(8, self.life.map_or(0, |life| life as u64));
    }
}

impl Restore for Refund {
    fn restore(_number: u64, fields: &Fields) -> Option<Refund> {
        Some(Refund {
            redemption: fields.one_based(1)?,
            amount: fields.get(2) as i64,
            balance_after: fields.get(3) as i64,
            until_ms: fields.get(4) as i64,
            at_ms: fields.get(5) as i64,
            restored: fields.get(6) as i64,
            replacement: fields.get(7),
            life: match fields.narrow(8)? {
                0 => None,
                number => Some(Life::from_number(number)?),
            },
        })
    }
}

/// All redemptions and refunds of one partition.
#[derive(Default)]
pub(crate) struct Redemptions {
    redemptions: Entities<Redemption>,
    orders: Orders,
    refunds: Entities<Refund>,
}

impl Redemptions {
    pub(crate) fn get(&self, number: u64) -> Option<&Redemption> {
        self.redemptions.get(number)
    }

    pub(crate) fn refund(&self, number: u64) -> Option<&Refund> {
        self.refunds.get(number)
    }

    /// The redemption of this natural key.
    pub(crate) fn of_order(&self, key: OrderKey) -> Option<(u64, &Redemption)> {
        let number = self.orders.find(&self.redemptions, key)?;
        Some((number, self.get(number)?))
    }

    /// Reads ahead what [`Redemptions::of_order`] will read; the number means nothing.
    pub(crate) fn touch(&self, key: OrderKey) -> u64 {
        self.orders.touch(key)
    }

    /// The redemption whose event has this lsn.
    pub(crate) fn at_lsn(&self, lsn: u64) -> Option<(u64, &Redemption)> {
        self.redemptions.find_rising(lsn, |redemption| redemption.lsn)
    }

    /// Whether this lsn is older than what is kept, and may have been a redemption.
    pub(crate) fn may_have_forgotten(&self, lsn: u64) -> bool {
        let oldest = self.get(self.redemptions.first());
        self.redemptions.first() > 0 && lsn > 0 && oldest.is_none_or(|oldest| lsn < oldest.lsn)
    }

    /// The redemptions of this order, newest first.
    pub(crate) fn of_order_only(&self, order_only: u64) -> impl Iterator<Item = &Redemption> {
        self.orders.of(&self.redemptions, order_only).map(|(_, redemption)| redemption)
    }

    /// The redemptions of a coupon that are here, newest first. Looks at all redemptions.
    pub(crate) fn of_coupon(&self, coupon: u64) -> impl Iterator<Item = &Redemption> {
        let all = (self.redemptions.first()..self.redemptions.next()).rev().filter_map(|number| self.get(number));
        all.filter(move |redemption| redemption.coupon == coupon)
    }

    pub(crate) fn save<E>(&self, out: &mut Chunks<'_, E>) -> Result<(), E> {
        out.numbered(&self.redemptions)?;
        out.numbered(&self.refunds)
    }

    /// Goes on after so many redemptions and refunds that are no longer here.
    pub(crate) fn begin_at(&mut self, redemptions: u64, refunds: u64) -> Option<()> {
        self.redemptions.begin_at(redemptions)?;
        self.refunds.begin_at(refunds)
    }

    pub(crate) fn restore(&mut self, number: u64, fields: &Fields) -> Option<()> {
        assert!(self.orders.is_put_off(), "what comes back from an image waits for its indexes");
        self.redemptions.put_back(number, Redemption::restore(number, fields)?)
    }

    /// From now on redemptions come from a journal that is rebuilt, and wait to be found by their orders.
    pub(crate) fn put_off(&mut self) {
        self.orders.put_off(&self.redemptions);
    }

    /// All that wait are found by their orders from now on. The number of one whose natural key another has, if there is one. I5.
    pub(crate) fn catch_up(&mut self) -> Result<(), u64> {
        self.orders.catch_up(&mut self.redemptions)
    }

    pub(crate) fn restore_refund(&mut self, number: u64, fields: &Fields) -> Option<()> {
        self.refunds.put_back(number, Refund::restore(number, fields)?)
    }

    pub(crate) fn add(&mut self, redemption: Redemption) -> u64 {
        let number = self.redemptions.push(redemption);
        if !self.orders.is_put_off() {
            self.orders.add(&mut self.redemptions, number).expect("I5: an order redeems a coupon once");
        }
        number
    }

    pub(crate) fn add_refund(&mut self, refund: Refund) -> u64 {
        self.redemptions.change(refund.redemption, |redemption| {
            redemption.refunded += refund.amount;
            assert!(redemption.refunded <= redemption.applied, "I2: never more is refunded than was applied");
        });
        self.refunds.push(refund)
    }

    /// Forgets redemptions of a lower number than this.
    pub(crate) fn forget_before(&mut self, before: u64) {
        assert!(before <= self.redemptions.next(), "only what was redeemed is forgotten");
        while self.redemptions.first() < before {
            let (number, redemption) = self.redemptions.forget_first().expect("the first redemption is here");
            self.orders.forget(number, &redemption);
        }
    }

    /// Forgets refunds of a lower number than this.
    pub(crate) fn forget_refunds_before(&mut self, before: u64) {
        assert!(before <= self.refunds.next(), "only what was refunded is forgotten");
        while self.refunds.first() < before {
            self.refunds.forget_first().expect("the first refund is here");
        }
    }

    /// Up to which number redemptions may be forgotten at `now`, if any: those past their window and a day, to which no
    /// remembered request refers; bounded.
    pub(crate) fn forgettable(&self, now_ms: i64, at_most: u64, is_referred: impl Fn(i64) -> bool) -> Option<u64> {
        self.redemptions.gone_before(at_most, |redemption| {
            let window_ms = redemption.at_ms + REFUND_WINDOW_MS;
            window_ms + REQUEST_MEMORY_MS <= now_ms && !is_referred(window_ms)
        })
    }

    /// The same for refunds, a day after each.
    pub(crate) fn forgettable_refunds(&self, now_ms: i64, at_most: u64, is_referred: impl Fn(i64) -> bool) -> Option<u64> {
        self.refunds.gone_before(at_most, |refund| refund.at_ms + REQUEST_MEMORY_MS <= now_ms && !is_referred(refund.at_ms))
    }

    /// The number that the next redemption will get.
    pub(crate) fn next(&self) -> u64 {
        self.redemptions.next()
    }

    /// The number that the next refund will get.
    pub(crate) fn refunds_next(&self) -> u64 {
        self.refunds.next()
    }

    /// How many redemptions and how many refunds have left; they are numbered through.
    pub(crate) fn forgotten(&self) -> [u64; 2] {
        [self.redemptions.first(), self.refunds.first()]
    }

    pub(crate) fn len(&self) -> u64 {
        self.redemptions.len()
    }

    pub(crate) fn digest(&self) -> u64 {
        self.redemptions.digest().wrapping_add(self.refunds.digest())
    }

    /// Bytes of memory of the redemptions and refunds, and of the index by order.
    pub(crate) fn memory_bytes(&self) -> [u64; 2] {
        [self.redemptions.memory_bytes() + self.refunds.memory_bytes(), self.orders.memory_bytes()]
    }
}
