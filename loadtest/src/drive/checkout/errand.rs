//! An order's course: redeemed or held, captured, released or left, refunded; with steps that must be refused among them.

use std::collections::VecDeque;

use tessera_proto::v1::{
    CaptureOrderRequest, Checkout, HoldOrderRequest, Instrument, LineUnits, Order, OrderUnits, RedeemOrderRequest,
    RefundOrderRequest, ReleaseOrderRequest,
};

use crate::{dice::Dice, plan::checkout::Ask};

/// One thing to be done with an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Its instruments are used; said twice, the first reply must come again.
    Redeem,
    /// The same order with another content.
    RedeemOther,
    /// Its instruments are promised, for long.
    Hold,
    /// They are promised for a short time.
    HoldBriefly,
    /// Until that time is over.
    Wait,
    /// What the newest hold promises is taken, all of it or of some units.
    Capture {
        /// Of some units.
        in_part: bool,
    },
    /// The same of the hold before it, which was replaced.
    CaptureOld,
    /// It is given back.
    Release,
    /// Units come back, some of them or all that are left.
    Refund {
        /// Some of them.
        in_part: bool,
    },
    /// One more than there are.
    RefundBeyond,
}

const ALL: Step = Step::Capture { in_part: false };
const SOME: Step = Step::Capture { in_part: true };
const BACK: Step = Step::Refund { in_part: false };
const SOME_BACK: Step = Step::Refund { in_part: true };

/// Courses, one of which each order takes.
const COURSES: [&[Step]; 22] = [
    &[Step::Redeem],
    &[Step::Redeem],
    &[Step::Redeem, Step::Redeem],
    &[Step::Redeem, Step::RedeemOther],
    &[Step::Redeem, BACK, BACK],
    &[Step::Redeem, SOME_BACK, BACK],
    &[Step::Redeem, SOME_BACK, SOME_BACK, BACK],
    &[Step::Redeem, SOME_BACK, Step::RefundBeyond, Step::Redeem, SOME_BACK],
    &[Step::Redeem, SOME_BACK, SOME_BACK],
    &[Step::Hold, ALL],
    &[Step::Hold, ALL, ALL, SOME_BACK],
    &[Step::Hold, SOME],
    &[Step::Hold, SOME, SOME_BACK, BACK],
    &[Step::Hold, SOME, ALL],
    &[Step::Hold, ALL, Step::Release, BACK],
    &[Step::Hold, Step::Release, Step::Release, ALL],
    &[Step::Hold, Step::Hold, Step::CaptureOld, SOME],
    &[Step::Hold, Step::Redeem, ALL, BACK],
    &[Step::HoldBriefly, Step::Wait],
    &[Step::HoldBriefly, Step::Wait, ALL, Step::Redeem],
    &[Step::HoldBriefly, Step::Wait, Step::Release],
    &[Step::HoldBriefly, Step::Wait, Step::Hold, ALL],
];

/// See the module.
pub(super) struct Errand {
    pub(super) merchant_id: String,
    pub(super) order_id: String,
    pub(super) order: Order,
    /// Numbers of coupons, and what names them.
    pub(super) instruments: Vec<(u64, Instrument)>,
    course: VecDeque<Step>,
    /// Before this instant nothing is to be done.
    pub(super) due_ns: u64,
    held: String,
    /// The hold that was replaced.
    old: String,
    redeemed: String,
    /// Units of each line that can still be captured, then refunded, and how many there were at first.
    left: Vec<u32>,
    of_units: Vec<u32>,
    shipping: bool,
}

impl Errand {
    pub(super) fn new(merchant_id: String, order_id: String, order: Order, dice: &mut Dice) -> Self {
        let course = COURSES[(dice.roll() % COURSES.len() as u64) as usize].iter().copied().collect();
        Self {
            merchant_id,
            order_id,
            order,
            instruments: Vec::new(),
            course,
            due_ns: 0,
            held: String::new(),
            old: String::new(),
            redeemed: String::new(),
            left: Vec::new(),
            of_units: Vec::new(),
            shipping: false,
        }
    }

    /// What is to be done next; `None` = nothing any more.
    pub(super) fn step(&self) -> Option<Step> {
        self.course.front().copied()
    }

    /// It was done.
    pub(super) fn advance(&mut self) {
        self.course.pop_front();
    }

    /// No instrument is left to be used: what is held is given back.
    pub(super) fn give_up(&mut self) {
        self.course.clear();
        if !self.held.is_empty() && self.redeemed.is_empty() {
            self.course.push_back(Step::Release);
        }
    }

    /// The request of a step; `None` where there is nothing to ask for.
    pub(super) fn ask(&self, step: Step, request_id: String, hold_ttl_ms: i64, dice: &mut Dice) -> Option<Ask> {
        Some(match step {
            Step::Redeem => Ask::Redeem(self.redeem(request_id, self.order.clone())),
            Step::RedeemOther => {
                let shipping_minor = self.order.shipping_minor + 1;
                Ask::Redeem(self.redeem(request_id, Order { shipping_minor, ..self.order.clone() }))
            }
            Step::Hold => Ask::Hold(self.hold(request_id, 0)),
            Step::HoldBriefly => Ask::Hold(self.hold(request_id, hold_ttl_ms)),
            Step::Wait => return None,
            Step::Capture { in_part } => {
                let delivered = if in_part { self.some(dice) } else { None };
                Ask::Capture(CaptureOrderRequest { request_id, checkout_id: self.held.clone(), delivered, reacquire: false })
            }
            Step::CaptureOld if self.old.is_empty() => return None,
            Step::CaptureOld => {
                Ask::Capture(CaptureOrderRequest { request_id, checkout_id: self.old.clone(), delivered: None, reacquire: false })
            }
            Step::Release => Ask::Release(ReleaseOrderRequest { request_id, checkout_id: self.held.clone() }),
            Step::Refund { .. } | Step::RefundBeyond if self.redeemed.is_empty() => return None,
            Step::Refund { in_part } => {
                let returned = if in_part { self.some(dice) } else { None };
                Ask::Refund(RefundOrderRequest { request_id, checkout_id: self.redeemed.clone(), returned })
            }
            Step::RefundBeyond => {
                let returned = Some(self.one_too_many()?);
                Ask::Refund(RefundOrderRequest { request_id, checkout_id: self.redeemed.clone(), returned })
            }
        })
    }

    fn redeem(&self, request_id: String, order: Order) -> RedeemOrderRequest {
        let HoldOrderRequest { request_id, instruments, merchant_id, order_id, channel, .. } = self.hold(request_id, 0);
        RedeemOrderRequest { request_id, instruments, merchant_id, order_id, order: Some(order), channel }
    }

    fn hold(&self, request_id: String, ttl_ms: i64) -> HoldOrderRequest {
        HoldOrderRequest {
            request_id,
            instruments: self.instruments.iter().map(|(_, instrument)| instrument.clone()).collect(),
            merchant_id: self.merchant_id.clone(),
            order_id: self.order_id.clone(),
            order: Some(self.order.clone()),
            ttl_ms,
            channel: String::new(),
        }
    }

    /// Some of the units that are left, at least one, and shipping or not; `None` = all, because there are none.
    fn some(&self, dice: &mut Dice) -> Option<OrderUnits> {
        let mut units = |(line, &left): (usize, &u32)| {
            let units = (dice.roll() % (u64::from(left) + 1)) as u32;
            (units > 0).then_some(LineUnits { line: line as u32, units })
        };
        let mut lines: Vec<LineUnits> = self.left.iter().enumerate().filter_map(&mut units).collect();
        let shipping = self.shipping && dice.hits(50.0);
        if lines.is_empty() && !shipping {
            let line = self.left.iter().position(|&left| left > 0)?;
            lines.push(LineUnits { line: line as u32, units: 1 });
        }
        Some(OrderUnits { lines, shipping })
    }

    /// Of a line of which some came back.
    fn one_too_many(&self) -> Option<OrderUnits> {
        let line = self.left.iter().zip(&self.of_units).position(|(left, of)| left < of)?;
        Some(OrderUnits { lines: vec![LineUnits { line: line as u32, units: self.left[line] + 1 }], shipping: false })
    }

    /// It was held.
    pub(super) fn hear_hold(&mut self, reply: &Checkout) {
        if self.held != reply.checkout_id {
            self.old = std::mem::replace(&mut self.held, reply.checkout_id.clone());
        }
        self.reset();
    }

    /// It was redeemed, as it is.
    pub(super) fn hear_redeem(&mut self, reply: &Checkout) {
        if self.redeemed != reply.checkout_id {
            self.redeemed.clone_from(&reply.checkout_id);
            self.reset();
        }
    }

    /// It was captured, for so much.
    pub(super) fn hear_capture(&mut self, delivered: Option<&OrderUnits>, reply: &Checkout) {
        if self.redeemed == reply.checkout_id {
            return;
        }
        self.redeemed.clone_from(&reply.checkout_id);
        self.reset();
        if let Some(delivered) = delivered {
            self.left.fill(0);
            delivered.lines.iter().for_each(|line| self.left[line.line as usize] = line.units);
            self.shipping = delivered.shipping;
            self.of_units.clone_from(&self.left);
        }
    }

    /// So much came back.
    pub(super) fn hear_refund(&mut self, returned: Option<&OrderUnits>) {
        match returned {
            None => {
                self.left.fill(0);
                self.shipping = false;
            }
            Some(returned) => {
                returned.lines.iter().for_each(|line| self.left[line.line as usize] -= line.units);
                self.shipping &= !returned.shipping;
            }
        }
    }

    fn reset(&mut self) {
        self.left = self.order.lines.iter().map(|line| line.quantity).collect();
        self.of_units.clone_from(&self.left);
        self.shipping = self.order.shipping_minor > 0;
    }
}
