//! The server under load, when the load generator runs it: start, kill, stop, and what it says of itself.

pub mod cpu;
pub mod figures;
pub mod filler;
pub mod killer;
pub mod process;
pub mod rounds;
pub mod saboteur;
pub mod site;
pub mod sync_times;
pub mod usage;
