//! `issue-bulk`: what becomes of a file's rows, and that running it again issues nothing twice.

use std::{
    collections::BTreeMap,
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Output, Stdio},
};

use rustix::process::Signal;
use tempfile::TempDir;

use crate::process::{Server, check_fails, check_prints, data_dir, run, tessera, text};

/// A file of rows, and where their outcomes go.
struct Files {
    dir: TempDir,
}

impl Files {
    fn new(rows: &str) -> Self {
        let dir = TempDir::with_prefix_in("bulk-", env!("CARGO_TARGET_TMPDIR")).expect("a directory");
        fs::write(dir.path().join("rows.csv"), rows).expect("it is written");
        Self { dir }
    }

    fn out(&self) -> PathBuf {
        self.dir.path().join("out.csv")
    }

    /// The command line that issues them.
    fn command<'a>(&'a self, endpoint: &'a str) -> Vec<String> {
        let path = |name: &str| self.dir.path().join(name).to_str().expect("UTF-8").to_owned();
        let words = ["-o", "json", "issue-bulk", "--template", "card", "--operation", "spring", "--endpoint", endpoint];
        let words = words.into_iter().map(str::to_owned);
        words.chain([path("rows.csv"), "--out".to_owned(), path("out.csv")]).collect()
    }

    fn run(&self, endpoint: &str) -> Output {
        run(&self.command(endpoint).iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// The last line of each row: its outcome, coupon, reason and detail.
    fn outcomes(&self) -> BTreeMap<u64, [String; 4]> {
        let text = fs::read_to_string(self.out()).expect("it was written");
        let lines = text.lines().skip(1).map(|line| line.split(',').collect::<Vec<_>>());
        let told = |line: Vec<&str>| (line[0].parse().expect("a row"), [3, 4, 5, 6].map(|at| line[at].to_owned()));
        lines.map(told).collect()
    }
}

fn counts(output: &Output) -> [u64; 5] {
    let counts: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    ["rows", "issued_before", "issued", "replayed", "refused"].map(|name| counts[name].as_u64().expect("a number"))
}

fn coupons(server: &Server) -> u64 {
    let status = check_prints(&["-o", "json", "status", "--endpoint", &server.endpoint]);
    let status: serde_json::Value = serde_json::from_str(&status).expect("JSON");
    let partitions = status["partitions"].as_array().expect("a list");
    partitions.iter().filter_map(|one| one["coupons"].as_str()?.parse::<u64>().ok()).sum()
}

#[test]
fn every_row_has_its_outcome_and_refused_ones_do_not_stop_the_rest() {
    let (dir, long) = (data_dir(), "u".repeat(60));
    let server = Server::serve(dir.path());
    server.create_card();
    let files = Files::new(&format!(
        "key,user_id,use_until_ms\n,ann,\nk1,bob,\nk2,bob,\n,ann,\n{long},eve,\n,eve,never\nshort\n,eve,5\n,\"o,o\",\n"
    ));
    let output = files.run(&server.endpoint);
    assert_eq!((output.status.code(), counts(&output)), (Some(1), [9, 0, 5, 1, 4]), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("4 rows were refused"), "{}", text(&output.stderr));
    let outcomes = files.outcomes();
    let said = |row: u64| [&outcomes[&row][0], &outcomes[&row][2], &outcomes[&row][3]].map(String::as_str);
    assert_eq!([said(1), said(2), said(3)], [["issued", "", ""]; 3]);
    assert_eq!((said(4), &outcomes[&4][1]), (["issued", "", "replayed"], &outcomes[&1][1]), "without a key a user gets one");
    assert_eq!(said(5), ["refused", "INVALID_ARGUMENT", "request_id 64"]);
    assert_eq!(said(6), ["refused", "INVALID_ARGUMENT", "use_until_ms"]);
    assert_eq!(said(7), ["refused", "INVALID_ARGUMENT", "row"]);
    assert_eq!(said(8), ["refused", "INVALID_ARGUMENT", "use_window"], "the template says when its coupons are used");
    assert_eq!(coupons(&server), 4);

    let output = files.run(&server.endpoint);
    assert_eq!(counts(&output), [9, 5, 0, 0, 4], "what was issued is passed over, what was refused is asked again");
    let table = check_prints(&["status", "--endpoint", &server.endpoint]);
    assert!(table.contains("5 rows issued, 4 refused"), "{table}");
}

/// So many users, each once.
fn users(count: u64) -> String {
    let mut rows = "user_id\n".to_owned();
    (0..count).for_each(|user| rows += &format!("user-{user}\n"));
    rows
}

/// Runs it until some outcomes are written, and not to its end.
fn interrupt(files: &Files, endpoint: &str, end: impl FnOnce(&mut std::process::Child)) {
    let command = files.command(endpoint);
    let words: Vec<&str> = command.iter().map(String::as_str).collect();
    let mut child = tessera(&words).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
    while fs::metadata(files.out()).map_or(0, |metadata| metadata.len()) < 4_096 {
        assert!(child.try_wait().expect("it is asked").is_none(), "it ended by itself");
    }
    end(&mut child);
    child.wait().expect("it ends");
}

#[test]
fn a_run_that_was_killed_is_run_again_and_nothing_is_issued_twice() {
    const ROWS: u64 = 30_000;
    let dir = data_dir();
    let server = Server::serve(dir.path());
    server.create_card();
    let files = Files::new(&users(ROWS));
    interrupt(&files, &server.endpoint, |child| child.kill().expect("it lives"));
    let mut torn = fs::OpenOptions::new().append(true).open(files.out()).expect("it is there");
    torn.write_all(b"29999,user-29998,spring/user").expect("it is written");
    let before = coupons(&server);
    assert!((1..ROWS).contains(&before), "{before} were issued");
    let output = files.run(&server.endpoint);
    let [rows, issued_before, issued, replayed, refused] = counts(&output);
    assert_eq!((output.status.code(), rows, issued_before + issued, refused), (Some(0), ROWS, ROWS, 0));
    assert!(issued_before > 0 && issued_before <= before && replayed <= 4_096, "{issued_before} before, {replayed} replayed");
    check_each_has_one(&files, &server, ROWS);
}

#[test]
fn a_server_that_was_killed_is_started_again_and_nothing_is_issued_twice() {
    const ROWS: u64 = 30_000;
    let dir = data_dir();
    let server = Server::serve(dir.path());
    server.create_card();
    let files = Files::new(&users(ROWS));
    let endpoint = server.endpoint.clone();
    interrupt(&files, &endpoint, |_| assert_eq!(server.end(Signal::KILL), None));
    assert!(files.outcomes().len() < ROWS as usize, "it was not over");
    let server = Server::serve(dir.path());
    let output = files.run(&server.endpoint);
    let [_, issued_before, issued, _, refused] = counts(&output);
    assert_eq!((output.status.code(), issued_before + issued, refused), (Some(0), ROWS, 0), "{}", text(&output.stderr));
    check_each_has_one(&files, &server, ROWS);
}

fn check_each_has_one(files: &Files, server: &Server, rows: u64) {
    let outcomes = files.outcomes();
    assert_eq!(outcomes.len() as u64, rows);
    assert!(outcomes.values().all(|outcome| outcome[0] == "issued"));
    let mut ids: Vec<_> = outcomes.values().map(|outcome| &outcome[1]).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!((ids.len() as u64, coupons(server)), (rows, rows), "one coupon a row");
}

#[test]
fn what_does_not_fit_is_refused_before_anything_is_issued() {
    let files = Files::new("user_id\nann\n");
    let out = files.out();
    let nowhere = "http://127.0.0.1:9";
    let rows = files.dir.path().join("rows.csv");
    let check = |operation: &str, rows: &Path, out: &Path, code: i32, said: &str| {
        let (rows, out) = (rows.to_str().expect("UTF-8"), out.to_str().expect("UTF-8"));
        let words = ["issue-bulk", "--template", "card", "--operation", operation, "--out", out, "--endpoint", nowhere, rows];
        check_fails(&words, code, &[said]);
    };
    for operation in ["", "a/b", &"x".repeat(33)] {
        check(operation, &rows, &out, 2, "--operation is 1 to 32 bytes");
    }
    check("spring", Path::new("no-such-file.csv"), &out, 1, "no-such-file.csv");
    check("spring", &rows, &out, 4, "no server answers");
    check("spring", &rows, &rows, 1, "no file of outcomes");
    for (head, said) in
        [("key\n", "no column user_id"), ("user_id,name\n", "\"name\" is not one of"), ("user_id,user_id\n", "once each")]
    {
        let other = Files::new(head);
        check("spring", &other.dir.path().join("rows.csv"), &other.out(), 1, said);
    }
}

#[test]
fn outcomes_of_another_operation_or_of_long_ago_are_not_gone_on_with() {
    let dir = data_dir();
    let server = Server::serve(dir.path());
    server.create_card();
    let files = Files::new("user_id\nann\n");
    assert_eq!(files.run(&server.endpoint).status.code(), Some(0));
    let mut command = files.command(&server.endpoint);
    let operation = command.iter_mut().find(|word| *word == "spring").expect("it is named");
    *operation = "autumn".to_owned();
    let words: Vec<&str> = command.iter().map(String::as_str).collect();
    check_fails(&words, 2, &["row 1 is not the one whose outcome is in"]);
    let out = fs::OpenOptions::new().write(true).open(files.out()).expect("it is there");
    let a_day_ago =
        out.metadata().and_then(|metadata| metadata.modified()).expect("a time") - std::time::Duration::from_secs(86_400);
    out.set_modified(a_day_ago).expect("it is set");
    let output = files.run(&server.endpoint);
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("--after-a-day"), "{}", text(&output.stderr));
    let mut command = files.command(&server.endpoint);
    command.push("--after-a-day".to_owned());
    assert!(run(&command.iter().map(String::as_str).collect::<Vec<_>>()).status.success());
}
