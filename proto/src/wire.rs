//! Reads and writes messages in place: no message is built, every value that is read borrows from the bytes it arrived in.
//!
//! For the few messages that travel by the million; everything else uses the generated types, which stay the authority: whoever
//! reads or writes here holds it against them in tests.

use prost::encoding::encode_varint;
use thiserror::Error;

/// Bytes that are no protobuf message, or not the one expected.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("malformed message: {0}")]
pub struct Malformed(pub &'static str);

/// One field: its number, its value, and where it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    /// Number of the field.
    pub number: u32,
    /// What it holds.
    pub value: Value<'a>,
}

/// A value as the wire has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// Integers, bools and enums.
    Varint(u64),
    /// Strings, bytes and messages.
    Bytes(&'a [u8]),
    /// Fixed-width numbers, which no message of ours has.
    Fixed,
}

impl<'a> Value<'a> {
    /// The number in it.
    pub fn varint(self) -> Result<u64, Malformed> {
        match self {
            Self::Varint(number) => Ok(number),
            _ => Err(Malformed("expected a number")),
        }
    }

    /// The signed number in it: int64 travels as two's complement.
    pub fn int64(self) -> Result<i64, Malformed> {
        self.varint().map(u64::cast_signed)
    }

    /// The string in it.
    pub fn text(self) -> Result<&'a str, Malformed> {
        std::str::from_utf8(self.bytes()?).map_err(|_| Malformed("a string that is not UTF-8"))
    }

    /// The string, bytes or message in it.
    pub fn bytes(self) -> Result<&'a [u8], Malformed> {
        match self {
            Self::Bytes(bytes) => Ok(bytes),
            _ => Err(Malformed("expected bytes")),
        }
    }
}

/// The fields of one message, in the order in which they were written.
#[derive(Clone, Copy, Debug)]
pub struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    /// Reads `message` from its start.
    pub fn of(message: &'a [u8]) -> Self {
        Self { rest: message }
    }

    /// Bytes not yet read.
    pub fn remaining(&self) -> usize {
        self.rest.len()
    }

    /// The next field; `None` at the end.
    #[inline(always)]
    pub fn read(&mut self) -> Result<Option<Field<'a>>, Malformed> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let key = self.varint()?;
        let key = u32::try_from(key).map_err(|_| Malformed("field number too large"))?;
        let number = key >> 3;
        if number == 0 {
            return Err(Malformed("field number 0"));
        }
        let value = match key & 7 {
            0 => Value::Varint(self.varint()?),
            1 => self.skip(8)?,
            2 => {
                let length = usize::try_from(self.varint()?).map_err(|_| Malformed("length too large"))?;
                Value::Bytes(self.take(length)?)
            }
            5 => self.skip(4)?,
            _ => return Err(Malformed("unknown wire type")),
        };
        Ok(Some(Field { number, value }))
    }

    /// Keys, lengths and small numbers take one byte.
    #[inline(always)]
    fn varint(&mut self) -> Result<u64, Malformed> {
        match self.rest.split_first() {
            Some((&byte, rest)) if byte < 0x80 => {
                self.rest = rest;
                Ok(u64::from(byte))
            }
            _ => self.long_varint(),
        }
    }

    #[inline(never)]
    fn long_varint(&mut self) -> Result<u64, Malformed> {
        prost::encoding::decode_varint(&mut self.rest).map_err(|_| Malformed("bad varint"))
    }

    #[inline]
    fn take(&mut self, length: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(Malformed("cut short"))?;
        self.rest = rest;
        Ok(taken)
    }

    fn skip(&mut self, length: usize) -> Result<Value<'a>, Malformed> {
        self.take(length).map(|_| Value::Fixed)
    }
}

/// The field of a message that has exactly one; nothing if it has none or more.
pub fn only_field(message: &[u8]) -> Result<Option<Field<'_>>, Malformed> {
    let mut fields = Fields::of(message);
    let field = fields.read()?;
    Ok(field.filter(|_| fields.remaining() == 0))
}

/// The field of the items in every message of a stream: requests one way, outcomes the other.
pub const ITEMS: u32 = 1;

/// Wire type of strings and messages.
pub const LENGTH_DELIMITED: u32 = 2;

/// Bytes that are kept for a message's length until it is known: lengths of 128 to 16,383 take two.
const LENGTH_BYTES: usize = 2;

/// Appends a string field; the empty string, which is the default, is left out.
#[inline]
pub fn string(number: u32, text: &[u8], out: &mut Vec<u8>) {
    if !text.is_empty() {
        key(number, LENGTH_DELIMITED, out);
        varint(text.len() as u64, out);
        out.extend_from_slice(text);
    }
}

/// Appends a field of an integer or an enum; 0, which is the default, is left out.
#[inline]
pub fn number(field: u32, value: u64, out: &mut Vec<u8>) {
    if value != 0 {
        some_number(field, value, out);
    }
}

/// Appends an optional field of an integer, 0 included.
#[inline]
pub fn some_number(field: u32, value: u64, out: &mut Vec<u8>) {
    key(field, 0, out);
    varint(value, out);
}

/// Appends a field of a message whose content `write` appends.
#[inline]
pub fn message(number: u32, out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    key(number, LENGTH_DELIMITED, out);
    let length_at = out.len();
    out.extend_from_slice(&[0; LENGTH_BYTES]);
    write(out);
    let content_at = length_at + LENGTH_BYTES;
    let length = out.len() - content_at;
    match length {
        0..0x80 => {
            out[length_at] = length as u8;
            out.copy_within(content_at.., content_at - 1);
            out.pop();
        }
        0x80..0x4000 => {
            out[length_at] = length as u8 | 0x80;
            out[length_at + 1] = (length >> 7) as u8;
        }
        _ => {
            let content = out.split_off(content_at);
            out.truncate(length_at);
            varint(length as u64, out);
            out.extend_from_slice(&content);
        }
    }
}

#[inline]
fn key(number: u32, wire_type: u32, out: &mut Vec<u8>) {
    varint(u64::from(number << 3 | wire_type), out);
}

#[inline]
fn varint(value: u64, out: &mut Vec<u8>) {
    if value < 0x80 {
        return out.push(value as u8);
    }
    encode_varint(value, out);
}

#[cfg(test)]
mod tests {
    use prost::Message as _;

    use super::*;
    use crate::v1::{Money, Position, RefundResponse, ReplacementCard};

    #[test]
    fn fields_come_in_order_with_their_values() {
        let bytes = Money { minor: -5, currency: "CNY".into() }.encode_to_vec();
        let mut fields = Fields::of(&bytes);
        let minor = fields.read().unwrap().unwrap();
        assert_eq!((minor.number, minor.value.int64()), (1, Ok(-5)));
        let currency = fields.read().unwrap().unwrap();
        assert_eq!((currency.number, currency.value.bytes()), (2, Ok(b"CNY".as_slice())));
        assert_eq!(fields.read(), Ok(None));
    }

    #[test]
    fn every_cut_of_a_message_is_refused_or_ends_between_fields() {
        let bytes = Position { partition: u32::MAX, lsn: u64::MAX }.encode_to_vec();
        for cut in 1..bytes.len() {
            let mut fields = Fields::of(&bytes[..cut]);
            let mut seen = 0;
            let end = loop {
                match fields.read() {
                    Ok(Some(_)) => seen += 1,
                    end => break end,
                }
            };
            assert!(seen < 2 && (end.is_err() || cut == 6), "cut at {cut}: {seen} fields, then {end:?}");
        }
    }

    #[test]
    fn a_length_beyond_the_message_is_refused() {
        assert_eq!(Fields::of(&[0x0a, 0xff, 0x01]).read(), Err(Malformed("cut short")));
    }

    #[test]
    fn text_that_is_not_utf_8_is_refused() {
        let field = Fields::of(&[0x0a, 1, 0xff]).read().unwrap().unwrap();
        assert_eq!(field.value.text(), Err(Malformed("a string that is not UTF-8")));
    }

    /// A message within a message within a field, around every length at which a length grows.
    #[test]
    fn what_is_written_is_what_the_generated_types_write() {
        for length in [0, 1, 60, 122, 123, 124, 125, 126, 127, 128, 129, 16_370, 16_380, 16_383, 16_384, 20_000] {
            let text = "x".repeat(length);
            let expected = RefundResponse {
                redemption_id: text.clone(),
                balance_after_minor: Some(0),
                at_ms: -1,
                replacement: Some(ReplacementCard { coupon_id: text.clone(), code: String::new(), use_until_ms: 0 }),
                position: Some(Position { partition: 0, lsn: 300 }),
                ..RefundResponse::default()
            };
            let mut out = b"before".to_vec();
            string(1, text.as_bytes(), &mut out);
            some_number(4, 0, &mut out);
            number(7, (-1_i64).cast_unsigned(), &mut out);
            message(8, &mut out, |out| {
                number(1, 0, out);
                number(2, 300, out);
            });
            message(10, &mut out, |out| string(1, text.as_bytes(), out));
            assert_eq!(out[6..], expected.encode_to_vec(), "{length}");
        }
    }
}
