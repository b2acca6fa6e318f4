//! How long syncs of the log took: the server's own counts by bucket, over one measurement.

use serde::{Deserialize, Serialize};
use tessera_proto::v1::TimeHistogram;

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SyncTimes {
    /// Half were faster, told from the buckets.
    pub p50_us: f64,
    /// 10 % were slower.
    pub p90_us: f64,
    /// 1 % were slower.
    pub p99_us: f64,
    /// On average.
    pub mean_us: f64,
    /// Upper bounds of all buckets but the last, rising.
    pub bounds_us: Vec<u64>,
    /// How many were in each bucket; one more than there are bounds.
    pub counts: Vec<u64>,
}

impl SyncTimes {
    /// Of the syncs between two readings. `None` if there were none, or if the readings are not of one process.
    pub fn between(before: &TimeHistogram, after: &TimeHistogram) -> Option<Self> {
        if before.bounds_us != after.bounds_us || after.counts.len() != after.bounds_us.len() + 1 {
            return None;
        }
        let earlier = before.counts.iter().copied().chain(std::iter::repeat(0));
        let counts: Vec<u64> =
            after.counts.iter().zip(earlier).map(|(after, before)| after.checked_sub(before)).collect::<Option<_>>()?;
        let (all, sum_us) = (counts.iter().sum::<u64>(), after.sum_us.checked_sub(before.sum_us)?);
        let at = |share| quantile_us(&after.bounds_us, &counts, share);
        let (p50_us, p90_us, p99_us) = (at(0.5)?, at(0.9)?, at(0.99)?);
        Some(Self { p50_us, p90_us, p99_us, mean_us: sum_us as f64 / all as f64, bounds_us: after.bounds_us.clone(), counts })
    }
}

/// Within how many microseconds this share was done, as if times lay evenly in each bucket; of the last bucket, its lower bound.
fn quantile_us(bounds_us: &[u64], counts: &[u64], share: f64) -> Option<f64> {
    let rank = share * counts.iter().sum::<u64>() as f64;
    let mut below = 0;
    for (bucket, &count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        if (below + count) as f64 >= rank {
            let from = bucket.checked_sub(1).and_then(|before| bounds_us.get(before)).map_or(0.0, |&bound| bound as f64);
            let until = bounds_us.get(bucket).map_or(from, |&bound| bound as f64);
            return Some(from + (until - from) * (rank - below as f64) / count as f64);
        }
        below += count;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(counts: &[u64], sum_us: u64) -> TimeHistogram {
        TimeHistogram { bounds_us: vec![100, 200, 400], counts: counts.to_vec(), sum_us }
    }

    #[test]
    fn times_are_those_of_the_syncs_in_between() {
        let times = SyncTimes::between(&reading(&[5, 0, 0, 9], 10_000), &reading(&[5, 8, 2, 9], 12_000)).unwrap();
        assert_eq!((times.p50_us, times.p90_us, times.p99_us, times.mean_us), (162.5, 300.0, 390.0, 200.0));
        assert_eq!(times.counts, [0, 8, 2, 0]);
    }

    #[test]
    fn a_time_beyond_all_bounds_is_told_as_the_last_of_them() {
        let times = SyncTimes::between(&reading(&[0; 4], 0), &reading(&[0, 0, 0, 3], 9_000)).unwrap();
        assert_eq!(times.p99_us, 400.0);
    }

    #[test]
    fn no_sync_a_new_process_and_a_broken_reading_give_none() {
        let some = reading(&[1, 2, 3, 4], 100);
        assert_eq!(SyncTimes::between(&some, &some), None);
        assert_eq!(SyncTimes::between(&some, &reading(&[1, 2, 3, 3], 100)), None);
        assert_eq!(SyncTimes::between(&some, &reading(&[1, 2, 3], 100)), None);
    }
}
