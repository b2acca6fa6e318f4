//! `snapshot`, `replay` and `restore`: of a running server, of a directory that no server holds, and what the shell is told.

use std::path::{Path, PathBuf};

use rustix::process::Signal;
use serde_json::Value;
use tempfile::TempDir;

use crate::process::{Server, check_fails, check_prints, data_dir, path, run, text};

/// Two partitions and the catalog.
const JOURNALS: usize = 3;

/// Nobody listens there.
const NOBODY: &str = "http://127.0.0.1:9";

/// A server with so many claims.
fn trading(dir: &TempDir, claims: usize) -> Server {
    let server = Server::serve(dir.path());
    server.create_card();
    (0..claims).for_each(|number| drop(server.claim(&format!("user-{number}"), &format!("claim-{number}"))));
    server
}

/// A directory with images and a log that goes on behind them, cleanly stopped.
fn stopped() -> TempDir {
    let dir = data_dir();
    let server = trading(&dir, 6);
    check_prints(&["snapshot", "save", "--endpoint", &server.endpoint]);
    server.claim("late", "claim-late");
    assert_eq!(server.end(Signal::TERM), Some(0));
    dir
}

/// The program succeeds; the JSON it printed.
#[track_caller]
pub fn json(arguments: &[&str]) -> Value {
    let printed = check_prints(&[&["-o", "json"], arguments].concat());
    serde_json::from_str(&printed).unwrap_or_else(|error| panic!("{error}: {printed}"))
}

/// A place for new directories.
fn place() -> TempDir {
    TempDir::with_prefix_in("cli-restored-", env!("CARGO_TARGET_TMPDIR")).expect("a directory")
}

fn new_in(place: &TempDir) -> PathBuf {
    place.path().join("new")
}

fn utf8(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

/// Journal, lsn and digest of each journal that a replay shows.
fn ends(journals: &Value) -> Vec<(u64, u64, String)> {
    let end = |journal: &Value| {
        let digest = journal["digest"].as_str().expect("a digest").to_owned();
        (journal["partition"].as_u64().expect("a number"), journal["lsn"].as_u64().expect("a number"), digest)
    };
    journals.as_array().expect("journals").iter().map(end).collect()
}

#[test]
fn save_makes_images_that_list_and_status_show() {
    let dir = data_dir();
    let server = trading(&dir, 6);
    let (save, list) =
        (["snapshot", "save", "--endpoint", &server.endpoint], ["snapshot", "list", "--endpoint", &server.endpoint]);
    assert_eq!(json(&list), serde_json::json!([]), "none at first");
    let saved = json(&save);
    assert_eq!((saved["state"].as_str(), saved["journals_done"].as_u64()), (Some("DONE"), Some(3)), "{saved}");
    let images = json(&list);
    let images = images.as_array().unwrap();
    assert_eq!(saved["result"]["images"].as_u64(), Some(images.len() as u64));
    let bytes: u64 = images.iter().map(|image| image["bytes"].as_u64().unwrap()).sum();
    assert_eq!(saved["result"]["image_bytes"].as_u64(), Some(bytes));
    assert_eq!(images.last().unwrap()["partition"], 65_535, "the catalog comes last");

    let rounds = json(&["snapshot", "status", "--endpoint", &server.endpoint]);
    let [round] = rounds.as_array().unwrap().as_slice() else { panic!("one round: {rounds}") };
    assert_eq!((&round["journals_done"], &round["journals"], &round["error"]), (&3.into(), &3.into(), &"".into()));
    assert_eq!((&round["images"], &round["bytes"], &round["over"]), (&images.len().into(), &bytes.into(), &true.into()));
    assert!(round["began_ms"].is_i64() && round["took_ms"].is_i64() && round["trimmed"] == 0, "numbers are numbers: {round}");

    let table = check_prints(&save);
    assert!(table.contains("DONE") && table.contains("3 of 3"), "{table}");
    let twice = json(&list).as_array().unwrap().len();
    let table = check_prints(&list);
    assert!(table.contains("digest") && table.lines().count() == twice + 1 && twice > images.len(), "{table}");
    assert!(check_prints(&["snapshot", "status", "--endpoint", &server.endpoint]).lines().count() == 3, "two rounds by now");
}

#[test]
fn list_of_a_directory_shows_what_its_server_showed() {
    let dir = data_dir();
    let server = trading(&dir, 6);
    check_prints(&["snapshot", "save", "--endpoint", &server.endpoint]);
    let online = json(&["snapshot", "list", "--endpoint", &server.endpoint]);
    assert_eq!(server.end(Signal::TERM), Some(0));
    assert_eq!(json(&["snapshot", "list", "--data-dir", path(&dir)]), online);
}

#[test]
fn replay_compares_with_the_live_state_and_changes_nothing() {
    let dir = data_dir();
    let server = trading(&dir, 6);
    check_prints(&["snapshot", "save", "--endpoint", &server.endpoint]);
    let arguments = ["replay", "--diff", "--from-beginning", "--endpoint", &server.endpoint];
    let replayed = json(&arguments);
    assert_eq!((replayed["state"].as_str(), replayed["result"]["equal"].as_bool()), (Some("DONE"), Some(true)), "{replayed}");
    let journals = replayed["result"]["journals"].as_array().unwrap();
    assert_eq!(journals.len(), JOURNALS);
    for journal in &journals[..2] {
        assert!(journal["live_digest"] == journal["digest"] && journal["image_lsn"] == 0, "{journal}");
    }
    let table = check_prints(&arguments);
    assert!(table.contains("equal") && !table.contains("OTHER"), "{table}");
    assert_eq!(ends(&json(&arguments)["result"]["journals"]), ends(&replayed["result"]["journals"]));
}

#[test]
fn a_replay_that_cannot_reach_its_goal_fails_and_says_why() {
    let dir = data_dir();
    let server = trading(&dir, 2);
    let online = ["replay", "--partition", "0", "--lsn", "1000000", "--endpoint", &server.endpoint];
    check_fails(&online, 1, &["FAILED", "lsn 1000000 is asked for, the durable end is lsn"]);
    let output = run(&[&["-o", "json"], &online[..]].concat());
    let shown: Value = serde_json::from_str(text(&output.stdout)).unwrap();
    assert_eq!((output.status.code(), shown["state"].as_str()), (Some(1), Some("FAILED")), "{shown}");
    check_fails(&["replay", "--partition", "2", "--endpoint", &server.endpoint], 1, &["INVALID_ARGUMENT", "partition"]);
    assert_eq!(server.end(Signal::TERM), Some(0));
    let offline = ["replay", "--partition", "0", "--lsn", "1000000", "--data-dir", path(&dir)];
    check_fails(&offline, 1, &["lsn 1000000 is asked for"]);
    check_fails(&["replay", "--partition", "2", "--data-dir", path(&dir)], 2, &["partition is 2", "65535"]);
}

#[test]
fn arguments_that_contradict_each_other_are_usage_errors() {
    check_fails(&["replay", "--lsn", "1"], 2, &["--partition"]);
    check_fails(&["replay", "--diff", "--at-ms", "1"], 2, &["cannot be used with"]);
    check_fails(&["replay", "--diff", "--data-dir", "somewhere"], 2, &["cannot be used with"]);
    check_fails(&["restore"], 2, &["--into"]);
    check_fails(&["replay", "--partition", "0", "--lsn", "0"], 2, &["--lsn"]);
    check_fails(&["replay", "--at-ms", "0", "--data-dir", "somewhere"], 2, &["--at-ms"]);
}

#[test]
fn a_directory_is_replayed_as_its_server_does() {
    let dir = data_dir();
    let server = trading(&dir, 6);
    check_prints(&["snapshot", "save", "--endpoint", &server.endpoint]);
    assert_eq!(server.end(Signal::TERM), Some(0));
    let whole = json(&["replay", "--from-beginning", "--data-dir", path(&dir)]);
    let short = json(&["replay", "--data-dir", path(&dir)]);
    assert_eq!(ends(&whole), ends(&short));
    assert_eq!(ends(&whole).iter().map(|end| end.0).collect::<Vec<_>>(), [0, 1, 65_535]);
    assert!(short.as_array().unwrap().iter().any(|journal| journal["image_lsn"].as_u64() > Some(0)), "{short}");
    assert!(whole.as_array().unwrap().iter().all(|journal| journal["differences"] == serde_json::json!([])), "{whole}");
    let one = json(&["replay", "--partition", "65535", "--lsn", "1", "--data-dir", path(&dir)]);
    assert_eq!(one.as_array().unwrap().len(), 1);
    assert_eq!((&one[0]["partition"], &one[0]["lsn"]), (&65_535.into(), &1.into()));

    let again = Server::serve(dir.path());
    let live = json(&["replay", "--diff", "--endpoint", &again.endpoint]);
    assert_eq!(live["result"]["equal"], true, "a replay in between changed nothing: {live}");
}

#[test]
fn an_image_that_says_something_else_is_a_difference() {
    use std::os::unix::fs::FileExt;
    let dir = stopped();
    let newest = json(&["snapshot", "list", "--data-dir", path(&dir)])[0]["image_id"].as_u64().unwrap();
    let name = format!("image-{newest:012}.img");
    let file = dir.path().join("images").join(&name);
    let middle = std::fs::metadata(&file).unwrap().len() / 2;
    let open = std::fs::OpenOptions::new().read(true).write(true).open(&file).unwrap();
    let mut byte = [0];
    open.read_exact_at(&mut byte, middle).unwrap();
    open.write_all_at(&[byte[0] ^ 1], middle).unwrap();
    let output = run(&["replay", "--data-dir", path(&dir)]);
    assert!(text(&output.stdout).contains(&name), "the image is named: {}", text(&output.stdout));
    check_fails(&["replay", "--data-dir", path(&dir)], 1, &["the replay found differences"]);
    check_fails(&["verify", "--data-dir", path(&dir)], 3, &["1 problem"]);
}

#[test]
fn what_a_server_restores_is_whole_and_serves() {
    let dir = data_dir();
    let server = trading(&dir, 6);
    let place = place();
    let into = new_in(&place);
    let arguments = ["restore", "--endpoint", &server.endpoint, "--into", utf8(&into)];
    let restored = json(&arguments);
    assert_eq!((restored["state"].as_str(), restored["result"]["coupons"].as_u64()), (Some("DONE"), Some(6)), "{restored}");
    assert_eq!(restored["result"]["directory"].as_str(), Some(utf8(&into)));
    check_fails(&arguments, 1, &["FAILED", utf8(&into), "already exists"]);
    check_prints(&["verify", "--data-dir", utf8(&into)]);
    let first = server.claim("user-0", "claim-0");
    let again = Server::serve(&into).claim("user-0", "claim-0");
    assert_eq!((&again["replayed"], &again["coupon_id"]), (&true.into(), &first["coupon_id"]));
}

#[test]
fn a_directory_is_restored_whole_or_up_to_an_instant() {
    let dir = stopped();
    let place = place();
    let (whole, past) = (new_in(&place), place.path().join("past"));
    let restored = json(&["restore", "--data-dir", path(&dir), "--into", utf8(&whole)]);
    assert_eq!((restored["coupons"].as_u64(), restored["directory"].as_str()), (Some(7), Some(utf8(&whole))));
    let image_ms = json(&["snapshot", "list", "--data-dir", path(&dir)]);
    let newest_ms = image_ms.as_array().unwrap().iter().map(|image| image["at_ms"].as_i64().unwrap()).max().unwrap();
    let at_ms = newest_ms.to_string();
    let table = check_prints(&["restore", "--data-dir", path(&dir), "--into", utf8(&past), "--at-ms", &at_ms]);
    assert!(table.contains("coupons") && table.contains(&format!("{at_ms} ms")), "{table}");
    for (dir, has_late) in [(&whole, true), (&past, false)] {
        check_prints(&["verify", "--data-dir", utf8(dir)]);
        let late = Server::serve(dir).claim("late", "claim-late");
        assert_eq!(late["replayed"] == true, has_late, "{late}");
    }
    check_fails(&["restore", "--data-dir", path(&dir), "--into", utf8(&whole)], 1, &[utf8(&whole), "already exists"]);
    check_prints(&["verify", "--data-dir", path(&dir)]);
}

#[test]
fn without_a_server_or_beside_one_the_exit_code_says_unavailable() {
    let place = place();
    let into = new_in(&place);
    check_fails(&["snapshot", "save", "--endpoint", NOBODY], 4, &["no server answers"]);
    check_fails(&["snapshot", "list", "--endpoint", NOBODY], 4, &["no server answers"]);
    check_fails(&["replay", "--endpoint", NOBODY], 4, &["no server answers"]);
    check_fails(&["restore", "--endpoint", NOBODY, "--into", utf8(&into)], 4, &["no server answers"]);
    let dir = data_dir();
    let _server = Server::serve(dir.path());
    check_fails(&["replay", "--data-dir", path(&dir)], 4, &["another process holds"]);
    check_fails(&["restore", "--data-dir", path(&dir), "--into", utf8(&into)], 4, &["another process holds"]);
    assert!(!into.exists(), "nothing was made");
}
