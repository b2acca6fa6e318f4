//! The wall reading of a turn: the only place where time enters the engine.
//!
//! The reading runs on the monotonic clock and slews towards the system's wall clock by at most one
//! part in ten; a step of more than [`STEP_MS_MAX`] is alarmed and not followed, so that one bad clock
//! cannot poison time for ever. It never goes back. (durability.md, rule 13)

use crate::planted::{self, Planted};
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
    reading: Reading,
}

/// The rule of the reading, from two clocks that are given: what the machine's clock does, and a simulated one.
pub struct Reading {
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
        WallClock { start: Instant::now(), reading: Reading::start(system_ms()) }
    }
}

impl Clock for WallClock {
    fn now_ms(&self) -> i64 {
        self.reading.at(self.start.elapsed().as_millis() as i64, system_ms())
    }
}

impl Reading {
    /// Begins at this time.
    pub fn start(start_ms: i64) -> Reading {
        let [offset_ms, slewed_at_ms] = [0, 0].map(AtomicI64::new);
        Reading { start_ms, offset_ms, slewed_at_ms, latest_ms: AtomicI64::new(start_ms) }
    }

    /// The reading `elapsed_ms` after the start by the monotonic clock, when the system's clock says `system_ms`.
    pub fn at(&self, elapsed_ms: i64, system_ms: i64) -> i64 {
        let reading_ms = self.start_ms + elapsed_ms + self.offset_ms.load(Ordering::Relaxed);
        self.slew(elapsed_ms, system_ms - reading_ms);
        self.latest_ms.fetch_max(reading_ms, Ordering::Relaxed).max(reading_ms)
    }

    fn slew(&self, elapsed_ms: i64, drift_ms: i64) {
        let before = self.slewed_at_ms.load(Ordering::Relaxed);
        if elapsed_ms < before + SLEW_EVERY_MS
            || self.slewed_at_ms.compare_exchange(before, elapsed_ms, Ordering::Relaxed, Ordering::Relaxed).is_err()
        {
            return;
        }
        if planted::is(Planted::ClockStepFollowed) {
            self.offset_ms.fetch_add(drift_ms, Ordering::Relaxed);
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
    fn a_step_is_not_followed_and_a_drift_is_slewed_by_a_tenth() {
        let reading = Reading::start(1_000_000);
        assert_eq!(reading.at(1_000, 1_001_000 + STEP_MS_MAX + 1), 1_001_000);
        assert_eq!(reading.at(2_000, 1_002_000 - STEP_MS_MAX - 1), 1_002_000);
        let drifting = |elapsed_ms| reading.at(elapsed_ms, 1_000_000 + elapsed_ms + STEP_MS_MAX);
        let latest_ms = (2_010..=3_010).step_by(10).map(drifting).last();
        assert_eq!(latest_ms, Some(1_003_010 + 100));
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
