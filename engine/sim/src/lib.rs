//! A seeded world for the whole engine: one thread, a disk that forgets, a clock that is told, clients who lose their replies.
//!
//! ```text
//! dice ─▶ world ─▶ machine: shards and catalog's owner on tessera_wal's stepped log over a simulated disk
//!           ├────▶ clients: claims, redemptions, refunds, raises, reads, retries
//!           ├────▶ post: letters on their way, late, twice, out of order, lost
//!           └────▶ audit: one file for each invariant
//! ```
//!
//! One seed decides everything, so a failure is a seed and a command ([`Failure`]). The engine runs unchanged: the same
//! shards, ledgers, log worker and recovery as in a node; what is left out are actors, threads, sockets and the real clock.
//!
//! The auditors see what leaves the node and what a crash leaves on the disk, and decide with their own plain models; the
//! only code of the engine that they trust is `apply` and the frame format. Faults planted on purpose ([`Planted`]) prove that
//! they would notice.
//!
//! Beside the worlds stands [`journey`]: real baskets and campaigns, relived by the same machine and reconciled month by month.

mod audit;
mod clients;
mod clock;
mod dice;
mod history;
pub mod journey;
mod machine;
mod plan;
mod planted;
mod post;
mod run;
mod totals;
mod trace;
mod violation;
mod world;

pub use plan::{PLANS, Plan};
pub use planted::Planted;
pub use run::{Failure, Order, Outcome, run};
pub use totals::Totals;
pub use violation::Violation;
