//! Metrics: what was done is counted, under names and labels that are bounded.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
};

use futures_util::{StreamExt, stream};
use tempfile::TempDir;
use tessera_proto::v1;
use tessera_rpc::serving::Serving;

use crate::{
    house::{House, card, claim, fresh},
    maintenance::{snapshot, trade},
    own::{ask, get, house, listening},
};

struct Scraped {
    serving: Serving,
    house: House,
    _dir: TempDir,
}

impl Scraped {
    async fn open() -> Self {
        let (listening, _dir) = listening().await;
        let serving = listening.open().await.expect("it opens");
        Self { house: house(serving.address()).await, serving, _dir }
    }

    fn metrics(&self) -> SocketAddr {
        self.serving.metrics_address().expect("it was asked for")
    }

    /// Every sample by its name and labels.
    async fn scrape(&self) -> BTreeMap<String, f64> {
        let answer = get(self.metrics(), "/metrics").await;
        assert_eq!(answer.code, 200);
        let lines = answer.body.lines().filter(|line| !line.starts_with('#'));
        let sample = |line: &str| {
            let (name, value) = line.rsplit_once(' ').expect("a name and a value");
            (name.to_owned(), value.parse().expect("a number"))
        };
        lines.map(sample).collect()
    }
}

fn ended(method: &str, outcome: &str, reason: &str) -> String {
    format!("tessera_operations_total{{method=\"{method}\",outcome=\"{outcome}\",reason=\"{reason}\"}}")
}

#[tokio::test]
async fn counts_equal_what_was_done() {
    let mut own = Scraped::open().await;
    let template = own.house.template(card()).await;
    for _ in 0..3 {
        own.house.claims.claim(claim(&fresh("user"), &template)).await.unwrap();
    }
    own.house.claims.claim(claim("user", "no-such-template")).await.unwrap_err();
    let mut claims: Vec<_> = (0..10).map(|_| claim(&fresh("user"), &template)).collect();
    claims.push(claim("", &template));
    let message = v1::ClaimStreamRequest { claims };
    let mut outcomes = own.house.claims.claim_stream(stream::iter([message])).await.unwrap().into_inner();
    while outcomes.message().await.unwrap().is_some() {}

    let samples = own.scrape().await;
    let count = |name: &str| samples.get(name).copied();
    assert_eq!(count(&ended("CreateTemplate", "accepted", "")), Some(1.0));
    assert_eq!(count(&ended("Claim", "accepted", "")), Some(3.0));
    assert_eq!(count(&ended("Claim", "refused", "TEMPLATE_NOT_FOUND")), Some(1.0));
    assert_eq!(count(&ended("ClaimStream", "accepted", "")), Some(10.0));
    assert_eq!(count(&ended("ClaimStream", "refused", "INVALID_ARGUMENT")), Some(1.0));
    assert_eq!(count(&ended("Issue", "accepted", "")), Some(0.0));
    let timed = |method: &str| count(&format!("tessera_operation_duration_seconds_count{{method=\"{method}\"}}"));
    assert_eq!((timed("Claim"), timed("ClaimStream"), timed("Issue")), (Some(4.0), Some(11.0), None));
    let sum = |name: &str| samples.iter().filter(|(full, _)| full.starts_with(name)).map(|(_, value)| value).sum::<f64>();
    assert_eq!(sum("tessera_operations_in_flight"), 0.0);
    assert_eq!(sum("tessera_partition_coupons"), 13.0);
    assert!(sum("tessera_shard_decided_commands_total") >= 14.0 && sum("tessera_log_groups_total") > 0.0);
    let syncs = count("tessera_log_sync_duration_seconds_count").unwrap();
    assert!(syncs >= count("tessera_log_groups_total").unwrap(), "each group was synced and timed");
    assert_eq!(count("tessera_state{state=\"serving\"}"), Some(1.0));
    assert!(sum("tessera_process_resident_bytes") > 0.0 && sum("tessera_process_open_fds") > 0.0);
}

#[tokio::test]
async fn a_call_that_the_library_refuses_has_failed() {
    let own = Scraped::open().await;
    let channel = tessera_rpc::client::connect(&format!("http://{}", own.serving.address())).await.unwrap();
    crate::transport::send_on(channel, "/tessera.v1.ClaimService/Steal", Vec::new()).await.unwrap_err();
    assert_eq!(own.scrape().await.get(&ended("other", "failed", "UNIMPLEMENTED")), Some(&1.0));
}

#[tokio::test]
async fn an_open_stream_is_counted_while_it_is_open() {
    let mut own = Scraped::open().await;
    let (end, ended) = tokio::sync::oneshot::channel::<v1::ClaimStreamRequest>();
    let requests = stream::once(ended).filter_map(async |message| message.ok());
    let mut outcomes = own.house.claims.claim_stream(requests).await.unwrap().into_inner();
    let name = "tessera_streams_open{method=\"ClaimStream\"}";
    assert_eq!(own.scrape().await[name], 1.0);
    drop(end);
    assert!(outcomes.message().await.unwrap().is_none(), "it ends well");
    while own.scrape().await[name] > 0.0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn neither_names_nor_labels_grow_with_users() {
    let mut own = Scraped::open().await;
    let template = own.house.template(card()).await;
    own.house.claims.claim(claim(&fresh("user"), &template)).await.unwrap();
    let before: BTreeSet<_> = own.scrape().await.into_keys().collect();
    for _ in 0..50 {
        own.house.claims.claim(claim(&fresh("user"), &template)).await.unwrap();
    }
    let after: BTreeSet<_> = own.scrape().await.into_keys().collect();
    assert_eq!(before, after);
    let labels = after.iter().filter_map(|name| name.split_once('{')).flat_map(|(_, labels)| labels.split("\","));
    let labels: BTreeSet<_> = labels.filter_map(|label| label.split('=').next()).collect();
    let known = ["le", "method", "outcome", "partition", "reason", "shard", "state", "version"];
    assert_eq!(labels, BTreeSet::from(known));
}

#[tokio::test]
async fn snapshots_and_the_archive_are_told_without_labels() {
    let mut own = Scraped::open().await;
    trade(&mut own.house, 8).await;
    let before = own.scrape().await;
    assert_eq!((before["tessera_snapshot_rounds_total"], before["tessera_snapshot_images"]), (0.0, 0.0));
    assert!(!before.contains_key("tessera_snapshot_last_age_seconds"), "there is no last round");
    let saved = snapshot(&mut own.house).await;
    let after = own.scrape().await;
    let told = |name: &str| after[&format!("tessera_snapshot_{name}")];
    assert_eq!((told("rounds_total"), told("failures_total"), told("running")), (1.0, 0.0, 0.0));
    assert_eq!((told("last_images"), told("last_image_bytes")), (f64::from(saved.images), saved.image_bytes as f64));
    assert_eq!((told("images"), told("image_bytes")), (f64::from(saved.images), saved.image_bytes as f64));
    assert!(told("last_age_seconds") >= 0.0 && told("last_duration_seconds") > 0.0, "{after:?}");
    assert_eq!((after["tessera_log_archived_segments"], after["tessera_log_archived_bytes"]), (0.0, 0.0));
    let status = own.house.operators.get_status(v1::GetStatusRequest {}).await.unwrap().into_inner().snapshots.unwrap();
    assert_eq!((status.rounds, status.images, status.running), (1, saved.images, None));
    assert_eq!(status.last.map(|last| (last.journals_done, last.journals)), Some((5, 5)));
}

#[tokio::test]
async fn every_metric_has_a_head_and_a_name_of_ours() {
    let own = Scraped::open().await;
    let answer = get(own.metrics(), "/metrics").await;
    assert!(answer.head.contains("content-type: text/plain; version=0.0.4"), "{}", answer.head);
    let heads: BTreeSet<_> = answer.body.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).collect();
    assert!(heads.len() > 25 && heads.iter().all(|name| name.starts_with("tessera_")), "{heads:?}");
    for line in answer.body.lines().filter(|line| !line.starts_with('#')) {
        let name = line.split(['{', ' ']).next().unwrap();
        let family = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
        assert!(heads.contains(family), "{line}");
    }
}

#[tokio::test]
async fn only_get_of_what_there_is_is_answered() {
    let own = Scraped::open().await;
    let posted = ask(own.metrics(), "POST /metrics HTTP/1.1\r\nHost: t\r\nContent-Length: 0\r\n\r\n").await.unwrap();
    assert_eq!((posted.code, get(own.metrics(), "/").await.code), (405, 404));
}

#[tokio::test]
async fn a_head_over_the_limit_is_refused() {
    let own = Scraped::open().await;
    let request = format!("GET /metrics HTTP/1.1\r\nHost: {}\r\n\r\n", "t".repeat(64 * 1024));
    let answer = ask(own.metrics(), &request).await;
    assert!(answer.is_none_or(|answer| answer.code == 431), "no metrics");
    assert_eq!(get(own.metrics(), "/healthz").await.code, 200);
}
