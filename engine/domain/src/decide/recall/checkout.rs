//! The same for orders: what their parts did, read from holds and redemptions.

use super::super::checkout::named;
use crate::checkout::{PARTS, PLACES};
use crate::checkouts::{Checkout, Stage};
use crate::event::TenderedBody;
use crate::hold::HoldState;
use crate::money::Currency;
use crate::partition::Partition;
use crate::rejection::{Reason, Rejection};
use crate::reply::{CardRefund, CheckedOut, CheckoutRefunded, CheckoutReleased, Part, Written};
use crate::request::{Operation, Remembered, unpack_at};
use crate::saga::is_lost;

/// A refusal of an order, which names the instrument it is about: by its place in the request, or among the parts of what was held.
pub(super) fn refusal_of_order(operation: Operation, reason: Reason, value: i64) -> Rejection {
    let (at, value) = unpack_at(value);
    named(if operation == Operation::CaptureOrder { &PARTS } else { &PLACES }, at, Rejection::new(reason, value))
}

impl Partition {
    pub(super) fn recall_checkout(&self, number: u64, entry: &Remembered, replayed: bool) -> Result<CheckedOut, Rejection> {
        let checkout = self.checkouts.get(number).ok_or(Reason::RedemptionArchived)?;
        // What joined a checkout of another request is a repeated answer from the first time on.
        let replayed = replayed || checkout.lsn != entry.lsn;
        let written = Written { partition: self.id(), lsn: checkout.lsn, replayed };
        let order = checkout.goods.order();
        let parts = self.recall_parts(checkout, order.shares);
        let Checkout { stage, amount, payable, deadline_ms, at_ms, .. } = *checkout;
        let currency = currency(order.currency);
        let is_capture = entry.operation == Operation::CaptureOrder;
        let reacquired = is_capture && checkout.numbers().any(|part| !self.is_of_live_hold(part));
        Ok(CheckedOut { written, stage, currency, parts, amount, payable, deadline_ms, at_ms, reacquired })
    }

    /// Discounts, then cards in the order in which they were drained, wherever they lie.
    fn recall_parts(&self, checkout: &Checkout, shares: Vec<Vec<i64>>) -> Vec<Part> {
        let discounts = shares.len();
        let mut numbers = checkout.numbers();
        let mut parts: Vec<Part> = numbers
            .by_ref()
            .take(discounts)
            .zip(shares)
            .map(|(number, shares)| self.recall_part(checkout, number, Some(shares)))
            .collect();
        let Some(saga) = self.sagas.of_checkout(checkout.lsn) else {
            parts.extend(numbers.map(|number| self.recall_part(checkout, number, None)));
            return parts;
        };
        for one in &saga.body.tender.all {
            let applied = if checkout.stage == Stage::Held { one.charge } else { one.captured };
            match one.is_apart() {
                _ if applied == 0 => {}
                false => parts.push(self.recall_part(checkout, numbers.next().expect("I3: a card of home is a part"), None)),
                true => parts.push(Part {
                    apart: Some(one.partition),
                    lsn: 0,
                    coupon: one.coupon,
                    is_card: true,
                    amount: applied,
                    applied,
                    balance_after: if checkout.stage == Stage::Held { 0 } else { one.available - applied },
                    line_shares: Vec::new(),
                    shipping_share: 0,
                }),
            }
        }
        parts
    }

    /// A part as it was right after the checkout. Discounts have shares, of each line and at last of shipping; cards have none.
    fn recall_part(&self, checkout: &Checkout, number: u64, shares: Option<Vec<i64>>) -> Part {
        let (lsn, coupon, amount, applied, balance_after) = match checkout.stage {
            Stage::Held => {
                let hold = self.holds.get(number).expect("I3: a held part is here");
                (hold.lsn, hold.coupon, hold.amount, hold.applied, 0)
            }
            Stage::Redeemed => {
                let redemption = self.redemptions.get(number).expect("I3: a redeemed part is here");
                (redemption.lsn, redemption.coupon, redemption.amount, redemption.applied, redemption.balance_after)
            }
        };
        let mut line_shares = shares.unwrap_or_default();
        let shipping_share = line_shares.pop().unwrap_or(0);
        let is_card = self.coupon(coupon).expect("I3: the coupon of a part is here").1.is_stored_value();
        Part { apart: None, lsn, coupon, is_card, amount, applied, balance_after, line_shares, shipping_share }
    }

    pub(super) fn recall_checkout_release(&self, number: u64, written: Written, at_ms: i64) -> CheckoutReleased {
        let checkout = self.checkouts.get(number).expect("I3: a released checkout is here");
        let mut holds = checkout.numbers().filter_map(|number| self.holds.get(number));
        let is_expired = holds.any(|hold| hold.state == HoldState::Expired);
        CheckoutReleased { written, checkout: checkout.lsn, is_expired, at_ms }
    }

    pub(super) fn recall_checkout_refund(&self, number: u64, written: Written) -> CheckoutRefunded {
        let refund = self.checkouts.refund(number).expect("I3: a remembered refund is here");
        let checkout = self.checkouts.get(refund.checkout).expect("I3: a refunded checkout is here");
        let parts = (refund.first..refund.first + u64::from(refund.parts)).map(|number| self.recall_refund(number, written));
        let currency = currency(checkout.goods.order().currency);
        let apart = self.sagas.of_checkout(checkout.lsn).map_or(Vec::new(), |saga| {
            let given = (0..).zip(saga.given_after(refund.apart_before, refund.apart)).filter(|&(_, (_, amount))| amount > 0);
            let mut apart: Vec<CardRefund> =
                given.map(|(at, (one, amount))| card_refund(one, amount, is_lost(refund.lost, at))).collect();
            apart.reverse();
            apart
        });
        CheckoutRefunded {
            apart,
            written,
            checkout: checkout.lsn,
            currency,
            parts: parts.collect(),
            outside: refund.outside,
            at_ms: refund.at_ms,
        }
    }
}

fn card_refund(one: &TenderedBody, amount: i64, is_lost: bool) -> CardRefund {
    let &TenderedBody { partition, coupon, .. } = one;
    CardRefund { partition, coupon, amount, outside: if is_lost { amount } else { 0 } }
}

fn currency(letters: [u8; 3]) -> Currency {
    Currency::from_bytes(letters).expect("a kept order has a currency")
}
