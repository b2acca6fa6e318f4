//! Redemptions by time, newest first: one page of one partition.
//!
//! They lie in the order of time, so a page begins where a binary search says and looks at neighbours. A user is known through the
//! coupon. Redemptions of all partitions follow each other by [`RedemptionCursor`], so whoever asks several of them can put the pages
//! together and go on below the last one shown, whichever partition that was of.

use super::Context;
use super::read::LIST_VISITS_MAX;
use crate::command::{ListRedemptionsByTime, PAGE_SIZE_MAX, RedemptionCursor};
use crate::partition::Partition;
use crate::redemption::{REFUND_WINDOW_MS, Redemption};
use crate::rejection::Rejection;
use crate::reply::{RedemptionPage, Reply};
use crate::terms::{TIME_MS_MAX, within};

impl Partition {
    /// Looks at [`LIST_VISITS_MAX`] redemptions at most: a page that is not full by then ends early, and says how far it looked.
    pub(super) fn redemptions_by_time(&self, context: &Context<'_>, list: &ListRedemptionsByTime) -> Result<Reply, Rejection> {
        within("from_ms", list.from_ms, 0, TIME_MS_MAX)?;
        within("until_ms", list.until_ms, 0, TIME_MS_MAX)?;
        within("page_size", i64::from(list.page_size), 1, i64::from(PAGE_SIZE_MAX))?;
        let all = self.redemptions_before(list).take_while(|redemption| is_inside(redemption, list.from_ms, context.now_ms));
        let mut page = RedemptionPage { redemptions: Vec::new(), seen_to: None };
        for (visits, redemption) in all.enumerate() {
            if visits == LIST_VISITS_MAX || page.redemptions.len() == list.page_size as usize {
                return Ok(Reply::RedemptionPage(page));
            }
            if self.is_by(redemption, list) {
                page.redemptions.push(self.view_of_redemption(redemption));
            }
            page.seen_to = Some(self.cursor_of(redemption));
        }
        page.seen_to = None;
        Ok(Reply::RedemptionPage(page))
    }

    /// The redemptions before the end of the time and below where the page before ended, newest first.
    fn redemptions_before(&self, list: &ListRedemptionsByTime) -> impl Iterator<Item = &Redemption> {
        let until = if list.until_ms == 0 { TIME_MS_MAX + 1 } else { list.until_ms };
        let is_above = move |redemption: &Redemption| {
            redemption.at_ms >= until || list.below.is_some_and(|below| self.cursor_of(redemption) >= below)
        };
        self.redemptions.before_first(is_above)
    }

    /// Whether it is one of those that are asked for.
    fn is_by(&self, redemption: &Redemption, list: &ListRedemptionsByTime) -> bool {
        list.user.is_none_or(|user| {
            let owner = self.coupon(redemption.coupon).and_then(|(coupon, _)| self.owner(coupon));
            owner.is_some_and(|owner| owner.key() == user)
        })
    }

    fn cursor_of(&self, redemption: &Redemption) -> RedemptionCursor {
        RedemptionCursor { at_ms: redemption.at_ms, partition: self.id(), lsn: redemption.lsn }
    }
}

/// Whether it is not before the time, and can be refunded.
fn is_inside(redemption: &Redemption, from_ms: i64, now_ms: i64) -> bool {
    redemption.at_ms >= from_ms && redemption.at_ms + REFUND_WINDOW_MS > now_ms
}
