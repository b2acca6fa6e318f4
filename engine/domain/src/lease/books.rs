//! Home's durable numbers of one pool during one call: the stock plus what the call has changed.
//!
//! The engine applies a call's events only after the call. So that the second decision of a call
//! sees the first, every change goes through here: it emits the event and moves the local copy.

use super::message::{Effects, Message, To, leased, opened};
use crate::event::Step;
use crate::planted::{self, Planted};
use crate::pool::Pool;
use crate::stock::{Share, Stock};
use std::collections::BTreeMap;

/// One pool at its home, inside one call.
pub(super) struct Books<'a> {
    stock: &'a Stock,
    pub(super) effects: &'a mut Effects,
    pub(super) pool: Pool,
    /// Partitions in all.
    pub(super) partitions: u16,
    pub(super) total: u64,
    /// Pieces granted to nobody.
    pub(super) free: u64,
    changed: BTreeMap<u16, Share>,
}

impl<'a> Books<'a> {
    /// The books of a pool; opens it at first demand. `None` while neither the stock nor
    /// the catalog knows of it.
    pub(super) fn open(
        stock: &'a Stock,
        pool: Pool,
        catalog_total: Option<u64>,
        partitions: u16,
        effects: &'a mut Effects,
    ) -> Option<Books<'a>> {
        let home = stock.home(pool);
        let (total, free) = if home.opened {
            (home.total, home.free())
        } else {
            let total = catalog_total?;
            effects.events.push(opened(pool, total));
            (total, total)
        };
        Some(Books { stock, effects, pool, partitions, total, free, changed: BTreeMap::new() })
    }

    /// What one lessee was granted and gave back.
    pub(super) fn share(&self, partition: u16) -> Share {
        let changed = self.changed.get(&partition).copied();
        changed.unwrap_or_else(|| self.stock.share(self.pool, partition))
    }

    /// Every partition that was ever granted anything, with its share.
    pub(super) fn lessees(&self) -> impl Iterator<Item = (u16, Share)> {
        let shares = (0..self.partitions).map(|partition| (partition, self.share(partition)));
        shares.filter(|(_, share)| share.granted > 0)
    }

    /// Takes back what a lessee returned since.
    pub(super) fn reclaim(&mut self, partition: u16, returned: u64) {
        let mut share = self.share(partition);
        if returned <= share.reclaimed || planted::is(Planted::ReclaimForgotten) {
            return;
        }
        assert!(returned <= share.granted, "I1: only what was granted comes back");
        self.free += returned - share.reclaimed;
        assert!(self.free <= self.total, "I1: no more is free than there is");
        share.reclaimed = returned;
        self.changed.insert(partition, share);
        self.effects.events.push(leased(self.pool, Step::Reclaimed, partition, returned));
    }

    /// Grants free pieces and tells the lessee.
    pub(super) fn grant(&mut self, partition: u16, pieces: u64) {
        assert!(pieces >= 1 && pieces <= self.free, "I1: only what is free is granted");
        let mut share = self.share(partition);
        share.granted += pieces;
        self.free -= if planted::is(Planted::GrantNotDeducted) { 0 } else { pieces };
        self.changed.insert(partition, share);
        self.effects.events.push(leased(self.pool, Step::Granted, partition, share.granted));
        self.send_grant(partition);
    }

    /// Tells a lessee, again or not, what it was granted in all.
    pub(super) fn send_grant(&mut self, partition: u16) {
        let granted = self.share(partition).granted;
        self.send(partition, Message::Grant { pool: self.pool, granted, total: self.total });
    }

    pub(super) fn recall(&mut self, partition: u16) {
        self.send(partition, Message::Recall { pool: self.pool });
    }

    pub(super) fn say_open_to_all(&mut self) {
        (0..self.partitions).for_each(|lessee| self.say_open(lessee));
    }

    pub(super) fn say_open(&mut self, partition: u16) {
        self.send(partition, Message::Open { pool: self.pool, total: self.total });
    }

    pub(super) fn say_sold_out(&mut self, partition: u16, need: u64, asked_ms: i64) {
        self.send(partition, Message::SoldOut { pool: self.pool, total: self.total, need, asked_ms });
    }

    fn send(&mut self, partition: u16, message: Message) {
        self.effects.messages.push((To::Lessee(partition), message));
    }
}
