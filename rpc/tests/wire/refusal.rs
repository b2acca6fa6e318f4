//! What every refusal must be: a canonical code with exactly one ErrorInfo of ours.

use tonic::{Code, Response, Status};
use tonic_types::{ErrorDetail, StatusExt};

/// A refusal as a client reads it.
#[derive(Debug, PartialEq, Eq)]
pub struct Refused {
    pub code: Code,
    pub reason: String,
    pub field: String,
    pub value: i64,
}

/// Reads a refusal and checks its form.
#[track_caller]
pub fn refused<T: std::fmt::Debug>(answer: Result<Response<T>, Status>) -> Refused {
    read(&answer.expect_err("it is refused"))
}

#[track_caller]
pub fn read(status: &Status) -> Refused {
    let details = status.get_error_details_vec();
    let infos: Vec<_> = details.iter().filter(|detail| matches!(detail, ErrorDetail::ErrorInfo(_))).collect();
    let [ErrorDetail::ErrorInfo(info)] = infos.as_slice() else { panic!("one ErrorInfo, not {status:?}") };
    assert_eq!(info.domain, "tessera.dev");
    Refused {
        code: status.code(),
        reason: info.reason.clone(),
        field: info.metadata["field"].clone(),
        value: info.metadata["value"].parse().expect("a number"),
    }
}

/// The answer is refused with this code, reason, field and value.
#[track_caller]
pub fn check<T: std::fmt::Debug>(answer: Result<Response<T>, Status>, code: Code, reason: &str, field: &str, value: i64) {
    let expected = Refused { code, reason: reason.to_owned(), field: field.to_owned(), value };
    assert_eq!(refused(answer), expected);
}
