//! How long the syncs of groups took: counts in fixed buckets, cheap to note and cheap to copy out.
//!
//! For operators alone: nothing in the log decides by it. A sync that takes longer each day is a disk that dies.

use std::time::Duration;

/// Upper bounds of the buckets, in microseconds; one more bucket takes what is longer.
pub const SYNC_BOUNDS_US: [u64; 31] = [
    20, 30, 50, 70, 100, 150, 200, 300, 500, 700, 1_000, 1_500, 2_000, 3_000, 5_000, 7_000, 10_000, 15_000, 20_000, 30_000,
    50_000, 70_000, 100_000, 150_000, 200_000, 300_000, 500_000, 700_000, 1_000_000, 2_000_000, 5_000_000,
];

/// The buckets: those of [`SYNC_BOUNDS_US`], then the last.
const BUCKETS: usize = SYNC_BOUNDS_US.len() + 1;

/// How many syncs took how long.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SyncTimes {
    /// Syncs in each bucket, each counted once.
    pub counts: [u64; BUCKETS],
    /// The sum of all, in microseconds.
    pub sum_us: u64,
}

impl SyncTimes {
    /// Counts one sync.
    pub(crate) fn note(&mut self, took: Duration) {
        let took_us = took.as_micros() as u64;
        self.counts[SYNC_BOUNDS_US.partition_point(|&bound_us| bound_us < took_us)] += 1;
        self.sum_us += took_us;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sync_is_counted_in_the_first_bucket_that_holds_it() {
        let mut times = SyncTimes::default();
        for took_us in [0, 20, 21, 5_000_000, 5_000_001] {
            times.note(Duration::from_micros(took_us));
        }
        let last = BUCKETS - 1;
        assert_eq!((times.counts[0], times.counts[1], times.counts[last - 1], times.counts[last]), (2, 1, 1, 1));
        assert_eq!((times.counts.iter().sum::<u64>(), times.sum_us), (5, 10_000_042));
    }

    #[test]
    fn bounds_rise() {
        assert!(SYNC_BOUNDS_US.windows(2).all(|pair| pair[0] < pair[1]));
    }
}
