//! Tests of the log as a whole, over the simulated storage. Each file is about one promise; what they share is the scribe.

mod archive;
mod bit_flips;
mod crash;
mod crash_nested;
mod crash_planted;
mod cuts;
mod disk_full;
mod fixture;
mod forged;
mod grouping;
mod history;
mod identity;
#[cfg(feature = "shuttle")]
mod interleavings;
mod limits;
mod log_thread;
mod meddling;
mod reading;
mod regression_stop_on_a_full_disk;
mod review;
mod scribe;
mod sessions;
mod small_log;
mod tail_table;
mod trimming;
mod words;
mod writing;
