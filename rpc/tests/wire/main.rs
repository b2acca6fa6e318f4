//! The contract over a real connection: one server for most of these facts, each of which uses ids of its own; those that count
//! everything or stop a server have one of their own.

mod claim;
mod drain;
mod house;
mod metrics;
mod operator;
mod own;
mod redemption;
mod refusal;
mod stream;
mod template;
mod transport;
mod wallet;
