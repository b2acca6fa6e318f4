//! The pure heart of tessera: what coupons and gift cards are, and what may happen to them.
//!
//! It owns the state of a partition and of the catalog, the commands that people send, the events
//! that are facts, `decide` (state, command, time → events or a refusal) and `apply` (the only
//! writer of state). It is *not* a server, a log or a clock: it knows nothing of files, threads,
//! sockets, time sources or randomness, and its manifest proves it. Everything that varies between
//! two runs enters as an argument, so the same events give the same state everywhere.

mod adopted;
mod batch;
mod block;
pub mod calendar;
pub mod catalog;
pub mod checkout;
mod checkouts;
pub mod code;
pub mod codec;
pub mod command;
mod compact;
mod container;
mod coupon;
pub mod crockford;
mod decide;
pub mod digest;
pub mod event;
mod gift;
mod hold;
mod id;
pub mod image;
pub mod keyed;
pub mod lease;
mod legacy;
pub mod line;
pub mod money;
mod partition;
pub mod planted;
mod pledge;
mod pool;
mod redemption;
mod rejection;
pub mod reply;
pub mod request;
mod saga;
pub mod sealed_id;
pub mod split;
pub mod stock;
mod terms;
mod user;
mod value;

pub use batch::{BATCH_CARDS_MAX, RUN_CARDS_MAX};
pub use block::{Block, Blocks};
pub use checkouts::Stage;
pub use coupon::{Coupon, Life};
pub use decide::{Context, Decision, Events, Group, Happening, Outgoing};
pub use gift::{GIFT_MEMORY_MS, GIFT_TTL_DEFAULT_MS, GIFT_TTL_MS_MAX, GIFT_TTL_MS_MIN, GiftState};
pub use hold::{HOLD_MEMORY_MS, HOLD_TTL_DEFAULT_MS, HOLD_TTL_MS_MAX, HOLD_TTL_MS_MIN, HOLDS_PER_COUPON_MAX, HoldState};
pub use id::{ID_BYTES_MAX, Id};
pub use partition::{Divergence, Partition, TenderBook, Tendered};
pub use pledge::PLEDGED_UNTIL_MS;
pub use pool::{Need, Pool};
pub use redemption::REFUND_WINDOW_MS;
pub use rejection::{Reason, Rejection};
pub use reply::Reply;
pub use saga::{SAGA_MS_MAX, SAGAS_OPEN_MAX};
pub use terms::{Kind, RefundPolicy, Template, TemplateSpec, Terms, Validity, Window, display, hours, rules, scope};
pub use value::{Value, ValueTotals};
