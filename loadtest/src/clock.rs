//! The run's clock: nanoseconds since it was started, the same for all threads.
//!
//! Real-time checks rest on its use: a send is stamped before the message leaves, an answer after it was received.

use std::time::Instant;

/// A monotonic clock; copies agree.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: Instant,
}

impl Clock {
    /// Starts at 1, so that 0 can mean "never".
    pub fn start() -> Self {
        Self { start: Instant::now() }
    }

    /// Nanoseconds since the start.
    #[inline]
    pub fn now_ns(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX).saturating_add(1)
    }
}
