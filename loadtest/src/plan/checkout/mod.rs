//! Checkouts: what users are dealt, what they buy, and what they ask for together.

pub mod ask;
pub mod basket;
pub mod hand;
pub mod templates;

pub use ask::{Act, Ask, No, Out, Told, Verb};
pub use hand::Hands;
