//! What had to be answered: the rules of semantics over the plain model, in order of precedence.

use tessera_proto::v1::{CouponStatus, Reason};

use super::{
    account::Account,
    coupon::{Coupon, End, HOLD_TTL_DEFAULT_MS, REOPENED_MS},
};
use crate::plan::mix::{Ask, Replacement, Told, Verb, ask::bit};

/// What follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// This reply, but for ids.
    Done(Told),
    /// The reply of an earlier operation once more.
    Joins(u64),
}

/// A refusal follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct No {
    /// Why.
    pub reason: Reason,
    /// Its number; `None` where it says nothing that a client knows.
    pub value: Option<i64>,
}

type Decision = Result<Verdict, No>;

impl From<Reason> for No {
    fn from(reason: Reason) -> Self {
        Self { reason, value: None }
    }
}

fn no(reason: Reason, value: i64) -> No {
    No { reason, value: Some(value) }
}

fn done(told: Told) -> Decision {
    Ok(Verdict::Done(told))
}

impl Account {
    /// What `ask` had to be answered at `now_ms`.
    pub fn decide(&self, ask: &Ask, now_ms: i64) -> Decision {
        let Some(coupon) = self.coupon(ask.coupon) else { return Err(Reason::CodeNotAccepted.into()) };
        let at = At { coupon, is_frozen: coupon.blocks != 0 || self.blocks != 0, now_ms };
        match ask.verb {
            Verb::Validate => at.validate(ask),
            Verb::Hold => at.hold(ask),
            Verb::Capture => at.capture(ask),
            Verb::Release => at.release(ask),
            Verb::Redeem => at.redeem(ask),
            Verb::Refund => at.refund(ask),
            Verb::Freeze | Verb::Unfreeze => at.block(ask),
            Verb::FreezeUser | Verb::UnfreezeUser => done(self.told_of_block(ask, now_ms)),
            Verb::Void => at.void(ask),
        }
    }

    fn told_of_block(&self, ask: &Ask, now_ms: i64) -> Told {
        let (freezes, live_holds) = (ask.verb == Verb::FreezeUser, self.coupons().map(|coupon| coupon.standing(now_ms, None)));
        let revoked = if freezes && ask.insists { live_holds.map(|standing| standing.live_holds).sum() } else { 0 };
        Told { at_ms: now_ms, blocks: after(self.blocks, ask.block, freezes), revoked, ..Told::default() }
    }
}

/// A coupon at the instant of a decision.
struct At<'a> {
    coupon: &'a Coupon,
    is_frozen: bool,
    now_ms: i64,
}

impl At<'_> {
    fn validate(&self, ask: &Ask) -> Decision {
        let amount = ask.amount.unwrap_or_default();
        let applied = self.quote(amount, None, None)?;
        let balance_after = self.coupon.standing(self.now_ms, None).available - applied;
        done(Told { at_ms: 0, ..self.redeemed(amount, applied, balance_after) })
    }

    fn hold(&self, ask: &Ask) -> Decision {
        if self.coupon.redemption_of(ask.order).is_some() {
            return Err(Reason::OrderAlreadyRedeemed.into());
        }
        let own = self.coupon.live_hold_of(ask.order, self.now_ms);
        let amount = ask.amount.unwrap_or_default();
        let applied = self.quote(amount, own, None)?;
        let ttl_ms = if ask.ttl_ms == 0 { HOLD_TTL_DEFAULT_MS } else { ask.ttl_ms };
        let balance_after = self.coupon.standing(self.now_ms, own).available - applied;
        done(Told { until_ms: self.now_ms + ttl_ms, ..self.redeemed(amount, applied, balance_after) })
    }

    fn capture(&self, ask: &Ask) -> Decision {
        let Some(hold) = self.coupon.holds.get(&ask.first) else { return Err(Reason::HoldNotFound.into()) };
        let amount = ask.amount.unwrap_or(hold.amount);
        if let Some((operation, redemption)) =
            hold.redemption.zip(hold.redemption.and_then(|of| self.coupon.redemptions.get(&of)))
        {
            let is_same = redemption.amount == amount && redemption.refunded == 0;
            return if is_same { Ok(Verdict::Joins(operation)) } else { Err(Reason::HoldCaptured.into()) };
        }
        let is_live = hold.is_live(self.now_ms);
        let applied = match (is_live, hold.end) {
            (true, _) => self.applied(amount)?,
            (false, _) if ask.insists => self.reacquired(ask, amount)?,
            (false, None | Some(End::Expired)) => return Err(no(Reason::HoldExpired, hold.deadline_ms)),
            (false, Some(End::Released | End::Captured)) => return Err(Reason::HoldReleased.into()),
        };
        if self.coupon.terms.is_card() && amount > hold.held {
            return Err(no(Reason::AmountAboveHold, hold.held));
        }
        let applied = applied.min(hold.applied);
        // Of a live hold, what it does not take comes back; past the end it goes on to what has expired.
        let returned = if is_live && !self.coupon.is_over(self.now_ms) { hold.held - applied } else { 0 };
        let taken = if is_live { 0 } else { applied };
        let balance_after = self.coupon.standing(self.now_ms, None).available + returned - taken;
        done(Told { is_late: !is_live, ..self.redeemed(amount, applied, balance_after) })
    }

    fn reacquired(&self, ask: &Ask, amount: i64) -> Result<i64, No> {
        if self.coupon.redemption_of(ask.order).is_some() {
            return Err(Reason::OrderAlreadyRedeemed.into());
        }
        self.quote(amount, None, self.coupon.live_hold_of(ask.order, self.now_ms))
    }

    fn release(&self, ask: &Ask) -> Decision {
        match self.coupon.holds.get(&ask.first) {
            None => Err(Reason::HoldNotFound.into()),
            Some(hold) if hold.redemption.is_some() => Err(Reason::HoldCaptured.into()),
            Some(hold) => {
                let is_late = hold.end == Some(End::Expired) || hold.end.is_none() && !hold.is_live(self.now_ms);
                done(Told { at_ms: self.now_ms, is_late, ..Told::default() })
            }
        }
    }

    fn redeem(&self, ask: &Ask) -> Decision {
        let amount = ask.amount.unwrap_or_default();
        match self.coupon.redemption_of(ask.order) {
            Some((operation, first)) if first.amount == amount && first.refunded == 0 => return Ok(Verdict::Joins(operation)),
            Some(_) => return Err(Reason::OrderAlreadyRedeemed.into()),
            None => {}
        }
        let applied = self.quote(amount, None, self.coupon.live_hold_of(ask.order, self.now_ms))?;
        done(self.redeemed(amount, applied, self.coupon.standing(self.now_ms, None).available - applied))
    }

    fn refund(&self, ask: &Ask) -> Decision {
        let Some(redemption) = self.coupon.redemptions.get(&ask.first) else { return Err(Reason::RedemptionNotFound.into()) };
        let left = redemption.left();
        let amount = match ask.amount {
            _ if left == 0 => return Err(no(Reason::AlreadyRefunded, redemption.refunded)),
            Some(amount) if amount > left => return Err(no(Reason::RefundExceedsCapture, left)),
            amount => amount.unwrap_or(left),
        };
        let (coupon, now_ms) = (self.coupon, self.now_ms);
        let told = Told { at_ms: now_ms, amount, until_ms: coupon.until_ms, ..Told::default() };
        if !coupon.terms.is_card() {
            let status = match coupon.terms.comes_back && amount == left {
                false => CouponStatus::Used,
                true if coupon.is_over(now_ms) => CouponStatus::Expired,
                true => CouponStatus::Active,
            };
            return done(Told { status: status.into(), ..told });
        }
        if coupon.is_void {
            let replacement = Some(Replacement { id: Box::default(), until_ms: now_ms + REOPENED_MS });
            return done(Told { status: CouponStatus::Void.into(), balance_after: Some(0), replacement, ..told });
        }
        let balance_after = Some(coupon.standing(now_ms, None).available + amount);
        let until_ms = if coupon.is_over(now_ms) { now_ms + REOPENED_MS } else { coupon.until_ms };
        done(Told { status: CouponStatus::Active.into(), balance_after, until_ms, ..told })
    }

    fn block(&self, ask: &Ask) -> Decision {
        self.check_not_final()?;
        let freezes = ask.verb == Verb::Freeze;
        let revoked = if freezes && ask.insists { self.coupon.standing(self.now_ms, None).live_holds } else { 0 };
        done(Told { at_ms: self.now_ms, blocks: after(self.coupon.blocks, ask.block, freezes), revoked, ..Told::default() })
    }

    fn void(&self, ask: &Ask) -> Decision {
        self.check_not_final()?;
        let standing = self.coupon.standing(self.now_ms, None);
        if standing.live_holds > 0 && !ask.insists {
            return Err(Reason::CouponHeld.into());
        }
        let total = standing.available + standing.held;
        done(Told { at_ms: self.now_ms, total, revoked: standing.live_holds, ..Told::default() })
    }

    fn check_not_final(&self) -> Result<(), No> {
        let is_empty = self.coupon.standing(self.now_ms, None).held == 0;
        match () {
            () if self.coupon.is_void => Err(Reason::CouponVoid.into()),
            () if self.coupon.is_used() => Err(Reason::CouponUsed.into()),
            () if self.coupon.is_over(self.now_ms) && is_empty => Err(no(Reason::CouponExpired, self.coupon.until_ms)),
            () => Ok(()),
        }
    }

    /// What would be applied to `amount` if the hold `without` were not; `own` is the asking order's live hold, in the way.
    fn quote(&self, amount: i64, without: Option<u64>, own: Option<u64>) -> Result<i64, No> {
        let (coupon, standing) = (self.coupon, self.coupon.standing(self.now_ms, without));
        let is_held = own.is_some() || !coupon.terms.is_card() && standing.held > 0;
        match () {
            () if coupon.is_void => Err(Reason::CouponVoid.into()),
            () if coupon.is_used() => Err(Reason::CouponUsed.into()),
            () if self.is_frozen => Err(Reason::CouponFrozen.into()),
            () if is_held => Err(Reason::CouponHeld.into()),
            () if self.now_ms < coupon.from_ms => Err(no(Reason::UseNotStarted, coupon.from_ms)),
            () if coupon.is_over(self.now_ms) => Err(no(Reason::CouponExpired, coupon.until_ms)),
            () if coupon.terms.is_card() && amount > standing.available => {
                Err(no(Reason::InsufficientBalance, standing.available))
            }
            () => self.applied(amount),
        }
    }

    fn applied(&self, amount: i64) -> Result<i64, No> {
        match self.coupon.terms.applied(amount) {
            Ok(0) => Err(Reason::NoEffect.into()),
            Ok(applied) => Ok(applied),
            Err(shortfall) => Err(no(Reason::BelowThreshold, shortfall)),
        }
    }

    fn redeemed(&self, amount: i64, applied: i64, balance_after: i64) -> Told {
        let balance_after = self.coupon.terms.is_card().then_some(balance_after);
        Told { at_ms: self.now_ms, amount, applied, payable: amount - applied, balance_after, ..Told::default() }
    }
}

fn after(blocks: u32, block: i32, freezes: bool) -> u32 {
    if freezes { blocks | bit(block) } else { blocks & !bit(block) }
}
