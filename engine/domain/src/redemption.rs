//! Redemptions and their refunds, as long as they are in memory.
//!
//! A redemption is named by the lsn of its event. Numbers rise with lsns, so the list is its own
//! index; by (merchant, order, coupon), its natural key, it is found through a table.

use crate::container::{Entities, Table};
use crate::digest::{Entity, EntityKind};

/// A coupon used or a card charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    }
}

/// All redemptions and refunds of one partition.
#[derive(Default)]
pub(crate) struct Redemptions {
    redemptions: Entities<Redemption>,
    by_order: Table<u64>,
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
    pub(crate) fn of_order(&self, order: u128) -> Option<(u64, &Redemption)> {
        let number =
            self.by_order.find(order as u64, |&number| self.get(number).is_some_and(|redemption| redemption.order == order))?;
        Some((number, self.get(number)?))
    }

    /// The redemption whose event has this lsn: by halving, since numbers rise with lsns.
    pub(crate) fn at_lsn(&self, lsn: u64) -> Option<(u64, &Redemption)> {
        let (mut low, mut high) = (self.redemptions.first(), self.redemptions.next());
        while low < high {
            let middle = low + (high - low) / 2;
            if self.get(middle)?.lsn < lsn { low = middle + 1 } else { high = middle }
        }
        self.get(low).filter(|redemption| redemption.lsn == lsn).map(|redemption| (low, redemption))
    }

    pub(crate) fn add(&mut self, redemption: Redemption) -> u64 {
        let number = self.redemptions.push(redemption);
        let redemptions = &self.redemptions;
        let hash = |&number: &u64| redemptions.get(number).expect("an indexed redemption is here").order as u64;
        self.by_order.insert(redemption.order as u64, number, hash);
        number
    }

    pub(crate) fn add_refund(&mut self, refund: Refund) -> u64 {
        self.redemptions.change(refund.redemption, |redemption| {
            redemption.refunded += refund.amount;
            assert!(redemption.refunded <= redemption.applied, "I2: never more is refunded than was applied");
        });
        self.refunds.push(refund)
    }

    pub(crate) fn len(&self) -> u64 {
        self.redemptions.len()
    }

    pub(crate) fn digest(&self) -> u64 {
        self.redemptions.digest().wrapping_add(self.refunds.digest())
    }
}
