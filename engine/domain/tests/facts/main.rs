//! Facts about the domain, each by its name: one file a command, then what holds for all of them.
//!
//! Only the public API is used, so every fact is one that an engine can rely on.

mod given;

mod claim;
mod codec;
mod digest;
mod events;
mod golden;
mod idempotency;
mod image;
mod journal;
mod model;
mod natural_key;
mod precedence;
mod redeem;
mod refund;
mod reveal;
mod stock;
mod template;
mod validate;
mod wallet;
