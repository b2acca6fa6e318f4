//! Where value is: the accounts of one coupon, and their sums over all coupons of one template version.
//!
//! I2: available + held + captured + expired + voided + given = loaded, of each coupon at every instant, so of the sums too. What is held
//! follows from the live holds and what has expired from the identity, so neither is stored; that no account is below zero is
//! asserted whenever value moves.

use std::ops::AddAssign;

/// The accounts of one coupon, in minor units, or in the one unit of a one-use coupon.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Value {
    /// What was loaded onto it, in all.
    pub loaded: i64,
    /// What can be spent.
    pub available: i64,
    /// Set aside by live holds.
    pub held: i64,
    /// Spent and not refunded.
    pub captured: i64,
    /// Not spent before the validity ended.
    pub expired: i64,
    /// Not spent before it was made void.
    pub voided: i64,
    /// Given to somebody else.
    pub given: i64,
    /// What of `loaded` came as a gift.
    pub received: i64,
}

impl Value {
    /// With what its other accounts leave of what was loaded as expired.
    #[inline(always)]
    pub(crate) fn rest_expired(self) -> Value {
        let expired = self.loaded - self.available - self.held - self.captured - self.voided - self.given;
        let value = Value { expired, ..self };
        // One sign for all of them: whichever is below zero sets it.
        let signs = value.accounts().into_iter().fold(0, |signs, account| signs | account);
        assert!(signs >= 0, "I2: no account is below zero: {value:?}");
        value
    }

    fn accounts(&self) -> [i64; 8] {
        [self.loaded, self.available, self.held, self.captured, self.expired, self.voided, self.given, self.received]
    }
}

/// Sums of the accounts of many coupons.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ValueTotals {
    /// Loaded in all.
    pub loaded: i128,
    /// What can be spent.
    pub available: i128,
    /// Set aside by live holds.
    pub held: i128,
    /// Spent and not refunded.
    pub captured: i128,
    /// Expired.
    pub expired: i128,
    /// Made void.
    pub voided: i128,
    /// Given to somebody else, in this partition or another.
    pub given: i128,
    /// What of `loaded` came as a gift: over all partitions, what was given and has arrived.
    pub received: i128,
}

impl ValueTotals {
    fn accounts(&mut self) -> [&mut i128; 8] {
        let ValueTotals { loaded, available, held, captured, expired, voided, given, received } = self;
        [loaded, available, held, captured, expired, voided, given, received]
    }

    /// One of the coupons had these accounts before, and has those after.
    pub(crate) fn follow(&mut self, before: &Value, after: &Value) {
        let moved = after.accounts().into_iter().zip(before.accounts()).map(|(after, before)| after - before);
        self.accounts().into_iter().zip(moved).for_each(|(sum, moved)| *sum += i128::from(moved));
    }

    /// Whether the accounts make up what was loaded, and none is below zero. I2.
    pub fn are_whole(&self) -> bool {
        let accounts = [self.available, self.held, self.captured, self.expired, self.voided, self.given];
        accounts.iter().all(|&account| account >= 0) && self.received >= 0 && accounts.iter().sum::<i128>() == self.loaded
    }
}

impl AddAssign<Value> for ValueTotals {
    fn add_assign(&mut self, value: Value) {
        self.accounts().into_iter().zip(value.accounts()).for_each(|(sum, account)| *sum += i128::from(account));
    }
}

impl AddAssign for ValueTotals {
    fn add_assign(&mut self, mut more: ValueTotals) {
        self.accounts().into_iter().zip(more.accounts()).for_each(|(sum, account)| *sum += *account);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(loaded: i64, available: i64, held: i64, captured: i64, voided: i64) -> Value {
        Value { loaded, available, held, captured, voided, ..Value::default() }.rest_expired()
    }

    #[test]
    fn what_is_nowhere_else_has_expired() {
        assert_eq!(value(100, 10, 20, 30, 15).expired, 25);
    }

    #[test]
    #[should_panic(expected = "I2: no account is below zero")]
    fn more_than_was_loaded_is_a_broken_invariant() {
        value(100, 60, 20, 30, 0);
    }

    #[test]
    fn sums_follow_and_are_whole() {
        let mut totals = ValueTotals::default();
        let (one, other) = (value(100, 100, 0, 0, 0), value(100, 10, 20, 30, 15));
        totals += one;
        totals += other;
        assert_eq!((totals.loaded, totals.available, totals.expired), (200, 110, 25));
        assert!(totals.are_whole());
        totals.follow(&one, &value(100, 40, 0, 60, 0));
        assert!(totals.are_whole());
        assert_eq!((totals.loaded, totals.available, totals.captured, totals.expired), (200, 50, 90, 25));
        totals.held += 1;
        assert!(!totals.are_whole());
    }
}
