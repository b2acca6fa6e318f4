//! The checker against a server that keeps its promises, and against servers that break one each.
//!
//! A checker that finds nothing planted proves nothing: each fault must be found, and by its own name.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod fake;

use clap::Parser as _;
use fake::Plant;
use tessera_loadtest::{options::Options, report::Report, scenario};

async fn run(plant: Plant, arguments: &str) -> Report {
    let address = fake::start(plant).await;
    let line = format!("tessera-loadtest {arguments} --endpoint http://{address} --connections 2");
    let options = Options::try_parse_from(line.split_whitespace()).unwrap();
    scenario::run(options.scenario).await.unwrap().0.report
}

#[track_caller]
fn check_found(report: &Report, expected: &str) {
    assert!(report.violations > 0, "nothing was found");
    let found = report.violations_listed.iter().any(|violation| violation.contains(expected));
    assert!(found, "{expected:?} is not among {:#?}", report.violations_listed);
}

const SALE: &str = "flash-sale --templates 3 --stock 99 --users 300 --greedy 10 --retries 10 --in-flight 64";
const POS: &str = "pos --cards 20 --operations 600 --retries 10 --in-flight 64";

#[tokio::test(flavor = "multi_thread")]
async fn an_honest_sale_has_no_violations() {
    for mode in ["stream", "unary"] {
        let report = run(Plant::Nothing, &format!("{SALE} --mode {mode}")).await;
        assert_eq!(report.violations_listed, Vec::<String>::new(), "{mode}");
        assert_eq!((report.accepted, report.refused.values().sum::<u64>()), (99, 231), "{mode}");
        assert!(report.retries > 0 && report.checked > 1_000, "{mode}: {} retries, {} facts", report.retries, report.checked);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn honest_tills_have_no_violations() {
    for options in ["--mode stream --skew zipf", "--mode unary --by code", "--mode stream --skew hot --by code"] {
        let report = run(Plant::Nothing, &format!("{POS} {options}")).await;
        assert_eq!(report.violations_listed, Vec::<String>::new(), "{options}");
        assert_eq!((report.accepted, report.refused.len()), (594, 3), "{options}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_loop_answers_every_operation_at_its_time() {
    for mode in ["stream", "unary"] {
        let report =
            run(Plant::Nothing, &format!("flash-sale --stock 100 --users 300 --greedy 10 --retries 0 --mode {mode} --rate 2000"))
                .await;
        assert_eq!((report.violations, report.figures.operations), (0, 330), "{mode}");
        assert!(report.figures.seconds >= 329.0 / 2_000.0, "{mode}: {} s", report.figures.seconds);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planted_oversell_is_found() {
    check_found(&run(Plant::Oversell, SALE).await, "34 coupons issued of a stock of 33");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planted_early_sold_out_is_found() {
    let report = run(Plant::EarlySoldOut, "flash-sale --stock 100 --users 100 --greedy 0 --retries 0").await;
    check_found(&report, "only 99 of 100 were issued");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planted_claim_beyond_the_limit_is_found() {
    let report = run(Plant::LimitIgnored, "flash-sale --stock 1000 --users 300 --greedy 50").await;
    check_found(&report, "was issued 2 of template 0, the limit is 1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planted_lost_acknowledgement_is_found() {
    let report = run(Plant::LostAcknowledgement, SALE).await;
    check_found(&report, "acknowledged coupons are not in the wallet");
    check_found(&report, "was given another reply than the first");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planted_flip_of_a_retry_is_found() {
    check_found(&run(Plant::FlippedRetry, SALE).await, "its outcome flipped");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planted_wrong_balance_is_found() {
    check_found(&run(Plant::WrongBalance, POS).await, "the card shows");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planted_double_charge_is_found() {
    let report = run(Plant::DoubleCharge, POS).await;
    check_found(&report, "follow from the redemptions before it");
    check_found(&report, "the card shows");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planted_step_back_of_the_lsn_is_found() {
    check_found(
        &run(Plant::LsnBackwards, "flash-sale --stock 100 --users 300 --mode unary --in-flight 1").await,
        "yet its lsn is lower",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_synthetic_trace_gives_its_counts() {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/o2o");
    let report = run(Plant::Nothing, &format!("o2o {directory}")).await;
    assert_eq!(report.violations_listed, Vec::<String>::new());
    assert_eq!((report.accepted, report.refused.get("USER_LIMIT_REACHED")), (54, Some(&6)));
}
