//! Limits that are reached over the wire: history that was trimmed, holds of one coupon, operations under way, goals of replays.

use tessera_proto::v1::{self, inspect_coupon_request, start_replay_request};
use tonic::Code;

use crate::{
    house::{House, Owned, card, hold, release, twenty_off, yuan},
    maintenance::{TRIES, ended, serving, snapshot, trade},
    own::{house, serve, settings},
    refusal::{check, refused},
};

/// Live holds that one coupon may have.
const HOLDS_PER_COUPON_MAX: i64 = 4_096;

/// Operations that may be under way.
const RUNNING_MAX: usize = 4;

#[tokio::test]
async fn history_beyond_log_and_archive_is_refused_with_the_first_lsn_that_is_left() {
    let (mut settings, _dir) = settings();
    settings.snapshots.archive_bytes_max = Some(0);
    let mut first: Option<Owned> = None;
    // Each start begins a segment, and the second round of one trims what was before.
    for _ in 0..2 {
        let serving = serve(&settings).await;
        let mut house = house(serving.address()).await;
        let owned = house.coupon(card()).await;
        // Its partition moves on, wherever the others trade: no image stands at its claim.
        house.redeemed(first.get_or_insert(owned), 100).await;
        trade(&mut house, 8).await;
        snapshot(&mut house).await;
        snapshot(&mut house).await;
        serving.stop(std::future::pending()).await.expect("nothing is cut");
    }
    let serving = serve(&settings).await;
    let (mut house, owned) = (house(serving.address()).await, first.expect("somebody claimed"));
    snapshot(&mut house).await;
    let claimed = owned.claimed.position.unwrap();
    let (coupon_id, partition) = (owned.claimed.coupon_id.clone(), claimed.partition);

    let history = v1::GetCouponHistoryRequest { coupon_id: coupon_id.clone(), ..Default::default() };
    let said = refused(house.journals.get_coupon_history(history).await);
    assert_eq!((said.code, said.reason.as_str(), said.field.as_str()), (Code::OutOfRange, "HISTORY_TRIMMED", ""));
    let first_lsn = said.value;
    assert!(first_lsn > claimed.lsn as i64, "{said:?}");

    let watch = |from_lsn| v1::WatchChangesRequest { partition, from_lsn, to_the_end: true };
    let mut feed = house.journals.watch_changes(watch(1)).await.unwrap().into_inner();
    let status = feed.message().await.expect_err("the first event is gone");
    assert_eq!(crate::refusal::read(&status).value, first_lsn, "the same in a feed");
    let mut feed = house.journals.watch_changes(watch(first_lsn as u64)).await.unwrap().into_inner();
    let told = feed.message().await.expect("it is there").map_or_else(Vec::new, |message| message.changes);
    assert!(told.first().is_none_or(|change| change.position.unwrap().lsn == first_lsn as u64), "{told:?}");

    let until = Some(inspect_coupon_request::Until::AtLsn(claimed.lsn));
    let said = refused(house.journals.inspect_coupon(v1::InspectCouponRequest { coupon_id: coupon_id.clone(), until }).await);
    assert_eq!((said.code, said.reason.as_str()), (Code::OutOfRange, "HISTORY_TRIMMED"));
    let until = Some(inspect_coupon_request::Until::AtLsn(said.value as u64));
    let then = house.journals.inspect_coupon(v1::InspectCouponRequest { coupon_id, until }).await;
    assert!(then.is_ok(), "a state can be had from the lsn that was told on: {then:?}");
    serving.stop(std::future::pending()).await.expect("nothing is cut");
}

#[tokio::test]
async fn a_coupon_with_all_its_holds_takes_one_more_when_one_has_ended() {
    let mut house = House::open().await;
    let rich = v1::StoredValue { face_value_minor: 2 * HOLDS_PER_COUPON_MAX };
    let owned = house.coupon(v1::TemplateSpec { kind: Some(v1::template_spec::Kind::StoredValue(rich)), ..twenty_off() }).await;
    let mut holds = Vec::new();
    for _ in 0..HOLDS_PER_COUPON_MAX / 64 {
        let held = (0..64).map(|_| {
            let (mut redemptions, request) = (house.redemptions.clone(), hold(owned.by_code(), yuan(1)));
            tokio::spawn(async move { redemptions.hold(request).await.expect("a hold is accepted").into_inner().hold_id })
        });
        for one in held.collect::<Vec<_>>() {
            holds.push(one.await.unwrap());
        }
    }
    let answer = house.redemptions.hold(hold(owned.by_code(), yuan(1))).await;
    check(answer, Code::ResourceExhausted, "TOO_MANY_HOLDS", "", HOLDS_PER_COUPON_MAX);
    house.redemptions.release(release(&holds[7])).await.expect("a hold is let go");
    house.redemptions.hold(hold(owned.by_code(), yuan(1))).await.expect("there is a place again");
}

#[tokio::test]
async fn a_fifth_operation_is_refused_until_one_has_ended() {
    let (dir, mut house, _serving) = serving().await;
    trade(&mut house, 50).await;
    for attempt in 0..TRIES {
        let mut started = Vec::new();
        for number in 0..=RUNNING_MAX {
            let directory = dir.path().join(format!("restored-{attempt}-{number}")).display().to_string();
            let answer = house.maintainers.start_restore(v1::StartRestoreRequest { directory, at_ms: 0 }).await;
            match answer {
                Ok(reply) => started.push(reply.into_inner().operation),
                Err(status) => {
                    let said = crate::refusal::read(&status);
                    assert_eq!((said.code, said.reason.as_str()), (Code::Unavailable, "OVERLOADED"));
                    assert!(started.len() >= RUNNING_MAX, "four may be under way: {}", started.len());
                    for operation in started {
                        ended(&mut house, operation).await;
                    }
                    let nothing = v1::StartReplayRequest::default();
                    house.maintainers.start_replay(nothing).await.expect("there is room again");
                    return;
                }
            }
        }
        for operation in started {
            ended(&mut house, operation).await;
        }
    }
    panic!("an operation was always over before the fifth was asked for");
}

#[tokio::test]
async fn a_replay_to_no_event_or_no_instant_is_refused_with_the_least_that_is_allowed() {
    use start_replay_request::Until;
    let mut house = House::open().await;
    for (until, field) in
        [(Until::Lsn(0), "lsn"), (Until::AtMs(0), "at_ms"), (Until::AtMs(-1), "at_ms"), (Until::AtMs(i64::MIN), "at_ms")]
    {
        let request = v1::StartReplayRequest { partition: Some(1), until: Some(until), ..Default::default() };
        check(house.maintainers.start_replay(request).await, Code::InvalidArgument, "INVALID_ARGUMENT", field, 1);
    }
}
