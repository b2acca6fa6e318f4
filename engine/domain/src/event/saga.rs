//! Events of a checkout whose cards lie in several partitions: a saga at its home, pledges where the cards are.
//!
//! What is held, captured, released and refunded of a coupon is an event of its own, as in any checkout; these close them, in one frame. A saga
//! is named by the lsn of its first event, and its pledges elsewhere by that and its home.

use super::Request;
use crate::codec::{BorrowDecode, Encode};

/// Cards of other partitions were asked for, and the instruments of this one held, by the parts right before. It answers nothing yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct SagaOpened<'a> {
    /// Hold or redeem of an order.
    pub operation: u8,
    /// At which merchant.
    pub merchant: &'a str,
    /// For which order.
    pub order: &'a str,
    /// The request.
    pub request: Request<'a>,
    /// How many parts it has.
    pub parts: u8,
    /// What the order costs before them.
    pub amount: i64,
    /// What discounts leave of it: what cards may pay.
    pub wanted: i64,
    /// When it ends without an outcome, ms.
    pub deadline_ms: i64,
    /// How long a held order is held from when all have answered, ms; 0 for one that is redeemed.
    pub ttl_ms: i64,
    /// A [`TenderBody`]: its instruments.
    pub tender: &'a [u8],
    /// An [`OrderBody`](super::OrderBody).
    pub body: &'a [u8],
}

/// A partition has said what it holds for a saga, or why nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct SagaAnswered<'a> {
    /// The saga: lsn of its first event.
    pub saga: u64,
    /// Who says so.
    pub from: u16,
    /// A [`TenderBody`]: its cards.
    pub tender: &'a [u8],
}

/// All have answered, and the order was held or redeemed, here by the parts right before. The checkout is named by the lsn of this event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct SagaCheckedOut<'a> {
    /// The saga.
    pub saga: u64,
    /// How many parts it has here.
    pub parts: u8,
    /// What is left to pay after all cards.
    pub payable: i64,
    /// When the holds of a held order end, ms; 0 for one that is redeemed.
    pub deadline_ms: i64,
    /// The digest of its instruments as they were by then: of them what they pay stays.
    pub said: u64,
    /// A [`TenderBody`]: what each card pays, in the order in which they are drained.
    pub tender: &'a [u8],
}

/// A saga ended with a refusal; what it held here was let go right before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct SagaRefused {
    /// The saga.
    pub saga: u64,
    /// The reason's number.
    pub reason: u16,
    /// The place of the instrument and the number that belongs to the reason, as they are remembered.
    pub value: i64,
    /// The digest of its instruments as they were by then: of them nothing stays.
    pub said: u64,
}

/// Cards of other partitions are no longer held for a checkout, or all that is known of a saga has left memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct SagaEnded {
    /// The saga.
    pub saga: u64,
    /// [`LET_GO`] or [`CLOSED`].
    pub how: u8,
}

/// [`SagaEnded::how`], [`PledgeEnded::how`]: what was held was let go, or captured.
pub const LET_GO: u8 = 1;

/// [`SagaEnded::how`], [`PledgeEnded::how`]: nobody asks for it any more.
pub const CLOSED: u8 = 2;

/// A held order with cards of other partitions was captured, here by the parts right before. The checkout is named by the lsn of this event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct CapturedApart<'a> {
    /// The held checkout: its lsn.
    pub hold: u64,
    /// The request.
    pub request: Request<'a>,
    /// How many parts it has here.
    pub parts: u8,
    /// What the delivered part of the order costs.
    pub amount: i64,
    /// What is left to pay.
    pub payable: i64,
    /// A [`TenderBody`]: what each card paid.
    pub tender: &'a [u8],
    /// An [`OrderBody`](super::OrderBody).
    pub body: &'a [u8],
}

/// Units of an order's lines came back; what cards of other partitions get back is on its way to them: the first version, which is only
/// read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct RefundedApartV1<'a> {
    /// The checkout: lsn of its event.
    pub checkout: u64,
    /// The request.
    pub request: Request<'a>,
    /// How many parts it has here.
    pub parts: u8,
    /// What is to be paid back to who paid the order beside coupons and cards.
    pub outside: i64,
    /// What goes back to cards of other partitions, the last drained first.
    pub apart: i64,
    /// A [`ReturnsBody`](super::ReturnsBody): what came back.
    pub body: &'a [u8],
}

/// The same, with what void templates take of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct RefundedApart<'a> {
    /// The checkout: lsn of its event.
    pub checkout: u64,
    /// The request.
    pub request: Request<'a>,
    /// How many parts it has here.
    pub parts: u8,
    /// What is to be paid back to who paid the order beside coupons and cards, and what came back to cards of void templates.
    pub outside: i64,
    /// What goes back to cards of other partitions, the last drained first.
    pub apart: i64,
    /// A [`ReturnsBody`](super::ReturnsBody): what came back.
    pub body: &'a [u8],
    /// Of the cards of other partitions, in the order in which they are drained, those that lose it with their void template: bit n is the
    /// n-th.
    pub lost: u16,
}

impl<'a> RefundedApartV1<'a> {
    /// The same as it is written today: it knew nothing of what is lost.
    pub fn today(&self) -> RefundedApart<'a> {
        let RefundedApartV1 { checkout, request, parts, outside, apart, body } = *self;
        RefundedApart { checkout, request, parts, outside, apart, body, lost: 0 }
    }
}

/// Cards were held, by the parts right before, for a checkout of another partition; again, with what they will pay, when it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct Pledged {
    /// The checkout's partition.
    pub home: u16,
    /// The saga there.
    pub saga: u64,
    /// How many parts.
    pub parts: u8,
}

/// Cards are no longer held for a checkout of another partition: each was captured or released right before; or nobody asks any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct PledgeEnded {
    /// The checkout's partition.
    pub home: u16,
    /// The saga there.
    pub saga: u64,
    /// [`LET_GO`] or [`CLOSED`].
    pub how: u8,
}

/// One instrument of a saga, in primitives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, BorrowDecode)]
pub struct TenderedBody {
    /// 1 a discount of home, 2 a card of home, 3 a card that was asked for, 4 one that is held, 5 one that was declined.
    pub role: u8,
    /// Where it lies.
    pub partition: u16,
    /// Its place in the request.
    pub place: u8,
    /// Its number there.
    pub coupon: u64,
    /// Of one that was declined: the reason's number.
    pub reason: u16,
    /// Of one that was declined the number that belongs to the reason, of one that is held its template's + 1; 0 = not told.
    pub value: i64,
    /// What a card had before it was held.
    pub available: i64,
    /// When it expires, ms; 0 = never.
    pub until_ms: i64,
    /// What it was held for, or charged at once.
    pub charge: i64,
    /// What of that was captured.
    pub captured: i64,
}

/// The instruments of a saga: bytes with a kind and a version of their own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, BorrowDecode)]
pub struct TenderBody {
    /// Each of them.
    pub all: Vec<TenderedBody>,
}

/// A saga as its home keeps it and as an image holds it: bytes with a kind and a version of their own.
#[derive(Clone, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct SagaBody {
    /// 1 asking, 2 held, 3 redeemed, 4 let go.
    pub state: u8,
    /// Hold or redeem of an order.
    pub operation: u8,
    /// Keyed hash of its order.
    pub order: u128,
    /// By which its request is remembered.
    pub request: u128,
    /// Of what was asked.
    pub fingerprint: u64,
    /// The number of its first hold here.
    pub first: u64,
    /// What the order costs.
    pub amount: i64,
    /// What cards may pay.
    pub wanted: i64,
    /// When it ends without an outcome, ms.
    pub deadline_ms: i64,
    /// While it asks, how long a held order is to be held, ms; then until when; 0 of one that is redeemed.
    pub until_ms: i64,
    /// At which merchant; empty once it has an outcome.
    pub merchant: String,
    /// For which order; empty once it has an outcome.
    pub order_id: String,
    /// An [`OrderBody`](super::OrderBody); empty once it has an outcome.
    pub body: Vec<u8>,
    /// Its instruments; once it has an outcome its cards, in the order in which they are drained.
    pub tender: TenderBody,
    /// Lsn of the held checkout; 0 = none.
    pub held: u64,
    /// Lsn of the redeemed checkout; 0 = none.
    pub redeemed: u64,
    /// What went back to cards of other partitions so far.
    pub refunded: i64,
}
