//! What lines carry: `kind u8, version u8, body`, each tied to its final kind and version like an event.
//!
//! A message tells the other partition all that it needs, so that it is understood without looking anywhere else. A released
//! (kind, version) is never edited: it may wait in an outbox of any journal.

use crate::codec::{self, BorrowDecode, Encode};
use crate::event::TermsBody;

/// A message, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message<'a> {
    /// An operator's question whether a line works: answered by the counters that it raises.
    Probe,
    /// See [`GiftGiven`].
    GiftGiven(GiftGiven<'a>),
    /// See [`GiftArrived`].
    GiftArrived(GiftArrived),
}

/// To the receiver's partition: a gift was accepted, and this is what was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct GiftGiven<'a> {
    /// The gift: lsn of its event in the sender's partition.
    pub gift: u64,
    /// Who accepted it.
    pub user: &'a str,
    /// The terms of the coupon.
    pub body: TermsBody<'a>,
    /// What they say beside it: a [`RulesBody`](crate::event::RulesBody), or nothing.
    pub rules: &'a [u8],
    /// What was given: money, or the one unit of a one-use coupon.
    pub amount: i64,
    /// Use window, ms.
    pub use_from_ms: i64,
    /// Use window, ms; 0 = no end.
    pub use_until_ms: i64,
}

/// Back to the sender's partition: what was given has become this coupon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct GiftArrived {
    /// The gift: lsn of its event in the sender's partition.
    pub gift: u64,
    /// The coupon's number in the receiver's partition.
    pub coupon: u64,
}

const PROBE: [u8; 2] = [1, 1];
const GIFT_GIVEN: [u8; 2] = [2, 1];
const GIFT_ARRIVED: [u8; 2] = [3, 1];

impl<'a> Message<'a> {
    /// Its bytes on a line.
    pub fn bytes(&self) -> Box<[u8]> {
        match self {
            Message::Probe => PROBE.into(),
            Message::GiftGiven(body) => codec::encode_message(GIFT_GIVEN, body),
            Message::GiftArrived(body) => codec::encode_message(GIFT_ARRIVED, body),
        }
    }

    /// What value it carries, of which template; nothing if none.
    pub fn value(&self) -> Option<(u32, i64)> {
        match self {
            Message::GiftGiven(given) => Some((given.body.template, given.amount)),
            Message::Probe | Message::GiftArrived(_) => None,
        }
    }

    /// The message that these bytes are; `None` if it is none of this build.
    pub fn read(bytes: &'a [u8]) -> Option<Message<'a>> {
        let (&kind, body) = bytes.split_first_chunk()?;
        match kind {
            PROBE if body.is_empty() => Some(Message::Probe),
            GIFT_GIVEN => codec::decode_message(body).map(Message::GiftGiven),
            GIFT_ARRIVED => codec::decode_message(body).map(Message::GiftArrived),
            _ => None,
        }
    }
}
