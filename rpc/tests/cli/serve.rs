//! `init` and `serve`: what starts, what survives, and what is refused.

use std::fs;

use futures_util::StreamExt;
use rustix::process::Signal;
use tessera_proto::v1::{self, claim_service_client::ClaimServiceClient};
use tonic::{Code, transport::Endpoint};
use tonic_types::StatusExt;

use crate::process::{Server, check_fails, data_dir, path};

#[test]
fn a_directory_is_made_once() {
    let dir = data_dir();
    check_fails(&["init", path(&dir)], 1, &["log.id is here already"]);
}

#[test]
fn partitions_are_a_power_of_two() {
    let dir = tempfile::tempdir().unwrap();
    check_fails(&["init", path(&dir), "--partitions", "3"], 2, &["partitions is 3", "a power of two"]);
}

#[test]
fn the_keys_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let dir = data_dir();
    let mode = fs::metadata(dir.path().join("keys")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn what_was_acknowledged_survives_a_kill() {
    let dir = data_dir();
    let server = Server::serve(dir.path());
    server.create_card();
    let before = server.claim("alice", "claim-1");
    assert_eq!(server.end(Signal::KILL), None);
    let after = Server::serve(dir.path()).claim("alice", "claim-1");
    assert_eq!(after["replayed"], true);
    assert_eq!((&after["coupon_id"], &after["position"]), (&before["coupon_id"], &before["position"]));
    assert!(after["code"] == before["code"], "the same code");
}

#[test]
fn a_stop_that_was_asked_for_is_a_success_and_seals_the_log() {
    let dir = data_dir();
    let server = Server::serve(dir.path());
    server.create_card();
    assert_eq!(server.end(Signal::TERM), Some(0));
    let status = Server::serve(dir.path()).call("GetStatus", "{}");
    assert_eq!(status["recovery"]["sealed"], true);
}

#[test]
fn a_stop_ends_open_streams_and_says_that_nothing_more_was_logged() {
    let dir = data_dir();
    let server = Server::serve(dir.path());
    server.create_card();
    let claim =
        v1::ClaimRequest { request_id: "r".into(), user_id: "u".into(), template_id: "card".into(), channel: String::new() };
    let first = v1::ClaimStreamRequest { claims: vec![claim] };
    let endpoint = server.endpoint.clone();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (status, server) = runtime.block_on(async {
        let mut client = ClaimServiceClient::connect(endpoint).await.unwrap();
        let never_ending = futures_util::stream::iter([first]).chain(futures_util::stream::pending());
        let mut outcomes = client.claim_stream(never_ending).await.unwrap().into_inner();
        assert_eq!(outcomes.message().await.unwrap().map(|response| response.outcomes.len()), Some(1));
        server.signal(Signal::TERM);
        (outcomes.message().await.expect_err("the stream ends"), server)
    });
    assert_eq!(status.code(), Code::Unavailable);
    assert_eq!(status.get_details_error_info().unwrap().reason, "DRAINING");
    drop(runtime);
    assert_eq!(server.wait().0, Some(0), "nothing is cut");
}

#[test]
fn an_operators_call_stops_the_server_as_a_signal_does() {
    let dir = data_dir();
    let server = Server::serve(dir.path());
    server.create_card();
    assert_eq!(server.call("OperatorService.Drain", "{}")["streams_open"], serde_json::Value::Null, "none is open");
    let (code, log) = server.wait();
    assert!(code == Some(0) && log.contains("draining") && log.contains("stopped"), "{log}");
}

#[test]
fn a_second_signal_stops_at_once_and_says_what_was_cut() {
    let dir = data_dir();
    let mut server = Server::serve(dir.path());
    server.create_card();
    // One message, whose outcomes do not fit the window of a stream that nobody reads.
    let claims = (0..1_000).map(|number| v1::ClaimRequest {
        request_id: format!("r{number}"),
        user_id: format!("u{number}"),
        template_id: "card".into(),
        channel: String::new(),
    });
    let message = v1::ClaimStreamRequest { claims: claims.collect() };
    let endpoint = server.endpoint.clone();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    // It never ends its side either.
    let outcomes = runtime.block_on(async {
        let narrow = Endpoint::from_shared(endpoint).unwrap().initial_stream_window_size(64 * 1024);
        let mut client = ClaimServiceClient::new(narrow.connect().await.unwrap());
        let never_ending = futures_util::stream::iter([message]).chain(futures_util::stream::pending());
        client.claim_stream(never_ending).await.unwrap()
    });
    while server.call("GetStatus", "{}")["partitions"].as_array().unwrap().iter().map(coupons).sum::<u64>() < 1_000 {}
    server.signal(Signal::TERM);
    server.log_until("draining");
    server.signal(Signal::TERM);
    let (code, log) = server.wait();
    assert!(code == Some(1) && log.contains("1 connections were cut"), "{code:?}: {log}");
    drop(outcomes);
    let again = Server::serve(dir.path());
    assert_eq!(again.call("GetStatus", "{}")["recovery"]["sealed"], true, "the log is sealed all the same");
}

fn coupons(partition: &serde_json::Value) -> u64 {
    partition["coupons"].as_str().map_or(0, |count| count.parse().expect("a number"))
}

#[test]
fn metrics_of_other_machines_need_a_flag() {
    let dir = data_dir();
    let arguments = ["serve", "--listen", "127.0.0.1:0", "--metrics-listen", "0.0.0.0:0", "--data-dir", path(&dir)];
    check_fails(&arguments, 2, &["no authentication yet", "--allow-remote"]);
}

#[test]
fn a_second_process_on_the_directory_is_refused() {
    let dir = data_dir();
    let _first = Server::serve(dir.path());
    let second = ["serve", "--listen", "127.0.0.1:0", "--metrics-listen", "", "--data-dir", path(&dir)];
    check_fails(&second, 4, &["another process holds this directory", "stop the process"]);
}

#[test]
fn a_taken_address_is_refused() {
    let (one, other) = (data_dir(), data_dir());
    let first = Server::serve(one.path());
    let address = first.endpoint.trim_start_matches("http://");
    check_fails(&["serve", "--listen", address, "--metrics-listen", "", "--data-dir", path(&other)], 4, &[address]);
}

#[test]
fn an_address_of_other_machines_needs_a_flag() {
    let dir = data_dir();
    let arguments = ["serve", "--listen", "0.0.0.0:0", "--data-dir", path(&dir)];
    check_fails(&arguments, 2, &["no authentication yet", "--allow-remote"]);
}

#[test]
fn a_directory_that_is_none_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    check_fails(&["serve", "--listen", "127.0.0.1:0", "--metrics-listen", "", "--data-dir", path(&dir)], 1, &["keys"]);
}

#[test]
fn no_directory_is_a_usage_error() {
    check_fails(&["serve", "--listen", "127.0.0.1:0"], 2, &["--data-dir"]);
}

#[test]
fn a_misspelt_setting_is_a_usage_error() {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), "[server]\nlisen = 1\n").unwrap();
    check_fails(&["serve", "--config", file.path().to_str().unwrap()], 2, &["lisen"]);
}

#[test]
fn more_shards_than_partitions_are_a_usage_error() {
    let dir = data_dir();
    let arguments = ["serve", "--listen", "127.0.0.1:0", "--metrics-listen", "", "--shards", "3", "--data-dir", path(&dir)];
    check_fails(&arguments, 2, &["shards is 3"]);
}
