//! Verification of a directory while it is served: an operation like others, whole or with problems that name file and byte.

use std::{
    fs::OpenOptions,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use tessera_proto::v1::{self, OperationKind, OperationState, operation};

use crate::{
    house::{House, card, claim, fresh},
    maintenance::{TRIES, ended, serving, snapshot, trade},
    own::{check_is_whole, house, serve, settings},
};

async fn verify(house: &mut House) -> (v1::Operation, v1::VerifyResult) {
    let started = house.maintainers.start_verify(v1::StartVerifyRequest {}).await.expect("it starts").into_inner();
    let ended = ended(house, started.operation).await;
    assert_eq!((ended.state(), ended.kind(), ended.error.as_str()), (OperationState::Done, OperationKind::Verify, ""));
    match ended.result.clone() {
        Some(operation::Result::Verify(result)) => (ended, result),
        other => panic!("a verification comes to {other:?}"),
    }
}

/// Every file of a directory with its bytes, but for the lock and what is zeroed ahead.
fn files(dir: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let folders = ["wal", "images"].map(|folder| dir.join(folder));
    let entries = folders.iter().flat_map(|folder| std::fs::read_dir(folder).expect("a folder"));
    let paths = entries.map(|entry| entry.expect("an entry").path()).filter(|path| path.is_file());
    let is_kept = |path: &PathBuf| !path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("spare"));
    let mut files: Vec<_> = paths.filter(is_kept).map(|path| (path.clone(), std::fs::read(path).expect("a file"))).collect();
    files.sort();
    files
}

fn flip(file: &Path, offset: u64) {
    let file = OpenOptions::new().read(true).write(true).open(file).expect("the file is here");
    let mut byte = [0];
    file.read_exact_at(&mut byte, offset).expect("the byte is here");
    file.write_all_at(&[byte[0] ^ 1], offset).expect("the byte is here");
}

/// The end of the durable groups is sealed by then: nothing is written any more.
async fn quiet(dir: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut before = files(dir);
    loop {
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        let now = files(dir);
        if now == before {
            return now;
        }
        before = now;
    }
}

#[tokio::test]
async fn a_directory_is_verified_while_it_is_served_and_nothing_is_changed() {
    let (dir, mut house, serving) = serving().await;
    trade(&mut house, 16).await;
    snapshot(&mut house).await;
    trade(&mut house, 16).await;
    let before = quiet(dir.path()).await;
    let (operation, result) = verify(&mut house).await;
    assert!(result.whole && result.problems.is_empty(), "{result:?}");
    assert_eq!((operation.journals_done, operation.journals, result.images), (5, 5, 5));
    assert!(operation.bytes > 0 && operation.bytes == result.bytes && result.groups > 0, "{operation:?}");
    let replayed: u64 = result.journals.iter().map(|journal| journal.frames).sum();
    assert_eq!((operation.frames, result.frames), (replayed, replayed), "the log leads to every frame of it");
    assert!(result.journals.iter().all(|journal| journal.image_lsn == 0 && journal.images_compared == 1), "{result:?}");
    let status = house.operators.get_status(v1::GetStatusRequest {}).await.unwrap().into_inner();
    let live: Vec<_> = status.partitions.iter().map(|partition| (partition.partition, partition.lsn, partition.digest)).collect();
    let found: Vec<_> = result.journals.iter().map(|journal| (journal.partition, journal.lsn, journal.digest)).collect();
    assert_eq!((&found[..4], found[4].0), (&live[..], 65_535));
    assert!(files(dir.path()) == before, "nothing was written");
    serving.stop(std::future::pending()).await.expect("nothing is cut");
    check_is_whole(dir.path()).await;
}

#[tokio::test]
async fn a_verification_is_whole_while_others_write_and_snapshots_are_taken() {
    let (_dir, mut house, _serving) = serving().await;
    let template = house.template(v1::TemplateSpec { stock: Some(1_000_000), ..card() }).await;
    house.claims.claim(claim(&fresh("user"), &template)).await.expect("the stock is opened");
    let mut claims = house.claims.clone();
    let writing = tokio::spawn(async move {
        for number in 0.. {
            claims.claim(claim(&fresh("user"), &template)).await.unwrap_or_else(|status| panic!("{number}: {status}"));
        }
    });
    for _ in 0..4 {
        let round = house.maintainers.save_snapshot(v1::SaveSnapshotRequest {}).await.unwrap().into_inner();
        let (_, result) = verify(&mut house).await;
        assert!(result.whole && result.stocks.len() == 1, "{result:?}");
        let stock = result.stocks[0];
        let parts = stock.free + stock.granted_on_the_way + stock.unsold + stock.returned_on_the_way + stock.issued;
        assert_eq!((stock.total, parts), (1_000_000, 1_000_000), "on one cut: {stock:?}");
        ended(&mut house, round.operation).await;
    }
    assert!(!writing.is_finished(), "they wrote all the time");
    writing.abort();
}

#[tokio::test]
async fn damage_is_named_with_its_file_and_the_server_goes_on() {
    let (dir, mut house, _serving) = serving().await;
    trade(&mut house, 16).await;
    snapshot(&mut house).await;
    trade(&mut house, 4).await;
    quiet(dir.path()).await;
    let segment = dir.path().join("wal/segment-000000000001.wal");
    flip(&segment, 3 * 4_096 + 100);
    let (_, result) = verify(&mut house).await;
    assert!(!result.whole && result.problems[0].contains("segment-000000000001.wal at byte"), "{result:?}");
    flip(&segment, 3 * 4_096 + 100);
    assert!(verify(&mut house).await.1.whole, "put right again");

    let images = house.maintainers.list_snapshots(v1::ListSnapshotsRequest {}).await.unwrap().into_inner().images;
    let name = format!("image-{:012}.img", images[0].image_id);
    flip(&dir.path().join("images").join(&name), 5_000);
    let (_, result) = verify(&mut house).await;
    let [problem] = result.problems.as_slice() else { panic!("one problem: {result:?}") };
    assert!(problem.contains(&name) && result.images == 4 && result.journals.len() == 5, "{result:?}");
    flip(&dir.path().join("images/MANIFEST"), 70);
    let (_, result) = verify(&mut house).await;
    assert!(result.problems.iter().any(|problem| problem.contains("MANIFEST")), "{result:?}");
    trade(&mut house, 1).await;
}

#[tokio::test]
async fn a_verification_is_joined_and_ends_early_when_it_is_cancelled() {
    let (_dir, mut house, _serving) = serving().await;
    trade(&mut house, 200).await;
    let (mut was_joined, mut was_cancelled) = (false, false);
    for _ in 0..TRIES {
        let first = house.maintainers.start_verify(v1::StartVerifyRequest {}).await.unwrap().into_inner();
        let second = house.maintainers.start_verify(v1::StartVerifyRequest {}).await.unwrap().into_inner();
        let operation_id = second.operation.as_ref().unwrap().operation_id;
        assert_eq!(second.joined, operation_id == first.operation.unwrap().operation_id, "joined is the same operation");
        was_joined |= second.joined;
        house.maintainers.cancel_operation(v1::CancelOperationRequest { operation_id }).await.unwrap();
        let ended = ended(&mut house, second.operation).await;
        was_cancelled |= ended.state() == OperationState::Cancelled;
        if was_joined && was_cancelled {
            return;
        }
    }
    panic!("joined {was_joined}, cancelled {was_cancelled}");
}

#[tokio::test]
async fn a_trimmed_log_is_verified_from_its_oldest_images() {
    let (settings, dir) = settings();
    for _ in 0..3 {
        let serving = serve(&settings).await;
        let mut house = house(serving.address()).await;
        trade(&mut house, 4).await;
        snapshot(&mut house).await;
        snapshot(&mut house).await;
        let (_, result) = verify(&mut house).await;
        assert!(result.whole && result.journals.len() == 5, "{result:?}");
        serving.stop(std::future::pending()).await.expect("nothing is cut");
    }
    assert!(dir.path().join("wal/archive").is_dir(), "something was trimmed");
    let serving = serve(&settings).await;
    let (_, result) = verify(&mut house(serving.address()).await).await;
    assert!(result.whole && result.journals.iter().all(|journal| journal.image_lsn == journal.lsn), "{result:?}");
    serving.stop(std::future::pending()).await.expect("nothing is cut");
    check_is_whole(dir.path()).await;
}
