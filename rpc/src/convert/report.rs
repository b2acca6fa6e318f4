//! Reports of shards as an operator reads them.

use tessera_engine::shard::{PartitionReport, ShardReport};
use tessera_proto::v1;

/// One shard.
pub fn shard(report: &ShardReport) -> v1::ShardStatus {
    v1::ShardStatus {
        shard: u32::from(report.shard),
        queued_commands: report.queued_commands,
        parked_claims: report.parked_claims,
        decided_commands: report.decided_commands,
        turns: report.turns,
    }
}

/// All partitions of these shards, by number.
pub fn partitions(reports: &[ShardReport]) -> Vec<v1::PartitionStatus> {
    let all = reports.iter().flat_map(|report| report.partitions.iter().map(|part| partition(report.shard, part)));
    let mut all: Vec<_> = all.collect();
    all.sort_by_key(|status| status.partition);
    all
}

fn partition(shard: u16, report: &PartitionReport) -> v1::PartitionStatus {
    v1::PartitionStatus {
        partition: u32::from(report.partition),
        shard: u32::from(shard),
        lsn: report.lsn,
        digest: report.digest,
        coupons: report.coupons,
        users: report.users,
        remembered_requests: report.requests,
        redemptions: report.redemptions,
    }
}
