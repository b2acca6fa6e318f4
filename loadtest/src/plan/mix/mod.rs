//! The mix: coupons of several kinds, and visits to tills whose steps depend on one another.
//!
//! Unlike the other plans, what operation n is follows from the replies before it; the seed chooses the visits.

pub mod ask;
pub mod deck;
pub mod terms;
pub mod visit;

pub use ask::{Act, Ask, Replacement, Told, Verb};
pub use deck::{Deck, Request};
