//! How long operations took: counts in fixed buckets of rising width, and percentiles read from such counts.
//!
//! The same form serves the log's syncs, which come with bounds of their own, and clients that subtract two readings.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

/// Upper bounds of the buckets of operations, in microseconds: 50 us to 10 s, at most half as wide again as the one before.
pub const BOUNDS_US: [u64; 33] = [
    50, 70, 100, 150, 200, 300, 500, 700, 1_000, 1_500, 2_000, 3_000, 5_000, 7_000, 10_000, 15_000, 20_000, 30_000, 50_000,
    70_000, 100_000, 150_000, 200_000, 300_000, 500_000, 700_000, 1_000_000, 1_500_000, 2_000_000, 3_000_000, 5_000_000,
    7_000_000, 10_000_000,
];

/// The buckets: those of [`BOUNDS_US`], then one for what is longer.
const BUCKETS: usize = BOUNDS_US.len() + 1;

/// Buckets that many threads count in.
pub struct Times {
    counts: [AtomicU64; BUCKETS],
    sum_us: AtomicU64,
}

impl Default for Times {
    fn default() -> Self {
        Self { counts: std::array::from_fn(|_| AtomicU64::new(0)), sum_us: AtomicU64::new(0) }
    }
}

impl Times {
    /// Counts so many operations, each of which took this long.
    pub fn note(&self, took: Duration, operations: u64) {
        let took_us = took.as_micros() as u64;
        let bucket = BOUNDS_US.partition_point(|&bound_us| bound_us < took_us);
        self.counts[bucket].fetch_add(operations, Relaxed);
        self.sum_us.fetch_add(took_us * operations, Relaxed);
    }

    /// Adds what was counted here to a reading.
    pub fn add_to(&self, reading: &mut Reading) {
        for (sum, count) in reading.counts.iter_mut().zip(&self.counts) {
            *sum += count.load(Relaxed);
        }
        reading.sum_us += self.sum_us.load(Relaxed);
    }
}

/// Counts at one instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Upper bounds of all buckets but the last, in microseconds.
    pub bounds_us: Vec<u64>,
    /// Operations in each bucket, each counted once.
    pub counts: Vec<u64>,
    /// The sum of all, in microseconds.
    pub sum_us: u64,
}

impl Reading {
    /// Nothing, in the buckets of operations.
    pub fn empty() -> Self {
        Self { bounds_us: BOUNDS_US.to_vec(), counts: vec![0; BUCKETS], sum_us: 0 }
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// What was counted since `earlier`. A server that was started between the two counts from nothing.
    pub fn since(&self, earlier: &Self) -> Self {
        let same = self.bounds_us == earlier.bounds_us && self.count() >= earlier.count();
        if !same {
            return self.clone();
        }
        let counts = self.counts.iter().zip(&earlier.counts).map(|(now, before)| now.saturating_sub(*before));
        Self { counts: counts.collect(), sum_us: self.sum_us.saturating_sub(earlier.sum_us), ..self.clone() }
    }

    /// The time, in microseconds, that this share of all did not exceed, as near as the buckets tell: on a straight line within
    /// its bucket. `None` if nothing was counted.
    pub fn quantile_us(&self, share: f64) -> Option<u64> {
        let rank = share * self.count() as f64;
        let mut below = 0;
        for (bucket, &count) in self.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            if (below + count) as f64 >= rank {
                let from = bucket.checked_sub(1).map_or(0, |before| self.bounds_us[before]);
                let until = self.bounds_us.get(bucket).copied().unwrap_or(from);
                return Some(from + ((until - from) as f64 * (rank - below as f64) / count as f64) as u64);
            }
            below += count;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(times: &Times) -> Reading {
        let mut reading = Reading::empty();
        times.add_to(&mut reading);
        reading
    }

    #[test]
    fn an_operation_is_counted_in_the_first_bucket_that_holds_it() {
        let times = Times::default();
        for took_us in [0, 50, 51, 10_000_001] {
            times.note(Duration::from_micros(took_us), 2);
        }
        let read = reading(&times);
        assert_eq!((read.counts[0], read.counts[1], read.counts[BUCKETS - 1], read.count()), (4, 2, 2, 8));
        assert_eq!(read.sum_us, 2 * (50 + 51 + 10_000_001));
    }

    #[test]
    fn a_quantile_lies_within_its_bucket() {
        let times = Times::default();
        times.note(Duration::from_micros(60), 98);
        times.note(Duration::from_millis(4), 2);
        let read = reading(&times);
        assert!((51..=70).contains(&read.quantile_us(0.5).unwrap()));
        assert!((3_000..=5_000).contains(&read.quantile_us(0.99).unwrap()));
    }

    #[test]
    fn nothing_has_no_quantile() {
        assert_eq!(Reading::empty().quantile_us(0.5), None);
    }

    #[test]
    fn what_is_beyond_the_last_bound_is_said_to_be_at_it() {
        let times = Times::default();
        times.note(Duration::from_secs(60), 1);
        assert_eq!(reading(&times).quantile_us(0.5), Some(10_000_000));
    }

    #[test]
    fn a_difference_counts_only_what_came_between() {
        let times = Times::default();
        times.note(Duration::from_micros(60), 3);
        let before = reading(&times);
        times.note(Duration::from_micros(60), 2);
        let since = reading(&times).since(&before);
        assert_eq!((since.count(), since.sum_us), (2, 120));
    }

    #[test]
    fn after_a_restart_a_difference_is_the_whole() {
        let (before, after) = (Times::default(), Times::default());
        before.note(Duration::from_micros(60), 3);
        after.note(Duration::from_micros(60), 1);
        assert_eq!(reading(&after).since(&reading(&before)).count(), 1);
    }
}
