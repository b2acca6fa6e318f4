//! The holds of the plain model: each begins once and ends once, in time (I8).

use crate::violation::{Checked, broken, holds};
use std::collections::BTreeMap;

/// How a hold ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Captured,
    Released,
    Expired,
    Revoked,
}

/// A hold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Promise {
    pub(crate) coupon: u64,
    pub(crate) held: i64,
    pub(crate) deadline_ms: i64,
    pub(crate) end: Option<End>,
    pub(crate) is_redeemed: bool,
}

/// All holds of a partition, by lsn.
#[derive(Default)]
pub(crate) struct Promises {
    by_lsn: BTreeMap<u64, Promise>,
    /// Orders of holds: the hold knows its order, a capture does not name it.
    orders: BTreeMap<u64, String>,
}

impl Promises {
    pub(crate) fn begin(&mut self, lsn: u64, order: &str, promise: Promise, now_ms: i64) -> Checked {
        self.orders.insert(lsn, order.to_owned());
        self.by_lsn.insert(lsn, promise);
        holds(now_ms < promise.deadline_ms, "I8", || format!("hold {lsn} began after its deadline"))
    }

    /// A live hold ends; gives what it held.
    pub(crate) fn end(&mut self, lsn: u64, end: End, now_ms: i64) -> Checked<i64> {
        let promise = self.by_lsn.get_mut(&lsn).ok_or_else(|| broken("I8", format!("hold {lsn} ends and never began")))?;
        if let Some(before) = promise.end {
            return Err(broken("I8", format!("hold {lsn} ended by {before:?} and by {end:?}")));
        }
        let is_late = now_ms >= promise.deadline_ms;
        let in_time = match end {
            End::Captured | End::Released => !is_late,
            End::Expired => is_late,
            End::Revoked => true,
        };
        holds(in_time, "I8", || format!("hold {lsn} of deadline {} ended by {end:?} at {now_ms}", promise.deadline_ms))?;
        promise.end = Some(end);
        Ok(promise.held)
    }

    /// The order of a hold has redeemed by it.
    pub(crate) fn redeem(&mut self, lsn: u64) -> Checked<String> {
        let promise = self.by_lsn.get_mut(&lsn).ok_or_else(|| broken("I8", format!("hold {lsn} is redeemed and never began")))?;
        let is_first = !std::mem::replace(&mut promise.is_redeemed, true);
        holds(is_first && promise.end.is_some(), "I8", || format!("hold {lsn} is redeemed twice, or while it lives"))?;
        Ok(self.orders[&lsn].clone())
    }

    /// The live holds of a coupon.
    pub(crate) fn live_of(&self, coupon: u64) -> Vec<u64> {
        let of_coupon = self.live().filter(|(_, promise)| promise.coupon == coupon);
        of_coupon.map(|(lsn, _)| lsn).collect()
    }

    pub(crate) fn live(&self) -> impl Iterator<Item = (u64, &Promise)> {
        self.by_lsn.iter().filter(|(_, promise)| promise.end.is_none()).map(|(&lsn, promise)| (lsn, promise))
    }

    /// How many ended in which way, over all.
    pub(crate) fn ended(&self, end: End) -> u64 {
        self.by_lsn.values().filter(|promise| promise.end == Some(end)).count() as u64
    }
}
