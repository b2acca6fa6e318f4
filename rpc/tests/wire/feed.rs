//! The feed of a partition's events over the wire: each once, in order, as they become durable.

use std::time::Duration;

use tessera_proto::v1;
use tonic::{Code, Streaming};

use crate::{
    house::{House, card, claim, fresh},
    journal::lsn,
    own::{check_is_whole, house, listening},
    refusal::{check, read},
};

/// The partition number that stands for the catalog.
const CATALOG: u32 = 65_535;

async fn watch(house: &mut House, partition: u32, from_lsn: u64) -> Streaming<v1::WatchChangesResponse> {
    let request = v1::WatchChangesRequest { partition, from_lsn, to_the_end: false };
    house.journals.watch_changes(request).await.expect("a partition is watched").into_inner()
}

/// Reads a feed up to an lsn.
async fn read_to(feed: &mut Streaming<v1::WatchChangesResponse>, last: u64) -> Vec<v1::Change> {
    let mut changes: Vec<v1::Change> = Vec::new();
    while changes.last().is_none_or(|change| lsn(change.position) < last) {
        let message = feed.message().await.expect("a feed goes on").expect("a feed does not end");
        assert!(!message.changes.is_empty(), "a message says something");
        changes.extend(message.changes);
    }
    changes
}

#[track_caller]
fn check_gapless(changes: &[v1::Change], partition: u32, from: u64) {
    let positions = changes.iter().map(|change| change.position.expect("a fact has a position"));
    let expected = (from..).map(|lsn| v1::Position { partition, lsn }).take(changes.len());
    assert!(positions.eq(expected), "from {from}: {changes:?}");
}

#[tokio::test]
async fn a_feed_tells_each_event_once_and_goes_on_as_events_come() {
    let mut house = House::open().await;
    let owned = house.coupon(card()).await;
    let claimed = owned.claimed.position.unwrap();
    let mut feed = watch(&mut house, claimed.partition, 0).await;
    let past = read_to(&mut feed, claimed.lsn).await;
    check_gapless(&past, claimed.partition, 1);
    let known = |change: &&v1::Change| change.coupon_id == owned.claimed.coupon_id;
    assert_eq!(past.iter().filter(known).map(|change| change.kind.as_str()).collect::<Vec<_>>(), ["Claimed"]);

    let redeemed = house.redeemed(&owned, 100).await;
    let next = read_to(&mut feed, lsn(redeemed.position)).await;
    check_gapless(&next, claimed.partition, past.len() as u64 + 1);
    let told = next.iter().find(|change| change.position == redeemed.position).unwrap();
    assert_eq!((told.kind.as_str(), &told.redemption_id), ("Redeemed", &redeemed.redemption_id));
    assert!(!format!("{past:?}{next:?}").contains(&owned.claimed.code), "codes are never shown");
}

#[tokio::test]
async fn two_readers_of_live_writes_read_the_same() {
    let mut house = House::open().await;
    let template = house.template(card()).await;
    let user = fresh("user");
    let first = house.claims.claim(claim(&user, &template)).await.unwrap().into_inner().position.unwrap();
    let mut feeds = [watch(&mut house, first.partition, 1).await, watch(&mut house, first.partition, first.lsn).await];
    let claims = (0..300).map(|_| {
        let (mut claims, request) = (house.claims.clone(), claim(&user, &template));
        tokio::spawn(async move { lsn(claims.claim(request).await.expect("a claim is accepted").into_inner().position) })
    });
    let mut last = 0;
    for claim in claims.collect::<Vec<_>>() {
        last = last.max(claim.await.unwrap());
    }
    let (all, some) = (read_to(&mut feeds[0], last).await, read_to(&mut feeds[1], last).await);
    check_gapless(&all, first.partition, 1);
    check_gapless(&some, first.partition, first.lsn);
    let both = all.len().min(some.len() + first.lsn as usize - 1);
    assert_eq!(all[first.lsn as usize - 1..both], some[..both + 1 - first.lsn as usize]);
    assert!(some.iter().filter(|change| change.user_id == user).count() > 300, "the first claim and those after it");
}

#[tokio::test]
async fn a_feed_to_the_end_ends_with_what_is_durable_when_it_is_asked() {
    let mut house = House::open().await;
    let claimed = house.coupon(card()).await.claimed.position.unwrap();
    for from_lsn in [1, claimed.lsn, claimed.lsn + 1_000_000] {
        let request = v1::WatchChangesRequest { partition: claimed.partition, from_lsn, to_the_end: true };
        let mut feed = house.journals.watch_changes(request).await.unwrap().into_inner();
        let mut changes = Vec::new();
        while let Some(message) = feed.message().await.expect("it ends well") {
            changes.extend(message.changes);
        }
        check_gapless(&changes, claimed.partition, from_lsn);
        let last = changes.last().map_or(0, |change| lsn(change.position));
        assert_eq!(from_lsn <= claimed.lsn, last >= claimed.lsn, "from {from_lsn} to {last}, claimed at {}", claimed.lsn);
    }
}

#[tokio::test]
async fn the_catalog_has_a_feed() {
    let mut house = House::open().await;
    let template = house.template(card()).await;
    let mut feed = watch(&mut house, CATALOG, 0).await;
    let mut told = Vec::new();
    while !told.iter().any(|change: &v1::Change| change.template_id == template) {
        told.extend(feed.message().await.unwrap().unwrap().changes);
    }
    check_gapless(&told, CATALOG, 1);
    let created = told.iter().find(|change| change.template_id == template).unwrap();
    assert_eq!((created.kind.as_str(), created.coupon_id.as_str()), ("TemplateCreated", ""));
}

#[tokio::test]
async fn a_feed_waits_at_an_lsn_that_is_not_there_yet() {
    let (listening, _dir) = listening().await;
    let serving = listening.open().await.unwrap();
    let mut clients = house(serving.address()).await;
    let owned = clients.coupon(card()).await;
    let claimed = owned.claimed.position.unwrap();
    let mut feed = watch(&mut clients, claimed.partition, claimed.lsn + 2).await;
    assert!(tokio::time::timeout(Duration::from_millis(100), feed.message()).await.is_err(), "nothing is there");
    let first = clients.redeemed(&owned, 100).await;
    assert_eq!(lsn(first.position), claimed.lsn + 1, "nobody else writes here");
    let second = clients.redeemed(&owned, 100).await;
    check_gapless(&read_to(&mut feed, lsn(second.position)).await, claimed.partition, claimed.lsn + 2);
}

#[tokio::test]
async fn a_feed_ends_when_the_server_stops() {
    let (listening, dir) = listening().await;
    let serving = listening.open().await.unwrap();
    let mut clients = house(serving.address()).await;
    let claimed = clients.coupon(card()).await.claimed.position.unwrap();
    let mut feed = watch(&mut clients, claimed.partition, 0).await;
    read_to(&mut feed, claimed.lsn).await;
    let stopping = tokio::spawn(serving.stop(std::future::pending()));
    let status = loop {
        match feed.message().await {
            Ok(message) => assert!(message.is_some(), "it does not end without a word"),
            Err(status) => break status,
        }
    };
    let said = read(&status);
    assert_eq!((said.code, said.reason.as_str()), (Code::Unavailable, "DRAINING"));
    stopping.await.unwrap().expect("nothing is cut");
    check_is_whole(dir.path()).await;
}

#[tokio::test]
async fn only_journals_that_are_there_are_watched() {
    let mut house = House::open().await;
    for (partition, from_lsn, field, value) in
        [(4, 0, "partition", 3), (65_534, 0, "partition", 3), (65_536, 0, "partition", 0), (0, u64::MAX, "from_lsn", i64::MAX)]
    {
        let answer = house.journals.watch_changes(v1::WatchChangesRequest { partition, from_lsn, to_the_end: false }).await;
        check(answer, Code::InvalidArgument, "INVALID_ARGUMENT", field, value);
    }
}
