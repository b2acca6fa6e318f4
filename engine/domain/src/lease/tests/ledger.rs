//! The durable numbers of the small world, as plain values that can be compared and hashed.
//!
//! The desks are driven with a real [`Stock`] rebuilt from them, through the same assertions.

use super::{PIECE, POOL};
use crate::stock::Stock;

/// Lessees in the small world.
pub(super) const LESSEES: u16 = 2;

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Ledger {
    /// The total at home, once it is opened.
    pub(super) total: Option<u64>,
    /// Granted and reclaimed, by lessee.
    shares: [(u64, u64); LESSEES as usize],
    lessees: [Lessee; LESSEES as usize],
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Lessee {
    received: u64,
    returned: u64,
    issued: u64,
    restocked: u64,
}

impl Ledger {
    pub(super) fn issued(&self) -> u64 {
        self.lessees.iter().map(|lessee| lessee.issued).sum()
    }

    pub(super) fn restocked(&self) -> u64 {
        self.lessees.iter().map(|lessee| lessee.restocked).sum()
    }

    /// Pieces that a lessee sold and that did not come back.
    pub(super) fn out_of(&self, lessee: u16) -> u64 {
        let Lessee { issued, restocked, .. } = self.lessees[usize::from(lessee)];
        issued - restocked
    }

    /// total = free + Σ of terms none of which is below zero. I1.
    pub(super) fn check(&self) {
        let terms = self.shares.iter().zip(&self.lessees).map(|(&(granted, reclaimed), lessee)| {
            let on_its_way = granted.checked_sub(lessee.received).expect("received ≤ granted");
            let has = lessee.received + lessee.restocked;
            let unsold = has.checked_sub(lessee.returned + lessee.issued).expect("returned + issued ≤ received + restocked");
            let sold = lessee.issued.checked_sub(lessee.restocked).expect("restocked ≤ issued");
            let on_its_way_back = lessee.returned.checked_sub(reclaimed).expect("reclaimed ≤ returned");
            on_its_way + unsold + on_its_way_back + sold
        });
        let out: u64 = terms.sum();
        let total = self.total.unwrap_or(0);
        let granted: u64 = self.shares.iter().map(|(granted, reclaimed)| granted - reclaimed).sum();
        assert_eq!(out, granted, "what is out is on its way, unsold, on its way back or issued");
        assert!(out <= total && self.issued() - self.restocked() <= total, "I1: never more than there is");
    }

    pub(super) fn home_stock(&self) -> Stock {
        let mut stock = Stock::default();
        let Some(total) = self.total else { return stock };
        stock.open(POOL, total);
        for (lessee, (_, reclaimed)) in (0..).zip(self.shares) {
            for count in 1..=reclaimed {
                stock.grant(POOL, lessee, count);
                stock.reclaim(POOL, lessee, count);
            }
        }
        for (lessee, (granted, reclaimed)) in (0..).zip(self.shares) {
            if granted > reclaimed {
                stock.grant(POOL, lessee, granted);
            }
        }
        stock
    }

    pub(super) fn read_home(&mut self, stock: &Stock) {
        let home = stock.home(POOL);
        self.total = home.opened.then_some(home.total);
        for (lessee, share) in (0..).zip(&mut self.shares) {
            let now = stock.share(POOL, lessee);
            *share = (now.granted, now.reclaimed);
        }
    }

    pub(super) fn lessee_stock(&self, lessee: u16) -> Stock {
        let mut stock = Stock::default();
        let Lessee { received, returned, issued, restocked } = self.lessees[usize::from(lessee)];
        if received > 0 {
            stock.receive(POOL, received);
        }
        for sold in 0..issued {
            if sold >= received {
                stock.restock(PIECE);
            }
            stock.issue(PIECE);
        }
        (stock.lessee(POOL).restocked..restocked).for_each(|_| stock.restock(PIECE));
        if returned > 0 {
            stock.give_back(POOL, returned);
        }
        stock
    }

    pub(super) fn read_lessee(&mut self, lessee: u16, stock: &Stock) {
        let now = stock.lessee(POOL);
        let seen = Lessee { received: now.received, returned: now.returned, issued: now.issued, restocked: now.restocked };
        self.lessees[usize::from(lessee)] = seen;
    }
}
