//! The mix against a server that keeps its promises, and against servers that break one each.
//!
//! As in `checker`, each planted fault must be found, and by its own name.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod fake;

use clap::Parser as _;
use fake::Plant;
use tessera_loadtest::{error::Error, options::Options, report::Report, scenario};

/// Holds that are left to expire do so while a test runs.
const MIX: &str = "mixed --cards 64 --operations 6000 --hold-ttl 0.1 --retries 2 --in-flight 16 --connections 2";

async fn try_run(plant: Plant, arguments: &str) -> Result<Report, Error> {
    let address = fake::start(plant).await;
    let line = format!("tessera-loadtest {arguments} --endpoint http://{address}");
    let options = Options::try_parse_from(line.split_whitespace()).unwrap();
    scenario::run(options.scenario).await.map(|(finished, _)| finished.report)
}

async fn run(plant: Plant, arguments: &str) -> Report {
    try_run(plant, arguments).await.unwrap()
}

#[track_caller]
fn check_found(report: &Report, expected: &str) {
    assert!(report.violations > 0, "nothing was found");
    let found = report.violations_listed.iter().any(|violation| violation.contains(expected));
    assert!(found, "{expected:?} is not among {:#?}", report.violations_listed);
}

/// What a mix must have met, lest its checks pass for want of occasion.
const MET: [&str; 25] = [
    "Validate accepted",
    "Validate COUPON_FROZEN",
    "Hold accepted",
    "Hold COUPON_FROZEN",
    "Hold ORDER_ALREADY_REDEEMED",
    "Hold INSUFFICIENT_BALANCE",
    "Capture accepted",
    "Capture HOLD_EXPIRED",
    "Capture HOLD_RELEASED",
    "Capture HOLD_CAPTURED",
    "Capture AMOUNT_ABOVE_HOLD",
    "Release accepted",
    "Release HOLD_CAPTURED",
    "Redeem accepted",
    "Redeem COUPON_HELD",
    "Redeem COUPON_USED",
    "Redeem COUPON_EXPIRED",
    "Redeem BELOW_THRESHOLD",
    "Refund accepted",
    "Refund ALREADY_REFUNDED",
    "Refund REFUND_EXCEEDS_CAPTURE",
    "Freeze accepted",
    "Unfreeze accepted",
    "FreezeUser accepted",
    "Void accepted",
];

#[tokio::test(flavor = "multi_thread")]
async fn an_honest_mix_has_no_violations() {
    for mode in ["stream", "unary"] {
        let report = run(Plant::Nothing, &format!("{MIX} --mode {mode}")).await;
        assert_eq!(report.violations_listed, Vec::<String>::new(), "{mode}");
        assert_eq!(report.outcomes.values().sum::<u64>(), 6_000, "{mode}");
        assert!(report.retries > 50 && report.checked > 20_000, "{mode}: {} retries, {} facts", report.retries, report.checked);
        let missed: Vec<_> = MET.iter().filter(|outcome| !report.outcomes.contains_key(**outcome)).collect();
        assert!(missed.is_empty(), "{mode}: {missed:?} were not met: {:#?}", report.outcomes);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn coupons_that_all_tills_share_are_ordered_by_the_server() {
    for mode in ["stream", "unary"] {
        let report =
            run(Plant::Nothing, &format!("{MIX} --cards 4 --hot-users 2 --mode {mode}").replace("--cards 64 ", "")).await;
        assert_eq!(report.violations_listed, Vec::<String>::new(), "{mode}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_loop_takes_every_step_at_its_time() {
    let report = run(Plant::Nothing, "mixed --cards 64 --operations 1000 --hold-ttl 0.1 --in-flight 16 --rate 2000").await;
    assert_eq!((report.violations, report.outcomes.values().sum::<u64>()), (0, 1_000), "{:#?}", report.violations_listed);
    assert!(report.figures.seconds >= 999.0 / 2_000.0, "{} s", report.figures.seconds);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planted_second_capture_is_found() {
    check_found(&run(Plant::CapturedTwice, MIX).await, "was done again");
}

#[tokio::test(flavor = "multi_thread")]
async fn planted_lost_value_of_a_release_is_found() {
    check_found(&run(Plant::ReleasedValueLost, MIX).await, "follows");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planted_late_capture_is_found() {
    check_found(&run(Plant::LateCapture, MIX).await, "was accepted, HOLD_EXPIRED follows");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planted_refund_above_is_found() {
    check_found(&run(Plant::RefundAbove, MIX).await, "was accepted, REFUND_EXCEEDS_CAPTURE follows");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planted_hold_that_never_expires_is_found() {
    check_found(&run(Plant::HoldNeverExpires, MIX).await, "the model says");
    // Here no deadline passes before the wallets are read.
    let short = "mixed --cards 64 --operations 300 --hold-ttl 1 --in-flight 16";
    check_found(&run(Plant::HoldNeverExpires, short).await, "live_holds is");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planted_freeze_without_effect_is_found() {
    check_found(&run(Plant::FreezeIgnored, MIX).await, "was accepted, COUPON_FROZEN follows");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planted_void_without_effect_is_found() {
    check_found(&run(Plant::VoidIgnored, MIX).await, "COUPON_VOID follows");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planted_lost_hold_is_found() {
    check_found(&run(Plant::LostHold, MIX).await, "was refused with HOLD_NOT_FOUND(0), accepted follows");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planted_replay_that_differs_is_found() {
    check_found(&run(Plant::ReplayDiffers, MIX).await, "two accepted replies");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planted_step_back_of_the_lsn_is_found() {
    check_found(
        &run(Plant::LsnBackwards, "mixed --cards 20 --operations 300 --hold-ttl 0.1 --in-flight 1 --mode unary").await,
        "yet its lsn is lower",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn planted_wrong_amounts_are_found() {
    check_found(&run(Plant::WrongBalance, MIX).await, "available is");
    check_found(&run(Plant::DoubleCharge, MIX).await, "the model says");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planted_empty_listing_is_found() {
    check_found(&run(Plant::ListsNothing, MIX).await, "[] are listed");
}

#[tokio::test(flavor = "multi_thread")]
async fn planted_strange_places_and_names_are_found() {
    check_found(&run(Plant::ClockBehind, MIX).await, "tells an earlier instant");
    check_found(&run(Plant::OtherPartition, MIX).await, "its coupon is in");
    check_found(&run(Plant::OtherCoupon, MIX).await, "it names another coupon");
    check_found(&run(Plant::HiddenCoupons, MIX).await, "acknowledged coupons are not in the wallet");
}

const UPKEEP: &str = "--snapshot-every 0.05";

#[tokio::test(flavor = "multi_thread")]
async fn every_scenario_takes_snapshots_and_replays_beside_its_load() {
    let sale = "flash-sale --stock 100 --users 300 --retries 0 --rate 600";
    let pos = "pos --cards 20 --operations 300 --retries 0 --rate 600";
    let mixed = "mixed --cards 64 --operations 300 --hold-ttl 0.05 --in-flight 16 --retries 0 --rate 600";
    for arguments in [sale, pos, mixed] {
        let report = run(Plant::Nothing, &format!("{arguments} {UPKEEP}")).await;
        assert_eq!(report.violations_listed, Vec::<String>::new(), "{arguments}");
        let (snapshots, replays) = (report.snapshots.unwrap(), report.replays.unwrap());
        assert!(snapshots.count >= 2 && snapshots.image_bytes == 4_096 && snapshots.seconds.max > 0.0, "{snapshots:?}");
        assert!(replays.count >= 1 && replays.differences == 0, "{replays:?}");
        let by_round = report.latency_by_round.unwrap();
        let all = by_round.snapshot.operations + by_round.replay.operations + by_round.quiet.operations;
        assert_eq!(all, report.figures.operations, "{arguments}");
        assert!(by_round.snapshot.operations > 0 && by_round.quiet.operations > 0, "{arguments}: {by_round:?}");
    }
    // A trace has no open loop: one call after the other lasts until the first snapshot begins.
    let trace = concat!("o2o ", env!("CARGO_MANIFEST_DIR"), "/fixtures/o2o --mode unary --in-flight 1 --snapshot-every 0.001");
    let report = run(Plant::Nothing, trace).await;
    assert!(report.violations == 0 && report.snapshots.is_some_and(|snapshots| snapshots.count > 0), "{report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planted_snapshot_that_fails_is_found() {
    let report = run(Plant::SnapshotFails, &format!("{MIX} --rate 6000 {UPKEEP}")).await;
    check_found(&report, "Snapshot 1: Failed: no room");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planted_difference_of_a_replay_is_found() {
    let report = run(Plant::ReplayFindsDifference, &format!("{MIX} --rate 6000 {UPKEEP}")).await;
    check_found(&report, "Replay 2: partition 0: coupon 3: available 5, live 6");
    assert!(report.replays.is_some_and(|replays| replays.differences > 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn options_that_do_not_go_together_are_refused() {
    let refused = try_run(Plant::Nothing, &format!("{MIX} --with-echo")).await;
    assert!(matches!(refused, Err(Error::Usage(_))), "{refused:?}");
    let refused = try_run(Plant::Nothing, &format!("echo {UPKEEP}")).await;
    assert!(matches!(refused, Err(Error::Usage(_))), "{refused:?}");
}
