//! The program as a process: the echo by its command line, and a server that is started, killed and stopped.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{path::PathBuf, process::Command, time::Duration};

use tessera_loadtest::{
    error::Error,
    link::Link,
    server::process::{Process, Program},
};

const PROGRAM: &str = env!("CARGO_BIN_EXE_tessera-loadtest");

/// Long enough for any machine; a server that is ready is not waited for.
const PATIENCE: Duration = Duration::from_secs(60);

fn echo_server(arguments: &[&str]) -> Program {
    let serve = arguments.iter().map(|&argument| argument.to_owned()).collect();
    Program { binary: PathBuf::from(PROGRAM), init: Vec::new(), serve, verify: Vec::new(), scratch: None }
}

async fn start() -> Process {
    echo_server(&["echo-server", "--listen", "{listen}"]).start().await.unwrap()
}

#[test]
fn the_echo_answers_both_modes_and_writes_its_figures() {
    let directory = tempfile::tempdir().unwrap();
    let all = ["claims", "redemptions", "holds"].map(|messages| [("stream", messages), ("unary", messages)]);
    for (mode, messages) in all.into_iter().flatten() {
        let (json, hgrm) = (directory.path().join("figures.json"), directory.path().join("latency.hgrm"));
        let mut command = Command::new(PROGRAM);
        command.args(["echo", "--operations", "3000", "--mode", mode, "--messages", messages]);
        let output = command.arg("--json").arg(&json).arg("--hgrm").arg(&hgrm).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let figures: serde_json::Value = serde_json::from_slice(&std::fs::read(&json).unwrap()).unwrap();
        assert_eq!((&figures["operations"], &figures["accepted"]), (&3000.into(), &3000.into()));
        let names = ["scenario", "mode", "seconds", "operations_per_second", "refused", "checked", "violations"];
        assert!(names.iter().all(|name| !figures[name].is_null()), "{figures}");
        let percentiles = ["p50", "p90", "p99", "p999", "max"].map(|name| figures["latency_us"][name].as_f64().unwrap());
        assert!(percentiles.is_sorted() && percentiles[0] > 0.0, "{percentiles:?}");
        assert!(std::fs::read_to_string(&hgrm).unwrap().contains("Total count    =         3000"));
    }
}

#[tokio::test]
async fn a_killed_server_serves_again_at_its_address() {
    let mut process = start().await;
    let (endpoint, before) = (process.endpoint(), process.id());
    let recovery = process.kill().unwrap() + process.restart(PATIENCE).await.unwrap();
    assert!(recovery > Duration::ZERO && process.id() != before);
    Link::to(&endpoint).unwrap().serving(PATIENCE).await.unwrap();
    process.stop().await.unwrap();
}

#[tokio::test]
async fn a_directory_is_verified_by_the_server_s_own_program() {
    let arguments = |line: &str| line.split_whitespace().map(str::to_owned).collect();
    let verified = async |line: &str| {
        let program = Program { verify: arguments(line), ..echo_server(&["echo-server", "--listen", "{listen}"]) };
        let mut process = program.start().await.unwrap();
        process.kill().unwrap();
        process.verify().await.unwrap()
    };
    assert_eq!(verified("").await, None);
    assert_eq!(verified("--version").await, Some(Ok(())));
    match verified("verify --data-dir {data}").await {
        Some(Err(said)) => assert!(said.contains("exit status: 2") && said.contains("verify"), "{said}"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_server_that_ends_before_it_serves_is_reported_with_its_log() {
    match echo_server(&["no-such-scenario"]).start().await {
        Err(Error::Server { what, log_tail, .. }) => {
            assert!(what.contains("before it served") && log_tail.contains("no-such-scenario"), "{what}: {log_tail}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn usage_and_failure_have_their_exit_codes() {
    let usage = Command::new(PROGRAM).args(["flash-sale", "--batch", "0"]).output().unwrap();
    assert_eq!(usage.status.code(), Some(2));
    let nobody = Command::new(PROGRAM).args(["flash-sale", "--endpoint", "nonsense://"]).output().unwrap();
    assert_eq!(nobody.status.code(), Some(1));
}
