//! Leases of stock: how many partitions sell one stock, to the last piece and never one more; a day's limit and a budget alike ([`Pool`](crate::Pool)).
//!
//! A pool's *home* partition, which is its template's, holds the total and grants pieces to *lessees*, who sell without
//! asking. The durable numbers live in [`crate::stock::Stock`]: each is cumulative and written by one
//! side only, and a message is its sender's durable numbers, so loss, duplication and reordering are
//! harmless. What lives here is soft and a crash may take it: [`LesseeDesk`] knows what is asked for,
//! [`HomeDesk`] who asks and what the lessees said last.
//!
//! **A call** takes the time and the stock as it is with *every earlier effect applied*. It adds
//! to [`Effects`] events, to be appended and applied in order, and messages, passengers of the frame
//! that holds those events: nobody sees a message before its sender's state is durable. This alone
//! makes a crash harmless here: the messages of a lost frame never left.
//!
//! **Which statement is the newest** needs no number of its own: a lessee's counters only rise, so of
//! two statements the later is nowhere below the earlier, and the component-wise maximum of all *is*
//! the latest. Only what is asked for (parked, need) can be stale: a statement below the maximum is
//! not believed in that; one that equals it may cause one grant too many, which a recall brings back.
//!
//! **Sold out** is true of a total, for ever, where nothing is put back: a stock once sold out at total *t* stays so until a
//! raise. So a lessee refuses by the largest total it heard of, ignores whoever names a smaller one,
//! and counts the life of its flag from the moment it *asked*, so that a late message cannot lengthen
//! it: [`SOLD_OUT_MS`] after a raise no flag of the old total is left anywhere.
//!
//! It relies on every partition's clock running at the same pace, and on a desk that starts never
//! seeing a time at or before the last one its predecessor stated at.

mod account;
mod books;
mod counter;
mod home;
mod lessee;
mod message;
mod raise;
mod tab;
#[cfg(test)]
mod tests;

pub use home::HomeDesk;
pub use lessee::{LesseeDesk, Next, Sale};
pub use message::{Effects, Message, Statement, To};

/// How long an unanswered statement, recall or opening waits before it is repeated.
pub const REPEAT_MS: i64 = 50;

/// How long "sold out" may be said without asking home again; also how long a raise waits at most.
pub const SOLD_OUT_MS: i64 = 1_000;

/// In this last part of that time a claim that meets the flag makes the lessee ask again.
pub const RENEWAL_MS: i64 = SOLD_OUT_MS / 4;

/// Claims that may be parked in one partition.
pub const PARKED_CLAIMS_MAX: u32 = 65_536;

/// How long a claim may be parked; also how long home believes that somebody waits.
pub const PARKED_MS_MAX: i64 = 200;

/// How long home does not hear of what was put back, so that it hears of much at once.
pub const RESTOCK_MS: i64 = 100;

/// Leases that are stated in one tick after a start.
pub const START_STATEMENTS_MAX: usize = 1_024;

const _: () = assert!(REPEAT_MS < RENEWAL_MS && REPEAT_MS < PARKED_MS_MAX, "a lost message can be repeated in time");
