//! Bulk issue: every row is answered by itself, once, however few may be under way at once.

use std::collections::BTreeMap;

use futures_util::stream;
use tessera_proto::v1::{self, issue_outcome::Outcome};
use tonic::Code;

use crate::{
    house::{House, card, claim, fresh, twenty_off},
    own,
};

fn issue(operation: &str, user: &str, template: &str) -> v1::IssueRequest {
    v1::IssueRequest {
        request_id: format!("{operation}/{user}"),
        user_id: user.to_owned(),
        template_id: template.to_owned(),
        channel: String::new(),
        use_window: None,
    }
}

/// Sends all of them, so many a message, and gathers the outcomes by request id.
async fn converse(house: &mut House, issues: &[v1::IssueRequest], of_message: usize) -> BTreeMap<String, Outcome> {
    let messages: Vec<_> = issues.chunks(of_message).map(|chunk| v1::IssueStreamRequest { issues: chunk.to_vec() }).collect();
    let mut answers = house.claims.issue_stream(stream::iter(messages)).await.expect("a stream opens").into_inner();
    let mut gathered = BTreeMap::new();
    while let Some(answer) = answers.message().await.expect("the stream ends well") {
        for outcome in answer.outcomes {
            let twice = gathered.insert(outcome.request_id, outcome.outcome.expect("an outcome"));
            assert!(twice.is_none(), "each row is answered once");
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
async fn a_row_is_issued_or_refused_by_itself_and_a_retry_replays_it() {
    let mut house = House::open().await;
    let (template, [operation, ann, bob]) = (house.template(card()).await, ["operation", "ann", "bob"].map(fresh));
    let given = v1::TemplateSpec { validity: Some(at_issue()), ..twenty_off() };
    let given = house.template(given).await;
    let window = Some(v1::UseWindow { from_ms: 0, until_ms: crate::house::FAR_FUTURE_MS });
    let good = issue(&operation, &ann, &template);
    let windowed = v1::IssueRequest { use_window: window, ..issue(&operation, &bob, &given) };
    let unknown = issue(&operation, &fresh("eve"), "none");
    let nobody = v1::IssueRequest { user_id: String::new(), ..issue(&operation, "nobody", &template) };
    let rows = [good.clone(), windowed.clone(), unknown.clone(), nobody.clone()];
    let outcomes = converse(&mut house, &rows, 2).await;
    let reasons = [&good, &windowed, &unknown, &nobody].map(|row| reason(&outcomes[&row.request_id]));
    assert_eq!(reasons, [None, None, Some(v1::Reason::TemplateNotFound), Some(v1::Reason::InvalidArgument)]);

    let Outcome::Accepted(first) = outcomes[&good.request_id].clone() else { panic!("it was issued") };
    let again = converse(&mut house, &rows[..1], 1).await;
    let expected = Outcome::Accepted(v1::IssueResponse { replayed: true, ..first.clone() });
    assert_eq!(again[&good.request_id], expected);
    let unary = house.claims.issue(good).await.unwrap().into_inner();
    assert_eq!(unary, v1::IssueResponse { replayed: true, ..first.clone() });
    let reveal = v1::RevealCodeRequest { user_id: ann, coupon_id: first.coupon_id };
    assert_eq!(house.wallets.reveal_code(reveal).await.unwrap().into_inner().code, first.code);
}

fn at_issue() -> v1::template_spec::Validity {
    v1::template_spec::Validity::AtIssueValidity(v1::AtIssueValidity {})
}

#[tokio::test]
async fn more_rows_than_may_be_under_way_are_all_issued_and_the_status_says_so() {
    let (mut settings, _dir) = own::settings();
    settings.server.bulk_rows_in_flight = 16;
    let serving = own::serve(&settings).await;
    let mut house = own::house(serving.address()).await;
    let template = house.template(card()).await;
    let rows = |operation: &str| (0..1_500).map(|user| issue(operation, &format!("u{user}"), &template)).collect::<Vec<_>>();
    let (one, other) = (rows("one"), rows("other"));
    let mut second = own::house(serving.address()).await;
    let (first, second) = tokio::join!(converse(&mut house, &one, 1_024), converse(&mut second, &other, 7));
    for (rows, outcomes) in [(&one, first), (&other, second)] {
        assert_eq!(outcomes.len(), rows.len());
        assert!(outcomes.values().all(|outcome| reason(outcome).is_none()));
    }
    let status = house.operators.get_status(v1::GetStatusRequest {}).await.unwrap().into_inner();
    let bulk = v1::BulkStatus { rows_in_flight: 0, rows_allowed: 16, rows_in_flight_max: 16 };
    assert_eq!(status.bulk, Some(bulk));
    let counted = status.operations.iter().find(|one| one.method == "IssueStream").expect("it is counted");
    assert_eq!((counted.accepted, counted.refused), (3_000, 0));
    assert_eq!(status.partitions.iter().map(|one| one.coupons).sum::<u64>(), 3_000);
}

#[tokio::test]
async fn a_message_of_too_many_rows_is_refused_row_by_row_and_the_next_is_not() {
    let mut house = House::open().await;
    let (template, operation) = (house.template(card()).await, fresh("operation"));
    let rows: Vec<_> = (0..1_026).map(|user| issue(&operation, &format!("u{user}"), &template)).collect();
    let outcomes = converse(&mut house, &rows, 1_025).await;
    let refused = |row: &v1::IssueRequest| reason(&outcomes[&row.request_id]);
    assert!(rows[..1_025].iter().all(|row| refused(row) == Some(v1::Reason::InvalidArgument)));
    assert_eq!(refused(&rows[1_025]), None);
}

#[tokio::test]
async fn who_leaves_in_the_middle_leaves_no_seat_behind() {
    let (mut settings, _dir) = own::settings();
    settings.server.bulk_rows_in_flight = 16;
    let serving = own::serve(&settings).await;
    let mut house = own::house(serving.address()).await;
    let template = house.template(card()).await;
    for run in 0..20 {
        let rows: Vec<_> = (0..1_000).map(|user| issue("one", &format!("u{run}-{user}"), &template)).collect();
        let message = v1::IssueStreamRequest { issues: rows };
        let mut answers = house.claims.issue_stream(stream::iter([message])).await.unwrap().into_inner();
        assert!(answers.message().await.unwrap().is_some(), "the first are answered");
    }
    let rows: Vec<_> = (0..100).map(|user| issue("last", &format!("u{user}"), &template)).collect();
    assert_eq!(converse(&mut house, &rows, 100).await.len(), 100);
    loop {
        let status = house.operators.get_status(v1::GetStatusRequest {}).await.unwrap().into_inner();
        if status.bulk.is_some_and(|bulk| bulk.rows_in_flight == 0) {
            break;
        }
    }
}

#[tokio::test]
async fn a_drain_answers_what_is_under_way_and_ends_the_stream() {
    let (mut settings, _dir) = own::settings();
    settings.server.bulk_rows_in_flight = 16;
    let serving = own::serve(&settings).await;
    let mut house = own::house(serving.address()).await;
    let template = house.template(card()).await;
    let rows: Vec<_> = (0..4_000).map(|user| issue("one", &format!("u{user}"), &template)).collect();
    let messages: Vec<_> = rows.chunks(1_000).map(|chunk| v1::IssueStreamRequest { issues: chunk.to_vec() }).collect();
    let mut answers = house.claims.issue_stream(stream::iter(messages)).await.unwrap().into_inner();
    let (mut issued, mut refused) = (0, 0);
    let end = loop {
        match answers.message().await {
            Ok(Some(answer)) => {
                for outcome in answer.outcomes {
                    match reason(&outcome.outcome.expect("an outcome")) {
                        None => issued += 1,
                        Some(reason) => {
                            assert_eq!(reason, v1::Reason::Draining);
                            refused += 1;
                        }
                    }
                }
            }
            Ok(None) => panic!("the stream ends before all of it is issued, without a word"),
            Err(status) => break status,
        }
        house.operators.drain(v1::DrainRequest { deadline_ms: 5_000 }).await.unwrap();
    };
    assert_eq!(end.code(), Code::Unavailable);
    assert!(issued > 0 && issued + refused < rows.len(), "{issued} were issued, {refused} refused");
    assert_eq!((issued + refused) % 1_000, 0, "whatever was read is answered");
    serving.stop(std::future::pending()).await.expect("nothing is cut");
    let serving = own::serve(&settings).await;
    let mut house = own::house(serving.address()).await;
    let outcomes = converse(&mut house, &rows, 1_000).await;
    let replayed = |outcome: &&Outcome| matches!(outcome, Outcome::Accepted(issued) if issued.replayed);
    assert_eq!(outcomes.values().filter(replayed).count(), issued, "what was under way was answered, and nothing else was done");
    house.claims.claim(claim("u1", &template)).await.unwrap();
}
