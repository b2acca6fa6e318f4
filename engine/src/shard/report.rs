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
    /// The time of its last event, ms.
    pub time_ms: i64,
    /// The digest of its state.
    pub digest: u64,
    /// What each part of the state adds to that, by the part's name.
    pub digests: Vec<(&'static str, u64)>,
    /// An estimate of the bytes that each part of the state holds in memory, by the part's name.
    pub memory_bytes: Vec<(&'static str, u64)>,
    /// Coupons in memory.
    pub coupons: u64,
    /// Users in memory.
    pub users: u64,
    /// Redemptions in memory.
    pub redemptions: u64,
    /// Remembered requests.
    pub requests: u64,
    /// Live holds.
    pub live_holds: u64,
    /// Holds in memory, live and ended.
    pub holds: u64,
    /// No coupon expires before this, ms; nothing if none ever does.
    pub next_expiry_ms: Option<i64>,
    /// No hold ends by itself before this, ms; nothing if there is none.
    pub next_hold_end_ms: Option<i64>,
    /// No gift ends by itself before this, ms; nothing if none is open.
    pub next_gift_end_ms: Option<i64>,
    /// Lines that begin and end here; the one that does both is told once it is used.
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
            partitions: owned().map(|owned| PartitionReport::of(owned.ledger.state(), self.settings.partitions)).collect(),
            undurable_turns: 0,
        }
    }
}

impl PartitionReport {
    /// A partition of so many, as its state stands.
    pub fn of(state: &tessera_domain::Partition, partitions: u16) -> PartitionReport {
        let ([coupons, users, redemptions, requests], [live_holds, holds]) = (state.counts(), state.holds());
        let [next_expiry_ms, next_hold_end_ms, next_gift_end_ms] = state.next_deadlines_ms();
        let line = |other| {
            let out = state.lines().out(other);
            LineReport { other, sent: out.sent, acknowledged: out.acknowledged, received: state.lines().into(other).received }
        };
        let others = (0..partitions).filter(|&other| other != state.id() || state.lines().out(other).sent > 0);
        PartitionReport {
            partition: state.id(),
            lsn: state.lsn(),
            time_ms: state.time_ms(),
            digest: state.digest(),
            digests: state.digests().into(),
            memory_bytes: state.memory_bytes().into(),
            coupons,
            users,
            redemptions,
            requests,
            live_holds,
            holds,
            next_expiry_ms,
            next_hold_end_ms,
            next_gift_end_ms,
            lines: others.map(line).collect(),
        }
    }
}
