//! Long operations: what is asked for, and what an operator is told of it.

use std::path::PathBuf;

use tessera_engine::{
    JournalId,
    maintenance::{Operation, Outcome, State, Task},
    rebuild::{From, Until},
    replay::Replayed,
    snapshots::Round,
    voids::{Progress, Watched},
};
use tessera_proto::v1::{self, start_replay_request};

use super::{journal::journal, malformed, report};
use crate::{
    domain::{Id, Rejection, command::OpenBatch},
    seals::Seals,
};

/// Longest path of a new directory, in bytes.
const DIRECTORY_BYTES_MAX: usize = 4_096;

/// The replay that is asked for.
pub fn replay(partitions: u16, request: &v1::StartReplayRequest) -> Result<Task, Rejection> {
    let number = request.partition.map(|partition| journal(partitions, "partition", partition)).transpose()?;
    let until = match request.until {
        None => Until::Durable,
        Some(_) if request.diff_live => return Err(malformed("diff_live")),
        Some(start_replay_request::Until::Lsn(_)) if number.is_none() => return Err(malformed("partition")),
        Some(start_replay_request::Until::Lsn(0)) => return Err(Rejection::invalid("lsn", 1)),
        Some(start_replay_request::Until::Lsn(lsn)) => Until::Lsn(lsn),
        Some(start_replay_request::Until::AtMs(at_ms @ 1..)) => Until::Instant(at_ms),
        Some(start_replay_request::Until::AtMs(_)) => return Err(Rejection::invalid("at_ms", 1)),
    };
    let from = if request.from_beginning { From::Beginning } else { From::NewestImage };
    Ok(Task::Replay { journal: number.map(JournalId), from, until, diff_live: request.diff_live })
}

/// The batch of cards that is asked for, and its home.
pub fn card_batch(seals: Seals<'_>, request: v1::StartCardBatchRequest) -> Result<(u16, OpenBatch), Rejection> {
    let batch = Id::new("batch_id", request.batch_id)?;
    let template = Id::new("template_id", request.template_id)?;
    Ok((seals.home_of_batch(&batch), OpenBatch { batch, template, count: request.count }))
}

/// The restore that is asked for.
pub fn restore(request: v1::StartRestoreRequest) -> Result<Task, Rejection> {
    if request.directory.len() > DIRECTORY_BYTES_MAX {
        return Err(Rejection::invalid("directory", DIRECTORY_BYTES_MAX as i64));
    }
    let dir = PathBuf::from(request.directory);
    if !dir.is_absolute() || dir.file_name().is_none() {
        return Err(malformed("directory"));
    }
    let until = match request.at_ms {
        0 => Until::Durable,
        1.. => Until::Instant(request.at_ms),
        _ => return Err(Rejection::invalid("at_ms", 0)),
    };
    Ok(Task::Restore { dir, until })
}

/// An operation as an operator reads it.
pub fn of(operation: &Operation) -> v1::Operation {
    v1::Operation {
        operation_id: operation.id,
        kind: kind(&operation.task).into(),
        state: state(operation.state).into(),
        began_ms: operation.began_ms,
        ended_ms: operation.ended_ms,
        journals_done: operation.journals_done,
        journals: operation.journals,
        frames: operation.frames,
        bytes: operation.bytes,
        error: operation.error.clone(),
        result: result(operation),
    }
}

/// A round of snapshots that nobody may have asked for.
pub fn round(round: &Round) -> v1::Operation {
    let state = match (round.is_over, round.failed.is_empty()) {
        (false, _) => v1::OperationState::Running,
        (true, true) => v1::OperationState::Done,
        (true, false) => v1::OperationState::Failed,
    };
    v1::Operation {
        operation_id: 0,
        kind: v1::OperationKind::Snapshot.into(),
        state: state.into(),
        began_ms: round.began_ms,
        ended_ms: if round.is_over { round.began_ms + round.took.as_millis() as i64 } else { 0 },
        journals_done: round.journals_done,
        journals: round.journals,
        frames: round.frames,
        bytes: 0,
        error: round.failed.iter().map(|(journal, error)| format!("journal {journal}: {error}")).collect::<Vec<_>>().join("; "),
        result: Some(v1::operation::Result::Snapshot(snapshot(round))),
    }
}

fn kind(task: &Task) -> v1::OperationKind {
    match task {
        Task::Snapshot => v1::OperationKind::Snapshot,
        Task::Replay { .. } => v1::OperationKind::Replay,
        Task::Restore { .. } => v1::OperationKind::Restore,
        Task::Verify => v1::OperationKind::Verify,
        Task::MakeCards(_) => v1::OperationKind::CardBatch,
        Task::VoidTemplate(_) => v1::OperationKind::VoidTemplate,
    }
}

fn state(state: State) -> v1::OperationState {
    match state {
        State::Running => v1::OperationState::Running,
        State::Done => v1::OperationState::Done,
        State::Failed => v1::OperationState::Failed,
        State::Cancelled => v1::OperationState::Cancelled,
    }
}

fn result(operation: &Operation) -> Option<v1::operation::Result> {
    match &operation.outcome {
        Outcome::Cards(made) => {
            let Task::MakeCards(order) = &operation.task else { return None };
            let batch_id = order.batch.as_str().to_owned();
            Some(v1::operation::Result::CardBatch(v1::CardBatchResult { batch_id, count: order.count, made: *made }))
        }
        Outcome::Void(progress) => {
            let Task::VoidTemplate(watched) = &operation.task else { return None };
            Some(v1::operation::Result::VoidTemplate(void_template(watched, progress)))
        }
        Outcome::Nothing => None,
        Outcome::Snapshot(round) => Some(v1::operation::Result::Snapshot(snapshot(round))),
        Outcome::Replay(journals) => Some(v1::operation::Result::Replay(v1::ReplayResult {
            equal: journals.iter().all(|journal| journal.differences.is_empty()),
            journals: journals.iter().map(replayed).collect(),
        })),
        Outcome::Verify(verified) => Some(v1::operation::Result::Verify(v1::VerifyResult {
            whole: verified.is_whole(),
            problems: verified.problems.clone(),
            segments: verified.segments,
            groups: verified.groups,
            frames: verified.frames,
            bytes: verified.bytes,
            images: verified.images,
            journals: verified.journals.iter().map(replayed).collect(),
            stocks: verified.stocks.iter().map(report::stock).collect(),
        })),
        Outcome::Restore(restored) => Some(v1::operation::Result::Restore(v1::RestoreResult {
            directory: restored.dir.display().to_string(),
            at_ms: restored.at_ms,
            coupons: restored.coupons,
        })),
    }
}

fn void_template(watched: &Watched, progress: &Progress) -> v1::VoidTemplateResult {
    let [voided, left, held] = [progress.voided, progress.left, progress.held].map(|sum| i64::try_from(sum).unwrap_or(i64::MAX));
    let (template_id, percent, coupons) = (watched.id.as_str().to_owned(), progress.percent(), progress.coupons);
    v1::VoidTemplateResult { template_id, percent, coupons, voided, left, held }
}

/// What a round came to.
pub fn snapshot(round: &Round) -> v1::SnapshotResult {
    let failure = |(journal, error): &(u16, String)| v1::JournalFailure { partition: (*journal).into(), error: error.clone() };
    v1::SnapshotResult {
        images: round.images,
        image_bytes: round.image_bytes,
        segments_trimmed: round.segments_trimmed,
        failures: round.failed.iter().map(failure).collect(),
    }
}

/// A replayed journal.
pub fn replayed(journal: &Replayed) -> v1::ReplayedJournal {
    v1::ReplayedJournal {
        partition: journal.journal.into(),
        lsn: journal.lsn,
        digest: journal.digest,
        image_lsn: journal.image_lsn,
        frames: journal.frames,
        images_compared: journal.images_compared,
        live_digest: journal.live_digest,
        differences: journal.differences.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> v1::StartReplayRequest {
        v1::StartReplayRequest::default()
    }

    #[test]
    fn a_replay_goes_to_the_durable_end_of_all_journals_unless_it_says() {
        let all = Task::Replay { journal: None, from: From::NewestImage, until: Until::Durable, diff_live: false };
        assert_eq!(replay(4, &request()), Ok(all));
    }

    #[test]
    fn an_lsn_needs_its_partition_and_a_goal_excludes_the_live_state() {
        let until = Some(start_replay_request::Until::Lsn(9));
        assert_eq!(replay(4, &v1::StartReplayRequest { until, ..request() }), Err(malformed("partition")));
        let request = v1::StartReplayRequest { until, diff_live: true, partition: Some(1), ..request() };
        assert_eq!(replay(4, &request), Err(malformed("diff_live")));
    }

    #[test]
    fn a_goal_is_an_event_or_an_instant_that_there_may_be() {
        let until = |until| v1::StartReplayRequest { until: Some(until), partition: Some(1), ..request() };
        assert_eq!(replay(4, &until(start_replay_request::Until::Lsn(0))), Err(Rejection::invalid("lsn", 1)));
        for at_ms in [0, -1, i64::MIN] {
            assert_eq!(replay(4, &until(start_replay_request::Until::AtMs(at_ms))), Err(Rejection::invalid("at_ms", 1)));
        }
    }

    #[test]
    fn a_restore_goes_into_an_absolute_directory() {
        for directory in ["", "data", "../data", "/"] {
            let request = v1::StartRestoreRequest { directory: directory.into(), at_ms: 0 };
            assert_eq!(restore(request), Err(malformed("directory")), "{directory:?}");
        }
        let request = v1::StartRestoreRequest { directory: "/somewhere/new".into(), at_ms: -1 };
        assert_eq!(restore(request), Err(Rejection::invalid("at_ms", 0)));
    }
}
