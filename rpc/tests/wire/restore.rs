//! Restores over the wire: what comes out, what is never written over, and what a cancelled one leaves.

use std::{path::Path, time::Duration};

use tempfile::TempDir;
use tessera_proto::v1::{self, OperationState, operation};
use tessera_rpc::serving::Serving;
use tonic::Code;

use crate::{
    house::{House, redeem, yuan},
    maintenance::{TRIES, ended, serving, snapshot, trade},
    own::{check_is_whole, house},
    refusal::check,
};

/// Serves a directory that a restore has made.
async fn serving_at(dir: &Path) -> (Serving, House) {
    let (mut settings, _unused) = crate::own::settings();
    settings.data_dir = Some(dir.to_owned());
    let serving = Serving::start(&settings).await.expect("what was restored is served");
    let clients = house(serving.address()).await;
    (serving, clients)
}

fn restore_into(dir: &Path) -> v1::StartRestoreRequest {
    v1::StartRestoreRequest { directory: dir.to_str().expect("UTF-8").to_owned(), at_ms: 0 }
}

async fn restore(house: &mut House, request: v1::StartRestoreRequest) -> v1::Operation {
    let reply = house.maintainers.start_restore(request).await.expect("a restore starts").into_inner();
    ended(house, reply.operation).await
}

fn restored(operation: v1::Operation) -> v1::RestoreResult {
    assert_eq!((operation.state(), operation.error.as_str()), (OperationState::Done, ""));
    match operation.result {
        Some(operation::Result::Restore(result)) => result,
        other => panic!("a restore comes to {other:?}"),
    }
}

/// A place for new directories, beside the server's own.
fn place() -> TempDir {
    TempDir::with_prefix_in("restored-", env!("CARGO_TARGET_TMPDIR")).expect("a directory")
}

#[tokio::test]
async fn what_is_restored_is_whole_and_serves() {
    let (_dir, mut house, _serving) = serving().await;
    let place = place();
    let early = trade(&mut house, 4).await;
    let cut_ms = house.redeemed(&early, 100).await.at_ms;
    tokio::time::sleep(Duration::from_millis(5)).await;
    snapshot(&mut house).await;
    let late = trade(&mut house, 4).await;
    let (whole, past) = (place.path().join("whole"), place.path().join("past"));
    let all = restored(restore(&mut house, restore_into(&whole)).await);
    let some = restored(restore(&mut house, v1::StartRestoreRequest { at_ms: cut_ms, ..restore_into(&past) }).await);
    assert_eq!((all.coupons, some.coupons), (8, 4));
    assert_eq!((all.directory.as_str(), some.directory.as_str()), (whole.to_str().unwrap(), past.to_str().unwrap()));
    assert!(some.at_ms <= cut_ms && all.at_ms > cut_ms, "{some:?}, {all:?}");

    for (dir, has_late) in [(&whole, true), (&past, false)] {
        check_is_whole(dir).await;
        let (serving, mut again) = serving_at(dir).await;
        assert_eq!(again.view(&early).await, house.view(&early).await, "it is what it was");
        let late = again.redemptions.redeem(redeem(late.by_code(), yuan(100))).await;
        assert_eq!(late.is_ok(), has_late, "{late:?}");
        again.redeemed(&early, 100).await;
        assert_eq!(again.accounts(&early).await, [200, 0, 300]);
        assert_eq!(house.accounts(&early).await, [300, 0, 200], "the live one knows nothing of it");
        serving.stop(std::future::pending()).await.expect("nothing is cut");
        check_is_whole(dir).await;
    }
}

#[tokio::test]
async fn a_restore_writes_over_nothing() {
    let (data, mut house, _serving) = serving().await;
    trade(&mut house, 4).await;
    let place = place();
    let (taken, other) = (place.path().join("new"), place.path().join("new.partial"));
    std::fs::create_dir(&taken).unwrap();
    for dir in [taken.as_path(), data.path()] {
        let failed = restore(&mut house, restore_into(dir)).await;
        assert_eq!(failed.state(), OperationState::Failed);
        let said = &failed.error;
        assert!(said.contains(dir.to_str().unwrap()) && said.contains("already exists"), "{said}");
    }
    std::fs::remove_dir(&taken).unwrap();
    // What looks like the rest of another restore may be the work of one.
    std::fs::create_dir(&other).unwrap();
    std::fs::write(other.join("precious"), b"kept").unwrap();
    let failed = restore(&mut house, restore_into(&taken)).await;
    assert!(failed.state() == OperationState::Failed && failed.error.contains("new.partial"), "{failed:?}");
    assert_eq!(std::fs::read(other.join("precious")).unwrap(), b"kept");
    // Nor do names that differ in their endings alone meet.
    restored(restore(&mut house, restore_into(&place.path().join("new.1"))).await);
    assert_eq!(std::fs::read(other.join("precious")).unwrap(), b"kept");
}

#[tokio::test]
async fn a_restore_goes_into_an_absolute_path() {
    let (_dir, mut house, _serving) = serving().await;
    for directory in ["", "new", "./new", "/"] {
        let request = v1::StartRestoreRequest { directory: directory.to_owned(), at_ms: 0 };
        check(house.maintainers.start_restore(request).await, Code::InvalidArgument, "INVALID_ARGUMENT", "directory", 0);
    }
    let request = v1::StartRestoreRequest { directory: "/new".to_owned(), at_ms: -1 };
    check(house.maintainers.start_restore(request).await, Code::InvalidArgument, "INVALID_ARGUMENT", "at_ms", 0);
}

#[tokio::test]
async fn an_operation_that_is_cancelled_in_time_ends_early_and_leaves_nothing() {
    let (_dir, mut house, _serving) = serving().await;
    trade(&mut house, 8).await;
    let place = place();
    let mut cancelled = 0;
    for number in 0..TRIES {
        let dir = place.path().join(format!("new-{number}"));
        let started = house.maintainers.start_restore(restore_into(&dir)).await.unwrap().into_inner().operation.unwrap();
        let request = v1::CancelOperationRequest { operation_id: started.operation_id };
        let asked = house.maintainers.cancel_operation(request).await.unwrap().into_inner().operation.unwrap();
        let ended = ended(&mut house, Some(asked)).await;
        assert!([OperationState::Cancelled, OperationState::Done].contains(&ended.state()), "{ended:?}");
        let is_cancelled = ended.state() == OperationState::Cancelled;
        assert_eq!(dir.exists(), !is_cancelled, "what it says is what there is: {ended:?}");
        assert_eq!((ended.result.is_some(), ended.error.as_str()), (!is_cancelled, ""));
        cancelled += usize::from(is_cancelled);
        if is_cancelled && cancelled == 3 {
            let left = std::fs::read_dir(place.path()).unwrap().count();
            assert_eq!(left, number + 1 - cancelled, "nothing temporary is left");
            return;
        }
    }
    panic!("{cancelled} of {TRIES} restores were cancelled in time");
}
