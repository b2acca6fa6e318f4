//! The protocol, tested: facts of each desk, every interleaving of a small world, and a large one at random.
//!
//! [`shop`] plays the engine's part, so that all of them drive the real desks and the real stock.

mod chance;
mod home;
mod ledger;
mod lessee;
mod model;
mod party;
mod pool;
mod post;
mod shop;
mod simulation;
mod world;

use crate::pool::{Need, Pool};

/// The stock that most tests sell.
const POOL: Pool = Pool::stock(7);

/// A claim takes one of it.
const PIECE: Need = Need { pool: POOL, amount: 1 };
