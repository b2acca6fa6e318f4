//! An offer: one coupon as checkout sees it, and why it may come to nothing.

use crate::money::Rounding;
use crate::terms::rules::{Basis, Layer, Rules, Stacking};
use crate::terms::scope::Scope;
use crate::terms::{Kind, Terms};

/// A coupon that may be applied to an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer<'a> {
    /// Its number: which coupon this is.
    pub coupon: u64,
    /// The number of its template.
    pub template: u32,
    /// What it does, with the numbers of checked terms. Stored value pays, and takes nothing off.
    pub kind: Kind,
    /// How a percentage is rounded.
    pub rounding: Rounding,
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
        let (layer, priority, basis) = (*layer, *priority, *basis);
        let &Terms { template, kind, rounding, .. } = terms;
        (!terms.is_stored_value()).then_some(Offer { coupon, template, kind, rounding, layer, priority, basis, stacking, scope })
    }

    /// Where it stands in the order of application.
    pub(super) fn place(&self) -> (Layer, u32, u64) {
        (self.layer, self.priority, self.coupon)
    }
}
