//! SIGKILL under load, again and again (row 3): the load generator's own scenario, small enough for every run of the tests.
//!
//! The long run is `tessera-loadtest kills`; the checker that judges both finds what is planted in a server of its own.

use clap::Parser as _;
use tessera_loadtest::{options::Options, report::table, scenario};

/// Kills of one run of the tests, over a mix and a sale.
const KILLS: u32 = 52;

/// Of those, on one directory.
const KILLS_PER_DIRECTORY: u32 = KILLS / 2;

#[test]
fn every_acknowledgement_outlives_kills_at_random_instants() {
    let line = format!(
        "tessera-loadtest kills --server {} --scratch {} --in-flight 8 --kill-every 0.06 --kills {KILLS_PER_DIRECTORY} --total {KILLS}",
        env!("CARGO_BIN_EXE_tessera"),
        env!("CARGO_TARGET_TMPDIR"),
    );
    let options = Options::try_parse_from(line.split_whitespace()).expect("the scenario is known");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("threads");
    let (finished, _) = runtime.block_on(scenario::run(options.scenario)).expect("it runs to its end");
    let report = finished.report;
    println!("{}", table::of(&report));
    assert_eq!(report.violations_listed, Vec::<String>::new());
    assert_eq!((report.kills, report.verified), (u64::from(KILLS), u64::from(KILLS) + 2), "each is verified, and each stop");
    assert!(report.kills_of_starts > 5 && report.lost > 20, "{} starts killed, {} lost", report.kills_of_starts, report.lost);
    assert!(report.accepted > 1_000 && report.checked > 10_000, "{} accepted, {} facts", report.accepted, report.checked);
}
