//! Answers are held against the generated messages.

use prost::Message as _;
use tessera_proto::v1;

use super::*;

fn claim(replayed: bool) -> v1::ClaimResponse {
    v1::ClaimResponse {
        coupon_id: "0C".into(),
        code: "7KQ2M4XN90TRABCD".into(),
        template_id: "t".into(),
        template_version: 1,
        use_from_ms: 1,
        use_until_ms: 12,
        face_value: Some(v1::Money { minor: 500, currency: "CNY".into() }),
        position: Some(v1::Position { partition: 3, lsn: 77 }),
        replayed,
    }
}

fn redemption(lsn: u64, replayed: bool) -> v1::RedeemResponse {
    v1::RedeemResponse {
        redemption_id: "0R".into(),
        coupon_id: "0C".into(),
        amounts: Some(v1::Amounts {
            currency: "CNY".into(),
            amount_minor: 150,
            applied_minor: 150,
            payable_minor: 0,
            balance_after_minor: Some(0),
        }),
        at_ms: 9,
        position: Some(v1::Position { partition: 0, lsn }),
        replayed,
    }
}

fn amounts(applied_minor: i64, balance_after_minor: Option<i64>) -> Option<v1::Amounts> {
    Some(v1::Amounts {
        currency: "CNY".into(),
        amount_minor: applied_minor,
        applied_minor,
        payable_minor: 0,
        balance_after_minor,
    })
}

fn hold(replayed: bool) -> v1::HoldResponse {
    v1::HoldResponse {
        hold_id: "0H".into(),
        coupon_id: "0C".into(),
        amounts: amounts(150, None),
        deadline_ms: 900_009,
        at_ms: 9,
        position: Some(v1::Position { partition: 3, lsn: 77 }),
        replayed,
    }
}

fn capture(reacquired: bool) -> v1::CaptureResponse {
    v1::CaptureResponse {
        redemption_id: "0R".into(),
        coupon_id: "0C".into(),
        amounts: amounts(100, Some(0)),
        at_ms: 10,
        position: Some(v1::Position { partition: 3, lsn: 78 }),
        replayed: true,
        reacquired,
    }
}

#[test]
fn a_claim_reads_as_the_generated_type_wrote_it() {
    let bytes = claim(false).encode_to_vec();
    let read = Accepted::read(Shape::Claim, &bytes).unwrap();
    assert_eq!((read.coupon_id, read.code), (b"0C".as_slice(), b"7KQ2M4XN90TRABCD".as_slice()));
    assert_eq!((read.partition, read.lsn, read.replayed), (3, 77, false));
    assert_eq!((read.use_from_ms, read.use_until_ms), (1, 12));
}

#[test]
fn a_redemption_reads_as_the_generated_type_wrote_it() {
    let bytes = redemption(9, true).encode_to_vec();
    let read = Accepted::read(Shape::Redemption, &bytes).unwrap();
    assert_eq!((read.coupon_id, read.applied_minor, read.balance_after_minor), (b"0C".as_slice(), 150, Some(0)));
    assert_eq!((read.id, read.partition, read.lsn, read.replayed), (b"0R".as_slice(), 0, 9, true));
}

#[test]
fn a_replay_has_the_fingerprint_of_the_first_reply() {
    let prints = [false, true].map(|replayed| {
        let bytes = claim(replayed).encode_to_vec();
        Accepted::read(Shape::Claim, &bytes).unwrap().fingerprint
    });
    assert_eq!(prints[0], prints[1]);
}

#[test]
fn another_lsn_is_another_fingerprint() {
    let prints = [1, 2].map(|lsn| {
        let bytes = redemption(lsn, false).encode_to_vec();
        Accepted::read(Shape::Redemption, &bytes).unwrap().fingerprint
    });
    assert_ne!(prints[0], prints[1]);
}

#[test]
fn a_message_of_outcomes_gives_each_in_order() {
    let refused = v1::Refusal { reason: v1::Reason::SoldOut.into(), value: -1, message: "gone".into(), ..Default::default() };
    let outcomes = vec![
        v1::ClaimOutcome { request_id: "a".into(), outcome: Some(v1::claim_outcome::Outcome::Accepted(claim(false))) },
        v1::ClaimOutcome { request_id: "b".into(), outcome: Some(v1::claim_outcome::Outcome::Refused(refused)) },
    ];
    let bytes = v1::ClaimStreamResponse { outcomes }.encode_to_vec();
    let mut seen = Vec::new();
    Answer::read_all(Kind::Claim, &bytes, |answer| {
        seen.push(match answer.outcome {
            Outcome::Accepted(accepted) => (answer.request_id.to_vec(), 0, accepted.lsn as i64),
            Outcome::Refused(refused) => (answer.request_id.to_vec(), refused.reason, refused.value),
        });
        Ok::<_, Malformed>(())
    })
    .unwrap();
    assert_eq!(seen, [(b"a".to_vec(), 0, 77), (b"b".to_vec(), 70, -1)]);
}

#[test]
fn an_outcome_without_a_result_is_malformed() {
    let bytes = v1::RedeemOutcome { request_id: "a".into(), outcome: None }.encode_to_vec();
    assert_eq!(Answer::read(Kind::Redeem, &bytes).unwrap_err(), Malformed("outcome without result"));
}

#[test]
fn a_till_s_outcomes_read_by_what_was_asked() {
    use v1::till_outcome::Outcome as Told;
    let refused = v1::Refusal { reason: v1::Reason::InsufficientBalance.into(), value: 7, ..Default::default() };
    let outcomes = [Told::Held(hold(false)), Told::Captured(capture(false)), Told::Refused(refused)];
    let outcomes = outcomes.map(|outcome| v1::TillOutcome { request_id: "a".into(), outcome: Some(outcome) }).into();
    let bytes = v1::TillStreamResponse { outcomes }.encode_to_vec();
    let mut seen = Vec::new();
    Answer::read_all(Kind::Till, &bytes, |answer| {
        seen.push(match answer.outcome {
            Outcome::Accepted(told) => {
                (told.id, told.coupon_id, told.applied_minor, told.balance_after_minor, told.lsn as i64, told.replayed)
            }
            Outcome::Refused(refused) => (b"".as_slice(), b"".as_slice(), refused.reason.into(), None, refused.value, false),
        });
        Ok::<_, Malformed>(())
    })
    .unwrap();
    let expected = [
        (b"0H".as_slice(), b"0C".as_slice(), 150, None, 77, false),
        (b"0R".as_slice(), b"0C".as_slice(), 100, Some(0), 78, true),
        (b"".as_slice(), b"".as_slice(), v1::Reason::InsufficientBalance as i64, None, 7, false),
    ];
    assert_eq!(seen, expected);
}

#[test]
fn a_hold_s_replay_is_the_same_and_a_late_capture_is_another() {
    let of_hold = |replayed| Accepted::read(Shape::Hold, &hold(replayed).encode_to_vec()).map(|told| told.fingerprint);
    assert_eq!(of_hold(true).unwrap(), of_hold(false).unwrap());
    let of_capture = |late| Accepted::read(Shape::Redemption, &capture(late).encode_to_vec()).map(|told| told.fingerprint);
    assert_ne!(of_capture(true).unwrap(), of_capture(false).unwrap());
}

#[test]
fn an_outcome_that_nobody_asked_for_is_malformed() {
    let told = Some(v1::till_outcome::Outcome::Validated(v1::Amounts::default()));
    let bytes = v1::TillOutcome { request_id: "a".into(), outcome: told }.encode_to_vec();
    assert_eq!(Answer::read(Kind::Till, &bytes).unwrap_err(), Malformed("outcome without result"));
}
