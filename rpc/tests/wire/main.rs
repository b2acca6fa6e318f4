//! The contract over a real connection: one server for most of these facts, each of which uses ids of its own; those that count
//! everything or stop a server have one of their own.

mod bulk;
mod capture;
mod card;
mod checkout;
mod claim;
mod custody;
mod drain;
mod feed;
mod gift;
mod hold;
mod house;
mod inspect;
mod journal;
mod legacy;
mod limits;
mod maintenance;
mod merchant;
mod metrics;
mod operator;
mod order;
mod own;
mod pools;
mod queries;
mod redemption;
mod refund;
mod refusal;
mod restore;
mod rules;
mod stream;
mod template;
mod till_stream;
mod transport;
mod verify;
mod void_template;
mod wallet;
