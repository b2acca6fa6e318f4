//! Tests of the log as a whole, over the simulated storage. Each file is about one promise; what they share is the scribe.

mod archive;
mod bit_flips;
mod crash;
mod crash_nested;
mod crash_planted;
mod cuts;
mod disk_full;
mod fixture;
mod history;
mod limits;
mod log_thread;
mod meddling;
mod reading;
mod scribe;
mod small_log;
mod tail_table;
mod trimming;
mod writing;
