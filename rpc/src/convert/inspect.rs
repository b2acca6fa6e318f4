//! What an operator is shown of one partition or one coupon, live or rebuilt, and of an image.

use std::collections::BTreeMap;

use tessera_engine::{
    inspect::CouponFacts,
    shard::{Books, HomeBook, PartitionReport},
    snapshots::ImageReport,
};
use tessera_proto::v1;

use super::{malformed, report, wallet};
use crate::{
    domain::{
        HoldState, Pool, Rejection, ValueTotals,
        reply::{HoldView, RedemptionView},
        stock::Lessee,
    },
    seals::{Place, Seals},
};

/// Holds, and redemptions, of one coupon that are shown.
const SHOWN_MAX: usize = 1_000;

/// A partition of so many.
pub fn partition_of(partitions: u16, number: u32) -> Result<u16, Rejection> {
    match u16::try_from(number) {
        Ok(number) if number < partitions => Ok(number),
        Ok(_) => Err(Rejection::invalid("partition", i64::from(partitions) - 1)),
        Err(_) => Err(malformed("partition")),
    }
}

/// One partition.
pub fn partition(shard: u16, told: &PartitionReport, books: &Books, images: &[ImageReport]) -> v1::InspectPartitionResponse {
    let used = told.lines.iter().filter(|line| line.sent + line.received > 0);
    let line = |line: &tessera_engine::shard::LineReport| v1::LineEnds {
        other_partition: line.other.into(),
        sent: line.sent,
        acknowledged: line.acknowledged,
        received: line.received,
    };
    // A template has a row for each version.
    let mut values: BTreeMap<_, ValueTotals> = BTreeMap::new();
    for &(template, currency, totals) in &books.values {
        *values.entry((template, currency.bytes())).or_default() += totals;
    }
    v1::InspectPartitionResponse {
        status: Some(report::partition(shard, told)),
        stocks: books.homes.iter().map(|(&pool, book)| home(pool, book)).collect(),
        leases: books.leases.iter().map(|(&pool, lessee)| lease(pool, lessee)).collect(),
        values: values.iter().map(|(&(template, currency), totals)| report::value(template, currency, totals)).collect(),
        lines: used.map(line).collect(),
        images: images.iter().map(image).collect(),
        memory: told.memory_bytes.iter().map(|&(part, bytes)| v1::MemoryPart { part: part.to_owned(), bytes }).collect(),
    }
}

fn home(pool: Pool, book: &HomeBook) -> v1::HomeStock {
    let sum = |of: fn(&(u64, u64)) -> u64| book.shares.iter().map(of).sum();
    v1::HomeStock {
        template_number: pool.template(),
        total: book.total,
        free: book.free,
        granted: sum(|&(granted, _)| granted),
        reclaimed: sum(|&(_, reclaimed)| reclaimed),
        local_day: pool.local_day(),
        is_budget: pool.is_budget(),
    }
}

fn lease(pool: Pool, lessee: &Lessee) -> v1::Lease {
    let &Lessee { received, returned, issued, restocked, .. } = lessee;
    let (template_number, local_day, is_budget) = (pool.template(), pool.local_day(), pool.is_budget());
    v1::Lease { template_number, received, returned, issued, restocked, unsold: lessee.unsold(), local_day, is_budget }
}

/// One image.
pub fn image(image: &ImageReport) -> v1::SnapshotImage {
    v1::SnapshotImage {
        image_id: image.id,
        partition: image.journal.into(),
        lsn: image.lsn,
        frame: image.frame,
        digest: image.digest,
        at_ms: image.at_ms,
        created_ms: image.created_ms,
        bytes: image.bytes,
    }
}

/// One coupon, as it stood.
pub fn coupon(seals: Seals<'_>, partition: u16, facts: &CouponFacts) -> v1::InspectCouponResponse {
    let place = Place { partition, number: facts.view.coupon };
    v1::InspectCouponResponse {
        coupon: Some(wallet::coupon(seals, partition, &facts.view)),
        position: Some(v1::Position { partition: partition.into(), lsn: facts.lsn }),
        at_ms: facts.at_ms,
        holds: facts.holds.iter().take(SHOWN_MAX).map(|view| hold(seals, partition, view)).collect(),
        redemptions: facts.redemptions.iter().take(SHOWN_MAX).map(|view| redemption(seals, partition, view)).collect(),
        history_token: seals.history_token(place, Some(facts.view.last)),
        truncated: facts.holds.len().max(facts.redemptions.len()) > SHOWN_MAX,
    }
}

fn hold(seals: Seals<'_>, partition: u16, view: &HoldView) -> v1::InspectedHold {
    let place = |number| Place { partition, number };
    v1::InspectedHold {
        hold_id: seals.hold_id(place(view.hold)),
        state: state(view.state).into(),
        amount_minor: view.amount,
        applied_minor: view.applied,
        held_minor: view.held,
        deadline_ms: view.deadline_ms,
        ended_ms: view.ended_ms,
        redemption_id: if view.redemption > 0 { seals.redemption_id(place(view.redemption)) } else { String::new() },
        lsn: view.hold,
    }
}

fn state(state: HoldState) -> v1::HoldState {
    match state {
        HoldState::Live => v1::HoldState::Live,
        HoldState::Captured => v1::HoldState::Captured,
        HoldState::Released => v1::HoldState::Released,
        HoldState::Expired => v1::HoldState::Expired,
        HoldState::Revoked => v1::HoldState::Revoked,
    }
}

fn redemption(seals: Seals<'_>, partition: u16, view: &RedemptionView) -> v1::InspectedRedemption {
    v1::InspectedRedemption {
        redemption_id: seals.redemption_id(Place { partition, number: view.redemption }),
        amount_minor: view.amount,
        applied_minor: view.applied,
        refunded_minor: view.refunded,
        at_ms: view.at_ms,
        lsn: view.redemption,
    }
}
