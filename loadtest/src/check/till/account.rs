//! An account of the plain model: a user's coupons, the blocks on all of them, and what each accepted operation does.

use super::coupon::{Coupon, End, HOLD_TTL_DEFAULT_MS, Hold, Redemption};
use crate::plan::mix::{Ask, Deck, Told, Verb, ask::COUPONS_PER_USER};

/// See the module.
#[derive(Clone, Debug)]
pub struct Account {
    pub(super) blocks: u32,
    coupons: Vec<(u32, Coupon)>,
    /// Cards that stand in for void ones, by their ids.
    pub(super) replacements: Vec<(Box<str>, Coupon)>,
}

impl Account {
    /// A user's coupons as they were dealt.
    pub fn new(deck: &Deck, user: u64) -> Self {
        let first = user as u32 * COUPONS_PER_USER;
        let dealt = (first..first + COUPONS_PER_USER).filter_map(|coupon| Some((coupon, deck.dealt(coupon)?)));
        let coupon = |(number, dealt): (u32, &crate::plan::dealt::Dealt)| {
            (number, Coupon::new(deck.terms_of(number), dealt.from_ms, dealt.until_ms))
        };
        Self { blocks: 0, coupons: dealt.map(coupon).collect(), replacements: Vec::new() }
    }

    /// When its coupons were dealt, in ms: nothing was asked of them before.
    pub fn dealt_ms(&self) -> i64 {
        self.coupons.iter().map(|(_, coupon)| coupon.from_ms).max().unwrap_or(i64::MIN)
    }

    /// A coupon by its number.
    pub fn coupon(&self, number: u32) -> Option<&Coupon> {
        self.coupons.iter().find(|(own, _)| *own == number).map(|(_, coupon)| coupon)
    }

    /// All coupons, those that stand in for others too.
    pub fn coupons(&self) -> impl Iterator<Item = &Coupon> {
        self.coupons.iter().map(|(_, coupon)| coupon).chain(self.replacements.iter().map(|(_, coupon)| coupon))
    }

    /// The same with their numbers.
    pub fn numbered(&self) -> impl Iterator<Item = (u32, &Coupon)> {
        self.coupons.iter().map(|(number, coupon)| (*number, coupon))
    }

    /// Instants after `after_ms`, up to `until_ms`, at which time alone may change an answer.
    pub fn turns(&self, after_ms: i64, until_ms: i64) -> impl Iterator<Item = i64> {
        self.coupons().flat_map(move |coupon| coupon.turns(after_ms, until_ms))
    }

    /// Does what was accepted.
    pub fn apply(&mut self, operation: u64, ask: &Ask, told: &Told) {
        let at_ms = told.at_ms;
        if matches!(ask.verb, Verb::FreezeUser | Verb::UnfreezeUser) {
            return self.block(ask, told);
        }
        let Some((_, coupon)) = self.coupons.iter_mut().find(|(number, _)| *number == ask.coupon) else { return };
        if ask.verb == Verb::Release {
            return release(coupon, ask, told);
        }
        coupon.settle(at_ms);
        match ask.verb {
            Verb::Hold => hold(coupon, operation, ask, told),
            Verb::Capture => {
                coupon.end(ask.first, End::Captured);
                if let Some(hold) = coupon.holds.get_mut(&ask.first) {
                    hold.redemption = Some(operation);
                }
                coupon.capture(operation, ask.order, redemption(told));
            }
            Verb::Redeem => coupon.capture(operation, ask.order, redemption(told)),
            Verb::Refund => {
                if let Some(card) = refund(coupon, ask, told) {
                    self.replacements.extend(told.replacement.as_ref().map(|replacement| (replacement.id.clone(), card)));
                    return;
                }
            }
            Verb::Freeze | Verb::Unfreeze => {
                coupon.blocks = told.blocks;
                if ask.verb == Verb::Freeze && ask.insists {
                    coupon.revoke_all();
                }
            }
            Verb::Void => {
                coupon.revoke_all();
                coupon.voided += std::mem::take(&mut coupon.available);
                coupon.is_void = true;
            }
            Verb::Validate | Verb::Release | Verb::FreezeUser | Verb::UnfreezeUser => {}
        }
        coupon.settle(at_ms);
    }

    fn block(&mut self, ask: &Ask, told: &Told) {
        self.blocks = told.blocks;
        if ask.verb == Verb::FreezeUser && ask.insists {
            for (_, coupon) in &mut self.coupons {
                coupon.settle(told.at_ms);
                coupon.revoke_all();
                coupon.settle(told.at_ms);
            }
        }
    }
}

fn hold(coupon: &mut Coupon, operation: u64, ask: &Ask, told: &Told) {
    if let Some(own) = coupon.live_hold_of(ask.order, told.at_ms) {
        coupon.end(own, End::Released);
    }
    let ttl_ms = if ask.ttl_ms == 0 { HOLD_TTL_DEFAULT_MS } else { ask.ttl_ms };
    let hold = Hold {
        order: ask.order,
        amount: told.amount,
        applied: told.applied,
        held: if coupon.terms.is_card() { told.applied } else { 1 },
        deadline_ms: told.at_ms + ttl_ms,
        end: None,
        redemption: None,
    };
    coupon.hold(operation, hold);
}

/// A release that finds its hold ended may tell of the instant of that end; it moves nothing.
fn release(coupon: &mut Coupon, ask: &Ask, told: &Told) {
    if !told.is_late {
        coupon.settle(told.at_ms);
        coupon.end(ask.first, End::Released);
        return coupon.settle(told.at_ms);
    }
    if let Some(deadline_ms) = coupon.holds.get(&ask.first).map(|hold| hold.deadline_ms) {
        coupon.settle(deadline_ms);
    }
}

fn redemption(told: &Told) -> Redemption {
    Redemption { amount: told.amount, applied: told.applied, refunded: 0, at_ms: told.at_ms }
}

/// Gives value back; the card that it goes to, if that is another.
fn refund(coupon: &mut Coupon, ask: &Ask, told: &Told) -> Option<Coupon> {
    let redemption = coupon.redemptions.get_mut(&ask.first)?;
    redemption.refunded += told.amount;
    let (amount, is_whole) = (told.amount, redemption.left() == 0);
    if coupon.is_void {
        // What stands on the other card was loaded onto that one.
        coupon.captured -= amount;
        coupon.loaded -= amount;
        return Some(coupon.standing_in(amount, told.at_ms));
    }
    let returned = match coupon.terms.is_card() {
        true => amount,
        false => i64::from(is_whole && coupon.terms.comes_back),
    };
    coupon.captured -= returned;
    coupon.available += returned;
    if coupon.terms.is_card() {
        coupon.until_ms = told.until_ms;
    }
    None
}
