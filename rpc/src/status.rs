//! The only maker of `tonic::Status`: a refusal becomes a canonical code with exactly one `google.rpc.ErrorInfo`.
//!
//! UNAVAILABLE with our ErrorInfo says that nothing was logged; an UNAVAILABLE without it comes from a library on a lost
//! connection and says nothing. So every status made here carries one, also those for faults of the transport that the HTTP/2
//! library finds before a service is called ([`explain`]).

use std::{collections::HashMap, error::Error, sync::Arc, time::Duration};

use tessera_proto::v1::{Reason, Refusal};
use tonic::{Code, Status, body::Body, codegen::http};
use tonic_types::{ErrorDetails, StatusExt};

use crate::domain;

/// The domain of every ErrorInfo.
pub const DOMAIN: &str = "tessera.dev";

/// Each reason's name starts with this in the schema, and without it in ErrorInfo.
const REASON_PREFIX: &str = "REASON_";

/// The status of a refusal.
pub fn of(refusal: &Refusal) -> Status {
    let metadata = HashMap::from([
        ("field".to_owned(), refusal.field.clone()),
        ("value".to_owned(), refusal.value.to_string()),
        ("retry_may_differ".to_owned(), refusal.retry_may_differ.to_string()),
    ]);
    let mut details = ErrorDetails::with_error_info(name(refusal.reason()), DOMAIN, metadata);
    if refusal.reason() == Reason::InvalidArgument && !refusal.field.is_empty() {
        details.add_bad_request_violation(refusal.field.as_str(), refusal.message.as_str());
    }
    if let Ok(delay_ms @ 1..) = u64::try_from(refusal.retry_after_ms) {
        details.set_retry_info(Some(Duration::from_millis(delay_ms)));
    }
    let mut status = Status::with_error_details(code_of(refusal.reason()), refusal.message.as_str(), details);
    if let Some(reason) = domain::Reason::from_number(refusal.reason as u16) {
        status.set_source(Arc::new(Why(reason)));
    }
    status
}

/// The reason of a refusal, carried beside its status for whoever counts: within the process, never on the wire.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.wire_name())]
struct Why(domain::Reason);

/// The reason of a status that [`of`] made; `None` for any other.
pub fn reason_of(status: &Status) -> Option<domain::Reason> {
    status.source().and_then(|source| source.downcast_ref::<Why>()).map(|why| why.0)
}

/// A reason as ErrorInfo spells it: "SOLD_OUT".
pub fn name(reason: Reason) -> &'static str {
    reason.as_str_name().trim_start_matches(REASON_PREFIX)
}

/// A code as gRPC's own documents spell it.
pub fn code_name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

/// What a client library does by the code alone is right: it retries UNAVAILABLE, and nothing else blindly.
fn code_of(reason: Reason) -> Code {
    use Reason::*;
    match reason {
        InvalidArgument => Code::InvalidArgument,
        AmountOutOfRange | HistoryTrimmed => Code::OutOfRange,
        NotOwner | Draining | Overloaded | Recovering | StockBusy => Code::Unavailable,
        LogFull | RequestStoreFull | BalanceLimitReached | UserLimitReached | UserDayLimitReached | TooManyHolds => {
            Code::ResourceExhausted
        }
        TemplateNotFound | CodeNotAccepted | RedemptionNotFound | HoldNotFound | BatchNotFound => Code::NotFound,
        RequestIdReused | TemplateExists | OrderAlreadyRedeemed | BatchExists | BatchTaken | LegacyCodeExists => {
            Code::AlreadyExists
        }
        TemplateDayLimitReached | BudgetExhausted => Code::ResourceExhausted,
        VersionMismatch | StockMismatch | BudgetMismatch | OrderInProgress => Code::Aborted,
        TemplateVoid | TemplateStopped | TemplateNotStopped | CouponVoid | CouponUsed | CouponFrozen | CouponNotActivated
        | CouponGifting => Code::FailedPrecondition,
        CouponGiven | GiftEnded | GiftToOneself | NotTransferable => Code::FailedPrecondition,
        CouponHeld | HoldCaptured | HoldReleased | HoldExpired => Code::FailedPrecondition,
        IssueNotStarted | IssueEnded | UseNotStarted | CouponExpired => Code::FailedPrecondition,
        OutsideHours | ChannelNotAllowed | OutOfScope | OrderLinesRequired => Code::FailedPrecondition,
        CurrencyMismatch | BelowThreshold | NoEffect | InsufficientBalance | AmountAboveHold => Code::FailedPrecondition,
        BelowQuantity | NotCombinable | InstrumentsApart | PartOfCheckout | CheckoutTimedOut => Code::FailedPrecondition,
        CouponActivated | NotACard | BatchNotComplete => Code::FailedPrecondition,
        SoldOut | StockUnlimited | BudgetUnlimited => Code::FailedPrecondition,
        AlreadyRefunded | RefundNotAllowed | RedemptionArchived | RefundExceedsCapture => Code::FailedPrecondition,
        Unspecified => Code::Unknown,
    }
}

/// Gives a status that the library made of a request it could not read the form of our own.
pub fn explain(mut response: http::Response<Body>) -> http::Response<Body> {
    let found = response.extensions().get::<Status>().and_then(unreadable);
    if let Some(status) = found {
        response = status.into_http();
    }
    response
}

/// The status of a message that could not be read from a stream; `None` if `fault` is not of that kind.
pub fn unreadable(fault: &Status) -> Option<Status> {
    let ours = !fault.details().is_empty();
    let about_the_message = matches!(fault.code(), Code::OutOfRange | Code::Internal);
    (about_the_message && !ours).then(|| of(&unreadable_refusal(fault)))
}

/// The status of a call of a method that the contract does not have: what a generated server says.
pub fn no_such_method() -> Status {
    Status::unimplemented("")
}

/// The status of a message of a stream whose bytes are none.
pub fn malformed(what: &'static str) -> Status {
    of(&unreadable_refusal(&Status::internal(what)))
}

/// A server that a client of ours cannot reach.
pub fn unreachable(error: tonic::transport::Error) -> Status {
    Status::from_error(Box::new(error))
}

/// The status of a question whose answer is damaged on the disk; without ErrorInfo, and with what the operator must know.
pub fn damaged(error: &impl std::fmt::Display) -> Status {
    Status::data_loss(error.to_string())
}

/// The status of a call whose answer was lost with the engine: it may have been logged or not. Without ErrorInfo, as every status
/// that says nothing about the outcome.
pub fn outcome_unknown() -> Status {
    Status::unknown("the server stopped before it could answer: ask again with the same request_id")
}

/// The status of a reply that is not of the expected type: for clients.
pub fn unreadable_reply(fault: prost::DecodeError) -> Status {
    Status::internal(format!("the reply is malformed: {fault}"))
}

/// The library tells a message over its limit by OUT_OF_RANGE and bytes that are no message by INTERNAL.
fn unreadable_refusal(fault: &Status) -> Refusal {
    let (what, field) = match fault.code() {
        Code::OutOfRange => ("the message is too long", "message.length"),
        _ => ("the message is malformed", "message"),
    };
    Refusal {
        reason: Reason::InvalidArgument.into(),
        message: format!("{what}: {}", fault.message()),
        field: field.to_owned(),
        ..Default::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(reason: Reason) -> Refusal {
        Refusal { reason: reason.into(), message: "a sentence".into(), value: 7, ..Default::default() }
    }

    #[track_caller]
    fn check_code(reason: Reason, expected: Code) {
        let status = of(&refusal(reason));
        assert_eq!(status.code(), expected);
        let info = status.get_details_error_info().unwrap();
        assert_eq!((info.reason.as_str(), info.domain.as_str()), (name(reason), "tessera.dev"));
    }

    #[test]
    fn sold_out_is_a_failed_precondition() {
        check_code(Reason::SoldOut, Code::FailedPrecondition);
    }

    #[test]
    fn a_user_limit_is_an_exhausted_resource() {
        check_code(Reason::UserLimitReached, Code::ResourceExhausted);
    }

    #[test]
    fn overload_is_unavailable() {
        check_code(Reason::Overloaded, Code::Unavailable);
    }

    #[test]
    fn a_coupon_with_all_its_holds_is_an_exhausted_resource() {
        check_code(Reason::TooManyHolds, Code::ResourceExhausted);
    }

    #[test]
    fn an_unknown_hold_is_not_found() {
        check_code(Reason::HoldNotFound, Code::NotFound);
    }

    #[test]
    fn a_partition_that_recovers_is_unavailable() {
        check_code(Reason::Recovering, Code::Unavailable);
    }

    #[test]
    fn every_reason_has_a_code_and_exactly_one_error_info() {
        let reasons: Vec<_> = (1..=99).filter_map(|number| Reason::try_from(number).ok()).collect();
        assert_eq!(reasons.len(), crate::domain::Reason::ALL.len());
        for reason in reasons {
            let status = of(&refusal(reason));
            assert!(!matches!(status.code(), Code::Ok | Code::Unknown), "{reason:?}");
            let infos = status.get_error_details_vec();
            let infos = infos.iter().filter(|detail| matches!(detail, tonic_types::ErrorDetail::ErrorInfo(_)));
            assert_eq!(infos.count(), 1, "{reason:?}");
        }
    }

    #[test]
    fn error_info_carries_field_value_and_retry() {
        let status = of(&Refusal { field: "amount.currency".into(), retry_may_differ: true, ..refusal(Reason::SoldOut) });
        let metadata = status.get_details_error_info().unwrap().metadata;
        let shown = ["field", "value", "retry_may_differ"].map(|key| metadata[key].as_str());
        assert_eq!(shown, ["amount.currency", "7", "true"]);
    }

    #[test]
    fn an_invalid_argument_names_its_field_as_bad_request() {
        let status = of(&Refusal { field: "user_id".into(), ..refusal(Reason::InvalidArgument) });
        let violations = status.get_details_bad_request().unwrap().field_violations;
        assert_eq!(violations.iter().map(|v| v.field.as_str()).collect::<Vec<_>>(), ["user_id"]);
    }

    #[test]
    fn advice_to_wait_is_retry_info() {
        let status = of(&Refusal { retry_after_ms: 200, ..refusal(Reason::StockBusy) });
        let delay = status.get_details_retry_info().unwrap().retry_delay;
        assert_eq!(delay, Some(Duration::from_millis(200)));
    }

    #[test]
    fn a_message_over_the_limit_is_explained() {
        let explained = explain(Status::out_of_range("found 9 bytes, the limit is: 8 bytes").into_http());
        let status = explained.extensions().get::<Status>().unwrap();
        assert_eq!(status.code(), Code::InvalidArgument);
        assert_eq!(status.get_details_error_info().unwrap().metadata["field"], "message.length");
    }

    #[test]
    fn a_refusal_is_counted_under_its_reason_and_nothing_else_is() {
        assert_eq!(reason_of(&of(&refusal(Reason::SoldOut))), Some(domain::Reason::SoldOut));
        assert_eq!(reason_of(&outcome_unknown()), None);
    }

    #[test]
    fn a_status_of_ours_is_left_alone() {
        let ours = of(&refusal(Reason::AmountOutOfRange));
        assert!(unreadable(&ours).is_none());
    }
}
