//! The command of whoever takes over the cards and coupons of another house.

use crate::id::Id;
use crate::keyed::LegacyKey;
use crate::money::Currency;

/// Import a card or a one-use coupon; the same row again is answered with what became of it, whenever it is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportCard {
    /// Its code's key.
    pub code: LegacyKey,
    /// The batch of rows that it is part of.
    pub batch: Id,
    /// Of which template.
    pub template: Id,
    /// What the other house calls it, if it is said.
    pub reference: Option<Id>,
    /// What is left on it, in minor units, if it is said: else the template's face value, or the one unit of a one-use coupon.
    pub balance: Option<i64>,
    /// The currency, if it is said.
    pub currency: Option<Currency>,
    /// When it may no longer be used, ms; 0 = as the template says.
    pub until_ms: i64,
}
