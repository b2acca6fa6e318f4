//! Bulk issue beside tills against a server that keeps its promises, and against servers that break one each.
//!
//! As in `checker`, each planted fault must be found, and by its own name.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod fake;

use clap::Parser as _;
use fake::Plant;
use tessera_loadtest::{error::Error, options::Options, report::Report, scenario};

const BULK: &str = "bulk --rows 1200 --cards 20 --operations 300 --in-flight 8 --connections 2";

async fn try_run(plant: Plant, arguments: &str) -> Result<Report, Error> {
    let address = fake::start(plant).await;
    let line = format!("tessera-loadtest {arguments} --endpoint http://{address}");
    let options = Options::try_parse_from(line.split_whitespace()).unwrap();
    scenario::run(options.scenario).await.map(|(finished, _)| finished.report)
}

#[track_caller]
fn check_found(report: &Report, expected: &str) {
    assert!(report.violations > 0, "nothing was found");
    let found = report.violations_listed.iter().any(|violation| violation.contains(expected));
    assert!(found, "{expected:?} is not among {:#?}", report.violations_listed);
}

async fn check_plant(plant: Plant, expected: &str) {
    check_found(&try_run(plant, BULK).await.unwrap(), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_row_has_its_outcome_and_the_tills_are_measured_alone_and_beside() {
    for options in ["--mode stream", "--mode unary --retries 5", "--rate 2000"] {
        let report = try_run(Plant::Nothing, &format!("{BULK} {options}")).await.unwrap();
        assert_eq!(report.violations_listed, Vec::<String>::new(), "{options}");
        let refused: Vec<_> = report.refused.iter().map(|(reason, count)| (reason.as_str(), *count)).collect();
        assert_eq!(refused, [("INVALID_ARGUMENT", 24), ("TEMPLATE_NOT_FOUND", 12), ("USER_LIMIT_REACHED", 12)], "{options}");
        assert_eq!((report.accepted, report.rounds), (1_152, 1), "{options}");
        let names: Vec<_> = report.steps.iter().map(|step| step.name.as_str()).collect();
        assert_eq!(names, ["redemption alone", "redemption beside rows"], "{options}");
        assert_eq!(report.steps[0].answered, 300, "{options}");
        assert!(report.checked > 8_000, "{options}: {} facts", report.checked);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planted_second_issue_of_a_row_is_found() {
    check_plant(Plant::IssuedAgain, "was given another reply than the first").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planted_second_outcome_of_a_row_is_found() {
    check_plant(Plant::OutcomeTwice, "answers belong to no open request").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planted_issue_to_nobody_is_found() {
    check_plant(Plant::NobodyServed, "had to be refused with INVALID_ARGUMENT, and was accepted").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planted_coupon_that_no_outcome_tells_of_is_found() {
    check_plant(Plant::GivenTwice, "were never acknowledged").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planted_lost_acknowledgement_is_found() {
    check_plant(Plant::LostAcknowledgement, "acknowledged coupons are not in the wallet").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planted_row_beyond_the_limit_is_found() {
    check_plant(Plant::LimitIgnored, "was issued 2 of template 0, the limit is 1").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planted_double_charge_beside_the_rows_is_found() {
    check_plant(Plant::DoubleCharge, "follow").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn books_that_do_not_add_up_are_found() {
    check_plant(Plant::Unbalanced, "a fen is missing").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_echo_is_no_ceiling_of_it() {
    let refused = try_run(Plant::Nothing, &format!("{BULK} --with-echo")).await;
    assert!(matches!(refused, Err(Error::Usage(_))), "{refused:?}");
}
