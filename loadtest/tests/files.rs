//! What is done with the files of runs, by the program: one real run after the other, then a page and a comparison of them.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod fake;

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

use fake::Plant;
use serde_json::Value;
use tessera_loadtest::{page, report::Saved};

const PROGRAM: &str = env!("CARGO_BIN_EXE_tessera-loadtest");

/// A sale whose echo is measured too.
const SALE: &str = "flash-sale --stock 400 --users 1200 --in-flight 64 --with-echo";

fn program(directory: &Path, line: &str) -> Output {
    Command::new(PROGRAM).args(line.split_whitespace()).current_dir(directory).output().unwrap()
}

#[track_caller]
fn done(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[track_caller]
fn check_refused(output: &Output, expected: &str) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(1) && said.contains(expected), "{:?}: {said}", output.status);
}

/// Runs of the sale against a server that keeps its promises, each with one of these options, in files called 0.json, 1.json, ….
async fn sales(directory: &Path, options: &[&str]) -> Vec<Value> {
    let lines = options.iter().map(|option| format!("{SALE} {option}")).collect();
    let runs = runs(directory, lines).await;
    runs.into_iter().map(|(_, run)| run).collect()
}

/// What these runs against such a server said, and wrote into files called 0.json, 1.json, ….
async fn runs(directory: &Path, lines: Vec<String>) -> Vec<(String, Value)> {
    let address = fake::start(Plant::Nothing).await;
    let directory = directory.to_owned();
    let runs = tokio::task::spawn_blocking(move || {
        let read = |path: PathBuf| serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let run = |(number, line): (usize, &String)| {
            let line = format!("{line} --endpoint http://{address} --json {number}.json");
            (done(&program(&directory, &line)), read(directory.join(format!("{number}.json"))))
        };
        lines.iter().enumerate().map(run).collect()
    });
    runs.await.unwrap()
}

/// That every tag is closed in its turn, every attribute quoted, and nothing is loaded from anywhere.
#[track_caller]
fn check_well_formed(page: &str) {
    let mut open: Vec<&str> = Vec::new();
    let body = page.strip_prefix("<!DOCTYPE html>").unwrap();
    for piece in body.split('<').skip(1) {
        let (tag, text) = piece.split_once('>').unwrap_or_else(|| panic!("<{piece} has no end"));
        assert_eq!(tag.matches('"').count() % 2, 0, "<{tag}>");
        let name = tag.split([' ', '/']).find(|name| !name.is_empty()).unwrap();
        match (tag.strip_prefix('/'), tag.ends_with('/')) {
            (Some(closed), _) => assert_eq!(open.pop(), Some(closed), "behind {tag:?}"),
            (None, false) => open.push(name),
            (None, true) => {}
        }
        for entity in text.split('&').skip(1) {
            let known = ["amp;", "lt;", "gt;", "quot;", "#39;"];
            assert!(known.iter().any(|known| entity.starts_with(known)), "&{entity}");
        }
    }
    assert_eq!(open, Vec::<&str>::new());
    for foreign in ["http:", "https:", "src=", "href=", "url(", "@import", "<script", "NaN", "inf"] {
        assert!(!page.contains(foreign), "{foreign}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_are_drawn_with_the_numbers_that_were_measured() {
    let directory = tempfile::tempdir().unwrap();
    let runs = sales(directory.path(), &["", "--seed 2"]).await;
    done(&program(directory.path(), "report 0.json 1.json --out page.html"));
    let html = std::fs::read_to_string(directory.path().join("page.html")).unwrap();
    check_well_formed(&html);
    for run in &runs {
        let rate = run["operations_per_second"].as_f64().unwrap().round() as u64;
        let rate = format!("{},{:03}", rate / 1_000, rate % 1_000);
        assert!(html.contains(&format!("<b>{rate}</b>")), "{rate} is not among the headline figures");
        let answers = run["series"]["throughput"].as_array().unwrap();
        let answered: u64 = answers.iter().map(|one| one["answered"].as_u64().unwrap()).sum();
        assert_eq!(Some(answered), run["operations"].as_u64());
        let accepted: u64 = answers.iter().map(|one| one["accepted"].as_u64().unwrap()).sum();
        assert!(Some(accepted) >= run["accepted"].as_u64() && accepted < answered);
        let slowest = run["series"]["latency"].as_array().unwrap().last().unwrap();
        assert_eq!((slowest["quantile"].as_f64(), &slowest["us"]), (Some(1.0), &run["latency_us"]["max"]));
        assert_eq!(run["asked"]["stock"], "400");
        assert!(run["echo"]["series"]["cores"][0]["server"].is_number(), "the echo's server is sampled");
    }
    assert_eq!(html.matches("of the echo’s").count(), 2);
    for title in ["Throughput over time", "Latency by percentile", "Server, cores busy", "Client, cores busy"] {
        assert!(html.contains(&format!("<h2>{title}</h2>")), "{title}");
    }
    assert!(html.contains("<caption>0</caption>") && html.contains("<caption>1, echo</caption>"));
    assert!(html.contains("0 has no figures of the server"), "the fake tells nothing of a log");
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_of_one_kind_are_compared_and_others_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let runs = sales(directory.path(), &["", "--seed 2", "--greedy 2"]).await;
    let compare = |line: &str| program(directory.path(), &format!("compare {line}"));
    let table = done(&compare("0.json 1.json"));
    assert!(
        table.contains("ratio to echo") && table.contains("latency p999 µs") && table.contains("one run on a side"),
        "{table}"
    );

    let told: Value = serde_json::from_str(&done(&compare("--before 0.json --after 1.json --after 0.json --json"))).unwrap();
    let rates = [&runs[0], &runs[1]].map(|run| run["operations_per_second"].as_f64().unwrap());
    let expected = f64::midpoint(rates[0], rates[1]) / rates[0];
    assert!((told["throughput_ratio"].as_f64().unwrap() - expected).abs() < 1e-9, "{told}");
    assert_eq!((&told["figures"][0]["name"], &told["figures"][0]["after"]["runs"]), (&"throughput".into(), &2.into()));

    check_refused(&compare("0.json 2.json"), "runs differ in --greedy: 1 in 0.json, 2 in 2.json");
    check_refused(&compare("--before 0.json --before 2.json --after 1.json"), "runs differ in --greedy");
    done(&compare("0.json 2.json --anyway"));
    let failed = compare("0.json 1.json --fail-below 1000");
    assert_eq!(failed.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&failed.stdout).contains("FAILED: throughput"));
    done(&compare("0.json 1.json --fail-below 0.000001"));
    for usage in
        ["0.json", "0.json 1.json 2.json", "--before 0.json", "0.json 1.json --after 2.json", "0.json 1.json --fail-below 0"]
    {
        assert_eq!(compare(usage).status.code(), Some(2), "{usage}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_of_pairs_are_told_drawn_and_compared_by_pair_and_by_step() {
    let directory = tempfile::tempdir().unwrap();
    let line = "holds --cards 20 --operations 600 --in-flight 64 --with-echo".to_owned();
    let runs = runs(directory.path(), vec![line.clone(), format!("{line} --seed 2")]).await;
    for (said, run) in &runs {
        assert!(said.contains("pairs/s") && said.contains("hold, µs") && said.contains("µs a pair"), "{said}");
        let rates = ["operations", "accepted"].map(|name| run[name].as_u64().unwrap());
        assert_eq!((rates, &run["echo"]["operations"]), ([600, 594], &600.into()));
        assert_eq!((&run["steps"][1]["name"], &run["steps"][1]["answered"]), (&"capture".into(), &594.into()));
    }
    done(&program(directory.path(), "report 0.json 1.json --out page.html"));
    let html = std::fs::read_to_string(directory.path().join("page.html")).unwrap();
    check_well_formed(&html);
    assert!(html.contains("pairs a second"), "{html}");
    let table = done(&program(directory.path(), "compare 0.json 1.json"));
    assert!(table.contains("hold p99 µs") && table.contains("capture p50 µs"), "{table}");
}

#[test]
fn what_is_not_a_run_is_refused_and_leaves_no_page() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("text.json"), "throughput: fine").unwrap();
    std::fs::write(directory.path().join("other.json"), "{\"name\": \"tessera\"}").unwrap();
    let report = |file: &str| program(directory.path(), &format!("report {file} --out page.html"));
    check_refused(&report("text.json"), "text.json is not JSON");
    check_refused(&report("other.json"), "other.json is not what a run writes with --json");
    check_refused(&report("nowhere.json"), "nowhere.json");
    check_refused(&program(directory.path(), "compare text.json other.json"), "text.json is not JSON");
    assert!(!directory.path().join("page.html").exists());
}

/// Every number of `value` in turn, by the way to it.
fn numbers(value: &Value, way: &str, found: &mut Vec<String>) {
    match value {
        Value::Number(_) => found.push(way.to_owned()),
        Value::Array(all) => (0..).zip(all).for_each(|(at, one): (usize, _)| numbers(one, &format!("{way}/{at}"), found)),
        Value::Object(all) => all.iter().for_each(|(name, one)| numbers(one, &format!("{way}/{name}"), found)),
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn monstrous_numbers_are_drawn_or_refused() {
    let directory = tempfile::tempdir().unwrap();
    let run = sales(directory.path(), &[""]).await.remove(0);
    let mut ways = Vec::new();
    numbers(&run, "", &mut ways);
    // Points of a series are alike: the first two of each stand for all.
    ways.retain(|way| way.split('/').all(|step| step.parse::<usize>().map_or(true, |at| at < 2)));
    assert!(ways.len() > 60, "{} numbers", ways.len());
    let (mut drawn, mut refused) = (0, 0);
    for way in &ways {
        for monster in ["0", "-1e308", "1e308", "5e-324", "18446744073709551615"] {
            let mut changed = run.clone();
            *changed.pointer_mut(way).unwrap() = serde_json::from_str(monster).unwrap();
            let path = directory.path().join("changed.json");
            std::fs::write(&path, changed.to_string()).unwrap();
            match Saved::read(&path) {
                Ok(saved) => {
                    check_well_formed(&page::html(&[saved]));
                    drawn += 1;
                }
                Err(_) => refused += 1,
            }
        }
    }
    assert!(drawn > 5 * refused && refused > 0, "{drawn} drawn, {refused} refused");
}
