//! tessera-loadtest: puts a tessera server under load over the wire and recomputes whether it kept its promises.

pub mod check;
pub mod clock;
pub mod dice;
pub mod drive;
pub mod echo;
pub mod error;
pub mod ids;
pub mod link;
pub mod options;
pub mod plan;
pub mod progress;
pub mod record;
pub mod report;
pub mod scenario;
pub mod server;
pub mod verify;
pub mod wire;
