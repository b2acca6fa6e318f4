//! Containers that never stop the shard: none grows by more than a chunk or a small table at once.
//!
//! [`Numbered`] keeps values under numbers without gaps, in chunks; [`Entities`] joins to it their digest, so that no entity can
//! change without it; [`Index`] finds numbers of entities by hash, and [`Table`] small values, both by linear hashing; [`Keyed`] is
//! for entities that are found by a key instead of a number; [`Deadlines`] finds among numbered entities those that are due.

mod deadlines;
mod directory;
mod entities;
mod index;
mod keyed;
mod numbered;
mod subtable;
mod table;

pub use deadlines::{CHUNK as DEADLINES_CHUNK, Deadlines};
pub use entities::Entities;
pub use index::{Filling, Index, Meeting};
pub use keyed::{Keyed, KeyedEntity, spread};
pub use numbered::Numbered;
pub use table::Table;
