//! Reports of shards as an operator reads them.

use tessera_engine::{
    conservation::{Balance, Live, PledgeSums},
    domain::ValueTotals,
    shard::{PartitionReport, ShardReport},
    snapshots::{Overview, Round},
};
use tessera_proto::v1;

use crate::{
    gate::Seats,
    meter::{MethodReading, Outcome, Reading},
};

/// Bulk work.
pub fn bulk(seats: Seats) -> v1::BulkStatus {
    let Seats { taken, allowed, most } = seats;
    v1::BulkStatus { rows_in_flight: taken as u32, rows_allowed: allowed as u32, rows_in_flight_max: most as u32 }
}

/// One shard.
pub fn shard(report: &ShardReport) -> v1::ShardStatus {
    v1::ShardStatus {
        shard: u32::from(report.shard),
        queued_commands: report.queued_commands,
        parked_claims: report.parked_claims,
        decided_commands: report.decided_commands,
        turns: report.turns,
        undurable_turns: report.undurable_turns,
    }
}

/// All partitions of these shards, by number.
pub fn partitions(reports: &[ShardReport]) -> Vec<v1::PartitionStatus> {
    let all = reports.iter().flat_map(|report| report.partitions.iter().map(|part| partition(report.shard, part)));
    let mut all: Vec<_> = all.collect();
    all.sort_by_key(|status| status.partition);
    all
}

/// One method.
pub fn operation(method: &MethodReading) -> v1::OperationStatus {
    let ended = |name| method.ended(name);
    let reason = |&(outcome, count): &(Outcome, u64)| match outcome {
        Outcome::Refused(reason) => Some(v1::ReasonCount { reason: i32::from(reason as u16), count }),
        Outcome::Accepted | Outcome::Failed(_) => None,
    };
    v1::OperationStatus {
        method: method.name.clone(),
        accepted: ended("accepted"),
        refused: ended("refused"),
        failed: ended("failed"),
        in_flight: method.in_flight,
        streams_open: method.streams_open,
        reasons: method.outcomes.iter().filter_map(reason).collect(),
        times: Some(times(&method.times)),
    }
}

fn times(reading: &Reading) -> v1::TimeHistogram {
    v1::TimeHistogram { bounds_us: reading.bounds_us.clone(), counts: reading.counts.clone(), sum_us: reading.sum_us }
}

/// The counts of a histogram that was told; nothing if there was none.
pub fn reading(times: Option<&v1::TimeHistogram>) -> Reading {
    times.map_or_else(Reading::empty, |times| Reading {
        bounds_us: times.bounds_us.clone(),
        counts: times.counts.clone(),
        sum_us: times.sum_us,
    })
}

/// One partition.
pub fn partition(shard: u16, report: &PartitionReport) -> v1::PartitionStatus {
    v1::PartitionStatus {
        partition: u32::from(report.partition),
        shard: u32::from(shard),
        lsn: report.lsn,
        digest: report.digest,
        coupons: report.coupons,
        users: report.users,
        remembered_requests: report.requests,
        redemptions: report.redemptions,
        time_ms: report.time_ms,
        live_holds: report.live_holds,
        holds: report.holds,
        next_expiry_ms: report.next_expiry_ms.unwrap_or(0),
        next_hold_end_ms: report.next_hold_end_ms.unwrap_or(0),
        next_gift_end_ms: report.next_gift_end_ms.unwrap_or(0),
    }
}

/// Where a stock is.
pub fn stock(balance: &Balance) -> v1::StockConservation {
    v1::StockConservation {
        template_number: balance.pool.template(),
        total: balance.total,
        free: balance.free,
        granted_on_the_way: balance.granted_on_the_way,
        unsold: balance.unsold,
        returned_on_the_way: balance.returned_on_the_way,
        issued: balance.issued,
        local_day: balance.pool.local_day(),
        is_budget: balance.pool.is_budget(),
    }
}

/// Where the value of a template's coupons is.
pub fn value(template: u32, currency: [u8; 3], totals: &ValueTotals) -> v1::ValueConservation {
    let told = |sum: i128| i64::try_from(sum).unwrap_or(i64::MAX);
    v1::ValueConservation {
        template_number: template,
        currency: String::from_utf8_lossy(&currency).into_owned(),
        loaded: told(totals.loaded),
        available: told(totals.available),
        held: told(totals.held),
        captured: told(totals.captured),
        expired: told(totals.expired),
        voided: told(totals.voided),
        given: told(totals.given),
        received: told(totals.received),
    }
}

/// Where stock and value are.
pub fn conservation(live: &Live) -> v1::ConservationResponse {
    v1::ConservationResponse {
        holds: live.violations.is_empty(),
        violations: live.violations.clone(),
        stocks: live.stocks.iter().map(stock).collect(),
        values: live.values.iter().map(|(&(template, currency), totals)| value(template, currency, totals)).collect(),
        pledges: Some(pledges(live.pledges)),
    }
}

fn pledges(PledgeSums { known, open, on_the_way }: PledgeSums) -> v1::PledgeConservation {
    v1::PledgeConservation { known, open, on_the_way }
}

/// Snapshots and the archive.
pub fn snapshots(overview: &Overview) -> v1::SnapshotStatus {
    v1::SnapshotStatus {
        rounds: overview.rounds,
        failures: overview.failures,
        last: overview.last.as_ref().map(round),
        running: overview.running.as_ref().map(round),
        images: overview.images,
        image_bytes: overview.image_bytes,
        archived_segments: overview.archived.segments,
        archived_bytes: overview.archived.bytes,
        last_age_ms: overview.last_age_ms,
    }
}

fn round(round: &Round) -> v1::RoundStatus {
    v1::RoundStatus {
        began_ms: round.began_ms,
        took_ms: round.took.as_millis() as i64,
        journals_done: round.journals_done,
        journals: round.journals,
        frames: round.frames,
        images: round.images,
        image_bytes: round.image_bytes,
        failures: round.failed.len() as u32,
    }
}
