//! What is counted of a pool: at its home, by home of one lessee, and by the lessee.

use crate::container::KeyedEntity;
use crate::digest::{Entity, EntityKind};
use crate::image::{Fields, Restore};
use crate::pool::Pool;

/// A pool at its home partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Home {
    pool: Pool,
    /// Whether it was opened from the catalog.
    pub opened: bool,
    /// Pieces, or minor units, in all.
    pub total: u64,
    /// Σ(granted − reclaimed); derived.
    pub out: u64,
}

/// What home knows of one lessee.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    pool: Pool,
    partition: u16,
    /// Granted in all.
    pub granted: u64,
    /// Reclaimed in all.
    pub reclaimed: u64,
}

/// A partition's own lease of one pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lessee {
    pool: Pool,
    /// Received in all.
    pub received: u64,
    /// Given back in all.
    pub returned: u64,
    /// Sold in all.
    pub issued: u64,
    /// Put back in all, from coupons that ended without having been used.
    pub restocked: u64,
}

/// What is counted of pools, under one number for stocks and another for all others.
pub(super) trait Counted: KeyedEntity + Restore {
    /// Its kind where it is of no stock.
    const OTHER: EntityKind;

    /// At its default.
    fn of(pool: Pool, partition: u16) -> Self;

    /// Of which pool.
    fn pool(&self) -> Pool;

    /// Of which lessee; 0 where there is one only.
    fn partition(&self) -> u16;

    /// Its key where it is of a stock.
    fn stock_key(template: u32, partition: u16) -> u64;

    /// Its key where it is of no stock.
    fn other_key(pool: Pool, partition: u16) -> u64;

    /// What an [`Counted::other_key`] is the key of.
    fn of_other_key(key: u64) -> Option<Self>;

    /// As this one's fields say.
    fn with(self, fields: &Fields) -> Option<Self>;
}

/// Two entities that there is one of for each pool.
macro_rules! keyed_by_pool {
    ($entity:ident, $other:expr) => {
        impl Counted for $entity {
            const OTHER: EntityKind = $other;
            fn of(pool: Pool, _partition: u16) -> $entity {
                $entity::empty(pool)
            }
            fn pool(&self) -> Pool {
                self.pool
            }
            fn partition(&self) -> u16 {
                0
            }
            fn stock_key(template: u32, _partition: u16) -> u64 {
                u64::from(template)
            }
            fn other_key(pool: Pool, _partition: u16) -> u64 {
                pool.number()
            }
            fn of_other_key(key: u64) -> Option<$entity> {
                Pool::from_number(key).map($entity::empty)
            }
            fn with(self, fields: &Fields) -> Option<$entity> {
                self.filled(fields)
            }
        }

        impl KeyedEntity for $entity {
            fn key(&self) -> u64 {
                u64::from(self.pool.template())
            }
            fn at_default(key: u64) -> $entity {
                $entity::empty(Pool::stock(key as u32))
            }
        }

        impl Restore for $entity {
            fn restore(key: u64, fields: &Fields) -> Option<$entity> {
                $entity::at_default(key).filled(fields)
            }
        }
    };
}
keyed_by_pool!(Home, EntityKind::PoolHome);
keyed_by_pool!(Lessee, EntityKind::PoolLessee);

impl Home {
    fn empty(pool: Pool) -> Home {
        Home { pool, opened: false, total: 0, out: 0 }
    }

    fn filled(self, fields: &Fields) -> Option<Home> {
        Some(Home { opened: fields.flag(1)?, total: fields.get(2), ..self })
    }

    /// What is granted to nobody.
    pub fn free(&self) -> u64 {
        self.total - self.out
    }
}

impl Lessee {
    fn empty(pool: Pool) -> Lessee {
        Lessee { pool, received: 0, returned: 0, issued: 0, restocked: 0 }
    }

    fn filled(self, fields: &Fields) -> Option<Lessee> {
        let [received, returned, issued, restocked] = [1, 2, 3, 4].map(|field| fields.get(field));
        Some(Lessee { received, returned, issued, restocked, ..self })
    }

    /// As home has to count it that got so much back: a lessee that counts a day no longer had given it back. Elsewhere it is what it is.
    pub fn since_dropped(self, reclaimed: u64) -> Lessee {
        let is_dropped = self.pool.local_day().is_some() && self == Lessee::empty(self.pool);
        if is_dropped { Lessee { received: reclaimed, returned: reclaimed, ..self } } else { self }
    }

    /// What can be sold here.
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

impl Entity for Share {
    const KIND: EntityKind = EntityKind::HomeLessee;
    fn fields(&self, visit: &mut impl FnMut(u16, u64)) {
        visit(1, self.granted);
        visit(2, self.reclaimed);
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

impl Counted for Share {
    const OTHER: EntityKind = EntityKind::PoolShare;
    fn of(pool: Pool, partition: u16) -> Share {
        Share { pool, partition, granted: 0, reclaimed: 0 }
    }
    fn pool(&self) -> Pool {
        self.pool
    }
    fn partition(&self) -> u16 {
        self.partition
    }
    fn stock_key(template: u32, partition: u16) -> u64 {
        u64::from(template) << 16 | u64::from(partition)
    }
    fn other_key(pool: Pool, partition: u16) -> u64 {
        pool.number() << 16 | u64::from(partition)
    }
    fn of_other_key(key: u64) -> Option<Share> {
        Some(Share::of(Pool::from_number(key >> 16)?, key as u16))
    }
    fn with(self, fields: &Fields) -> Option<Share> {
        Some(Share { granted: fields.get(1), reclaimed: fields.get(2), ..self })
    }
}

impl KeyedEntity for Share {
    fn key(&self) -> u64 {
        Share::stock_key(self.pool.template(), self.partition)
    }
    fn at_default(key: u64) -> Share {
        Share::of(Pool::stock((key >> 16) as u32), key as u16)
    }
}

impl Restore for Share {
    fn restore(key: u64, fields: &Fields) -> Option<Share> {
        Share::at_default(key).with(fields)
    }
}
