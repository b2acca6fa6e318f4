//! The engine: partitions on single-threaded shards, their turns, and what a turn hands to the log.
//!
//! The logic ([`shard`], [`catalog`], [`ledger`], [`recovery`]) is plain structs driven by messages and
//! time, so that all of it runs single-threaded in simulation; the actix actors, the log's thread and the
//! ticker are thin shells around it ([`node`]). It knows nothing of gRPC; it decides nothing that `domain`
//! decides; it writes no byte that `wal` does not sync before the answer leaves.

mod actor;
pub mod catalog;
pub mod clock;
pub mod conservation;
pub mod keys;
mod lane;
pub mod ledger;
pub mod letter;
mod lines;
pub mod node;
pub mod offline;
mod owned;
pub mod recovery;
mod router;
pub mod shard;
pub mod turn;

pub use node::Node;
pub use router::Router;
pub use tessera_domain as domain;
