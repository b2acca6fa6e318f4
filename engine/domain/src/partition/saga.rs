//! How a saga goes on at its home: it asks, hears answers, becomes a checkout or a refusal, and is settled with its cards elsewhere.

use super::Partition;
use super::checkout::Closing;
use crate::checkouts::{Checkout, CheckoutRefund, Stage, WHOLE_ORDER, cost, is_order, rest_of};
use crate::codec;
use crate::event::{self, SagaBody};
use crate::partition::Divergence;
use crate::rejection::Reason;
use crate::request::{Operation, Remembered};
use crate::saga::{ASKED, DISCOUNT, HERE, Saga, is_lost, read_tender};

impl Partition {
    pub(super) fn saga_opened(&mut self, event: &event::SagaOpened<'_>) -> Result<(), Divergence> {
        let Some(operation @ (Operation::HoldOrder | Operation::RedeemOrder)) = Operation::from_number(event.operation) else {
            return self.unexpected("an operation that asks for no cards");
        };
        let Some(order) = codec::decode_order(event.body).filter(is_order) else {
            return self.unexpected("an order that is none");
        };
        let is_new = |one: &event::TenderedBody| match one.role {
            DISCOUNT | HERE => one.partition == self.id,
            role => role == ASKED && one.charge == 0,
        };
        let Some(tender) = read_tender(event.tender).filter(|tender| tender.all.iter().all(is_new)) else {
            return self.unexpected("instruments that are none");
        };
        let costs: i64 = (0..=order.lines.len()).map(|at| cost(&order, at)).sum();
        let is_reckoned = costs == event.amount && rest_of(&order).iter().sum::<i64>() == event.wanted;
        if !is_reckoned || (event.ttl_ms == 0) != (operation == Operation::RedeemOrder) {
            return self.unexpected("a saga that does not sum up");
        }
        let key = self.order_key(event.merchant, event.order, WHOLE_ORDER).natural;
        let parts = u64::from(event.parts);
        let saga = Saga::asking(
            self.lsn,
            SagaBody {
                state: 0,
                operation: event.operation,
                order: key,
                request: self.request_key(operation, key, event.request.id),
                fingerprint: event.request.fingerprint,
                first: self.holds.next() - parts,
                amount: event.amount,
                wanted: event.wanted,
                deadline_ms: event.deadline_ms,
                until_ms: event.ttl_ms,
                merchant: event.merchant.into(),
                order_id: event.order.into(),
                body: event.body.into(),
                tender,
                held: 0,
                redeemed: 0,
                refunded: 0,
            },
        );
        assert_eq!(saga.holds().count() as u64, parts, "I9: the parts of a saga are its instruments here");
        for ((number, one), lsn) in saga.holds().zip(self.lsn - parts..) {
            let hold = self.holds.get(number).expect("I9: the parts of a saga are here");
            assert_eq!((hold.lsn, hold.coupon), (lsn, one.coupon), "I9: the parts of a saga stand right before it");
        }
        self.sagas.add(saga).expect("I9: an order asks once at a time");
        Ok(())
    }

    pub(super) fn saga_answered(&mut self, event: &event::SagaAnswered<'_>) -> Result<(), Divergence> {
        let Some(tender) = read_tender(event.tender) else {
            return self.unexpected("instruments that are none");
        };
        if !self.sagas.get(event.saga).is_some_and(|saga| saga.awaits(event.from)) {
            return self.unexpected("an answer that nobody awaits");
        }
        match self.sagas.change(event.saga, |saga| saga.answer(event.from, &tender)) {
            Some(()) => Ok(()),
            None => self.unexpected("an answer to something else"),
        }
    }

    pub(super) fn saga_checked_out(&mut self, event: &event::SagaCheckedOut<'_>) -> Result<(), Divergence> {
        let Some(saga) = self.sagas.get(event.saga).filter(|saga| saga.is_asking()).cloned() else {
            return self.unexpected("a saga that asks nothing");
        };
        assert_eq!(saga.said(), event.said, "I6: a saga is decided for what was answered");
        let drained = saga.drained().unwrap_or_default();
        let Some(tender) = codec::decode_tender(event.tender).filter(|tender| {
            let pairs = tender.all.iter().zip(&drained);
            let is_it = |one: &event::TenderedBody, drained: &event::TenderedBody| {
                *one == event::TenderedBody { captured: one.captured, ..*drained }
            };
            tender.all.len() == drained.len() && { pairs }.all(|(one, drained)| is_it(one, drained))
        }) else {
            return self.unexpected("instruments that are none");
        };
        let body = saga.body;
        let order = codec::decode_order(&body.body).expect("these bytes were checked when they came");
        let is_held = body.until_ms != 0;
        if (event.deadline_ms != 0) != is_held {
            return self.unexpected("a held order without a deadline");
        }
        let operation = if is_held { Operation::HoldOrder } else { Operation::RedeemOrder };
        let number = self.close(Closing {
            stage: if is_held { Stage::Held } else { Stage::Redeemed },
            order: body.order,
            fingerprint: body.fingerprint,
            parts: event.parts,
            amount: body.amount,
            payable: event.payable,
            deadline_ms: event.deadline_ms,
            body: &body.body,
            goods: &order,
            apart: tender.all.iter().filter(|one| one.is_apart()).map(|one| one.charge).sum(),
        });
        assert!(
            tender.all.iter().all(|one| one.captured == if is_held { 0 } else { one.charge }),
            "I2: what is redeemed is captured"
        );
        let deadline_ms = if is_held { Some(event.deadline_ms) } else { None };
        self.sagas.become_checkout(event.saga, self.lsn, deadline_ms, tender);
        self.remember_saga(operation, body.request, body.fingerprint, 0, number as i64);
        Ok(())
    }

    pub(super) fn saga_refused(&mut self, event: &event::SagaRefused) -> Result<(), Divergence> {
        if Reason::from_number(event.reason).is_none() {
            return self.unexpected("a refusal for a reason that is not known");
        }
        let Some(saga) = self.sagas.get(event.saga).filter(|saga| saga.is_asking()) else {
            return self.unexpected("a saga that asks nothing");
        };
        let live = saga.holds().filter_map(|(number, _)| self.holds.get(number)).any(|hold| hold.is_live(self.time_ms));
        assert!(!live, "I8: a saga that is refused holds nothing here");
        assert_eq!(saga.said(), event.said, "I6: a saga is refused for what was answered");
        let body = self.sagas.remove(event.saga).body;
        let operation = if body.until_ms != 0 { Operation::HoldOrder } else { Operation::RedeemOrder };
        self.remember_saga(operation, body.request, body.fingerprint, event.reason, event.value);
        Ok(())
    }

    pub(super) fn saga_ended(&mut self, event: &event::SagaEnded) -> Result<(), Divergence> {
        let Some(saga) = self.sagas.get(event.saga) else {
            return self.unexpected("a saga that is not known");
        };
        match event.how {
            event::LET_GO if saga.is_held() => self.sagas.let_go(event.saga),
            event::CLOSED if !saga.is_held() && !saga.is_asking() => drop(self.sagas.remove(event.saga)),
            _ => return self.unexpected("a saga that ends in a way that is not known"),
        }
        Ok(())
    }

    pub(super) fn captured_apart(&mut self, event: &event::CapturedApart<'_>) -> Result<(), Divergence> {
        let Some(order) = codec::decode_order(event.body).filter(is_order) else {
            return self.unexpected("an order that is none");
        };
        let (number, held) = self.checkouts.at_lsn(event.hold).expect("I9: a captured checkout exists");
        let Some(saga) = self.sagas.of_checkout(held.lsn).filter(|saga| saga.is_held()) else {
            return self.unexpected("a checkout without cards elsewhere");
        };
        let (saga, before) = (saga.lsn, saga.body.tender.clone());
        let Some(tender) = read_tender(event.tender).filter(|tender| {
            let unpaid = tender.all.iter().map(|one| event::TenderedBody { captured: 0, ..*one });
            unpaid.eq(before.all)
        }) else {
            return self.unexpected("instruments that are none");
        };
        let order_key = held.order;
        let checkout = self.close(Closing {
            stage: Stage::Redeemed,
            order: order_key,
            fingerprint: event.request.fingerprint,
            parts: event.parts,
            amount: event.amount,
            payable: event.payable,
            deadline_ms: 0,
            body: event.body,
            goods: &order,
            apart: tender.all.iter().filter(|one| one.is_apart()).map(|one| one.captured).sum(),
        });
        let here = tender.all.iter().filter(|one| one.role == HERE && one.captured > 0).count();
        assert!(here <= usize::from(event.parts), "I9: the cards of home are among its parts");
        self.checkouts.become_redeemed(number, self.lsn);
        self.sagas.become_checkout(saga, self.lsn, None, tender);
        self.remember(Operation::CaptureOrder, u128::from(event.hold), &event.request, 0, checkout as i64);
        Ok(())
    }

    pub(super) fn refunded_apart(&mut self, event: &event::RefundedApart<'_>) -> Result<(), Divergence> {
        let Some((number, Checkout { stage: Stage::Redeemed, goods, .. })) = self.checkouts.at_lsn(event.checkout) else {
            return self.unexpected("a refund of what was not redeemed");
        };
        let Some(returned) = codec::decode_returns(event.body).filter(|more| goods.may_take_back(more)) else {
            return self.unexpected("more units come back than there are");
        };
        let Some(saga) = self.sagas.of_checkout(event.checkout).filter(|saga| saga.is_redeemed()) else {
            return self.unexpected("a checkout without cards elsewhere");
        };
        let (apart, apart_before, lost) = (event.apart, saga.body.refunded, event.lost);
        let given = saga.given_after(apart_before, apart);
        let of_lost =
            || (0..).zip(&given).filter(|&(at, &(_, amount))| is_lost(lost, at) && amount > 0).map(|(_, &(_, amount))| amount);
        if of_lost().count() != lost.count_ones() as usize || of_lost().sum::<i64>() > event.outside {
            return self.unexpected("what is lost goes back and is paid outside");
        }
        let saga = saga.lsn;
        let parts = u32::from(event.parts);
        let first = self.redemptions.refunds_next() - u64::from(parts);
        let (outside, at_ms) = (event.outside, self.time_ms);
        let refund = CheckoutRefund { checkout: number, first, parts, outside, at_ms, apart, apart_before, lost };
        let refund = self.checkouts.add_refund(refund, &returned);
        self.sagas.change(saga, |saga| {
            saga.body.refunded += event.apart;
            let paid: i64 = saga.apart().map(|one| one.captured).sum();
            assert!(saga.body.refunded <= paid, "I2: no more goes back to cards than they have paid");
        });
        self.remember(Operation::RefundOrder, u128::from(event.checkout), &event.request, 0, refund as i64);
        Ok(())
    }

    /// A saga answers the request that it came from, by the key that was hashed then.
    fn remember_saga(&mut self, operation: Operation, key: u128, fingerprint: u64, reason: u16, value: i64) {
        let (lsn, at_ms) = (self.lsn, self.time_ms);
        self.requests.remember(Remembered { key, fingerprint, lsn, at_ms, value, reason, operation });
    }
}
