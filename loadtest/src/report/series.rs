//! A run over time and by percentile: what plots are drawn from.
//!
//! Nothing is counted for it while the load runs: when each answer came is in the records, and what processors did is sampled
//! beside. Rounds follow one another without what lay between them, so that a series is as long as the times that rates divide by.

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use super::timeline::Timeline;
use crate::server::usage::{Cores, Usage};

/// Lines for each halving of the distance to 100 %: smooth when drawn over 1 / (1 - quantile).
const TICKS_PER_HALF: u32 = 5;

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// Answers, interval after interval.
    pub throughput: Vec<Answers>,
    /// Processor time, interval after interval.
    pub cores: Vec<Cores>,
    /// Latency at rising quantiles, of all operations but retries.
    pub latency: Vec<Percentile>,
}

/// The answers of one interval.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Answers {
    /// Since the first send.
    pub begin_seconds: f64,
    /// Since the first send.
    pub end_seconds: f64,
    /// Operations answered, retries included.
    pub answered: u64,
    /// Of those, the ones accepted.
    pub accepted: u64,
}

/// A point of the latency's distribution.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Percentile {
    /// From 0 to 1.
    pub quantile: f64,
    /// This share was answered within so many microseconds.
    pub us: f64,
}

impl Series {
    /// From what was gathered over all rounds.
    pub fn of(timeline: &Timeline, usage: &Usage, latency_ns: &Histogram<u64>) -> Self {
        Self { throughput: timeline.intervals(), cores: usage.intervals(), latency: percentiles(latency_ns) }
    }
}

impl Answers {
    /// Operations answered a second.
    pub fn per_second(&self) -> f64 {
        self.rate(self.answered)
    }

    /// Operations accepted a second.
    pub fn accepted_per_second(&self) -> f64 {
        self.rate(self.accepted)
    }

    fn rate(&self, count: u64) -> f64 {
        let seconds = self.end_seconds - self.begin_seconds;
        if seconds > 0.0 { count as f64 / seconds } else { 0.0 }
    }
}

fn percentiles(latency_ns: &Histogram<u64>) -> Vec<Percentile> {
    let points = latency_ns.iter_quantiles(TICKS_PER_HALF);
    let point = |quantile: f64, ns: u64| Percentile { quantile, us: ns.min(latency_ns.max()) as f64 / 1e3 };
    points.map(|step| point(step.quantile_iterated_to(), step.value_iterated_to())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_rise_to_everything_and_the_slowest() {
        let mut latency_ns = Histogram::new(3).unwrap();
        // One answer of n is n times slower than the quickest.
        (1..=100_000_u64).for_each(|rank| latency_ns.record(100_000_000 / rank).unwrap());
        let points = percentiles(&latency_ns);
        assert!(points.is_sorted_by(|one, next| one.quantile <= next.quantile && one.us <= next.us), "{points:?}");
        let last = points.last().unwrap();
        assert_eq!((last.quantile, last.us), (1.0, latency_ns.max() as f64 / 1e3));
        let beyond = points.iter().filter(|point| point.quantile >= 0.9999 && point.quantile < 1.0).count();
        assert!(beyond >= 5, "{beyond} points beyond 99.99 %");
        let median = points.iter().find(|point| point.quantile >= 0.5).unwrap();
        assert!((1.9..=2.1).contains(&median.us), "{median:?}");
    }

    #[test]
    fn nothing_answered_is_no_series() {
        assert_eq!(percentiles(&Histogram::<u64>::new(3).unwrap()), []);
    }
}
