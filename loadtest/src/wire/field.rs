//! Reads protobuf fields in place: no message is built, every value borrows from the bytes it arrived in.

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
    /// Fixed-width numbers, which no message of the hot road has.
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
    #[inline]
    pub fn read(&mut self) -> Result<Option<Field<'a>>, Malformed> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let key = self.varint()?;
        let number = u32::try_from(key >> 3).map_err(|_| Malformed("field number too large"))?;
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

    #[inline]
    fn varint(&mut self) -> Result<u64, Malformed> {
        if let Some((&byte, rest)) = self.rest.split_first()
            && byte < 0x80
        {
            self.rest = rest;
            return Ok(u64::from(byte));
        }
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

#[cfg(test)]
mod tests {
    use prost::Message as _;
    use tessera_proto::v1::{Money, Position};

    use super::*;

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
}
