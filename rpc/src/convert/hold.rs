//! Holds, their captures and releases.

use tessera_proto::v1;

use super::{Sum, amount, amount_minor, instrument::Named, malformed, position, redemption::amounts, request_id};
use crate::{
    domain::{
        HOLD_TTL_MS_MAX, HOLD_TTL_MS_MIN, HoldState, Id, Rejection,
        command::{Capture, Command, Hold, Release},
        reply::{Held, Redeemed, Released},
    },
    seals::{Place, Seals},
};

/// The command of a hold, and the partition that decides it.
pub fn hold(seals: Seals<'_>, request: v1::HoldRequest) -> Result<(u16, Command), Rejection> {
    let request_id = request_id(request.request_id)?;
    let named = Named::read((&request.instrument).into())?;
    let merchant = Id::new("merchant_id", request.merchant_id)?;
    let order = Id::new("order_id", request.order_id)?;
    let (amount, currency) = amount(request.amount.as_ref().map(Sum::from))?;
    let ttl_ms = ttl_ms(request.ttl_ms)?;
    let (partition, instrument) = named.open(seals)?;
    Ok((partition, Command::Hold(Hold { instrument, merchant, order, amount, currency, ttl_ms, request_id })))
}

/// The command of a capture, and the partition that decides it.
pub fn capture(seals: Seals<'_>, request: v1::CaptureRequest) -> Result<(u16, Command), Rejection> {
    let request_id = request_id(request.request_id)?;
    let named = named(request.hold_id)?;
    let amount = amount_minor(request.amount_minor)?;
    let hold = seals.open_hold_id(&named)?;
    let capture = Capture { hold: hold.number, amount, reacquire: request.reacquire, request_id };
    Ok((hold.partition, Command::Capture(capture)))
}

/// The command of a release, and the partition that decides it.
pub fn release(seals: Seals<'_>, request: v1::ReleaseRequest) -> Result<(u16, Command), Rejection> {
    let request_id = request_id(request.request_id)?;
    let hold = seals.open_hold_id(&named(request.hold_id)?)?;
    Ok((hold.partition, Command::Release(Release { hold: hold.number, request_id })))
}

/// An id that names something, opened or not.
fn named(hold_id: String) -> Result<String, Rejection> {
    if hold_id.is_empty() { Err(malformed("hold_id")) } else { Ok(hold_id) }
}

/// How long a hold is asked to live; 0 leaves it to the domain.
fn ttl_ms(asked: i64) -> Result<i64, Rejection> {
    match asked {
        0 | HOLD_TTL_MS_MIN..=HOLD_TTL_MS_MAX => Ok(asked),
        ..HOLD_TTL_MS_MIN => Err(Rejection::invalid("ttl_ms", HOLD_TTL_MS_MIN)),
        _ => Err(Rejection::invalid("ttl_ms", HOLD_TTL_MS_MAX)),
    }
}

/// The reply to a hold.
pub fn held(seals: Seals<'_>, held: &Held) -> v1::HoldResponse {
    let partition = held.written.partition;
    let amounts = v1::Amounts {
        currency: held.terms.currency.as_str().to_owned(),
        amount_minor: held.amount,
        applied_minor: held.applied,
        payable_minor: held.amount - held.applied,
        balance_after_minor: None,
    };
    v1::HoldResponse {
        hold_id: seals.hold_id(Place { partition, number: held.written.lsn }),
        coupon_id: seals.coupon_id(Place { partition, number: held.coupon }),
        amounts: Some(amounts),
        deadline_ms: held.deadline_ms,
        at_ms: held.at_ms,
        position: Some(position(held.written)),
        replayed: held.written.replayed,
    }
}

/// The reply to a capture: that to a redemption, and whether it was one anew.
pub fn captured(seals: Seals<'_>, captured: &Redeemed) -> v1::CaptureResponse {
    let partition = captured.written.partition;
    v1::CaptureResponse {
        redemption_id: seals.redemption_id(Place { partition, number: captured.written.lsn }),
        coupon_id: seals.coupon_id(Place { partition, number: captured.quote.coupon }),
        amounts: Some(amounts(&captured.quote)),
        at_ms: captured.at_ms,
        position: Some(position(captured.written)),
        replayed: captured.written.replayed,
        reacquired: captured.reacquired,
    }
}

/// The reply to a release.
pub fn released(seals: Seals<'_>, released: &Released) -> v1::ReleaseResponse {
    let partition = released.written.partition;
    v1::ReleaseResponse {
        hold_id: seals.hold_id(Place { partition, number: released.hold }),
        coupon_id: seals.coupon_id(Place { partition, number: released.coupon }),
        expired: released.state == HoldState::Expired,
        at_ms: released.at_ms,
        position: Some(position(released.written)),
        replayed: released.written.replayed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{domain::Reason, seals::tests::seals};

    const COUPON: Place = Place { partition: 3, number: 41 };
    const HOLD: Place = Place { partition: 2, number: 97 };

    fn request() -> v1::HoldRequest {
        let code = v1::instrument::Instrument::Code(seals(4).code(COUPON, 1));
        v1::HoldRequest {
            request_id: "r1".into(),
            instrument: Some(v1::Instrument { instrument: Some(code) }),
            merchant_id: "m1".into(),
            order_id: "o1".into(),
            amount: Some(v1::Money { minor: 150, currency: "CNY".into() }),
            ttl_ms: 0,
        }
    }

    fn capture_of(hold_id: String) -> v1::CaptureRequest {
        v1::CaptureRequest { request_id: "r1".into(), hold_id, amount_minor: Some(150), reacquire: true }
    }

    #[track_caller]
    fn check_refused(answer: Result<(u16, Command), Rejection>, reason: Reason, field: &str, value: i64) {
        let refusal = answer.unwrap_err();
        assert_eq!((refusal.reason, refusal.field, refusal.value), (reason, field, value));
    }

    #[test]
    fn a_hold_goes_to_the_partition_that_its_code_carries() {
        let (partition, command) = hold(seals(4), request()).unwrap();
        let Command::Hold(hold) = command else { panic!("a hold becomes one") };
        assert_eq!((partition, hold.instrument.coupon(), hold.amount, hold.ttl_ms), (3, 41, 150, 0));
    }

    #[test]
    fn a_hold_lives_five_seconds_to_seven_days() {
        let asked = |ttl_ms| hold(seals(4), v1::HoldRequest { ttl_ms, ..request() });
        assert!(asked(5_000).is_ok() && asked(604_800_000).is_ok());
        for short in [i64::MIN, -1, 1, 4_999] {
            check_refused(asked(short), Reason::InvalidArgument, "ttl_ms", 5_000);
        }
        check_refused(asked(604_800_001), Reason::InvalidArgument, "ttl_ms", 604_800_000);
    }

    #[test]
    fn a_hold_that_is_too_short_comes_before_a_wrong_code() {
        let wrong = Some(v1::Instrument { instrument: Some(v1::instrument::Instrument::Code("nonsense".into())) });
        let both = v1::HoldRequest { instrument: wrong, ttl_ms: 1, ..request() };
        check_refused(hold(seals(4), both), Reason::InvalidArgument, "ttl_ms", 5_000);
    }

    #[test]
    fn a_capture_goes_to_the_partition_that_its_hold_carries() {
        let (partition, command) = capture(seals(4), capture_of(seals(4).hold_id(HOLD))).unwrap();
        let Command::Capture(capture) = command else { panic!("a capture becomes one") };
        assert_eq!((partition, capture.hold, capture.amount, capture.reacquire), (2, 97, Some(150), true));
    }

    #[test]
    fn a_captured_amount_is_named_as_the_request_names_it() {
        let given = |minor| v1::CaptureRequest { amount_minor: Some(minor), ..capture_of(seals(4).hold_id(HOLD)) };
        check_refused(capture(seals(4), given(0)), Reason::InvalidArgument, "amount_minor", 1);
        check_refused(capture(seals(4), given(i64::MAX)), Reason::AmountOutOfRange, "amount_minor", 1_000_000_000_000_000);
    }

    #[test]
    fn a_hold_must_be_named() {
        check_refused(capture(seals(4), capture_of(String::new())), Reason::InvalidArgument, "hold_id", 0);
        let release_of = |hold_id| v1::ReleaseRequest { request_id: "r1".into(), hold_id };
        check_refused(release(seals(4), release_of(String::new())), Reason::InvalidArgument, "hold_id", 0);
        check_refused(release(seals(4), release_of("0".repeat(26))), Reason::HoldNotFound, "", 0);
    }

    #[test]
    fn a_redemption_is_no_hold() {
        let redemption = seals(4).redemption_id(HOLD);
        check_refused(capture(seals(4), capture_of(redemption)), Reason::HoldNotFound, "", 0);
    }
}
