//! What partitions say to each other about the cards of one order: home asks, the cards' partition answers, home has the last word.

use crate::codec::{BorrowDecode, Encode};

/// From home: hold these cards for an order, all of them or none.
#[derive(Clone, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct CardsWanted<'a> {
    /// The saga: lsn of its first event at home.
    pub saga: u64,
    /// At which merchant.
    pub merchant: &'a str,
    /// For which order.
    pub order: &'a str,
    /// Three letters.
    pub currency: [u8; 3],
    /// Through which channel; empty = not said.
    pub channel: &'a str,
    /// Hold no more than this of each.
    pub wanted: i64,
    /// The texts of the order's goods, each once.
    pub texts: Vec<&'a str>,
    /// What a card's scope looks at, each once.
    pub goods: Vec<GoodsBody>,
    /// The cards, in the order in which the request names them.
    pub cards: Vec<WantedBody>,
}

/// Goods of an order, by places among its texts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, BorrowDecode)]
pub struct GoodsBody {
    /// Their id: place + 1; 0 = none.
    pub goods: u32,
    /// Who sells them.
    pub merchant: u32,
    /// Their categories.
    pub categories: Vec<u32>,
}

/// A card that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct WantedBody {
    /// Its place in the request.
    pub place: u8,
    /// Its number.
    pub coupon: u64,
    /// 1 by its code, 2 by its owner, 3 by its id alone.
    pub named: u8,
    /// The key version of its code; 0 where that does not name it.
    pub key_version: u8,
    /// Its owner's key; 0 where that does not name it.
    pub user: u128,
}

/// To home: what is held, or why nothing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct CardsAnswered<'a> {
    /// The saga.
    pub saga: u64,
    /// A [`TenderBody`](crate::event::TenderBody): the cards, in the order in which they were asked for.
    pub tender: &'a [u8],
}

/// From home: the order is held, and each card will pay so much at most; the rest of it is free.
#[derive(Clone, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct CardsKept<'a> {
    /// The saga.
    pub saga: u64,
    /// At which merchant.
    pub merchant: &'a str,
    /// For which order.
    pub order: &'a str,
    /// Of each card, in the order in which they were asked for.
    pub charges: Vec<i64>,
}

/// From home: each card pays so much, now; where nothing is said, all of them are free.
#[derive(Clone, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct CardsSettled {
    /// The saga.
    pub saga: u64,
    /// Of each card, in the order in which they were asked for; empty = nothing of any.
    pub charges: Vec<i64>,
}

/// From home: each card gets so much back.
#[derive(Clone, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct CardsRefunded {
    /// The saga.
    pub saga: u64,
    /// Of each card, in the order in which they were asked for.
    pub amounts: Vec<i64>,
}

/// From home: nothing will come back any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct SagaClosed {
    /// The saga.
    pub saga: u64,
}
