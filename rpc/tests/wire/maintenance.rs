//! Snapshots and replays over the wire, and operations as such. Each fact has a server of its own: rounds and operations are counted.

use std::time::Duration;

use tempfile::TempDir;
use tessera_proto::v1::{self, OperationState, operation, start_replay_request::Until};
use tessera_rpc::serving::Serving;
use tonic::{Code, Status};

use crate::{
    house::{House, Owned, card, claim, fresh},
    own::{check_is_whole, house, listening},
    refusal::{check, read},
};

/// Four partitions and the catalog.
const JOURNALS: u32 = 5;

/// How often a race is run before it is said that one side never wins.
pub const TRIES: usize = 50;

/// A server of one's own, its clients, and its directory.
pub async fn serving() -> (TempDir, House, Serving) {
    let (listening, dir) = listening().await;
    let serving = listening.open().await.expect("the server starts");
    let clients = house(serving.address()).await;
    (dir, clients, serving)
}

/// Claims for so many new users, each redeemed once; the newest of them.
pub async fn trade(house: &mut House, users: usize) -> Owned {
    let template = house.template(card()).await;
    let mut newest = None;
    for user in (0..users).map(|_| fresh("user")) {
        let claimed = house.claims.claim(claim(&user, &template)).await.expect("a claim is accepted").into_inner();
        let owned = Owned { user, claimed };
        house.redeemed(&owned, 100).await;
        newest = Some(owned);
    }
    newest.expect("somebody trades")
}

/// Watches an operation until it has ended; what is told on the way only grows.
pub async fn ended(house: &mut House, started: Option<v1::Operation>) -> v1::Operation {
    let mut operation = started.expect("a reply shows the operation");
    assert!(operation.operation_id > 0 && operation.began_ms > 0, "{operation:?}");
    let request = v1::WatchOperationRequest { operation_id: operation.operation_id };
    let mut told = house.maintainers.watch_operation(request).await.expect("it is watched").into_inner();
    while let Some(message) = told.message().await.expect("a watch ends well") {
        let next = message.operation.expect("a message shows the operation");
        assert_eq!((next.operation_id, next.kind, next.began_ms), (operation.operation_id, operation.kind, operation.began_ms));
        assert!(next.journals_done >= operation.journals_done && next.frames >= operation.frames, "{operation:?}, {next:?}");
        operation = next;
    }
    assert_ne!(operation.state(), OperationState::Running, "a watch ends with the operation");
    assert!(operation.ended_ms >= operation.began_ms, "{operation:?}");
    operation
}

/// A round of snapshots, done.
pub async fn snapshot(house: &mut House) -> v1::SnapshotResult {
    let reply = house.maintainers.save_snapshot(v1::SaveSnapshotRequest {}).await.expect("a round starts").into_inner();
    let ended = ended(house, reply.operation).await;
    assert_eq!((ended.state(), ended.kind(), ended.error.as_str()), (OperationState::Done, v1::OperationKind::Snapshot, ""));
    assert_eq!((ended.journals_done, ended.journals), (JOURNALS, JOURNALS));
    match ended.result {
        Some(operation::Result::Snapshot(result)) => result,
        other => panic!("a round comes to {other:?}"),
    }
}

async fn replay(house: &mut House, request: v1::StartReplayRequest) -> v1::Operation {
    let reply = house.maintainers.start_replay(request).await.expect("a replay starts").into_inner();
    ended(house, reply.operation).await
}

/// What a replay that is done came to.
fn replayed(operation: v1::Operation) -> v1::ReplayResult {
    assert_eq!((operation.state(), operation.error.as_str()), (OperationState::Done, ""));
    match operation.result {
        Some(operation::Result::Replay(result)) => result,
        other => panic!("a replay comes to {other:?}"),
    }
}

#[tokio::test]
async fn a_snapshot_leaves_an_image_of_each_journal_and_two_at_most() {
    let (_dir, mut house, _serving) = serving().await;
    for round in 1..=3 {
        trade(&mut house, 8).await;
        let result = snapshot(&mut house).await;
        assert!(result.images > 0 && result.image_bytes > 0 && result.failures.is_empty(), "{result:?}");
        let listed = house.maintainers.list_snapshots(v1::ListSnapshotsRequest {}).await.unwrap().into_inner();
        assert_eq!(listed.rounds.len(), round);
        let newest = &listed.rounds[0];
        assert_eq!((newest.state(), newest.journals_done), (OperationState::Done, JOURNALS));
        assert_eq!(newest.result, Some(operation::Result::Snapshot(result)), "the newest round is the first");
        for partition in [0, 1, 2, 3, 65_535] {
            let images: Vec<_> = listed.images.iter().filter(|image| image.partition == partition).collect();
            assert!((1..=2.min(round)).contains(&images.len()), "{partition}: {images:?}");
            assert!(images.is_sorted_by(|newer, older| newer.lsn >= older.lsn && newer.image_id > older.image_id), "{images:?}");
            assert!(images.iter().all(|image| image.bytes > 0 && image.created_ms >= image.at_ms), "{images:?}");
        }
    }
}

#[tokio::test]
async fn who_asks_for_the_same_joins_it() {
    let (_dir, mut house, _serving) = serving().await;
    trade(&mut house, 8).await;
    for _ in 0..TRIES {
        let first = house.maintainers.save_snapshot(v1::SaveSnapshotRequest {}).await.unwrap().into_inner();
        let second = house.maintainers.save_snapshot(v1::SaveSnapshotRequest {}).await.unwrap().into_inner();
        let (first_id, second_id) = (first.operation.unwrap().operation_id, second.operation.clone().unwrap().operation_id);
        ended(&mut house, second.operation).await;
        assert_eq!(second.joined, first_id == second_id, "joined is the same operation");
        if second.joined {
            let listed = house.maintainers.list_operations(v1::ListOperationsRequest {}).await.unwrap().into_inner().operations;
            assert_eq!(listed[0].operation_id, first_id, "the newest is the first");
            assert!(listed.is_sorted_by(|newer, older| newer.operation_id > older.operation_id), "{listed:?}");
            return;
        }
    }
    panic!("a round was always over before the next call");
}

#[tokio::test]
async fn a_replay_from_the_beginning_is_equal_to_images_and_live_state() {
    let (_dir, mut house, _serving) = serving().await;
    trade(&mut house, 16).await;
    let images = snapshot(&mut house).await.images;
    trade(&mut house, 16).await;
    let request = v1::StartReplayRequest { from_beginning: true, diff_live: true, ..Default::default() };
    let result = replayed(replay(&mut house, request).await);
    assert!(result.equal && result.journals.iter().all(|journal| journal.differences.is_empty()), "{result:?}");
    let numbers: Vec<_> = result.journals.iter().map(|journal| journal.partition).collect();
    assert_eq!(numbers, [0, 1, 2, 3, 65_535], "by partition, the catalog last");
    assert!(result.journals.iter().all(|journal| journal.image_lsn == 0), "{result:?}");
    assert_eq!(result.journals.iter().map(|journal| journal.images_compared).sum::<u32>(), images);
    assert!(result.journals.iter().all(|journal| journal.live_digest == Some(journal.digest)), "the catalog, too: {result:?}");

    let request = v1::StartReplayRequest { diff_live: true, ..Default::default() };
    let shorter = replayed(replay(&mut house, request).await);
    let ends = |result: &v1::ReplayResult| result.journals.iter().map(|it| (it.lsn, it.digest)).collect::<Vec<_>>();
    assert!(shorter.equal && ends(&shorter) == ends(&result), "from images it ends there too: {shorter:?}");
    let frames = |result: &v1::ReplayResult| result.journals.iter().map(|journal| journal.frames).sum::<u64>();
    assert!(shorter.journals.iter().any(|it| it.image_lsn > 0) && frames(&shorter) < frames(&result), "{shorter:?}");
}

#[tokio::test]
async fn a_replay_is_equal_while_others_write() {
    let (_dir, mut house, _serving) = serving().await;
    let template = house.template(card()).await;
    let mut claims = house.claims.clone();
    let writing = tokio::spawn(async move {
        for number in 0.. {
            claims.claim(claim(&fresh("user"), &template)).await.unwrap_or_else(|status| panic!("{number}: {status}"));
        }
    });
    for from_beginning in [false, true, false, true] {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let request = v1::StartReplayRequest { from_beginning, diff_live: true, ..Default::default() };
        let result = replayed(replay(&mut house, request).await);
        assert!(result.equal && result.journals.iter().any(|journal| journal.frames > 0), "{result:?}");
    }
    assert!(!writing.is_finished(), "they wrote all the time");
    writing.abort();
}

#[tokio::test]
async fn a_replay_stops_at_the_event_it_is_told() {
    let (_dir, mut house, _serving) = serving().await;
    let newest = trade(&mut house, 8).await.claimed.position.unwrap();
    let partition = Some(newest.partition);
    let goal = |lsn| v1::StartReplayRequest { partition, until: Some(Until::Lsn(lsn)), ..Default::default() };
    let mut digests = Vec::new();
    for lsn in 1..=newest.lsn {
        let result = replayed(replay(&mut house, goal(lsn)).await);
        let [journal] = result.journals.as_slice() else { panic!("one journal: {result:?}") };
        assert_eq!((journal.partition, journal.lsn, journal.live_digest), (newest.partition, lsn, None));
        digests.push(journal.digest);
    }
    let told = digests.len();
    digests.sort_unstable();
    digests.dedup();
    assert_eq!(digests.len(), told, "each event makes another state");
}

#[tokio::test]
async fn a_replay_beyond_the_end_fails_and_says_where_that_is() {
    let (_dir, mut house, _serving) = serving().await;
    let newest = trade(&mut house, 4).await;
    let redeemed = house.redeemed(&newest, 100).await.position.unwrap();
    let until = Some(Until::Lsn(redeemed.lsn + 1));
    let request = v1::StartReplayRequest { partition: Some(redeemed.partition), until, ..Default::default() };
    let failed = replay(&mut house, request).await;
    let (journal, beyond, end) = (redeemed.partition, redeemed.lsn + 1, redeemed.lsn);
    assert_eq!(failed.state(), OperationState::Failed);
    assert_eq!(failed.error, format!("journal {journal}: lsn {beyond} is asked for, the durable end is lsn {end}"));
}

#[tokio::test]
async fn a_replay_that_contradicts_itself_is_refused() {
    let (_dir, mut house, _serving) = serving().await;
    let nothing = v1::StartReplayRequest::default();
    let all = v1::StartReplayRequest { until: Some(Until::Lsn(1)), ..nothing };
    let live = v1::StartReplayRequest { until: Some(Until::AtMs(1)), diff_live: true, ..nothing };
    let unknown = v1::StartReplayRequest { partition: Some(4), ..nothing };
    for (request, field, value) in [(all, "partition", 0), (live, "diff_live", 0), (unknown, "partition", 3)] {
        let answer = house.maintainers.start_replay(request).await;
        check(answer, Code::InvalidArgument, "INVALID_ARGUMENT", field, value);
    }
    let listed = house.maintainers.list_operations(v1::ListOperationsRequest {}).await.unwrap().into_inner();
    assert_eq!(listed.operations, [], "nothing was started");
}

#[tokio::test]
async fn an_operation_that_has_ended_stays_as_it_is() {
    let (_dir, mut house, _serving) = serving().await;
    let done = replay(&mut house, v1::StartReplayRequest::default()).await;
    let operation_id = done.operation_id;
    let reply = house.maintainers.cancel_operation(v1::CancelOperationRequest { operation_id }).await.unwrap().into_inner();
    assert_eq!((done.state(), reply.operation.as_ref()), (OperationState::Done, Some(&done)));
    let reply = house.maintainers.get_operation(v1::GetOperationRequest { operation_id }).await.unwrap().into_inner();
    assert_eq!(reply.operation, Some(done));
}

#[tokio::test]
async fn an_operation_that_nobody_started_is_refused() {
    let (_dir, mut house, _serving) = serving().await;
    for operation_id in [0, 1, u64::MAX] {
        let answer = house.maintainers.get_operation(v1::GetOperationRequest { operation_id }).await;
        check(answer, Code::InvalidArgument, "INVALID_ARGUMENT", "operation_id", 0);
        let answer = house.maintainers.cancel_operation(v1::CancelOperationRequest { operation_id }).await;
        check(answer, Code::InvalidArgument, "INVALID_ARGUMENT", "operation_id", 0);
        let answer = house.maintainers.watch_operation(v1::WatchOperationRequest { operation_id }).await;
        check(answer, Code::InvalidArgument, "INVALID_ARGUMENT", "operation_id", 0);
    }
}

/// Stops a server under a replay that is watched: how the watch ended, unless the replay had ended before.
async fn stopped_under_a_watch() -> Option<Status> {
    let (dir, mut house, serving) = serving().await;
    trade(&mut house, 100).await;
    let request = v1::StartReplayRequest { from_beginning: true, ..Default::default() };
    let started = house.maintainers.start_replay(request).await.expect("a replay starts").into_inner().operation;
    let watch = v1::WatchOperationRequest { operation_id: started.expect("a reply shows it").operation_id };
    let mut told = house.maintainers.watch_operation(watch).await.expect("it is watched").into_inner();
    let stopping = tokio::spawn(serving.stop(std::future::pending()));
    let status = loop {
        match told.message().await {
            Ok(Some(_)) => {}
            Ok(None) => break None,
            Err(status) => break Some(status),
        }
    };
    stopping.await.expect("a stop does not panic").expect("nothing is cut");
    check_is_whole(dir.path()).await;
    status
}

#[tokio::test]
async fn a_stop_does_not_wait_for_an_operation_and_tells_who_watches_it() {
    for _ in 0..TRIES {
        if let Some(status) = stopped_under_a_watch().await {
            let said = read(&status);
            assert_eq!((said.code, said.reason.as_str()), (Code::Unavailable, "DRAINING"));
            return;
        }
    }
    panic!("a replay was always over before the stop");
}
