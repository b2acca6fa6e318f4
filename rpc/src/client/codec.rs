//! Encodes and decodes messages whose type is known at run time only.

use prost::Message as _;
use prost_reflect::{DynamicMessage, MessageDescriptor};
use tonic::{
    Status,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
};

/// Sends any message; receives messages of one type.
pub(super) struct DynamicCodec {
    output: MessageDescriptor,
}

impl DynamicCodec {
    pub(super) fn new(output: MessageDescriptor) -> Self {
        Self { output }
    }
}

impl Codec for DynamicCodec {
    type Encode = DynamicMessage;
    type Decode = DynamicMessage;
    type Encoder = AnyMessage;
    type Decoder = MessageOf;

    fn encoder(&mut self) -> Self::Encoder {
        AnyMessage
    }

    fn decoder(&mut self) -> Self::Decoder {
        MessageOf(self.output.clone())
    }
}

/// Encodes a message of any type.
pub(super) struct AnyMessage;

impl Encoder for AnyMessage {
    type Item = DynamicMessage;
    type Error = Status;

    fn encode(&mut self, message: DynamicMessage, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        message.encode(buffer).expect("the buffer grows as needed");
        Ok(())
    }
}

/// Decodes a message of this type.
pub(super) struct MessageOf(MessageDescriptor);

impl Decoder for MessageOf {
    type Item = DynamicMessage;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<DynamicMessage>, Status> {
        let message = DynamicMessage::decode(self.0.clone(), buffer);
        message.map(Some).map_err(crate::status::unreadable_reply)
    }
}
