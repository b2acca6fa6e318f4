//! What lines carry: `kind u8, version u8, body`, each tied to its final kind and version like an event.
//!
//! A message tells the other partition all that it needs, so that it is understood without looking anywhere else. A released
//! (kind, version) is never edited: it may wait in an outbox of any journal.

mod tender;

use crate::codec::{self, BorrowDecode, Encode};
use crate::event::TermsBody;
pub use tender::{CardsAnswered, CardsKept, CardsRefunded, CardsSettled, CardsWanted, GoodsBody, SagaClosed, WantedBody};

/// A message, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message<'a> {
    /// An operator's question whether a line works: answered by the counters that it raises.
    Probe,
    /// See [`GiftGiven`].
    GiftGiven(GiftGiven<'a>),
    /// See [`GiftArrived`].
    GiftArrived(GiftArrived),
    /// See [`CardsWanted`].
    CardsWanted(CardsWanted<'a>),
    /// See [`CardsAnswered`].
    CardsAnswered(CardsAnswered<'a>),
    /// See [`CardsKept`].
    CardsKept(CardsKept<'a>),
    /// See [`CardsSettled`].
    CardsSettled(CardsSettled),
    /// See [`CardsRefunded`].
    CardsRefunded(CardsRefunded),
    /// The same of cards whose template is void: it is void with them, and home has said that it is paid outside.
    CardsLost(CardsRefunded),
    /// See [`SagaClosed`].
    SagaClosed(SagaClosed),
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
const CARDS_WANTED: [u8; 2] = [4, 1];
const CARDS_ANSWERED: [u8; 2] = [5, 1];
const CARDS_KEPT: [u8; 2] = [6, 1];
const CARDS_SETTLED: [u8; 2] = [7, 1];
const CARDS_REFUNDED: [u8; 2] = [8, 1];
const SAGA_CLOSED: [u8; 2] = [9, 1];
const CARDS_LOST: [u8; 2] = [10, 1];

impl<'a> Message<'a> {
    /// Its bytes on a line.
    pub fn bytes(&self) -> Box<[u8]> {
        match self {
            Message::Probe => PROBE.into(),
            Message::GiftGiven(body) => codec::encode_message(GIFT_GIVEN, body),
            Message::GiftArrived(body) => codec::encode_message(GIFT_ARRIVED, body),
            Message::CardsWanted(body) => codec::encode_message(CARDS_WANTED, body),
            Message::CardsAnswered(body) => codec::encode_message(CARDS_ANSWERED, body),
            Message::CardsKept(body) => codec::encode_message(CARDS_KEPT, body),
            Message::CardsSettled(body) => codec::encode_message(CARDS_SETTLED, body),
            Message::CardsRefunded(body) => codec::encode_message(CARDS_REFUNDED, body),
            Message::CardsLost(body) => codec::encode_message(CARDS_LOST, body),
            Message::SagaClosed(body) => codec::encode_message(SAGA_CLOSED, body),
        }
    }

    /// What value it carries, of which template; nothing if none.
    pub fn value(&self) -> Option<(u32, i64)> {
        match self {
            Message::GiftGiven(given) => Some((given.body.template, given.amount)),
            _ => None,
        }
    }

    /// The message that these bytes are; `None` if it is none of this build.
    pub fn read(bytes: &'a [u8]) -> Option<Message<'a>> {
        let (&kind, body) = bytes.split_first_chunk()?;
        match kind {
            PROBE if body.is_empty() => Some(Message::Probe),
            GIFT_GIVEN => codec::decode_message(body).map(Message::GiftGiven),
            GIFT_ARRIVED => codec::decode_message(body).map(Message::GiftArrived),
            CARDS_WANTED => codec::decode_message(body).map(Message::CardsWanted),
            CARDS_ANSWERED => codec::decode_message(body).map(Message::CardsAnswered),
            CARDS_KEPT => codec::decode_message(body).map(Message::CardsKept),
            CARDS_SETTLED => codec::decode_message(body).map(Message::CardsSettled),
            CARDS_REFUNDED => codec::decode_message(body).map(Message::CardsRefunded),
            CARDS_LOST => codec::decode_message(body).map(Message::CardsLost),
            SAGA_CLOSED => codec::decode_message(body).map(Message::SagaClosed),
            _ => None,
        }
    }
}
