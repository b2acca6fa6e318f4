//! The messages of the hot road, written and read straight from bytes.
//!
//! A load generator shares its machine with the server it measures. Generated types allocate four strings for every outcome,
//! only to drop them; here a request is written from numbers into a reused buffer, and an outcome is looked at where it
//! arrived. The generated types stay the authority: the tests of each file hold these bytes against them.

pub mod answer;
pub mod call;
pub mod refusal;
pub mod till;
pub mod write;
