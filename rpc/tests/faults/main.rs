//! The fault matrix on the real program: kills, failing and full disks, overload. Each fact prints its figures.

mod bulk;
mod eio;
mod full;
mod gifts;
mod holds;
mod kills;
mod overload;

use clap::Parser as _;
use std::path::Path;
use tessera_loadtest::{
    error::Error,
    options::{Options, Scenario},
    report::{Report, table},
    scenario,
};

/// What `tessera-loadtest` makes of these words, its server's data in `place`.
fn asked(words: &str, place: &Path) -> Scenario {
    let line = format!("tessera-loadtest {words} --server {} --scratch {}", env!("CARGO_BIN_EXE_tessera"), place.display());
    Options::try_parse_from(line.split_whitespace()).expect("the scenario is known").scenario
}

/// Runs to the end without a violation, and shows the figures.
fn run(scenario: impl Future<Output = Result<scenario::Finished, Error>>) -> Report {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("threads");
    let report = runtime.block_on(scenario).expect("it runs to its end").report;
    println!("{}", table::of(&report));
    assert_eq!(report.violations_listed, Vec::<String>::new());
    report
}

/// [`run`] of what these words ask for.
fn run_words(words: &str, place: &Path) -> Report {
    let scenario = asked(words, place);
    run(async { Ok(scenario::run(scenario).await?.0) })
}
