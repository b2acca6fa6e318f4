//! Checkout 优惠计算: what the coupons of an order take off it, line by line, and what its cards pay.
//!
//! Pure functions over plain values: nothing here knows a partition, a coupon's state or a clock. Whoever asks has found out which
//! coupons may be used at all, and brings each as an [`Offer`].
//!
//! **Order of application.** By layer (item 单品, order 订单, shipping 运费), then priority, then coupon number. The order in which
//! offers are given does not matter, and a coupon given twice counts once. Lines are numbered by their place.
//!
//! **What a discount is about.** Item and order discounts act on the lines in their scope; their sum is the eligible subtotal.
//! Shipping discounts act on the shipping amount: the scope says whether there is a line that lets them, thresholds look at the
//! lines in scope, and percentages and amounts are reckoned from the shipping amount.
//!
//! **Basis.** [`Basis::Remaining`]: reckoned from what the discounts before it have left of these lines (or of shipping), while a
//! threshold looks at what *earlier layers* have left of them, so that two coupons of one layer do not hinder each other.
//! [`Basis::Initial`]: both look at the initial amounts. In both a discount is never above what is left.
//!
//! **Effects.**
//! - percent: once on the subtotal, rounded, then the cap, then at most what is left;
//! - amount from a threshold 满减, amount from a number of pieces 满件减 (the quantities of the lines in scope, whatever their price),
//!   cash voucher 代金券 without a threshold: the amount, at most what is left;
//! - exchange 礼品券: so many units cost nothing, those of the highest unit price first (ties: lower line). A unit is given away once:
//!   of a line with k of the n units that no exchange before has taken, floor(what is left · k / n) comes off; with the initial basis
//!   k unit prices, at most what is left. An exchange acts on goods: in the shipping layer it has no effect.
//!
//! **Shares.** An exchange falls on the lines whose units it takes. Every other discount is split over its lines by largest remainder
//! with what is left on each as weight, under both bases: the sum is exact, and no line goes below zero.
//!
//! **Without effect** a coupon is not applied, hence not consumed and in nobody's way; the others are reckoned without it. The reasons
//! are looked for in this order: no line in scope, another coupon it cannot stand beside, threshold or pieces, nothing left to take.
//!
//! **Stacking** 叠加. All coupons of an order must agree. [`Class::Never`]: alone among discounts. [`Class::Grouped`]: of its group at
//! most `max_per_group`, and at least one. [`Class::Always`]: any. Beside that each coupon's `max_per_order` counts the coupons of its
//! template, and an order takes at most [`INSTRUMENTS_MAX`]. Every part of an allowed set is allowed. Of coupons that cannot stand
//! together, those earlier in the order of application stand. Cards are payment and do not count.
//!
//! **The best set** is the one that takes most off; then the one of fewest coupons; then the one whose coupon numbers in rising order
//! come first. Up to [`CANDIDATES_EXACT_MAX`] candidates that may stand beside others that is found exactly; beyond, the candidate that raises the discount most is
//! added again and again.
//!
//! **Cards** pay what is left: soonest to expire first, then smallest balance, then coupon number.
//!
//! **Returns** of units give back what their share of a discount was; any order of returns gives back the whole: [`give_back`].

mod apply;
mod best;
pub mod give_back;
mod left;
mod offer;
mod order;
mod quote;
mod stack;
mod tender;

pub use crate::terms::rules::{Basis, Class, Layer, Stacking};
pub use crate::terms::scope::{Choice, Names, Scope};
pub use apply::{Applied, Step, apply};
pub use best::{Best, best};
pub use offer::{Offer, Unusable};
pub use order::{Line, Order};
pub(crate) use order::{lie_in, meet};
pub use quote::{Combination, Purchase, Quoted, quote};
pub use tender::{Card, tender};

/// Most lines of an order.
pub const LINES_MAX: usize = 200;

/// Most categories of a line.
pub const CATEGORIES_MAX: usize = 16;

/// Most discounts of an order.
pub const INSTRUMENTS_MAX: usize = 16;

/// What a refusal calls the instruments of an order, by their place.
pub const PLACES: [&str; INSTRUMENTS_MAX] = [
    "instruments[0]",
    "instruments[1]",
    "instruments[2]",
    "instruments[3]",
    "instruments[4]",
    "instruments[5]",
    "instruments[6]",
    "instruments[7]",
    "instruments[8]",
    "instruments[9]",
    "instruments[10]",
    "instruments[11]",
    "instruments[12]",
    "instruments[13]",
    "instruments[14]",
    "instruments[15]",
];

/// The same by their place among the parts of a held checkout.
pub(crate) const PARTS: [&str; INSTRUMENTS_MAX] = [
    "parts[0]",
    "parts[1]",
    "parts[2]",
    "parts[3]",
    "parts[4]",
    "parts[5]",
    "parts[6]",
    "parts[7]",
    "parts[8]",
    "parts[9]",
    "parts[10]",
    "parts[11]",
    "parts[12]",
    "parts[13]",
    "parts[14]",
    "parts[15]",
];

/// Most coupons among which the best are looked for.
pub const CANDIDATES_MAX: usize = 200;

/// Most candidates of which every allowed set is weighed.
pub const CANDIDATES_EXACT_MAX: usize = 12;

const _: () = assert!(CANDIDATES_EXACT_MAX <= INSTRUMENTS_MAX && INSTRUMENTS_MAX <= CANDIDATES_MAX);
