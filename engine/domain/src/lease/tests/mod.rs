//! The protocol, tested: facts of each desk, every interleaving of a small world, and a large one at random.
//!
//! [`shop`] plays the engine's part, so that all of them drive the real desks and the real stock.

mod chance;
mod home;
mod ledger;
mod lessee;
mod model;
mod party;
mod post;
mod shop;
mod simulation;
mod world;

/// The template that all tests sell.
const TEMPLATE: u32 = 7;
