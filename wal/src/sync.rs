//! What the log's threads wait, signal and hand over with, under one name each, so that a scheduler of all interleavings can take
//! their place.
//!
//! Everything that two threads of the log share goes through here, the simulated disk included; `Arc` and `OnceLock` do not, because
//! nobody waits for them. With the feature `shuttle` the same code runs on one thread of the machine, and the checker decides at each
//! of these operations who goes on (`tests/interleavings.rs`); what it does not know, timeouts, is in `checked.rs`.

#[cfg(feature = "shuttle")]
pub(crate) mod checked;
#[cfg(feature = "shuttle")]
pub(crate) use checked::{Condvar, Mutex, MutexGuard, channel};
#[cfg(feature = "shuttle")]
pub(crate) use shuttle::{sync::atomic, thread};

#[cfg(not(feature = "shuttle"))]
pub(crate) use crossbeam::channel;
#[cfg(not(feature = "shuttle"))]
pub(crate) use parking_lot::{Condvar, Mutex, MutexGuard};
#[cfg(not(feature = "shuttle"))]
pub(crate) use std::{sync::atomic, thread};
