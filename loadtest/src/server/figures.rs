//! What the server says of itself: for reading beside the measurement, never for the check.

use serde::{Deserialize, Serialize};
use tessera_proto::v1::{GetStatusRequest, GetStatusResponse, operator_service_client::OperatorServiceClient};

use super::sync_times::SyncTimes;
use crate::link::Link;

/// The server's figures over one measurement. What an older file lacks is absent or 0.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Figures {
    /// Calls of fdatasync.
    pub syncs: u64,
    /// Bytes of frames in the log for one accepted operation.
    pub log_bytes_per_accepted: f64,
    /// Bytes written to the disk for one accepted operation, padding included.
    pub disk_bytes_per_accepted: f64,
    /// Accepted operations in one group.
    pub accepted_per_group: f64,
    /// Resident memory afterwards.
    pub resident_bytes: u64,
    /// Coupons in memory afterwards.
    pub coupons: u64,
    /// Growth of resident memory for one new coupon, idempotency and everything else included.
    pub resident_bytes_per_coupon: f64,
    /// Request ids remembered afterwards.
    pub remembered_requests: u64,
    /// Groups of frames made durable.
    pub groups: u64,
    /// Frames in them.
    pub frames: u64,
    /// Their quotient.
    pub frames_per_group: f64,
    /// How long the sync of each group took, if the server says so.
    pub sync_times: Option<SyncTimes>,
}

/// Asks for the status; `None` from a server that does not report it.
pub async fn status(link: &Link) -> Option<GetStatusResponse> {
    let mut client = OperatorServiceClient::new(link.channel());
    client.get_status(GetStatusRequest {}).await.ok().map(tonic::Response::into_inner)
}

/// What happened between two statuses of one process, in which `accepted` operations were accepted. `None` when the process
/// was started anew in between, because its counts began again.
pub fn between(before: &GetStatusResponse, after: &GetStatusResponse, accepted: u64) -> Option<Figures> {
    let (log_before, log_after) = (before.log.as_ref()?, after.log.as_ref()?);
    let groups = log_after.groups.checked_sub(log_before.groups)?;
    let syncs = log_after.syncs.checked_sub(log_before.syncs)?;
    let frame_bytes = log_after.frame_bytes.checked_sub(log_before.frame_bytes)?;
    let disk_bytes = log_after.disk_bytes.checked_sub(log_before.disk_bytes)?;
    let frames = log_after.frames.checked_sub(log_before.frames)?;
    let sync_times = log_before.sync_times.as_ref().zip(log_after.sync_times.as_ref());
    let new_coupons = coupons(after).saturating_sub(coupons(before));
    let growth = after.resident_bytes.saturating_sub(before.resident_bytes);
    Some(Figures {
        syncs,
        log_bytes_per_accepted: ratio(frame_bytes, accepted),
        disk_bytes_per_accepted: ratio(disk_bytes, accepted),
        accepted_per_group: ratio(accepted, groups),
        resident_bytes: after.resident_bytes,
        coupons: coupons(after),
        resident_bytes_per_coupon: ratio(growth, new_coupons),
        remembered_requests: after.partitions.iter().map(|partition| partition.remembered_requests).sum(),
        groups,
        frames,
        frames_per_group: ratio(frames, groups),
        sync_times: sync_times.and_then(|(before, after)| SyncTimes::between(before, after)),
    })
}

fn coupons(status: &GetStatusResponse) -> u64 {
    status.partitions.iter().map(|partition| partition.coupons).sum()
}

fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

#[cfg(test)]
mod tests {
    use tessera_proto::v1::{LogStatus, PartitionStatus};

    use super::*;

    fn at(groups: u64, frame_bytes: u64, coupons: u64, resident_bytes: u64) -> GetStatusResponse {
        GetStatusResponse {
            log: Some(LogStatus { groups, syncs: groups, frames: 3 * groups, frame_bytes, ..Default::default() }),
            partitions: vec![PartitionStatus { coupons, ..Default::default() }],
            resident_bytes,
            ..Default::default()
        }
    }

    #[test]
    fn figures_are_differences() {
        let figures = between(&at(10, 1_000, 5, 100), &at(20, 3_000, 25, 500), 20).unwrap();
        assert_eq!((figures.syncs, figures.log_bytes_per_accepted, figures.accepted_per_group), (10, 100.0, 2.0));
        assert_eq!(figures.resident_bytes_per_coupon, 20.0);
        assert_eq!((figures.groups, figures.frames, figures.frames_per_group), (10, 30, 3.0));
    }

    #[test]
    fn a_restart_in_between_gives_none() {
        assert_eq!(between(&at(10, 1_000, 5, 100), &at(2, 300, 25, 500), 20), None);
    }
}
