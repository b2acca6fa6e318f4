//! How messages become bytes and back: prost's own encoding, given one piece of memory at a time.
//!
//! The codec that tonic brings lets prost write every tag, length and text through a growing buffer, and read through a cursor of a
//! cursor. A message of hundreds of outcomes pays that thousands of times. Here its size is known before, it is written into a
//! slice, and what arrived is read as the slice that it is. Bytes on the wire are the same.

use std::marker::PhantomData;

use prost::{
    Message,
    bytes::{Buf as _, BufMut as _},
};
use tonic::{
    Status,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
};

/// The codec of every generated service: sends `T`, receives `U`.
#[derive(Debug)]
pub struct Sliced<T, U>(PhantomData<(T, U)>);

impl<T, U> Default for Sliced<T, U> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<T: Message + 'static, U: Message + Default + 'static> Codec for Sliced<T, U> {
    type Encode = T;
    type Decode = U;
    type Encoder = Writer<T>;
    type Decoder = Reader<U>;

    fn encoder(&mut self) -> Writer<T> {
        Writer { written: Vec::new(), message: PhantomData }
    }

    fn decoder(&mut self) -> Reader<U> {
        Reader(PhantomData)
    }
}

/// Encodes messages of one call or stream.
#[derive(Debug)]
pub struct Writer<T> {
    /// As long as the longest message so far, so that a stream fills new memory with zeros once.
    written: Vec<u8>,
    message: PhantomData<T>,
}

impl<T: Message> Encoder for Writer<T> {
    type Item = T;
    type Error = Status;

    fn encode(&mut self, message: T, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        let bytes = message.encoded_len();
        if self.written.len() < bytes {
            self.written.resize(bytes, 0);
        }
        let mut room = &mut self.written[..bytes];
        message.encode_raw(&mut room);
        assert!(room.is_empty(), "a message is as long as it said");
        buffer.put_slice(&self.written[..bytes]);
        Ok(())
    }
}

/// Decodes messages of one call or stream.
#[derive(Debug)]
pub struct Reader<U>(PhantomData<U>);

impl<U: Message + Default> Decoder for Reader<U> {
    type Item = U;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<U>, Status> {
        let message = buffer.chunk();
        assert_eq!(message.len(), buffer.remaining(), "tonic holds a message in one piece");
        // The same words and code as tonic's own codec.
        let message = U::decode(message).map_err(|error| Status::internal(error.to_string()))?;
        buffer.advance(buffer.remaining());
        Ok(Some(message))
    }
}
