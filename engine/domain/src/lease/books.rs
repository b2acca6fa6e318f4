//! Home's durable numbers of one template during one call: the stock plus what the call has changed.
//!
//! The engine applies a call's events only after the call. So that the second decision of a call
//! sees the first, every change goes through here: it emits the event and moves the local copy.

use super::message::{Effects, Message, To, lease};
use crate::event::{Event, StockOpened};
use crate::planted::{self, Planted};
use crate::stock::{Share, Stock};
use std::collections::BTreeMap;

/// One template at its home, inside one call.
pub(super) struct Books<'a> {
    stock: &'a Stock,
    pub(super) effects: &'a mut Effects,
    pub(super) template: u32,
    /// Partitions in all.
    pub(super) partitions: u16,
    pub(super) total: u64,
    /// Pieces granted to nobody.
    pub(super) free: u64,
    changed: BTreeMap<u16, Share>,
}

impl<'a> Books<'a> {
    /// The books of a template; opens its stock at first demand. `None` while neither the stock nor
    /// the catalog knows of it.
    pub(super) fn open(
        stock: &'a Stock,
        template: u32,
        catalog_total: Option<u64>,
        partitions: u16,
        effects: &'a mut Effects,
    ) -> Option<Books<'a>> {
        let home = stock.home(template);
        let (total, free) = if home.opened {
            (home.total, home.free())
        } else {
            let total = catalog_total?;
            effects.events.push(Event::StockOpened(StockOpened { template, total }));
            (total, total)
        };
        Some(Books { stock, effects, template, partitions, total, free, changed: BTreeMap::new() })
    }

    /// What one lessee was granted and gave back.
    pub(super) fn share(&self, partition: u16) -> Share {
        let changed = self.changed.get(&partition).copied();
        changed.unwrap_or_else(|| self.stock.share(self.template, partition))
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
        self.effects.events.push(Event::LeaseReclaimed(lease(self.template, partition, returned)));
    }

    /// Grants free pieces and tells the lessee.
    pub(super) fn grant(&mut self, partition: u16, pieces: u64) {
        assert!(pieces >= 1 && pieces <= self.free, "I1: only what is free is granted");
        let mut share = self.share(partition);
        share.granted += pieces;
        self.free -= if planted::is(Planted::GrantNotDeducted) { 0 } else { pieces };
        self.changed.insert(partition, share);
        self.effects.events.push(Event::LeaseGranted(lease(self.template, partition, share.granted)));
        self.send_grant(partition);
    }

    /// Tells a lessee, again or not, what it was granted in all.
    pub(super) fn send_grant(&mut self, partition: u16) {
        let granted = self.share(partition).granted;
        self.send(partition, Message::Grant { template: self.template, granted, total: self.total });
    }

    pub(super) fn recall(&mut self, partition: u16) {
        self.send(partition, Message::Recall { template: self.template });
    }

    pub(super) fn say_open(&mut self, partition: u16) {
        self.send(partition, Message::Open { template: self.template, total: self.total });
    }

    pub(super) fn say_sold_out(&mut self, partition: u16, asked_ms: i64) {
        self.send(partition, Message::SoldOut { template: self.template, total: self.total, asked_ms });
    }

    fn send(&mut self, partition: u16, message: Message) {
        self.effects.messages.push((To::Lessee(partition), message));
    }
}
