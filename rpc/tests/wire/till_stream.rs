//! The stream of a till: every kind of item, each answered by itself, as a unary call would be.

use std::collections::BTreeMap;

use futures_util::stream;
use tessera_proto::v1::{self, till_item::Item, till_outcome::Outcome};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Code;

use crate::{
    house::{House, by_code, capture, card, fresh, hold, redeem, refund, release, yuan},
    refusal::{Refused, read},
};

fn message(items: impl IntoIterator<Item = Item>) -> v1::TillStreamRequest {
    v1::TillStreamRequest { items: items.into_iter().map(|item| v1::TillItem { item: Some(item) }).collect() }
}

fn validate(instrument: Option<v1::Instrument>, minor: i64) -> v1::TillValidate {
    let request = v1::ValidateRequest { instrument, merchant_id: "merchant".into(), amount: yuan(minor), channel: String::new() };
    v1::TillValidate { request_id: fresh("validate"), validate: Some(request) }
}

/// Sends the messages, ends the sending side, and gathers the outcomes by request id.
async fn converse(house: &mut House, messages: Vec<v1::TillStreamRequest>) -> BTreeMap<String, Outcome> {
    let mut outcomes = house.redemptions.till_stream(stream::iter(messages)).await.expect("a stream opens").into_inner();
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

#[track_caller]
fn refusal(outcome: &Outcome) -> (v1::Reason, &str, i64) {
    let Outcome::Refused(refusal) = outcome else { panic!("{outcome:?}") };
    (refusal.reason(), refusal.field.as_str(), refusal.value)
}

#[tokio::test]
async fn every_kind_of_item_has_its_own_outcome() {
    let mut house = House::open().await;
    let owned = house.coupon(card()).await;
    let (to_capture, to_release) = (house.held(&owned, 100).await, house.held(&owned, 100).await);
    let to_refund = house.redeemed(&owned, 100).await;
    let (asked, held) = (validate(owned.by_code(), 1), hold(owned.by_code(), yuan(50)));
    let (captured, released) = (capture(&to_capture.hold_id), release(&to_release.hold_id));
    let (redeemed, refunded) = (redeem(owned.by_code(), yuan(50)), refund(&to_refund.redemption_id));
    let items = [
        Item::Validate(asked.clone()),
        Item::Hold(held.clone()),
        Item::Capture(captured.clone()),
        Item::Release(released.clone()),
        Item::Redeem(redeemed.clone()),
        Item::Refund(refunded.clone()),
    ];
    let outcomes = converse(&mut house, vec![message(items)]).await;
    assert!(matches!(&outcomes[&asked.request_id], Outcome::Validated(amounts) if amounts.applied_minor == 1), "{outcomes:?}");
    assert!(matches!(&outcomes[&held.request_id], Outcome::Held(held) if held.hold_id.len() == 26), "{outcomes:?}");
    assert!(
        matches!(&outcomes[&captured.request_id], Outcome::Captured(reply) if reply.redemption_id.len() == 26 && !reply.reacquired),
        "{outcomes:?}"
    );
    assert!(
        matches!(&outcomes[&released.request_id], Outcome::Released(reply) if reply.hold_id == to_release.hold_id),
        "{outcomes:?}"
    );
    assert!(matches!(&outcomes[&redeemed.request_id], Outcome::Redeemed(_)), "{outcomes:?}");
    assert!(matches!(&outcomes[&refunded.request_id], Outcome::Refunded(reply) if reply.refunded == yuan(100)), "{outcomes:?}");
    assert_eq!(house.accounts(&owned).await, [300, 50, 150]);
}

#[tokio::test]
async fn a_till_goes_on_from_one_outcome_to_the_next() {
    let mut house = House::open().await;
    let owned = house.coupon(card()).await;
    let (ask, asked) = mpsc::channel(1);
    let mut outcomes = house.redemptions.till_stream(ReceiverStream::new(asked)).await.unwrap().into_inner();
    let mut next = async |item: Item| {
        ask.send(message([item])).await.expect("the stream is open");
        let response = outcomes.message().await.unwrap().expect("an outcome");
        let [outcome] = response.outcomes.as_slice() else { panic!("{response:?}") };
        outcome.outcome.clone().expect("one of them")
    };
    let Outcome::Held(held) = next(Item::Hold(hold(owned.by_code(), yuan(300)))).await else { panic!("a hold") };
    let Outcome::Captured(captured) = next(Item::Capture(capture(&held.hold_id))).await else { panic!("a capture") };
    let Outcome::Refunded(refunded) = next(Item::Refund(refund(&captured.redemption_id))).await else { panic!("a refund") };
    assert_eq!((refunded.refunded, refunded.balance_after_minor), (yuan(300), Some(500)));
    drop(ask);
    assert!(outcomes.message().await.unwrap().is_none(), "the stream ends when the till hangs up");
}

#[tokio::test]
async fn refusals_stand_in_their_outcomes() {
    let mut house = House::open().await;
    let owned = house.coupon(card()).await;
    let (poor, unknown, nobody) = (hold(owned.by_code(), yuan(501)), capture(&"0".repeat(26)), validate(by_code("x"), 1));
    let (negative, empty) = (hold(owned.by_code(), yuan(-1)), v1::TillValidate { request_id: fresh("empty"), validate: None });
    let items = [
        Item::Hold(poor.clone()),
        Item::Capture(unknown.clone()),
        Item::Validate(nobody.clone()),
        Item::Hold(negative.clone()),
        Item::Validate(empty.clone()),
    ];
    let outcomes = converse(&mut house, vec![message(items)]).await;
    assert_eq!(refusal(&outcomes[&poor.request_id]), (v1::Reason::InsufficientBalance, "", 500));
    assert_eq!(refusal(&outcomes[&unknown.request_id]), (v1::Reason::HoldNotFound, "", 0));
    assert_eq!(refusal(&outcomes[&nobody.request_id]), (v1::Reason::CodeNotAccepted, "", 0));
    assert_eq!(refusal(&outcomes[&negative.request_id]), (v1::Reason::InvalidArgument, "amount.minor", 1));
    assert_eq!(refusal(&outcomes[&empty.request_id]), (v1::Reason::InvalidArgument, "validate", 0));
}

#[tokio::test]
async fn a_retry_on_the_stream_replays_what_a_unary_call_was_told() {
    let mut house = House::open().await;
    let owned = house.coupon(card()).await;
    let request = hold(owned.by_code(), yuan(300));
    let first = house.redemptions.hold(request.clone()).await.unwrap().into_inner();
    let taken = capture(&first.hold_id);
    let captured = house.redemptions.capture(taken.clone()).await.unwrap().into_inner();
    let items = [Item::Hold(request.clone()), Item::Capture(taken.clone())];
    let outcomes = converse(&mut house, vec![message(items)]).await;
    assert_eq!(outcomes[&request.request_id], Outcome::Held(v1::HoldResponse { replayed: true, ..first }));
    assert_eq!(outcomes[&taken.request_id], Outcome::Captured(v1::CaptureResponse { replayed: true, ..captured }));
}

#[tokio::test]
async fn an_item_that_asks_nothing_is_refused() {
    let mut house = House::open().await;
    let nothing = v1::TillStreamRequest { items: vec![v1::TillItem { item: None }] };
    let outcomes = converse(&mut house, vec![nothing]).await;
    assert_eq!(refusal(&outcomes[""]), (v1::Reason::InvalidArgument, "item", 0));
}

#[tokio::test]
async fn a_message_of_too_many_items_is_refused_item_by_item() {
    let mut house = House::open().await;
    let items = (0..1_025).map(|_| Item::Release(release("x")));
    let outcomes = converse(&mut house, vec![message(items)]).await;
    assert_eq!(outcomes.len(), 1_025);
    assert!(outcomes.values().all(|outcome| refusal(outcome) == (v1::Reason::InvalidArgument, "items", 1_024)));
}

#[tokio::test]
async fn a_message_over_the_limit_ends_the_stream() {
    let mut house = House::open().await;
    let huge = message([Item::Release(release(&"x".repeat(1024 * 1024)))]);
    let mut outcomes = house.redemptions.till_stream(stream::iter(vec![huge])).await.unwrap().into_inner();
    let status = outcomes.message().await.expect_err("the stream ends");
    let expected =
        Refused { code: Code::InvalidArgument, reason: "INVALID_ARGUMENT".into(), field: "message.length".into(), value: 0 };
    assert_eq!(read(&status), expected);
}

#[tokio::test]
async fn holds_of_many_tills_in_one_batch_never_hold_more_than_there_is() {
    let mut house = House::open().await;
    let owned = house.coupon(card()).await;
    let items: Vec<_> = (0..200).map(|_| Item::Hold(hold(owned.by_code(), yuan(7)))).collect();
    let outcomes = converse(&mut house, items.chunks(50).map(|chunk| message(chunk.to_vec())).collect()).await;
    let held = outcomes.values().filter(|outcome| matches!(outcome, Outcome::Held(_))).count();
    let refused = outcomes.values().filter(|outcome| matches!(outcome, Outcome::Refused(_)));
    assert_eq!((held, outcomes.len()), (500 / 7, 200));
    for outcome in refused {
        assert_eq!(refusal(outcome), (v1::Reason::InsufficientBalance, "", 500 % 7));
    }
    assert_eq!(house.accounts(&owned).await, [500 % 7, 500 - 500 % 7, 0]);
}
