//! Redemptions by time: pages of one partition, or of all of them put together.

use std::cmp::Reverse;

use tessera_proto::v1;

use super::{optional, page_size, redemption::redemption};
use crate::{
    domain::{
        Id, Rejection,
        command::{Command, ListRedemptionsByTime, RedemptionCursor},
        reply::{RedemptionPage, RedemptionView},
    },
    seals::Seals,
};

/// A question, well formed.
pub struct Asked {
    /// Which partition is asked; `None` = all of them.
    pub partition: Option<u16>,
    /// What it is asked.
    pub list: ListRedemptionsByTime,
    /// Only at this merchant, of whom the partitions know nothing.
    pub merchant: Option<Id>,
}

impl Asked {
    /// From a request.
    pub fn of(seals: Seals<'_>, request: v1::ListRedemptionsByTimeRequest) -> Result<Self, Rejection> {
        let user = optional("user_id", &request.user_id)?.map(|user| seals.user_of(user));
        let page_size = page_size(request.page_size)?;
        let below = seals.open_redemptions_token(&request.page_token)?;
        let merchant = optional("merchant_id", &request.merchant_id)?;
        let v1::ListRedemptionsByTimeRequest { from_ms, until_ms, .. } = request;
        let partition = user.as_ref().map(|(partition, _)| *partition);
        let user = user.map(|(_, user)| user.key);
        Ok(Self { partition, list: ListRedemptionsByTime { user, from_ms, until_ms, page_size, below }, merchant })
    }

    /// For the partitions.
    pub fn command(&self) -> Command {
        Command::ListRedemptionsByTime(self.list)
    }

    /// The page of what the partitions have answered: as far down as all of them have looked.
    pub fn listed(&self, seals: Seals<'_>, pages: &[(u16, RedemptionPage)]) -> v1::ListRedemptionsByTimeResponse {
        let seen_to = pages.iter().filter_map(|(_, page)| page.seen_to).max();
        let of_all = pages.iter().flat_map(|(partition, page)| page.redemptions.iter().map(|view| (*partition, view)));
        let mut found: Vec<_> = of_all.filter(|(partition, view)| seen_to <= Some(cursor(*partition, view))).collect();
        found.sort_unstable_by_key(|(partition, view)| Reverse(cursor(*partition, view)));
        let is_cut = found.len() > self.list.page_size as usize;
        found.truncate(self.list.page_size as usize);
        let last = found.last().map(|(partition, view)| cursor(*partition, view)).filter(|_| is_cut);
        v1::ListRedemptionsByTimeResponse {
            redemptions: found.iter().map(|(partition, view)| redemption(seals, *partition, view)).collect(),
            next_page_token: seals.redemptions_token(last.or(seen_to)),
        }
    }
}

/// Below which redemption a page goes on that ends with this one.
pub fn below(last: &v1::Redemption) -> RedemptionCursor {
    let v1::Position { partition, lsn } = last.position.unwrap_or_default();
    RedemptionCursor { at_ms: last.at_ms, partition: partition as u16, lsn }
}

fn cursor(partition: u16, view: &RedemptionView) -> RedemptionCursor {
    RedemptionCursor { at_ms: view.at_ms, partition, lsn: view.redemption }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seals::tests::seals;

    const CNY: &str = "CNY";

    fn view(lsn: u64, at_ms: i64) -> RedemptionView {
        let currency = crate::domain::money::Currency::parse(CNY).expect("a currency");
        RedemptionView { redemption: lsn, coupon: 1, currency, amount: 5, applied: 5, refunded: 0, at_ms, checkout: None }
    }

    fn page(views: &[(u64, i64)], seen_to: Option<RedemptionCursor>) -> RedemptionPage {
        RedemptionPage { redemptions: views.iter().map(|&(lsn, at_ms)| view(lsn, at_ms)).collect(), seen_to }
    }

    /// The times of a page of this size, and where the next begins.
    fn listed(page_size: u32, pages: &[(u16, RedemptionPage)]) -> (Vec<i64>, Option<RedemptionCursor>) {
        let asked = Asked::of(seals(4), v1::ListRedemptionsByTimeRequest { page_size, ..Default::default() }).unwrap();
        let listed = asked.listed(seals(4), pages);
        let times = listed.redemptions.iter().map(|redemption| redemption.at_ms).collect();
        (times, seals(4).open_redemptions_token(&listed.next_page_token).unwrap())
    }

    #[test]
    fn partitions_are_merged_newest_first_and_the_next_page_is_below_the_last_shown() {
        let pages = [(0, page(&[(9, 50), (7, 30)], None)), (1, page(&[(3, 50), (2, 40)], None))];
        assert_eq!(listed(9, &pages), (vec![50, 50, 40, 30], None));
        assert_eq!(listed(4, &pages), (vec![50, 50, 40, 30], None));
        assert_eq!(listed(1, &pages), (vec![50], Some(RedemptionCursor { at_ms: 50, partition: 1, lsn: 3 })));
        assert_eq!(listed(2, &pages), (vec![50, 50], Some(RedemptionCursor { at_ms: 50, partition: 0, lsn: 9 })));
    }

    #[test]
    fn what_lies_below_where_a_partition_stopped_looking_waits_for_the_next_page() {
        let stopped = RedemptionCursor { at_ms: 40, partition: 1, lsn: 2 };
        let pages = [(0, page(&[(9, 50), (8, 40), (7, 30)], None)), (1, page(&[(3, 50)], Some(stopped)))];
        assert_eq!(listed(9, &pages), (vec![50, 50], Some(stopped)), "partition 0 comes after 1 at an instant");
        let nothing = [(0, page(&[], None)), (1, page(&[], Some(stopped)))];
        assert_eq!(listed(9, &nothing), (vec![], Some(stopped)));
    }
}
