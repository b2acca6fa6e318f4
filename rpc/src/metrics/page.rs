//! The page of metrics: what is told, under which names.
//!
//! Labels are bounded: methods and reasons by the contract, codes by gRPC, shards by the cores, partitions by 256. Ids of users,
//! templates and coupons are never labels.

use tessera_proto::v1::{LogStatus, RecoveryStatus, ServingState, SnapshotStatus};

use super::{
    process::Process,
    snapshots,
    text::{Kind::*, Text},
};
use crate::{
    convert::report,
    meter::{MethodReading, Outcome},
    pulse::ShardPulse,
};

/// Everything that is told, at one instant.
pub struct Page {
    /// Where the server stands.
    pub state: ServingState,
    /// What the edge counted, by method.
    pub methods: Vec<MethodReading>,
    /// What the shards say, once there are any.
    pub shards: Vec<ShardPulse>,
    /// What the log says, once it is open.
    pub journal: Option<JournalPage>,
    /// Snapshots and the archive, once the log is open.
    pub snapshots: Option<SnapshotStatus>,
    /// The process.
    pub process: Process,
}

/// The log at one instant.
pub struct JournalPage {
    /// What it did.
    pub log: LogStatus,
    /// What the start found.
    pub recovery: RecoveryStatus,
    /// Since the node opened.
    pub uptime_ms: i64,
}

impl Page {
    /// The page as text.
    pub fn text(&self) -> String {
        let mut text = Text::default();
        self.state(&mut text);
        self.operations(&mut text);
        self.shards(&mut text);
        self.partitions(&mut text);
        if let Some(journal) = &self.journal {
            journal.tell(&mut text);
        }
        if let Some(snapshots) = &self.snapshots {
            snapshots::tell(snapshots, &mut text);
        }
        self.process.tell(&mut text);
        text.finish()
    }

    fn state(&self, text: &mut Text) {
        let mut family = text.family("state", Gauge, "1 for the state that the server is in.");
        for state in [ServingState::Recovering, ServingState::Serving, ServingState::Draining] {
            family.sample(&[("state", &super::name_of(state))], u8::from(state == self.state));
        }
    }

    fn operations(&self, text: &mut Text) {
        let mut family =
            text.family("operations_total", Counter, "Operations by what became of them; items of streams one by one.");
        for method in &self.methods {
            let accepted = method.ended(Outcome::Accepted.name());
            family.sample(&[("method", &method.name), ("outcome", Outcome::Accepted.name()), ("reason", "")], accepted);
            for (outcome, count) in method.outcomes.iter().filter(|(outcome, _)| *outcome != Outcome::Accepted) {
                family.sample(&[("method", &method.name), ("outcome", outcome.name()), ("reason", outcome.reason())], count);
            }
        }
        let help = "From the request's arrival to its reply handed over to the transport.";
        let mut family = text.family("operation_duration_seconds", Histogram, help);
        for method in self.methods.iter().filter(|method| method.times.count() > 0) {
            family.histogram(&[("method", &method.name)], &method.times);
        }
        let mut family = text.family("operations_in_flight", Gauge, "Operations begun and not ended.");
        for method in &self.methods {
            family.sample(&[("method", &method.name)], method.in_flight);
        }
        let mut family = text.family("streams_open", Gauge, "Streams of claims and redemptions.");
        for method in self.methods.iter().filter(|method| method.name.ends_with("Stream")) {
            family.sample(&[("method", &method.name)], method.streams_open);
        }
    }

    fn shards(&self, text: &mut Text) {
        let mut family = text.family("shard_silent_seconds", Gauge, "How long the shard has owed a report; 0 while it answers.");
        for (shard, pulse) in self.shards.iter().enumerate() {
            let silent = pulse.silent_since.map_or(0.0, |since| since.elapsed().as_secs_f64());
            family.sample(&[("shard", &shard.to_string())], silent);
        }
        type Number = fn(&tessera_engine::shard::ShardReport) -> u64;
        let numbers: [(_, _, _, Number); 5] = [
            ("shard_queued_commands", Gauge, "Commands waiting to be decided.", |report| report.queued_commands),
            ("shard_parked_claims", Gauge, "Claims waiting for stock.", |report| report.parked_claims),
            ("shard_undurable_turns", Gauge, "Turns on their way to the disk.", |report| report.undurable_turns),
            ("shard_turns_total", Counter, "Turns taken.", |report| report.turns),
            ("shard_decided_commands_total", Counter, "Commands decided.", |report| report.decided_commands),
        ];
        for (name, kind, help, number) in numbers {
            let mut family = text.family(name, kind, help);
            for report in self.shards.iter().filter_map(|pulse| pulse.report.as_ref()) {
                family.sample(&[("shard", &report.shard.to_string())], number(report));
            }
        }
    }

    fn partitions(&self, text: &mut Text) {
        type Number = fn(&tessera_engine::shard::PartitionReport) -> u64;
        let numbers: [(_, _, _, Number); 5] = [
            ("partition_lsn", Gauge, "Highest durable log sequence number.", |report| report.lsn),
            ("partition_coupons", Gauge, "Coupons in memory.", |report| report.coupons),
            ("partition_users", Gauge, "Users in memory.", |report| report.users),
            ("partition_redemptions", Gauge, "Redemptions in memory.", |report| report.redemptions),
            ("partition_remembered_requests", Gauge, "Request ids remembered for retries.", |report| report.requests),
        ];
        let mut reports: Vec<_> = self.shards.iter().filter_map(|pulse| pulse.report.as_ref()).collect();
        reports.sort_by_key(|report| report.shard);
        for (name, kind, help, number) in numbers {
            let mut family = text.family(name, kind, help);
            for partition in reports.iter().flat_map(|report| &report.partitions) {
                family.sample(&[("partition", &partition.partition.to_string())], number(partition));
            }
        }
    }
}

impl JournalPage {
    fn tell(&self, text: &mut Text) {
        let (log, recovery) = (&self.log, &self.recovery);
        for (name, help, value) in [
            ("log_groups_total", "Groups of frames made durable.", log.groups),
            ("log_seals_total", "Groups that seal the tail.", log.seals),
            ("log_syncs_total", "Calls of fdatasync and fsync.", log.syncs),
            ("log_frames_total", "Frames made durable; by groups they are the mean of a group.", log.frames),
            ("log_frame_bytes_total", "Bytes of those frames.", log.frame_bytes),
            ("log_disk_bytes_total", "Bytes written to the disk, padding included.", log.disk_bytes),
            ("log_segments_total", "Segments begun.", log.segments),
        ] {
            text.family(name, Counter, help).sample(&[], value);
        }
        let sync_times = report::reading(log.sync_times.as_ref());
        text.family("log_sync_duration_seconds", Histogram, "The fdatasync of each group.").histogram(&[], &sync_times);
        let help = "1 while the disk is down to its reserve, so that writes are refused.";
        text.family("log_disk_full", Gauge, help).sample(&[], u8::from(log.full));
        let seconds = |ms: i64| ms as f64 / 1e3;
        let help = "From opening the directory until it served.";
        text.family("recovery_duration_seconds", Gauge, help).sample(&[], seconds(recovery.elapsed_ms));
        text.family("recovery_frames", Gauge, "Frames replayed by the start.").sample(&[], recovery.frames);
        text.family("recovery_bytes", Gauge, "Bytes read by the start.").sample(&[], recovery.bytes);
        text.family("uptime_seconds", Gauge, "Since the server began to serve.").sample(&[], seconds(self.uptime_ms));
    }
}
