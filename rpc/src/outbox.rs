//! The outcomes of a stream on their way out: written one after the other into messages of a bounded number of items.

use std::collections::VecDeque;

use prost::bytes::Bytes;
use tessera_proto::wire;

use crate::limits::STREAM_ITEMS_MAX;

/// Messages of outcomes that have not been sent.
#[derive(Default)]
pub struct Outbox {
    full: VecDeque<Bytes>,
    open: Vec<u8>,
    items: usize,
    /// Bytes of an item in the message before: those of the next one will be about as long.
    usual_item_bytes: usize,
}

impl Outbox {
    /// Makes room for so many more outcomes, as far as they go into the message that is open.
    pub fn reserve(&mut self, more: usize) {
        self.open.reserve(more.min(STREAM_ITEMS_MAX - self.items) * self.usual_item_bytes);
    }

    /// Adds an outcome, which `write` appends.
    pub fn push(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        wire::message(wire::ITEMS, &mut self.open, write);
        self.items += 1;
        if self.items == STREAM_ITEMS_MAX {
            self.close();
        }
    }

    /// Whether a whole message waits.
    pub fn has_full(&self) -> bool {
        !self.full.is_empty()
    }

    /// The next message; `None` if there is no outcome.
    pub fn pop(&mut self) -> Option<Bytes> {
        if self.full.is_empty() && self.items > 0 {
            self.close();
        }
        self.full.pop_front()
    }

    fn close(&mut self) {
        self.usual_item_bytes = self.open.len().div_ceil(self.items);
        self.items = 0;
        self.full.push_back(std::mem::take(&mut self.open).into());
    }
}

#[cfg(test)]
mod tests {
    use prost::Message as _;
    use tessera_proto::v1::ClaimStreamResponse;

    use super::*;

    fn outcomes(outbox: &mut Outbox) -> Vec<String> {
        let message = outbox.pop().map(|message| ClaimStreamResponse::decode(message).unwrap());
        message.into_iter().flat_map(|message| message.outcomes).map(|outcome| outcome.request_id).collect()
    }

    #[test]
    fn outcomes_leave_in_their_order_and_no_message_has_too_many() {
        let mut outbox = Outbox::default();
        let ids: Vec<String> = (0..STREAM_ITEMS_MAX + 2).map(|number| format!("r{number}")).collect();
        for (number, id) in ids.iter().enumerate() {
            assert_eq!(outbox.has_full(), number >= STREAM_ITEMS_MAX, "{id}");
            outbox.push(|out| wire::string(1, id.as_bytes(), out));
        }
        assert_eq!(outcomes(&mut outbox), ids[..STREAM_ITEMS_MAX]);
        assert!(!outbox.has_full());
        assert_eq!(outcomes(&mut outbox), ids[STREAM_ITEMS_MAX..]);
        assert_eq!(outbox.pop(), None);
    }
}
