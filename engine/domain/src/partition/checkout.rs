//! How the event that closes a checkout makes its parts one: they were applied right before it, as holds, redemptions, refunds.

use super::Partition;
use crate::checkouts::{Checkout, CheckoutRefund, Goods, Stage, WHOLE_ORDER, is_order};
use crate::codec;
use crate::digest;
use crate::event::{self, OrderBody};
use crate::partition::Divergence;
use crate::request::Operation;

/// What makes parts one.
pub(super) struct Closing<'a> {
    pub(super) stage: Stage,
    /// Keyed hash of the order.
    pub(super) order: u128,
    pub(super) fingerprint: u64,
    /// How many stand right before.
    pub(super) parts: u8,
    pub(super) amount: i64,
    pub(super) payable: i64,
    pub(super) deadline_ms: i64,
    /// What is said of the order, and what it is.
    pub(super) body: &'a [u8],
    pub(super) goods: &'a OrderBody<'a>,
    /// What cards of other partitions apply.
    pub(super) apart: i64,
}

impl Partition {
    pub(super) fn checked_out(&mut self, event: &event::CheckedOut<'_>) -> Result<(), Divergence> {
        let operation = match Operation::from_number(event.operation) {
            Some(operation @ (Operation::HoldOrder | Operation::RedeemOrder | Operation::CaptureOrder)) => operation,
            _ => return self.unexpected("an operation that checks nothing out"),
        };
        let Some(order) = codec::decode_order(event.body).filter(is_order) else {
            return self.unexpected("an order that is none");
        };
        let held = (event.hold != 0).then(|| self.checkouts.at_lsn(event.hold).expect("I9: a captured checkout exists"));
        assert_eq!(held.is_some(), operation == Operation::CaptureOrder, "I9: a capture has a hold");
        if held.is_some() && !(event.merchant.is_empty() && event.order.is_empty()) {
            return self.unexpected("a capture that names another order");
        }
        let stage = if operation == Operation::HoldOrder { Stage::Held } else { Stage::Redeemed };
        let (key, subject, held) = match held {
            Some((number, held)) => (held.order, u128::from(held.lsn), Some(number)),
            None => {
                let key = self.order_key(event.merchant, event.order, WHOLE_ORDER).natural;
                (key, key, None)
            }
        };
        let number = self.close(Closing {
            stage,
            order: key,
            fingerprint: event.request.fingerprint,
            parts: event.parts,
            amount: event.amount,
            payable: event.payable,
            deadline_ms: event.deadline_ms,
            body: event.body,
            goods: &order,
            apart: 0,
        });
        if let Some(held) = held {
            self.checkouts.become_redeemed(held, self.lsn);
        }
        self.remember(operation, subject, &event.request, 0, number as i64);
        Ok(())
    }

    /// The checkout that the parts right before, and cards of other partitions, make; gives its number.
    pub(super) fn close(&mut self, closing: Closing<'_>) -> u64 {
        let Closing { stage, order, fingerprint, parts, amount, payable, deadline_ms, body, goods, apart } = closing;
        let next = match stage {
            Stage::Held => self.holds.next(),
            Stage::Redeemed => self.redemptions.next(),
        };
        let checkout = Checkout {
            lsn: self.lsn,
            stage,
            order,
            fingerprint,
            first: next - u64::from(parts),
            parts: parts.into(),
            amount,
            payable,
            deadline_ms,
            at_ms: self.time_ms,
            became: 0,
            said: digest::text(body),
            goods: Goods::of(goods),
        };
        assert_eq!(
            self.applied_by_parts(&checkout) + apart,
            amount - payable,
            "I2: what an order pays less is what its parts apply"
        );
        self.checkouts.add(checkout)
    }

    /// What the parts of a checkout apply; each is the event right before the next.
    fn applied_by_parts(&self, checkout: &Checkout) -> i64 {
        let lsns = checkout.lsn - u64::from(checkout.parts)..;
        let parts = checkout.numbers().zip(lsns).map(|(number, lsn)| {
            let (found, applied) = match checkout.stage {
                Stage::Held => self.holds.get(number).map(|hold| (hold.lsn, hold.applied)),
                Stage::Redeemed => self.redemptions.get(number).map(|redemption| (redemption.lsn, redemption.applied)),
            }
            .expect("I9: the parts of a checkout are here");
            assert_eq!(found, lsn, "I9: the parts of a checkout stand right before it");
            applied
        });
        parts.sum()
    }

    pub(super) fn checkout_released(&mut self, event: &event::CheckoutReleased<'_>) -> Result<(), Divergence> {
        let Some((number, Checkout { stage: Stage::Held, became: 0, .. })) = self.checkouts.at_lsn(event.checkout) else {
            return self.unexpected("a release of what is not held");
        };
        self.remember(Operation::ReleaseOrder, u128::from(event.checkout), &event.request, 0, number as i64);
        Ok(())
    }

    pub(super) fn checkout_refunded(&mut self, event: &event::CheckoutRefunded<'_>) -> Result<(), Divergence> {
        let Some((number, Checkout { stage: Stage::Redeemed, goods, .. })) = self.checkouts.at_lsn(event.checkout) else {
            return self.unexpected("a refund of what was not redeemed");
        };
        let Some(returned) = codec::decode_returns(event.body).filter(|more| goods.may_take_back(more)) else {
            return self.unexpected("more units come back than there are");
        };
        let parts = u32::from(event.parts);
        let first = self.redemptions.refunds_next() - u64::from(parts);
        let refund = CheckoutRefund {
            checkout: number,
            first,
            parts,
            outside: event.outside,
            at_ms: self.time_ms,
            apart: 0,
            apart_before: 0,
            lost: 0,
        };
        let refund = self.checkouts.add_refund(refund, &returned);
        self.remember(Operation::RefundOrder, u128::from(event.checkout), &event.request, 0, refund as i64);
        Ok(())
    }
}
