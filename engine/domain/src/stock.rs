//! The durable side of stock: what home granted and got back, what a lessee received, returned, sold and got back.
//!
//! Every number is cumulative and written by one side only (`lease` holds the protocol). The identity
//! *total = free + Σ(granted − reclaimed)* holds by construction; what can go wrong is a term below
//! zero, so each term is asserted where it changes. I1. Budgets and days are counted like stocks; what stays of a day that is
//! over is dropped, so that days do not add up for ever.

mod entity;
mod pools;

pub use entity::{Home, Lessee, Share};

use crate::digest::EntityKind;
use crate::image::{Chunks, Fields, Restore};
use crate::planted::{self, Planted};
use crate::pool::{Need, Pool};
use entity::Counted;
use pools::{Other, Pools};
use std::collections::BTreeSet;

/// All pools and all leases of one partition.
#[derive(Default)]
pub struct Stock {
    homes: Pools<Home>,
    shares: Pools<Share>,
    lessees: Pools<Lessee>,
    /// The days that anything is counted of here, with their templates, the oldest first; derived.
    days: BTreeSet<(i32, u32)>,
}

/// A home shares with every partition that there may be.
const PARTITIONS_MAX: u16 = 256;

impl Stock {
    /// A pool whose home is here; not opened if nobody asked yet.
    pub fn home(&self, pool: Pool) -> Home {
        self.homes.get(pool, 0)
    }

    /// What home knows of a lessee.
    pub fn share(&self, pool: Pool, partition: u16) -> Share {
        self.shares.get(pool, partition)
    }

    /// The lease of a pool here.
    #[inline]
    pub fn lessee(&self, pool: Pool) -> Lessee {
        self.lessees.get(pool, 0)
    }

    /// The pools that have a lease here that is not at its default, in an order that means nothing.
    pub fn leases(&self) -> impl Iterator<Item = Pool> {
        self.lessees.iter().map(|lessee| lessee.pool())
    }

    /// The pools that were opened here, in an order that means nothing.
    pub fn opened(&self) -> impl Iterator<Item = Pool> {
        self.homes.iter().map(|home| home.pool())
    }

    /// What all of it adds to the state digest.
    pub fn digest(&self) -> u64 {
        self.homes.digest().wrapping_add(self.shares.digest()).wrapping_add(self.lessees.digest())
    }

    /// Bytes of memory that it holds.
    pub(crate) fn memory_bytes(&self) -> u64 {
        self.homes.memory_bytes() + self.shares.memory_bytes() + self.lessees.memory_bytes()
    }

    /// A day's pool that is counted here and is long over, the oldest first.
    pub(crate) fn day_over(&self, now_ms: i64) -> Option<Pool> {
        let oldest = self.days.first().map(|&(day, template)| Pool::day(template, day));
        oldest.filter(|day| day.is_over(now_ms))
    }

    pub(crate) fn save<E>(&self, out: &mut Chunks<'_, E>) -> Result<(), E> {
        out.keyed(self.homes.stocks())?;
        out.keyed(self.shares.stocks())?;
        out.keyed(self.lessees.stocks())?;
        if planted::is(Planted::PoolsLeftOutOfImage) {
            return Ok(());
        }
        out.keyed(self.homes.others())?;
        out.keyed(self.shares.others())?;
        out.keyed(self.lessees.others())
    }

    /// Homes come before the shares that say what is out of them.
    pub(crate) fn restore(&mut self, kind: EntityKind, key: u64, fields: &Fields) -> Option<()> {
        match kind {
            EntityKind::Home => self.homes.put_stock_back(Home::restore(key, fields)?),
            EntityKind::PoolHome => {
                let Other(home) = Other::<Home>::restore(key, fields)?;
                self.note_day(home.pool());
                self.homes.put_other_back(home)
            }
            EntityKind::HomeLessee => {
                let share = Share::restore(key, fields)?;
                self.shares.put_stock_back(share)?;
                self.restore_out(&share)
            }
            EntityKind::PoolShare => {
                let Other(share) = Other::<Share>::restore(key, fields)?;
                self.shares.put_other_back(share)?;
                self.restore_out(&share)
            }
            EntityKind::Lessee => self.lessees.put_stock_back(Lessee::restore(key, fields)?),
            EntityKind::PoolLessee => {
                let Other(lessee) = Other::<Lessee>::restore(key, fields)?;
                self.note_day(lessee.pool());
                self.lessees.put_other_back(lessee)
            }
            _ => None,
        }
    }

    fn restore_out(&mut self, share: &Share) -> Option<()> {
        let out = share.granted.checked_sub(share.reclaimed)?;
        self.homes.change(share.pool(), 0, |home| home.out = home.out.saturating_add(out));
        Some(())
    }

    pub(crate) fn open(&mut self, pool: Pool, total: u64) {
        self.note_day(pool);
        self.homes.change(pool, 0, |home| {
            assert!(!home.opened, "I1: a pool is opened once");
            home.opened = true;
            home.total = total;
        });
    }

    pub(crate) fn set_total(&mut self, pool: Pool, from: u64, to: u64) {
        self.homes.change(pool, 0, |home| {
            assert!(home.opened && home.total == from, "I1: the total was {from}");
            assert!(home.out <= to, "I1: what is out stays within the total");
            home.total = to;
        });
    }

    pub(crate) fn grant(&mut self, pool: Pool, partition: u16, granted: u64) {
        let more = self.shares.change(pool, partition, |share| {
            assert!(granted > share.granted, "I1: grants only rise");
            std::mem::replace(&mut share.granted, granted).abs_diff(granted)
        });
        self.homes.change(pool, 0, |home| {
            home.out += more;
            assert!(home.out <= home.total, "I1: no more is out than there is");
        });
    }

    pub(crate) fn reclaim(&mut self, pool: Pool, partition: u16, reclaimed: u64) {
        let back = self.shares.change(pool, partition, |share| {
            assert!(reclaimed > share.reclaimed && reclaimed <= share.granted, "I1: only what was granted comes back");
            std::mem::replace(&mut share.reclaimed, reclaimed).abs_diff(reclaimed)
        });
        self.homes.change(pool, 0, |home| {
            assert!(home.out >= back, "I1: only what is out comes back");
            home.out -= back;
        });
    }

    pub(crate) fn receive(&mut self, pool: Pool, received: u64) {
        self.note_day(pool);
        self.lessees.change(pool, 0, |lessee| {
            assert!(received > lessee.received, "I1: what is received only rises");
            lessee.received = received;
        });
    }

    pub(crate) fn give_back(&mut self, pool: Pool, returned: u64) {
        self.lessees.change(pool, 0, |lessee| {
            assert!(
                returned > lessee.returned && returned - lessee.returned <= lessee.unsold(),
                "I1: only the unsold is returned"
            );
            lessee.returned = returned;
        });
    }

    /// The pool that a claim takes from: the one that it names.
    #[inline]
    pub(crate) fn source(&self, need: Need) -> Pool {
        if !planted::is(Planted::DaySoldAfterMidnight) {
            return need.pool;
        }
        let has_some = |day: &Pool| self.lessee(*day).unsold() >= need.amount;
        need.pool.day_before().filter(has_some).unwrap_or(need.pool)
    }

    pub(crate) fn issue(&mut self, need: Need) {
        let pool = self.source(need);
        self.lessees.change(pool, 0, |lessee| {
            assert!(lessee.unsold() >= need.amount, "I1: never oversold");
            lessee.issued += need.amount;
        });
    }

    pub(crate) fn restock(&mut self, need: Need) {
        let times = if planted::is(Planted::RestockedTwice) { 2 } else { 1 };
        self.lessees.change(need.pool, 0, |lessee| {
            lessee.restocked += need.amount * times;
            assert!(lessee.restocked <= lessee.issued, "I1: only what was issued comes back");
        });
    }

    /// Forgets a day's pool, at its home and as it is leased here.
    pub(crate) fn drop_day(&mut self, template: u32, day: i32) {
        let pool = Pool::day(template, day);
        self.days.remove(&(day, template));
        if self.home(pool).opened {
            (0..PARTITIONS_MAX).for_each(|partition| self.shares.forget(pool, partition));
        }
        self.homes.forget(pool, 0);
        self.lessees.forget(pool, 0);
    }

    fn note_day(&mut self, pool: Pool) {
        if let Some(day) = pool.local_day() {
            self.days.insert((day, pool.template()));
        }
    }
}
