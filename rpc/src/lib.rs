//! The edge: gRPC in, engine commands out, and back; and the program `tessera` around it.
//!
//! Owns the services, the conversion between wire and domain, the one place that makes a `tonic::Status`, the server with its
//! limits, and the command line. Decides nothing: every answer is an engine reply that is durable, but for refusals of requests
//! that are malformed in themselves. Relies on the engine's `Router` and on the contract; knows nothing of shards, logs or files.

pub mod cli;
pub mod client;
mod convert;
mod desk;
mod gate;
mod halves;
mod journal;
pub mod limits;
mod listener;
pub mod logging;
mod meter;
pub mod metrics;
mod mouth;
mod outbox;
mod progress;
mod pulse;
mod seals;
pub mod server;
mod services;
pub mod serving;
pub mod settings;
mod slots;
pub mod status;
mod stream;

use tessera_engine::domain;
