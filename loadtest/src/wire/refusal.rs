//! A refusal out of the status of a unary call.
//!
//! The same facts that a stream carries in-band ride in `google.rpc.ErrorInfo`. A status without one says nothing about the
//! operation: it came from a library on a lost connection, and the outcome is unknown.

use tessera_proto::{
    v1::Reason,
    wire::{Fields, Malformed},
};
use tonic::Status;

use super::answer::Refused;

/// The type of the detail that carries a refusal.
const ERROR_INFO: &[u8] = b"type.googleapis.com/google.rpc.ErrorInfo";

/// Who must have written it.
const DOMAIN: &[u8] = b"tessera.dev";

/// What the schema puts before a reason's name, and ErrorInfo does not.
const REASON_PREFIX: &str = "REASON_";

/// The refusal that `status` carries; `None` if the outcome is unknown.
pub fn of(status: &Status) -> Option<Refused> {
    read_error_info(info_of(status.details()).ok()??).ok()?
}

/// What of the request it is about; empty = nothing in particular.
pub fn field_of(status: &Status) -> String {
    let read = info_of(status.details()).and_then(|info| info.map(read_field).transpose());
    read.ok().flatten().unwrap_or_default()
}

/// `google.rpc.Status`: details are field 3, each a `google.protobuf.Any` of (1 type, 2 value).
fn info_of(message: &[u8]) -> Result<Option<&[u8]>, Malformed> {
    let mut fields = Fields::of(message);
    while let Some(field) = fields.read()? {
        if field.number == 3
            && let Some(info) = error_info(field.value.bytes()?)?
        {
            return Ok(Some(info));
        }
    }
    Ok(None)
}

fn error_info(any: &[u8]) -> Result<Option<&[u8]>, Malformed> {
    let (mut is_error_info, mut value) = (false, None);
    let mut fields = Fields::of(any);
    while let Some(field) = fields.read()? {
        match field.number {
            1 => is_error_info = field.value.bytes()? == ERROR_INFO,
            2 => value = Some(field.value.bytes()?),
            _ => {}
        }
    }
    Ok(value.filter(|_| is_error_info))
}

/// `ErrorInfo`: 1 reason, 2 domain, 3 metadata as entries of (1 key, 2 value).
fn read_error_info(message: &[u8]) -> Result<Option<Refused>, Malformed> {
    let (mut reason, mut ours, mut value) = (None, false, 0);
    let mut fields = Fields::of(message);
    while let Some(field) = fields.read()? {
        match field.number {
            1 => reason = reason_of(field.value.bytes()?),
            2 => ours = field.value.bytes()? == DOMAIN,
            3 => value = number(entry(field.value.bytes()?, b"value")?).unwrap_or(value),
            _ => {}
        }
    }
    Ok(reason.filter(|_| ours).map(|reason| Refused { reason: reason.into(), value }))
}

fn read_field(message: &[u8]) -> Result<String, Malformed> {
    let mut fields = Fields::of(message);
    while let Some(field) = fields.read()? {
        if field.number == 3
            && let Some(named) = entry(field.value.bytes()?, b"field")?
        {
            return Ok(String::from_utf8_lossy(named).into_owned());
        }
    }
    Ok(String::new())
}

/// The value of a metadata entry, if it has this key.
fn entry<'a>(entry: &'a [u8], key: &[u8]) -> Result<Option<&'a [u8]>, Malformed> {
    let (mut is_it, mut value) = (false, None);
    let mut fields = Fields::of(entry);
    while let Some(field) = fields.read()? {
        let bytes = field.value.bytes()?;
        match field.number {
            1 => is_it = bytes == key,
            2 => value = Some(bytes),
            _ => {}
        }
    }
    Ok(value.filter(|_| is_it))
}

fn number(text: Option<&[u8]>) -> Option<i64> {
    std::str::from_utf8(text?).ok()?.parse().ok()
}

fn reason_of(name: &[u8]) -> Option<Reason> {
    // By far the most frequent in a flash sale: not worth a string.
    if name == b"SOLD_OUT" {
        return Some(Reason::SoldOut);
    }
    let name = std::str::from_utf8(name).ok()?;
    Reason::from_str_name(&format!("{REASON_PREFIX}{name}"))
}

/// A reason as reports spell it: "SOLD_OUT"; unknown numbers by themselves.
pub fn name(reason: i32) -> String {
    match Reason::try_from(reason) {
        Ok(known) => known.as_str_name().trim_start_matches(REASON_PREFIX).to_owned(),
        Err(_) => format!("REASON_{reason}"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use tonic::Code;
    use tonic_types::{ErrorDetails, StatusExt as _};

    use super::*;

    fn status(reason: &str, domain: &str) -> Status {
        let metadata = HashMap::from([("value".to_owned(), "-12".to_owned()), ("field".to_owned(), "x".to_owned())]);
        let details = ErrorDetails::with_error_info(reason, domain, metadata);
        Status::with_error_details(Code::FailedPrecondition, "no", details)
    }

    #[test]
    fn reason_and_value_are_read() {
        let read = of(&status("INSUFFICIENT_BALANCE", "tessera.dev"));
        assert_eq!(read, Some(Refused { reason: Reason::InsufficientBalance.into(), value: -12 }));
    }

    #[test]
    fn what_it_is_about_is_read() {
        assert_eq!(field_of(&status("COUPON_USED", "tessera.dev")), "x");
        assert_eq!(field_of(&Status::unavailable("connection lost")), "");
    }

    #[test]
    fn sold_out_is_read() {
        assert_eq!(of(&status("SOLD_OUT", "tessera.dev")).map(|refused| refused.reason), Some(70));
    }

    #[test]
    fn a_foreign_domain_is_unknown() {
        assert_eq!(of(&status("SOLD_OUT", "example.com")), None);
    }

    #[test]
    fn a_status_without_details_is_unknown() {
        assert_eq!(of(&Status::unavailable("connection lost")), None);
    }
}
