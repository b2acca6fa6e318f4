//! `cards import`: what becomes of a file's rows, through a kill of the server, and that no run imports twice.

use std::{
    fs,
    path::PathBuf,
    process::{Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::process::Signal;
use tempfile::TempDir;

use crate::process::{Server, check_prints, data_dir, run, tessera, text};

/// Enough that a kill meets it half-way.
const ROWS: u64 = 30_000;

/// When it is at the latest begun.
const BEGIN_MAX: Duration = Duration::from_secs(60);

/// A file of rows, and a report.
struct Files(TempDir);

impl Files {
    fn new(rows: &str) -> Self {
        let dir = TempDir::with_prefix_in("import-", env!("CARGO_TARGET_TMPDIR")).expect("a directory");
        fs::write(dir.path().join("rows.csv"), rows).expect("it is written");
        Self(dir)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn command(&self, endpoint: &str) -> Vec<String> {
        let path = |name: &str| self.path(name).to_str().expect("UTF-8").to_owned();
        let words = ["-o", "json", "cards", "import", "--template", "card", "--batch", "spring", "--endpoint", endpoint];
        let words = words.into_iter().map(str::to_owned);
        words.chain([path("rows.csv"), "--report".to_owned(), path("report.csv")]).collect()
    }

    fn run(&self, endpoint: &str) -> Output {
        run(&self.command(endpoint).iter().map(String::as_str).collect::<Vec<_>>())
    }

    fn report(&self) -> Vec<String> {
        fs::read_to_string(self.path("report.csv")).expect("it was written").lines().map(str::to_owned).collect()
    }
}

fn counts(output: &Output) -> [u64; 4] {
    let counts: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", text(&output.stderr)));
    ["rows", "imported", "imported_before", "refused"].map(|name| counts[name].as_u64().expect("a number"))
}

fn coupons(server: &Server) -> u64 {
    let status = check_prints(&["-o", "json", "status", "--endpoint", &server.endpoint]);
    let status: serde_json::Value = serde_json::from_str(&status).expect("JSON");
    let partitions = status["partitions"].as_array().expect("a list");
    partitions.iter().filter_map(|one| one["coupons"].as_str()?.parse::<u64>().ok()).sum()
}

#[test]
fn refused_rows_are_reported_by_their_line_and_do_not_stop_the_rest() {
    let dir = data_dir();
    let server = Server::serve(dir.path());
    server.create_card();
    let files = Files::new(
        "code,balance_minor,currency,use_until_ms,external_reference\nAA,,,,\nBB,300,CNY,,R-2\nAA,,,,\nCC,much,,,\nDD,5,USD,,R-5\nshort\n,5,,,\nEE,-5,,,\nFF,0,,,R-10\n",
    );
    let output = files.run(&server.endpoint);
    assert_eq!((output.status.code(), counts(&output)), (Some(1), [9, 2, 0, 7]), "{}", text(&output.stderr));
    let mut report = files.report();
    report.sort();
    let expected = [
        "10,R-10,INVALID_ARGUMENT,balance_minor 1",
        "4,,DUPLICATE_IN_FILE,line 2 has this code",
        "5,,MALFORMED,balance_minor",
        "6,R-5,CURRENCY_MISMATCH,",
        "7,,MALFORMED,row",
        "8,,MALFORMED,code",
        "9,,INVALID_ARGUMENT,balance_minor 1",
        "line,external_reference,reason,detail",
    ];
    assert_eq!(report, expected);
    assert_eq!(counts(&files.run(&server.endpoint)), [9, 0, 2, 7], "what was imported is answered again");
    fs::write(files.path("rows.csv"), "code,balance_minor\nAA,1\n").expect("it is written");
    assert_eq!(counts(&files.run(&server.endpoint)), [1, 0, 0, 1]);
    assert!(files.report()[1].starts_with("2,,LEGACY_CODE_EXISTS,"), "{:?}", files.report());
    assert_eq!(coupons(&server), 2);
}

#[test]
fn a_file_goes_on_after_a_kill_and_each_of_its_cards_is_used_by_its_code() {
    let dir = data_dir();
    let server = Server::serve(dir.path());
    server.create_card();
    let mut rows = "code,balance_minor\n".to_owned();
    (0..ROWS).for_each(|row| rows += &format!("OLD-{row},{}\n", row + 1));
    let files = Files::new(&rows);
    let command = files.command(&server.endpoint);
    let words: Vec<&str> = command.iter().map(String::as_str).collect();
    let mut importing = tessera(&words).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
    let begin = Instant::now();
    while coupons(&server) == 0 && begin.elapsed() < BEGIN_MAX {
        thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(server.end(Signal::KILL), None);
    assert!(!importing.wait().expect("it ends").success(), "a run whose server is gone says so");

    let server = Server::serve(dir.path());
    let before = coupons(&server);
    assert!(before > 0, "what was imported before the kill is there");
    let [all, imported, imported_before, refused] = counts(&files.run(&server.endpoint));
    assert_eq!((all, imported + imported_before, refused), (ROWS, ROWS, 0));
    assert_eq!((imported_before, coupons(&server)), (before, ROWS), "nothing is imported twice, and nothing is missing");
    for row in [0, ROWS / 2, ROWS - 1] {
        let asked = format!("{{\"legacy_code\": \"OLD-{row}\"}}");
        let reply = check_prints(&["call", "--endpoint", &server.endpoint, "GetCardBalance", &asked]);
        let reply: serde_json::Value = serde_json::from_str(&reply).expect("JSON");
        assert_eq!(reply["available"]["minor"].as_str(), Some((row + 1).to_string().as_str()));
    }
}
