//! Calls of the system that fail with EIO on the real program (row 4).
//!
//! The long run is `tessera-loadtest eio`.

use std::{
    fs::File,
    os::unix::process::ExitStatusExt,
    path::Path,
    process::{Command, Stdio},
};

use crate::{asked, run};
use tessera_loadtest::{
    options::Scenario,
    scenario::eio,
    server::site::{Site, is_possible},
};

/// Places in a start, in the log's thread under load, in rotations' and snapshots' files; each for once or for good.
const SITES: [Site; 16] = [
    Site::once("fdatasync", 1),
    Site::once("fdatasync", 20),
    Site::once("fdatasync", 41),
    Site::once("fdatasync", 90),
    Site::once("fdatasync", 60).and_on(),
    Site::once("pwrite64", 1),
    Site::once("pwrite64", 60),
    Site::once("pwrite64", 120).and_on(),
    Site::once("pread64", 12),
    Site::once("rename", 1),
    Site::once("rename", 2).and_on(),
    Site::once("ftruncate", 1),
    Site::once("fsync", 2),
    Site::once("fsync", 1).on("wal"),
    Site::once("fsync", 2).on("images"),
    Site::once("fsync", 1).on("images/MANIFEST.tmp"),
];

#[test]
fn a_failing_call_ends_the_process_and_loses_nothing_acknowledged() {
    if !is_possible() {
        println!("SKIPPED: strace is not here or may not trace, so no call of the system was made to fail (row 4)");
        return;
    }
    let Scenario::Eio { common, .. } = asked("eio", Path::new(env!("CARGO_TARGET_TMPDIR"))) else {
        panic!("that is what was asked for")
    };
    let report = run(eio::run(SITES.to_vec(), &common));
    assert_eq!(report.kills, SITES.len() as u64);
    let count = |fate: &str| report.fates.get(fate).copied().unwrap_or_default();
    assert!(count("aborted") >= 4 && count("refused to start") >= 5, "{:?}", report.fates);
    assert!(report.accepted > 200 && report.checked > 2_000, "{} accepted, {} facts", report.accepted, report.checked);
}

/// What ends a process without a core.
const SIGABRT: i32 = 6;

#[test]
fn a_process_that_cannot_say_why_ends_all_the_same() {
    if !is_possible() {
        println!("SKIPPED: strace is not here or may not trace, so no call of the system was made to fail (row 4)");
        return;
    }
    let place = tempfile::TempDir::with_prefix_in("eio-", env!("CARGO_TARGET_TMPDIR")).expect("a directory");
    let (data, program) = (place.path().join("data"), Path::new(env!("CARGO_BIN_EXE_tessera")));
    assert!(Command::new(program).arg("init").arg(&data).output().expect("it runs").status.success());
    // The first sync of the log's own thread, which makes the tenure records durable.
    let site = Site::once("fdatasync", 1).on("wal/segment-000000000001.wal");
    let full = File::options().write(true).open("/dev/full").expect("a disk that is always full");
    let mut command = site.command(program, &data, &place.path().join("strace.out"));
    command.args(["serve", "--listen", "127.0.0.1:0", "--metrics-listen", "", "--data-dir"]).arg(&data);
    let status = command.stdout(Stdio::null()).stderr(full).status().expect("it runs");
    assert_eq!(status.signal(), Some(SIGABRT), "{status}");
}
