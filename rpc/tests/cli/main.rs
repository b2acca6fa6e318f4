//! The program as a process: exit codes, what it prints, and directories it refuses.

mod cards;
mod client;
mod dev;
mod import;
mod inspect;
mod issue_bulk;
mod offline;
mod process;
mod regression_unwritable_log;
mod serve;
mod snapshot;
