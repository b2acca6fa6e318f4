//! Holds, their captures and releases.

use tessera_proto::{
    v1,
    wire::{self, Fields, Malformed},
};

use super::{
    amount_minor, malformed, position,
    redemption::{self, Checked, amounts, write_amounts, write_redeemed},
    request_id, write_position,
};
use crate::{
    domain::{
        HOLD_TTL_MS_MAX, HOLD_TTL_MS_MIN, HoldState, Rejection,
        command::{Capture, Hold, Release},
        reply::{Held, Redeemed, Released},
    },
    seals::{Place, Seals},
};

/// A `HoldRequest`, whichever way it was read: what a redemption asks, for a while.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asked<'a> {
    /// What the order asks of the instrument.
    pub of_order: redemption::Asked<'a>,
    ttl_ms: i64,
}

impl<'a> From<&'a v1::HoldRequest> for Asked<'a> {
    fn from(request: &'a v1::HoldRequest) -> Self {
        let v1::HoldRequest { request_id, instrument, merchant_id, order_id, amount, ttl_ms, channel } = request;
        let of_order = redemption::Asked::of(request_id, instrument, merchant_id, order_id, amount, channel);
        Self { of_order, ttl_ms: *ttl_ms }
    }
}

impl<'a> Asked<'a> {
    /// From an encoded `HoldRequest`.
    pub fn read(message: &'a [u8]) -> Result<Self, Malformed> {
        let (mut asked, mut fields) = (Self::default(), Fields::of(message));
        while let Some(field) = fields.read()? {
            match field.number {
                6 => asked.ttl_ms = field.value.int64()?,
                _ => asked.of_order.merge(field)?,
            }
        }
        Ok(asked)
    }
}

/// A hold, and the partition that decides it.
pub fn hold(seals: Seals<'_>, request: Asked<'_>) -> Result<(u16, Hold), Rejection> {
    let Checked { request_id, named, merchant, order, amount, currency, channel } = request.of_order.check()?;
    let ttl_ms = ttl_ms(request.ttl_ms)?;
    let (partition, instrument) = named.open(seals)?;
    Ok((partition, Hold { instrument, merchant, order, amount, currency, ttl_ms, request_id, channel }))
}

/// A `CaptureRequest`, whichever way it was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AskedCapture<'a> {
    /// Names the request.
    pub request_id: &'a str,
    hold_id: &'a str,
    amount_minor: Option<i64>,
    reacquire: bool,
}

impl<'a> From<&'a v1::CaptureRequest> for AskedCapture<'a> {
    fn from(request: &'a v1::CaptureRequest) -> Self {
        let v1::CaptureRequest { request_id, hold_id, amount_minor, reacquire } = request;
        Self { request_id, hold_id, amount_minor: *amount_minor, reacquire: *reacquire }
    }
}

impl<'a> AskedCapture<'a> {
    /// From an encoded `CaptureRequest`.
    pub fn read(message: &'a [u8]) -> Result<Self, Malformed> {
        let (mut asked, mut fields) = (Self::default(), Fields::of(message));
        while let Some(field) = fields.read()? {
            match field.number {
                1 => asked.request_id = field.value.text()?,
                2 => asked.hold_id = field.value.text()?,
                3 => asked.amount_minor = Some(field.value.int64()?),
                4 => asked.reacquire = field.value.varint()? != 0,
                _ => {}
            }
        }
        Ok(asked)
    }
}

/// A capture, and the partition that decides it.
pub fn capture(seals: Seals<'_>, request: AskedCapture<'_>) -> Result<(u16, Capture), Rejection> {
    let request_id = request_id(request.request_id)?;
    let named = named(request.hold_id)?;
    let amount = amount_minor(request.amount_minor)?;
    let hold = seals.open_hold_id(named)?;
    Ok((hold.partition, Capture { hold: hold.number, amount, reacquire: request.reacquire, request_id }))
}

/// A release, and the partition that decides it.
pub fn release(seals: Seals<'_>, request: &v1::ReleaseRequest) -> Result<(u16, Release), Rejection> {
    let request_id = request_id(&request.request_id)?;
    let hold = seals.open_hold_id(named(&request.hold_id)?)?;
    Ok((hold.partition, Release { hold: hold.number, request_id }))
}

/// An id that names something, opened or not.
fn named(hold_id: &str) -> Result<&str, Rejection> {
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
        currency: held.currency.as_str().to_owned(),
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

/// Writes the reply to a hold: what [`held`] says.
pub fn write_held(seals: Seals<'_>, held: &Held, out: &mut Vec<u8>) {
    let Held { written, coupon, currency, amount, applied, deadline_ms, at_ms } = held;
    let place = |number| Place { partition: written.partition, number };
    wire::string(1, seals.sealed_hold(place(written.lsn)).as_bytes(), out);
    wire::string(2, seals.sealed_coupon(place(*coupon)).as_bytes(), out);
    write_amounts(3, *currency, *amount, *applied, None, out);
    wire::number(4, deadline_ms.cast_unsigned(), out);
    wire::number(5, at_ms.cast_unsigned(), out);
    write_position(6, *written, out);
    wire::number(7, u64::from(written.replayed), out);
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

/// Writes the reply to a capture: what [`captured`] says.
pub fn write_captured(seals: Seals<'_>, captured: &Redeemed, out: &mut Vec<u8>) {
    write_redeemed(seals, captured, out);
    wire::number(7, u64::from(captured.reacquired), out);
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
            channel: String::new(),
        }
    }

    fn capture_of(hold_id: String) -> v1::CaptureRequest {
        v1::CaptureRequest { request_id: "r1".into(), hold_id, amount_minor: Some(150), reacquire: true }
    }

    #[track_caller]
    fn check_refused<C: std::fmt::Debug>(answer: Result<(u16, C), Rejection>, reason: Reason, field: &str, value: i64) {
        let refusal = answer.unwrap_err();
        assert_eq!((refusal.reason, refusal.field, refusal.value), (reason, field, value));
    }

    #[test]
    fn a_hold_goes_to_the_partition_that_its_code_carries() {
        let (partition, hold) = hold(seals(4), (&request()).into()).unwrap();
        assert_eq!((partition, hold.instrument.coupon(), hold.amount, hold.ttl_ms), (3, 41, 150, 0));
    }

    #[test]
    fn a_hold_lives_five_seconds_to_seven_days() {
        let asked = |ttl_ms| hold(seals(4), (&v1::HoldRequest { ttl_ms, ..request() }).into());
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
        check_refused(hold(seals(4), (&both).into()), Reason::InvalidArgument, "ttl_ms", 5_000);
    }

    #[test]
    fn a_capture_goes_to_the_partition_that_its_hold_carries() {
        let (partition, capture) = capture(seals(4), (&capture_of(seals(4).hold_id(HOLD))).into()).unwrap();
        assert_eq!((partition, capture.hold, capture.amount, capture.reacquire), (2, 97, Some(150), true));
    }

    #[test]
    fn a_captured_amount_is_named_as_the_request_names_it() {
        let given = |minor| v1::CaptureRequest { amount_minor: Some(minor), ..capture_of(seals(4).hold_id(HOLD)) };
        check_refused(capture(seals(4), (&given(0)).into()), Reason::InvalidArgument, "amount_minor", 1);
        check_refused(
            capture(seals(4), (&given(i64::MAX)).into()),
            Reason::AmountOutOfRange,
            "amount_minor",
            1_000_000_000_000_000,
        );
    }

    #[test]
    fn a_hold_must_be_named() {
        check_refused(capture(seals(4), (&capture_of(String::new())).into()), Reason::InvalidArgument, "hold_id", 0);
        let release_of = |hold_id| v1::ReleaseRequest { request_id: "r1".into(), hold_id };
        check_refused(release(seals(4), &release_of(String::new())), Reason::InvalidArgument, "hold_id", 0);
        check_refused(release(seals(4), &release_of("0".repeat(26))), Reason::HoldNotFound, "", 0);
    }

    #[test]
    fn a_redemption_is_no_hold() {
        let redemption = seals(4).redemption_id(HOLD);
        check_refused(capture(seals(4), (&capture_of(redemption)).into()), Reason::HoldNotFound, "", 0);
    }
}
