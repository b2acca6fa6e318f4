//! Streams: every item is answered by itself, retries replay, and only faults of the transport end a stream.

use std::collections::BTreeMap;

use futures_util::stream;
use tessera_proto::v1::{self, claim_outcome::Outcome};
use tonic::{Code, Streaming};

use crate::{
    house::{House, card, claim, fresh, redeem, yuan},
    refusal::{Refused, read},
};

fn message(claims: Vec<v1::ClaimRequest>) -> v1::ClaimStreamRequest {
    v1::ClaimStreamRequest { claims }
}

/// Sends the messages, ends the sending side, and gathers the outcomes by request id.
async fn converse(house: &mut House, messages: Vec<v1::ClaimStreamRequest>) -> BTreeMap<String, Outcome> {
    let outcomes = house.claims.claim_stream(stream::iter(messages)).await.expect("a stream opens").into_inner();
    gather(outcomes).await
}

async fn gather(mut outcomes: Streaming<v1::ClaimStreamResponse>) -> BTreeMap<String, Outcome> {
    let mut gathered = BTreeMap::new();
    while let Some(response) = outcomes.message().await.expect("the stream ends well") {
        assert!((1..=1024).contains(&response.outcomes.len()));
        for outcome in response.outcomes {
            let twice = gathered.insert(outcome.request_id, outcome.outcome.expect("an outcome"));
            assert!(twice.is_none(), "each item is answered once");
        }
    }
    gathered
}

fn reason(outcome: &Outcome) -> Option<v1::Reason> {
    match outcome {
        Outcome::Accepted(_) => None,
        Outcome::Refused(refusal) => Some(refusal.reason()),
    }
}

#[tokio::test]
async fn every_item_is_answered_by_itself() {
    let mut house = House::open().await;
    let template = house.template(v1::TemplateSpec { per_user_limit: 1, ..card() }).await;
    let user = fresh("user");
    let (good, again, unknown, empty) =
        (claim(&user, &template), claim(&user, &template), claim(&user, "none"), claim("", &template));
    let messages = vec![message(vec![good.clone(), unknown.clone()]), message(vec![again.clone(), empty.clone()])];
    let outcomes = converse(&mut house, messages).await;
    let reasons = [&good, &unknown, &again, &empty].map(|request| reason(&outcomes[&request.request_id]));
    let expected =
        [None, Some(v1::Reason::TemplateNotFound), Some(v1::Reason::UserLimitReached), Some(v1::Reason::InvalidArgument)];
    assert_eq!(reasons, expected);
}

#[tokio::test]
async fn a_retry_on_a_stream_replays_what_a_unary_call_was_told() {
    let mut house = House::open().await;
    let template = house.template(card()).await;
    let request = claim(&fresh("user"), &template);
    let first = house.claims.claim(request.clone()).await.unwrap().into_inner();
    let outcomes = converse(&mut house, vec![message(vec![request.clone()])]).await;
    let expected = Outcome::Accepted(v1::ClaimResponse { replayed: true, ..first });
    assert_eq!(outcomes[&request.request_id], expected);
}

#[tokio::test]
async fn more_than_the_slots_of_a_stream_are_answered_even_to_a_slow_reader() {
    let mut house = House::open().await;
    let template = house.template(card()).await;
    let claims: Vec<_> = (0..20_000).map(|_| claim(&fresh("user"), &template)).collect();
    let messages: Vec<_> = claims.chunks(1_000).map(|chunk| message(chunk.to_vec())).collect();
    let outcomes = house.claims.claim_stream(stream::iter(messages)).await.unwrap().into_inner();
    // While another call is answered nobody reads the stream.
    house.coupon(card()).await;
    let outcomes = gather(outcomes).await;
    assert_eq!(outcomes.values().filter(|outcome| reason(outcome).is_none()).count(), claims.len());
}

#[tokio::test]
async fn a_message_of_too_many_items_is_refused_item_by_item() {
    let mut house = House::open().await;
    let claims: Vec<_> = (0..1_025).map(|_| claim("u", "t")).collect();
    let outcomes = converse(&mut house, vec![message(claims)]).await;
    let refused = |outcome: &Outcome| match outcome {
        Outcome::Accepted(_) => panic!("none is accepted"),
        Outcome::Refused(refusal) => (refusal.reason(), refusal.field.clone(), refusal.value),
    };
    assert_eq!(outcomes.len(), 1_025);
    assert!(outcomes.values().all(|o| refused(o) == (v1::Reason::InvalidArgument, "claims".to_owned(), 1_024)));
}

#[tokio::test]
async fn a_message_over_the_limit_ends_the_stream_after_what_came_before() {
    let mut house = House::open().await;
    let template = house.template(card()).await;
    let good = claim(&fresh("user"), &template);
    let huge = claim(&"u".repeat(1024 * 1024), &template);
    let messages = vec![message(vec![good.clone()]), message(vec![huge])];
    let mut outcomes = house.claims.claim_stream(stream::iter(messages)).await.unwrap().into_inner();
    let first = outcomes.message().await.unwrap().expect("the first claim is answered");
    assert_eq!(first.outcomes[0].request_id, good.request_id);
    let status = outcomes.message().await.expect_err("then the stream ends");
    let expected =
        Refused { code: Code::InvalidArgument, reason: "INVALID_ARGUMENT".into(), field: "message.length".into(), value: 0 };
    assert_eq!(read(&status), expected);
}

#[tokio::test]
async fn redemptions_are_answered_item_by_item() {
    let mut house = House::open().await;
    let owned = house.coupon(card()).await;
    let (good, bad) = (redeem(owned.by_code(), yuan(100)), redeem(owned.by_code(), yuan(501)));
    let message = v1::RedeemStreamRequest { redemptions: vec![good.clone(), bad.clone()] };
    let requests = stream::iter(vec![message]);
    let mut outcomes = house.redemptions.redeem_stream(requests).await.unwrap().into_inner();
    let mut gathered = BTreeMap::new();
    while let Some(response) = outcomes.message().await.unwrap() {
        gathered.extend(response.outcomes.into_iter().map(|outcome| (outcome.request_id, outcome.outcome)));
    }
    use v1::redeem_outcome::Outcome;
    let Some(Outcome::Accepted(accepted)) = &gathered[&good.request_id] else { panic!("{gathered:?}") };
    let Some(Outcome::Refused(refused)) = &gathered[&bad.request_id] else { panic!("{gathered:?}") };
    assert_eq!(accepted.amounts.as_ref().unwrap().balance_after_minor, Some(400));
    assert_eq!(refused.reason(), v1::Reason::InsufficientBalance);
}

#[tokio::test]
async fn a_stream_of_nothing_ends() {
    let mut house = House::open().await;
    assert_eq!(converse(&mut house, vec![message(vec![])]).await, BTreeMap::new());
}
