//! `cards`: a batch made and taken by the program, through a kill in the middle.

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use rustix::process::Signal;
use tempfile::TempDir;

use crate::{
    process::{Server, check_fails, check_prints, data_dir, run, tessera},
    snapshot::json,
};

/// Enough that a kill meets it half-way.
const CARDS: usize = 60_000;

/// When it is at the latest begun.
const BEGIN_MAX: Duration = Duration::from_secs(60);

fn download(server: &Server, out: &Path, request_id: &str) -> Vec<String> {
    let out = out.to_str().expect("UTF-8");
    let words = ["cards", "download", "batch-1", "--out", out, "--request-id", request_id, "--endpoint", &server.endpoint];
    words.map(str::to_owned).to_vec()
}

fn words(arguments: &[String]) -> Vec<&str> {
    arguments.iter().map(String::as_str).collect()
}

/// How many cards of the batch are made.
fn made(server: &Server) -> usize {
    let reply = run(&["call", "--endpoint", &server.endpoint, "GetBatch", r#"{"batch_id": "batch-1"}"#]);
    let reply: serde_json::Value = serde_json::from_slice(&reply.stdout).unwrap_or_default();
    reply["batch"]["made"].as_str().and_then(|made| made.parse().ok()).unwrap_or(0)
}

#[test]
fn a_batch_goes_on_after_a_kill_and_its_codes_are_taken_once_into_a_file_of_its_owner() {
    let (dir, place) = (data_dir(), TempDir::with_prefix_in("cli-cards-", env!("CARGO_TARGET_TMPDIR")).expect("a directory"));
    let server = Server::serve(dir.path());
    server.create_card();
    let count = CARDS.to_string();
    let make = |endpoint: &str| -> Vec<String> {
        let words = ["cards", "make", "batch-1", "--template", "card", "--count", &count, "--endpoint", endpoint];
        words.map(str::to_owned).to_vec()
    };
    let mut making = tessera(&words(&make(&server.endpoint))).stderr(std::process::Stdio::null()).spawn().expect("it starts");
    let begin = Instant::now();
    while made(&server) == 0 && begin.elapsed() < BEGIN_MAX {
        thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(server.end(Signal::KILL), None);
    let _ = making.wait().expect("it ends");

    let server = Server::serve(dir.path());
    assert!(made(&server) > 0, "what was made before the kill is there");
    let done = json(&words(&make(&server.endpoint)));
    assert_eq!((done["result"]["made"].as_u64(), done["state"].as_str()), (Some(CARDS as u64), Some("DONE")));

    let out = place.path().join("cards.csv");
    check_prints(&words(&download(&server, &out, "secret")));
    assert_eq!(fs::metadata(&out).expect("a file").permissions().mode() & 0o777, 0o600);
    let csv = fs::read_to_string(&out).expect("a file");
    let (head, lines) = csv.split_once('\n').expect("a head");
    assert_eq!(head, "code,coupon_id,face_value_minor,currency");
    let codes: BTreeSet<&str> = lines.lines().map(|line| line.split(',').next().expect("a code")).collect();
    assert_eq!(codes.len(), CARDS, "every card has a code of its own, and none is missing");
    assert!(lines.lines().all(|line| line.ends_with(",500,CNY") && line.len() == 16 + 1 + 26 + ",500,CNY".len()));

    let again = place.path().join("again.csv");
    check_fails(&words(&download(&server, &again, "other")), 1, &["BATCH_TAKEN"]);
    assert!(!again.exists(), "a download that is refused leaves no file");
    check_fails(&words(&download(&server, &out, "secret")), 1, &["File exists"]);
    check_prints(&words(&download(&server, &again, "secret")));
    assert!(fs::read_to_string(&again).expect("a file") == csv, "the same request id takes the same codes");
}
