//! The engine: partitions on single-threaded shards, their turns, and what a turn hands to the log.
//!
//! The logic ([`shard`], [`catalog`], [`ledger`], [`recovery`]) is plain structs driven by messages and
//! time, so that all of it runs single-threaded in simulation; the actix actors, the log's thread and the
//! ticker are thin shells around it ([`node`]). It knows nothing of gRPC; it decides nothing that `domain`
//! decides; it writes no byte that `wal` does not sync before the answer leaves.

mod actor;
pub mod batches;
mod bring_up;
pub mod catalog;
pub mod clock;
pub mod conservation;
pub mod directory;
pub mod history;
pub mod inspect;
pub mod keys;
mod lane;
pub mod ledger;
pub mod letter;
mod lines;
pub mod maintenance;
pub mod node;
mod offices;
pub mod offline;
mod owned;
pub mod planted;
pub mod rebuild;
pub mod recovery;
pub mod replay;
pub mod restore;
mod router;
pub mod shard;
pub mod snapshots;
pub mod snapshotter;
mod threads;
pub mod turn;
pub mod verification;
pub mod voids;

pub use bring_up::Up;
pub use node::Node;
pub use router::{Bundle, Router};
pub use tessera_domain as domain;
pub use tessera_wal::{History, JournalId};
