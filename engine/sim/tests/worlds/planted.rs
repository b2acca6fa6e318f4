//! Every planted fault is found, within a bounded number of worlds and a bounded time.
//!
//! Each row is a test of its own; one test goes through the whole table and prints seed and time of each.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use tessera_domain::planted::Planted as State;
use tessera_engine::planted::Planted as Engine;
use tessera_sim::{Failure, Order, Plan, Planted, run};
use tessera_snapshot::planted::Planted as Images;
use tessera_wal::planted::Planted as Log;

/// Worlds until a fault must be found.
const SEEDS_MAX: u64 = 60;

/// Time in which a fault must be found, and all of them.
const EACH: Duration = Duration::from_secs(60);
const ALL: Duration = Duration::from_secs(240);

/// Faults that there must be at least.
const FAULTS_MIN: usize = 30;

/// A fault, the scenario that finds it, and the invariants whose auditors or assertions may be first to do so: that hangs on
/// the seed.
struct Row {
    planted: Planted,
    scenario: &'static str,
    invariants: &'static [&'static str],
}

/// Faults that the rooms' own tests find: three need bytes that are moved under a valid checksum; and images share the log's
/// directory here, which the log's start has synced already.
const ELSEWHERE: &[(Planted, &str)] = &[
    (Planted::Log(Log::UnseededCrc), "wal: a_checksum_that_does_not_know_its_place_is_found"),
    (Planted::Images(Images::UnsyncedStart), "snapshot: a_start_that_believes_the_cache_is_found"),
    (Planted::Images(Images::UnseededChunks), "snapshot: chunks_of_another_image_are_refused_at_once"),
    (Planted::Images(Images::SealUnchecked), "snapshot: chunks_that_the_same_number_once_had_are_refused_by_the_seal"),
];

/// Makes of each row a test and a line of the table.
macro_rules! rows {
    ($(fn $name:ident() = $planted:expr, $scenario:literal, $invariants:expr;)*) => {
        const ROWS: &[Row] = &[$(Row { planted: $planted, scenario: $scenario, invariants: &$invariants },)*];
        $(
            #[test]
            fn $name() {
                found(&Row { planted: $planted, scenario: $scenario, invariants: &$invariants });
            }
        )*
    };
}

rows! {
    fn an_answer_released_before_its_sync_is_found() = Planted::EarlyRelease, "mixed-4-2", ["I2", "I3", "I5", "I11"];
    fn a_refusal_released_before_its_sync_is_found() = Planted::RefusalRelease, "tills-4-2", ["I3", "I5"];
    fn a_read_of_what_is_not_durable_is_found() = Planted::ReadLeak, "mixed-1-1", ["I2", "I3", "I5", "I11"];
    fn a_letter_released_before_its_sync_is_found() = Planted::LetterLeak, "lease-2-2", ["I2", "assertion"];
    fn a_sync_that_did_nothing_is_found() = Planted::DroppedSync, "mixed-4-2", ["I3", "I6"];
    fn a_recovery_that_loses_the_last_group_is_found() = Planted::LastGroupLost, "mixed-4-2", ["I3"];
    fn a_log_trimmed_before_the_image_is_written_is_found() = Planted::TrimmedEarly, "tills-4-2", ["I3", "I6", "I12"];
    fn a_grant_that_counts_twice_is_found() = Planted::GrantTwice, "lease-2-2", ["I1", "I2", "assertion"];
    fn a_sold_out_that_is_not_true_is_found() = Planted::SoldOutTooEarly, "lease-2-2", ["I1"];
    fn a_sold_out_that_outlives_a_raise_is_found() = Planted::FlagOutlivesRaise, "lease-2-2", ["I1"];
    fn a_catalog_change_acknowledged_before_every_shard_obeys_is_found() = Planted::InstalledEarly, "mixed-4-2", ["I3", "I10"];
    fn an_outbox_that_is_not_sent_again_is_found() = Planted::OutboxNotResent, "lines-4-2", ["law 4"];
    fn a_retry_that_counts_as_new_is_found() = Planted::RetryRenamed, "mixed-4-2", ["I3", "I5"];
    fn a_hold_captured_after_its_deadline_is_found() = Planted::CaptureAfterDeadline, "tills-4-2", ["I8"];
    fn value_that_a_release_gives_back_twice_is_found() = Planted::ReleaseTwice, "tills-4-2", ["I8"];
    fn an_expiry_of_what_is_held_is_found() = Planted::ExpiryTakesHeld, "tills-4-2", ["I2"];

    fn a_commit_acknowledged_before_its_sync_is_found() = Planted::Log(Log::EarlyAcknowledgement), "mixed-4-2", ["I3", "I4", "I12"];
    fn a_directory_that_is_not_synced_is_found() = Planted::Log(Log::SkippedDirectorySync), "mixed-4-2", ["I3", "I12"];
    fn a_failed_sync_tried_again_is_found_in_a_world() = Planted::Log(Log::SyncRetried), "restarts-4-2", ["I3", "I12"];
    fn a_start_that_reads_without_syncing_is_found() = Planted::Log(Log::ReadWithoutSync), "restarts-4-2", ["I3", "I6", "I12"];
    fn a_durable_group_cut_as_torn_is_found() = Planted::Log(Log::TailCutTooFar), "rot-1-1", ["I12"];
    fn passengers_that_leave_before_the_write_are_found() = Planted::Log(Log::ReleasedBeforeCommit), "restarts-4-2", ["I3"];
    fn a_start_that_drops_the_last_frame_is_found() = Planted::Log(Log::LastFrameDropped), "mixed-4-2", ["I3", "I4", "I12"];
    fn a_torn_group_taken_for_whole_is_found() = Planted::Log(Log::TornGroupAccepted), "torn-4-2", ["I3", "I4", "I12"];
    fn a_trim_that_is_not_written_down_first_is_found() = Planted::Log(Log::TrimmedBeforeWrittenDown), "images-4-2", ["I3", "I12"];
    fn a_spare_that_keeps_what_it_held_is_found() = Planted::Log(Log::SpareNotZeroed), "mixed-4-2", ["I3", "I6", "I12"];

    fn an_image_named_before_its_sync_is_found() = Planted::Images(Images::UnsyncedImage), "tills-4-2", ["I3", "I12"];
    fn a_manifest_whose_name_is_not_synced_is_found() = Planted::Images(Images::UnsyncedName), "images-4-2", ["I3", "I6", "I12"];
    fn an_image_removed_before_the_switch_is_found() = Planted::Images(Images::EarlyRemoval), "images-4-2", ["I3", "I12"];
    fn an_image_that_is_left_behind_is_found() = Planted::Images(Images::LeftBehind), "full-4-2", ["I13"];
    fn a_log_trimmed_to_the_newer_image_is_found() = Planted::Images(Images::TrimmedToTheNewer), "rot-tills-2-1", ["I12"];

    fn requests_forgotten_early_are_found() = Planted::State(State::RequestsForgottenEarly), "mixed-4-2", ["I5"];
    fn a_fingerprint_that_is_not_compared_is_found() = Planted::State(State::FingerprintIgnored), "mixed-4-2", ["I5"];
    fn a_refusal_that_is_not_remembered_is_found() = Planted::State(State::RefusalForgotten), "tills-4-2", ["I5", "assertion"];
    fn a_deadline_off_by_one_is_found() = Planted::State(State::DeadlineInclusive), "tills-1-1", ["I8", "assertion"];
    fn a_window_off_by_one_is_found() = Planted::State(State::WindowEndInclusive), "tills-1-1", ["I9", "assertion"];
    fn value_returned_twice_by_the_state_is_found() = Planted::State(State::ReleasedTwice), "tills-4-2", ["I2", "assertion"];
    fn a_frozen_card_that_is_used_is_found() = Planted::State(State::FreezeIgnored), "tills-4-2", ["I9"];
    fn a_used_coupon_used_again_is_found() = Planted::State(State::UsedAgain), "mixed-4-2", ["I2", "I9", "assertion"];
    fn a_charge_above_the_balance_is_found() = Planted::State(State::BalanceIgnored), "mixed-4-2", ["I2", "assertion"];
    fn an_order_that_redeems_twice_is_found() = Planted::State(State::OrderForgotten), "tills-4-2", ["I5", "assertion"];
    fn a_refund_above_the_capture_is_found() = Planted::State(State::RefundUnbounded), "mixed-4-2", ["I2", "assertion"];
    fn a_refund_that_keeps_a_fen_is_found() = Planted::State(State::RefundKeepsFen), "mixed-4-2", ["I2", "assertion"];
    fn a_discount_without_its_cap_is_found() = Planted::State(State::CapIgnored), "mixed-4-2", ["I2"];
    fn an_image_without_requests_is_found() = Planted::State(State::RequestsLeftOutOfImage), "mixed-4-2", ["I6"];
    fn a_day_without_its_limit_is_found() = Planted::State(State::DayLimitIgnored), "mixed-4-2", ["I9"];
    fn a_coupon_used_at_any_merchant_is_found() = Planted::State(State::ScopeIgnored), "tills-4-2", ["I9"];
    fn an_image_without_the_counts_of_days_is_found() = Planted::State(State::DaysLeftOutOfImage), "mixed-4-2", ["I6"];
    fn shares_rounded_up_are_found() = Planted::State(State::ShareRoundedUp), "orders-4-2", ["I2"];
    fn money_paid_out_before_cards_are_full_is_found() = Planted::State(State::OutsideFirst), "orders-4-2", ["I2", "assertion"];
    fn an_order_of_coupons_that_may_not_be_used_is_found() = Planted::State(State::OrderUnchecked), "orders-4-2", ["I2", "I8", "I9", "assertion"];
    fn an_image_without_orders_is_found() = Planted::State(State::CheckoutsLeftOutOfImage), "orders-4-2", ["I6"];
    fn a_card_elsewhere_that_was_declined_and_is_charged_is_found() = Planted::State(State::DeclineIgnored), "orders-4-2", ["I2", "assertion"];
    fn cards_that_stay_held_for_a_refused_order_are_found() = Planted::State(State::LetGoForgotten), "orders-4-2", ["I2"];
    fn a_card_elsewhere_that_is_charged_too_much_is_found() = Planted::State(State::PledgeChargedWhole), "orders-4-2", ["I2"];
    fn cards_that_stay_held_past_the_deadline_are_found() = Planted::State(State::SagaDeadlineIgnored), "orders-4-2", ["I8"];
    fn an_image_without_pledges_is_found() = Planted::State(State::PledgesLeftOutOfImage), "orders-4-2", ["I6"];
    fn blocks_that_neither_digest_nor_image_cover_are_found() = Planted::State(State::BlocksUncovered), "tills-4-2", ["I6", "I9", "assertion"];
    fn a_copy_that_stays_with_who_gave_it_is_found() = Planted::State(State::GiftKeepsCopy), "gifts-4-2", ["I2", "I9", "assertion"];
    fn a_gift_that_is_open_for_ever_is_found() = Planted::State(State::GiftNeverExpires), "gifts-4-2", ["I9", "assertion"];
    fn an_offered_coupon_that_is_used_is_found() = Planted::State(State::GiftingIgnored), "gifts-4-2", ["I9", "assertion"];
    fn a_row_that_is_imported_again_is_found() = Planted::State(State::RowImportedAgain), "imports-4-2", ["I5", "assertion"];
    fn a_one_use_coupon_that_has_what_its_row_says_is_found() = Planted::State(State::RowUnchecked), "imports-4-2", ["I2"];
    fn an_image_without_codes_of_other_houses_is_found() = Planted::State(State::CodesLeftOutOfImage), "imports-4-2", ["I6"];
    fn a_frozen_card_that_is_reloaded_is_found() = Planted::State(State::FrozenReloaded), "tills-4-2", ["I9"];
    fn a_new_card_for_a_frozen_one_that_is_free_is_found() = Planted::State(State::StandInFree), "tills-4-2", ["I9"];
    fn a_run_of_cards_made_again_is_found() = Planted::State(State::RunMadeAgain), "batches-4-2", ["I3", "I9", "assertion"];
    fn a_card_activated_again_is_found() = Planted::State(State::ActivatedAgain), "batches-4-2", ["I9", "assertion"];
    fn a_batch_complete_before_its_cards_are_made_is_found() = Planted::State(State::CompletedShort), "batches-4-2", ["I9"];
    fn codes_that_are_taken_again_are_found() = Planted::State(State::TakenAgain), "batches-4-2", ["I9", "assertion"];
    fn an_image_without_batches_is_found() = Planted::State(State::BatchesLeftOutOfImage), "batches-4-2", ["I6"];
    fn a_void_template_whose_coupons_are_used_is_found() = Planted::State(State::VoidIgnored), "voids-4-2", ["I9"];
    fn a_void_template_that_is_issued_is_found() = Planted::State(State::VoidIssued), "voids-4-2", ["I9", "I10"];
    fn a_resume_that_is_ignored_is_found() = Planted::State(State::ResumeIgnored), "mixed-4-2", ["I3", "I10"];
    fn loads_that_neither_digest_nor_image_cover_are_found() = Planted::State(State::LoadsUncovered), "tills-4-2", ["I2", "I6", "assertion"];
    fn pieces_granted_twice_are_found() = Planted::State(State::GrantNotDeducted), "mixed-4-2", ["I1", "I2", "assertion"];
    fn a_repeated_grant_that_adds_a_piece_is_found() = Planted::State(State::GrantCountsAgain), "lease-2-2", ["I1", "I2", "assertion"];
    fn returned_pieces_that_are_lost_are_found() = Planted::State(State::ReclaimForgotten), "mixed-4-2", ["I1", "I14"];
    fn pieces_returned_and_kept_are_found() = Planted::State(State::ReturnOnlySaid), "lease-2-2", ["I1", "I2", "assertion"];
    fn a_sold_out_without_a_recall_is_found() = Planted::State(State::SoldOutUnproven), "lease-2-2", ["I1"];
    fn a_flag_that_never_ends_is_found() = Planted::State(State::FlagNeverEnds), "lease-2-2", ["I1", "I14"];

    fn a_day_that_is_sold_after_midnight_is_found() = Planted::State(State::DaySoldAfterMidnight), "limits-4-2", ["I1", "I2", "assertion"];
    fn a_budget_that_is_granted_twice_is_found() = Planted::State(State::BudgetGrantedTwice), "limits-4-2", ["I1", "I2", "assertion"];
    fn a_budget_raised_by_who_does_not_know_it_is_found() = Planted::State(State::RaisedBlindly), "limits-4-2", ["I1"];
    fn a_coupon_that_comes_back_twice_is_found() = Planted::State(State::RestockedTwice), "limits-4-2", ["I1", "I2", "assertion"];
    fn a_coupon_that_a_message_meets_and_that_does_not_come_back_is_found() = Planted::State(State::ReturnForgotten), "limits-orders-4-2", ["I1"];
    fn an_image_without_days_and_budgets_is_found() = Planted::State(State::PoolsLeftOutOfImage), "limits-4-2", ["I6"];

    fn a_step_of_the_clock_that_is_followed_is_found() = Planted::Engine(Engine::ClockStepFollowed), "clock-4-2", ["I10"];
    fn a_void_that_no_partition_hears_of_is_found() = Planted::Engine(Engine::VoidUnheard), "voids-4-2", ["I9"];
    fn a_time_that_goes_back_is_found() = Planted::Engine(Engine::TimeGoesBack), "clock-4-2", ["I6", "I10", "assertion"];
    fn a_message_acknowledged_and_not_recorded_is_found() = Planted::Engine(Engine::AcknowledgedUnrecorded), "lines-4-2", ["law 4"];
    fn a_message_that_counts_for_nothing_is_found() = Planted::Engine(Engine::MessageDropped), "gifts-4-2", ["I3"];
    fn a_message_that_counts_again_is_found() = Planted::Engine(Engine::MessageUnreceived), "gifts-4-2", ["I3", "law 4", "assertion"];
    fn a_decision_before_what_is_due_is_found() = Planted::Engine(Engine::DueUnrecorded), "tills-4-2", ["I2", "I5", "I8", "I9", "assertion"];
    fn an_inbox_without_a_bound_is_found() = Planted::Engine(Engine::InboxUnbounded), "flash-8-2", ["I13"];
    fn a_fold_that_skips_a_frame_is_found() = Planted::Engine(Engine::FoldSkipsFrame), "mixed-4-2", ["I3", "I6"];
    fn an_image_with_a_wrong_digest_is_found() = Planted::Engine(Engine::ImageOfAnotherDigest), "mixed-4-2", ["I6"];
}

/// Looks for a fault, world after world.
fn found(row: &Row) -> (Box<Failure>, Duration) {
    let (plan, begin) = (Plan::named(row.scenario).expect("a scenario of that name"), Instant::now());
    let order = |seed| Order { planted: Some(row.planted), ..Order::of(plan, seed) };
    let failure = (1..=SEEDS_MAX).find_map(|seed| run(order(seed)).err());
    let (planted, took) = (row.planted, begin.elapsed());
    let failure = failure.unwrap_or_else(|| panic!("{planted} was not found in {SEEDS_MAX} worlds"));
    assert!(row.invariants.contains(&failure.violation.invariant), "{planted} was found by {failure}");
    assert!(took < EACH, "{planted} was found after {took:?}");
    (failure, took)
}

#[test]
fn the_whole_table_of_planted_faults_is_found_in_time() {
    let begin = Instant::now();
    println!("{:<30} {:<14} {:>5} {:>9}  found by", "fault", "scenario", "seed", "ms");
    for row in ROWS {
        let (failure, took) = found(row);
        let what: String = failure.violation.to_string().chars().take(90).collect();
        let (fault, seed) = (row.planted.to_string(), failure.order.seed);
        println!("{fault:<30} {:<14} {seed:>5} {:>9}  {what}", row.scenario, took.as_millis());
    }
    let took = begin.elapsed();
    println!("{} of {} found in {:.1} s", ROWS.len(), ROWS.len(), took.as_secs_f64());
    assert!(ROWS.len() >= FAULTS_MIN && took < ALL, "{} faults in {took:?}", ROWS.len());
}

#[test]
fn no_fault_is_left_out_of_the_table() {
    let rows = ROWS.iter().map(|row| row.planted).chain(ELSEWHERE.iter().map(|(planted, _)| *planted));
    let listed: BTreeSet<String> = rows.map(|planted| planted.to_string()).collect();
    let missing: Vec<String> = Planted::all().iter().map(Planted::to_string).filter(|fault| !listed.contains(fault)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// A release build has no planted fault: no other manifest than the simulation's switches the feature on.
#[test]
fn nobody_but_the_simulation_switches_planted_faults_on() {
    // What a room that has faults says of them: where they are listed, and that they are off.
    const OWN: [&str; 2] = ["tessera-planted.workspace = true", "planted = []"];
    let top = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    for room in ["proto", "wal", "snapshot", "engine/domain", "engine", "rpc", "loadtest"] {
        let manifest = std::fs::read_to_string(format!("{top}/{room}/Cargo.toml")).unwrap();
        let switches = manifest.lines().filter(|line| line.contains("planted") && !OWN.contains(line));
        assert_eq!(switches.collect::<Vec<_>>(), Vec::<&str>::new(), "{room}");
    }
}
