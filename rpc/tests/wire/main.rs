//! The contract over a real connection: one server for all of these facts, each of which uses ids of its own.

mod capture;
mod claim;
mod custody;
mod hold;
mod house;
mod operator;
mod redemption;
mod refund;
mod refusal;
mod stream;
mod template;
mod till_stream;
mod transport;
mod wallet;
