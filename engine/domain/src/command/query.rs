//! Questions for lists: of redemptions, and of templates that can be claimed.

use crate::id::Id;
use crate::keyed::UserKey;

/// Most items that one page lists.
pub const PAGE_SIZE_MAX: u32 = 200;

/// Looks that one page of templates takes: what a page costs, whatever the catalog holds.
pub const TEMPLATE_LOOKS_MAX: u32 = 4_096;

/// Most goods that one question for claimable templates names.
pub const GOODS_MAX: usize = 16;

/// What an order has redeemed in this partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListRedemptions {
    /// At which merchant.
    pub merchant: Id,
    /// For which order.
    pub order: Id,
}

/// Where a redemption stands among those of all partitions: by time, then by partition, then by lsn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RedemptionCursor {
    /// When, ms.
    pub at_ms: i64,
    /// The partition.
    pub partition: u16,
    /// The lsn of its event.
    pub lsn: u64,
}

/// Redemptions of some time, newest first, as long as they can be refunded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListRedemptionsByTime {
    /// Only by this user's coupons; goes to the user's partition alone.
    pub user: Option<UserKey>,
    /// First instant, ms; 0 = as far back as there are any.
    pub from_ms: i64,
    /// First instant no longer inside, ms; 0 = up to now.
    pub until_ms: i64,
    /// 1 to [`PAGE_SIZE_MAX`].
    pub page_size: u32,
    /// Only those that stand below it, where the page before ended.
    pub below: Option<RedemptionCursor>,
}

/// Some goods that somebody looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Goods {
    /// Which, if they have an id.
    pub goods: Option<Id>,
    /// Their categories, at most [`CATEGORIES_MAX`](crate::checkout::CATEGORIES_MAX).
    pub categories: Vec<Id>,
    /// Who sells them.
    pub merchant: Id,
}

/// Templates that can be claimed now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListClaimable {
    /// By whom; goes to the user's partition. `None` asks without anybody's limits, of any partition.
    pub user: Option<UserKey>,
    /// Through which channel, if it is said.
    pub channel: Option<Id>,
    /// For which goods, at most [`GOODS_MAX`]: some of them lie in the template's scope. None = whatever it is for.
    pub goods: Vec<Goods>,
    /// Also those whose claim would be refused because the user has as many as they may have, or because nothing is left.
    pub with_exhausted: bool,
    /// 1 to [`PAGE_SIZE_MAX`].
    pub page_size: u32,
    /// The first number of the page.
    pub from: u32,
}
