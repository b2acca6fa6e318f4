//! Redemptions and their refunds, as long as they are in memory.
//!
//! A redemption is named by the lsn of its event. Numbers rise with lsns, so the list is its own
//! index; by (merchant, order, coupon), its natural key, it is found through a table.

use crate::container::{Entities, Table};
use crate::digest::{Entity, EntityKind};
use crate::image::{Chunks, Fields, Restore};

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

impl Restore for Refund {
    fn restore(_number: u64, fields: &Fields) -> Option<Refund> {
        Some(Refund {
            redemption: fields.one_based(1)?,
            amount: fields.get(2) as i64,
            balance_after: fields.get(3) as i64,
            until_ms: fields.get(4) as i64,
            at_ms: fields.get(5) as i64,
            restored: fields.get(6) as i64,
        })
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

    pub(crate) fn save<E>(&self, out: &mut Chunks<'_, E>) -> Result<(), E> {
        out.numbered(&self.redemptions)?;
        out.numbered(&self.refunds)
    }

    pub(crate) fn restore(&mut self, number: u64, fields: &Fields) -> Option<()> {
        let redemption = Redemption::restore(number, fields)?;
        self.redemptions.put_back(number, redemption)?;
        self.index(redemption.order, number);
        Some(())
    }

    pub(crate) fn restore_refund(&mut self, number: u64, fields: &Fields) -> Option<()> {
        self.refunds.put_back(number, Refund::restore(number, fields)?)
    }

    pub(crate) fn add(&mut self, redemption: Redemption) -> u64 {
        let number = self.redemptions.push(redemption);
        self.index(redemption.order, number);
        number
    }

    fn index(&mut self, order: u128, number: u64) {
        let redemptions = &self.redemptions;
        let hash = |&number: &u64| redemptions.get(number).expect("an indexed redemption is here").order as u64;
        self.by_order.insert(order as u64, number, hash);
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
