//! Reads and writes messages in place: no message is built, every value that is read borrows from the bytes it arrived in.
//!
//! For the few messages that travel by the million; everything else uses the generated types, which stay the authority: whoever
//! reads or writes here holds it against them in tests.

use ascii::AsAsciiStr;
use prost::encoding::{encode_varint, encoded_len_varint};
use thiserror::Error;

/// Bytes that are no protobuf message, or not the one expected.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("malformed message: {0}")]
pub struct Malformed(pub &'static str);

const CUT_SHORT: Malformed = Malformed("cut short");

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

    /// The string in it. Most are short and ASCII, which is looked at a word at a time, wherever the string begins.
    #[inline]
    pub fn text(self) -> Result<&'a str, Malformed> {
        let bytes = self.bytes()?;
        bytes.as_ascii_str().map_or_else(|_| beyond_ascii(bytes), |text| Ok(text.as_str()))
    }

    /// The string, bytes or message in it.
    pub fn bytes(self) -> Result<&'a [u8], Malformed> {
        match self {
            Self::Bytes(bytes) => Ok(bytes),
            _ => Err(Malformed("expected bytes")),
        }
    }
}

#[inline(never)]
fn beyond_ascii(bytes: &[u8]) -> Result<&str, Malformed> {
    std::str::from_utf8(bytes).map_err(|_| Malformed("a string that is not UTF-8"))
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
        // Most fields are short strings and messages: a byte for the key, a byte for the length.
        if let &[key, length, ref rest @ ..] = self.rest
            && (key | length) < LONGER
            && u32::from(key & 7) == LENGTH_DELIMITED
            && key > 7
        {
            let (bytes, rest) = rest.split_at_checked(usize::from(length)).ok_or(CUT_SHORT)?;
            self.rest = rest;
            return Ok(Some(Field { number: u32::from(key >> 3), value: Value::Bytes(bytes) }));
        }
        if self.rest.is_empty() { Ok(None) } else { self.read_any().map(Some) }
    }

    #[inline(never)]
    fn read_any(&mut self) -> Result<Field<'a>, Malformed> {
        let key = self.varint()?;
        let key = u32::try_from(key).map_err(|_| Malformed("field number too large"))?;
        let number = key >> 3;
        if number == 0 {
            return Err(Malformed("field number 0"));
        }
        let value = match key & 7 {
            0 => Value::Varint(self.varint()?),
            1 => self.skip(8)?,
            LENGTH_DELIMITED => {
                let length = usize::try_from(self.varint()?).map_err(|_| Malformed("length too large"))?;
                Value::Bytes(self.take(length)?)
            }
            5 => self.skip(4)?,
            _ => return Err(Malformed("unknown wire type")),
        };
        Ok(Field { number, value })
    }

    #[inline]
    fn varint(&mut self) -> Result<u64, Malformed> {
        if let &[byte, ref rest @ ..] = self.rest
            && byte < LONGER
        {
            self.rest = rest;
            return Ok(u64::from(byte));
        }
        prost::encoding::decode_varint(&mut self.rest).map_err(|_| Malformed("bad varint"))
    }

    #[inline]
    fn take(&mut self, length: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(CUT_SHORT)?;
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

/// From here on a byte of a varint says that another one follows.
const LONGER: u8 = 0x80;

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

/// Appends a field of a message whose content `write` appends. One byte is kept for its length until that is known.
#[inline]
pub fn message(number: u32, out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    key(number, LENGTH_DELIMITED, out);
    out.push(0);
    let content_at = out.len();
    write(out);
    let length = out.len() - content_at;
    if length < usize::from(LONGER) {
        out[content_at - 1] = length as u8;
    } else {
        lengthen(content_at, out);
    }
}

/// Makes room for the length of a long message, whose content begins here and goes to the end.
#[inline(never)]
fn lengthen(content_at: usize, out: &mut Vec<u8>) {
    let end = out.len();
    let length = (end - content_at) as u64;
    let longer_bytes = encoded_len_varint(length) - 1;
    out.resize(end + longer_bytes, 0);
    out.copy_within(content_at..end, content_at + longer_bytes);
    encode_varint(length, &mut &mut out[content_at - 1..]);
}

#[inline]
fn key(number: u32, wire_type: u32, out: &mut Vec<u8>) {
    varint(u64::from(number << 3 | wire_type), out);
}

#[inline]
fn varint(value: u64, out: &mut Vec<u8>) {
    if value < u64::from(LONGER) {
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
    fn numbers_are_written_as_the_generated_types_write_them() {
        for bits in 0..u64::BITS {
            for lsn in [1 << bits, (1 << bits) - 1, u64::MAX >> bits, 0xA5A5_A5A5_A5A5_A5A5 >> bits] {
                let (mut out, expected) = (Vec::new(), Position { partition: 0, lsn }.encode_to_vec());
                number(2, lsn, &mut out);
                assert_eq!(out, expected, "{lsn}");
            }
        }
    }

    #[test]
    fn a_length_beyond_the_message_is_refused() {
        assert_eq!(Fields::of(&[0x0a, 0xff, 0x01]).read(), Err(Malformed("cut short")));
    }

    #[test]
    fn text_is_utf_8_or_refused() {
        assert_eq!(Value::Bytes("用户".as_bytes()).text(), Ok("用户"));
        for length in 0..70 {
            let ascii = "x".repeat(length);
            assert_eq!(Value::Bytes(ascii.as_bytes()).text(), Ok(ascii.as_str()));
            let other = [ascii.as_bytes(), &[0xff]].concat();
            assert_eq!(Value::Bytes(&other).text(), Err(Malformed("a string that is not UTF-8")));
        }
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
