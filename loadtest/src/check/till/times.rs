//! What the server's clocks can have shown while a request was under way.
//!
//! No clock of ours enters. A partition's time never goes back, so what was decided between a request and its reply was decided
//! no earlier than the latest instant that the partition had told before the request left, and no later than the earliest
//! instant that it told anybody who asked after the reply had come.

use std::collections::BTreeMap;

use crate::record::Record;

/// An instant that a partition told, and when its reply was under way.
#[derive(Clone, Copy, Debug)]
pub struct Tick {
    /// The partition.
    pub partition: u32,
    /// Before the request left.
    pub sent_ns: u64,
    /// After the reply came.
    pub answered_ns: u64,
    /// What the partition's clock showed.
    pub at_ms: i64,
    /// Whether it may tell of an earlier instant than its own: then it bounds from below alone.
    pub is_past: bool,
}

/// All that partitions told.
#[derive(Clone, Debug, Default)]
pub struct Times {
    /// By partition and answer: the latest instant told so far.
    latest: BTreeMap<u32, Vec<(u64, i64)>>,
    /// By partition and request: the earliest instant told from there on.
    earliest: BTreeMap<u32, Vec<(u64, i64)>>,
}

impl Times {
    /// From every reply that tells an instant.
    pub fn of(ticks: impl Iterator<Item = Tick>) -> Self {
        let mut times = Self::default();
        for tick in ticks {
            times.latest.entry(tick.partition).or_default().push((tick.answered_ns, tick.at_ms));
            if !tick.is_past {
                times.earliest.entry(tick.partition).or_default().push((tick.sent_ns, tick.at_ms));
            }
        }
        for told in times.latest.values_mut() {
            told.sort_unstable();
            let mut latest_ms = i64::MIN;
            for (_, at_ms) in told.iter_mut() {
                latest_ms = latest_ms.max(*at_ms);
                *at_ms = latest_ms;
            }
        }
        for told in times.earliest.values_mut() {
            told.sort_unstable();
            let mut earliest_ms = i64::MAX;
            for (_, at_ms) in told.iter_mut().rev() {
                earliest_ms = earliest_ms.min(*at_ms);
                *at_ms = earliest_ms;
            }
        }
        times
    }

    /// The first and the last instant at which `record` can have been decided in `partition`.
    pub fn around(&self, partition: u32, record: &Record) -> (i64, i64) {
        (self.latest_before(partition, record.sent_ns), self.earliest_after(partition, record.answered_ns))
    }

    fn latest_before(&self, partition: u32, sent_ns: u64) -> i64 {
        let Some(told) = self.latest.get(&partition) else { return i64::MIN };
        let before = told.partition_point(|&(answered_ns, _)| answered_ns < sent_ns);
        before.checked_sub(1).and_then(|last| told.get(last)).map_or(i64::MIN, |&(_, at_ms)| at_ms)
    }

    fn earliest_after(&self, partition: u32, answered_ns: u64) -> i64 {
        let Some(told) = self.earliest.get(&partition) else { return i64::MAX };
        let after = told.partition_point(|&(sent_ns, _)| sent_ns <= answered_ns);
        told.get(after).map_or(i64::MAX, |&(_, at_ms)| at_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tick(sent_ns: u64, answered_ns: u64, at_ms: i64) -> Tick {
        Tick { partition: 0, sent_ns, answered_ns, at_ms, is_past: false }
    }

    fn around(ticks: &[Tick], sent_ns: u64, answered_ns: u64) -> (i64, i64) {
        let record = Record { sent_ns, answered_ns, ..Record::UNSENT };
        Times::of(ticks.iter().copied()).around(0, &record)
    }

    #[test]
    fn what_was_told_before_and_after_bounds_the_decision() {
        assert_eq!(around(&[tick(1, 2, 100), tick(3, 4, 105), tick(20, 21, 130)], 10, 15), (105, 130));
    }

    #[test]
    fn what_was_under_way_at_the_same_time_bounds_nothing() {
        assert_eq!(around(&[tick(1, 12, 100), tick(14, 30, 130)], 10, 15), (i64::MIN, i64::MAX));
    }

    #[test]
    fn an_instant_of_the_past_bounds_from_below_alone() {
        let past = Tick { is_past: true, ..tick(20, 21, 90) };
        assert_eq!(around(&[past], 10, 15), (i64::MIN, i64::MAX));
        assert_eq!(around(&[past], 30, 35), (90, i64::MAX));
    }

    #[test]
    fn another_partition_bounds_nothing() {
        assert_eq!(around(&[Tick { partition: 1, ..tick(1, 2, 100) }], 10, 15), (i64::MIN, i64::MAX));
    }
}
