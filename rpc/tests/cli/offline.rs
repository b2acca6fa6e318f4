//! Directories that no server holds: verified, inspected, damaged.

use std::{
    fs::{self, OpenOptions},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use rustix::process::Signal;
use tempfile::TempDir;

use crate::process::{Server, check_fails, check_prints, data_dir, path};

/// A directory with some groups in its log, cleanly stopped.
fn written() -> TempDir {
    let dir = data_dir();
    let server = Server::serve(dir.path());
    server.create_card();
    for number in 0..4 {
        server.claim("alice", &format!("claim-{number}"));
    }
    assert_eq!(server.end(Signal::TERM), Some(0));
    dir
}

/// Where the groups of the log begin, as inspection says.
fn groups(dir: &TempDir) -> Vec<(PathBuf, u64)> {
    let printed = check_prints(&["-o", "json", "inspect", "wal", "--data-dir", path(dir)]);
    let items = printed.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON"));
    let groups = items.filter(|item| item["item"] == "group");
    groups
        .map(|group| {
            let file = dir.path().join("wal").join(group["file"].as_str().expect("a file"));
            (file, group["offset"].as_u64().expect("an offset"))
        })
        .collect()
}

/// Flips one bit of a file.
pub fn flip(file: &Path, offset: u64) {
    let file = OpenOptions::new().read(true).write(true).open(file).expect("the file is here");
    let mut byte = [0];
    file.read_exact_at(&mut byte, offset).expect("the byte is here");
    file.write_all_at(&[byte[0] ^ 1], offset).expect("the byte is here");
}

#[test]
fn a_whole_directory_verifies() {
    let dir = written();
    let printed = check_prints(&["-o", "json", "verify", "--data-dir", path(&dir)]);
    let verified: serde_json::Value = serde_json::from_str(&printed).expect("JSON");
    assert_eq!((&verified["whole"], &verified["problems"]), (&true.into(), &serde_json::json!([])));
    assert!(check_prints(&["verify", "--data-dir", path(&dir)]).contains("partition"));
}

#[test]
fn inspection_shows_every_event_of_the_log() {
    let dir = written();
    let printed = check_prints(&["-o", "json", "inspect", "wal", "--data-dir", path(&dir)]);
    let items = printed.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON"));
    let events: u64 = items.filter(|item| item["item"] == "frame").map(|item| item["events"].as_u64().unwrap()).sum();
    assert!(events >= 5, "a template and four claims: {events}");
    assert!(check_prints(&["inspect", "wal", "--data-dir", path(&dir)]).contains("journal"));
}

#[test]
fn a_segment_damaged_in_the_middle_is_refused_with_file_and_offset() {
    let dir = written();
    let groups = groups(&dir);
    let (file, offset) = &groups[groups.len() / 2];
    flip(file, offset + 100);
    let name = file.file_name().unwrap().to_str().unwrap();
    let serve = ["serve", "--listen", "127.0.0.1:0", "--metrics-listen", "", "--data-dir", path(&dir)];
    check_fails(&serve, 3, &[name, &format!("at byte {offset}"), "keep a copy"]);
    check_fails(&["verify", "--data-dir", path(&dir)], 3, &["1 problem"]);
}

#[test]
fn a_directory_of_another_format_is_refused() {
    let dir = written();
    let file = dir.path().join("wal").join("log.id");
    let mut bytes = fs::read(&file).unwrap();
    bytes[8] = 2;
    let (body, crc) = bytes.split_last_chunk_mut::<4>().unwrap();
    *crc = crc32fast::hash(body).to_le_bytes();
    fs::write(&file, &bytes).unwrap();
    let serve = ["serve", "--listen", "127.0.0.1:0", "--metrics-listen", "", "--data-dir", path(&dir)];
    check_fails(&serve, 1, &["log.id has format 2", "use the build that wrote this log"]);
}

#[test]
fn the_keys_of_another_directory_are_refused() {
    let (dir, other) = (written(), data_dir());
    fs::copy(other.path().join("keys"), dir.path().join("keys")).unwrap();
    let serve = ["serve", "--listen", "127.0.0.1:0", "--metrics-listen", "", "--data-dir", path(&dir)];
    check_fails(&serve, 1, &["the keys belong to another directory"]);
}

#[test]
fn damaged_keys_are_corruption() {
    let dir = written();
    flip(&dir.path().join("keys"), 20);
    let serve = ["serve", "--listen", "127.0.0.1:0", "--metrics-listen", "", "--data-dir", path(&dir)];
    check_fails(&serve, 3, &["the key file is damaged"]);
}

#[test]
fn a_directory_in_use_is_not_verified() {
    let dir = data_dir();
    let _server = Server::serve(dir.path());
    check_fails(&["verify", "--data-dir", path(&dir)], 4, &["another process holds"]);
}

#[test]
fn cutting_a_whole_tail_cuts_nothing() {
    let dir = written();
    let output = crate::process::run(&["verify", "--cut-tail", "--data-dir", path(&dir)]);
    assert!(output.status.success());
    assert!(crate::process::text(&output.stderr).contains("cut: nothing"));
}
