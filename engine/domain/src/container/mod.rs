//! Containers that never stop the shard: none grows by more than a chunk or a small table at once.
//!
//! [`Entities`] keeps numbered entities in chunks and their digest beside them, so that no entity can
//! change without the digest; [`Table`] is an index over them by linear hashing; [`Keyed`] joins both
//! for entities that are found by a key instead of a number; [`Deadlines`] finds among numbered entities those that are due.

mod deadlines;
mod entities;
mod keyed;
mod table;

pub use deadlines::Deadlines;
pub use entities::Entities;
pub use keyed::{Keyed, KeyedEntity, spread};
pub use table::Table;
