//! The durable side of stock: what home granted and got back, what a lessee received, returned and sold.
//!
//! Every number is cumulative and written by one side only (`lease` holds the protocol). The identity
//! *total = free + Σ(granted − reclaimed)* holds by construction; what can go wrong is a term below
//! zero, so each term is asserted where it changes. I1.

use crate::container::{Keyed, KeyedEntity};
use crate::digest::{Entity, EntityKind};
use crate::image::{Chunks, Fields, Restore};

/// The stock of one template at its home partition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Home {
    template: u32,
    /// Whether it was opened from the catalog.
    pub opened: bool,
    /// Pieces in all.
    pub total: u64,
    /// Σ(granted − reclaimed); derived.
    pub out: u64,
}

/// What home knows of one lessee.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    template: u32,
    partition: u16,
    /// Granted in all.
    pub granted: u64,
    /// Reclaimed in all.
    pub reclaimed: u64,
}

/// A partition's own lease of one template.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lessee {
    template: u32,
    /// Received in all.
    pub received: u64,
    /// Given back in all.
    pub returned: u64,
    /// Sold in all.
    pub issued: u64,
    /// Put back after a void or a refund, in all.
    pub restocked: u64,
}

impl Home {
    /// Pieces that are granted to nobody.
    pub fn free(&self) -> u64 {
        self.total - self.out
    }
}

impl Lessee {
    /// Pieces that can be sold here.
    pub fn unsold(&self) -> u64 {
        self.received + self.restocked - self.returned - self.issued
    }
}

impl Entity for Home {
    const KIND: EntityKind = EntityKind::Home;
    fn fields(&self, visit: &mut impl FnMut(u16, u64)) {
        visit(1, u64::from(self.opened));
        visit(2, self.total);
    }
}

impl Restore for Home {
    fn restore(key: u64, fields: &Fields) -> Option<Home> {
        Some(Home { opened: fields.flag(1)?, total: fields.get(2), ..Home::at_default(key) })
    }
}

impl KeyedEntity for Home {
    fn key(&self) -> u64 {
        u64::from(self.template)
    }
    fn at_default(key: u64) -> Home {
        Home { template: key as u32, ..Home::default() }
    }
}

impl Entity for Share {
    const KIND: EntityKind = EntityKind::HomeLessee;
    fn fields(&self, visit: &mut impl FnMut(u16, u64)) {
        visit(1, self.granted);
        visit(2, self.reclaimed);
    }
}

impl Restore for Share {
    fn restore(key: u64, fields: &Fields) -> Option<Share> {
        Some(Share { granted: fields.get(1), reclaimed: fields.get(2), ..Share::at_default(key) })
    }
}

impl KeyedEntity for Share {
    fn key(&self) -> u64 {
        share_key(self.template, self.partition)
    }
    fn at_default(key: u64) -> Share {
        Share { template: (key >> 16) as u32, partition: key as u16, ..Share::default() }
    }
}

impl Entity for Lessee {
    const KIND: EntityKind = EntityKind::Lessee;
    fn fields(&self, visit: &mut impl FnMut(u16, u64)) {
        visit(1, self.received);
        visit(2, self.returned);
        visit(3, self.issued);
        visit(4, self.restocked);
    }
}

impl Restore for Lessee {
    fn restore(key: u64, fields: &Fields) -> Option<Lessee> {
        Some(Lessee {
            received: fields.get(1),
            returned: fields.get(2),
            issued: fields.get(3),
            restocked: fields.get(4),
            ..Lessee::at_default(key)
        })
    }
}

impl KeyedEntity for Lessee {
    fn key(&self) -> u64 {
        u64::from(self.template)
    }
    fn at_default(key: u64) -> Lessee {
        Lessee { template: key as u32, ..Lessee::default() }
    }
}

fn share_key(template: u32, partition: u16) -> u64 {
    u64::from(template) << 16 | u64::from(partition)
}

/// All stock and all leases of one partition.
#[derive(Default)]
pub struct Stock {
    homes: Keyed<Home>,
    shares: Keyed<Share>,
    lessees: Keyed<Lessee>,
}

impl Stock {
    /// The stock of a template whose home is here; not opened if nobody asked yet.
    pub fn home(&self, template: u32) -> Home {
        self.homes.get(u64::from(template))
    }

    /// What home knows of a lessee.
    pub fn share(&self, template: u32, partition: u16) -> Share {
        self.shares.get(share_key(template, partition))
    }

    /// The lease of a template here.
    pub fn lessee(&self, template: u32) -> Lessee {
        self.lessees.get(u64::from(template))
    }

    /// The templates that have a lease here that is not at its default, in an order that means nothing.
    pub fn leases(&self) -> impl Iterator<Item = u32> {
        self.lessees.iter().map(|lessee| lessee.template)
    }

    /// The templates whose stock was opened here, in an order that means nothing.
    pub fn opened(&self) -> impl Iterator<Item = u32> {
        self.homes.iter().map(|home| home.template)
    }

    /// What all of it adds to the state digest.
    pub fn digest(&self) -> u64 {
        self.homes.digest().wrapping_add(self.shares.digest()).wrapping_add(self.lessees.digest())
    }

    /// Bytes of memory that it holds.
    pub(crate) fn memory_bytes(&self) -> u64 {
        self.homes.memory_bytes() + self.shares.memory_bytes() + self.lessees.memory_bytes()
    }

    pub(crate) fn save<E>(&self, out: &mut Chunks<'_, E>) -> Result<(), E> {
        out.keyed(&self.homes)?;
        out.keyed(&self.shares)?;
        out.keyed(&self.lessees)
    }

    /// Homes come before the shares that say what is out of them.
    pub(crate) fn restore(&mut self, kind: EntityKind, key: u64, fields: &Fields) -> Option<()> {
        match kind {
            EntityKind::Home => self.homes.put_back(Home::restore(key, fields)?),
            EntityKind::HomeLessee => {
                let share = Share::restore(key, fields)?;
                self.shares.put_back(share)?;
                let out = share.granted.checked_sub(share.reclaimed)?;
                self.homes.change(u64::from(share.template), |home| home.out = home.out.saturating_add(out));
                Some(())
            }
            EntityKind::Lessee => self.lessees.put_back(Lessee::restore(key, fields)?),
            _ => None,
        }
    }

    pub(crate) fn open(&mut self, template: u32, total: u64) {
        self.homes.change(u64::from(template), |home| {
            assert!(!home.opened, "I1: a stock is opened once");
            home.opened = true;
            home.total = total;
        });
    }

    pub(crate) fn set_total(&mut self, template: u32, from: u64, to: u64) {
        self.homes.change(u64::from(template), |home| {
            assert!(home.opened && home.total == from, "I1: the total was {from}");
            assert!(home.out <= to, "I1: what is out stays within the total");
            home.total = to;
        });
    }

    pub(crate) fn grant(&mut self, template: u32, partition: u16, granted: u64) {
        let more = self.shares.change(share_key(template, partition), |share| {
            assert!(granted > share.granted, "I1: grants only rise");
            std::mem::replace(&mut share.granted, granted).abs_diff(granted)
        });
        self.homes.change(u64::from(template), |home| {
            home.out += more;
            assert!(home.out <= home.total, "I1: no more is out than there is");
        });
    }

    pub(crate) fn reclaim(&mut self, template: u32, partition: u16, reclaimed: u64) {
        let back = self.shares.change(share_key(template, partition), |share| {
            assert!(reclaimed > share.reclaimed && reclaimed <= share.granted, "I1: only what was granted comes back");
            std::mem::replace(&mut share.reclaimed, reclaimed).abs_diff(reclaimed)
        });
        self.homes.change(u64::from(template), |home| {
            assert!(home.out >= back, "I1: only what is out comes back");
            home.out -= back;
        });
    }

    pub(crate) fn receive(&mut self, template: u32, received: u64) {
        self.lessees.change(u64::from(template), |lessee| {
            assert!(received > lessee.received, "I1: what is received only rises");
            lessee.received = received;
        });
    }

    pub(crate) fn give_back(&mut self, template: u32, returned: u64) {
        self.lessees.change(u64::from(template), |lessee| {
            assert!(
                returned > lessee.returned && returned - lessee.returned <= lessee.unsold(),
                "I1: only the unsold is returned"
            );
            lessee.returned = returned;
        });
    }

    pub(crate) fn issue_one(&mut self, template: u32) {
        self.lessees.change(u64::from(template), |lessee| {
            assert!(lessee.unsold() >= 1, "I1: never oversold");
            lessee.issued += 1;
        });
    }
}
