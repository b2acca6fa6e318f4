//! What is leased beside stocks: local days and budgets, and what comes back to any of them.

use super::Partition;
use crate::event::{self, Step};
use crate::partition::Divergence;
use crate::pool::Pool;
use crate::request::Operation;

impl Partition {
    pub(super) fn stock_set(&mut self, event: &event::StockSet<'_>) {
        self.stock.set_total(Pool::stock(event.template), event.from, event.to);
        self.remember(Operation::RaiseStock, u128::from(event.template), &event.request, 0, event.to as i64);
    }

    pub(super) fn pool_opened(&mut self, event: &event::PoolOpened) -> Result<(), Divergence> {
        let Some(pool) = Pool::of_numbers(event.template, event.day) else {
            return self.unexpected(NO_POOL);
        };
        self.stock.open(pool, event.total);
        Ok(())
    }

    pub(super) fn budget_set(&mut self, event: &event::BudgetSet<'_>) -> Result<(), Divergence> {
        let Some(pool) = Pool::of_numbers(event.template, None) else {
            return self.unexpected(NO_POOL);
        };
        self.stock.set_total(pool, event.from, event.to);
        self.remember(Operation::RaiseBudget, u128::from(event.template), &event.request, 0, event.to as i64);
        Ok(())
    }

    pub(super) fn pool_leased(&mut self, event: &event::PoolLeased) -> Result<(), Divergence> {
        let (Some(pool), Some(step)) = (Pool::of_numbers(event.template, event.day), Step::from_number(event.step)) else {
            return self.unexpected(NO_POOL);
        };
        match step {
            Step::Granted => self.stock.grant(pool, event.partition, event.count),
            Step::Reclaimed => self.stock.reclaim(pool, event.partition, event.count),
            _ if event.partition != 0 => return self.unexpected("a lease of another partition"),
            Step::Received => self.stock.receive(pool, event.count),
            Step::Returned => self.stock.give_back(pool, event.count),
        }
        Ok(())
    }

    /// What comes back is what the coupon's terms say that it took, and it does with the event that ended it.
    pub(super) fn restocked(&mut self, event: &event::Restocked) -> Result<(), Divergence> {
        let (coupon, terms) = self.coupon(event.coupon).expect("I9: the coupon of an event exists");
        let returns = terms.returns();
        let amount_of = |pool| returns.iter().find(|need| need.pool == pool).map_or(0, |need| need.amount);
        let (pieces, cover) = (amount_of(Pool::stock(event.template)), amount_of(Pool::budget(event.template)));
        let has_just_ended = coupon.last() + 1 == self.lsn();
        if (pieces, cover) != (event.pieces, event.cover) || returns.is_empty() || !has_just_ended {
            return self.unexpected("a coupon that gives back something else than it took");
        }
        returns.into_iter().for_each(|need| self.stock.restock(need));
        Ok(())
    }

    pub(super) fn day_dropped(&mut self, event: &event::DayDropped) -> Result<(), Divergence> {
        let Some(pool) = Pool::of_numbers(event.template, Some(event.day)) else {
            return self.unexpected(NO_POOL);
        };
        assert!(pool.is_over(self.time_ms), "I1: a day is counted until it is over everywhere");
        self.stock.drop_day(event.template, event.day);
        Ok(())
    }
}

const NO_POOL: &str = "a count of what is not leased";
