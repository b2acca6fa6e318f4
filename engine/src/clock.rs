//! The wall reading of a turn: the only place where time enters the engine.
//!
//! The reading runs on the monotonic clock and slews towards the system's wall clock by at most one
//! part in ten; a step of more than [`STEP_MS_MAX`] is alarmed and not followed, so that one bad clock
//! cannot poison time for ever. It never goes back. (durability.md, rule 13)

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// A difference to the system's clock beyond which it is not followed, in ms.
pub const STEP_MS_MAX: i64 = 5_000;

/// How far the last frame may lie behind the wall at a start, in ms: 24 hours.
pub const AHEAD_MS_MAX: i64 = 24 * 3_600_000;

/// Between two steps of slewing by 1 ms, in ms.
const SLEW_EVERY_MS: i64 = 10;

/// Gives the wall reading, in ms since the epoch.
pub trait Clock: Send + Sync {
    /// Never less than any reading before.
    fn now_ms(&self) -> i64;
}

/// The machine's clock.
pub struct WallClock {
    start: Instant,
    start_ms: i64,
    offset_ms: AtomicI64,
    slewed_at_ms: AtomicI64,
    latest_ms: AtomicI64,
}

/// A wall clock that disagrees with the journals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the clock says {wall_ms} ms, the last frame was written at {last_ms} ms: set the clock, or accept it")]
pub struct ClockRefused {
    /// What the clock says.
    pub wall_ms: i64,
    /// The newest frame.
    pub last_ms: i64,
}

impl WallClock {
    /// Begins at the system's time.
    pub fn start() -> WallClock {
        let start_ms = system_ms();
        WallClock {
            start: Instant::now(),
            start_ms,
            offset_ms: AtomicI64::new(0),
            slewed_at_ms: AtomicI64::new(0),
            latest_ms: AtomicI64::new(start_ms),
        }
    }

    fn slew(&self, elapsed_ms: i64, drift_ms: i64) {
        let before = self.slewed_at_ms.load(Ordering::Relaxed);
        if elapsed_ms < before + SLEW_EVERY_MS
            || self.slewed_at_ms.compare_exchange(before, elapsed_ms, Ordering::Relaxed, Ordering::Relaxed).is_err()
        {
            return;
        }
        if drift_ms.abs() > STEP_MS_MAX {
            if elapsed_ms / 60_000 != before / 60_000 {
                tracing::error!(drift_ms, "the system clock has stepped; it is not followed");
            }
            return;
        }
        self.offset_ms.fetch_add(drift_ms.signum(), Ordering::Relaxed);
    }
}

impl Clock for WallClock {
    fn now_ms(&self) -> i64 {
        let elapsed_ms = self.start.elapsed().as_millis() as i64;
        let reading_ms = self.start_ms + elapsed_ms + self.offset_ms.load(Ordering::Relaxed);
        self.slew(elapsed_ms, system_ms() - reading_ms);
        self.latest_ms.fetch_max(reading_ms, Ordering::Relaxed).max(reading_ms)
    }
}

/// Refuses a clock that lies too far from the newest frame. A log that was never written has none.
pub fn check(wall_ms: i64, last_ms: Option<i64>) -> Result<(), ClockRefused> {
    match last_ms {
        Some(last_ms) if wall_ms < last_ms - STEP_MS_MAX || wall_ms > last_ms + AHEAD_MS_MAX => {
            Err(ClockRefused { wall_ms, last_ms })
        }
        _ => Ok(()),
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the place where time enters")]
fn system_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_far_from_the_newest_frame_needs_an_operator() {
        let day = AHEAD_MS_MAX;
        for (wall_ms, is_fine) in
            [(day, true), (day - STEP_MS_MAX, true), (day - STEP_MS_MAX - 1, false), (2 * day, true), (2 * day + 1, false)]
        {
            assert_eq!(check(wall_ms, Some(day)).is_ok(), is_fine, "{wall_ms}");
        }
        assert!(check(0, None).is_ok());
    }

    #[test]
    fn readings_never_go_back() {
        let clock = WallClock::start();
        let mut last_ms = 0;
        for _ in 0..10_000 {
            let now_ms = clock.now_ms();
            assert!(now_ms >= last_ms);
            last_ms = now_ms;
        }
    }
}
