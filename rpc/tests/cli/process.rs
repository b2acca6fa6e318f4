//! The program as a child: run to its end, or serving until it is stopped.

use std::{
    io::{BufRead, BufReader, Read},
    path::Path,
    process::{Child, ChildStderr, ChildStdout, Command, Output, Stdio},
};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// The program with these arguments and no settings from outside.
pub fn tessera(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tessera"));
    command.args(arguments).env_clear();
    command
}

/// Runs the program to its end.
pub fn run(arguments: &[&str]) -> Output {
    tessera(arguments).output().expect("the program runs")
}

pub fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("UTF-8")
}

/// The program ends with this code, and says all of this on standard error.
#[track_caller]
pub fn check_fails(arguments: &[&str], code: i32, said: &[&str]) {
    let output = run(arguments);
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{error}");
    for words in said {
        assert!(error.contains(words), "{words:?} is not in {error}");
    }
}

/// The program succeeds; what it printed.
#[track_caller]
pub fn check_prints(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout).to_owned()
}

/// A new data directory of two partitions.
pub fn data_dir() -> TempDir {
    let dir = TempDir::with_prefix_in("cli-", env!("CARGO_TARGET_TMPDIR")).expect("a directory");
    check_prints(&["init", path(&dir), "--partitions", "2"]);
    dir
}

pub fn path(dir: &TempDir) -> &str {
    dir.path().to_str().expect("UTF-8")
}

/// A child that serves. Killed when dropped.
pub struct Server {
    child: Child,
    pub endpoint: String,
    log: BufReader<ChildStderr>,
    /// Kept open: who prints to a closed pipe is killed.
    _printed: BufReader<ChildStdout>,
}

impl Server {
    /// Serves a directory on any free port.
    pub fn serve(dir: &Path) -> Self {
        let dir = dir.to_str().expect("UTF-8");
        Self::start(&mut tessera(&["serve", "--data-dir", dir, "--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0"]))
    }

    fn start(command: &mut Command) -> Self {
        let mut child = command.stderr(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the program starts");
        let log = BufReader::new(child.stderr.take().expect("piped"));
        let _printed = BufReader::new(child.stdout.take().expect("piped"));
        let mut server = Self { child, endpoint: String::new(), log, _printed };
        let serving = server.log_until("\"serving\"");
        let line: serde_json::Value = serde_json::from_str(&serving).expect("a log line is JSON");
        server.endpoint = format!("http://{}", line["fields"]["address"].as_str().expect("an address"));
        server
    }

    /// Reads the log up to the line with these words.
    pub fn log_until(&mut self, words: &str) -> String {
        let mut seen = String::new();
        for line in self.log.by_ref().lines() {
            let line = line.expect("UTF-8");
            if line.contains(words) {
                return line;
            }
            seen += &line;
        }
        panic!("no {words:?} in the log: {seen}")
    }

    /// Calls a method; the reply's JSON.
    #[track_caller]
    pub fn call(&self, method: &str, json: &str) -> serde_json::Value {
        let printed = check_prints(&["call", "--endpoint", &self.endpoint, method, json]);
        serde_json::from_str(&printed).expect("a reply is JSON")
    }

    /// A template that allows everything, under the id "card".
    pub fn create_card(&self) {
        let spec = r#"{"currency": "CNY", "stored_value": {"face_value_minor": 500}}"#;
        let json = format!(r#"{{"request_id": "create", "template_id": "card", "spec": {spec}}}"#);
        self.call("CreateTemplate", &json);
    }

    /// A claim of that card.
    #[track_caller]
    pub fn claim(&self, user: &str, request: &str) -> serde_json::Value {
        let json = format!(r#"{{"request_id": "{request}", "user_id": "{user}", "template_id": "card"}}"#);
        self.call("Claim", &json)
    }

    /// Waits for the end; its exit code, if it had one, and the rest of its log.
    pub fn wait(mut self) -> (Option<i32>, String) {
        let mut rest = String::new();
        self.log.read_to_string(&mut rest).expect("UTF-8");
        (self.child.wait().expect("it ends").code(), rest)
    }

    /// Sends a signal and waits for the end; its exit code, if it had one.
    pub fn end(mut self, signal: Signal) -> Option<i32> {
        self.signal(signal);
        self.child.wait().expect("it ends").code()
    }

    pub fn signal(&self, signal: Signal) {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, signal).expect("it lives");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `tessera dev` on any free port, and what it printed.
pub fn dev() -> (Server, String) {
    let mut child = tessera(&["dev", "--listen", "127.0.0.1:0"])
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .stderr(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let log = BufReader::new(child.stderr.take().expect("piped"));
    let mut _printed = BufReader::new(child.stdout.take().expect("piped"));
    let mut text = String::new();
    while !text.contains("status --endpoint") {
        assert!(_printed.read_line(&mut text).expect("UTF-8") > 0, "it ended: {text}");
    }
    (Server { child, endpoint: String::new(), log, _printed }, text)
}
