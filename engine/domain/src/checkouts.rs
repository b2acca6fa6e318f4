//! Checkouts: orders whose coupons and cards were held or redeemed together, as long as they are in memory.
//!
//! A checkout is named by the lsn of its event. Its parts are holds or redemptions like any other, whose events stand right before it; here
//! is what makes them one: the order, the share of each line in each discount, and what came back. Units come back by line, so
//! whatever the order of returns, each share is given back to the last unit. A held checkout stays for as long as its holds are known, a
//! redeemed one for as long as its redemptions.

use crate::checkout::INSTRUMENTS_MAX;
use crate::checkout::give_back::given_back;
use crate::codec::{self, decode_order, decode_returns, encode_order, encode_returns};
use crate::container::{Entities, Index};
use crate::digest::{self, Entity, EntityKind};
use crate::event::{CheckoutBody, LineBody, OrderBody, ReturnsBody};
use crate::hold::HOLD_MEMORY_MS;
use crate::image::{Chunks, Fields, Restore};
use crate::money::{Currency, is_amount};
use crate::planted::{self, Planted};
use crate::redemption::REFUND_WINDOW_MS;
use crate::request::REQUEST_MEMORY_MS;

/// Stands for all coupons of an order in its natural key: no coupon has this number.
pub(crate) const WHOLE_ORDER: u64 = u64::MAX;

/// Whether the parts of a checkout are holds or redemptions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Stage {
    /// Holds.
    Held = 1,
    /// Redemptions.
    Redeemed = 2,
}

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Checkout {
    pub(crate) lsn: u64,
    pub(crate) stage: Stage,
    /// Keyed hash of (merchant, order, [`WHOLE_ORDER`]).
    pub(crate) order: u128,
    /// Of what was asked, by which the same is known when it is asked again.
    pub(crate) fingerprint: u64,
    /// The number of its first hold or redemption; the others follow.
    pub(crate) first: u64,
    pub(crate) parts: u32,
    /// What the order costs before coupons and cards.
    pub(crate) amount: i64,
    /// What is left to pay after them.
    pub(crate) payable: i64,
    /// When its holds end by themselves, ms.
    pub(crate) deadline_ms: i64,
    pub(crate) at_ms: i64,
    /// Lsn of the redeemed checkout that a held one became; 0 = none.
    pub(crate) became: u64,
    /// The digest of all that its event says of the order: its texts stay in the journal.
    pub(crate) said: u64,
    pub(crate) goods: Goods,
}

/// The lines of an order, and what came back of them: bytes, because lines are many and nobody looks at them but who returns some.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Goods {
    /// An [`OrderBody`] without its texts.
    order: Box<[u8]>,
    /// A [`ReturnsBody`] of all that came back; empty = nothing.
    returned: Box<[u8]>,
}

impl Goods {
    /// Of an order as its event has it; the texts stay in the journal.
    pub(crate) fn of(order: &OrderBody<'_>) -> Goods {
        let line = |line: &LineBody<'_>| LineBody { goods: "", merchant: "", ..*line };
        let kept = OrderBody { lines: order.lines.iter().map(line).collect(), ..order.clone() };
        Goods { order: encode_order(&kept).into(), returned: Box::default() }
    }

    fn from_bytes(order: &[u8], returned: &[u8]) -> Option<Goods> {
        let body = decode_order(order)?;
        is_order(&body).then_some(())?;
        if !returned.is_empty() {
            is_returned(&decode_returns(returned)?, &body).then_some(())?;
        }
        Some(Goods { order: order.into(), returned: returned.into() })
    }

    pub(crate) fn order(&self) -> OrderBody<'_> {
        decode_order(&self.order).expect("these bytes were written by us")
    }

    pub(crate) fn returned(&self) -> ReturnsBody {
        match self.returned.is_empty() {
            true => ReturnsBody { units: vec![0; self.order().lines.len()], shipping: false },
            false => decode_returns(&self.returned).expect("these bytes were written by us"),
        }
    }

    /// What came back with these units, if there are as many.
    fn with(&self, more: &ReturnsBody) -> Option<ReturnsBody> {
        let mut all = self.returned();
        (more.units.len() == all.units.len() && !(all.shipping && more.shipping)).then_some(())?;
        for (all, more) in all.units.iter_mut().zip(&more.units) {
            *all = all.checked_add(*more)?;
        }
        all.shipping |= more.shipping;
        is_returned(&all, &self.order()).then_some(all)
    }

    /// Whether these units can come back: no more than there are, shipping once.
    pub(crate) fn may_take_back(&self, more: &ReturnsBody) -> bool {
        self.with(more).is_some()
    }

    /// They came back.
    fn take_back(&mut self, more: &ReturnsBody) {
        let all = self.with(more).expect("no more units come back than there are");
        self.returned = encode_returns(&all).into();
    }

    /// Bytes of memory beside the entity's own.
    fn bytes(&self) -> usize {
        self.order.len() + self.returned.len()
    }
}

/// Whether no number of it is out of its range, and each discount has a share of each line and of shipping.
pub(crate) fn is_order(order: &OrderBody<'_>) -> bool {
    // A line of which nothing was delivered costs nothing.
    let is_line = |line: &LineBody<'_>| is_amount(line.amount) && (line.quantity > 0 || line.amount == 0);
    let are_lines = order.lines.iter().all(is_line) && is_amount(order.shipping);
    let is_whole = |shares: &Vec<i64>| shares.len() == order.lines.len() + 1 && shares.iter().all(|&share| share >= 0);
    let is_over = |at: usize| order.shares.iter().map(|shares| shares[at]).sum::<i64>() > cost(order, at);
    let is_currency = Currency::from_bytes(order.currency).is_some();
    is_currency && are_lines && order.shares.iter().all(is_whole) && !(0..=order.lines.len()).any(is_over)
}

fn is_returned(returned: &ReturnsBody, order: &OrderBody<'_>) -> bool {
    let lines = order.lines.iter().zip(&returned.units);
    returned.units.len() == order.lines.len() && { lines }.all(|(line, &units)| units <= line.quantity)
}

/// What a line costs, or shipping, whose place is behind the lines.
pub(crate) fn cost(order: &OrderBody<'_>, at: usize) -> i64 {
    order.lines.get(at).map_or(order.shipping, |line| line.amount)
}

/// What has been given back of a share of each line and of shipping, when so much of them came back.
pub(crate) fn given_back_of(order: &OrderBody<'_>, shares: &[i64], returned: &ReturnsBody) -> i64 {
    let lines = order.lines.iter().zip(&returned.units).zip(shares).filter(|((line, _), _)| line.quantity > 0);
    let up = |units: u32, of: u32| i64::from(planted::is(Planted::ShareRoundedUp) && units > 0 && units < of);
    let of_line =
        |line: &LineBody<'_>, units, share| (given_back(share, line.quantity, units) + up(units, line.quantity)).min(share);
    let of_lines: i64 = lines.map(|((line, &units), &share)| of_line(line, units, share)).sum();
    of_lines + if returned.shipping { shares[order.lines.len()] } else { 0 }
}

/// What discounts leave of each line and of shipping: what cards and others pay.
pub(crate) fn rest_of(order: &OrderBody<'_>) -> Vec<i64> {
    let taken = |at: usize| order.shares.iter().map(|shares| shares[at]).sum::<i64>();
    (0..=order.lines.len()).map(|at| cost(order, at) - taken(at)).collect()
}

impl Checkout {
    /// Whether its refund window has passed.
    pub(crate) fn is_archived(&self, now_ms: i64) -> bool {
        self.at_ms + REFUND_WINDOW_MS <= now_ms
    }

    /// Whether somebody who asks for it again may be given its outcome: it stands.
    pub(crate) fn may_be_joined(&self, now_ms: i64) -> bool {
        self.goods.returned.is_empty() && !self.is_archived(now_ms)
    }

    /// The number of its parts.
    pub(crate) fn numbers(&self) -> std::ops::Range<u64> {
        self.first..self.first + u64::from(self.parts)
    }

    /// When nobody needs it any more, but for requests that were remembered by then.
    pub(crate) fn needed_until_ms(&self) -> i64 {
        match self.stage {
            Stage::Held => self.deadline_ms.max(self.at_ms) + HOLD_MEMORY_MS,
            Stage::Redeemed => self.at_ms + REFUND_WINDOW_MS,
        }
    }
}

impl Entity for Checkout {
    const KIND: EntityKind = EntityKind::Checkout;
    fn fields(&self, visit: &mut impl FnMut(u16, u64)) {
        visit(1, self.lsn);
        visit(2, self.stage as u64);
        visit(3, self.order as u64);
        visit(4, (self.order >> 64) as u64);
        visit(5, self.fingerprint);
        visit(6, self.first);
        visit(7, u64::from(self.parts));
        visit(8, self.amount as u64);
        visit(9, self.payable as u64);
        visit(10, self.deadline_ms as u64);
        visit(11, self.at_ms as u64);
        visit(12, self.became);
        visit(13, digest::text(&self.goods.order));
        visit(14, digest::optional_text(&self.goods.returned));
        visit(15, self.said);
    }
}

impl Checkout {
    fn bytes(&self) -> Vec<u8> {
        let Checkout {
            lsn,
            stage,
            order,
            fingerprint,
            first,
            parts,
            amount,
            payable,
            deadline_ms,
            at_ms,
            became,
            said,
            ref goods,
        } = *self;
        let (goods, returned) = (&*goods.order, &*goods.returned);
        let stage = stage as u8;
        codec::encode_checkout(&CheckoutBody {
            lsn,
            stage,
            order,
            fingerprint,
            first,
            parts,
            amount,
            payable,
            deadline_ms,
            at_ms,
            became,
            said,
            goods,
            returned,
        })
    }

    /// From an image; `None` if no checkout of this build has these bytes.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Checkout> {
        let body = codec::decode_checkout(bytes)?;
        let CheckoutBody { lsn, order, fingerprint, first, parts, amount, payable, deadline_ms, at_ms, became, said, .. } = body;
        let stage = [Stage::Held, Stage::Redeemed].into_iter().find(|&stage| stage as u8 == body.stage)?;
        let goods = Goods::from_bytes(body.goods, body.returned)?;
        (parts as usize <= INSTRUMENTS_MAX && is_amount(amount) && is_amount(payable)).then_some(())?;
        let checkout =
            Checkout { lsn, stage, order, fingerprint, first, parts, amount, payable, deadline_ms, at_ms, became, said, goods };
        (checkout.bytes() == bytes).then_some(checkout)
    }
}

/// A refund of a redeemed checkout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CheckoutRefund {
    /// The checkout's number.
    pub(crate) checkout: u64,
    /// The number of the first refund of a part; the others follow.
    pub(crate) first: u64,
    pub(crate) parts: u32,
    /// What was to be paid back to who paid beside coupons and cards.
    pub(crate) outside: i64,
    pub(crate) at_ms: i64,
    /// What went back to cards of other partitions, and what had gone back to them before.
    pub(crate) apart: i64,
    pub(crate) apart_before: i64,
    /// Which of those lose it with their void template: bit n is the n-th in the order in which they are drained.
    pub(crate) lost: u16,
}

impl Entity for CheckoutRefund {
    const KIND: EntityKind = EntityKind::CheckoutRefund;
    fn fields(&self, visit: &mut impl FnMut(u16, u64)) {
        visit(1, self.checkout + 1);
        visit(2, self.first);
        visit(3, u64::from(self.parts));
        visit(4, self.outside as u64);
        visit(5, self.at_ms as u64);
        visit(6, self.apart as u64);
        visit(7, self.apart_before as u64);
        visit(8, u64::from(self.lost));
    }
}

impl Restore for CheckoutRefund {
    fn restore(_number: u64, fields: &Fields) -> Option<CheckoutRefund> {
        let (outside, at_ms) = (fields.get(4) as i64, fields.get(5) as i64);
        let (apart, apart_before) = (fields.get(6) as i64, fields.get(7) as i64);
        let (checkout, first, parts, lost) = (fields.one_based(1)?, fields.get(2), fields.narrow(3)?, fields.narrow(8)?);
        Some(CheckoutRefund { checkout, first, parts, outside, at_ms, apart, apart_before, lost })
    }
}

/// All checkouts of one partition, and their refunds.
#[derive(Default)]
pub(crate) struct Checkouts {
    all: Entities<Checkout>,
    /// The newest of each order; derived.
    by_order: Index,
    refunds: Entities<CheckoutRefund>,
    /// Bytes of all orders and returns; derived.
    goods_bytes: u64,
}

impl Checkouts {
    pub(crate) fn get(&self, number: u64) -> Option<&Checkout> {
        self.all.get(number)
    }

    pub(crate) fn refund(&self, number: u64) -> Option<&CheckoutRefund> {
        self.refunds.get(number)
    }

    /// The checkout whose event has this lsn.
    pub(crate) fn at_lsn(&self, lsn: u64) -> Option<(u64, &Checkout)> {
        self.all.find_rising(lsn, |checkout| checkout.lsn)
    }

    /// The newest checkout of an order.
    pub(crate) fn of_order(&self, order: u128) -> Option<(u64, &Checkout)> {
        let is_it = |number| self.get(number).is_some_and(|checkout| checkout.order == order);
        let number = self.by_order.find(order as u64, self.all.first(), is_it)?;
        Some((number, self.get(number)?))
    }

    /// The checkout of which the hold or redemption of this lsn is a part, if it is one of any: their events stand right before its own.
    pub(crate) fn with_part(&self, lsn: u64) -> Option<&Checkout> {
        let after = self.all.first_above(lsn, |checkout| checkout.lsn)?;
        (lsn + u64::from(after.parts) >= after.lsn).then_some(after)
    }

    /// Whether this lsn is older than what is kept, and may have been a checkout.
    pub(crate) fn may_have_forgotten(&self, lsn: u64) -> bool {
        let oldest = self.get(self.all.first());
        self.all.first() > 0 && lsn > 0 && oldest.is_none_or(|oldest| lsn < oldest.lsn)
    }

    pub(crate) fn add(&mut self, checkout: Checkout) -> u64 {
        let order = checkout.order;
        self.goods_bytes += checkout.goods.bytes() as u64;
        let number = self.all.push(checkout);
        self.index(number, order);
        number
    }

    fn index(&mut self, number: u64, order: u128) {
        let all = &self.all;
        let same = |other| all.get(other).is_some_and(|checkout| checkout.order == order);
        let hash = |number| all.get(number).expect("an indexed checkout is here").order as u64;
        self.by_order.put(order as u64, number, all.first(), same, hash);
    }

    /// A held checkout was redeemed by the event of this lsn.
    pub(crate) fn become_redeemed(&mut self, number: u64, lsn: u64) {
        self.all.change(number, |checkout| {
            assert!(checkout.stage == Stage::Held && checkout.became == 0, "I8: a held checkout is captured once");
            checkout.became = lsn;
        });
    }

    pub(crate) fn add_refund(&mut self, refund: CheckoutRefund, returned: &ReturnsBody) -> u64 {
        self.goods_bytes += self.all.change(refund.checkout, |checkout| {
            let before = checkout.goods.bytes();
            checkout.goods.take_back(returned);
            (checkout.goods.bytes() - before) as u64
        });
        self.refunds.push(refund)
    }

    /// Up to which number checkouts may be forgotten at `now`, if any: those that nobody needs, to which no remembered request
    /// refers; bounded.
    pub(crate) fn forgettable(&self, now_ms: i64, at_most: u64, is_referred: impl Fn(i64) -> bool) -> Option<u64> {
        self.all.gone_before(at_most, |checkout| {
            let until_ms = checkout.needed_until_ms();
            until_ms + REQUEST_MEMORY_MS <= now_ms && !is_referred(until_ms)
        })
    }

    /// The same for their refunds, a day after each.
    pub(crate) fn forgettable_refunds(&self, now_ms: i64, at_most: u64, is_referred: impl Fn(i64) -> bool) -> Option<u64> {
        self.refunds.gone_before(at_most, |refund| refund.at_ms + REQUEST_MEMORY_MS <= now_ms && !is_referred(refund.at_ms))
    }

    pub(crate) fn forget_before(&mut self, before: u64) {
        assert!(before <= self.all.next(), "only what was checked out is forgotten");
        while self.all.first() < before {
            let (number, checkout) = self.all.forget_first().expect("the first checkout is here");
            self.goods_bytes -= checkout.goods.bytes() as u64;
            self.by_order.remove(checkout.order as u64, number);
        }
    }

    pub(crate) fn forget_refunds_before(&mut self, before: u64) {
        assert!(before <= self.refunds.next(), "only what was refunded is forgotten");
        while self.refunds.first() < before {
            self.refunds.forget_first().expect("the first refund is here");
        }
    }

    /// How many checkouts and how many refunds have left; they are numbered through.
    pub(crate) fn forgotten(&self) -> [u64; 2] {
        [self.all.first(), self.refunds.first()]
    }

    /// Goes on after so many that are no longer here.
    pub(crate) fn begin_at(&mut self, checkouts: u64, refunds: u64) -> Option<()> {
        self.all.begin_at(checkouts)?;
        self.refunds.begin_at(refunds)
    }

    pub(crate) fn save<E>(&self, out: &mut Chunks<'_, E>) -> Result<(), E> {
        for (number, checkout) in (self.all.first()..).zip(self.all.iter()) {
            out.blob(EntityKind::Checkout, number, &checkout.bytes())?;
        }
        out.end()?;
        out.numbered(&self.refunds)
    }

    pub(crate) fn restore(&mut self, number: u64, bytes: &[u8]) -> Option<()> {
        let checkout = Checkout::from_bytes(bytes)?;
        (number == self.all.next()).then(|| self.add(checkout)).map(drop)
    }

    pub(crate) fn restore_refund(&mut self, number: u64, fields: &Fields) -> Option<()> {
        self.refunds.put_back(number, CheckoutRefund::restore(number, fields)?)
    }

    pub(crate) fn digest(&self) -> u64 {
        self.all.digest().wrapping_add(self.refunds.digest())
    }

    /// Bytes of memory that they hold with their index.
    pub(crate) fn memory_bytes(&self) -> u64 {
        self.all.memory_bytes() + self.refunds.memory_bytes() + self.by_order.memory_bytes() + self.goods_bytes
    }
}
