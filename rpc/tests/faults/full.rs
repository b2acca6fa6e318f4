//! A disk without room under the real program (row 8): a small filesystem in memory, in a mount namespace of the test's own.
//!
//! The test runs itself once more inside the namespace; where none can be made it says so. The long run is `tessera-loadtest full`.

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::run_words;

/// Set inside the namespace: where the small filesystem is to be.
const PLACE: &str = "TESSERA_FAULTS_SMALL_DISK";

/// How a namespace is made: as any user where the system allows it, else as root.
const NAMESPACES: [&[&str]; 2] = [&["unshare", "-rm"], &["unshare", "-m"]];

/// Runs `body` on a filesystem of this size in a namespace; says loudly when there can be none.
fn on_a_small_disk(test: &str, mib: u32, body: impl FnOnce(&Path)) {
    if let Some(place) = std::env::var_os(PLACE).map(PathBuf::from) {
        mount(&place, &["-t", "tmpfs", "-o", &format!("size={mib}m"), "tmpfs"]);
        return body(&place);
    }
    let place = tempfile::TempDir::with_prefix_in("full-", env!("CARGO_TARGET_TMPDIR")).expect("a directory");
    let can_mount = |namespace: &&[&str]| {
        let mut tried = Command::new(namespace[0]);
        tried.args(&namespace[1..]).args(["mount", "-t", "tmpfs", "tmpfs"]).arg(place.path());
        tried.output().is_ok_and(|output| output.status.success())
    };
    let Some(namespace) = NAMESPACES.iter().copied().find(can_mount) else {
        println!("SKIPPED: no filesystem can be mounted here, so no disk was filled (row 8)");
        return;
    };
    let mut inside = Command::new(namespace[0]);
    inside.args(&namespace[1..]).arg(std::env::current_exe().expect("this test is a program"));
    let output = inside.args(["--exact", test, "--nocapture"]).env(PLACE, place.path()).output().expect("it runs");
    let said = format!("{}\n{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    println!("{said}");
    assert!(output.status.success() && said.contains("1 passed"), "inside the namespace: {}", output.status);
}

fn mount(place: &Path, arguments: &[&str]) {
    let output = Command::new("mount").args(arguments).arg(place).output().expect("mount runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_disk_that_fills_under_load_and_snapshots_refuses_and_recovers() {
    on_a_small_disk("full::a_disk_that_fills_under_load_and_snapshots_refuses_and_recovers", 512, |place| {
        let report = run_words("full --fill-every 0.4 --fills 2", place);
        assert_eq!((report.fills, report.lost), (2, 0), "the process went on");
        assert!(report.postponed.get("LOG_FULL").is_some_and(|&refused| refused > 10), "{:?}", report.postponed);
        let snapshots = report.snapshots.expect("they were asked for");
        assert!(snapshots.failed > 0 && snapshots.count > snapshots.failed, "{snapshots:?}");
        assert!(report.accepted > 200 && report.checked > 2_000, "{} accepted, {} facts", report.accepted, report.checked);
    });
}

#[test]
fn a_start_without_room_is_refused_and_succeeds_when_there_is_some() {
    on_a_small_disk("full::a_start_without_room_is_refused_and_succeeds_when_there_is_some", 24, |place| {
        let dir = place.join("data").display().to_string();
        let tessera = |arguments: &[&str]| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_tessera"));
            command.args(arguments).env("TESSERA__ENGINE__SEGMENT_BYTES", "16777216");
            command
        };
        assert!(tessera(&["init", &dir]).output().expect("it runs").status.success());
        let serve = ["serve", "--data-dir", &dir, "--listen", "127.0.0.1:0", "--metrics-listen", ""];
        for _ in 0..2 {
            let refused = tessera(&serve).output().expect("it runs");
            let said = String::from_utf8_lossy(&refused.stderr).into_owned();
            let words = "the disk has no room for a segment of 16777216 bytes";
            assert!(refused.status.code() == Some(1) && said.contains(words), "{:?}: {said}", refused.status);
        }
        mount(place, &["-o", "remount,size=96m"]);
        let mut served = tessera(&serve).stderr(Stdio::piped()).spawn().expect("it starts");
        let log = BufReader::new(served.stderr.take().expect("piped"));
        let is_serving = log.lines().any(|line| line.expect("UTF-8").contains("\"serving\""));
        served.kill().and_then(|()| served.wait()).expect("it is ended");
        assert!(is_serving, "there is room again");
        assert!(tessera(&["verify", "--data-dir", &dir]).output().expect("it runs").status.success());
    });
}
