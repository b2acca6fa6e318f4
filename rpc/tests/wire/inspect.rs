//! Partitions and coupons as operators inspect them over the wire.

use std::time::Duration;

use tessera_proto::v1::{self, inspect_coupon_request::Until};
use tonic::Code;

use crate::{
    house::{FAR_FUTURE_MS, House, Owned, capture, card, hold, yuan},
    journal::lsn,
    maintenance::{serving, snapshot, trade},
    refusal::{check, refused},
};

fn request(owned: &Owned, until: Option<Until>) -> v1::InspectCouponRequest {
    v1::InspectCouponRequest { coupon_id: owned.claimed.coupon_id.clone(), until }
}

async fn inspect(house: &mut House, owned: &Owned, until: Option<Until>) -> v1::InspectCouponResponse {
    house.journals.inspect_coupon(request(owned, until)).await.expect("a coupon is inspected").into_inner()
}

#[tokio::test]
async fn a_coupon_is_shown_with_its_holds_and_redemptions_at_every_event_of_its_life() {
    let mut house = House::open().await;
    let owned = house.coupon(card()).await;
    let held = house.held(&owned, 300).await;
    let part = v1::CaptureRequest { amount_minor: Some(200), ..capture(&held.hold_id) };
    let captured = house.redemptions.capture(part).await.unwrap().into_inner();
    let again = house.held(&owned, 100).await;

    let now = inspect(&mut house, &owned, None).await;
    assert_eq!(now.coupon, Some(house.view(&owned).await), "it is what its user sees");
    assert!(lsn(now.position) >= lsn(again.position) && now.at_ms > 0 && !now.truncated, "{now:?}");
    let [live, ended] = now.holds.as_slice() else { panic!("two holds: {now:?}") };
    assert_eq!((&live.hold_id, live.state(), live.held_minor), (&again.hold_id, v1::HoldState::Live, 100));
    assert_eq!((&ended.hold_id, ended.state(), ended.lsn), (&held.hold_id, v1::HoldState::Captured, lsn(held.position)));
    assert_eq!(ended.redemption_id, captured.redemption_id);
    let [redeemed] = now.redemptions.as_slice() else { panic!("one redemption: {now:?}") };
    assert_eq!((&redeemed.redemption_id, redeemed.applied_minor), (&captured.redemption_id, 200));
    assert!(!format!("{now:?}").contains(&owned.claimed.code), "codes are never shown");

    for (position, holds, redemptions) in
        [(owned.claimed.position, 0, 0), (held.position, 1, 0), (captured.position, 1, 1), (again.position, 2, 1)]
    {
        let then = inspect(&mut house, &owned, Some(Until::AtLsn(lsn(position)))).await;
        assert_eq!((then.position, then.holds.len(), then.redemptions.len()), (position, holds, redemptions));
        let history = v1::GetCouponHistoryRequest {
            coupon_id: owned.claimed.coupon_id.clone(),
            page_size: 0,
            page_token: then.history_token,
        };
        let told = house.journals.get_coupon_history(history).await.unwrap().into_inner().changes;
        assert_eq!(told[0].position, position, "its history then begins with what happened last");
    }
}

#[tokio::test]
async fn a_hold_past_its_deadline_has_expired_at_that_instant() {
    let mut house = House::open().await;
    let owned = house.coupon(card()).await;
    let short = v1::HoldRequest { ttl_ms: 5_000, ..hold(owned.by_code(), yuan(100)) };
    let held = house.redemptions.hold(short).await.unwrap().into_inner();
    tokio::time::sleep(Duration::from_millis(5)).await;
    let then = inspect(&mut house, &owned, Some(Until::AtMs(held.at_ms))).await;
    assert_eq!((then.holds[0].state(), then.at_ms), (v1::HoldState::Live, held.at_ms));
    assert_eq!(then.holds[0].deadline_ms, held.deadline_ms);
}

#[tokio::test]
async fn an_event_and_an_instant_are_ones_that_there_may_be() {
    let mut house = House::open().await;
    let owned = house.coupon(card()).await;
    let end = lsn(inspect(&mut house, &owned, None).await.position);
    for (until, field) in [(Until::AtLsn(0), "at_lsn"), (Until::AtMs(0), "at_ms"), (Until::AtMs(-1), "at_ms")] {
        let answer = house.journals.inspect_coupon(request(&owned, Some(until))).await;
        check(answer, Code::InvalidArgument, "INVALID_ARGUMENT", field, 1);
    }
    let said = refused(house.journals.inspect_coupon(request(&owned, Some(Until::AtLsn(end + 1_000_000)))).await);
    assert_eq!((said.code, said.field.as_str()), (Code::InvalidArgument, "at_lsn"));
    assert!(said.value >= end as i64, "the limit is the durable end: {said:?}");
    let said = refused(house.journals.inspect_coupon(request(&owned, Some(Until::AtMs(FAR_FUTURE_MS)))).await);
    assert_eq!((said.code, said.field.as_str()), (Code::InvalidArgument, "at_ms"));
    let before = Until::AtLsn(lsn(owned.claimed.position).saturating_sub(1).max(1));
    let answer = house.journals.inspect_coupon(request(&owned, Some(before))).await;
    check(answer, Code::NotFound, "CODE_NOT_ACCEPTED", "", 0);
}

#[tokio::test]
async fn a_partition_shows_position_stock_value_deadlines_and_images() {
    let (_dir, mut house, _serving) = serving().await;
    let spec = v1::TemplateSpec { stock: Some(100), ..card() };
    let owned = house.coupon(spec).await;
    house.held(&owned, 300).await;
    trade(&mut house, 8).await;
    snapshot(&mut house).await;
    let status = house.operators.get_status(v1::GetStatusRequest {}).await.unwrap().into_inner();
    let mut all = Vec::new();
    for partition in 0..4 {
        let found = house.operators.inspect_partition(v1::InspectPartitionRequest { partition }).await.unwrap().into_inner();
        let told = found.status.unwrap();
        let listed = &status.partitions[partition as usize];
        assert_eq!((told.partition, told.lsn, told.digest), (partition, listed.lsn, listed.digest));
        assert_eq!((found.images.len(), found.images[0].lsn, found.images[0].digest), (1, told.lsn, told.digest));
        all.push(found);
    }
    let conserved = house.operators.conservation(v1::ConservationRequest {}).await.unwrap().into_inner();
    let sum = |of: fn(&v1::InspectPartitionResponse) -> i64| all.iter().map(of).sum::<i64>();
    let loaded: i64 = conserved.values.iter().map(|value| value.loaded).sum();
    assert_eq!(sum(|found| found.values.iter().map(|value| value.loaded).sum()), loaded);
    let homes: Vec<_> = all.iter().flat_map(|found| &found.stocks).collect();
    let [home] = homes.as_slice() else { panic!("one stock: {homes:?}") };
    assert_eq!(home.total, home.free + home.granted - home.reclaimed, "{home:?}");
    assert_eq!(home.total, 100);
    let here = &all[owned.claimed.position.unwrap().partition as usize];
    let lease = here.leases.iter().find(|lease| lease.template_number == home.template_number).expect("it was sold here");
    assert_eq!((lease.issued, lease.unsold), (1, lease.received - lease.returned - 1));
    let told = here.status.unwrap();
    assert!(told.live_holds == 1 && told.next_hold_end_ms > told.time_ms && told.next_expiry_ms == 0, "{told:?}");
    assert_eq!(told.next_gift_end_ms, 0, "no gift is open");
    let others = all.iter().filter_map(|found| found.status).filter(|one| one.partition != told.partition);
    assert!(others.clone().count() == 3 && others.clone().all(|one| one.next_hold_end_ms == 0), "no holds elsewhere");
}

#[tokio::test]
async fn only_partitions_that_are_there_are_inspected() {
    let mut house = House::open().await;
    for (partition, value) in [(4, 3), (65_535, 3), (65_536, 0)] {
        let answer = house.operators.inspect_partition(v1::InspectPartitionRequest { partition }).await;
        check(answer, Code::InvalidArgument, "INVALID_ARGUMENT", "partition", value);
    }
}
