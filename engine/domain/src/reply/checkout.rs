//! Replies to orders of several coupons and cards.

use super::{Refunded, Written};
use crate::checkouts::Stage;
use crate::money::Currency;

/// One coupon or card of a checkout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Where it lies, if that is another partition.
    pub apart: Option<u16>,
    /// The lsn that names its hold or its redemption; 0 of a card of another partition.
    pub lsn: u64,
    /// The coupon's number.
    pub coupon: u64,
    /// Whether it is a card, which pays.
    pub is_card: bool,
    /// What the parts before it have left of the order, or what is charged.
    pub amount: i64,
    /// The discount, or the charge.
    pub applied: i64,
    /// The balance of a card that was charged after it; of one of another partition as if nothing else had happened to it meanwhile.
    pub balance_after: i64,
    /// Of a discount: what it takes off each line.
    pub line_shares: Vec<i64>,
    /// Of a discount: what it takes off shipping.
    pub shipping_share: i64,
}

/// An order held or redeemed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedOut {
    /// Where; the lsn names the checkout.
    pub written: Written,
    /// Held or redeemed.
    pub stage: Stage,
    /// The currency of its amounts.
    pub currency: Currency,
    /// Discounts in the order of application, then cards in that of their draining.
    pub parts: Vec<Part>,
    /// What the order costs.
    pub amount: i64,
    /// What is left to pay.
    pub payable: i64,
    /// When it ends by itself, ms; 0 if it holds nothing.
    pub deadline_ms: i64,
    /// When, ms.
    pub at_ms: i64,
    /// Whether it captured an order of which a hold that it needed had ended before.
    pub reacquired: bool,
}

/// A held order let go, or one that had ended already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckoutReleased {
    /// Where.
    pub written: Written,
    /// The checkout: lsn of its event.
    pub checkout: u64,
    /// Whether its deadline had ended it before.
    pub is_expired: bool,
    /// When, ms.
    pub at_ms: i64,
}

/// What a card of another partition gets back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CardRefund {
    /// Where it lies.
    pub partition: u16,
    /// Its number there.
    pub coupon: u64,
    /// How much.
    pub amount: i64,
    /// What of it has to be paid outside, because the card's template is void: all of it or nothing.
    pub outside: i64,
}

/// Units of an order that came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckoutRefunded {
    /// Where.
    pub written: Written,
    /// The checkout: lsn of its event.
    pub checkout: u64,
    /// The currency of its amounts.
    pub currency: Currency,
    /// What each coupon and card of this partition got back that got something.
    pub parts: Vec<Refunded>,
    /// What cards of other partitions get back, the last drained first.
    pub apart: Vec<CardRefund>,
    /// What is to be paid back to who paid beside coupons and cards, and what came back to cards of void templates.
    pub outside: i64,
    /// When, ms.
    pub at_ms: i64,
}
