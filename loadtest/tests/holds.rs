//! Holds and captures against a server that keeps its promises, and against servers that break one each.
//!
//! As in `checker`, each planted fault must be found, and by its own name.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod fake;

use clap::Parser as _;
use fake::Plant;
use tessera_loadtest::{options::Options, report::Report, scenario};

const HOLDS: &str = "holds --cards 20 --operations 600 --retries 10 --in-flight 64";

async fn run(plant: Plant, arguments: &str) -> Report {
    let address = fake::start(plant).await;
    let line = format!("tessera-loadtest {arguments} --endpoint http://{address} --connections 2");
    let options = Options::try_parse_from(line.split_whitespace()).unwrap();
    scenario::run(options.scenario).await.unwrap().0.report
}

async fn check_found(plant: Plant, arguments: &str, expected: &str) {
    let report = run(plant, arguments).await;
    let found = report.violations_listed.iter().any(|violation| violation.contains(expected));
    assert!(found, "{expected:?} is not among {:#?}", report.violations_listed);
}

#[tokio::test(flavor = "multi_thread")]
async fn honest_pairs_have_no_violations() {
    for options in ["--mode stream --skew zipf", "--mode unary --by code", "--mode stream --skew hot --by code"] {
        let report = run(Plant::Nothing, &format!("{HOLDS} {options}")).await;
        assert_eq!(report.violations_listed, Vec::<String>::new(), "{options}");
        assert_eq!((report.accepted, report.refused.len()), (594, 3), "{options}");
        assert_eq!(report.figures.operations, 600, "{options}: a pair is one operation, and retries are none");
        assert!(report.retries > 50 && report.checked > 5_000, "{options}: {} retries, {} facts", report.retries, report.checked);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pair_lasts_as_long_as_its_steps_together_or_longer() {
    let report = run(Plant::Nothing, HOLDS).await;
    let steps: Vec<_> = report.steps.iter().map(|step| (step.name.as_str(), step.answered)).collect();
    assert_eq!(steps, [("hold", 600), ("capture", 594)]);
    for step in &report.steps {
        let (one, both) = (step.latency_us, report.figures.latency_us);
        assert!(one.p50 > 0.0 && one.p50 < both.p50 && one.max < both.max, "{step:?} of {both:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_loop_begins_every_pair_at_its_time() {
    for mode in ["stream", "unary"] {
        let line = format!("holds --cards 20 --operations 330 --retries 0 --mode {mode} --rate 2000");
        let report = run(Plant::Nothing, &line).await;
        assert_eq!((report.violations, report.figures.operations), (0, 330), "{mode}");
        assert!(report.figures.seconds >= 329.0 / 2_000.0, "{mode}: {} s", report.figures.seconds);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn snapshots_and_replays_go_on_beside_pairs() {
    let report = run(Plant::Nothing, "holds --cards 20 --operations 300 --retries 0 --rate 600 --snapshot-every 0.05").await;
    assert_eq!(report.violations_listed, Vec::<String>::new());
    let by_round = report.latency_by_round.unwrap();
    let all = by_round.snapshot.operations + by_round.replay.operations + by_round.quiet.operations;
    assert_eq!((all, report.figures.operations), (300, 300));
    assert!(by_round.snapshot.operations > 0 && report.replays.is_some_and(|replays| replays.count > 0), "{by_round:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn planted_value_that_stays_held_is_found() {
    check_found(Plant::HeldTwice, HOLDS, "the card shows").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planted_double_charge_is_found() {
    check_found(Plant::DoubleCharge, HOLDS, "follow from the redemptions before it").await;
    check_found(Plant::DoubleCharge, HOLDS, "the card shows").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planted_wrong_balance_is_found() {
    check_found(Plant::WrongBalance, HOLDS, "the card shows").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planted_lost_hold_is_found() {
    check_found(Plant::LostHold, HOLDS, "had to be accepted, and was refused with HOLD_NOT_FOUND").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planted_replay_that_differs_is_found() {
    check_found(Plant::ReplayDiffers, HOLDS, "two accepted replies").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planted_step_back_of_the_lsn_is_found() {
    let one_by_one = "holds --cards 20 --operations 300 --mode unary --in-flight 1";
    check_found(Plant::LsnBackwards, one_by_one, "yet its lsn is lower").await;
}
