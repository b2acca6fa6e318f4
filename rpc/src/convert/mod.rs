//! Between the wire and the domain: requests become checked commands, replies become messages.
//!
//! Everything that a request alone can get wrong is refused here with INVALID_ARGUMENT, in the order of its fields, before any
//! code or id is opened. Conversions are plain functions; what they need to seal and open is [`Seals`](crate::seals::Seals).

pub mod by_time;
pub mod card;
pub mod catalog;
pub mod change;
pub mod checkout;
pub mod claim;
pub mod custody;
pub mod gift;
pub mod hold;
pub mod inspect;
mod instrument;
pub mod journal;
pub mod ledger;
pub mod legacy;
pub mod operation;
pub mod order;
pub mod redemption;
pub mod refund;
pub mod refusal;
pub mod report;
mod rules;
mod spec;
pub mod template;
pub mod wallet;

use prost::Message as _;
use tessera_proto::{
    v1,
    wire::{self, Fields, Malformed},
};

use crate::domain::{
    Id, Reason, Rejection,
    money::{AMOUNT_MAX, Currency},
    reply::Written,
};

/// Letters of a currency's code.
const CURRENCY_BYTES: i64 = 3;

/// An amount as the domain takes it: at least 1, and its currency.
fn amount(field: Option<Sum<'_>>) -> Result<(i64, Currency), Rejection> {
    let sum = field.ok_or(Rejection::invalid("amount", 1))?;
    let currency = currency("amount.currency", sum.currency)?;
    Ok((countable("amount.minor", sum.minor)?, currency))
}

/// A `Money` as a request has it, whichever way it was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sum<'a> {
    minor: i64,
    currency: &'a str,
}

impl<'a> From<&'a v1::Money> for Sum<'a> {
    fn from(money: &'a v1::Money) -> Self {
        Self { minor: money.minor, currency: &money.currency }
    }
}

impl<'a> Sum<'a> {
    /// Merges an encoded `Money`.
    fn merge(&mut self, message: &'a [u8]) -> Result<(), Malformed> {
        let mut fields = Fields::of(message);
        while let Some(field) = fields.read()? {
            match field.number {
                1 => self.minor = field.value.int64()?,
                2 => self.currency = field.value.text()?,
                _ => {}
            }
        }
        Ok(())
    }
}

/// An amount whose currency is known from what it is about; absent = all there is.
fn amount_minor(field: Option<i64>) -> Result<Option<i64>, Rejection> {
    field.map(|minor| countable("amount_minor", minor)).transpose()
}

fn countable(field: &'static str, minor: i64) -> Result<i64, Rejection> {
    match minor {
        1..=AMOUNT_MAX => Ok(minor),
        ..1 => Err(Rejection::invalid(field, 1)),
        _ => Err(Rejection { reason: Reason::AmountOutOfRange, field, value: AMOUNT_MAX }),
    }
}

/// Minor units of a budget, as the wire has them.
pub fn minor(units: u64) -> i64 {
    i64::try_from(units).unwrap_or(i64::MAX)
}

fn currency(field: &'static str, text: &str) -> Result<Currency, Rejection> {
    Currency::parse(text).map_err(|_| Rejection::invalid(field, CURRENCY_BYTES))
}

/// A channel, where one is said.
fn channel(text: &str) -> Result<Option<Box<Id>>, Rejection> {
    optional("channel", text).map(|channel| channel.map(Box::new))
}

/// An id that may be left out.
fn optional(field: &'static str, text: &str) -> Result<Option<Id>, Rejection> {
    (!text.is_empty()).then(|| Id::new(field, text)).transpose()
}

fn request_id(text: impl AsRef<str>) -> Result<Id, Rejection> {
    Id::new("request_id", text)
}

/// Items of a page: 0 asks for the usual number, and more than the most is refused.
fn page_size(asked: u32) -> Result<u32, Rejection> {
    use crate::domain::command::PAGE_SIZE_MAX;
    match asked {
        0 => Ok(PAGE_SIZE_DEFAULT),
        1..=PAGE_SIZE_MAX => Ok(asked),
        _ => Err(Rejection::invalid("page_size", i64::from(PAGE_SIZE_MAX))),
    }
}

/// Items of a page when the request does not say.
const PAGE_SIZE_DEFAULT: u32 = 50;

/// Where a write stands.
pub fn position(written: Written) -> v1::Position {
    v1::Position { partition: u32::from(written.partition), lsn: written.lsn }
}

/// Writes the `Position` of a write.
fn write_position(field: u32, written: Written, out: &mut Vec<u8>) {
    wire::message(field, out, |out| {
        wire::number(1, u64::from(written.partition), out);
        wire::number(2, written.lsn, out);
    });
}

/// Writes an outcome of a stream, whose reply `write` appends.
pub fn write_accepted(request_id: &str, out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    wire::string(1, request_id.as_bytes(), out);
    wire::message(2, out, write);
}

/// Writes an outcome of a stream that is a refusal.
pub fn write_refused(request_id: &str, refusal: &v1::Refusal, out: &mut Vec<u8>) {
    wire::string(1, request_id.as_bytes(), out);
    wire::message(3, out, |out| refusal.encode(out).expect("a vector grows as needed"));
}

/// A refusal of an argument whose form no number describes.
pub const fn malformed(field: &'static str) -> Rejection {
    Rejection::invalid(field, 0)
}

#[cfg(test)]
mod in_place_tests;

#[cfg(test)]
mod tests {
    use super::*;

    fn money(minor: i64, currency: &str) -> Option<v1::Money> {
        Some(v1::Money { minor, currency: currency.to_owned() })
    }

    #[track_caller]
    fn check_refused(given: Option<v1::Money>, reason: Reason, field: &str, value: i64) {
        let refusal = amount(given.as_ref().map(Sum::from)).unwrap_err();
        assert_eq!((refusal.reason, refusal.field, refusal.value), (reason, field, value));
    }

    #[test]
    fn an_amount_is_at_least_one() {
        check_refused(money(0, "CNY"), Reason::InvalidArgument, "amount.minor", 1);
    }

    #[test]
    fn a_negative_amount_is_refused() {
        check_refused(money(i64::MIN, "CNY"), Reason::InvalidArgument, "amount.minor", 1);
    }

    #[test]
    fn an_amount_beyond_counting_is_out_of_range() {
        check_refused(money(i64::MAX, "CNY"), Reason::AmountOutOfRange, "amount.minor", AMOUNT_MAX);
    }

    #[test]
    fn a_missing_amount_is_refused() {
        check_refused(None, Reason::InvalidArgument, "amount", 1);
    }

    #[test]
    fn a_currency_is_three_capitals() {
        for text in ["", "cny", "CN", "CNYX", "元"] {
            check_refused(money(1, text), Reason::InvalidArgument, "amount.currency", 3);
        }
    }

    #[test]
    fn a_page_of_no_size_has_the_usual_one() {
        assert_eq!(page_size(0), Ok(50));
    }

    #[test]
    fn a_page_is_at_most_200() {
        assert_eq!(page_size(201), Err(Rejection::invalid("page_size", 200)));
    }
}
