//! Events of what is leased and is no stock: a template's local days and its budget; and of what comes back to any of them.

use super::Request;
use crate::codec::{BorrowDecode, Encode};

/// Home opened a day or a budget, at its first demand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct PoolOpened {
    /// The template.
    pub template: u32,
    /// Which local day's, in days since 1970-01-01; `None` = the budget.
    pub day: Option<i32>,
    /// Pieces of a day, minor units of a budget.
    pub total: u64,
}

/// A budget was raised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct BudgetSet<'a> {
    /// The template.
    pub template: u32,
    /// Total before, minor units.
    pub from: u64,
    /// Total after.
    pub to: u64,
    /// The request.
    pub request: Request<'a>,
}

/// A count of a lease has risen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct PoolLeased {
    /// The template.
    pub template: u32,
    /// As in [`PoolOpened`].
    pub day: Option<i32>,
    /// See [`Step`].
    pub step: u8,
    /// The lessee (at home), or 0 (at the lessee itself).
    pub partition: u16,
    /// The new cumulative count.
    pub count: u64,
}

/// [`PoolLeased::step`]: which count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Step {
    /// Home granted to the partition, in all.
    Granted = 1,
    /// Home took back from the partition, in all.
    Reclaimed = 2,
    /// A lessee received, in all.
    Received = 3,
    /// A lessee gave back, in all.
    Returned = 4,
}

/// A coupon ended without having been used, and what it took of stock and budget is there again. Stands behind what ended it, in its frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct Restocked {
    /// Which coupon.
    pub coupon: u64,
    /// Its template.
    pub template: u32,
    /// Pieces that the stock's lease has again: 1, or 0 where there is no stock.
    pub pieces: u64,
    /// Minor units that the budget's lease has again: the coupon's cover, or 0 where there is no budget.
    pub cover: u64,
}

/// A day that is over everywhere is counted here no longer, neither as home nor as lessee; what was unsold is forfeited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct DayDropped {
    /// The template.
    pub template: u32,
    /// The local day.
    pub day: i32,
}

impl Step {
    /// The step of this number.
    pub fn from_number(number: u8) -> Option<Step> {
        [Step::Granted, Step::Reclaimed, Step::Received, Step::Returned].into_iter().find(|&step| step as u8 == number)
    }
}
