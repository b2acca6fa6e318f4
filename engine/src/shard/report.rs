//! What a shard tells of itself to operators, as a passenger like every answer.

use super::Shard;
use crate::letter::Passenger;
use crate::turn::Turn;
use tessera_wal::Handover;

/// One shard at one instant.
#[derive(Clone, Debug, Default)]
pub struct ShardReport {
    /// Its number.
    pub shard: u16,
    /// Commands that wait.
    pub queued_commands: u64,
    /// Claims that wait for stock.
    pub parked_claims: u64,
    /// Commands decided since the start.
    pub decided_commands: u64,
    /// Turns since the start.
    pub turns: u64,
    /// Its partitions.
    pub partitions: Vec<PartitionReport>,
    /// Turns on their way to the disk; the actor that runs the shard counts them.
    pub undurable_turns: u64,
}

/// One partition at one instant.
#[derive(Clone, Debug, Default)]
pub struct PartitionReport {
    /// Its number.
    pub partition: u16,
    /// Its last lsn.
    pub lsn: u64,
    /// The digest of its state.
    pub digest: u64,
    /// Coupons in memory.
    pub coupons: u64,
    /// Users in memory.
    pub users: u64,
    /// Redemptions in memory.
    pub redemptions: u64,
    /// Remembered requests.
    pub requests: u64,
    /// Lines that begin and end here.
    pub lines: Vec<LineReport>,
}

/// Both ends that a partition has with another.
#[derive(Clone, Copy, Debug, Default)]
pub struct LineReport {
    /// The other partition.
    pub other: u16,
    /// The highest number sent there.
    pub sent: u64,
    /// The highest of them acknowledged.
    pub acknowledged: u64,
    /// The highest number received from there.
    pub received: u64,
}

impl Shard {
    /// Hands over a report; `tell` hears it when everything in it is durable.
    pub fn report(&self, tell: impl FnOnce(ShardReport) + Send + 'static) -> Vec<Handover<Passenger>> {
        let report = self.describe();
        let mut turn = Turn::new(self.office.clone());
        turn.call(move || tell(report));
        turn.hand_over()
    }

    fn describe(&self) -> ShardReport {
        let owned = || self.owned.iter().flatten();
        ShardReport {
            shard: self.number,
            queued_commands: self.queued_commands as u64,
            parked_claims: owned().map(|owned| owned.parked_claims()).sum(),
            decided_commands: self.decided_commands,
            turns: self.turns,
            partitions: owned().map(|owned| self.describe_partition(owned.ledger.state())).collect(),
            undurable_turns: 0,
        }
    }

    fn describe_partition(&self, state: &tessera_domain::Partition) -> PartitionReport {
        let [coupons, users, redemptions, requests] = state.counts();
        let line = |other| {
            let out = state.lines().out(other);
            LineReport { other, sent: out.sent, acknowledged: out.acknowledged, received: state.lines().into(other).received }
        };
        let others = (0..self.settings.partitions).filter(|&other| other != state.id());
        PartitionReport {
            partition: state.id(),
            lsn: state.lsn(),
            digest: state.digest(),
            coupons,
            users,
            redemptions,
            requests,
            lines: others.map(line).collect(),
        }
    }
}
