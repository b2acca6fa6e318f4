//! Snapshots and replays while the load runs: asked for in turn, waited for, judged.
//!
//! An operation that fails is a violation, and so is a replay that finds a difference. One that is lost with a killed server is
//! neither: the server that comes back knows nothing of it, so it is asked for anew.

use std::{sync::Arc, time::Duration};

use tessera_proto::v1::{
    GetOperationRequest, ListOperationsRequest, Operation, OperationState, SaveSnapshotRequest, StartReplayRequest,
    maintenance_service_client::MaintenanceServiceClient, operation::Result as Outcome,
};
use tokio::{sync::Notify, task::JoinHandle};
use tonic::{Code, Status, transport::Channel};

use crate::{
    clock::Clock,
    drive,
    error::Error,
    link::{Link, RECOVERY_MAX},
    wire::refusal,
};

/// Between two questions whether an operation has ended.
const LOOK: Duration = Duration::from_millis(20);

/// How long one operation may take.
const OPERATION_MAX: Duration = Duration::from_secs(900);

/// How often something is asked for that could not be taken.
const ASKS_MAX: u32 = 600;

/// Pause before something is asked for again that could not be taken.
const PAUSE: Duration = Duration::from_millis(100);

/// What is asked for in turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chore {
    /// A round of snapshots.
    Snapshot,
    /// A replay, compared with the live state.
    Replay,
}

/// One that ended.
#[derive(Clone, Copy, Debug)]
pub struct Round {
    /// Which.
    pub chore: Chore,
    /// Before it was asked for.
    pub begin_ns: u64,
    /// When its end was known.
    pub end_ns: u64,
}

/// Everything that was asked for.
#[derive(Clone, Debug, Default)]
pub struct Upkeep {
    /// What ended.
    pub rounds: Vec<Round>,
    /// Bytes of the newest round's images.
    pub image_bytes: u64,
    /// Differences that replays found.
    pub differences: u64,
    /// What was lost with a killed server.
    pub lost: u64,
    /// Rounds of snapshots that failed, where disks do.
    pub failed: u64,
    /// What must not happen.
    pub faults: Vec<String>,
}

/// What a server goes through meanwhile.
#[derive(Clone, Copy, Debug, Default)]
pub struct Weather {
    /// It is killed, and whatever was under way is lost.
    pub is_killed: bool,
    /// Its disks fail or are full, and snapshots with them; a replay only reads.
    pub has_failing_disks: bool,
}

/// Asks for one chore after the other until it is told to stop.
#[derive(Debug)]
pub struct Rounds {
    task: JoinHandle<Result<Upkeep, Error>>,
    stop: Arc<Notify>,
}

impl Rounds {
    /// The first chore begins `every` from now, the others as long after the one before. A server without maintenance is
    /// found out at once.
    pub async fn start(link: &Link, clock: Clock, every: Duration, weather: Weather) -> Result<Self, Error> {
        let steward = Steward { link: link.clone(), channel: link.channel(), clock, weather };
        let known = steward.client().list_operations(ListOperationsRequest {}).await;
        known.map_err(Error::call("ListOperations"))?;
        let stop = Arc::new(Notify::new());
        let stopped = stop.clone();
        let task = tokio::spawn(async move {
            let mut upkeep = Upkeep::default();
            for chore in [Chore::Snapshot, Chore::Replay].into_iter().cycle() {
                tokio::select! {
                    () = stopped.notified() => break,
                    () = tokio::time::sleep(every) => {}
                }
                steward.perform(chore, &mut upkeep).await?;
            }
            Ok(upkeep)
        });
        Ok(Self { task, stop })
    }

    /// Waits for the chore under way; nothing more is asked for.
    pub async fn end(self) -> Result<Upkeep, Error> {
        self.stop.notify_one();
        self.task.await?
    }
}

/// One last replay of a server that does maintenance, after one last snapshot if it took some; nothing on one that does not.
/// Whatever its disks did is over.
pub async fn at_last(link: &Link, clock: Clock, is_upkept: bool, upkeep: &mut Upkeep) -> Result<(), Error> {
    let steward = Steward { link: link.clone(), channel: link.channel(), clock, weather: Weather::default() };
    match steward.client().list_operations(ListOperationsRequest {}).await {
        Err(status) if status.code() == Code::Unimplemented => return Ok(()),
        Err(status) => return Err(Error::call("ListOperations")(status)),
        Ok(_) => {}
    }
    if is_upkept {
        steward.perform(Chore::Snapshot, upkeep).await?;
    }
    steward.perform(Chore::Replay, upkeep).await
}

/// How an operation ended.
enum Ended {
    Known(Box<Operation>),
    Lost(Status),
    TooLong,
}

struct Steward {
    link: Link,
    channel: Channel,
    clock: Clock,
    weather: Weather,
}

impl Steward {
    fn client(&self) -> MaintenanceServiceClient<Channel> {
        MaintenanceServiceClient::new(self.channel.clone())
    }

    /// Asks for `chore` and waits for its end.
    async fn perform(&self, chore: Chore, upkeep: &mut Upkeep) -> Result<(), Error> {
        let begin_ns = self.clock.now_ns();
        let ended = match self.begin(chore).await {
            Ok(operation) => self.end_of(operation).await,
            Err(status) => Ended::Lost(status),
        };
        match ended {
            Ended::Known(operation) => {
                upkeep.rounds.push(Round { chore, begin_ns, end_ns: self.clock.now_ns() });
                if self.weather.has_failing_disks && chore == Chore::Snapshot && operation.state() == OperationState::Failed {
                    upkeep.failed += 1;
                } else {
                    judge(chore, &operation, upkeep);
                }
            }
            Ended::TooLong => upkeep.faults.push(format!("{chore:?} did not end within {OPERATION_MAX:?}")),
            Ended::Lost(_) if self.weather.is_killed => {
                upkeep.lost += 1;
                self.link.serving(RECOVERY_MAX).await?;
            }
            Ended::Lost(status) => upkeep.faults.push(format!("{chore:?}: {:?}: {}", status.code(), status.message())),
        }
        Ok(())
    }

    async fn begin(&self, chore: Chore) -> Result<Operation, Status> {
        for _ in 0..ASKS_MAX {
            let mut client = self.client();
            let begun = match chore {
                Chore::Snapshot => client.save_snapshot(SaveSnapshotRequest {}).await.map(|reply| reply.into_inner().operation),
                Chore::Replay => {
                    let request = StartReplayRequest { diff_live: true, ..Default::default() };
                    client.start_replay(request).await.map(|reply| reply.into_inner().operation)
                }
            };
            match begun {
                Ok(operation) => return operation.ok_or_else(|| Status::internal("no operation in the reply")),
                Err(status) if refusal::of(&status).is_some_and(drive::is_transient) => tokio::time::sleep(PAUSE).await,
                Err(status) => return Err(status),
            }
        }
        Err(Status::unavailable(format!("refused {ASKS_MAX} times")))
    }

    async fn end_of(&self, begun: Operation) -> Ended {
        let begin_ns = self.clock.now_ns();
        let mut known = begun.clone();
        while known.state() == OperationState::Running {
            if Duration::from_nanos(self.clock.now_ns() - begin_ns) > OPERATION_MAX {
                return Ended::TooLong;
            }
            tokio::time::sleep(LOOK).await;
            let request = GetOperationRequest { operation_id: begun.operation_id };
            known = match self.client().get_operation(request).await.map(|reply| reply.into_inner().operation) {
                // After a restart the same number names another operation.
                Ok(Some(operation)) if operation.began_ms == begun.began_ms => operation,
                Ok(_) => return Ended::Lost(Status::not_found("the operation is not the one that was begun")),
                Err(status) if refusal::of(&status).is_some_and(drive::is_transient) => continue,
                Err(status) => return Ended::Lost(status),
            };
        }
        Ended::Known(Box::new(known))
    }
}

fn judge(chore: Chore, operation: &Operation, upkeep: &mut Upkeep) {
    let mut fault = |what: String| upkeep.faults.push(format!("{chore:?} {}: {what}", operation.operation_id));
    if operation.state() != OperationState::Done {
        return fault(format!("{:?}: {}", operation.state(), operation.error));
    }
    match (chore, &operation.result) {
        (Chore::Snapshot, Some(Outcome::Snapshot(snapshot))) => {
            for failure in &snapshot.failures {
                fault(format!("partition {}: {}", failure.partition, failure.error));
            }
            upkeep.image_bytes = snapshot.image_bytes;
        }
        (Chore::Replay, Some(Outcome::Replay(replay))) => {
            let mut differences = 0;
            for journal in &replay.journals {
                let digests_differ = journal.live_digest.is_some_and(|live| live != journal.digest);
                if digests_differ && journal.differences.is_empty() {
                    fault(format!("partition {}: the live digest differs at lsn {}", journal.partition, journal.lsn));
                    differences += 1;
                }
                differences += journal.differences.len() as u64;
                journal.differences.iter().for_each(|difference| fault(format!("partition {}: {difference}", journal.partition)));
            }
            if !replay.equal && differences == 0 {
                fault("not equal, and no difference is named".to_owned());
                differences = 1;
            }
            upkeep.differences += differences;
        }
        _ => fault("it ended without its result".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use tessera_proto::v1::{JournalFailure, ReplayResult, ReplayedJournal, SnapshotResult};

    use super::*;

    fn judged(chore: Chore, state: OperationState, result: Outcome) -> Upkeep {
        let mut upkeep = Upkeep::default();
        let operation = Operation { operation_id: 4, state: state.into(), result: Some(result), ..Default::default() };
        judge(chore, &operation, &mut upkeep);
        upkeep
    }

    fn replay(digest: u64, equal: bool, differences: &[&str]) -> Upkeep {
        let differences = differences.iter().map(|&difference| difference.to_owned()).collect();
        let journal = ReplayedJournal { partition: 2, lsn: 9, digest, live_digest: Some(7), differences, ..Default::default() };
        judged(Chore::Replay, OperationState::Done, Outcome::Replay(ReplayResult { journals: vec![journal], equal }))
    }

    #[test]
    fn an_equal_replay_is_right_and_each_difference_is_counted() {
        assert_eq!((replay(7, true, &[]).differences, replay(7, true, &[]).faults.len()), (0, 0));
        let two = replay(7, false, &["coupon 1", "coupon 2"]);
        assert_eq!((two.differences, two.faults.len()), (2, 2));
    }

    #[test]
    fn another_digest_is_a_difference_even_if_the_replay_says_equal() {
        let found = replay(8, true, &[]);
        assert_eq!(
            (found.differences, found.faults),
            (1, vec!["Replay 4: partition 2: the live digest differs at lsn 9".to_owned()])
        );
    }

    #[test]
    fn not_equal_without_a_reason_is_a_difference() {
        assert_eq!(replay(7, false, &[]).faults, ["Replay 4: not equal, and no difference is named"]);
    }

    #[test]
    fn a_snapshot_without_an_image_of_each_journal_is_a_fault() {
        let failures = vec![JournalFailure { partition: 3, error: "no room".to_owned() }];
        let result = SnapshotResult { image_bytes: 5, failures, ..Default::default() };
        let found = judged(Chore::Snapshot, OperationState::Done, Outcome::Snapshot(result.clone()));
        assert_eq!((found.image_bytes, found.faults), (5, vec!["Snapshot 4: partition 3: no room".to_owned()]));
        let failed = judged(Chore::Snapshot, OperationState::Cancelled, Outcome::Snapshot(result));
        assert_eq!(failed.faults, ["Snapshot 4: Cancelled: "]);
    }
}
