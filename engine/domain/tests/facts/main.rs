//! Facts about the domain, each by its name: one file a command, then what holds for all of them.
//!
//! Only the public API is used, so every fact is one that an engine can rely on.

mod given;

mod anew;
mod apart;
mod batch;
mod block;
mod capture;
mod card;
mod checkout;
mod claim;
mod claimable;
mod codec;
mod digest;
mod events;
mod expiry;
mod forgetting;
mod gift;
mod golden;
mod hold;
mod idempotency;
mod image;
mod journal;
mod legacy;
mod model;
mod natural_key;
mod order;
mod past;
mod pool;
mod precedence;
mod quote;
mod redeem;
mod redemptions;
mod refund;
mod release;
mod resume;
mod returns;
mod reveal;
mod rules;
mod stock;
mod template;
mod template_void;
mod validate;
mod void;
mod wallet;
