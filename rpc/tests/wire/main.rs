//! The contract over a real connection: one server for all of these facts, each of which uses ids of its own.

mod claim;
mod house;
mod operator;
mod redemption;
mod refusal;
mod stream;
mod template;
mod transport;
mod wallet;
