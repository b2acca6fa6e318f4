//! The fake server at its tills: holds, captures, releases, redemptions and refunds, each decided in one breath.
//!
//! Written apart from the checker's model, by the same semantics: where the two differ, one of them has misread them.

use tessera_proto::v1::{self, template_spec::Kind, till_outcome::Outcome, *};

use super::{
    Plant,
    books::{Books, Coupon, refusal},
};

pub const DEFAULT_TTL_MS: i64 = 900_000;
const REOPENED_MS: i64 = 30 * 86_400_000;

pub struct Hold {
    id: String,
    pub coupon: usize,
    order: (String, String),
    amount: i64,
    applied: i64,
    held: i64,
    deadline_ms: i64,
    pub state: State,
    redemption: Option<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum State {
    Live,
    Captured,
    Released,
    Expired,
}

pub struct Redeemed {
    pub coupon: usize,
    pub order: (String, String),
    pub refunded: i64,
    pub reply: CaptureResponse,
}

/// A remembered answer.
#[derive(Clone)]
pub enum Reply {
    Till(Outcome),
    Freeze(FreezeCouponResponse),
    Unfreeze(UnfreezeCouponResponse),
    FreezeUser(FreezeUserResponse),
    UnfreezeUser(UnfreezeUserResponse),
    Void(VoidCouponResponse),
}

impl Reply {
    fn replayed(mut self) -> Self {
        let flag = match &mut self {
            Self::Till(Outcome::Held(reply)) => &mut reply.replayed,
            Self::Till(Outcome::Captured(reply)) => &mut reply.replayed,
            Self::Till(Outcome::Released(reply)) => &mut reply.replayed,
            Self::Till(Outcome::Redeemed(reply)) => &mut reply.replayed,
            Self::Till(Outcome::Refunded(reply)) => &mut reply.replayed,
            Self::Till(other) => panic!("{other:?} is not remembered"),
            Self::Freeze(reply) => &mut reply.replayed,
            Self::Unfreeze(reply) => &mut reply.replayed,
            Self::FreezeUser(reply) => &mut reply.replayed,
            Self::UnfreezeUser(reply) => &mut reply.replayed,
            Self::Void(reply) => &mut reply.replayed,
        };
        *flag = true;
        self
    }
}

pub type Decided<T> = Result<T, Refusal>;

pub fn no<T>(reason: Reason, value: i64) -> Decided<T> {
    Err(refusal(reason, value))
}

impl Books {
    /// One answer for each (operation, subject, request id).
    pub fn once(
        &mut self,
        operation: &'static str,
        subject: String,
        id: &str,
        decide: impl FnOnce(&mut Self) -> Decided<Reply>,
    ) -> Decided<Reply> {
        let key = (operation, subject, id.to_owned());
        if let Some(first) = self.remembered.get(&key).cloned() {
            return match (first, self.is_planted(Plant::ReplayDiffers)) {
                (Ok(Reply::Till(Outcome::Held(reply))), true) => {
                    Ok(Reply::Till(Outcome::Held(HoldResponse { deadline_ms: reply.deadline_ms + 1, ..reply })).replayed())
                }
                (first, _) => first.map(Reply::replayed),
            };
        }
        let reply = decide(self);
        let unknown = [Reason::CodeNotAccepted, Reason::HoldNotFound, Reason::RedemptionNotFound];
        if !reply.as_ref().is_err_and(|refused| unknown.contains(&refused.reason())) {
            self.remembered.insert(key, reply.clone());
        }
        self.accepted += u64::from(reply.is_ok());
        reply
    }

    pub fn till(&mut self, item: &till_item::Item) -> Outcome {
        use till_item::Item;
        let now_ms = self.now_ms();
        let subject = |place: Option<usize>| place.map_or_else(String::new, |place| place.to_string());
        let reply = match item {
            Item::Validate(asked) => {
                self.validate(asked.validate.as_ref().unwrap(), now_ms).map(Outcome::Validated).map(Reply::Till)
            }
            Item::Hold(asked) => {
                let subject = subject(self.find(asked.instrument.as_ref()));
                self.once("hold", subject, &asked.request_id, |books| books.hold(asked, now_ms))
            }
            Item::Capture(asked) => {
                self.once("capture", asked.hold_id.clone(), &asked.request_id, |books| books.capture(asked, now_ms))
            }
            Item::Release(asked) => {
                self.once("release", asked.hold_id.clone(), &asked.request_id, |books| books.release(asked, now_ms))
            }
            Item::Redeem(asked) => {
                let subject = subject(self.find(asked.instrument.as_ref()));
                self.once("redeem", subject, &asked.request_id, |books| books.redeem(asked, now_ms))
            }
            Item::Refund(asked) => {
                self.once("refund", asked.redemption_id.clone(), &asked.request_id, |books| books.refund(asked, now_ms))
            }
        };
        match reply {
            Ok(Reply::Till(outcome)) => outcome,
            Ok(_) => panic!("custody has no outcome at a till"),
            Err(refused) => Outcome::Refused(refused),
        }
    }

    fn place(&self, instrument: Option<&Instrument>) -> Decided<usize> {
        self.find(instrument).ok_or(refusal(Reason::CodeNotAccepted, 0))
    }

    /// Lets the deadlines of a coupon's holds and its window pass.
    pub fn settle(&mut self, place: usize, now_ms: i64) {
        let coupon = &mut self.coupons[place];
        for hold in self.holds.iter_mut().filter(|hold| hold.coupon == place && hold.state == State::Live) {
            if hold.deadline_ms <= now_ms {
                hold.state = State::Expired;
                coupon.available += hold.held;
            }
        }
        if coupon.is_over(now_ms) {
            coupon.expired += std::mem::take(&mut coupon.available);
        }
    }

    pub fn held(&self, place: usize) -> (i64, u32) {
        let live = self.holds.iter().filter(|hold| hold.coupon == place && hold.state == State::Live);
        live.fold((0, 0), |(held, count), hold| (held + hold.held, count + 1))
    }

    fn own_hold(&self, place: usize, order: &(String, String)) -> Option<usize> {
        self.holds.iter().position(|hold| hold.coupon == place && hold.state == State::Live && hold.order == *order)
    }

    fn redemption_of(&self, place: usize, order: &(String, String)) -> Option<usize> {
        self.redeemed.iter().position(|redeemed| redeemed.coupon == place && redeemed.order == *order)
    }

    /// Whether the coupon can be used, and what for; the coupon is settled.
    fn usable(&self, place: usize, amount: &Money, now_ms: i64, own: bool) -> Decided<i64> {
        let coupon = &self.coupons[place];
        let account = self.blocks.get(&coupon.user).is_some_and(|blocks| !blocks.is_empty());
        let is_frozen = (account || !coupon.blocks.is_empty()) && !self.is_planted(Plant::FreezeIgnored);
        if coupon.is_void && !self.is_planted(Plant::VoidIgnored) {
            return no(Reason::CouponVoid, 0);
        }
        if coupon.is_used() {
            return no(Reason::CouponUsed, 0);
        }
        if is_frozen {
            return no(Reason::CouponFrozen, 0);
        }
        if own || !coupon.is_card() && self.held(place).1 > 0 {
            return no(Reason::CouponHeld, 0);
        }
        if coupon.is_over(now_ms) {
            return no(Reason::CouponExpired, coupon.until_ms);
        }
        if amount.currency != "CNY" {
            return no(Reason::CurrencyMismatch, 0);
        }
        if coupon.is_card() && amount.minor > coupon.available {
            return no(Reason::InsufficientBalance, coupon.available);
        }
        coupon.applied(amount.minor)
    }

    fn amounts(&self, place: usize, amount: i64, applied: i64, balance_after: i64) -> Amounts {
        Amounts {
            currency: "CNY".into(),
            amount_minor: amount,
            applied_minor: applied,
            payable_minor: amount - applied,
            balance_after_minor: self.coupons[place].is_card().then_some(balance_after),
        }
    }

    pub fn validate(&mut self, asked: &ValidateRequest, now_ms: i64) -> Decided<Amounts> {
        let place = self.place(asked.instrument.as_ref())?;
        self.settle(place, now_ms);
        let amount = asked.amount.clone().unwrap_or_default();
        let applied = self.usable(place, &amount, now_ms, false)?;
        Ok(self.amounts(place, amount.minor, applied, self.coupons[place].available - applied))
    }

    fn hold(&mut self, asked: &HoldRequest, now_ms: i64) -> Decided<Reply> {
        let place = self.place(asked.instrument.as_ref())?;
        self.settle(place, now_ms);
        let order = (asked.merchant_id.clone(), asked.order_id.clone());
        if self.redemption_of(place, &order).is_some() {
            return no(Reason::OrderAlreadyRedeemed, 0);
        }
        let own = self.own_hold(place, &order);
        let given_back = own.map_or(0, |own| self.holds[own].held);
        let before = own.map(|own| std::mem::replace(&mut self.holds[own].state, State::Released));
        self.coupons[place].available += given_back;
        let amount = asked.amount.clone().unwrap_or_default();
        let applied = match self.usable(place, &amount, now_ms, false) {
            Ok(applied) => applied,
            Err(refused) => {
                self.coupons[place].available -= given_back;
                own.zip(before).into_iter().for_each(|(own, before)| self.holds[own].state = before);
                return Err(refused);
            }
        };
        let held = if self.coupons[place].is_card() { applied } else { 1 };
        self.coupons[place].available -= held;
        let deadline_ms = now_ms + if asked.ttl_ms == 0 { DEFAULT_TTL_MS } else { asked.ttl_ms };
        let reply = HoldResponse {
            hold_id: format!("H{:025}", self.holds.len()),
            coupon_id: self.coupons[place].id.clone(),
            amounts: Some(self.amounts(place, amount.minor, applied, self.coupons[place].available)),
            deadline_ms,
            at_ms: now_ms,
            position: Some(self.position_of(place)),
            replayed: false,
        };
        let forgotten = self.is_planted(Plant::LostHold);
        let late = if self.is_planted(Plant::HoldNeverExpires) { i64::MAX } else { deadline_ms };
        let id = if forgotten { format!("forgotten {}", self.holds.len()) } else { reply.hold_id.clone() };
        let state = if forgotten { State::Released } else { State::Live };
        self.coupons[place].available += if forgotten { held } else { 0 };
        if self.goes_wrong(Plant::HeldTwice) {
            self.coupons[place].available -= held;
            let nobody = (String::new(), String::new());
            self.holds.push(Hold {
                id: "nobody's".to_owned(),
                coupon: place,
                order: nobody,
                amount: amount.minor,
                applied,
                held,
                deadline_ms,
                state,
                redemption: None,
            });
        }
        self.holds.push(Hold {
            id,
            coupon: place,
            order,
            amount: amount.minor,
            applied,
            held,
            deadline_ms: late,
            state,
            redemption: None,
        });
        Ok(Reply::Till(Outcome::Held(reply)))
    }

    fn capture(&mut self, asked: &CaptureRequest, now_ms: i64) -> Decided<Reply> {
        let number = self.holds.iter().position(|hold| hold.id == asked.hold_id).ok_or(refusal(Reason::HoldNotFound, 0))?;
        let (place, order) = (self.holds[number].coupon, self.holds[number].order.clone());
        let came_late = self.holds[number].deadline_ms <= now_ms && self.is_planted(Plant::LateCapture);
        if !came_late {
            self.settle(place, now_ms);
        }
        let hold = &self.holds[number];
        let amount = asked.amount_minor.unwrap_or(hold.amount);
        if let Some(first) = hold.redemption.filter(|_| !self.is_planted(Plant::CapturedTwice)) {
            let first = &self.redeemed[first];
            let same = first.reply.amounts.as_ref().unwrap().amount_minor == amount && first.refunded == 0;
            let reply = CaptureResponse { replayed: true, ..first.reply.clone() };
            return if same { Ok(Reply::Till(Outcome::Captured(reply))) } else { no(Reason::HoldCaptured, 0) };
        }
        let is_live = hold.state == State::Live || hold.redemption.is_some();
        let applied = match hold.state {
            _ if is_live => self.coupons[place].applied(amount)?,
            _ if asked.reacquire => {
                if self.redemption_of(place, &order).is_some() {
                    return no(Reason::OrderAlreadyRedeemed, 0);
                }
                let money = Money { minor: amount, currency: "CNY".into() };
                self.usable(place, &money, now_ms, self.own_hold(place, &order).is_some())?
            }
            State::Expired => return no(Reason::HoldExpired, hold.deadline_ms),
            State::Live | State::Captured | State::Released => return no(Reason::HoldReleased, 0),
        };
        if self.coupons[place].is_card() && amount > hold.held {
            return no(Reason::AmountAboveHold, hold.held);
        }
        let applied = applied.min(hold.applied);
        if hold.state == State::Live {
            self.coupons[place].available += hold.held;
            self.holds[number].state = State::Captured;
        }
        self.holds[number].redemption = Some(self.redeemed.len());
        let reply = self.take(place, order, amount, applied, now_ms);
        let reply = CaptureResponse { reacquired: !is_live, ..reply };
        self.redeemed.last_mut().unwrap().reply = reply.clone();
        Ok(Reply::Till(Outcome::Captured(reply)))
    }

    /// Takes available value and makes a redemption of it.
    fn take(&mut self, place: usize, order: (String, String), amount: i64, applied: i64, now_ms: i64) -> CaptureResponse {
        let is_card = self.coupons[place].is_card();
        let taken = if is_card { applied } else { 1 };
        // A balance is a card's: both faults wait for one.
        let twice = if is_card && self.goes_wrong(Plant::DoubleCharge) { taken } else { 0 };
        let off = is_card && self.goes_wrong(Plant::WrongBalance);
        let coupon = &mut self.coupons[place];
        coupon.available -= taken;
        coupon.captured += taken;
        if coupon.is_over(now_ms) {
            coupon.expired += std::mem::take(&mut coupon.available);
        }
        let balance_after = coupon.available;
        coupon.available -= twice;
        coupon.captured += twice;
        coupon.shown_off_by = if off { 1 } else { coupon.shown_off_by };
        let reply = CaptureResponse {
            redemption_id: format!("R{:025}", self.redeemed.len()),
            coupon_id: self.coupons[place].id.clone(),
            amounts: Some(self.amounts(place, amount, applied, balance_after)),
            at_ms: if self.is_planted(Plant::ClockBehind) { 1 } else { now_ms },
            position: Some(self.position_of(place)),
            ..Default::default()
        };
        self.redeemed.push(Redeemed { coupon: place, order, refunded: 0, reply: reply.clone() });
        reply
    }

    fn release(&mut self, asked: &ReleaseRequest, now_ms: i64) -> Decided<Reply> {
        let number = self.holds.iter().position(|hold| hold.id == asked.hold_id).ok_or(refusal(Reason::HoldNotFound, 0))?;
        let place = self.holds[number].coupon;
        self.settle(place, now_ms);
        if self.holds[number].redemption.is_some() {
            return no(Reason::HoldCaptured, 0);
        }
        let expired = self.holds[number].state == State::Expired;
        if self.holds[number].state == State::Live {
            self.holds[number].state = State::Released;
            let lost = self.is_planted(Plant::ReleasedValueLost);
            self.coupons[place].available += if lost { 0 } else { self.holds[number].held };
            self.settle(place, now_ms);
        }
        let Position { partition, lsn } = self.position_of(place);
        let other_partition = if self.is_planted(Plant::OtherPartition) { 100 } else { 0 };
        let other_coupon = if self.is_planted(Plant::OtherCoupon) { "another" } else { "" };
        Ok(Reply::Till(Outcome::Released(ReleaseResponse {
            hold_id: asked.hold_id.clone(),
            coupon_id: format!("{}{other_coupon}", self.coupons[place].id),
            expired,
            at_ms: now_ms,
            position: Some(Position { partition: partition + other_partition, lsn }),
            replayed: false,
        })))
    }

    fn redeem(&mut self, asked: &RedeemRequest, now_ms: i64) -> Decided<Reply> {
        let place = self.place(asked.instrument.as_ref())?;
        self.settle(place, now_ms);
        let (order, amount) = ((asked.merchant_id.clone(), asked.order_id.clone()), asked.amount.clone().unwrap_or_default());
        if let Some(first) = self.redemption_of(place, &order) {
            let first = &self.redeemed[first];
            let same = first.reply.amounts.as_ref().unwrap().amount_minor == amount.minor && first.refunded == 0;
            let reply = RedeemResponse { replayed: true, ..redeem_response(&first.reply) };
            return if same { Ok(Reply::Till(Outcome::Redeemed(reply))) } else { no(Reason::OrderAlreadyRedeemed, 0) };
        }
        let own = self.own_hold(place, &order).is_some();
        let applied = self.usable(place, &amount, now_ms, own)?;
        let reply = self.take(place, order, amount.minor, applied, now_ms);
        Ok(Reply::Till(Outcome::Redeemed(redeem_response(&reply))))
    }

    fn refund(&mut self, asked: &RefundRequest, now_ms: i64) -> Decided<Reply> {
        let of = |redeemed: &Redeemed| redeemed.reply.redemption_id == asked.redemption_id;
        let number = self.redeemed.iter().position(of).ok_or(refusal(Reason::RedemptionNotFound, 0))?;
        let place = self.redeemed[number].coupon;
        self.settle(place, now_ms);
        let applied = self.redeemed[number].reply.amounts.as_ref().unwrap().applied_minor;
        let left = applied - self.redeemed[number].refunded;
        let amount = asked.amount_minor.unwrap_or(left);
        if left == 0 {
            return no(Reason::AlreadyRefunded, self.redeemed[number].refunded);
        }
        if amount > left && !self.is_planted(Plant::RefundAbove) {
            return no(Reason::RefundExceedsCapture, left);
        }
        self.redeemed[number].refunded += amount;
        let (status, replacement) = self.give_back(place, amount, amount == left, now_ms);
        let coupon = &self.coupons[place];
        Ok(Reply::Till(Outcome::Refunded(RefundResponse {
            redemption_id: asked.redemption_id.clone(),
            coupon_id: coupon.id.clone(),
            refunded: Some(Money { minor: amount, currency: "CNY".into() }),
            balance_after_minor: coupon.is_card().then_some(coupon.available),
            status: status.into(),
            use_until_ms: coupon.until_ms,
            at_ms: now_ms,
            replacement,
            outside_minor: 0,
            position: Some(self.position_of(place)),
            replayed: false,
        })))
    }

    fn give_back(&mut self, place: usize, amount: i64, whole: bool, now_ms: i64) -> (CouponStatus, Option<ReplacementCard>) {
        let coupon = &mut self.coupons[place];
        if coupon.is_void {
            coupon.captured -= amount;
            coupon.loaded -= amount;
            let number = self.coupons.len();
            let old = &self.coupons[place];
            let new = Coupon {
                id: format!("N{number:025}"),
                code: format!("N{number:015}"),
                loaded: amount,
                available: amount,
                until_ms: now_ms + REOPENED_MS,
                ..Coupon::of(&old.user, &old.template, old.spec.clone(), now_ms)
            };
            let new = Coupon { blocks: old.blocks.clone(), ..new };
            let card = ReplacementCard { coupon_id: new.id.clone(), code: new.code.clone(), use_until_ms: new.until_ms };
            self.coupons.push(new);
            return (CouponStatus::Void, Some(card));
        }
        if coupon.is_card() {
            coupon.captured -= amount;
            coupon.available += amount;
            if coupon.is_over(now_ms) {
                coupon.until_ms = now_ms + REOPENED_MS;
            }
            return (CouponStatus::Active, None);
        }
        if !whole || coupon.spec.refund_policy() == RefundPolicy::Never {
            return (CouponStatus::Used, None);
        }
        (coupon.captured, coupon.available) = (0, 1);
        let is_over = coupon.is_over(now_ms);
        self.settle(place, now_ms);
        (if is_over { CouponStatus::Expired } else { CouponStatus::Active }, None)
    }

    pub fn view(&mut self, place: usize, now_ms: i64) -> v1::Coupon {
        self.settle(place, now_ms);
        let (held_minor, live_holds) = self.held(place);
        let coupon = &self.coupons[place];
        let account_blocks: Vec<_> = self.blocks.get(&coupon.user).into_iter().flatten().copied().collect();
        let status = match () {
            () if coupon.is_void => CouponStatus::Void,
            () if coupon.is_used() => CouponStatus::Used,
            () if coupon.is_over(now_ms) => CouponStatus::Expired,
            () if !coupon.blocks.is_empty() || !account_blocks.is_empty() => CouponStatus::Frozen,
            () => CouponStatus::Active,
        };
        v1::Coupon {
            coupon_id: coupon.id.clone(),
            template_id: coupon.template.clone(),
            template_version: 1,
            status: status.into(),
            use_from_ms: coupon.from_ms,
            use_until_ms: coupon.until_ms,
            balance: coupon.is_card().then(|| StoredBalance {
                currency: "CNY".into(),
                loaded_minor: coupon.loaded,
                available_minor: coupon.available - coupon.shown_off_by,
                held_minor,
                captured_minor: coupon.captured,
                expired_minor: coupon.expired,
                voided_minor: coupon.voided,
                given_minor: 0,
            }),
            blocks: coupon.blocks.iter().copied().collect(),
            account_blocks,
            live_holds,
        }
    }

    pub fn list_redemptions(&self, asked: &ListRedemptionsRequest) -> Vec<Redemption> {
        let order = (asked.merchant_id.clone(), asked.order_id.clone());
        let own = self.redeemed.iter().filter(|redeemed| redeemed.order == order && !self.is_planted(Plant::ListsNothing));
        own.map(|redeemed| Redemption {
            redemption_id: redeemed.reply.redemption_id.clone(),
            coupon_id: redeemed.reply.coupon_id.clone(),
            amounts: redeemed.reply.amounts.clone(),
            at_ms: redeemed.reply.at_ms,
            refunded_minor: redeemed.refunded,
            position: redeemed.reply.position,
            ..Redemption::default()
        })
        .collect()
    }
}

fn redeem_response(capture: &CaptureResponse) -> RedeemResponse {
    let CaptureResponse { redemption_id, coupon_id, amounts, at_ms, position, .. } = capture.clone();
    RedeemResponse { redemption_id, coupon_id, amounts, at_ms, position, replayed: false }
}

impl Coupon {
    pub fn is_card(&self) -> bool {
        matches!(self.spec.kind, Some(Kind::StoredValue(_)))
    }

    pub fn is_used(&self) -> bool {
        !self.is_card() && self.captured > 0
    }

    pub fn is_over(&self, now_ms: i64) -> bool {
        self.until_ms != 0 && self.until_ms <= now_ms
    }

    fn applied(&self, amount: i64) -> Decided<i64> {
        let applied = match self.spec.kind.as_ref().unwrap() {
            Kind::StoredValue(_) => amount,
            Kind::AmountOff(off) if amount < off.threshold_minor => {
                return no(Reason::BelowThreshold, off.threshold_minor - amount);
            }
            Kind::AmountOff(off) => off.amount_minor.min(amount),
            Kind::PercentOff(percent) => {
                let off = amount * (10_000 - i64::from(percent.pay_basis_points));
                let up = self.spec.rounding() != Rounding::Floor && off % 10_000 >= 5_000;
                (off / 10_000 + i64::from(up)).min(percent.cap_minor.unwrap_or(i64::MAX))
            }
            kind => panic!("no scenario makes a template of {kind:?}"),
        };
        if applied == 0 { no(Reason::NoEffect, 0) } else { Ok(applied) }
    }
}
