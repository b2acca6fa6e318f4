//! The machine: a disk that outlives its crashes, and the node's lives on it.

mod harbour;
mod journal;
mod node;
mod power;

pub(crate) use harbour::Arrival;
pub(crate) use node::{KEY_VERSION, Node, SnapshotError, hash_key, keys};
pub(crate) use power::{after_crash, flip_a_bit, lose_last_group, new_directory, options};
