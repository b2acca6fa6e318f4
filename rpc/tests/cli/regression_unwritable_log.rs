//! Regression: whoever logged a line that standard error did not take panicked. A full disk under the program's log so ended the
//! thread that takes snapshots, and with it all snapshots, while whoever had asked for one waited for ever.

use std::{
    fs::File,
    net::TcpListener,
    process::Stdio,
    time::{Duration, Instant},
};

use crate::process::{check_prints, data_dir, path, run, tessera, text};

/// Long enough for any machine; a server that serves is not waited for.
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn a_server_whose_log_lines_are_not_taken_serves_and_takes_snapshots() {
    let (dir, full) = (data_dir(), File::options().write(true).open("/dev/full").expect("a disk that is always full"));
    let address = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").to_string();
    let arguments = ["serve", "--data-dir", path(&dir), "--listen", &address, "--metrics-listen", ""];
    let mut child = tessera(&arguments).stderr(full).stdout(Stdio::null()).spawn().expect("the program starts");
    let endpoint = format!("http://{address}");
    let begin = Instant::now();
    while !text(&run(&["status", "--endpoint", &endpoint]).stdout).contains("SERVING") {
        assert_eq!(child.try_wait().expect("it can be asked for"), None, "it goes on without its log");
        assert!(begin.elapsed() < PATIENCE, "it serves");
    }
    check_prints(&["snapshot", "save", "--endpoint", &endpoint]);
    check_prints(&["call", "--endpoint", &endpoint, "OperatorService.Drain", "{}"]);
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
}
