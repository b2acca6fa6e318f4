//! Facts about batches of gift cards: made run by run, each run once, and their codes taken once.

use crate::given::story::story;
use tessera_domain::{Partition, RUN_CARDS_MAX};

#[test]
fn a_batch_is_made_run_by_run_and_its_cards_are_listed_newest_first() {
    story(
        "template moon card 5000 t
         claim alice moon c1
         batch b1 moon 5 => batch of 5 moon v1 since 1000 #3
         make b1 moon v1 0+2/3 => 2 of 3 made #4
         claim bob moon c2
         share b1 => 2 of 3 made
         make b1 moon v1 2+1/3 => 3 of 3 made #6
         cards b1 2 => [4 key 1, 2 key 1] next 1
         cards b1 2 from=1 => [1 key 1] no more
         cards b2 2 => [] no more
         cards b1 2 from=0 => INVALID_ARGUMENT page_token
         wallet alice 10 => [0 ACTIVE] no more
         view known 1 => coupon 1 of moon v1 UNACTIVATED 0.. available 0 captured 0",
    );
}

#[test]
fn what_is_asked_again_happens_once_and_what_differs_is_refused() {
    story(
        "template moon card 5000 t1
         template sun card 5000 t2
         batch b1 moon 5 => batch of 5 moon v1 since 1000 #2
         batch b1 moon 5 => batch of 5 moon v1 since 1000
         batch b1 moon 6 => BATCH_EXISTS
         batch b1 sun 5 => BATCH_EXISTS
         batch b2 => BATCH_NOT_FOUND
         make b1 moon v1 0+2/5 => 2 of 5 made #3
         make b1 moon v1 0+2/5 => 2 of 5 made #3 replayed
         make b1 moon v1 0+3/5 => REQUEST_ID_REUSED 3
         make b1 moon v1 1+1/5 => INVALID_ARGUMENT made 2
         make b1 moon v1 2+4/5 => INVALID_ARGUMENT count 3
         make b1 moon v1 2+3/6 => BATCH_EXISTS
         make b1 sun v1 2+3/5 => BATCH_EXISTS
         make b1 moon v1 2+3/5 => 5 of 5 made #4",
    );
}

#[test]
fn a_share_that_has_begun_keeps_its_terms_and_is_made_to_its_end() {
    story(
        "template moon card 5000 t1
         batch b1 moon 5
         make b1 moon v1 0+2/5
         template moon card 6000 t2 version=1
         make b2 moon v1 0+1/1 => VERSION_MISMATCH 2
         stop moon t3
         make b1 moon v1 2+3/5 => 5 of 5 made #4
         view known 4 => coupon 4 of moon v1 UNACTIVATED 0.. available 0 captured 0
         batch b2 moon 1 => TEMPLATE_STOPPED",
    );
}

#[test]
fn only_cards_that_can_be_activated_are_made() {
    story(
        "template cash off 0 100 t1
         template few card 5000 t2 stock=5
         template late card 5000 t3 at-issue
         template old card 5000 t4 issue=0..900
         template moon card 5000 t5
         batch b cash 5 => NOT_A_CARD
         batch b few 5 => INVALID_ARGUMENT template_id
         batch b late 5 => INVALID_ARGUMENT template_id
         batch b old 5 => ISSUE_ENDED 900
         batch b none 5 => TEMPLATE_NOT_FOUND
         batch b moon 0 => INVALID_ARGUMENT count 1
         batch b moon 1000001 => INVALID_ARGUMENT count 1000000
         make b moon v1 0+0/5 => INVALID_ARGUMENT count 1
         make b moon v1 0+1025/5000 => INVALID_ARGUMENT count 1024
         batch b moon 5",
    );
}

#[test]
fn the_codes_of_a_batch_are_taken_once_and_only_when_it_is_complete() {
    story(
        "template moon card 5000 t
         take b1 d1 => BATCH_NOT_FOUND
         complete b1 5 => BATCH_NOT_FOUND
         batch b1 moon 5
         take b1 d1 => BATCH_NOT_COMPLETE
         complete b1 4 => BATCH_NOT_COMPLETE 4
         at 2000
         complete b1 5 => batch of 5 moon v1 since 1000 complete 2000 #3
         complete b1 5 => batch of 5 moon v1 since 1000 complete 2000
         at 3000
         take b1 d1 => batch of 5 moon v1 since 1000 complete 2000 taken 3000 #4
         at 4000
         take b1 d2 => BATCH_TAKEN 3000
         take b1 d1 => batch of 5 moon v1 since 1000 complete 2000 taken 3000 #4 replayed
         batch b1 => batch of 5 moon v1 since 1000 complete 2000 taken 3000
         later 86400000
         forget 2
         take b1 d1 => BATCH_TAKEN 3000
         batch b1 moon 5 => batch of 5 moon v1 since 1000 complete 2000 taken 3000",
    );
}

#[test]
fn a_full_run_is_one_small_event_and_comes_back_from_its_image() {
    let mut world = story("template moon card 5000 t");
    world.tell(&format!("make b1 moon v1 0+{RUN_CARDS_MAX}/{RUN_CARDS_MAX}"));
    let bytes: usize = world.frames.iter().map(|frame| frame.payload.len()).sum();
    assert!(bytes < 256, "a run is told by its numbers: {bytes} bytes");
    let made = |partition: &Partition| partition.counts()[0];
    assert_eq!(made(&world.partition), u64::from(RUN_CARDS_MAX));
    world.tell("cards b1 1 => [1023 key 1] next 1022");
}
