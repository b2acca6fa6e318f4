//! The books of a shard: where stock and value are in each of its partitions, for whoever adds them up.

use super::Shard;
use crate::conservation::PledgeBook;
use crate::letter::Passenger;
use crate::turn::Turn;
use std::collections::BTreeMap;
use tessera_domain::money::Currency;
use tessera_domain::stock::Lessee;
use tessera_domain::{Pool, ValueTotals};
use tessera_wal::Handover;

/// The books of one partition at one instant; durable when they are told.
#[derive(Clone, Debug)]
pub struct Books {
    /// The partition.
    pub partition: u16,
    /// The pools whose home is here.
    pub homes: BTreeMap<Pool, HomeBook>,
    /// The leases here.
    pub leases: BTreeMap<Pool, Lessee>,
    /// The sums of all coupons' accounts: template, currency, sums. A template may have several rows, one a version.
    pub values: Vec<(u32, Currency, ValueTotals)>,
    /// What it knows of orders over partitions.
    pub pledges: PledgeBook,
}

/// A pool at its home.
#[derive(Clone, Debug)]
pub struct HomeBook {
    /// Pieces, or minor units, in all.
    pub total: u64,
    /// Granted to nobody.
    pub free: u64,
    /// Granted to and reclaimed from each partition in all, by number.
    pub shares: Vec<(u64, u64)>,
}

impl Shard {
    /// Hands over the books of every partition; `tell` hears of them when everything in them is durable.
    pub fn books(&self, tell: impl FnOnce(Vec<Books>) + Send + 'static) -> Vec<Handover<Passenger>> {
        let books: Vec<Books> =
            self.owned.iter().flatten().map(|owned| Books::of(owned.ledger.state(), self.settings.partitions)).collect();
        let mut turn = Turn::new(self.office.clone());
        turn.call(move || tell(books));
        turn.hand_over()
    }
}

impl Books {
    /// Those of a partition of so many, as its state stands.
    pub fn of(state: &tessera_domain::Partition, partitions: u16) -> Books {
        let stock = state.stock();
        let home = |pool| {
            let book = stock.home(pool);
            let share = |partition| {
                let share = stock.share(pool, partition);
                (share.granted, share.reclaimed)
            };
            let shares = (0..partitions).map(share).collect();
            (pool, HomeBook { total: book.total, free: book.free(), shares })
        };
        Books {
            partition: state.id(),
            homes: stock.opened().map(home).collect(),
            leases: stock.leases().map(|pool| (pool, stock.lessee(pool))).collect(),
            values: state.value_totals().collect(),
            pledges: PledgeBook::live(state, partitions),
        }
    }
}
