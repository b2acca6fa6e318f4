//! Questions about the journal: which coupon, which page, which events.

use tessera_engine::rebuild::Until;
use tessera_proto::v1::{self, inspect_coupon_request};

use super::{malformed, page_size};
use crate::{
    domain::{Rejection, reply::CATALOG_PARTITION},
    seals::{Place, Seals},
};

/// A page of a coupon's history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// Whose.
    pub coupon: Place,
    /// How many changes.
    pub page_size: usize,
    /// The first of them; `None` = the newest there is.
    pub from: Option<u64>,
}

/// The page that is asked for.
pub fn history(seals: Seals<'_>, request: &v1::GetCouponHistoryRequest) -> Result<Page, Rejection> {
    let page_size = page_size(request.page_size)? as usize;
    let coupon = seals.open_coupon_id(&request.coupon_id)?;
    let from = seals.open_history_token(coupon, &request.page_token)?;
    Ok(Page { coupon, page_size, from })
}

/// A coupon, and an instant that has passed.
pub fn at(seals: Seals<'_>, request: &v1::GetCouponAtRequest, now_ms: i64) -> Result<(Place, i64), Rejection> {
    let coupon = seals.open_coupon_id(&request.coupon_id)?;
    match request.at_ms {
        ..1 => Err(Rejection::invalid("at_ms", 1)),
        at_ms if at_ms > now_ms => Err(Rejection::invalid("at_ms", now_ms)),
        at_ms => Ok((coupon, at_ms)),
    }
}

/// A coupon, and an instant that has passed, an event, or now.
pub fn inspect(seals: Seals<'_>, request: &v1::InspectCouponRequest, now_ms: i64) -> Result<(Place, Until), Rejection> {
    let coupon = seals.open_coupon_id(&request.coupon_id)?;
    match request.until {
        None => Ok((coupon, Until::Durable)),
        Some(inspect_coupon_request::Until::AtLsn(0)) => Err(Rejection::invalid("at_lsn", 1)),
        Some(inspect_coupon_request::Until::AtLsn(lsn)) => Ok((coupon, Until::Lsn(lsn))),
        Some(inspect_coupon_request::Until::AtMs(..1)) => Err(Rejection::invalid("at_ms", 1)),
        Some(inspect_coupon_request::Until::AtMs(at_ms)) if at_ms > now_ms => Err(Rejection::invalid("at_ms", now_ms)),
        Some(inspect_coupon_request::Until::AtMs(at_ms)) => Ok((coupon, Until::Instant(at_ms))),
    }
}

/// A journal, and the first lsn.
pub fn watch(partitions: u16, request: &v1::WatchChangesRequest) -> Result<(u16, u64), Rejection> {
    let partition = journal(partitions, "partition", request.partition)?;
    if request.from_lsn > i64::MAX as u64 {
        return Err(Rejection::invalid("from_lsn", i64::MAX));
    }
    Ok((partition, request.from_lsn.max(1)))
}

/// The number of a journal of this directory: a partition, or the catalog.
pub fn journal(partitions: u16, field: &'static str, number: u32) -> Result<u16, Rejection> {
    match u16::try_from(number) {
        Ok(number) if number < partitions || number == CATALOG_PARTITION => Ok(number),
        Ok(_) => Err(Rejection::invalid(field, i64::from(partitions) - 1)),
        Err(_) => Err(malformed(field)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_journal_is_a_partition_or_the_catalog() {
        for (number, found) in [(0, Some(0)), (3, Some(3)), (65_535, Some(65_535)), (4, None), (65_536, None)] {
            assert_eq!(journal(4, "partition", number).ok(), found, "{number}");
        }
    }

    #[test]
    fn a_feed_begins_at_the_first_event_unless_it_says() {
        let request = |from_lsn| v1::WatchChangesRequest { partition: 1, from_lsn, to_the_end: false };
        assert_eq!(watch(4, &request(0)), Ok((1, 1)));
        assert_eq!(watch(4, &request(9)), Ok((1, 9)));
        assert_eq!(watch(4, &request(u64::MAX)), Err(Rejection::invalid("from_lsn", i64::MAX)));
    }
}
