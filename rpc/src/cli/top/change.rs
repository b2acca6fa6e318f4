//! What happened at a server between two of its answers: rates, and percentiles of that interval alone.

use std::{collections::HashMap, time::Duration};

use tessera_proto::v1;

use crate::{convert::report::reading, meter::Reading};

/// Two answers, subtracted.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// The newer answer.
    pub now: v1::GetStatusResponse,
    /// Methods that were ever called.
    pub methods: Vec<MethodChange>,
    /// Refusals a second by reason, most first.
    pub reasons: Vec<(v1::Reason, f64)>,
    /// Its shards.
    pub shards: Vec<ShardChange>,
    /// Its partitions.
    pub partitions: Vec<PartitionChange>,
    /// Its log.
    pub log: LogChange,
}

/// One method.
#[derive(Clone, Debug, Default)]
pub struct MethodChange {
    /// What there is now.
    pub now: v1::OperationStatus,
    /// Ended a second, in whatever way.
    pub ended: f64,
    /// Refused a second.
    pub refused: f64,
    /// Failed a second.
    pub failed: f64,
    /// How long those of this interval took.
    pub times: Option<Percentiles>,
}

/// Three of them, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Percentiles {
    /// Half took no longer.
    pub p50_us: u64,
    /// 99 % took no longer.
    pub p99_us: u64,
    /// 99.9 % took no longer.
    pub p999_us: u64,
}

impl Percentiles {
    fn of(reading: &Reading) -> Option<Self> {
        let [p50_us, p99_us, p999_us] = [0.5, 0.99, 0.999].map(|share| reading.quantile_us(share));
        Some(Self { p50_us: p50_us?, p99_us: p99_us?, p999_us: p999_us? })
    }
}

/// One shard.
#[derive(Clone, Copy, Debug, Default)]
pub struct ShardChange {
    /// What there is now.
    pub now: v1::ShardStatus,
    /// Commands decided a second.
    pub decided: f64,
    /// Turns a second.
    pub turns: f64,
}

/// One partition.
#[derive(Clone, Copy, Debug, Default)]
pub struct PartitionChange {
    /// What there is now.
    pub now: v1::PartitionStatus,
    /// Events a second.
    pub events: f64,
}

/// The log.
#[derive(Clone, Copy, Debug, Default)]
pub struct LogChange {
    /// Groups a second.
    pub groups: f64,
    /// Frames in a group, on average.
    pub frames_a_group: f64,
    /// Frame bytes in a group, on average.
    pub bytes_a_group: f64,
    /// Bytes written to the disk a second.
    pub disk_bytes: f64,
    /// How long the syncs of this interval took.
    pub sync: Option<Percentiles>,
}

impl Change {
    /// From `before` to `now`, which are this far apart.
    pub fn between(before: &v1::GetStatusResponse, now: v1::GetStatusResponse, elapsed: Duration) -> Self {
        let seconds = elapsed.as_secs_f64().max(f64::EPSILON);
        let rate = |now: u64, before: u64| grown(now, before) / seconds;
        let methods = methods(before, &now, rate);
        let shards = by_number(&before.shards, |shard| shard.shard);
        let shard = |now: &v1::ShardStatus| {
            let before = shards.get(&now.shard).copied().copied().unwrap_or_default();
            let (decided, turns) = (rate(now.decided_commands, before.decided_commands), rate(now.turns, before.turns));
            ShardChange { now: *now, decided, turns }
        };
        let partitions = by_number(&before.partitions, |partition| partition.partition);
        let partition = |now: &v1::PartitionStatus| {
            let lsn = partitions.get(&now.partition).map_or(0, |before| before.lsn);
            PartitionChange { now: *now, events: rate(now.lsn, lsn) }
        };
        Self {
            reasons: reasons(before, &now, rate),
            shards: now.shards.iter().map(shard).collect(),
            partitions: now.partitions.iter().map(partition).collect(),
            log: log(before.log.as_ref(), now.log.as_ref(), rate),
            methods,
            now,
        }
    }
}

/// How much a counter has grown. One that is smaller than before began anew: the server was started between.
fn grown(now: u64, before: u64) -> f64 {
    now.checked_sub(before).unwrap_or(now) as f64
}

fn by_number<T>(all: &[T], number: impl Fn(&T) -> u32) -> HashMap<u32, &T> {
    all.iter().map(|one| (number(one), one)).collect()
}

fn methods(before: &v1::GetStatusResponse, now: &v1::GetStatusResponse, rate: impl Fn(u64, u64) -> f64) -> Vec<MethodChange> {
    let earlier: HashMap<&str, &v1::OperationStatus> =
        before.operations.iter().map(|method| (method.method.as_str(), method)).collect();
    let ended = |method: &v1::OperationStatus| method.accepted + method.refused + method.failed;
    let called = now.operations.iter().filter(|method| ended(method) + method.in_flight + method.streams_open > 0);
    let change = |method: &v1::OperationStatus| {
        let earlier = earlier.get(method.method.as_str()).copied().cloned().unwrap_or_default();
        let times = reading(method.times.as_ref()).since(&reading(earlier.times.as_ref()));
        MethodChange {
            ended: rate(ended(method), ended(&earlier)),
            refused: rate(method.refused, earlier.refused),
            failed: rate(method.failed, earlier.failed),
            times: Percentiles::of(&times),
            now: method.clone(),
        }
    };
    called.map(change).collect()
}

fn reasons(
    before: &v1::GetStatusResponse,
    now: &v1::GetStatusResponse,
    rate: impl Fn(u64, u64) -> f64,
) -> Vec<(v1::Reason, f64)> {
    let (earlier, now) = (counts_by_reason(before), counts_by_reason(now));
    let change = |(reason, count): (v1::Reason, u64)| (reason, rate(count, earlier.get(&reason).copied().unwrap_or(0)));
    let mut reasons: Vec<_> = now.into_iter().map(change).filter(|(_, rate)| *rate > 0.0).collect();
    reasons.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.as_str_name().cmp(b.0.as_str_name())));
    reasons
}

fn counts_by_reason(status: &v1::GetStatusResponse) -> HashMap<v1::Reason, u64> {
    let mut counts = HashMap::new();
    for counted in status.operations.iter().flat_map(|method| &method.reasons) {
        *counts.entry(counted.reason()).or_default() += counted.count;
    }
    counts
}

fn log(before: Option<&v1::LogStatus>, now: Option<&v1::LogStatus>, rate: impl Fn(u64, u64) -> f64) -> LogChange {
    let Some(now) = now else { return LogChange::default() };
    let before = before.cloned().unwrap_or_default();
    let groups = grown(now.groups, before.groups);
    let a_group = |now, before| if groups > 0.0 { grown(now, before) / groups } else { 0.0 };
    LogChange {
        groups: rate(now.groups, before.groups),
        frames_a_group: a_group(now.frames, before.frames),
        bytes_a_group: a_group(now.frame_bytes, before.frame_bytes),
        disk_bytes: rate(now.disk_bytes, before.disk_bytes),
        sync: Percentiles::of(&reading(now.sync_times.as_ref()).since(&reading(before.sync_times.as_ref()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(accepted: u64, sold_out: u64, times: &[u64]) -> v1::GetStatusResponse {
        let reasons = vec![v1::ReasonCount { reason: v1::Reason::SoldOut.into(), count: sold_out }];
        let times = v1::TimeHistogram { bounds_us: vec![100, 1_000], counts: times.to_vec(), sum_us: 0 };
        let claim = v1::OperationStatus {
            method: "Claim".into(),
            accepted,
            refused: sold_out,
            reasons,
            times: Some(times),
            ..Default::default()
        };
        let idle = v1::OperationStatus { method: "Issue".into(), ..Default::default() };
        v1::GetStatusResponse { operations: vec![claim, idle], ..Default::default() }
    }

    const TWO_SECONDS: Duration = Duration::from_secs(2);

    #[test]
    fn a_rate_is_what_came_between_by_the_second() {
        let change = Change::between(&claims(10, 4, &[14, 0, 0]), claims(20, 10, &[14, 16, 0]), TWO_SECONDS);
        let [claim] = change.methods.as_slice() else { panic!("a method that was never called is left out") };
        assert_eq!((claim.ended, claim.refused, claim.failed), (8.0, 3.0, 0.0));
        assert_eq!(change.reasons, [(v1::Reason::SoldOut, 3.0)]);
        let times = claim.times.unwrap();
        assert!(times.p50_us > 100 && times.p999_us <= 1_000, "only this interval counts: {times:?}");
    }

    #[test]
    fn a_server_that_was_started_between_counts_from_nothing() {
        let change = Change::between(&claims(1_000, 0, &[1_000, 0, 0]), claims(6, 0, &[6, 0, 0]), TWO_SECONDS);
        assert_eq!(change.methods[0].ended, 3.0);
    }

    #[test]
    fn a_group_has_the_mean_of_its_interval() {
        let log = |groups, frames, frame_bytes| v1::GetStatusResponse {
            log: Some(v1::LogStatus { groups, frames, frame_bytes, ..Default::default() }),
            ..Default::default()
        };
        let change = Change::between(&log(1, 1, 100), log(5, 13, 900), TWO_SECONDS);
        assert_eq!((change.log.groups, change.log.frames_a_group, change.log.bytes_a_group), (2.0, 3.0, 200.0));
        assert_eq!(change.log.sync, None);
    }
}
