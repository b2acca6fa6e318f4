//! An offer: one coupon as checkout sees it, and why it may come to nothing.

use crate::money::{BasisPoints, Rounding};
use crate::terms::rules::{Basis, Layer, Rules, Stacking};
use crate::terms::scope::Scope;
use crate::terms::{Kind, Terms};

/// What a coupon does, with its numbers in minor units: those of checked terms, 0 to [`crate::money::AMOUNT_MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// 折扣券: pay `pay` of the subtotal.
    PercentOff {
        /// What remains to be paid, in basis points.
        pay: BasisPoints,
        /// 最高抵扣.
        cap: Option<i64>,
        /// How the discount is rounded.
        rounding: Rounding,
    },
    /// 满减券: `amount` off from `threshold` on.
    AmountOff {
        /// Smallest subtotal.
        threshold: i64,
        /// What comes off.
        amount: i64,
    },
    /// 满2件减10元: `amount` off from so many pieces on.
    QuantityOff {
        /// Fewest pieces.
        pieces: u32,
        /// What comes off.
        amount: i64,
    },
    /// 代金券: `amount` off.
    CashVoucher {
        /// What comes off.
        amount: i64,
    },
    /// 礼品券: so many units cost nothing.
    Exchange {
        /// Most units.
        pieces: u32,
    },
}

/// A coupon that may be applied to an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer<'a> {
    /// Its number: which coupon this is.
    pub coupon: u64,
    /// The number of its template.
    pub template: u32,
    /// What it does.
    pub effect: Effect,
    /// What it is taken off.
    pub layer: Layer,
    /// Within its layer the lower is applied first.
    pub priority: u32,
    /// From which amounts it is reckoned.
    pub basis: Basis,
    /// Beside what it may stand.
    pub stacking: &'a Stacking,
    /// Which lines it is about.
    pub scope: &'a Scope,
}

/// Why a coupon takes nothing off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unusable {
    /// No line is in its scope.
    OutOfScope,
    /// It cannot stand beside this coupon, the first of those that are too many with it.
    NotCombinable {
        /// The number of that coupon.
        with: u64,
    },
    /// What it is about costs too little.
    BelowThreshold {
        /// Minor units that are missing, at least 1.
        missing: i64,
    },
    /// What it is about is too few pieces.
    BelowQuantity {
        /// Pieces that are missing, at least 1.
        missing: u32,
    },
    /// There is nothing left for it to take off, or what it would take rounds to nothing.
    NoEffect,
}

impl<'a> Offer<'a> {
    /// A coupon of these terms; `None` for stored value, which is payment.
    pub fn of(coupon: u64, terms: &'a Terms) -> Option<Offer<'a>> {
        let Rules { layer, priority, basis, stacking, scope, .. } = terms.rules();
        let effect = Effect::of(terms)?;
        let (layer, priority, basis) = (*layer, *priority, *basis);
        Some(Offer { coupon, template: terms.template, effect, layer, priority, basis, stacking, scope })
    }

    /// Where it stands in the order of application.
    pub(super) fn place(&self) -> (Layer, u32, u64) {
        (self.layer, self.priority, self.coupon)
    }
}

impl Effect {
    fn of(terms: &Terms) -> Option<Effect> {
        match terms.kind {
            Kind::PercentOff { pay, cap } => Some(Effect::PercentOff { pay, cap, rounding: terms.rounding }),
            Kind::AmountOff { threshold, amount } => Some(Effect::AmountOff { threshold, amount }),
            Kind::QuantityOff { pieces, amount } => Some(Effect::QuantityOff { pieces, amount }),
            Kind::CashVoucher { amount } => Some(Effect::CashVoucher { amount }),
            Kind::Exchange { pieces } => Some(Effect::Exchange { pieces }),
            Kind::StoredValue { .. } => None,
        }
    }

    pub(super) fn is_exchange(self) -> bool {
        matches!(self, Effect::Exchange { .. })
    }
}
