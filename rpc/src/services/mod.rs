//! The services, one file each: convert, ask, convert back; the streams of all have one of their own.

pub mod card;
pub mod checkout;
pub mod claim;
pub mod custody;
pub mod gift;
pub mod journal;
mod legacy;
pub mod maintenance;
mod merchant;
pub mod operator;
mod probe;
pub mod redemption;
pub mod streams;
pub mod template;
mod till;
pub mod wallet;

use crate::domain::Reply;

/// The engine answered a question with the answer to another one: a broken invariant.
fn mismatched(question: &str, reply: &Reply) -> ! {
    panic!("{question} was answered with {reply:?}")
}
