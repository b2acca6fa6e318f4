//! tessera-loadtest: puts a tessera server under load over the wire, and recomputes whether it kept its promises.
//!
//! It owns the scenarios, the load they make, the client's record and the checker. It knows of tessera what `tessera-proto`
//! says and nothing else: no crate of the engine, no count of the server enters a verdict. Read in this order: `plan` (what
//! operation n is), `drive` (how it travels), `record` (what was told), `check` and `verify` (what follows), `scenario`. What a run
//! leaves is a `report`; `compare` and `page` read it back.

pub mod asked;
pub mod check;
pub mod clock;
pub mod compare;
pub mod dice;
pub mod drive;
pub mod echo;
pub mod error;
pub mod ids;
pub mod link;
pub mod options;
pub mod page;
pub mod plan;
pub mod progress;
pub mod record;
pub mod report;
pub mod scenario;
pub mod server;
pub mod verify;
pub mod wire;
