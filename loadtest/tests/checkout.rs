//! Checkouts against a server that keeps its promises, and against servers that break one each.
//!
//! As in `checker`, each planted fault must be found, and by its own name.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod shop;

use clap::Parser as _;
use shop::Plant;
use tessera_loadtest::{error::Error, options::Options, report::Report, scenario};

/// Holds that are left to expire do so while a test runs.
const ORDERS: &str = "checkout --users 12 --orders 240 --hold-ttl 0.1 --apart 0 --retries 5 --in-flight 4 --connections 2";

async fn try_run(plant: Plant, arguments: &str) -> Result<Report, Error> {
    let address = shop::start(plant).await;
    let line = format!("tessera-loadtest {arguments} --endpoint http://{address}");
    let options = Options::try_parse_from(line.split_whitespace()).unwrap();
    scenario::run(options.scenario).await.map(|(finished, _)| finished.report)
}

async fn check_found(plant: Plant, expected: &str) {
    let report = try_run(plant, ORDERS).await.unwrap();
    let found = report.violations_listed.iter().any(|violation| violation.contains(expected));
    assert!(found, "{expected:?} is not among {:#?}", report.violations_listed);
}

/// What a run must have met, lest its checks pass for want of occasion.
const MET: [&str; 22] = [
    "redeem accepted",
    "redeem NOT_COMBINABLE",
    "redeem BELOW_THRESHOLD",
    "redeem OUT_OF_SCOPE",
    "redeem CODE_NOT_ACCEPTED",
    "redeem COUPON_USED",
    "redeem COUPON_HELD",
    "redeem NO_EFFECT",
    "redeem ORDER_ALREADY_REDEEMED",
    "hold accepted",
    "hold NOT_COMBINABLE",
    "hold BELOW_THRESHOLD",
    "capture accepted",
    "capture HOLD_EXPIRED",
    "capture HOLD_RELEASED",
    "capture HOLD_CAPTURED",
    "release accepted",
    "release HOLD_CAPTURED",
    "refund accepted",
    "refund ALREADY_REFUNDED",
    "refund REFUND_EXCEEDS_CAPTURE",
    "redeem INSUFFICIENT_BALANCE",
];

#[tokio::test(flavor = "multi_thread")]
async fn honest_orders_have_no_violations_and_meet_every_refusal() {
    let report = try_run(Plant::Nothing, &ORDERS.replace("--users 12 --orders 240", "--users 40 --orders 1200")).await.unwrap();
    assert_eq!(report.violations_listed, Vec::<String>::new());
    let missed: Vec<_> = MET.iter().filter(|&&outcome| !report.outcomes.contains_key(outcome)).collect();
    assert!(missed.is_empty(), "{missed:?} are not among {:#?}", report.outcomes);
    assert!(report.retries > 50 && report.checked > 5_000, "{} retries, {} facts", report.retries, report.checked);
    let steps: Vec<_> = report.steps.iter().map(|step| (step.name.as_str(), step.answered > 0)).collect();
    assert_eq!(steps, ["redeem", "hold", "capture", "release", "refund"].map(|name| (name, true)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planted_share_that_is_off_by_one_is_found() {
    check_found(Plant::ShareOffByOne, "line_shares_minor").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planted_refund_that_is_given_twice_is_found() {
    check_found(Plant::RefundedTwice, "follows").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planted_second_use_of_a_coupon_is_found() {
    check_found(Plant::UsedTwice, "COUPON_USED(0) of instruments[").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn planted_lost_value_of_a_release_is_found() {
    check_found(Plant::ReleasedValueLost, "follows").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planted_second_execution_is_found() {
    check_found(Plant::Forgetful, "was given another reply than the first").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn planted_books_that_do_not_add_up_are_found() {
    check_found(Plant::Unbalanced, "the books do not add up: a fen is missing").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn options_that_do_not_go_together_are_refused() {
    for option in ["--with-echo", "--rate 50"] {
        let refused = try_run(Plant::Nothing, &format!("{ORDERS} {option}")).await;
        assert!(matches!(refused, Err(Error::Usage(_))), "{refused:?}");
    }
}
