//! A codec of bytes: what is sent was encoded by its writer, what arrives is read in place by its reader.

use prost::bytes::{Buf, BufMut, Bytes};
use tonic::{
    Status,
    codec::{BufferSettings, Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
};

/// Bytes in, bytes out. `buffer_bytes` is what each call sets aside for each direction.
#[derive(Clone, Copy, Debug)]
pub struct Raw {
    buffer_bytes: usize,
}

/// Buffer of a unary call: one small message.
const UNARY_BUFFER_BYTES: usize = 512;

/// Buffer of a stream: some hundred items.
const STREAM_BUFFER_BYTES: usize = 64 * 1024;

impl Raw {
    /// For unary calls of a client.
    pub fn unary() -> Self {
        Self::buffered(UNARY_BUFFER_BYTES)
    }

    /// For the few streams of a client.
    pub fn stream() -> Self {
        Self::buffered(STREAM_BUFFER_BYTES)
    }

    /// With so many bytes set aside for each direction; a longer message takes more while it passes.
    pub fn buffered(buffer_bytes: usize) -> Self {
        Self { buffer_bytes }
    }

    fn settings(self) -> BufferSettings {
        BufferSettings::new(self.buffer_bytes, self.buffer_bytes)
    }
}

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        *self
    }

    fn decoder(&mut self) -> Self {
        *self
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, message: Bytes, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put(message);
        Ok(())
    }

    fn buffer_settings(&self) -> BufferSettings {
        self.settings()
    }
}

impl Decoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(buffer.copy_to_bytes(buffer.remaining())))
    }

    fn buffer_settings(&self) -> BufferSettings {
        self.settings()
    }
}
