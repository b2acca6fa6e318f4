//! An open loop: operation n is due at start + n / rate, whatever the server does.
//!
//! The runtime's timers are as coarse as a millisecond, a thousand operations at the rates of interest. A thread of its own
//! ticks every 250 µs, wakes the lanes, and hands out one permit for each operation that has become due.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::sync::{Notify, Semaphore};

use crate::clock::Clock;

/// Between two ticks.
const TICK: Duration = Duration::from_micros(250);

/// Says when operations are due. Stops its thread when dropped.
pub struct Pacer {
    start_ns: u64,
    interval_ns: f64,
    ticks: Arc<Ticks>,
}

struct Ticks {
    lanes: Notify,
    due: Semaphore,
    stopped: AtomicBool,
}

/// Nanoseconds between two operations at `rate` a second.
pub fn interval_ns(rate: f64) -> f64 {
    1e9 / rate
}

/// When `operation` is due in a run that began at `start_ns`.
#[inline]
pub fn intended_ns(start_ns: u64, interval_ns: f64, operation: u64) -> u64 {
    start_ns + (operation as f64 * interval_ns) as u64
}

impl Pacer {
    /// Begins now with `rate` > 0 operations per second.
    pub fn start(clock: Clock, start_ns: u64, rate: f64) -> Self {
        let ticks = Arc::new(Ticks { lanes: Notify::new(), due: Semaphore::new(0), stopped: AtomicBool::new(false) });
        let interval_ns = interval_ns(rate);
        let thread = ticks.clone();
        std::thread::spawn(move || thread.run(clock, start_ns, interval_ns));
        Self { start_ns, interval_ns, ticks }
    }

    /// When `operation` is due.
    #[inline]
    pub fn intended_ns(&self, operation: u64) -> u64 {
        intended_ns(self.start_ns, self.interval_ns, operation)
    }

    /// Waits for the next tick.
    pub async fn tick(&self) {
        self.ticks.lanes.notified().await;
    }

    /// Waits until one more operation is due than was waited for by all callers together.
    pub async fn next_due(&self) {
        if let Ok(permit) = self.ticks.due.acquire().await {
            permit.forget();
        }
    }
}

impl Ticks {
    fn run(&self, clock: Clock, start_ns: u64, interval_ns: f64) {
        let mut issued = 0_u64;
        while !self.stopped.load(Relaxed) {
            let elapsed_ns = clock.now_ns().saturating_sub(start_ns);
            let due = (elapsed_ns as f64 / interval_ns) as u64 + 1;
            self.due.add_permits((due - issued.min(due)) as usize);
            issued = due;
            self.lanes.notify_waiters();
            std::thread::sleep(TICK);
        }
    }
}

impl Drop for Pacer {
    fn drop(&mut self) {
        self.ticks.stopped.store(true, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_operation_is_not_due_before_its_time() {
        let clock = Clock::start();
        let start_ns = clock.now_ns();
        let pacer = Pacer::start(clock, start_ns, 1_000.0);
        for operation in 0..5 {
            pacer.next_due().await;
            let now_ns = clock.now_ns();
            assert!(now_ns >= pacer.intended_ns(operation), "operation {operation} at {now_ns}");
        }
    }
}
