//! A card or coupon of the plain model: where its value was after each event that changed it. I2.

use crate::violation::{Checked, holds};
use tessera_domain::reply::CouponView;

/// Where the value of a card is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Accounts {
    pub(crate) available: i64,
    pub(crate) held: i64,
    pub(crate) captured: i64,
    pub(crate) expired: i64,
    pub(crate) voided: i64,
    pub(crate) given: i64,
}

/// Accounts since an lsn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Version {
    pub(crate) lsn: u64,
    pub(crate) accounts: Accounts,
}

/// A card or coupon over time.
#[derive(Clone, Debug)]
pub(crate) struct Card {
    /// Its adopted terms.
    pub(crate) terms: usize,
    pub(crate) template: u32,
    pub(crate) user: String,
    pub(crate) is_stored_value: bool,
    pub(crate) loaded: i64,
    /// What of that came as a gift.
    pub(crate) received: i64,
    /// The beginning and the end of its validity; an end of 0 = none.
    pub(crate) from_ms: i64,
    pub(crate) until_ms: i64,
    pub(crate) is_frozen: bool,
    pub(crate) is_void: bool,
    /// Whether its template was made void before its end came.
    pub(crate) is_doomed: bool,
    /// Whether it was made and not sold yet: nothing is on it.
    pub(crate) is_unactivated: bool,
    /// Lsn of the gift that it is offered by.
    pub(crate) gift: Option<u64>,
    pub(crate) versions: Vec<Version>,
}

impl Accounts {
    fn sum(&self) -> i64 {
        self.available + self.held + self.captured + self.expired + self.voided + self.given
    }

    /// Whether a reader may have seen this as `view`: time moves what is held to what is available, and that to what has
    /// expired, or is void with its template, before an event says so.
    pub(crate) fn may_show(&self, view: &CouponView, is_of_void: bool) -> bool {
        let by_time = self.available + self.held + self.expired + self.voided;
        (view.captured, view.given) == (self.captured, self.given)
            && view.available + view.held + view.expired + view.voided == by_time
            && view.held <= self.held
            && view.expired >= self.expired
            && (view.voided == self.voided || is_of_void && view.voided > self.voided)
    }
}

impl Card {
    pub(crate) fn now(&self) -> Accounts {
        self.versions.last().map_or(Accounts::default(), |version| version.accounts)
    }

    /// Moves value by an event: the accounts make up what was loaded, and none is below zero.
    pub(crate) fn put(&mut self, lsn: u64, change: impl FnOnce(&mut Accounts)) -> Checked<Accounts> {
        let mut accounts = self.now();
        change(&mut accounts);
        let Accounts { available, held, captured, expired, voided, given } = accounts;
        let is_whole =
            accounts.sum() == self.loaded && [available, held, captured, expired, voided, given].iter().all(|&x| x >= 0);
        holds(is_whole, "I2", || format!("a card of {} would be {accounts:?}", self.loaded))?;
        self.versions.push(Version { lsn, accounts });
        Ok(accounts)
    }

    /// Whether a version that `is_shown` was the newest one at some lsn from `floor` on.
    pub(crate) fn was(&self, floor: u64, is_shown: impl Fn(&Accounts) -> bool) -> bool {
        let ends = self.versions.iter().skip(1).map(|next| next.lsn).chain([u64::MAX]);
        self.versions.iter().zip(ends).any(|(version, end)| end > floor && is_shown(&version.accounts))
    }
}
